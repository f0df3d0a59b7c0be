"""What of an identity card may leave the process that reads it.

The kind of document, whether its number holds and whether it is past, and keyed marks of number
and name. Nothing leaves in clear, whatever a task asks for: no check needs it.
"""

import hmac
import unicodedata
from datetime import date
from typing import Any, Final

from reader_agent.documents.idlayout import Block, Doc, Unreadable, check_holds, day, doc_of, word

SALT_SIZE: Final = 32


def canonical(text: str) -> str:
    """NFKC, upper case, no blanks: the form that both sides make marks of (docs/reader.md)."""
    return "".join(unicodedata.normalize("NFKC", text).upper().split())


def mark(salt: bytes, text: str) -> str:
    """Hex HMAC-SHA-256. Without a salt the number space is small enough to try out whole."""
    if len(salt) != SALT_SIZE:
        raise ValueError("salt")
    return hmac.digest(salt, canonical(text).encode(), "sha256").hex()


def reduced_card(block: Block, salt: bytes, today: date) -> dict[str, Any]:
    """`card` of docs/reader.md. Raises `Unreadable`."""
    doc = doc_of(block)
    number, name = word(block, doc, "no"), _name(block, doc)
    if not number or not name:
        raise Unreadable("no" if name else "name")
    _, ends = (day(word(block, doc, field), field) for field in ("start", "end"))
    return {
        "doc": doc.value,
        "no_check": check_holds(doc, number),
        "expired": ends is not None and ends < today,
        "no_mac": mark(salt, number),
        "name_mac": mark(salt, name),
    }


def _name(block: Block, doc: Doc) -> str:
    """The Chinese name; the English one of a foreigner who has no other."""
    name = word(block, doc, "name")
    is_foreign = doc in {Doc.FOREIGN_2017, Doc.FOREIGN_2023}
    return word(block, doc, "enname") if is_foreign and not name else name
