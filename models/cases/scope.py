"""Rows that belong to a case are seen by whoever sees the case."""

from uuid import UUID

from sqlalchemy import ColumnElement, true
from sqlalchemy.orm import Mapped
from sqlmodel import col, select

from models.cases.cases import Case
from models.staff import Actor, among


def of_case(actor: Actor, case: Mapped[UUID]) -> ColumnElement[bool]:
    return true() if actor.is_house else case.in_(select(Case.id).where(Case.seen_by(actor)))


def of_own_case(actor: Actor, case: Mapped[UUID]) -> ColumnElement[bool]:
    """Not the platform's to see: what the carrier does elsewhere, with and about others."""
    if actor.is_house:
        return true()
    own = select(Case.id).where(Case.seen_by(actor))
    if not actor.provinces:
        mine = among(col(Case.organisation_id), actor.organisations)
        own = select(Case.id).where(mine if mine is not None else ~true(), Case.of_matter(actor))
    return case.in_(own)
