"""Firms that apply to be agents: a row is an application, and the import its first check."""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import date
from functools import cache
from typing import Any, Final, NamedTuple
from uuid import UUID

from sqlalchemy import text
from sqlmodel import col, select

from console.actions.channel.blacklist import barred_among
from console.actions.channel.held import carrier_of
from console.actions.channel.numbers import agent_numbers, next_serials
from console.actions.deadlines import deadline
from console.actions.imports.bulk import insert_rows
from console.actions.imports.rows import Batch, Checker, Given, Reason, RowKind
from console.actions.imports.shops import (
    SHOP_FIELDS,
    ShopGiven,
    ShopValues,
    earlier_in_file,
    keep_shops,
    platform_words,
    shop_at,
    shop_given,
    shop_mark,
    shop_values,
    taken_reason,
    taken_shops,
)
from console.database import one_of_many
from console.desk import Work
from models.base import new_ids
from models.channel.admission import Barred, first_check, names_identity, person_key
from models.channel.agents import Agent, AgentReason, AgentState
from models.formats import compact
from models.permissions import Permission
from models.provinces import province_of_code, province_of_name
from models.search import terms_of
from models.staff import Organisation
from models.tokens.shops import Shop

NO_TERM: Final = frozenset({"", "长期", "无固定期限", "长期有效", "永久", "longterm", "none", "-"})
_DAY: Final = re.compile(r"(\d{4})[-/.年]?(\d{1,2})[-/.月]?(\d{1,2})日?(?:[T ]00:00:00)?")


_COLUMNS: Final = (
    "id", "serial", "agent_no", "name", "uscc", "province", "legal_representative", "contact",
    "business_licence_until", "remark", "terms",
)  # fmt: skip


class AgentRow(NamedTuple):
    name: str
    uscc: str
    province: str
    legal_representative: str
    contact: str
    business_licence_until: date | None
    remark: str
    shop: ShopGiven | None


class Passed(NamedTuple):
    """A row that is kept, with its shop, and what its reviewer is told of names."""

    row: AgentRow
    shop: Shop | None
    reasons: tuple[str, ...]


def _check(given: Given, on: date) -> AgentRow | list[Reason]:
    checker = Checker(given)
    name = checker.text("name", 200, needed=True)
    uscc = compact(checker.text("uscc", 64, needed=True))
    person = checker.text("legal_representative", 64, needed=True)
    contact, remark = checker.text("contact", 120), checker.text("remark", 1000)
    province = _province(checker)
    until = _until(checker)
    shop = shop_given(checker)
    if uscc:
        for reason in first_check(uscc, until, on=on):
            checker.wrong(reason.value, value=uscc, until=until or "")
    for field, words in (
        ("legal_representative", person),
        ("contact", contact),
        ("remark", remark),
    ):
        if len(words) > 17 and names_identity(words, on):  # noqa: PLR2004 - digits of such a number
            checker.wrong("identity_number", field=field)
    if checker.reasons:
        return checker.reasons
    return AgentRow(name, uscc, province, person, contact, until, remark, shop)


def _province(checker: Checker) -> str:
    word = checker.text("province", 120, needed=True)
    code = province_named(word)
    if word and code is None:
        checker.wrong("no_province", value=word)
    return code or ""


@cache
def province_named(word: str) -> str | None:
    found = province_of_code(word) or province_of_name(word)
    return None if found is None else found.code


def _until(checker: Checker) -> date | None:
    word = checker.text("business_licence_until", 64)
    if word.replace(" ", "").lower() in NO_TERM:
        return None
    day = day_of(word)
    if day is None:
        checker.wrong("bad_day", field="business_licence_until", value=word)
    return day


@cache
def day_of(word: str) -> date | None:
    match = _DAY.fullmatch(word)
    try:
        return date(*map(int, match.groups())) if match else None
    except ValueError:
        return None


def _keep(batch: Batch, rows: Sequence[AgentRow]) -> list[list[Reason]]:
    work, carrier = batch.work, batch.imported.organisation_id
    usccs = [row.uscc for row in rows]
    known = _known(work, carrier, usccs)
    persons = [person_key(row.legal_representative) for row in rows]
    barred = barred_among(work, carrier, usccs, persons)
    platforms = platform_words(work)
    shops = [shop_at(row.shop, platforms) if row.shop else None for row in rows]
    taken = taken_shops(work, carrier, [shop for shop in shops if isinstance(shop, Shop)])
    verdicts: list[list[Reason]] = []
    passed: list[Passed] = []
    for row, person, shop in zip(rows, persons, shops, strict=True):
        reasons = _against(batch, row, known, barred)
        if isinstance(shop, Reason):
            reasons.append(shop)
        elif shop and (reason := taken_reason(taken, shop)) is not None:
            reasons.append(reason)
        elif row.shop and shop_mark(row.shop) in batch.seen:
            reasons.append(earlier_in_file("shop_id", row.shop.number or row.shop.url))
        elif not reasons:
            known[row.uscc] = ""
            if shop is not None:
                taken[shop.platform, shop.id] = row.name
            passed.append(Passed(row, shop, _by_name(person, barred)))
        verdicts.append(reasons)
    if passed and not batch.is_dry:
        _insert(batch, passed)
    return verdicts


