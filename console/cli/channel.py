"""`channel agent`, `channel licence`, `channel badge` and `channel publish`."""

from datetime import date
from pathlib import Path
from typing import Annotated

import typer

from console.actions.channel.agents import agent_numbered, agent_record, list_agents
from console.actions.channel.badges import badge_record, issue_badge, list_badges
from console.actions.channel.golden import register_folder, write_register
from console.actions.channel.licences import (
    LicenceForm,
    approve_licence,
    draft_licence,
    licence_numbered,
    revoke_licence,
    submit_licence,
    suspend_licence,
)
from console.actions.channel.publish import prepare_publication, publish
from console.actions.channel.scan import check_badge
from console.actions.staff.people import list_organisations
from console.cli.base import FOUND_BAD, desk, house, say, show, show_one
from console.desk import Desk
from console.i18n import t
from models.badge_picture import codes_in
from models.channel.agents import AgentState
from models.channel.licences import Licence, LicenceState, Product
from models.refusals import Invalid
from models.rules import china_day
from models.staff import CARRIERS
from models.tokens import OWN_SITE, Verdict, canonical_shop

agent = typer.Typer(help="Online agents.", no_args_is_help=True)
licence = typer.Typer(help="Licences of agents.", no_args_is_help=True)
badge = typer.Typer(help="Badges of shops.", no_args_is_help=True)
_GOOD = {Verdict.VALID, Verdict.VALID_SHOP_UNCHECKED}


@agent.command("list")
def agent_list(
    q: Annotated[str, typer.Argument(help="Words in name, number or code.")] = "",
    state: Annotated[AgentState | None, typer.Option()] = None,
    province: Annotated[str | None, typer.Option(help="GB/T 2260, two digits.")] = None,
    most: Annotated[int, typer.Option(help="Rows to print.")] = 200,
) -> None:
    """Agents, the newest first."""
    own, after, rows = desk(), None, list[dict[str, object]]()
    while len(rows) < most:
        part = list_agents(own, q, state=state, province=province, after=after)
        rows += [
            {
                "agent_no": row.agent_no,
                "name": row.name,
                "uscc": row.uscc,
                "state": row.state,
                "due": row.review_due_at,
            }
            for row in part.rows
        ]
        after = part.next
        if after is None:
            break
    show(rows[:most])


@licence.command("grant")
def licence_grant(
    agent_no: str,
    ends: Annotated[str, typer.Option(help="The last day, as 2027-02-28.")],
    product: Annotated[list[Product], typer.Option(help="May be given several times.")],
    province: Annotated[list[str], typer.Option(help="GB/T 2260; several times.")],
    begins: Annotated[str | None, typer.Option(help="The first day; else today.")] = None,
    shop: Annotated[
        list[str] | None, typer.Option(help="PLATFORM:ID of its shops; else all of them.")
    ] = None,
    agreement: Annotated[str, typer.Option(help="Number of the agreement.")] = "",
) -> None:
    """Draft a licence and hand it in; another person approves it."""
    own = desk()
    record = agent_record(own, agent_numbered(own, agent_no).id)
    wanted = {_shop_key(one) for one in shop or []}
    shops = [
        one.id
        for one in record.shops
        if one.ended_at is None and (not wanted or (one.platform, one.shop_key) in wanted)
    ]
    form = LicenceForm(
        products=product,
        provinces=province,
        shop_ids=shops,
        begins_on=_day(begins) if begins else china_day(own.now()),
        ends_on=_day(ends),
        agreement_no=agreement,
    )
    row = submit_licence(own, draft_licence(own, record.agent.id, form).id)
    say("channel_cli.drafted", number=row.number)


def _shop_key(text: str) -> tuple[str, str]:
    platform, _, number = text.partition(":")
    one = canonical_shop(platform, number)
    return one.platform, one.id


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise Invalid("channel_cli.not_a_day", value=text) from None


@licence.command("approve")
def licence_approve(number: str) -> None:
    """Put a licence in force; its shops get their badges."""
    own = desk()
    _tell(approve_licence(own, licence_numbered(own, number).id))


@licence.command("suspend")
def licence_suspend(
    number: str,
    reason: Annotated[str, typer.Option()],
    remedy: Annotated[str, typer.Option(help="Where to appeal, and with which papers.")],
) -> None:
    """Stop a licence and its badges."""
    own = desk()
    _tell(suspend_licence(own, licence_numbered(own, number).id, reason=reason, remedy=remedy))


