"""The tones of what cases speak of, and the words that several of their pages share."""

from collections.abc import Mapping
from datetime import datetime
from typing import Final

from console.i18n import Language, spoken, t
from console.pages.frame import said
from console.pages.kit import Tone, last_day
from models.cases.cases import Case, CaseState
from models.cases.measures import MeasureState
from models.cases.notices import AnswerOutcome, Notice, NoticeState
from models.cases.tasks import TaskState
from models.provinces import province_of_code, provinces
from models.rules import FindingKind, rule_refs

CASES: Final[Mapping[str, Tone]] = {
    CaseState.OPENED: Tone.WAITING,
    CaseState.INVESTIGATING: Tone.BUSY,
    CaseState.DECISION_PROPOSED: Tone.WAITING,
    CaseState.DECIDED: Tone.BUSY,
    CaseState.EXECUTING: Tone.BUSY,
    CaseState.WAITING_RECHECK: Tone.WAITING,
    CaseState.CLOSED: Tone.GOOD,
    CaseState.APPEALED: Tone.WARNING,
    CaseState.REVERSED: Tone.OVER,
    CaseState.TRANSFERRED: Tone.OVER,
}
NOTICES: Final[Mapping[str, Tone]] = {
    NoticeState.DRAFT: Tone.WAITING,
    NoticeState.SENT: Tone.WAITING,
    NoticeState.ACKNOWLEDGED: Tone.BUSY,
    NoticeState.TURNED_DOWN: Tone.BAD,
    NoticeState.ANSWERED: Tone.GOOD,
    NoticeState.CLOSED: Tone.OVER,
}
UNDER_WAY: Final = frozenset({NoticeState.SENT, NoticeState.ACKNOWLEDGED})
OUTCOMES: Final[Mapping[str, Tone]] = {
    AnswerOutcome.KEPT: Tone.BAD,
    AnswerOutcome.MORE_WANTED: Tone.WARNING,
    AnswerOutcome.REMOVED: Tone.GOOD,
    AnswerOutcome.SERVICE_STOPPED: Tone.GOOD,
    AnswerOutcome.CORRECTED: Tone.GOOD,
    AnswerOutcome.ACTED: Tone.GOOD,
    AnswerOutcome.OURS: Tone.GOOD,
    AnswerOutcome.NOT_OURS: Tone.WARNING,
    AnswerOutcome.NEEDS_TIME: Tone.WAITING,
}
MEASURES: Final[Mapping[str, Tone]] = {
    MeasureState.PROPOSED: Tone.WAITING,
    MeasureState.IN_FORCE: Tone.WARNING,
    MeasureState.CARRIED_OUT: Tone.GOOD,
    MeasureState.LIFTED: Tone.OVER,
}
TASKS: Final[Mapping[str, Tone]] = {
    TaskState.OPEN: Tone.WAITING,
    TaskState.DONE: Tone.GOOD,
    TaskState.NOT_NEEDED: Tone.OVER,
}
_SHOWN_AS_IT_IS: Final = frozenset({
    "agent", "badge", "entry", "licence", "notice", "publication", "rectification", "report",
    "source",
})  # fmt: skip
_COUNTED: Final[Mapping[str, str]] = {
    "ordered": "recovery_page.ordered",
    "recovered": "recovery_page.recovered",
    "missing": "recovery_page.missing",
    "cards": "trace_page.total",
}
_WORDED: Final[Mapping[str, str]] = {
    "outcome": "answer_outcome",
    "why_not": "why_not_traceable",
    "trace": "trace_state",
}
LATE: Final = ":red-badge[:material/schedule: {word}]"


def place(code: str | None) -> str | None:
    """The administration of a province, in the reader's language."""
    province = province_of_code(code) if code else None
    if province is None:
        return code
    return province.authority_zh if spoken.get() is Language.ZH else province.authority_en


def province_name(code: str) -> str:
    """In the reader's language; the code itself of none that there is."""
    found = provinces().get(code)
    if found is None:
        return code
    return found.zh if spoken.get() is Language.ZH else found.en


def against(case: Case) -> str:
    """Whom or what a case is about."""
    return case.shop_name or t("case_pages.off_platform")


def due_word(case: Case, *, is_late: bool) -> str:
    late = f" · {t('case_page.late')}" if is_late else ""
    return f"{last_day(case.due_at)}{late}"


def notice_due(notice: Notice) -> tuple[str, datetime | None]:
    """Which deadline of a notice runs, by its label, and when it ends."""
    if notice.state is NoticeState.SENT:
        return t("case_page.acknowledge_due"), notice.acknowledge_due_at
    return t("case_page.answer_due"), notice.answer_due_at


def notice_title(notice: Notice) -> str:
    """Its subject without the number, which stands beside it."""
    return notice.subject.removeprefix(notice.number).strip()


def proof_words(known: Mapping[str, object]) -> list[str]:
    """What a task's proof says, in the reader's words; what is only for programs is left out."""
    told: list[str] = []
    for name, value in known.items():
        if name in _SHOWN_AS_IT_IS:
            told.append(str(value))
        elif name in _COUNTED:
            told.append(f"{t(_COUNTED[name])} {value}")
        elif name in _WORDED:
            told.append(said(f"{_WORDED[name]}.{value}", str(value)))
        elif name == "state":
            area = "licence_state" if "licence" in known else "badge_state"
            told.append(said(f"{area}.{value}", str(value)))
    return told


def rule_name(rule: str) -> str:
    """A duty by its id, a kind of finding by its name; with its clause."""
    ref = rule_refs().get(rule)
    name = t(f"finding_kind.{rule}") if rule in set(FindingKind) else rule
    return f"{name} · {ref.clause.removeprefix('seed ')}" if ref else name
