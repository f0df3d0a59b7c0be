"""From typed words to records: an exact reference is one record, other words are a few choices.

Every look goes down an index, and scope is applied to each kind by its own permission: what the
actor may not read is not looked for. The words themselves are kept nowhere.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final, cast
from uuid import UUID

from sqlalchemy import ColumnElement, literal
from sqlmodel import and_, col, select
from sqlmodel.sql.expression import SelectOfScalar

from console.actions.cards.industry.places import own_batches
from console.actions.cards.stock import find_card
from console.actions.channel.agents import list_agents
from console.actions.channel.scan import badge_named_in
from console.desk import Desk, Row, Work
from models.audit import AuditEntry
from models.base import Table
from models.cards.industry import IndustryBatch
from models.cards.monitoring import MonitoringRun, UsageFinding
from models.cards.numbers import card_number, card_of
from models.cards.stock import StockBatch
from models.cases.appeals import CaseAppeal
from models.cases.cases import Case
from models.cases.complaints import Complaint
from models.cases.instructions import Instruction
from models.cases.notices import Notice
from models.cases.rectifications import Rectification
from models.cases.traces import TracedCard
from models.channel.agents import Agent
from models.channel.badges import Badge
from models.channel.licences import Licence
from models.channel.publications import Publication
from models.channel.shops import AuthorisedShop
from models.checks.devices import ReaderDevice
from models.checks.spot_checks import SpotCheck, SpotCheckPlan
from models.checks.test_purchases import TestPurchase
from models.formats import Fault, Iccid, check_uscc
from models.formats.text import compact, without_blanks
from models.patrol.findings import Finding
from models.patrol.runs import PatrolRun
from models.patrol.shops import Shop
from models.permissions import Permission
from models.refusals import Invalid, Refusal
from models.rules import china_day
from models.staff import Organisation, OrganisationKind
from models.tokens import OWN_SITE, canonical_site

MOST: Final = 8
"""Choices in all, and of a kind."""
LONGEST: Final = 300
SHORTEST: Final = 2
_P: Final = Permission
_IDENTITY: Final = re.compile(r"[1-9][0-9]{16}[0-9X]|[1-9][0-9]{14}")
_BADGE: Final = re.compile(r"[0-9a-f]{16}")
_ADDRESS: Final = re.compile(r"https?://|(?:[\w-]+\.)+[\w-]{2,}(?:[/:?#]|$)", re.IGNORECASE)
_WORD: Final = re.compile(r"[\w-]{1,64}")
_WORDS: Final = 24
_LAST_LETTER: Final = "\U0010ffff"


class JumpKind(StrEnum):
    """What is jumped to, in the order in which choices are shown."""

    PAGE = "page"
    AGENT = "agent"
    LICENCE = "licence"
    BADGE = "badge"
    SHOP = "shop"
    CASE = "case"
    NOTICE = "notice"
    FINDING = "finding"
    CHECK = "check"
    CARD = "card"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Jump:
    """A record, its name, and the page that shows it."""

    kind: JumpKind
    number: str
    name: str
    page: str
    id: UUID


@dataclass(frozen=True, slots=True)
class Found:
    """What the words lead to. `exact`: the first of the rows is what they name, and all of it."""

    words: str
    rows: Sequence[Jump]
    exact: bool = False


@dataclass(frozen=True, slots=True)
class _Numbered:
    """A kind of record that has a number of its own, by the letters that begin it."""

    mark: str
    kind: JumpKind
    table: type[Any]
    column: str
    page: str
    permission: Permission


_K: Final = JumpKind
_NUMBERED: Final = (
    _Numbered("L", _K.LICENCE, Licence, "number", "licences", _P.LICENCE_READ),
    _Numbered("CASE", _K.CASE, Case, "reference", "cases", _P.CASE_READ),
    _Numbered("NTC", _K.NOTICE, Notice, "number", "notices", _P.CASE_READ),
    _Numbered("FD", _K.FINDING, Finding, "number", "findings", _P.FINDING_READ),
    _Numbered("UF", _K.FINDING, UsageFinding, "number", "usage_findings", _P.INDUSTRY_READ),
    _Numbered("SC", _K.CHECK, SpotCheck, "number", "spot_checks", _P.SPOT_CHECK_READ),
    _Numbered("SP", _K.CHECK, SpotCheckPlan, "number", "spot_plans", _P.SPOT_CHECK_READ),
    _Numbered("TP", _K.CHECK, TestPurchase, "number", "test_purchases", _P.STOCK_READ),
    _Numbered("RD", _K.OTHER, ReaderDevice, "number", "devices", _P.DEVICE_READ),
    _Numbered("IOT", _K.CARD, IndustryBatch, "number", "industry", _P.INDUSTRY_READ),
    _Numbered("MON", _K.OTHER, MonitoringRun, "number", "monitoring", _P.INDUSTRY_READ),
    _Numbered("TS", _K.OTHER, Complaint, "number", "complaints", _P.COMPLAINT_READ),
    _Numbered("INS", _K.OTHER, Instruction, "number", "instructions", _P.INSTRUCTION_READ),
    _Numbered("RCT", _K.OTHER, Rectification, "number", "rectifications", _P.RECTIFICATION_READ),
    _Numbered("PR", _K.OTHER, PatrolRun, "number", "patrols", _P.PATROL_READ),
    _Numbered("P", _K.OTHER, Publication, "number", "publications", _P.PUBLICATION_READ),
)
_AGENT: Final = _Numbered("", _K.AGENT, Agent, "agent_no", "agents", _P.AGENT_READ)
_BY_YEAR: Final = frozenset({"CASE", "NTC", "FD", "SC", "TS", "INS", "RCT"})
_SERIAL: Final = 6
_EXACT: Final = re.compile(r"[A-Z]{1,4}-[0-9A-Z][0-9A-Z-]{3,38}")


def jump(desk: Desk, words: str) -> Found:
    """Where the words lead, as far as the actor may know of it; Invalid where nobody may look."""
    text = " ".join(words.split())
    must_be_no_identity(text)
    if len(text) < SHORTEST or len(text) > LONGEST:
        raise Invalid("jump.length", least=SHORTEST, most=LONGEST)
    for look in _LOOKS:
        rows = list(look(desk, text))
        if rows:
            return Found(text, rows[:MOST], exact=len(rows) == 1)
    rows = [one for look in _BY_WORDS for one in look(desk, text)]
    order = list(JumpKind)
    return Found(text, _fair(sorted(rows, key=lambda one: order.index(one.kind))))


def must_be_no_identity(text: str) -> None:
    """Invalid for whatever has the places of an identity number (GB 11643), mistyped or not.

    A company's code has eighteen places too, and its own check character.
    """
    number = compact(text)
    if _IDENTITY.fullmatch(number) and isinstance(check_uscc(number), Fault):
        raise Invalid("jump.identity_number")


def _fair(rows: Sequence[Jump]) -> Sequence[Jump]:
    """Of each kind some, where all would be too many."""
    kinds = list(dict.fromkeys(one.kind for one in rows))
    each = max(1, MOST // max(1, len(kinds)))
    kept = [one for kind in kinds for one in [row for row in rows if row.kind is kind][:each]]
    rest = [one for one in rows if one not in kept][: MOST - len(kept)]
    return sorted([*kept, *rest][:MOST], key=lambda one: kinds.index(one.kind))


def _by_number(desk: Desk, text: str) -> Iterator[Jump]:
    number = without_blanks(text)
    if _EXACT.fullmatch(number):
        wanted = next((one for one in _NUMBERED if number.startswith(f"{one.mark}-")), _AGENT)
        yield from _numbered(desk, wanted, col(getattr(wanted.table, wanted.column)) == number)


def _of_this_year(desk: Desk, text: str) -> Iterator[Jump]:
    """People say the last part alone: `17` is CASE-2026-000017, and whatever else has it."""
    if not text.isascii() or not text.isdecimal() or len(text) > _SERIAL:
        return
    year = china_day(desk.now()).year
    for wanted in _NUMBERED:
        if wanted.mark in _BY_YEAR:
            number = f"{wanted.mark}-{year}-{int(text):06}"
            yield from _numbered(desk, wanted, col(getattr(wanted.table, wanted.column)) == number)


def _numbered(desk: Desk, wanted: _Numbered, condition: ColumnElement[bool]) -> Iterator[Jump]:
    if not desk.actor.may(wanted.permission):
        return
    with desk.begin(wanted.permission) as work:
        rows: Sequence[Any] = work.session.exec(
            work.select(wanted.table).where(condition).limit(MOST)
        ).all()
    for row in rows:
        number = str(getattr(row, wanted.column))
        yield Jump(wanted.kind, number, _name_of(row, number), wanted.page, row.id)


def _name_of(row: Table, number: str) -> str:
    for name in ("name", "shop_name", "product"):
        if found := getattr(row, name, ""):
            return str(found)
    return "" if row.title == number else row.title


def _by_badge(desk: Desk, text: str) -> Iterator[Jump]:
    """By its id, by the digits of its QR code, or by the whole address of its verify page."""
    if not desk.actor.may(_P.BADGE_READ):
        return
    named = text.lower() if _BADGE.fullmatch(text.lower()) else badge_named_in(desk.house, text)
    if named is None:
        return
    with desk.begin(_P.BADGE_READ) as work:
        query = (
            work.select(Badge)
            .where(Badge.badge_id == named)
            .join(AuthorisedShop, col(AuthorisedShop.id) == col(Badge.shop_id))
            .with_only_columns(col(Badge.badge_id), col(AuthorisedShop.name), col(Badge.id))
        )
        rows = work.session.connection().execute(query).all()
    for number, name, row_id in rows:
        yield Jump(_K.BADGE, number, name, "badges", row_id)


def _by_card(desk: Desk, text: str) -> Iterator[Jump]:
    """The cases that trace the card, the industry batch and the delivery that it is of."""
    card = card_of(text)
    if not isinstance(card, Iccid):
        return
    if desk.actor.may(_P.CASE_READ):
        yield from _traced(desk, card)
    if desk.actor.may(_P.INDUSTRY_READ):
        with desk.begin(_P.INDUSTRY_READ) as work:
            held = own_batches(work, [card_number(card.key)])
        for batch in held.values():
            yield Jump(_K.CARD, batch.number, batch.product, "industry", batch.id)
    if desk.actor.may(_P.STOCK_READ):
        place = find_card(desk, text).place
        if place is not None:
            yield Jump(_K.CARD, place.batch.number, place.channel.name, "stock", place.batch.id)


def _traced(desk: Desk, card: Iccid) -> Iterator[Jump]:
    with desk.begin(_P.CASE_READ) as work:
        held = work.all(
            work.select(TracedCard).where(
                col(TracedCard.iccid) >= card.key,
                col(TracedCard.iccid) < card.key + _LAST_LETTER,
            )
        )
        ids = {one.case_id for one in held}
        cases = work.all(work.select(Case).where(col(Case.id).in_(ids))) if ids else ()
    for case in cases:
        yield Jump(_K.CASE, case.reference, case.shop_name, "cases", case.id)


def _by_address(desk: Desk, text: str) -> Iterator[Jump]:
    """A shop by its address: an own site by host and path, another by its number in there."""
    if not _ADDRESS.match(text):
        return
    try:
        parts = canonical_site(text).split("/")
    except Refusal:
        return
    own = ["/".join(parts[:count]) for count in range(1, len(parts) + 1)]
    keys = [f"shop:{word}" for word in dict.fromkeys(_WORD.findall(text))]
    yield from _shops(desk, [OWN_SITE], own[:_WORDS])
    yield from _shops(desk, _platforms(desk), keys[:_WORDS])


def _by_shop(desk: Desk, text: str) -> Iterator[Jump]:
    """`lanhai lh-1001`, `lanhai:lh-1001`, or the shop's number alone."""
    platform, _, key = text.replace("/", " ").replace(":", " ").partition(" ")
    codes = _platforms(desk)
    if key and platform.lower() in codes:
        key = key.removeprefix("shop").strip(" :")
        yield from _shops(desk, [platform.lower()], [f"shop:{key}"])
    elif _WORD.fullmatch(text.removeprefix("shop:")):
        yield from _shops(desk, codes, [f"shop:{text.removeprefix('shop:')}"])


