"""What a platform's own interface needs beside its mapping: what is asked, and what follows."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from enum import StrEnum
from typing import Final, NoReturn
from urllib.parse import urlencode

from integrations.marketplaces.base import Page, Reason, TurnedDown, Unreachable, Unreadable
from integrations.marketplaces.mapping import Source
from integrations.marketplaces.paging import Held
from integrations.marketplaces.parse import json_page
from integrations.marketplaces.paths import Json, find, texts_of
from integrations.marketplaces.request import Question, must_be_answer
from integrations.marketplaces.steps import Step, StepKind

BEIJING: Final = timezone(timedelta(hours=8))
FORM: Final = "application/x-www-form-urlencoded; charset=utf-8"
_LONGEST_WORDS: Final = 300

Keys = Mapping[str, str]


class Means(StrEnum):
    """What a platform's no asks of us."""

    RETRY = "retry"
    STOP = "stop"
    QUOTA = "quota"
    REAUTHORISE = "reauthorise"
    PERMISSION = "permission"


@dataclass(frozen=True, slots=True)
class Refused:
    """A no of theirs, in their words."""

    code: str
    words: str
    means: Means | None
    """None: a code that we do not know. A person must look."""


@dataclass(frozen=True, slots=True)
class Onward:
    """What follows a page of a search."""

    steps: tuple[Step, ...] = ()
    faults: tuple[Reason, ...] = ()
    whole: bool = True
    """False: the page is put aside, for its search is asked again in parts."""


@dataclass(frozen=True, slots=True)
class Connector:
    """One platform. All of it is pure but for the clock, which is handed in."""

    question: Callable[[Source, Step, Keys, datetime], Question]
    refused: Callable[[Json], Refused | None]
    onward: Callable[[Source, Step, Json, Held], Onward]
    opened: Callable[[Step, Page], Json] | None = None
    """The answer, of a platform that says no by HTTP too."""
    nothing: Callable[[Json], bool] | None = None
    """Whether an answer says that nothing was found; some then leave out the list as well."""
    token: Callable[[Source, Keys], Question] | None = None
    """What is asked for a pass before anything else is."""


def searches(source: Source) -> list[Step]:
    """The first page of every search; of a shop that shows all it has, of its list."""
    if not source.terms.searches:
        return [Step(StepKind.LIST, place, page=1) for place in source.start]
    return [Step(StepKind.LIST, source.start[0], page=1, query=words) for words in source.words]


def answer(connector: Connector, step: Step, page: Page) -> Json:
    """The answer of a platform, if it is none of its refusals; None where nothing was found."""
    if connector.opened is not None:
        value = connector.opened(step, page)
    else:
        must_be_answer(page)
        value = json_page(page)
    no = connector.refused(value)
    if no is not None:
        say_no(no, step, page.url)
    return None if connector.nothing is not None and connector.nothing(value) else value


def say_no(no: Refused, step: Step, url: str) -> NoReturn:
    facts = {"url": url, "query": step.query, "code": no.code, "words": no.words[:_LONGEST_WORDS]}
    match no.means:
        case None:
            raise Unreadable("code_unknown", **facts)
        case Means.RETRY:
            raise Unreachable("retry", **facts)
        case _:
            raise TurnedDown(no.means.value, **facts)


def form(source: Source, params: Mapping[str, str]) -> Question:
    """A signed form, sent as bytes that hold exactly what was signed."""
    body = urlencode(params).encode()
    return Question(source.start[0], "POST", body, {"Content-Type": FORM})


def text_at(value: Json, path: str) -> str:
    found = [text for one in find(value, path) for text in texts_of(one)]
    return found[0] if found else ""


def number_at(value: Json, path: str) -> int | None:
    """A count that they state; None where they state none that can be read."""
    text = text_at(value, path)
    return int(text) if text.isascii() and text.isdigit() and len(text) <= _DIGITS else None


_DIGITS: Final = 12
