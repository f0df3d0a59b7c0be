"""Lists of firms and persons that may not be admitted: the blacklist, and restricted parties.

Rows wait as proposals until a second approver confirms their list. A file with an identity number
in it is refused whole: persons are kept by name (`person_key`), and such numbers not at all.
"""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Final, NamedTuple
from uuid import UUID

from sqlmodel import col, or_, select

from console.actions.channel.held import carrier_of
from console.actions.channel.restricted import restricted_until, years_after
from console.actions.imports.agents import NO_TERM, day_of
from console.actions.imports.bulk import insert_rows
from console.actions.imports.rows import Batch, Checker, Given, Reason, RowKind
from console.actions.imports.shops import earlier_in_file
from console.database import one_of_many
from console.desk import Work
from models.base import new_ids
from models.channel.admission import names_identity, person_key
from models.channel.agents import Agent, AgentState, Blacklisted
from models.channel.restricted import RestrictedParty
from models.formats import Fault, check_uscc
from models.permissions import Permission
from models.rules import china_day, parameter

_YES: Final = frozenset({"是", "已判刑", "判刑", "y", "yes", "true", "1"})
_NO: Final = frozenset({"", "否", "未判刑", "n", "no", "false", "0"})
_PERSON: Final = frozenset({"个人", "自然人", "person"})
_WORDS: Final = {
    "name": 200, "uscc": 64, "person": 64, "kind": 16, "reason": 500, "source": 120,
    "document_no": 64, "authority": 200, "basis": 500, "appeal_to": 500, "convicted": 16,
    "begins_on": 64, "until": 64,
}  # fmt: skip


class ListedRow(NamedTuple):
    uscc: str
    name: str
    person: str
    reason: str
    source: str
    begins_on: date | None
    until: date | None


class BoundRow(NamedTuple):
    uscc: str
    name: str
    authority: str
    document_no: str
    basis: str
    begins_on: date
    until: date
    appeal_to: str


def _texts(checker: Checker, names: Sequence[str], needed: frozenset[str]) -> dict[str, str]:
    return {one: checker.text(one, _WORDS[one], needed=one in needed).strip() for one in names}


def _nobodys_number(checker: Checker, said: Mapping[str, str], on: date) -> None:
    for field, words in said.items():
        if names_identity(words, on):
            checker.wrong("identity_number", field=field)


def _code(checker: Checker, word: str) -> str:
    """A code in its one spelling; empty of a person."""
    if not word:
        return ""
    checked = check_uscc(word)
    if isinstance(checked, Fault):
        code = "uscc_checksum" if checked is Fault.CHECKSUM else "uscc_format"
        checker.wrong(code, value=word)
        return ""
    return checked.code


def _day(checker: Checker, field: str, word: str) -> date | None:
    if word.replace(" ", "").lower() in NO_TERM:
        return None
    day = day_of(word)
    if day is None:
        checker.wrong("bad_day", field=field, value=word)
    return day


def _check_listed(given: Given, on: date) -> ListedRow | list[Reason]:
    checker = Checker(given)
    names = ("name", "uscc", "person", "kind", "reason", "source", "document_no", "begins_on",
             "until")  # fmt: skip
    said = _texts(checker, names, frozenset({"reason", "source"}))
    _nobodys_number(checker, said, on)
    code = _code(checker, said["uscc"])
    person = said["person"]
    if not said["uscc"]:
        person = person or said["name"]
    if not (said["name"] or person):
        checker.wrong("missing", field="name")
    if said["kind"].lower() in _PERSON and said["uscc"]:
        checker.wrong("person_with_code", value=said["uscc"])
    begins = _day(checker, "begins_on", said["begins_on"])
    until = _day(checker, "until", said["until"])
    if begins and until and until < begins:
        checker.wrong("ends_before", begins=begins, until=until)
    if checker.reasons:
        return checker.reasons
    source = " ".join(filter(None, [said["source"], said["document_no"]]))
    return ListedRow(
        code, said["name"] or person, person_key(person), said["reason"], source, begins, until
    )