def _platforms(desk: Desk) -> Sequence[str]:
    with desk.begin(_P.RULE_READ) as work:
        return work.session.exec(
            select(Organisation.code).where(Organisation.kind == OrganisationKind.PLATFORM)
        ).all()


def _shops(desk: Desk, platforms: Sequence[str], keys: Sequence[str]) -> Iterator[Jump]:
    """What patrols know of it; else the agent in whose name it is authorised."""
    if not desk.actor.may(_P.SHOP_READ) or not platforms or not keys:
        return
    with desk.begin(_P.SHOP_READ) as work:
        seen = work.select(Shop).where(
            col(Shop.shop_key).in_(keys), col(Shop.platform).in_(platforms)
        )
        shops = work.session.exec(seen.limit(MOST)).all()
        held = work.select(AuthorisedShop).where(
            col(AuthorisedShop.platform).in_(platforms), col(AuthorisedShop.shop_key).in_(keys)
        )
        authorised = work.session.exec(held.limit(MOST)).all()
    yield from _as_shops(shops)
    known = {(one.platform, one.shop_key) for one in shops}
    yield from _as_agents(desk, [one for one in authorised if _key(one) not in known])


def _key(shop: AuthorisedShop) -> tuple[str, str]:
    return shop.platform, shop.shop_key


