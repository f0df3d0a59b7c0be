"""Whether a shop is licensed, for buyers one at a time and for marketplaces by the thousand."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from http import HTTPStatus
from typing import Any, Final, cast

from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from console.actions.channel.register import MOST_PAIRS, lookup
from console.desk import House
from console.i18n import t
from console.web.agents import KINDS, platform_word
from console.web.answers import NO_STORE, NOT_KEPT, Answers, Timed, as_json, wants_json
from models.channel.public import Delegation, Looked, PublicStatus
from models.refusals import Invalid
from models.rules import china_day, end_of
from models.tokens import OWN_SITE

_LARGEST: Final = 1024 * 1024
_LONGEST_SHOWN: Final = 80
_OUTCOME_KINDS: Final = {"yes": "good", "suspended": "warn", "ended": "bad", "no": "bad"}
_RESTING: Final = frozenset({PublicStatus.SUSPENDED, PublicStatus.NOT_BEGUN})


def routes(answers: Answers) -> list[Route]:
    house = answers.site.house

    def one(request: Request) -> Timed:
        platform = request.query_params.get("platform", "").strip()
        shop = request.query_params.get("shop", "").strip()
        uscc = request.query_params.get("uscc", "")
        if wants_json(request):
            if not platform or not shop:
                raise Invalid("public.shop_needed")
            (looked,) = lookup(house, [(platform, shop)], [uscc])
            _must_be_a_shop(looked)
            return as_json(request, _verdict(looked), NO_STORE), _midnight(house)
        return page(request, platform, shop), NOT_KEPT

    def page(request: Request, platform: str, shop: str) -> Response:
        answers.language(request)
        if not platform and not shop:
            return _form(answers, request)
        if not platform or not shop:
            return _form(answers, request, error=t("public.shop_needed"))
        (looked,) = lookup(house, [(platform, shop)])
        if looked.fault is not None:
            told = t("public.shop_unreadable", platform=_short(platform), shop=_short(shop))
            return _form(answers, request, error=told)
        return _form(answers, request, looked)

    async def many(request: Request) -> Response:
        pairs, usccs = _pairs(await _body(request))
        found = await run_in_threadpool(lookup, house, pairs, usccs)
        for row, looked in enumerate(found, 1):
            _must_be_a_shop(looked, row)
        return as_json(request, [_verdict(looked) for looked in found], NO_STORE)

    return [
        Route("/lookup", answers.quick(one), methods=["GET"]),
        Route("/lookup", many, methods=["POST"]),
    ]


def _midnight(house: House) -> float:
    """When the day ends: licences begin and end with days."""
    return end_of(china_day(house.now())).timestamp()


async def _body(request: Request) -> object:
    """The JSON that was sent; nothing is read past what a thousand pairs can need."""
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > _LARGEST:
            raise HTTPException(HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        raise Invalid("public.not_json") from None


def _pairs(body: object) -> tuple[list[tuple[str, str]], list[str]]:
    """Platforms and shops, and the codes of their owners, `""` where none was given."""
    given = cast("Mapping[str, object]", body).get("pairs") if isinstance(body, dict) else None
    if not isinstance(given, list):
        raise Invalid("public.pairs_not_a_list", row=0)
    rows = cast("Sequence[object]", given)
    if len(rows) > MOST_PAIRS:
        raise Invalid("public.too_many_pairs", most=MOST_PAIRS, count=len(rows))
    found = [_pair(row, number) for number, row in enumerate(rows, 1)]
    return [(platform, shop) for platform, shop, _ in found], [uscc for _, _, uscc in found]


def _pair(row: object, number: int) -> tuple[str, str, str]:
    match row:
        case {"platform": str(platform), "shop": str(shop), "uscc": str(uscc)}:
            return platform, shop, uscc
        case {"uscc": object()}:
            raise Invalid("public.pairs_not_a_list", row=number)
        case {"platform": str(platform), "shop": str(shop)}:
            return platform, shop, ""
        case _:
            raise Invalid("public.pairs_not_a_list", row=number)


def _must_be_a_shop(looked: Looked, row: int = 1) -> None:
    if looked.fault is not None:
        platform, shop = _short(looked.platform), _short(looked.shop)
        raise Invalid("public.bad_pair", row=row, platform=platform, shop=shop)


def _verdict(looked: Looked) -> dict[str, Any]:
    return {
        "platform": looked.platform,
        "shop": looked.shop,
        "licensed": looked.is_licensed,
        "agents": [
            {
                "agent_no": one.agent_no,
                "name": one.name,
                "uscc": one.uscc,
                "carrier": one.carrier,
                "licence": one.licence_no,
                "status": one.status,
                "products": one.products,
                "provinces": one.provinces,
                "until": one.until.isoformat(),
            }
            for one in looked.delegations
        ],
        **({} if looked.match is None else {"match": asdict(looked.match)}),
    }


def _form(
    answers: Answers, request: Request, looked: Looked | None = None, error: str = ""
) -> Response:
    """The form, below what was found out; 422 when what was typed names no shop."""
    names = answers.platforms()
    outcome = _outcome(looked) if looked else ""
    main = answers.drawn(
        "lookup.html",
        outcome=outcome,
        kind=_OUTCOME_KINDS.get(outcome, ""),
        asked=(platform_word(looked.platform, dict(names)), looked.shop) if looked else (),
        holders=_holders(looked.delegations) if looked else (),
        kinds=KINDS,
        error=error,
        platforms=[*names, (OWN_SITE, t("public.own_site"))],
        platform=request.query_params.get("platform", ""),
        shop=request.query_params.get("shop", ""),
    )
    status = HTTPStatus.UNPROCESSABLE_ENTITY if error else HTTPStatus.OK
    return answers.page(request, t("public.lookup_title"), main, status=status)


def _outcome(looked: Looked) -> str:
    if looked.is_licensed:
        return "yes"
    if any(one.status in _RESTING for one in looked.delegations):
        return "suspended"
    return "ended" if looked.delegations else "no"


def _holders(delegations: Sequence[Delegation]) -> list[tuple[Delegation, list[tuple[str, str]]]]:
    """Who may sell there, and what is known of it, in words."""
    return [
        (
            one,
            [
                (t("public.agent_no"), one.agent_no),
                (t("public.uscc"), one.uscc),
                (t("public.carrier"), one.carrier),
                (t("public.licence_no"), one.licence_no),
                (t("public.until"), one.until.isoformat()),
            ],
        )
        for one in delegations
    ]


def _short(text: str) -> str:
    return text if len(text) <= _LONGEST_SHOWN else f"{text[:_LONGEST_SHOWN]}…"
