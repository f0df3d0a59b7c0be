"""What may be done next about a case, for exactly those who may do it."""

from collections.abc import Callable

from console.actions.cases.decide import approve, return_to_owner, why_not_decide
from console.actions.cases.lists import CaseRecord
from console.actions.cases.notices.sending import platforms_to_tell, send_notice
from console.actions.cases.recheck import recheck
from console.desk import Desk
from console.i18n import listed, t
from console.pages.frame import plain
from console.pages.kit import Next, next_moves
from console.pages.moves.notices import said_of
from models.cases.cases import CaseMove
from models.cases.measures import MeasureState
from models.permissions import Permission


def case_moves(desk: Desk, record: CaseRecord) -> None:
    """Buttons for the moves that are open, to whoever may take them."""
    case = record.case
    open_ = case.open_moves()
    proposed = [one for one in record.measures if one.state is MeasureState.PROPOSED]
    measure = listed(t(f"measure.{one.measure}") for one in proposed)

    def approved(_: str) -> None:
        approve(desk, case.id)

    def returned(reason: str) -> None:
        return_to_owner(desk, case.id, reason)

    p = Permission
    decides = why_not_decide(desk.actor, case) is None
    next_moves(
        desk,
        [
            Next("approve", t("case_page.approve"), t("case_page.approve_will", measure=measure),
                 approved, p.CASE_CLOSE, is_open=decides and CaseMove.APPROVE in open_, main=True),
            Next("return", t("case_page.return"), t("case_page.return_will"), returned,
                 p.CASE_CLOSE, is_open=decides and CaseMove.RETURN in open_, reason=True),
            *_sendings(desk, record),
            *_looks(desk, record),
        ],
        case.id,
    )  # fmt: skip


def _sendings(desk: Desk, record: CaseRecord) -> list[Next]:
    """To the case's own platform, and to each where its agent has a shop, too."""
    case = record.case
    if not desk.actor.may(Permission.CASE_SEND):
        return []

    def to(code: str) -> Callable[[str], str]:
        return lambda _: said_of(send_notice(desk, case.id, code))

    names = platforms_to_tell(desk, case.id)
    label = "case_page.send" if len(names) == 1 else "case_page.send_to"
    return [
        Next("send" if code == case.platform else f"send_{code}", t(label, platform=plain(name)),
             t("case_page.send_will", platform=plain(name)), to(code), Permission.CASE_SEND,
             icon=":material/send:", main=True)
        for code, name in names.items()
    ]  # fmt: skip


def _looks(desk: Desk, record: CaseRecord) -> list[Next]:
    """The look after 7 or 30 days, by somebody new to the case."""
    case = record.case
    open_ = case.open_moves() if record.may_look else []
    waiting = [one for one in record.looks if one.done_at is None]
    is_last = len(waiting) <= 1

    def looked(*, clean: bool) -> Callable[[str], None]:
        def look(reason: str) -> None:
            recheck(desk, case.id, clean=clean, reason=reason)

        return look

    will = t("case_page.clean_will" if is_last else "case_pages.clean_first_will")
    return [
        Next("clean", t("case_page.clean"), will, looked(clean=True), Permission.CASE_CLOSE,
             is_open=CaseMove.RECHECK_OK in open_, reason=True, main=True),
        Next("dirty", t("case_page.dirty"), t("case_page.dirty_will"), looked(clean=False),
             Permission.CASE_CLOSE, is_open=CaseMove.RECHECK_BAD in open_, reason=True),
    ]  # fmt: skip
