"""What officers said that offers are: kept by title, to learn from."""

import hashlib
from collections.abc import Sequence
from uuid import UUID

from sqlmodel import col, select

from console.desk import Desk, Order, Slice, Work
from models.patrol.findings import Finding
from models.patrol.labels import TitleLabel
from models.patrol.screening import Label
from models.patrol.shops import SeenListing, Shop
from models.permissions import Permission
from models.refusals import Conflict, NotAllowed

_LONGEST_SHOP = 200


def title_digest(title: str) -> str:
    """The same title, whatever blanks stand around it and in it."""
    return hashlib.sha256(" ".join(title.split()).encode("utf-8", "replace")).hexdigest()


def note_label(
    work: Work, finding: Finding, listings: Sequence[SeenListing], label: Label
) -> list[TitleLabel]:
    """Keep the label that an officer's decision gave the listings' titles; the newest counts.

    Whoever calls puts the decision on record. The house's own decisions are nobody's label.
    """
    person = work.actor.id
    if person is None:
        return []
    titles = {title_digest(one.title_seen): one for one in listings if one.title_seen.strip()}
    query = select(TitleLabel).where(
        TitleLabel.organisation_id == finding.organisation_id,
        col(TitleLabel.title_sha256).in_(titles),
    )
    known = {row.title_sha256: row for row in work.session.exec(query.with_for_update())}
    shop = work.session.get_one(Shop, finding.shop_id).name[:_LONGEST_SHOP]
    kept: list[TitleLabel] = []
    for digest, listing in titles.items():
        row = known.get(digest) or work.add(
            TitleLabel(
                organisation_id=finding.organisation_id,
                title_sha256=digest,
                title_seen=listing.title_seen,
                shop_name=shop,
                label=label,
                machine_label=listing.label,
                labelled_by=person,
                labelled_at=work.at,
            )
        )
        row.label, row.machine_label, row.finding_id = label, listing.label, finding.id
        row.labelled_by, row.labelled_at = person, work.at
        kept.append(row)
    return kept


def list_labels(
    desk: Desk,
    after: str | None = None,
    *,
    label: Label | None = None,
    disagree: bool = False,
    limit: int = 50,
) -> Slice[TitleLabel]:
    """The newest first; `disagree` leaves those where officer and machine said different things."""
    with desk.begin(Permission.FINDING_READ) as work:
        query = work.select(TitleLabel)
        if label is not None:
            query = query.where(TitleLabel.label == label)
        if disagree:
            query = query.where(col(TitleLabel.label) != col(TitleLabel.machine_label))
        return work.slice(query, Order.by(TitleLabel.id), after, limit)


def get_label(desk: Desk, label_id: UUID | str) -> TitleLabel:
    with desk.begin(Permission.FINDING_READ) as work:
        return work.get(TitleLabel, label_id)


def relabel(desk: Desk, label_id: UUID | str, label: Label) -> TitleLabel:
    """A person looked again. What the machine had said stays beside it."""
    with desk.begin(Permission.MODEL_TRAIN) as work:
        row = work.get(TitleLabel, label_id)
        if not work.actor.is_house and row.organisation_id not in work.actor.organisations:
            raise NotAllowed("patrol.not_yours", title=row.title)
        if work.actor.id is None:
            raise NotAllowed("model.nobody")
        if row.label is label:
            raise Conflict("model.label_is_so", title=row.title_seen)
        work.record("label.changed", row, label=label.value, was=row.label.value)
        row.label, row.labelled_by, row.labelled_at = label, work.actor.id, work.at
        return row
