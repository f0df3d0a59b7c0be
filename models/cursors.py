"""Where the next screen of a list begins: the last row's place, as text that a link can carry."""

import base64
import binascii
import json
from datetime import UTC, datetime
from typing import Any, Final

from sqlalchemy import BigInteger, ColumnElement
from sqlalchemy.orm import InstrumentedAttribute
from sqlalchemy.types import TypeDecorator, TypeEngine

from models.refusals import Invalid

_LARGEST: Final = 2**31 - 1
_LARGEST_BIG: Final = 2**63 - 1
"""Of a number in a cursor, by its column: serials and places are plain integers, cards large."""


def to_cursor(value: object, key: object) -> str:
    shown = value.isoformat() if isinstance(value, datetime) else str(value)
    pair = json.dumps([shown, str(key)])
    return base64.urlsafe_b64encode(pair.encode()).decode().rstrip("=")


def _python_type(kind: TypeEngine[Any]) -> type[Any]:
    """What a column's values are in Python; a decorator of ours says so by what it decorates."""
    return (kind.impl_instance if isinstance(kind, TypeDecorator) else kind).python_type


def from_cursor(
    text: str, column: InstrumentedAttribute[Any], key: ColumnElement[Any]
) -> tuple[object, object]:
    """The values of the column and of the key; Invalid for a text that `to_cursor` never made."""
    try:
        shown, row_id = json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
        return _from_shown(column, shown), _from_shown(key, row_id)
    except (ValueError, TypeError, OverflowError, binascii.Error):
        raise Invalid("api.bad_cursor") from None


def _from_shown(column: InstrumentedAttribute[Any] | ColumnElement[Any], shown: object) -> object:
    """A value as `to_cursor` wrote it; ValueError for what no column can hold."""
    if not isinstance(shown, str) or "\0" in shown:
        raise ValueError(shown)
    kind = _python_type(column.type)
    value = kind.fromisoformat(shown) if hasattr(kind, "fromisoformat") else kind(shown)
    largest = _LARGEST_BIG if isinstance(column.type, BigInteger) else _LARGEST
    if isinstance(value, int) and abs(value) > largest:
        raise ValueError(shown)
    if isinstance(value, datetime) and value.tzinfo is None:
        raise ValueError(shown)
    return value.astimezone(UTC) if isinstance(value, datetime) else value
