"""Search terms: every two neighbouring characters, so that Chinese words of two are found.

SQLite's trigram index finds nothing for two characters, PostgreSQL's depends on the locale.
"""

import unicodedata
from typing import Final

_LONGEST: Final = 64
"""Characters of a query that count."""


def plain_text(text: str) -> str:
    """Letters and digits alone, of one width and case."""
    folded = unicodedata.normalize("NFKC", text).casefold()
    return "".join(letter for letter in folded if letter.isalnum())


def terms_of(*texts: str) -> str:
    """The terms of what a record is to be found by, with blanks between."""
    found: dict[str, None] = {}
    for text in texts:
        for word in text.split():
            plain = plain_text(word)
            found |= dict.fromkeys(_pairs(plain) or [plain])
        found |= dict.fromkeys(_pairs(plain_text(text)))
    return " ".join(term for term in found if term)


def query_terms(query: str) -> list[str]:
    """The terms that a record must all have; none for an empty query or a single character."""
    return list(dict.fromkeys(_pairs(plain_text(query)[:_LONGEST])))


def _pairs(plain: str) -> list[str]:
    return [plain[at : at + 2] for at in range(len(plain) - 1)]
