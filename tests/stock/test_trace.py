"""Where a case's cards came from, and what follows for the channel that let them out."""

import pytest
from sqlmodel import select

from console.actions.cases.tracing.recovery import note_recovery, recovered_of, recovery_record
from console.actions.cases.tracing.source_cases import open_source_case
from console.actions.cases.tracing.trace import (
    add_cards,
    attach_instruction,
    begin_trace,
    conclude_trace,
    drop_card,
    give_up_trace,
    look_again,
    reopen_trace,
    trace_record,
)
from console.actions.cases.tracing.traced import channels_without_case, why_not_traced
from console.actions.cases.tracing.waiting import TRACE_SOURCES
from console.desk import Desk
from models.audit import AuditEntry
from models.cases.cases import Case, CaseState
from models.cases.instructions import Instruction, Jurisdiction
from models.cases.parties import CaseParty, PartyRole
from models.cases.tasks import CaseTask, TaskKind, TaskState
from models.cases.traces import TracedCard, TraceState, WhyNotTraceable
from models.permissions import Permission
from models.refusals import Conflict, Invalid, NotAllowed, NotFound
from models.rules import FindingKind, Tier
from tests.cases.world import opened
from tests.channel.stories import admitted
from tests.conftest import ONLY_SQLITE, Desks
from tests.stock.files import brought, ends, iccid, line
from tests.stock.world import HOW, channel, stocked, task, traced, with_task

REASON = "该批卡未在库存系统登记，出库单已遗失"


def cards_of(desks: Desks, case: Case) -> dict[str, TracedCard]:
    return {one.iccid: one for one in trace_record(desks.manager, case.id).cards.rows}


def deeds_on(desks: Desks, case: Case) -> list[str]:
    with desks.house.begin(Permission.AUDIT_READ) as work:
        rows = work.session.exec(
            select(AuditEntry.deed).where(AuditEntry.subject_id == str(case.id)).order_by("seq")
        ).all()
    return list(rows)


def guard(desks: Desks, case: Case) -> str:
    with desks.manager.begin(Permission.CASE_READ) as work:
        no = why_not_traced(work, work.get(Case, case.id))
    return no.code if no else ""


def waiting(desk: Desk) -> list[tuple[str, str]]:
    return [(item.kind, item.title) for source in TRACE_SOURCES for item in source(desk)]


@pytest.mark.requirement("004-3.3-h", "004-3.4-d")
def test_a_card_leads_to_its_batch_its_channel_and_the_agent_above(desks: Desks) -> None:
    agent = admitted(desks)
    case = traced(desks, 5, 150, agent_no=agent.agent_no)
    assert guard(desks, case) == "case.not_traced"
    assert waiting(desks.manager) == [("trace_open", case.reference)]
    cards = cards_of(desks, case)
    assert [one["code"] for one in cards[iccid(5)].chain] == ["QD-01", "QD-00"]
    first = cards[iccid(150)].chain[0]
    assert (first["code"], first["kind"], first["agent_no"]) == ("QD-02", "online", agent.agent_no)
    trace = conclude_trace(desks.manager, case.id)
    assert (trace.state, trace.concluded_by) == (TraceState.TRACED, desks.manager.actor.id)
    assert guard(desks, case) == ""
    record = trace_record(desks.regulator, case.id)
    assert [(one.channel.code, one.cards) for one in record.channels] == [
        ("QD-01", 1),
        ("QD-02", 1),
    ]
    with_task(desks, case, TaskKind.BY_HAND)  # the platform knows of the case, not of this
    assert trace_record(desks.platform, case.id).trace is None
    told = [one for one in deeds_on(desks, case) if one.startswith("trace.")]
    assert told == ["trace.begun", "trace.cards_added", "trace.concluded"]
    assert waiting(desks.manager) == [("trace_source_case", case.reference)]