def _as_shops(shops: Sequence[Shop]) -> Iterator[Jump]:
    for shop in shops:
        number = f"{shop.platform} · {shop.shop_key.removeprefix('shop:')}"
        yield Jump(_K.SHOP, number, shop.name, "shops", shop.id)


def _as_agents(desk: Desk, shops: Sequence[AuthorisedShop]) -> Iterator[Jump]:
    """An authorised shop is shown with its agent."""
    if desk.actor.may(_P.AGENT_READ):
        for shop in shops:
            number = f"{shop.platform} · {shop.shop_key.removeprefix('shop:')}"
            yield Jump(_K.SHOP, number, shop.name, "agents", shop.agent_id)


def _of_any(work: Work, table: type[Row], owner: object) -> SelectOfScalar[Row]:
    """Rows that the actor knows of, by whichever organisation's: so that an index that begins
    with the owner serves those too whose scope is another.
    """
    owners = work.session.exec(select(Organisation.id)).all()
    return work.select(table).where(cast("ColumnElement[UUID]", owner).in_(owners))


def _begins(column: Any, words: str, dialect: str) -> ColumnElement[bool]:  # noqa: ANN401
    """By code points, as the index has them on either database."""
    if dialect == "postgresql":
        return and_(column.op("~>=~")(words), column.op("~<~")(words + _LAST_LETTER))
    return and_(column >= literal(words), column < literal(words + _LAST_LETTER))


