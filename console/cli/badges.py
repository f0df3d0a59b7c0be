"""`channel badge`: issue, list, check a text or a picture, prove that a verifier agrees."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Final

import typer
from pydantic import ValidationError

from console.actions.channel.agents import agent_numbered, agent_record
from console.actions.channel.badges import code_of, issue_badge, list_badges
from console.actions.channel.checks import page_of
from console.actions.channel.scan import check_badge, is_ours
from console.cli.base import FOUND_BAD, choices, desk, house, say, show, show_json, show_one
from console.cli.offline import Files
from console.i18n import t
from models.refusals import Invalid
from models.tokens import Reason, Shop, Verdict, canonical_shop
from models.tokens.cases import CaseFile

badge = typer.Typer(help="Badges of shops.", no_args_is_help=True)
_GOOD: Final = frozenset({Verdict.VALID, Verdict.VALID_SHOP_UNCHECKED})
_MOST: Final = 200


@badge.command("issue")
def badge_issue(agent_no: str, shop: Annotated[str, typer.Argument(help="PLATFORM:ID")]) -> None:
    """Issue a badge for a shop that an active licence names and that has none."""
    own = desk()
    record = agent_record(own, agent_numbered(own, agent_no).id)
    platform, _, number = shop.partition(":")
    wanted = canonical_shop(platform, number)
    for one in record.shops:
        if one.shop == wanted and one.ended_at is None:
            row = issue_badge(own, one.id)
            say("channel_cli.issued", badge_id=row.badge_id)
            return
    raise Invalid("channel.no_licence_for_shop", shop=shop)


@badge.command("list")
def badge_list(
    q: Annotated[str, typer.Argument(help="The beginning of a badge's id.")] = "",
    most: Annotated[int, typer.Option(help="Rows to print.")] = _MOST,
) -> None:
    """Badges, the newest first, with what their codes say."""
    own, after, rows = desk(), None, list[dict[str, object]]()
    while len(rows) < most:
        part = list_badges(own, q, after=after)
        rows += [
            {
                "badge_id": row.badge_id,
                "state": row.state,
                "platform": row.platform,
                "code": code_of(own.house, row),
            }
            for row in part.rows
        ]
        after = part.next
        if after is None:
            break
    show(rows[:most])


@badge.command("check")
def badge_check(
    code: Annotated[str, typer.Argument(help="What a scanner read, or a picture's file.")],
    platform: Annotated[str, typer.Option(help="Where it was seen.")] = "",
    shop: Annotated[str, typer.Option(help="The shop's id there.")] = "",
    url: Annotated[str, typer.Option(help="Or the address of an own site.")] = "",
    keys: Annotated[
        Path | None, typer.Option(help="JWK set or COSE key set: judge without a database.")
    ] = None,
    status_list: Annotated[
        list[Path] | None, typer.Option(help="Signed status lists, as /s/1 gives them.")
    ] = None,
    host: Annotated[
        list[str] | None, typer.Option(help="Our verify host, when no list tells it.")
    ] = None,
    at: Annotated[str, typer.Option(help="Judge as of then: ISO time or POSIX seconds.")] = "",
) -> None:
    """The verdict on a badge; exit 1 when it is not good."""
    if bool(platform) is not bool(shop) or (url and platform):
        raise typer.BadParameter(t("badge_check.page_unclear"))
    if (status_list or host) and keys is None:
        raise typer.BadParameter(t("badge_check.keys_needed"))
    page, moment = page_of(platform, shop, url), _moment(at)
    if keys is None:
        found = _online(code, page, moment)
    else:
        files = Files.read(keys, status_list or [], host or [])
        found = _offline(files, code, page, moment)
    verdict = Verdict(str(found["verdict"]))
    show_one(found)
    if verdict is Verdict.VALID_SHOP_UNCHECKED:
        say("badge_check.compare_the_shop")
    if verdict not in _GOOD:
        raise typer.Exit(FOUND_BAD)


@badge.command("conformance")
def badge_conformance(
    cases: Annotated[Path, typer.Argument(help="Cases with keys, lists and expected verdicts.")],
) -> None:
    """Judge every case of a file; exit 1 when a verdict is not the expected one."""
    try:
        outcomes = list(CaseFile.model_validate_json(cases.read_bytes()).outcomes())
    except OSError:
        raise Invalid("badge_check.no_such_file", file=str(cases)) from None
    except (ValidationError, ValueError):
        raise Invalid("badge_check.not_cases", file=str(cases)) from None
    wrong = [
        {"case": one.name, "expected": one.expected, "found": one.found}
        for one in outcomes
        if not one.is_right
    ]
    right = len(outcomes) - len(wrong)
    if choices().as_json:
        show_json({"right": right, "of": len(outcomes), "wrong": wrong})
    elif wrong:
        show(wrong)
    say("badge_check.conformance", right=right, of=len(outcomes))
    if wrong or not outcomes:
        raise typer.Exit(FOUND_BAD)


def _moment(text: str) -> datetime | None:
    if not text:
        return None
    try:
        if text.isdecimal():
            return datetime.fromtimestamp(int(text), UTC)
        moment = datetime.fromisoformat(text)
        return moment if moment.tzinfo else moment.astimezone()
    except (ValueError, OverflowError, OSError):
        raise typer.BadParameter(t("badge_check.not_a_time", value=text)) from None


def _online(code: str, page: Shop | None, moment: datetime | None) -> dict[str, object]:
    own = house()
    if moment is not None:
        own = replace(own, now=lambda: moment)
    scan = check_badge(own, _text_of(code, lambda text: is_ours(own, text)), page)
    found = _head(scan.verdict, scan.reason)
    if scan.badge is not None:
        found |= {
            "badge_id": scan.badge.badge_id,
            "agent_no": scan.badge.agent_no,
            "agent": scan.badge.agent,
            "licence_no": scan.badge.licence_no,
            "shop": f"{scan.badge.shop.platform}:{scan.badge.shop.id}",
            "until": scan.badge.until,
        }
    return found


def _offline(
    files: Files, code: str, page: Shop | None, moment: datetime | None
) -> dict[str, object]:
    now = moment or datetime.now(UTC)
    answer = files.judge(_text_of(code, files.is_ours), page, int(now.timestamp()))
    found = _head(answer.verdict, answer.reason)
    claims = answer.claims
    if claims is not None:
        found |= {
            "badge_id": claims.badge_id.hex(),
            "agent_no": claims.agent_no,
            "until": datetime.fromtimestamp(claims.expires_at, UTC),
        }
    return found


def _head(verdict: Verdict, reason: Reason) -> dict[str, object]:
    return {
        "verdict": verdict,
        "reason": reason,
        "says": t(f"verdict.{verdict}"),
        "why": t(f"reason.{reason}"),
    }


def _text_of(code: str, is_ours_: Callable[[str], bool]) -> str:
    """What a picture says, ours before any other; where the argument names no file, itself."""
    try:
        if "://" in code or not Path(code).is_file():
            return code
    except OSError:  # digits too long for a file's name
        return code
    from integrations.pictures import opened
    from models.badge_reading import codes_in

    codes = codes_in(opened(Path(code).read_bytes()), is_ours_)
    if not codes:
        raise Invalid("badge_check.no_code", file=code)
    return codes[0].text