@ONLY_SQLITE
def test_the_chain_is_kept_as_it_stood(desks: Desks) -> None:
    case = traced(desks, 5)
    up = {"渠道编码": "QD-09", "渠道名称": "新分销", "渠道类型": "经销商", "省份": "44"}
    header = ("渠道编码", "渠道名称", "渠道类型", "上级渠道编码", "省份")
    moved = {"渠道编码": "QD-01", "上级渠道编码": "QD-09"}
    assert brought(desks.manager, [up, moved], header=header).rejected == 0
    assert [one["code"] for one in cards_of(desks, case)[iccid(5)].chain] == ["QD-01", "QD-00"]
    add_cards(desks.manager, case.id, iccid(6), HOW)
    assert [one["code"] for one in cards_of(desks, case)[iccid(6)].chain] == ["QD-01", "QD-09"]


@ONLY_SQLITE
def test_what_is_not_found_says_why(desks: Desks) -> None:
    case = traced(desks, 5)
    strange, lost = iccid(1, "898600"), iccid(900)
    added = add_cards(desks.manager, case.id, f"{strange}\n{lost}\n{iccid(5)}7", HOW)
    assert (added.added, added.known, added.found) == (2, 1, 0)
    cards = cards_of(desks, case)
    assert cards[strange].why_not is WhyNotTraceable.OTHER_CARRIER
    assert cards[lost].why_not is WhyNotTraceable.NOT_IN_STOCK
    with pytest.raises(Conflict, match="not_resolved"):
        conclude_trace(desks.manager, case.id)
    brought(desks.manager, [line(900, 批次号="PC-9")])
    assert look_again(desks.manager, case.id).found == 1
    assert conclude_trace(desks.manager, case.id).state is TraceState.TRACED


@ONLY_SQLITE
def test_another_carriers_stock_stays_its_own(desks: Desks) -> None:
    """A card of 中国联通 in its own stock is told to nobody else."""
    theirs = line(0) | ends(iccid(0, "898601"), iccid(9, "898601"))
    assert brought(desks.other_manager, [theirs]).accepted == 1
    case = traced(desks)
    add_cards(desks.manager, case.id, iccid(3, "898601"), HOW)
    (card,) = cards_of(desks, case).values()
    assert (card.channel_id, card.why_not) == (None, WhyNotTraceable.OTHER_CARRIER)
    with pytest.raises(NotFound):
        begin_trace(desks.other_manager, case.id)


@pytest.mark.parametrize(
    ("text", "cards"),
    [
        (f"{iccid(5)}", 1),
        (f"8986 0300 0000 0000 005\n{iccid(5)}3", 1),
        (f"8986-0300-0000-0000-005-3，{iccid(6)}", 2),
        (f"{iccid(5)}-{iccid(8)}", 4),
        ("8986 0300 0000 0000 005 – 8986 0300 0000 0000 0077", 3),
        (f"{iccid(5)}至{iccid(6)}；{iccid(7)} {iccid(8)}", 4),
        ("８９８６０３００００００００００００５", 1),
        ("898603A011234567890 ~ 898603A011234567893", 4),
    ],
)
@ONLY_SQLITE
def test_cards_are_named_as_people_write_them(desks: Desks, text: str, cards: int) -> None:
    case = opened(desks)
    begin_trace(desks.manager, case.id)
    assert add_cards(desks.manager, case.id, text, HOW).added == cards


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", "trace.no_cards_named"),
        ("12345", "trace.iccid_format"),
        ("8.98603E+18", "trace.iccid_rounded"),
        (f"{iccid(9)}-{iccid(3)}", "trace.range_backwards"),
        (f"{iccid(1)}-{iccid(9, '898611')}", "trace.range_apart"),
        (f"{iccid(0)}-{iccid(1000)}", "trace.too_many_cards"),
        (f"{iccid(0)}-{iccid(999)}\n{iccid(2000)}", "trace.too_many_cards"),
    ],
)
@ONLY_SQLITE
def test_what_names_no_card_is_refused(desks: Desks, text: str, code: str) -> None:
    case = opened(desks)
    begin_trace(desks.manager, case.id)
    with pytest.raises(Invalid, match=code):
        add_cards(desks.manager, case.id, text, HOW)


