"""The verify page: what a badge that was scanned is worth.

200 for every badge that a carrier did sign, whatever became of it; 404 for digits that nobody
signed, and for text that is no link of ours.
"""

from collections.abc import Mapping
from functools import lru_cache, partial
from http import HTTPStatus
from typing import Any, Final, NamedTuple
from urllib.parse import urlsplit

from starlette.requests import Request
from starlette.responses import RedirectResponse
from starlette.routing import Route

from console.actions.channel.badges import code_prefix
from console.actions.channel.scan import check_badge, keys_changed, scan
from console.i18n import Language, t
from console.web.agents import platform_word
from console.web.answers import (
    KEPT,
    NOT_KEPT,
    Answers,
    Timed,
    as_json,
    wants_json,
)
from console.web.blanks import Blanks, Part
from console.web.counted import Counted
from console.web.report import TRAP, UNSEEN
from models.channel.public import PublicShop, Scan, ScannedBadge
from models.tokens import Reason, Verdict
from models.tokens.claims import LONGEST_DIGITS

KINDS: Final[Mapping[Verdict, str]] = {
    Verdict.VALID: "good",
    Verdict.VALID_SHOP_UNCHECKED: "neutral",  # never green: it may be a copy
    Verdict.WRONG_SHOP: "bad",
    Verdict.REVOKED: "bad",
    Verdict.SUSPENDED: "warn",
    Verdict.EXPIRED: "bad",
    Verdict.NOT_YET_VALID: "warn",
    Verdict.STATUS_UNKNOWN: "warn",
    Verdict.FORGED: "bad",
    Verdict.NOT_OURS: "warn",
}
_NEVER_ISSUED: Final = frozenset({Verdict.FORGED, Verdict.NOT_OURS})
_LONGEST_TEXT: Final = 4000


def routes(answers: Answers) -> list[Route]:
    house = answers.site.house
    drawn = lru_cache(KEPT)(partial(_drawn, answers))

    def badge(request: Request) -> Timed:
        digits = request.path_params["digits"]
        return answered(request, scan(house, digits), f"/b/{digits}/report")

    def asked(request: Request) -> Timed:
        """A link, or its digits, that somebody pasted."""
        text = request.query_params.get("text", "").strip()[:_LONGEST_TEXT]
        digits = _digits_in(text, code_prefix(house))
        if digits:
            return RedirectResponse(f"/b/{digits}", HTTPStatus.SEE_OTHER, UNSEEN), NOT_KEPT
        return answered(request, check_badge(house, text))

    def answered(request: Request, found: Scan, report: str = "") -> Timed:
        status = HTTPStatus.NOT_FOUND if found.verdict in _NEVER_ISSUED else HTTPStatus.OK
        if wants_json(request):
            return as_json(request, _published(found), UNSEEN, status), found.until
        language, platforms = answers.language(request), dict(answers.platforms())
        blanks = Blanks()
        badge = found.badge and _blank(found.badge, platforms, blanks, report)
        part = drawn(_Look(found.verdict, found.reason, badge), language)
        page = answers.page(
            request,
            t("public.badge_title"),
            part.filled(blanks.texts),
            status=status,
            headers=UNSEEN,
        )
        return page, min(found.until, answers.names_until())

    stamp = partial(keys_changed, house)
    page = answers.quick(badge, stamp)
    return [
        Route("/b/{digits}", Counted(page, answers.site.scanned), methods=["GET"]),
        Route("/badge", answers.quick(asked, stamp), methods=["GET"]),
    ]


def _digits_in(text: str, prefix: str) -> str:
    """The digits of our link, or the text when it is nothing but digits."""
    for start in (prefix, prefix.replace("http://", "https://", 1)):
        if text.lower().startswith(start):
            text = text[len(start) :].partition("#")[0].partition("?")[0]
            break
    fits = text.isascii() and text.isdecimal() and len(text) <= LONGEST_DIGITS
    return text if fits else ""


class _Shown(NamedTuple):
    """What the page shows of a badge, as blanks."""

    badge_id: str
    agent_no: str
    agent: str
    carrier: str
    until: str
    platform: str
    shop: PublicShop
    link: str
    report: str
    """Where the one tap goes: no, another shop."""


class _Look(NamedTuple):
    verdict: Verdict
    reason: Reason
    badge: _Shown | None


def _blank(badge: ScannedBadge, platforms: Mapping[str, str], blank: Blanks, report: str) -> _Shown:
    shop, platform = badge.shop, blank(platform_word(badge.shop.platform, platforms))
    return _Shown(
        badge_id=blank(badge.badge_id),
        agent_no=blank(badge.agent_no),
        agent=blank(badge.agent),
        carrier=blank(badge.carrier),
        until=blank(badge.until.isoformat()),
        platform=platform,
        shop=PublicShop(platform, blank(shop.id), blank(shop.name), ""),
        link=blank(_link(shop.url)),
        report=blank(report),
    )


def _drawn(answers: Answers, look: _Look, _language: Language) -> Part:
    badge = look.badge
    drawn = answers.drawn(
        "badge.html",
        kind=KINDS[look.verdict],
        verdict=look.verdict,
        badge=badge,
        asks=badge is not None and look.verdict is Verdict.VALID_SHOP_UNCHECKED,
        facts=_facts(look),
        platform=badge.platform if badge else "",
        link=badge.link if badge else "",
        trap=TRAP,
    )
    return Part.of(drawn)


def _facts(look: _Look) -> list[tuple[str, str]]:
    """Each word and its value; of a forged badge nothing is quoted."""
    why = (t("public.badge_why"), t(f"reason.{look.reason}"))
    badge = look.badge
    if badge is None:
        return [why]
    where = t("public.genuine_on", platform=badge.platform, shop=badge.shop.name)
    return [
        why,
        (t("public.badge_of"), badge.agent),
        (t("public.agent_no"), badge.agent_no),
        (t("public.carrier"), badge.carrier),
        (t("public.badge_for"), where),
        (t("public.until"), badge.until),
        (t("public.badge_no"), badge.badge_id),
    ]


def _link(url: str) -> str:
    """The shop's address, when it is one that a browser opens and nothing else."""
    return url if urlsplit(url).scheme in {"http", "https"} else ""


def _published(found: Scan) -> dict[str, Any]:
    told: dict[str, Any] = {"verdict": found.verdict, "reason": found.reason}
    badge = found.badge
    if badge is not None:
        told |= {
            "badge_id": badge.badge_id,
            "agent": {"agent_no": badge.agent_no, "name": badge.agent},
            "carrier": badge.carrier,
            "licence": badge.licence_no,
            "products": badge.products,
            "provinces": badge.provinces,
            "until": badge.until.isoformat(),
            "shop": {
                "platform": badge.shop.platform,
                "id": badge.shop.id,
                "name": badge.shop.name,
                "url": badge.shop.url,
            },
        }
    return told
