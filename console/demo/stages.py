"""Cases of the past two months, one at each stage that those of today do not stand at."""

from collections.abc import Sequence

from console.actions.cases.authorities.appeals import AppealForm, lodge_case_appeal
from console.actions.cases.authorities.kept import Brought
from console.actions.cases.decide import approve
from console.actions.cases.notices.answers import acknowledge, answer
from console.actions.cases.notices.sending import send_notice
from console.actions.cases.open import open_case
from console.actions.cases.parties import parties_of
from console.actions.cases.recheck import recheck
from console.actions.cases.tracing.recovery import note_recovery
from console.demo.cast import PAPER, PROOF, Cast
from console.demo.supervision import heard, proposed, without_card
from models.cases.cases import Case
from models.cases.notices import AnswerOutcome
from models.patrol.findings import Finding
from models.permissions import Permission


def for_stages(cast: Cast, confirmed: Sequence[Finding]) -> None:
    """Closed after both looks; appealed against; decided; proposed; and nobody's yet."""
    closed, appealed, decided, proposed_, new = confirmed
    _closed(cast, closed)
    _appealed(cast, appealed)
    _decided(cast.earlier(6), cast.earlier(1), decided)
    _proposed(cast.earlier(4), cast.earlier(2), proposed_)
    open_case(cast.earlier(1).manager, [new.id], unowned=True)


def _proposed(then: Cast, after: Cast, finding: Finding) -> Case:
    case = heard(then, finding)
    without_card(then, case)
    proposed(after, case)
    return case


def _decided(then: Cast, after: Cast, finding: Finding) -> Case:
    case = _proposed(then, after, finding)
    approve(after.approver, case.id)
    return case


def _closed(cast: Cast, finding: Finding) -> None:
    case = _decided(cast.earlier(55), cast.earlier(52), finding)
    notice = send_notice(cast.earlier(52).manager, case.id)
    acknowledge(cast.earlier(51).platform, notice.id)
    proofs = [("下架截图.png", PROOF)]
    answer(cast.earlier(50).platform, notice.id, AnswerOutcome.REMOVED, "已下架并关闭店铺", proofs)
    why = "没有卡号可以核查，未收回电话卡"
    note_recovery(cast.earlier(49).manager, case.id, 0, 0, why)
    for ago, seen in ((42, "店铺页面已不存在"), (20, "搜索店名和图片均未再发现")):
        recheck(cast.earlier(ago).colleague, case.id, clean=True, reason=seen)


def _appealed(cast: Cast, finding: Finding) -> None:
    """Lodged for the shop's owner, and waiting for somebody to take it in."""
    case = _decided(cast.earlier(12), cast.earlier(9), finding)
    early = cast.earlier(2).manager
    with early.begin(Permission.CASE_READ) as work:
        (party,) = parties_of(work, case)
    ground = "店铺受授权代理商委托代运营，附委托协议（示例）"
    lodge_case_appeal(
        early, case.id, AppealForm(ground, party_id=party.id), Brought("申诉书.pdf", PAPER)
    )