@pytest.mark.requirement("004-3.3-h")
def test_a_trace_that_leads_nowhere_says_so_in_words(desks: Desks) -> None:
    case = opened(desks)
    begin_trace(desks.manager, case.id)
    with pytest.raises(Conflict, match="no_cards"):
        conclude_trace(desks.manager, case.id)
    with pytest.raises(Invalid, match="words_needed"):
        give_up_trace(desks.manager, case.id, WhyNotTraceable.NO_CARD, "没有 卡")
    with pytest.raises(Invalid, match="identity_number"):
        give_up_trace(
            desks.manager, case.id, WhyNotTraceable.OTHER, "店主 11010519491231002X 不知去向"
        )
    given_up = give_up_trace(desks.manager, case.id, WhyNotTraceable.NO_CARD, REASON)
    assert (given_up.state, given_up.reason) == (TraceState.NOT_TRACEABLE, REASON)
    assert guard(desks, case) == ""
    with pytest.raises(Conflict, match="ended"):
        add_cards(desks.manager, case.id, iccid(1), HOW)
    assert reopen_trace(desks.manager, case.id, "又购得一张卡").state is TraceState.OPEN
    assert guard(desks, case) == "case.not_traced"
    stocked(desks)
    add_cards(desks.manager, case.id, f"{iccid(1)},{iccid(2)}", HOW)
    with pytest.raises(Conflict, match=r"has_cards|is_traceable"):
        give_up_trace(desks.manager, case.id, WhyNotTraceable.NO_CARD, REASON)
    drop_card(desks.manager, case.id, cards_of(desks, case)[iccid(2)].id)
    assert set(cards_of(desks, case)) == {iccid(1)}


@ONLY_SQLITE
def test_a_trace_begins_once_and_only_by_who_may(desks: Desks) -> None:
    case = traced(desks)
    with pytest.raises(Conflict, match="begun_already"):
        begin_trace(desks.manager, case.id)
    for desk in (desks.approver, desks.platform, desks.regulator, desks.auditor):
        with pytest.raises(NotAllowed):
            add_cards(desk, case.id, iccid(1), HOW)
    with desks.house.begin(Permission.CASE_OPEN) as work:
        work.get(Case, case.id).state = CaseState.CLOSED
        work.no_deed()
    with pytest.raises(Conflict, match="case_past"):
        add_cards(desks.manager, case.id, iccid(1), HOW)


@ONLY_SQLITE
@pytest.mark.requirement("004-3.4-d")
def test_a_trace_is_done_on_an_instruction_of_its_case(desks: Desks) -> None:
    case, other = traced(desks, 1), opened(desks, shop_no=9002)
    with desks.house.begin(Permission.INSTRUCTION_EDIT) as work:
        rows = [
            work.add(
                Instruction(
                    number=f"INS-{at}", organisation_id=case.organisation_id, case_id=one.id,
                    authority="CA-44", province="44", jurisdiction=Jurisdiction.CARD_HOME,
                    document_no=f"粤通管函〔2026〕{at}号", issued_on=work.at.date(),
                    subject="核查流出渠道", wanted="核查", due_at=work.at, created_at=work.at,
                )
            )
            for at, one in enumerate((case, other))
        ]  # fmt: skip
        work.no_deed()
    attach_instruction(desks.manager, case.id, rows[0].id)
    record = trace_record(desks.regulator, case.id)
    assert record.instruction is not None
    assert record.instruction.document_no == "粤通管函〔2026〕0号"
    with pytest.raises(Conflict, match="instruction_of_another"):
        attach_instruction(desks.manager, case.id, rows[1].id)


@pytest.mark.requirement("004-3.3-i", "004-3.4-e")
def test_the_source_channel_gets_one_case_of_its_own(desks: Desks) -> None:
    agent = admitted(desks)
    case = traced(desks, 150, agent_no=agent.agent_no)
    conclude_trace(desks.manager, case.id)
    source, above = channel(desks, "QD-02"), channel(desks, "QD-00")
    made = with_task(desks, case, TaskKind.SOURCE_CASE, str(source.id))
    opened_ = open_source_case(desks.manager, case.id, source.id)
    assert (opened_.parent_id, opened_.channel_id, opened_.agent_id) == (
        case.id,
        source.id,
        agent.id,
    )
    assert (opened_.shop_id, opened_.platform, opened_.card_home) == (None, "", "44")
    assert (opened_.kind, opened_.tier) == (FindingKind.SECONDARY_RESALE, Tier.SERIOUS)
    assert (opened_.state, opened_.owner_id) == (CaseState.INVESTIGATING, desks.manager.actor.id)
    assert opened_.due_at is not None
    assert task(desks, made.id).state is TaskState.DONE
    assert task(desks, made.id).facts["source"] == opened_.reference
    with pytest.raises(Conflict, match="source_case_there") as again:
        open_source_case(desks.manager, case.id, source.id)
    assert again.value.facts["reference"] == opened_.reference
    with desks.manager.begin(Permission.CASE_READ) as work:
        party = work.session.exec(select(CaseParty).where(CaseParty.case_id == opened_.id)).one()
        assert channels_without_case(work, work.get(Case, case.id)) == []
    assert (party.role, party.share, party.uscc) == (PartyRole.SOURCE_CHANNEL, 100, agent.uscc)
    assert open_source_case(desks.manager, case.id, above.id).parent_id == case.id
    with pytest.raises(Conflict, match="channel_not_found"):
        open_source_case(desks.manager, case.id, channel(desks, "QD-01").id)
    assert guard(desks, opened_) == ""