def _check_bound(given: Given, on: date) -> BoundRow | list[Reason]:
    checker = Checker(given)
    names = ("name", "uscc", "authority", "document_no", "basis", "begins_on", "until",
             "convicted", "appeal_to")  # fmt: skip
    needed = frozenset(names) - {"uscc", "until", "convicted"}
    said = _texts(checker, names, needed)
    _nobodys_number(checker, said, on)
    code = _code(checker, said["uscc"])
    begins = _day(checker, "begins_on", said["begins_on"])
    until = _day(checker, "until", said["until"])
    word = said["convicted"].lower()
    if word not in _YES | _NO:
        checker.wrong("yes_or_no", field="convicted", value=said["convicted"])
    if begins is None:
        return [*checker.reasons, *_lacks_begin(said["begins_on"])]
    last = until or restricted_until(begins, on, is_convicted=word in _YES)
    if last < begins:
        checker.wrong("ends_before", begins=begins, until=last)
    cap = parameter("joint_punishment_cap", on)
    if last >= years_after(begins, cap.value):
        checker.wrong("term_too_long", most=cap.value, until=last)
    if checker.reasons:
        return checker.reasons
    return BoundRow(
        code, said["name"] if code else person_key(said["name"]), said["authority"],
        said["document_no"], said["basis"], begins, last, said["appeal_to"],
    )  # fmt: skip


def _lacks_begin(word: str) -> list[Reason]:
    """A first day is needed, and no term is none."""
    if word and word.replace(" ", "").lower() in NO_TERM:
        return [Reason("bad_day", {"field": "begins_on", "value": word})]
    return []


def _mark_listed(row: ListedRow) -> list[str]:
    return [f"code {row.uscc}" if row.uscc else f"person {row.person}"]


def _mark_bound(row: BoundRow) -> list[str]:
    return [f"{row.uscc or row.name} {row.document_no}"]


def _keep_listed(batch: Batch, rows: Sequence[ListedRow]) -> list[list[Reason]]:
    work, carrier = batch.work, batch.imported.organisation_id
    agents = _agents(work, carrier, [row.uscc for row in rows if row.uscc])
    known, taken = _listed_already(work, carrier, rows), set(batch.seen)
    verdicts: list[list[Reason]] = []
    passed: list[ListedRow] = []
    for row in rows:
        (mark,) = _mark_listed(row)
        reasons: list[Reason] = []
        if row.uscc in agents:
            facts = {"value": row.uscc, "agent_no": agents[row.uscc]}
            reasons.append(Reason("blacklist_the_agent", facts))
        if mark in known:
            reasons.append(Reason("listed_already", {"value": row.name}))
        elif mark in taken:
            reasons.append(earlier_in_file("name", row.name))
        if not reasons:
            taken.add(mark)
            passed.append(row)
        verdicts.append(reasons)
    _insert(batch, Blacklisted, ListedRow._fields, passed)
    return verdicts


def _keep_bound(batch: Batch, rows: Sequence[BoundRow]) -> list[list[Reason]]:
    known = _bound_already(batch.work, batch.imported.organisation_id, rows)
    taken = set(batch.seen)
    verdicts: list[list[Reason]] = []
    passed: list[BoundRow] = []
    for row in rows:
        (mark,) = _mark_bound(row)
        reasons: list[Reason] = []
        if mark in known:
            reasons.append(Reason("listed_already", {"value": row.name}))
        elif mark in taken:
            reasons.append(earlier_in_file("name", row.name))
        else:
            taken.add(mark)
            passed.append(row)
        verdicts.append(reasons)
    _insert(batch, RestrictedParty, BoundRow._fields, passed)
    return verdicts


def _insert(
    batch: Batch,
    table: type[Blacklisted | RestrictedParty],
    names: Sequence[str],
    rows: Sequence[tuple[object, ...]],
) -> None:
    if batch.is_dry or not rows:
        return
    same = {
        "carrier_id": batch.imported.organisation_id,
        "import_id": batch.imported.id,
        "is_proposed": True,
        "created_at": batch.work.at,
        "lifted_at": None,
    }
    whole = [(one, *row) for one, row in zip(new_ids(len(rows)), rows, strict=True)]
    insert_rows(batch.work, table, same, ("id", *names), whole)


