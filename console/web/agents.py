"""Licensed agents, for anyone: a search, and a page of each one that was ever licensed."""

from collections.abc import Mapping
from functools import lru_cache
from http import HTTPStatus
from typing import Final, NamedTuple

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from console.actions.channel.editions import lists_out
from console.actions.channel.search import Found, agents_in_shop, public_search
from console.actions.channel.story import (
    PublicBadge,
    PublicDeed,
    PublicEvent,
    PublicStory,
    ShownBadge,
    public_story,
)
from console.i18n import Language, t
from console.web.agent_data import permit, place, published, shops_of
from console.web.answers import (
    A_MINUTE,
    ANYWHERE,
    KEPT,
    NOT_KEPT,
    Answers,
    Timed,
    as_json,
    wants_json,
)
from console.web.blanks import Blanks, Part
from console.web.site import shown_day
from models.channel.public import PublicStatus
from models.refusals import Invalid, NotFound
from models.search import query_terms
from models.tokens import OWN_SITE

KINDS: Final[Mapping[PublicStatus, str]] = {
    PublicStatus.ACTIVE: "good",
    PublicStatus.SUSPENDED: "warn",
    PublicStatus.NOT_BEGUN: "neutral",
    PublicStatus.EXPIRED: "bad",
    PublicStatus.TERMINATED: "bad",
    PublicStatus.REVOKED: "bad",
}
BADGE_KINDS: Final[Mapping[PublicBadge, str]] = {
    PublicBadge.GOOD: "good",
    PublicBadge.SUSPENDED: "warn",
    PublicBadge.EXPIRED: "bad",
    PublicBadge.REVOKED: "bad",
}
_LONGEST_QUERY: Final = 2048
"""Characters; an address may be as long."""


def routes(answers: Answers) -> list[Route]:
    site = answers.site

    def search(request: Request) -> Response:
        return _found(answers, request)

    def agent(request: Request) -> Timed:
        number = request.path_params["agent_no"]
        try:
            story = public_story(site.house, number)
        except NotFound:
            return _missing(answers, request, number), NOT_KEPT
        url, until = site.house.settings.public_url, story.until.timestamp()
        if wants_json(request):
            return as_json(request, published(story, url), A_MINUTE), until
        language, blanks = answers.language(request), Blanks()
        part = drawn(blank_story(story, dict(answers.platforms()), blanks), language)
        page = answers.page(
            request,
            story.agent.name,
            part.filled(blanks.texts),
            head=permit(story, url),
            headers={**ANYWHERE, **A_MINUTE},
        )
        return page, min(until, answers.names_until())

    @lru_cache(KEPT)
    def drawn(story: ShownStory, language: Language) -> Part:
        comma = "、" if language is Language.ZH else ", "
        words = {"kinds": KINDS, "badge_kinds": BADGE_KINDS, "place": place, "comma": comma}
        return Part.of(answers.drawn("agent.html", story=story, **words))

    return [
        Route("/agents", search),
        Route("/agents/{agent_no}", answers.quick(agent), methods=["GET"]),
    ]


def _found(answers: Answers, request: Request) -> Response:
    """One screen of the agents whose name or number the visitor gave."""
    house, given = answers.site.house, request.query_params
    q = given.get("q", "").strip()[:_LONGEST_QUERY]
    platform, shop = given.get("platform", "").strip(), given.get("shop", "").strip()
    if platform and shop:
        found = Found(agents_in_shop(house, platform, shop), None)
    else:
        found = public_search(house, q, _cursor(request))
    following = None if found.next is None else str(found.next)
    if wants_json(request):
        rows = [
            {
                "agent_no": one.agent_no,
                "name": one.name,
                "status": one.status,
                "carrier": one.carrier,
                "province": one.province,
            }
            for one in found.entries
        ]
        return as_json(request, {"items": rows, "next": following}, A_MINUTE)
    answers.language(request)
    main = answers.drawn(
        "agents.html",
        q=q,
        agents=found.entries,
        after=following,
        asked=q or (f"{platform} {shop}" if platform and shop else ""),
        too_short=bool(q) and not query_terms(q),
        platforms=[*answers.platforms(), (OWN_SITE, t("public.own_site"))],
        platform=platform,
        shop=shop,
        lists=() if q or shop else lists_out(house),
        kinds=KINDS,
        place=place,
    )
    return answers.page(request, t("public.agents_title"), main, headers=A_MINUTE)


class ShownLicence(NamedTuple):
    number: str
    status: PublicStatus
    products: tuple[str, ...]
    provinces: tuple[str, ...]
    begins_on: str
    ends_on: str


class ShownShop(NamedTuple):
    platform: str
    id: str
    name: str
    url: str
    """None but of the web: a browser opens it."""
    badge: PublicBadge | None
    leaf: str


class ShownEvent(NamedTuple):
    day: str
    deed: PublicDeed
    licence_no: str
    leaf: str
    """Its place in the public log; empty until it has one."""


class ShownStory(NamedTuple):
    """What the page shows, with blanks for the texts that decide nothing."""

    name: str
    agent_no: str
    uscc: str
    carrier: str
    province: str
    status: PublicStatus
    licences: tuple[ShownLicence, ...]
    shops: tuple[ShownShop, ...]
    events: tuple[ShownEvent, ...]


def blank_story(story: PublicStory, platforms: Mapping[str, str], blank: Blanks) -> ShownStory:
    agent = story.agent
    return ShownStory(
        blank(agent.name),
        blank(agent.agent_no),
        blank(agent.uscc),
        blank(agent.carrier),
        agent.province,
        agent.status,
        tuple(
            ShownLicence(
                blank(one.number),
                one.status,
                one.products,
                one.provinces,
                blank(one.begins_on.isoformat()),
                blank(one.ends_on.isoformat()),
            )
            for one in agent.licences
        ),
        tuple(
            ShownShop(
                blank(platform_word(one.platform, platforms)),
                blank(one.id),
                blank(one.name),
                blank(one.url if one.url.startswith(_OF_THE_WEB) else ""),
                badge.standing if badge else None,
                blank(_leaf(badge)),
            )
            for one in shops_of(story)
            for badge in [story.badge_of(one)]
        ),
        tuple(
            ShownEvent(blank(shown_day(one.at)), one.deed, blank(one.licence_no), blank(_leaf(one)))
            for one in story.events
        ),
    )


_OF_THE_WEB: Final = ("https://", "http://")


def _leaf(told: PublicEvent | ShownBadge | None) -> str:
    return "" if told is None or told.leaf is None else str(told.leaf)


def _cursor(request: Request) -> int | None:
    after = request.query_params.get("after")
    if after is None:
        return None
    if not after.isascii() or not after.isdecimal() or len(after) > len("2147483647"):
        raise Invalid("api.bad_cursor")
    return min(int(after), 2_147_483_647)


def _missing(answers: Answers, request: Request, number: str) -> Response:
    """404: nobody was ever licensed under the number."""
    answers.language(request)
    told = t("public.agent_missing", agent_no=number)
    if wants_json(request):
        body = {"code": "public.agent_missing", "message": told, "facts": {"agent_no": number}}
        return as_json(request, body, A_MINUTE, HTTPStatus.NOT_FOUND)
    title = t("public.agent_missing_title")
    main = answers.drawn("notice.html", kind="bad", title=title, text=told)
    return answers.page(request, title, main, status=HTTPStatus.NOT_FOUND, headers=A_MINUTE)


def platform_word(platform: str, names: Mapping[str, str]) -> str:
    return t("public.own_site") if platform == OWN_SITE else names.get(platform, platform)
