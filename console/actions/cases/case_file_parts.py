"""The sections of a case's file, each of facts alone; one that has nothing to say is left out."""

from collections.abc import Sequence
from datetime import datetime, timedelta, timezone
from typing import Final

from console.actions.cards.industry.notices import fact_of
from console.actions.cases.case_told import Told
from console.i18n import Language, listed, spoken, t, texts
from integrations.documents import Fact
from models.audit import AuditEntry
from models.cases.measures import Measure
from models.cases.tasks import BY_MEASURE, CaseTask
from models.channel.public import shop_number
from models.provinces import province_of_code
from models.rules import FindingKind, rule_refs
from models.staff import Door

Section = dict[str, Fact] | None
_BEIJING: Final = timezone(timedelta(hours=8))
_BOTH: Final = "\n\n----------\n\n"
"""Between the Chinese and the English letter of a notice."""


def moment(at: datetime | None) -> str:
    return f"{at.astimezone(_BEIJING):%Y-%m-%d %H:%M}" if at else "—"


def last_day(due: datetime | None) -> str:
    return moment(due - timedelta(microseconds=1))[:10] if due else "—"


def word(key: str) -> str:
    return t(f"case_file.{key}")


def _section(name: str, *blocks: Fact) -> Section:
    kept = [one for one in blocks if one]
    return {"title": word(name), "blocks": kept} if kept else None


def _pairs(rows: dict[str, str]) -> Fact:
    shown: list[Fact] = [[word(name), text] for name, text in rows.items() if text]
    return {"kind": "pairs", "rows": shown} if shown else None


def _table(heads: Sequence[str], widths: Sequence[float], rows: Sequence[Sequence[str]]) -> Fact:
    """Widths in parts; a column called `sha256` may break anywhere."""
    if not rows:
        return None
    return {
        "kind": "table",
        "heads": [word(one) for one in heads],
        "widths": list(widths),
        "breaks": [one in {"sha256", "url"} for one in heads],
        "rows": [list(one) for one in rows],
    }


def _text(words: str) -> Fact:
    return {"kind": "text", "lines": words.splitlines()} if words.strip() else None


def summary(told: Told) -> Section:
    record = told.record
    case = record.case
    kinds = dict.fromkeys([case.kind, *(one.kind for one in (*record.findings, *record.usage))])
    return _section(
        "summary",
        _pairs(
            {
                "against": case.shop_name or t("case_pages.off_platform"),
                "shop_key": shop_number(case.shop_key) if case.shop_key else "",
                "platform": told.platforms.get(case.platform, case.platform),
                "kind": listed(t(f"finding_kind.{one}") for one in kinds),
                "ground": t(f"notice_ground.{case.ground}"),
                "tier": f"{t(f'tier.{case.tier}')} · {t(f'tier_basis.{case.tier_basis}')}",
                "owner": record.owner,
                "opened": moment(case.created_at),
                "due": last_day(case.due_at) if case.due_at else "",
                "closed": moment(case.closed_at) if case.closed_at else "",
                "filing_place": _place(case.filing_place),
                "card_home": _place(case.card_home),
                "platform_home": _place(case.platform_home),
                "linked": listed(one.reference for one in record.linked),
            }
        ),
    )


def _place(code: str | None) -> str:
    province = province_of_code(code) if code else None
    if province is None:
        return code or ""
    return province.authority_zh if spoken.get() is Language.ZH else province.authority_en


def parties(told: Told) -> Section:
    rows = [
        (
            t(f"party_role.{one.role}"),
            "\n".join(filter(None, [one.name, one.uscc])),
            f"{one.share}%",
            "\n".join(filter(None, [one.nature, one.circumstance, one.result])) or "—",
            f"{one.statement}\n{moment(one.heard_at)}" if one.statement else word("not_heard"),
        )
        for one in told.record.parties
    ]
    heads = ("role", "name", "share", "factors", "statement")
    return _section("parties", _table(heads, (2, 4, 1.4, 4, 5), rows))


def found(told: Told) -> Section:
    rows = [
        (
            one.number,
            t(f"finding_kind.{one.kind}"),
            t(f"ground.{one.ground}"),
            t(f"tier.{one.tier}"),
            t(f"finding_state.{one.state}"),
            moment(one.created_at),
        )
        for one in told.record.findings
    ]
    heads = ("number", "kind", "ground", "tier", "state", "at")
    used = [
        (one.number, t(f"tier.{one.tier}"), t(f"usage_finding_state.{one.state}"), fact_of(one))
        for one in told.record.usage
    ]
    return _section(
        "found",
        _text(told.facts),
        _table(heads, (4, 3, 4, 1.6, 2, 3), rows),
        _table(("number", "tier", "state", "found_of_cards"), (3, 1.6, 2, 9), used),
    )


