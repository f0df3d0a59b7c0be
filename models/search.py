"""Search terms: every two neighbouring characters, so that Chinese words of two are found.

SQLite's trigram index finds nothing for two characters, PostgreSQL's depends on the locale.
"""

import re
import unicodedata
from operator import add
from typing import Final

_NOT_PLAIN: Final = re.compile(r"[\W_]+")
LONGEST_SOUGHT: Final = 1000
_LONGEST: Final = 64
"""Characters of a query that count."""


def plain_text(text: str) -> str:
    """Letters and digits alone, of one width and case."""
    folded = unicodedata.normalize("NFKC", text).casefold()
    return folded if folded.isalnum() else _NOT_PLAIN.sub("", folded)


def terms_of(*texts: str) -> str:
    """The terms of what a record is to be found by, with blanks between."""
    found: list[str] = []
    for text in texts:
        words = text.split()
        for word in words:
            plain = plain_text(word)
            found += _pairs(plain) or [plain]
        if len(words) > 1:
            found += _pairs(plain_text(text))
    return " ".join(filter(None, dict.fromkeys(found)))


def sought_text(*texts: str) -> str:
    """What a part of one of the texts is looked for in, each a line of its own."""
    return "\n".join(map(plain_text, texts))[:LONGEST_SOUGHT]


def query_terms(query: str) -> list[str]:
    """The terms that a record must all have; none for an empty query or a single character."""
    return list(dict.fromkeys(_pairs(plain_text(query)[:_LONGEST])))


def _pairs(plain: str) -> list[str]:
    return list(map(add, plain, plain[1:]))