def _shops_called(desk: Desk, text: str) -> Iterator[Jump]:
    if not desk.actor.may(_P.SHOP_READ):
        return
    with desk.begin(_P.SHOP_READ) as work:
        dialect = work.session.get_bind().dialect.name
        seen = _of_any(work, Shop, col(Shop.organisation_id))
        shops = work.session.exec(
            seen.where(_begins(col(Shop.name), text, dialect)).limit(MOST)
        ).all()
        known = [(one.platform, one.shop_key) for one in shops]
        authorised: Sequence[AuthorisedShop] = ()
        if not known:
            held = _of_any(work, AuthorisedShop, col(AuthorisedShop.carrier_id))
            authorised = work.session.exec(
                held.where(_begins(col(AuthorisedShop.name), text, dialect)).limit(MOST)
            ).all()
    yield from _as_shops(shops)
    yield from _as_agents(desk, authorised)


def _agents_called(desk: Desk, text: str) -> Iterator[Jump]:
    if desk.actor.may(_P.AGENT_READ):
        for agent in list_agents(desk, text, limit=MOST).rows:
            yield Jump(_K.AGENT, agent.agent_no, agent.name, "agents", agent.id)


def _numbers_begun(desk: Desk, text: str) -> Iterator[Jump]:
    """`case-2026-0000` and the like: what begins so, the first of it."""
    number = without_blanks(text)
    begun = [one for one in _NUMBERED if number.startswith(f"{one.mark}-")]
    for wanted in begun[:1]:
        column = col(getattr(wanted.table, wanted.column))
        # Between two numbers, in the order of their unique index: LIKE would read all of them.
        yield from _numbered(desk, wanted, and_(column >= number, column < f"{number}Z"))


def _batches_called(desk: Desk, text: str) -> Iterator[Jump]:
    """A delivery by the number that its carrier's stock system gave it."""
    if not desk.actor.may(_P.STOCK_READ):
        return
    with desk.begin(_P.STOCK_READ) as work:
        query = _of_any(work, StockBatch, col(StockBatch.carrier_id))
        named = col(StockBatch.number).in_({text, text.upper()})
        rows = work.session.exec(query.where(named).limit(MOST)).all()
    for row in rows:
        yield Jump(_K.CARD, row.number, row.product, "stock", row.id)


def _appeals(desk: Desk, text: str) -> Iterator[Jump]:
    """An appeal against a case is shown with the case."""
    number = without_blanks(text)
    if not number.startswith("APL-") or not desk.actor.may(_P.CASE_READ):
        return
    with desk.begin(_P.CASE_READ) as work:
        found = work.select(CaseAppeal).where(CaseAppeal.number == number)
        rows = work.session.exec(found.limit(1)).all()
    for row in rows:
        yield Jump(_K.CASE, row.number, "", "cases", row.case_id)


def last_known(desk: Desk, page: str, row_id: str) -> AuditEntry | None:
    """What the record of deeds says last of a row that is not to be had, as far as the actor may
    read it. Whom a complaint is about does not learn of it there (003-7.2-2).
    """
    kinds = [one.table.__name__ for one in (*_NUMBERED, _AGENT) if one.page == page]
    if not kinds or Complaint.__name__ in kinds or not desk.actor.may(_P.AUDIT_READ):
        return None
    with desk.begin(_P.AUDIT_READ) as work:
        return work.session.exec(
            work.select(AuditEntry)
            .where(AuditEntry.subject_kind == kinds[0], AuditEntry.subject_id == row_id)
            .order_by(col(AuditEntry.seq).desc())
            .limit(1)
        ).first()


Look = Callable[[Desk, str], Iterator[Jump]]
_LOOKS: Final[Sequence[Look]] = (_by_number, _appeals, _by_card, _by_badge, _by_address, _by_shop)
"""Each knows its own kind of reference; the first that finds something has found it."""
_BY_WORDS: Final[Sequence[Look]] = (
    _of_this_year, _agents_called, _shops_called, _numbers_begun, _batches_called,
)  # fmt: skip
