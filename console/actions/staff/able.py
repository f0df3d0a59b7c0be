"""Whom their roles let do something."""

from sqlalchemy import ColumnElement
from sqlmodel import col, select

from models.permissions import GRANTS, Permission
from models.staff import User, UserRole


def may(permission: Permission) -> ColumnElement[bool]:
    """Of a query for people: those who have a role that grants it."""
    roles = [role for role, granted in GRANTS.items() if permission in granted]
    return col(User.id).in_(select(UserRole.user_id).where(col(UserRole.role).in_(roles)))
