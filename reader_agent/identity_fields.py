"""What of an identity card may leave the process that reads it.

Always: the kind of document, whether its number holds and whether it is past, and keyed marks of
number and name. In clear only what the task asks for, of the four fields below; there are no
others to ask for.
"""

import hmac
import unicodedata
from collections.abc import Collection
from datetime import date
from typing import Any, Final

from reader_agent.idlayout import Block, Doc, Unreadable, check_holds, day, doc_of, word

FIELDS: Final = ("name", "no", "valid_from", "valid_to")
SALT_SIZE: Final = 32


def canonical(text: str) -> str:
    """NFKC, upper case, no blanks: the form that both sides make marks of (docs/reader.md)."""
    return "".join(unicodedata.normalize("NFKC", text).upper().split())


def mark(salt: bytes, text: str) -> str:
    """Hex HMAC-SHA-256. Without a salt the number space is small enough to try out whole."""
    if len(salt) != SALT_SIZE:
        raise ValueError("salt")
    return hmac.digest(salt, canonical(text).encode(), "sha256").hex()


def reduced_card(block: Block, fields: Collection[str], salt: bytes, today: date) -> dict[str, Any]:
    """`card` of docs/reader.md. Raises `Unreadable`.

    `valid_from` and `valid_to` are ISO days; a document of long-term validity has `valid_to` null.
    """
    doc = doc_of(block)
    number, name = word(block, doc, "no"), _name(block, doc)
    if not number or not name:
        raise Unreadable("no" if name else "name")
    begins, ends = (day(word(block, doc, field), field) for field in ("start", "end"))
    clear = {
        "name": name,
        "no": number,
        "valid_from": begins and begins.isoformat(),
        "valid_to": ends and ends.isoformat(),
    }
    return {
        "doc": doc.value,
        "no_check": check_holds(doc, number),
        "expired": ends is not None and ends < today,
        "no_mac": mark(salt, number),
        "name_mac": mark(salt, name),
        **{field: clear[field] for field in FIELDS if field in fields},
    }


def _name(block: Block, doc: Doc) -> str:
    """The Chinese name; the English one of a foreigner who has no other."""
    name = word(block, doc, "name")
    is_foreign = doc in {Doc.FOREIGN_2017, Doc.FOREIGN_2023}
    return word(block, doc, "enname") if is_foreign and not name else name