@licence.command("revoke")
def licence_revoke(
    number: str,
    reason: Annotated[str, typer.Option()],
    remedy: Annotated[str, typer.Option(help="Where to appeal, and with which papers.")],
) -> None:
    """Cancel a delegation: the first of two approvers asks, the second does it."""
    own = desk()
    row = revoke_licence(own, licence_numbered(own, number).id, reason=reason, remedy=remedy)
    if row.state is LicenceState.REVOKED:
        _tell(row)
    else:
        say("channel_cli.asked", title=row.number)


def _tell(row: Licence) -> None:
    say("channel_cli.moved", title=row.number, state=t(f"licence_state.{row.state}"))


@badge.command("issue")
def badge_issue(agent_no: str, shop: Annotated[str, typer.Argument(help="PLATFORM:ID")]) -> None:
    """Issue a badge for a shop that an active licence names and that has none."""
    own = desk()
    record = agent_record(own, agent_numbered(own, agent_no).id)
    wanted = _shop_key(shop)
    for one in record.shops:
        if (one.platform, one.shop_key) == wanted and one.ended_at is None:
            row = issue_badge(own, one.id)
            say("channel_cli.issued", badge_id=row.badge_id)
            return
    raise Invalid("channel.no_licence_for_shop", shop=shop)


@badge.command("list")
def badge_list() -> None:
    """Badges, the newest first, with what their codes say."""
    own = desk()
    rows = list_badges(own).rows
    show(
        [
            {
                "badge_id": row.badge_id,
                "state": row.state,
                "platform": row.platform,
                "code": badge_record(own, row.id).url,
            }
            for row in rows
        ]
    )


@badge.command("check")
def badge_check(
    code: Annotated[str, typer.Argument(help="What a scanner read, or a picture's file.")],
    platform: Annotated[str | None, typer.Option(help="Where it was seen.")] = None,
    shop: Annotated[str | None, typer.Option(help="The shop's id there.")] = None,
    url: Annotated[str | None, typer.Option(help="Or the address of an own site.")] = None,
) -> None:
    """The verdict on a badge; exit 1 when it is not good."""
    page = canonical_shop(platform, shop) if platform and shop else None
    page = canonical_shop(OWN_SITE, url) if url else page
    scan = check_badge(house(), _text_of(code), page)
    found: dict[str, object] = {
        "verdict": scan.verdict,
        "reason": scan.reason,
        "says": t(f"verdict.{scan.verdict}"),
    }
    if scan.badge is not None:
        found |= {
            "agent_no": scan.badge.agent_no,
            "agent": scan.badge.agent,
            "licence_no": scan.badge.licence_no,
            "shop": f"{scan.badge.shop.platform}:{scan.badge.shop.id}",
            "until": scan.badge.until,
        }
    show_one(found)
    if scan.verdict not in _GOOD:
        raise typer.Exit(FOUND_BAD)


def _text_of(code: str) -> str:
    """What a picture says, where the argument names a file; else the argument itself."""
    if "://" in code or not Path(code).is_file():
        return code
    from PIL import Image

    with Image.open(code) as image:
        found = codes_in(image)
    return found[0] if found else ""


def publish_register(
    folder: Annotated[Path | None, typer.Argument(help="Else the server's own folder.")] = None,
    carrier: Annotated[str | None, typer.Option(help="A carrier's code; else all.")] = None,
) -> None:
    """Publish the lists anew and write the signed register files."""
    own = desk()
    for code in [carrier] if carrier else _carriers(own):
        edition = publish(own, prepare_publication(own, code).id)
        say("channel_cli.published", number=edition.number, rows=edition.rows)
    written = write_register(own, folder or register_folder(own.house))
    say("channel_cli.written", folder=written.manifest.parent, rows=written.rows)


def _carriers(own: Desk) -> list[str]:
    """The actor's own carrier; for the house every one that is below no other."""
    found = [row for row in list_organisations(own) if row.kind in CARRIERS]
    mine = [row.code for row in found if row.id == own.actor.organisation_id]
    every = [row.code for row in found if row.parent_id is None]
    chosen = every if own.actor.is_house else mine
    if not chosen:
        raise Invalid("channel_cli.nothing_to_publish")
    return chosen