def evidence(told: Told) -> Section:
    listings = told.record.listings
    rows = [
        (one.title_seen, one.url, moment(one.seen_at), one.evidence_sha256 or "—")
        for one in listings
    ]
    own = {one.evidence_sha256 for one in listings}
    others = {digest for one in told.record.findings for digest in one.evidence} - own
    rows += [(word("capture"), "—", "—", digest) for digest in sorted(others)]
    return _section(
        "evidence",
        _text(word("evidence_hint")),
        _table(("title", "url", "at", "sha256"), (4, 4, 2.2, 5), rows),
    )


def decision(told: Told) -> Section:
    case, known = told.record.case, rule_refs()
    is_zh = spoken.get() is Language.ZH
    rules = [
        (
            _rule(one),
            known[one].clause.removeprefix("seed "),
            known[one].zh if is_zh else known[one].en,
        )
        for one in case.rules
        if one in known
    ]
    return _section(
        "decision",
        _pairs(
            {
                "reason": case.reason,
                "wanted": listed(t(f"outcome.{one}") for one in told.record.wanted),
                "proposed_by": told.name_of(case.proposed_by) if case.proposed_by else "",
                "decided_by": told.name_of(case.decided_by) if case.decided_by else "",
                "decided_at": moment(case.decided_at) if case.decided_at else "",
            }
        ),
        _table(("rule", "clause", "text"), (2, 4, 8), rules),
    )


def _rule(rule: str) -> str:
    return t(f"finding_kind.{rule}") if rule in set(FindingKind) else rule


def measures(told: Told) -> Section:
    rows = [
        (
            t(f"measure.{one.measure}") + (f"（{word('interim')}）" if one.is_interim else ""),
            t(f"measure_state.{one.state}"),
            moment(one.ordered_at),
            moment(one.lifted_at) if one.lifted_at else "—",
            one.lifted_why or (word("emergency") if one.is_emergency_exempt else "—"),
        )
        for one in told.record.measures
    ]
    said = dict.fromkeys((one.reason, one.remedy, one.papers) for one in told.record.measures)
    blocks = [
        _pairs({"reason": reason, "remedy": remedy, "papers": papers})
        for reason, remedy, papers in said
    ]
    heads = ("measure", "state", "ordered_at", "lifted_at", "note")
    return _section("measures", _table(heads, (3, 2, 3, 3, 4), rows), *blocks)


def card_orders(told: Told) -> Section:
    rows = [
        (
            one.number,
            t(f"card_measure.{one.measure}"),
            f"{len(one.cards):,}" if one.cards else word("whole_batch"),
            t(f"order_state.{one.state}"),
            moment(one.told_at),
            moment(one.carried_out_at),
            one.lifted_why or (word("emergency") if one.is_emergency_exempt else "—"),
        )
        for one in told.record.card_orders
    ]
    heads = ("number", "measure", "cards", "state", "told_at", "set_at", "note")
    return _section("card_orders", _table(heads, (3, 2, 1.6, 2, 2.4, 2.4, 4), rows))


def tasks(told: Told) -> Section:
    rows = [
        (
            task_words(one),
            last_day(one.due_at),
            t(f"task_state.{one.state}"),
            moment(one.done_at),
            _proof(one),
        )
        for one in told.record.tasks
    ]  # fmt: skip
    cards = [
        (moment(one.at), str(one.ordered), str(one.recovered), str(one.missing), one.missing_why)
        for one in told.recoveries
    ]
    return _section(
        "tasks",
        _table(("task", "due", "state", "done_at", "proof"), (4, 2.4, 2, 3, 5), rows),
        _table(("at", "ordered", "recovered", "missing", "missing_why"), (3, 2, 2, 2, 5), cards),
    )


def _proof(task: CaseTask) -> str:
    told = [
        texts(spoken.get()).get(f"answer_outcome.{fact}", str(fact))
        for name, fact in task.facts.items()
        if isinstance(fact, str | int) and name != "media_type"
    ]
    return " · ".join(filter(None, [task.words_given, *told])) or "—"


