"""A refusal in the reader's own words at every door: no raw state, no raw field."""

import re
from collections.abc import Callable, Iterator

import pytest

from console.actions.channel.agents import AgentForm, add_agent, submit_agent
from console.actions.channel.licences import approve_licence
from console.actions.channel.review import review_agent
from console.cli.main import main
from console.desk import House
from console.i18n import Language, spoken, told
from console.pages.frame import refusal_text
from console.web.api.base import _fault  # pyright: ignore[reportPrivateUsage]
from models.channel.agents import AgentMove, AgentState
from models.channel.licences import Paper
from models.permissions import Permission
from models.refusals import Conflict, Invalid, NotAllowed, Refusal
from tests.channel.stories import admitted, form, pending, shop_of, submitted
from tests.channel.test_licences import with_file_lost
from tests.conftest import Desks


@pytest.fixture(params=list(Language))
def language(request: pytest.FixtureRequest) -> Iterator[Language]:
    before = spoken.set(request.param)
    yield request.param
    spoken.reset(before)


CASES = [
    (
        Conflict("state.cannot_move", state=AgentState.VERIFYING, move=AgentMove.EXIT),
        {Language.ZH: ("核验中", "退出"), Language.EN: ("Under review", "Leave")},
        ("verifying", "AgentState"),
    ),
    (
        Invalid("channel.field_missing", field="legal_representative"),
        {Language.ZH: ("法定代表人",), Language.EN: ("epresentative",)},
        ("legal_representative",),
    ),
    (
        Conflict("channel.papers_missing", number="L-1", papers=[Paper.AGREEMENT]),
        {Language.ZH: ("委托代理协议",), Language.EN: ("greement",)},
        ("['", "agreement]"),
    ),
    (
        NotAllowed("staff.not_allowed", actor="x", permission=Permission.AUDIT_READ.value),
        {Language.ZH: ("查看审计日志",), Language.EN: ("audit",)},
        ("audit:read",),
    ),
]


@pytest.mark.parametrize(("no", "words", "raw"), CASES)
def test_words_of_ours_are_put_into_words(
    language: Language, no: Refusal, words: dict[Language, tuple[str, ...]], raw: tuple[str, ...]
) -> None:
    for said in (
        told(no.code, no.facts),
        refusal_text(no),
        bytes(_fault(409, no).body).decode().split('"message":')[1].split('"facts"')[0],
    ):
        for word in words[language]:
            assert word.lower() in said.lower(), said
        for word in raw:
            assert word not in said


def test_programs_get_the_facts_as_they_are() -> None:
    no = Conflict("state.cannot_move", state=AgentState.VERIFYING, move=AgentMove.EXIT)
    assert b'"facts":{"state":"verifying","move":"exit"}' in bytes(_fault(409, no).body)


def test_words_of_strangers_stay_as_they_wrote_them_and_are_made_harmless() -> None:
    no = Conflict("channel.field_missing", field="**name**")
    assert "**name**" in told(no.code, no.facts)
    assert r"\*\*name\*\*" in refusal_text(no)


def _without_papers(desks: Desks) -> object:
    agent = admitted(desks)
    licence = pending(desks, agent, shop_of(desks.manager, agent))
    with_file_lost(desks, agent, Paper.COMMITMENT_LETTER)
    return approve_licence(desks.approver, licence.id)


REFUSED: list[Callable[[Desks], object]] = [
    lambda desks: submit_agent(desks.manager, submitted(desks.manager).id),
    lambda desks: review_agent(desks.approver, submitted(desks.manager).id, passed=True),
    lambda desks: add_agent(desks.manager, form(legal_representative=" ")),
    lambda desks: add_agent(desks.manager, AgentForm("x" * 300, "1", "44", "y")),
    _without_papers,
]


@pytest.mark.parametrize("refused", REFUSED)
@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_a_chinese_refusal_of_the_channel_has_no_word_of_code_in_it(
    desks: Desks, refused: Callable[[Desks], object]
) -> None:
    with pytest.raises(Refusal) as no:
        refused(desks)
    said = told(no.value.code, no.value.facts)
    assert re.findall(r"[a-z]{3,}", said) == [], said


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_the_command_line_says_it_in_words_too(
    house: House, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fall() -> None:
        raise Conflict("state.cannot_move", state=AgentState.VERIFYING, move=AgentMove.EXIT)

    assert house
    monkeypatch.setattr("console.cli.main.app", fall)
    with pytest.raises(SystemExit):
        main()
    assert "核验中" in capsys.readouterr().err
