"""Complaints as the stories about them bring and read them."""

from dataclasses import replace

from sqlmodel import col, select

from console.actions.cases.complaints.handling import accept_complaint
from console.actions.cases.complaints.lodging import Lodged, Told, lodge
from console.desk import Desk
from models.audit import AuditEntry
from models.cases.complaints import Complaint, ComplaintKind
from models.permissions import Permission
from models.staff import Organisation
from tests.conftest import Desks

PNG = b"\x89PNG\r\n\x1a\n" + b"nothing"
NUMBER = "11010519491231002X"
"""The example of GB 11643, nobody's."""


def told(**changed: object) -> Told:
    usual = Told(ComplaintKind.UNLICENSED_SHOP, "这家店没有委托还在卖电话卡", province="44")
    return replace(usual, **changed)  # pyright: ignore[reportArgumentType]


def row_of(desks: Desks, lodged: Lodged) -> Complaint:
    with desks.house.begin(Permission.COMPLAINT_READ) as work:
        return work.get(Complaint, lodged.id)


def owner_of(desks: Desks, lodged: Lodged) -> str:
    with desks.house.begin(Permission.COMPLAINT_READ) as work:
        row = work.get(Complaint, lodged.id)
        return work.session.get_one(Organisation, row.organisation_id).code


def deeds(desk: Desk) -> list[str]:
    with desk.house.desk().begin(Permission.AUDIT_READ) as work:
        query = select(AuditEntry).where(AuditEntry.subject_kind == "Complaint")
        rows = work.session.exec(query.order_by(col(AuditEntry.seq)))
        return [row.deed for row in rows]


def mine(desks: Desks, **changed: object) -> Complaint:
    """A complaint of the first carrier that its manager has accepted."""
    lodged = lodge(desks.house.house, told(kind=ComplaintKind.RE_REGISTRATION, **changed))
    return accept_complaint(desks.manager, lodged.id)
