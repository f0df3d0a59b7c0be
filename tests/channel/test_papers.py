"""Papers of an agent and what they prove: filed by their bytes, replaced, withdrawn, shown."""

from datetime import date

import pytest

from console.actions.brought import LARGEST
from console.actions.channel.admission import agent_file
from console.actions.channel.agents import agent_record
from console.actions.channel.conditions import (
    Report,
    SignedLine,
    sign_conditions,
    sign_conditions_of_many,
)
from console.actions.channel.paper_files import paper_file
from console.actions.channel.papers import PaperForm, add_paper, list_papers, withdraw_paper
from models.channel.agents import Agent, AgentState
from models.channel.papers import PaperKind
from models.refusals import Conflict, Invalid, NotAllowed, NotFound, Refusal
from tests.channel.stories import (
    PDF,
    admitted,
    every_deed,
    submitted,
    with_conditions,
    with_papers,
)
from tests.conftest import Clock, Desks

K = PaperKind
PNG = b"\x89PNG\r\n\x1a\n" + bytes(64)
BUSINESS_LICENCE = PaperForm(K.BUSINESS_LICENCE, "L-1", valid_until=date(2031, 6, 30))


def the_agent(desks: Desks, agent: Agent) -> Agent:
    return agent_record(desks.manager, agent.id).agent


@pytest.mark.requirement("004-3.1-b")
def test_a_business_licence_on_file_says_until_when_and_is_looked_at_again(desks: Desks) -> None:
    agent = submitted(desks.manager)
    add_paper(desks.manager, agent.id, BUSINESS_LICENCE, "执照.png", PNG)
    agent = the_agent(desks, agent)
    assert agent.business_licence_until == date(2031, 6, 30)
    assert agent.recheck_on == date(2026, 8, 29)  # 180 days


def test_a_look_at_the_register_counts_as_a_check_of_the_licence(
    desks: Desks, clock: Clock
) -> None:
    agent = submitted(desks.manager)
    add_paper(desks.manager, agent.id, BUSINESS_LICENCE, "执照.png", PNG)
    clock.pass_(days=100)
    add_paper(desks.manager, agent.id, PaperForm(K.AUTHORITY_RESULT), "查询.pdf", PDF)
    agent = the_agent(desks, agent)
    assert agent.business_licence_until == date(2031, 6, 30)
    assert agent.recheck_on == date(2026, 12, 7)


def test_the_same_file_lies_once_and_is_filed_for_each(desks: Desks) -> None:
    first, second = submitted(desks.manager, 1), submitted(desks.manager, 2)
    form = PaperForm(K.CONDITION_EVIDENCE)
    papers = [add_paper(desks.manager, one.id, form, "a.pdf", PDF) for one in (first, second)]
    assert papers[0].sha256 == papers[1].sha256
    assert papers[0].id != papers[1].id


def test_a_replaced_paper_goes_out_of_force_and_stays_on_record(desks: Desks) -> None:
    agent = submitted(desks.manager)
    old = add_paper(desks.manager, agent.id, BUSINESS_LICENCE, "旧.pdf", PDF)
    new = add_paper(desks.manager, agent.id, BUSINESS_LICENCE, "新.png", PNG, replaces=old.id)
    papers = {one.id: one for one in list_papers(desks.manager, agent.id)}
    assert papers[old.id].withdrawn_at is not None
    assert papers[new.id].withdrawn_at is None
    assert paper_file(desks.manager, old.id).data == PDF

    with pytest.raises(Conflict) as no:
        add_paper(desks.manager, agent.id, PaperForm(K.OTHER), "x.pdf", PDF, replaces=new.id)
    assert no.value.code == "admission.replaces_another"
    other = submitted(desks.manager, 2)
    with pytest.raises(Conflict):
        add_paper(desks.manager, other.id, BUSINESS_LICENCE, "x.pdf", PDF, replaces=new.id)


@pytest.mark.requirement("004-3.1-c")
def test_a_line_that_loses_its_evidence_is_open_again(desks: Desks) -> None:
    agent = with_conditions(desks.manager, submitted(desks.manager))
    assert (agent.is_realname_ready, agent.is_protection_ready) == (True, True)
    (report,) = list_papers(desks.manager, agent.id)
    with pytest.raises(Invalid):
        withdraw_paper(desks.manager, report.id, reason=" ")
    withdraw_paper(desks.manager, report.id, reason="报告有误")
    agent = the_agent(desks, agent)
    assert (agent.is_realname_ready, agent.is_protection_ready) == (False, False)
    with pytest.raises(Conflict) as no:
        withdraw_paper(desks.manager, report.id, reason="再次")
    assert no.value.code == "admission.paper_withdrawn"


@pytest.mark.requirement("004-3.1-c", "004-3.1-d")
def test_a_line_is_signed_with_evidence_of_the_agent_itself(desks: Desks) -> None:
    agent, other = submitted(desks.manager, 1), submitted(desks.manager, 2)
    alien = add_paper(desks.manager, other.id, PaperForm(K.CONDITION_EVIDENCE), "a.pdf", PDF)
    for line, code in (
        (SignedLine("id_reader", is_met=True), "admission.evidence_needed"),
        (SignedLine("id_reader", True, alien.id), "admission.not_the_agents_paper"),  # noqa: FBT003
        (SignedLine("no_such_line", is_met=False), "admission.no_such_condition"),
    ):
        with pytest.raises(Refusal) as no:
            sign_conditions(desks.manager, agent.id, [line])
        assert no.value.code == code

    sign_conditions(desks.manager, agent.id, [SignedLine("id_reader", is_met=False, remark="未到")])
    (signed,) = agent_file(desks.manager, agent.id).present.conditions
    assert (signed.is_met, signed.signer, signed.rule_version) == (
        False,
        "chen.ming",
        "checklist/1",
    )