def _against(batch: Batch, row: AgentRow, known: Mapping[str, str], barred: Barred) -> list[Reason]:
    """What speaks against a firm that is known here, or stands in the file before."""
    reasons: list[Reason] = []
    number = known.get(row.uscc)
    if number:
        facts = {"value": row.uscc, "agent_no": number}
        reasons.append(Reason(AgentReason.DUPLICATE.value, facts))
    elif number is not None or row.uscc in batch.seen:
        reasons.append(earlier_in_file("uscc", row.uscc))
    if row.uscc in barred.firms:
        reasons.append(Reason(AgentReason.BLACKLIST_HIT.value, {"value": row.uscc}))
    if row.uscc in barred.restricted_firms:
        reasons.append(Reason(AgentReason.RESTRICTED_PARTY.value, {"value": row.uscc}))
    return reasons


def _by_name(person: str, barred: Barred) -> tuple[str, ...]:
    """What a reviewer must look into: entries of the representative's name."""
    found = {
        AgentReason.REPRESENTATIVE_BLACKLISTED: person in barred.persons,
        AgentReason.REPRESENTATIVE_RESTRICTED: person in barred.restricted_persons,
    }
    return tuple(reason.value for reason, is_so in found.items() if is_so)


def _marks(row: AgentRow) -> list[str]:
    return [row.uscc] if row.shop is None else [row.uscc, shop_mark(row.shop)]


def _known(work: Work, carrier_id: UUID, usccs: Sequence[str]) -> dict[str, str]:
    """Which codes have an agent of the carrier, and its number."""
    dialect = work.session.get_bind().dialect.name
    rows = work.session.exec(
        select(Agent.uscc, Agent.agent_no)
        .where(Agent.carrier_id == carrier_id)
        .where(one_of_many(col(Agent.uscc), usccs, dialect))
    ).all()
    return dict(rows)


def _insert(batch: Batch, passed: Sequence[Passed]) -> None:
    work = batch.work
    serials = next_serials(work, len(passed))
    provinces = [one.row.province for one in passed]
    numbers = _numbers(work, batch.imported.organisation_id, provinces)
    agents: dict[tuple[str, ...], list[tuple[object, ...]]] = {}
    shops: list[ShopValues] = []
    ids = new_ids(len(passed))
    for (row, shop, reasons), agent_id, number, serial in zip(
        passed, ids, numbers, serials, strict=True
    ):
        agents.setdefault(reasons, []).append(
            (
                agent_id,
                serial,
                number,
                row.name,
                row.uscc,
                row.province,
                row.legal_representative,
                row.contact,
                row.business_licence_until,
                row.remark,
                terms_of(row.name, number, row.uscc, row.legal_representative),
            )
        )
        if shop is not None and row.shop is not None:
            shops.append(shop_values(agent_id, row.province, shop, row.shop))
    for reasons, rows in agents.items():
        insert_rows(work, Agent, _same_for_all(batch, list(reasons)), _COLUMNS, rows)
    _index(work, serials)
    keep_shops(batch, shops)


def _index(work: Work, serials: range) -> None:
    """Fill the search index of SQLite, whose trigger leaves imported rows to this."""
    connection = work.session.connection()
    if connection.dialect.name == "sqlite":
        connection.execute(
            text(
                "INSERT INTO agent_search(rowid, terms)"
                " SELECT serial, terms FROM agents WHERE serial BETWEEN :first AND :last"
            ),
            {"first": serials[0], "last": serials[-1]},
        )


def _same_for_all(batch: Batch, reasons: list[str]) -> dict[str, Any]:
    """What the rows of an import have in common: an application that passed the first check."""
    work = batch.work
    due = deadline(work, "verify_review")
    return {
        "carrier_id": batch.imported.organisation_id,
        "state": AgentState.VERIFYING,
        "submitted_at": work.at,
        "submitted_by": work.actor.id,
        "review_due_at": due.at,
        "rule_version": due.version,
        "reviewed_by": None,
        "failures": 0,
        "reasons": reasons,
        "is_realname_ready": False,
        "is_protection_ready": False,
        "attempt": 1,
        "cleared": [],
        "late_reason": "",
        "import_id": batch.imported.id,
        "version": 1,
        "created_at": work.at,
    }


def _numbers(work: Work, carrier_id: UUID, provinces: Sequence[str]) -> list[str]:
    """An agent number for each row, given out by province."""
    carrier = work.session.get_one(Organisation, carrier_id)
    ranges = {
        province: iter(agent_numbers(work, carrier, province, count))
        for province, count in sorted(Counter(provinces).items())
    }
    return [next(ranges[province]) for province in provinces]


KIND: Final = RowKind(
    permission=Permission.AGENT_IMPORT,
    owner=carrier_of,
    fields={
        "name": (
            "企业名称", "公司名称", "代理商名称", "代理商", "单位名称", "名称", "企业", "公司",
            "agentname", "company", "companyname",
        ),
        "uscc": (
            "统一社会信用代码", "社会信用代码", "信用代码", "统一信用代码", "税号", "creditcode",
            "unifiedsocialcreditcode",
        ),
        "province": ("省份", "省", "所在省份", "所属省份", "省市", "注册省份", "provincecode"),
        "legal_representative": (
            "法定代表人", "法人代表", "法人", "法定代表人姓名", "负责人", "经营者",
            "legalrepresentative", "legalperson",
        ),
        "contact": ("联系方式", "联系电话", "电话", "业务联系方式", "邮箱", "phone", "email"),
        "business_licence_until": (
            "营业执照有效期", "营业执照有效期至", "执照有效期", "有效期至", "营业期限至",
            "营业期限", "licenceuntil", "validuntil",
        ),
        "remark": ("备注", "说明", "note", "remarks"),
        **SHOP_FIELDS,
    },
    needed=(("name",), ("uscc",), ("province",), ("legal_representative",)),
    check=_check,
    keep=_keep,
    marks=_marks,
)  # fmt: skip
