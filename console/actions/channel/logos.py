"""Logos of carriers, as badges and certificates show them."""

from collections.abc import Sequence
from uuid import UUID

from sqlmodel import col

from console.actions.staff.people import organisation_of
from console.desk import Desk
from models.badge_picture import clean_logo
from models.permissions import Permission
from models.refusals import Invalid, NotAllowed
from models.staff import CARRIERS, Organisation


def put_logo(desk: Desk, code: str, content: bytes) -> Organisation:
    """Put a logo in use, made anew as a PNG that holds nothing but its pixels."""
    with desk.begin(Permission.BADGE_DESIGN) as work:  # before anything is unpacked or written
        _own_carrier(desk, organisation_of(work, code))
    digest = desk.house.evidence.keep(clean_logo(content))
    with desk.begin(Permission.BADGE_DESIGN) as work:
        row = organisation_of(work, code)
        before, row.logo = row.logo, digest
        work.record("organisation.logo_set", row, code=code, sha256=digest, before=before)
        return row


def own_carriers(desk: Desk, carrier_ids: Sequence[UUID]) -> Sequence[Organisation]:
    """These organisations, by code."""
    with desk.begin(Permission.BADGE_READ) as work:
        query = work.select(Organisation).where(col(Organisation.id).in_(carrier_ids))
        return work.all(query.order_by(col(Organisation.code)))


def _own_carrier(desk: Desk, row: Organisation) -> None:
    if row.kind not in CARRIERS:
        raise Invalid("pictures.not_a_carrier", code=row.code)
    if not desk.actor.is_house and row.id not in desk.actor.carriers:
        raise NotAllowed("pictures.not_own_carrier")
