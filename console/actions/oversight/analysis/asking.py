"""Counts asked of the database: rows that are of no table."""

from typing import Any, cast

from sqlalchemy import ColumnElement, Executable

from console.desk import Work


def column(attribute: object) -> ColumnElement[Any]:
    """A table's attribute, as SQL has it and not as its row."""
    return cast("ColumnElement[Any]", attribute)


def asked(work: Work, query: Executable) -> list[Any]:
    """The rows as tuples, with the types of their columns."""
    return list(work.session.connection().execute(query))


def asked_by_key(work: Work, query: Executable) -> dict[Any, Any]:
    """Of two columns the first to the second."""
    return {row[0]: row[1] for row in work.session.connection().execute(query)}
