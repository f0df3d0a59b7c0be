"""What a notice rests on, and the letter that it is on its way."""

from typing import Final
from uuid import UUID

from sqlmodel import col, select

from console.actions.cases.notices.wording import MOST_LISTINGS, Grounds
from console.actions.cases.orders import asked_of_platform
from console.desk import Desk, Work
from integrations.notices import Letter, LetterListing
from models.cases.cases import Case
from models.cases.notices import Notice, NoticeKind
from models.patrol.findings import Finding
from models.patrol.shops import SeenListing, Shop
from models.rules import FindingKind, china_day, parameter
from models.staff import Organisation

AT_ONCE_KINDS: Final = frozenset(
    {
        FindingKind.NO_REGISTRATION,
        FindingKind.SECONDARY_RESALE,
        FindingKind.IDREADER_CRACK_TOOL,
        FindingKind.ILLEGAL_DEVICE,
    }
)
"""What a platform stops at once (notice 182 三(三)): the answer is due the same day."""
_ANSWER_PATH: Final = "/api/v1/notices/{id}/answer"
PACK_PATH: Final = "/files/evidence/notice/{id}.zip"
"""For who is signed in."""
_PACK_API: Final = "/api/v1/notices/{id}/pack"


def answer_code(notice: Notice, case: Case | None) -> str:
    """The deadline within which the recipient answers."""
    if notice.kind is NoticeKind.INQUIRY:
        return "shop_confirmation"
    stops = case is not None and case.kind in AT_ONCE_KINDS
    return "violation_stop" if stops else "platform_removal"


def grounds_of(work: Work, case: Case) -> Grounds:
    """All that hangs on a case that the actor was given."""
    day = china_day(work.at)
    findings = work.session.exec(
        select(Finding).where(Finding.case_id == case.id).order_by(col(Finding.number))
    ).all()
    ids = [UUID(one) for finding in findings for one in finding.listing_ids]
    listings = work.session.exec(
        select(SeenListing)
        .where(SeenListing.shop_id == case.shop_id, col(SeenListing.id).in_(ids))
        .order_by(col(SeenListing.id))
        .limit(MOST_LISTINGS)
    ).all()
    code = "violation_stop" if case.kind in AT_ONCE_KINDS else "platform_removal"
    return Grounds(
        case=case,
        shop=work.session.get(Shop, case.shop_id) if case.shop_id else None,
        orders=asked_of_platform(work, case),
        findings=findings,
        listings=listings,
        sender=work.session.get_one(Organisation, case.organisation_id).name,
        acknowledge=parameter("platform_acknowledgement", day),
        answer=parameter(code, day),
    )


def case_of(work: Work, notice: Notice) -> Case | None:
    """The case that a notice puts to its recipient, held until the work ends."""
    if notice.kind is not NoticeKind.CASE:
        return None
    query = select(Case).where(Case.id == notice.case_id)
    return work.session.exec(query if work.only_reads else query.with_for_update()).one()


def letter_of(desk: Desk, work: Work, notice: Notice) -> Letter:
    """The same notice is the same letter at every try; a reminder says which it is."""
    is_case = notice.kind is NoticeKind.CASE
    case = work.session.get(Case, notice.case_id) if is_case else None
    grounds = grounds_of(work, case) if case else None
    base = desk.house.settings.public_url.rstrip("/")
    return Letter(
        number=notice.number,
        case=case.reference if case else "",
        sender=work.session.get_one(Organisation, notice.organisation_id).name,
        platform=notice.platform,
        subject=notice.subject,
        body=notice.body,
        shop_id=case.shop_key if case else "",
        shop_name=case.shop_name if case else "",
        shop_url=grounds.shop.url if grounds and grounds.shop else "",
        kind=case.kind.value if case else notice.kind.value,
        ground=case.ground.value if case else "",
        tier=case.tier.value if case else "",
        measure=grounds.asked[-1].value if grounds and grounds.asked else "",
        listings=tuple(
            LetterListing(one.title_seen, one.url, one.seen_at.isoformat(), one.evidence_sha256)
            for one in (grounds.listings if grounds else ())
        ),
        answer_to=base + _ANSWER_PATH.format(id=notice.id),
        pack=base + _PACK_API.format(id=notice.id),
        reminder=notice.reminders,
    )