def test_one_report_signs_the_same_lines_of_several_each_by_itself(desks: Desks) -> None:
    agents = [submitted(desks.manager, serial) for serial in (1, 2)]
    alien = submitted(desks.other_manager, 3)
    lines = ["id_reader", "trained_staff"]
    ids = [*(one.id for one in agents), alien.id]
    done = sign_conditions_of_many(desks.manager, ids, lines, Report("巡访.pdf", PDF))
    assert [one.refusal.code if one.refusal else None for one in done] == [
        None,
        None,
        "row.not_found",
    ]
    for agent in agents:
        file = agent_file(desks.manager, agent.id)
        assert [one.line for one in file.present.conditions] == lines
        assert [one.file_name for one in file.present.papers] == ["巡访.pdf"]
    with pytest.raises(Invalid):
        sign_conditions_of_many(desks.manager, ids, [], Report("巡访.pdf", PDF))


HOSTILE = {
    "an executable by another name": (b"MZ\x90\x00" + bytes(100), "file.wrong_type"),
    "a page": (b"<html><script>alert(1)</script></html>", "file.wrong_type"),
    "a drawing that can run": (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "file.wrong_type"),
    "nothing": (b"", "file.wrong_type"),
    "a file that only ends as a PDF": (b"PK\x03\x04" + PDF, "file.wrong_type"),
    "eleven megabytes": (b"%PDF-1.7\n" + bytes(11 * 1024 * 1024), "file.too_large"),
}


@pytest.mark.parametrize("what", HOSTILE)
def test_what_is_no_picture_and_no_pdf_is_not_filed(desks: Desks, what: str) -> None:
    agent = submitted(desks.manager)
    content, code = HOSTILE[what]
    with pytest.raises(Invalid) as no:
        add_paper(desks.manager, agent.id, BUSINESS_LICENCE, "营业执照.pdf", content)
    assert no.value.code == code
    assert list_papers(desks.manager, agent.id) == []


def test_ten_megabytes_are_taken_and_a_name_is_made_harmless(desks: Desks) -> None:
    agent = submitted(desks.manager)
    content = b"%PDF-1.7\n".ljust(LARGEST, b"x")
    paper = add_paper(
        desks.manager, agent.id, BUSINESS_LICENCE, "../../etc/\x00执照\n.pdf", content
    )
    assert (paper.file_name, paper.size) == ("执照.pdf", LARGEST)


def test_a_file_that_is_two_things_is_shown_as_the_one_it_was_taken_for(desks: Desks) -> None:
    agent = submitted(desks.manager)
    both = PNG + b"<html><script>alert(1)</script></html>" + PDF
    paper = add_paper(desks.manager, agent.id, BUSINESS_LICENCE, "x.html", both)
    assert paper_file(desks.manager, paper.id).media_type == "image/png"


@pytest.mark.requirement("004-3.1-a")
def test_papers_are_of_the_carrier_alone_and_every_look_is_on_record(desks: Desks) -> None:
    agent = with_papers(desks.manager, submitted(desks.manager))
    paper = list_papers(desks.manager, agent.id)[0]
    for reader in (desks.manager, desks.approver, desks.regulator, desks.auditor):
        assert paper_file(reader, paper.id).data == PDF
    looks = [one for one in every_deed(desks.house) if one.deed == "paper.looked_at"]
    assert len(looks) == 4
    assert all(one.facts["sha256"] == paper.sha256 for one in looks)
    for stranger in (desks.other_manager, desks.other_approver):
        with pytest.raises(NotFound):
            paper_file(stranger, paper.id)
        with pytest.raises(NotFound):
            add_paper(stranger.as_(desks.other_manager.actor), agent.id, BUSINESS_LICENCE, "x", PDF)
    for denied in (desks.platform,):
        with pytest.raises(NotAllowed):
            paper_file(denied, paper.id)
        with pytest.raises(NotAllowed):
            agent_file(denied, agent.id)
    for reader in (desks.regulator, desks.approver):
        with pytest.raises(NotAllowed):
            withdraw_paper(reader, paper.id, reason="x")
        with pytest.raises(NotAllowed):
            sign_conditions(reader, agent.id, [SignedLine("id_reader", is_met=False)])


def test_a_damaged_file_is_not_shown(desks: Desks) -> None:
    agent = submitted(desks.manager)
    paper = add_paper(desks.manager, agent.id, BUSINESS_LICENCE, "执照.pdf", PDF)
    from integrations.evidence import Digest

    path = desks.house.house.evidence.path(Digest(paper.sha256))
    path.chmod(0o600)
    path.write_bytes(b"something else")
    with pytest.raises(Conflict) as no:
        paper_file(desks.manager, paper.id)
    assert no.value.code == "file.damaged"


def test_an_admitted_agents_file_lacks_nothing(desks: Desks) -> None:
    agent = admitted(desks)
    file = agent_file(desks.manager, agent.id)
    assert (file.agent.state, file.lacking, len(file.lines)) == (AgentState.ELIGIBLE, [], 12)