def task_words(task: CaseTask) -> str:
    name = task.target_name
    if task.kind in BY_MEASURE and task.target in set(Measure):
        name = t(f"measure.{task.target}")
    words = t(f"task_kind.{task.kind}")
    return t("case_pages.task_of", task=words, target=name) if name else words


def trace(told: Told) -> Section:
    return _section(
        "trace",
        *(
            _pairs(
                {
                    "state": t(f"trace_state.{one.state}"),
                    "reason": one.reason,
                    "done_at": moment(one.concluded_at) if one.concluded_at else "",
                }
            )
            for one in told.traces
        ),
    )


def notices(told: Told) -> Section:
    blocks: list[Fact] = []
    for one in told.record.notices:
        notice = one.notice
        blocks += [
            _pairs(
                {
                    "number": f"{notice.number} · {t(f'notice_state.{notice.state}')}",
                    "platform": told.platforms.get(notice.platform, notice.platform),
                    "subject": notice.subject,
                    "sent": moment(notice.sent_at),
                    "receipt": notice.receipt or "",
                    "acknowledged": moment(notice.acknowledged_at),
                    "answer_due": last_day(notice.answer_due_at),
                }
            ),
            _text(_own_half(notice.body)),
            _table(
                ("at", "outcome", "words", "by"),
                (3, 2.4, 6, 3),
                [
                    (moment(a.at), t(f"answer_outcome.{a.outcome}"), a.words_given, a.answered_by)
                    for a in one.answers
                ],
            ),
            _table(
                ("file", "bytes", "sha256"),
                (4, 2, 6),
                [(proof.name, f"{proof.size:,}", proof.sha256) for proof in one.proofs],
            ),
        ]
    return _section("notices", *blocks)


def _own_half(body: str) -> str:
    """Of a letter in two languages, the reader's."""
    zh, _, en = body.partition(_BOTH)
    return zh if spoken.get() is Language.ZH or not en else en


def looks(told: Told) -> Section:
    rows = [
        (
            t("case_pages.look_of", round=one.round, n=one.number),
            last_day(one.due_at),
            moment(one.done_at),
            "—" if one.is_clean is None
            else t("case_pages.look_clean" if one.is_clean else "case_pages.look_dirty"),
            one.words_given or "—",
            told.name_of(one.done_by) if one.done_by else "—",
        )
        for one in told.record.looks
    ]  # fmt: skip
    heads = ("look", "due", "done_at", "outcome", "words", "by")
    return _section("looks", _table(heads, (3, 2.4, 3, 2, 5, 2), rows))


def appeals(told: Told) -> Section:
    rows = [
        (
            one.number,
            one.appellant,
            t(f"case_appeal_state.{one.state}"),
            moment(one.lodged_at),
            one.ground,
            one.decision or "—",
        )
        for one in told.appeals
    ]
    heads = ("number", "appellant", "state", "at", "ground", "answer")
    return _section("appeals", _table(heads, (3, 2.4, 2, 2.6, 4, 4), rows))


def reports(told: Told) -> Section:
    rows = [
        (
            one.report_no,
            f"{t(f'organ.{one.organ}')} · {one.organ_name}",
            moment(one.reported_at),
            one.words_given or "—",
            one.feedback or "—",
        )
        for one in told.reports
    ]
    orders = [
        (
            one.document_no,
            _place(one.province),
            one.subject,
            t(f"instruction_state.{one.state}"),
            last_day(one.due_at),
        )
        for one in told.instructions
    ]
    return _section(
        "reports",
        _table(("number", "organ", "at", "words", "feedback"), (3, 4, 2.6, 4, 4), rows),
        _table(("document", "organ", "subject", "state", "due"), (3, 4, 5, 2, 2.4), orders),
    )


def story(told: Told) -> Section:
    rows = [
        (
            moment(one.at),
            _who(one),
            _deed(one.deed),
            str(one.facts.get("reason") or one.facts.get("words") or "—")[:400],
            "—" if one.leaf is None else str(one.leaf + 1),
        )
        for one in reversed(told.deeds)
    ]
    heads = ("at", "by", "deed", "words", "leaf")
    return _section("story", _table(heads, (2.6, 3.6, 3, 5, 1.4), rows))


def _who(entry: AuditEntry) -> str:
    own = {Door.HOUSE: "role.house", Door.PUBLIC: "role.public"}
    name = t(own[entry.door]) if entry.door in own else entry.actor_name
    return "\n".join(filter(None, [name, entry.organisation]))


def _deed(deed: str) -> str:
    return texts(spoken.get()).get(f"deed.{deed.replace('.', '_')}", deed)
