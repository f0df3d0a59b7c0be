"""What is asked of a source: addresses, bodies and keys, and how its answer is taken as a no."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any, Final, cast
from urllib.parse import parse_qsl, quote, urlencode, urlsplit, urlunsplit

from integrations.marketplaces.base import Page, SourceError, TurnedDown, Unreachable, Unreadable
from integrations.marketplaces.mapping import (
    PAGING_BLANKS,
    By,
    DetailStage,
    Errors,
    Kind,
    ListStage,
    Paging,
    Source,
)
from integrations.marketplaces.parse import json_page, text_of
from integrations.marketplaces.paths import Json, find, texts_of
from integrations.marketplaces.ways import BLANK, SECRET
from models.refusals import Invalid

_MAX_WORDS: Final = 300
_GRAPHQL_ERRORS: Final = Errors(path="errors[*]", message="errors[*].message")


@dataclass(frozen=True, slots=True)
class Question:
    url: str
    method: str = "GET"
    body: bytes | None = None
    headers: Mapping[str, str] = field(default_factory=dict[str, str])


def keys_of(source: Source, secrets: Mapping[str, str]) -> dict[str, str]:
    """The source's headers with their keys; refused when a key is not there."""
    for name in sorted(source.secrets_named()):
        if not secrets.get(name):
            raise Invalid("source.secret_unknown", key="headers", secret=name)
    return {
        header: SECRET.sub(lambda hit: secrets[hit[1] or hit[2]], value)
        for header, value in source.headers.items()
    }


def list_question(stage: ListStage, url: str, state: Mapping[str, Any]) -> Question:
    """The question for one page of a list; `state` holds page, offset, cursor and size."""
    paging = stage.paging
    used = BLANK.findall(url) + BLANK.findall(json.dumps([stage.body, stage.variables]))
    url = _fill(url, state)
    if paging is not None:
        param = {By.PAGE: "page", By.OFFSET: "offset", By.CURSOR: "cursor"}.get(paging.by)
        if param and param not in used and state.get(param) is not None:
            url = _with(url, paging.param or param, state[param])
        if paging.size and paging.size_param and param is not None:
            url = _with(url, paging.size_param, paging.size)
    return _question(stage, url, state)


def detail_question(stage: DetailStage, url: str, known: Mapping[str, str]) -> Question:
    return _question(stage, url, known)


def _question(stage: ListStage | DetailStage, url: str, blanks: Mapping[str, Any]) -> Question:
    body: object = _filled(stage.body, blanks) if stage.body is not None else None
    if stage.query is not None:  # its braces are GraphQL's own
        body = {"query": stage.query, "variables": _filled(stage.variables, blanks)}
    if body is None:
        return Question(url, stage.method or "GET")
    text = json.dumps(body, ensure_ascii=False)
    return Question(url, stage.method or "POST", text.encode())


def _filled(value: object, blanks: Mapping[str, Any]) -> object:
    """A text that is one blank becomes its value, typed; a blank inside a text becomes text."""
    match value:
        case dict():
            table = cast("dict[str, object]", value)
            return {name: _filled(inner, blanks) for name, inner in table.items()}
        case list():
            return [_filled(inner, blanks) for inner in cast("list[object]", value)]
        case str() if (whole := BLANK.fullmatch(value)) and whole[1] in blanks:
            return blanks[whole[1]]
        case str():
            return BLANK.sub(lambda hit: str(blanks[hit[1]]) if hit[1] in blanks else hit[0], value)
        case _:
            return value


def _fill(url: str, state: Mapping[str, Any]) -> str:
    def one(blank: re.Match[str]) -> str:
        if blank[1] not in PAGING_BLANKS:
            return blank[0]
        value = state.get(blank[1])
        return "" if value is None else quote(str(value), safe="")

    return BLANK.sub(one, url)


def _with(url: str, name: str, value: object) -> str:
    parts = urlsplit(url)
    pairs = [pair for pair in parse_qsl(parts.query, keep_blank_values=True) if pair[0] != name]
    return urlunsplit(parts._replace(query=urlencode([*pairs, (name, str(value))])))


def first_state(paging: Paging | None) -> dict[str, Any]:
    if paging is None:
        return {}
    return {"page": paging.first, "offset": 0, "cursor": None, "size": paging.size}


def scrubbed(words: str, keys: Mapping[str, str]) -> str:
    """Their words without our keys, should they say them back."""
    for value in sorted(keys.values(), key=len, reverse=True):
        for part in {value, value.rpartition(" ")[2]}:
            if len(part) >= 4:  # noqa: PLR2004
                words = words.replace(part, "***")
    return words


def must_be_answer(page: Page) -> None:
    """An HTTP status that is a no, sorted by whether asking again may help."""
    status = page.status
    if HTTPStatus.OK <= status < HTTPStatus.MULTIPLE_CHOICES:
        return
    facts = {"url": page.url, "status": status}
    if status in {HTTPStatus.NOT_FOUND, HTTPStatus.GONE}:
        raise TurnedDown("gone", **facts)
    if status in {HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_EARLY}:
        raise Unreachable("slow_down", **facts, wait=page.headers.get("retry-after"))
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        raise Unreachable("their_fault", **facts)
    raise TurnedDown("status", **facts, words=_begins(page))


def _begins(page: Page) -> str:
    try:
        return text_of(page)[:_MAX_WORDS]
    except SourceError:
        return ""


def answer_of(source: Source, kind: Kind, page: Page) -> Json:
    """The JSON of an answer that is none of their errors with HTTP 200."""
    value = json_page(page)
    if source.errors is not None:
        _must_be_good(source.errors, value, page.url)
    if kind is Kind.GRAPHQL:
        _must_be_good(_GRAPHQL_ERRORS, value, page.url)
    return value


def _must_be_good(rules: Errors, value: Json, url: str) -> None:
    good = {text for word in rules.good for text in texts_of(word)}
    bad = [code for found in find(value, rules.path) for code in _codes(found) if code not in good]
    if not bad:
        return
    said = find(value, rules.message) if rules.message else []
    words = " ".join(text for found in said for text in texts_of(found))[:_MAX_WORDS]
    facts = {"url": url, "code": bad[0][:_MAX_WORDS], "words": words}
    if bad[0] in {text for word in rules.retry for text in texts_of(word)}:
        raise Unreachable("their_error", **facts)
    raise TurnedDown("their_error", **facts)


def _codes(found: Json) -> list[str]:
    """An object where a code was looked for is an error that has no code."""
    said = [text for text in texts_of(found) if text]
    return said or (["?"] if isinstance(found, dict) and found else [])


def found_at(value: Json, path: str, url: str, key: str) -> list[Json]:
    """What the mapping says must be there: a shape that is not known stops the list."""
    found = find(value, path)
    if not found and not _empty_list(value, path):
        raise Unreadable("shape_unknown", url=url, field=key, tried=path)
    return found


def _empty_list(value: Json, path: str) -> bool:
    """`items[*]` finds nothing in an empty list, and that is an answer."""
    head, every, rest = path.rpartition("[*]")
    if not every:
        return any(found == [] for found in find(value, path))
    holders = find(value, head) if head else [value]
    return any(holder == [] or (bool(rest) and isinstance(holder, list)) for holder in holders)