def _agents(work: Work, carrier_id: UUID, codes: Sequence[str]) -> dict[str, str]:
    """Firms that are agents here: those are put on by their own record, by two approvers."""
    found = work.session.exec(
        select(Agent.uscc, Agent.agent_no)
        .where(Agent.carrier_id == carrier_id, Agent.state != AgentState.BLACKLISTED)
        .where(one_of_many(col(Agent.uscc), set(codes), _dialect(work)))
    ).all()
    return dict(found)


def _listed_already(work: Work, carrier_id: UUID, rows: Sequence[ListedRow]) -> set[str]:
    """Marks of entries that stand, or wait to be confirmed."""
    day, dialect = china_day(work.at), _dialect(work)
    codes, persons = {row.uscc for row in rows} - {""}, {row.person for row in rows} - {""}
    code, person = col(Blacklisted.uscc), col(Blacklisted.person)
    query = select(Blacklisted.uscc, Blacklisted.person).where(
        Blacklisted.carrier_id == carrier_id,
        col(Blacklisted.lifted_at).is_(None),
        or_(col(Blacklisted.until).is_(None), col(Blacklisted.until) >= day),
    )
    firms = work.session.exec(query.where(one_of_many(code, codes, dialect))).all()
    alone = work.session.exec(query.where(code == "", one_of_many(person, persons, dialect))).all()
    return {f"code {one[0]}" for one in firms} | {f"person {one[1]}" for one in alone}


def _bound_already(work: Work, carrier_id: UUID, rows: Sequence[BoundRow]) -> set[str]:
    """Marks of parties that stand by the same document."""
    numbers = {row.document_no for row in rows}
    found = work.session.exec(
        select(RestrictedParty.uscc, RestrictedParty.name, RestrictedParty.document_no)
        .where(RestrictedParty.carrier_id == carrier_id, col(RestrictedParty.lifted_at).is_(None))
        .where(one_of_many(col(RestrictedParty.document_no), numbers, _dialect(work)))
    ).all()
    return {f"{code or name} {number}" for code, name, number in found}


def _dialect(work: Work) -> str:
    return work.session.get_bind().dialect.name


_SHARED: Final = {
    "uscc": ("统一社会信用代码", "社会信用代码", "信用代码", "creditcode"),
    "begins_on": ("起始日期", "开始日期", "列入日期", "惩戒起始日期", "from", "beginson"),
    "until": ("截止日期", "终止日期", "期限至", "惩戒截止日期", "有效期至", "to", "until"),
    "document_no": ("文号", "文书号", "文件编号", "documentno"),
}  # fmt: skip
LISTED: Final = RowKind(
    permission=Permission.BLACKLIST_EDIT,
    owner=carrier_of,
    fields={
        "name": ("名称", "企业名称", "单位名称", "姓名或名称", "主体名称", "name"),
        **_SHARED,
        "person": ("法定代表人", "法定代表人或个人", "个人姓名", "人员", "person"),
        "kind": ("主体类型", "类型", "对象类型", "kind"),
        "reason": ("列入事由", "事由", "列入原因", "理由", "ground"),
        "source": ("来源单位", "来源", "列入来源", "认定单位", "source"),
    },
    needed=(("name", "person"), ("reason",), ("source",)),
    check=_check_listed,
    keep=_keep_listed,
    marks=_mark_listed,
    names_persons=True,
)
BOUND: Final = RowKind(
    permission=Permission.BLACKLIST_EDIT,
    owner=carrier_of,
    fields={
        "name": ("名称", "姓名", "企业名称", "单位名称", "姓名或名称", "主体名称", "name"),
        **_SHARED,
        "authority": ("认定单位", "来源单位", "认定机关", "authority"),
        "basis": ("惩戒依据", "依据", "事由", "basis"),
        "convicted": ("是否判刑", "是否被判刑", "已判刑", "convicted"),
        "appeal_to": ("申诉渠道", "申诉方式", "appealto"),
    },
    needed=(("name",), ("authority",), ("document_no",), ("basis",), ("begins_on",),
            ("appeal_to",)),
    check=_check_bound,
    keep=_keep_bound,
    marks=_mark_bound,
    names_persons=True,
)  # fmt: skip