def test_a_trace_after_the_decision_is_proof_and_asks_for_the_source_cases(desks: Desks) -> None:
    case = traced(desks, 5)
    made = with_task(desks, case, TaskKind.TRACE)
    conclude_trace(desks.manager, case.id)
    assert task(desks, made.id).state is TaskState.DONE
    assert task(desks, made.id).facts == {"cards": 1, "channels": ["QD-01"]}
    with desks.house.begin(Permission.CASE_READ) as work:
        wanted = work.session.exec(
            select(CaseTask).where(CaseTask.kind == TaskKind.SOURCE_CASE)
        ).one()
        assert (wanted.target_name, wanted.state) == ("穗通经营部", TaskState.OPEN)
        assert work.get(Case, case.id).state is CaseState.EXECUTING
    reopen_trace(desks.manager, case.id, "又购得一张卡")
    assert task(desks, made.id).state is TaskState.OPEN
    conclude_trace(desks.manager, case.id)
    open_source_case(desks.manager, case.id, channel(desks, "QD-01").id)
    with desks.house.begin(Permission.CASE_READ) as work:
        assert work.get(Case, case.id).state is CaseState.WAITING_RECHECK


@pytest.mark.requirement("004-3.4-c")
def test_cards_called_back_add_up_and_every_missing_one_is_explained(desks: Desks) -> None:
    case = traced(desks)
    with pytest.raises(Conflict, match="nothing_ordered"):
        note_recovery(desks.manager, case.id, 10, 10)
    made = with_task(desks, case, TaskKind.RECOVER_CARDS)
    bad: list[tuple[int, int, str]] = [
        (-1, -1, "too_many"), (0, 0, "why_needed"), (10, 11, "does_not_add_up"),
        (10, -1, "does_not_add_up"),
        (10, 9, "why_needed"),
    ]  # fmt: skip
    for ordered, recovered, code in bad:
        with pytest.raises(Invalid, match=code):
            note_recovery(desks.manager, case.id, ordered, recovered)
    note_recovery(desks.manager, case.id, 60, 60, is_last=False)
    assert task(desks, made.id).state is TaskState.OPEN
    note_recovery(desks.manager, case.id, 40, 35, "5 张已售出，机主已另行核实")
    with desks.manager.begin(Permission.CASE_READ) as work:
        assert recovered_of(work, work.get(Case, case.id)) == (100, 95, 5)
    done = task(desks, made.id)
    assert done.state is TaskState.DONE
    assert {name: done.facts[name] for name in ("ordered", "recovered", "missing")} == {
        "ordered": 100, "recovered": 95, "missing": 5,
    }  # fmt: skip
    assert recovery_record(desks.regulator, case.id).counted.missing == 5
    with pytest.raises(Conflict, match="nothing_ordered"):
        note_recovery(desks.manager, case.id, 1, 1)


@ONLY_SQLITE
def test_a_merged_case_is_traced_no_more(desks: Desks) -> None:
    case, other = traced(desks, 1), opened(desks, shop_no=9002)
    with desks.house.begin(Permission.CASE_OPEN) as work:
        work.get(Case, case.id).merged_into_id = other.id
        work.no_deed()
    for act in (begin_trace, conclude_trace, look_again):
        with pytest.raises(Conflict, match="case_past"):
            act(desks.manager, case.id)
