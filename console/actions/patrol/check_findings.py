"""What people saw that may not be: a bad answer on a checklist becomes a finding."""

from collections.abc import Mapping, Sequence
from typing import Final
from uuid import UUID

from sqlmodel import col, select

from console.actions.channel.numbers import next_numbers
from console.actions.deadlines import deadline
from console.actions.patrol.weighing import weigh
from console.desk import Work
from models.channel.licences import Ground
from models.patrol.checks import CheckAnswer, CheckItem, ShopCheck
from models.patrol.findings import Finding, FindingState
from models.patrol.runs import PatrolRun
from models.patrol.screening import FLAGGED, Label
from models.patrol.shops import SeenListing
from models.rules import FindingKind, china_day, package_rules
from models.staff import Organisation, OrganisationKind

_SEEN_BY_PEOPLE: Final = "seen_by_people"
_LIVE: Final = (
    FindingState.OPEN,
    FindingState.CONFIRMED,
    FindingState.RECTIFYING,
    FindingState.IN_CASE,
)
_MEANT: Final[Mapping[CheckItem, tuple[FindingKind, Ground]]] = {
    CheckItem.LICENCE_DISPLAYED: (FindingKind.LICENCE_NOT_DISPLAYED, Ground.NOT_DISPLAYED),
    CheckItem.BADGE_DISPLAYED: (FindingKind.BADGE_MISSING, Ground.NOT_DISPLAYED),
    CheckItem.ROUTE: (FindingKind.SHIPPED_BEFORE_VERIFY, Ground.ROUTE_NOT_KEPT),
    CheckItem.NO_INDUSTRY_CARDS: (FindingKind.IOT_CARD_ONLINE, Ground.INDUSTRY_CARD),
    CheckItem.NO_FORBIDDEN_OFFERS: (FindingKind.ILLEGAL_DEVICE, Ground.FORBIDDEN_OFFER),
}
_GRAVEST: Final[Mapping[Label, FindingKind]] = {
    Label.READER_CRACK_TOOL: FindingKind.IDREADER_CRACK_TOOL,
    Label.ILLEGAL_DEVICE: FindingKind.ILLEGAL_DEVICE,
}


def find_bad_answers(work: Work, run: PatrolRun, checks: Sequence[ShopCheck]) -> Sequence[Finding]:
    """The new findings. What is already found at a shop and still open is not found again.

    Of a check that was settled only what was settled counts: the rest was found at hand-in.
    """
    bad = [
        (check, CheckItem(item))
        for check in checks
        for item, answer in (check.settled or check.answers).items()
        if answer == CheckAnswer.BAD
    ]
    if not bad:
        return ()
    shops = {check.shop_id for check, _ in bad}
    live = set(
        work.session.exec(
            select(Finding.shop_id, Finding.kind).where(
                col(Finding.shop_id).in_(shops), col(Finding.state).in_(_LIVE)
            )
        ).all()
    )
    offers = _offers(work, run, shops)
    found: list[Finding] = []
    for check, item in bad:
        rows = offers.get(check.shop_id, [])
        kind, ground = _MEANT[item]
        if item is CheckItem.NO_FORBIDDEN_OFFERS:
            kind = next((_GRAVEST[row.label] for row in rows if row.label in _GRAVEST), kind)
        if (check.shop_id, kind) not in live:
            live.add((check.shop_id, kind))
            found.append(_finding(work, run, check, (kind, ground), rows))
    return found


def _offers(work: Work, run: PatrolRun, shops: set[UUID]) -> dict[UUID, list[SeenListing]]:
    rows = work.session.exec(
        select(SeenListing)
        .where(SeenListing.run_id == run.id, col(SeenListing.label).in_(FLAGGED))
        .where(col(SeenListing.shop_id).in_(shops))
        .order_by(col(SeenListing.severity).desc(), col(SeenListing.id))
    ).all()
    found: dict[UUID, list[SeenListing]] = {}
    for row in rows:
        found.setdefault(row.shop_id, []).append(row)
    return found


def _finding(
    work: Work,
    run: PatrolRun,
    check: ShopCheck,
    meant: tuple[FindingKind, Ground],
    offers: Sequence[SeenListing],
) -> Finding:
    kind, ground = meant
    owner = work.session.get_one(Organisation, run.organisation_id)
    tier = (
        package_rules().finding(kind).tier_for(is_reseller=owner.kind is OrganisationKind.RESELLER)
    )
    due = deadline(work, "finding_review")
    year = china_day(work.at).year
    (serial,) = next_numbers(work, f"findings:{year}")
    finding = work.add(
        Finding(
            number=f"FD-{year}-{serial:06d}",
            organisation_id=run.organisation_id,
            run_id=run.id,
            shop_id=check.shop_id,
            platform=run.platform,
            platform_home=run.platform_home,
            card_home=run.card_home,
            kind=kind,
            ground=ground,
            tier=tier,
            rule_version=due.version,
            basis=_SEEN_BY_PEOPLE,
            facts={"check": str(check.id), "remark": check.remark},
            listing_ids=[str(one.id) for one in offers],
            evidence=list(dict.fromkeys(o.evidence_sha256 for o in offers if o.evidence_sha256)),
            found_by=check.done_by,
            look_due_at=due.at,
            created_at=work.at,
        )
    )
    work.session.flush()
    weigh(work, finding, offers)
    work.record("finding.found", finding, ground=ground.value, kind=kind.value,
                basis=_SEEN_BY_PEOPLE, check=check.title)  # fmt: skip
    return finding
