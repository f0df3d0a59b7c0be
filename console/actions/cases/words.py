"""Words that somebody has to give, as they are kept."""

from typing import Final

from models.refusals import Invalid

LONGEST_WORDS: Final = 2000


def written(words: str, field: str, most: int = LONGEST_WORDS) -> str:
    words = words.strip()
    if not words or len(words) > most:
        raise Invalid("case.words_needed", field=field, most=most)
    return words
