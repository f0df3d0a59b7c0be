"""The public log over HTTP: head, tiles and bundles for programs (C2SP), entries and proofs.

Nobody signs in here, and nothing here changes but the head.
"""

from base64 import b64encode
from collections.abc import Callable, Mapping, Sequence
from http import HTTPStatus
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from console.actions.channel.log import (
    Extension,
    ProvedEntry,
    bundle,
    extension,
    list_entries,
    log_name,
    newest_head,
    proved_badge,
    proved_entry,
    tile,
)
from console.i18n import t, told
from console.web.answers import ANYWHERE, Answers, as_json, marked, wants_json
from console.web.site import shown_moment
from models.channel.log import LogEntry
from models.merkle import inclusion_steps
from models.notes import proof_text
from models.refusals import Invalid, NotFound, Refusal
from models.tiles import NoTile, Part

SECONDS: Final = {"cache-control": "public, max-age=5"}
FOR_EVER: Final = {"cache-control": "public, max-age=31536000, immutable"}
_TEXT: Final = "text/plain; charset=utf-8"
_BYTES: Final = "application/octet-stream"
_DIGITS: Final = len(str(2**31))
Asked = Callable[[Answers, Request], Response]


def routes(answers: Answers) -> list[Route]:
    """Addresses of a log as C2SP tlog-tiles has them, below `/log`."""
    return [Route(path, _or_no(answers, asked), methods=["GET"]) for path, asked in _DOORS.items()]


def _checkpoint(answers: Answers, request: Request) -> Response:
    return _text(request, newest_head(answers.site.house).note, SECONDS)


def _tile(answers: Answers, request: Request) -> Response:
    level = _number(request.path_params["level"], "level")
    return _bytes(request, tile(answers.site.house, level, _part(request)))


def _bundle(answers: Answers, request: Request) -> Response:
    return _bytes(request, bundle(answers.site.house, _part(request)))


def _entry(answers: Answers, request: Request) -> Response:
    found = proved_entry(answers.site.house, _number(request.path_params["index"], "index"))
    if _wants_page(request):
        return _entry_page(answers, request, found)
    return as_json(request, _as_entry(found), SECONDS)


def _proof(answers: Answers, request: Request) -> Response:
    house, size = answers.site.house, _given(request, "size")
    if badge := request.query_params.get("badge", ""):
        found = proved_badge(house, badge, size)
    else:
        found = proved_entry(house, _must_be_given(request, "index"), size)
    if not _wants_text(request):
        return as_json(request, _as_proof(found), SECONDS)
    if found.head is None:
        raise NotFound("log.no_head_of", size=found.size)
    return _text(request, proof_text(found.leaf, found.path, found.head.note), SECONDS)


def _consistency(answers: Answers, request: Request) -> Response:
    sizes = _must_be_given(request, "from"), _given(request, "to")
    found = extension(answers.site.house, *sizes)
    if not _wants_text(request):
        return as_json(request, _as_extension(found), SECONDS)
    return _text(request, "".join(f"{one}\n" for one in _encoded(found.path)), SECONDS)


def _key(answers: Answers, request: Request) -> Response:
    return _text(request, f"{log_name(answers.site.house)[1]}\n", SECONDS)


def _or_no(answers: Answers, asked: Asked) -> Callable[[Request], Response]:
    """What was asked for; else 404 for what is not there, and 400 for what can't be meant."""

    def answer(request: Request) -> Response:
        try:
            return asked(answers, request)
        except (NotFound, Invalid) as no:
            is_missing = isinstance(no, NotFound)
            status = HTTPStatus.NOT_FOUND if is_missing else HTTPStatus.BAD_REQUEST
            return _no(answers, request, no, status)

    return answer


def _no(answers: Answers, request: Request, no: Refusal, status: HTTPStatus) -> Response:
    answers.language(request)
    words, seconds = told(no.code, no.facts), SECONDS
    if _wants_page(request):
        title = t("log.no_title")
        main = answers.drawn("notice.html", kind="neutral", title=title, text=words)
        return answers.page(request, title, main, status=status, headers=seconds)
    if (
        _wants_text(request)
        or "/tile/" in request.url.path
        or request.url.path == "/log/checkpoint"
    ):
        return marked(request, f"{words}\n".encode(), _TEXT, status, {**ANYWHERE, **seconds})
    body = {"code": no.code, "message": words, "facts": dict(no.facts)}
    return as_json(request, body, seconds, status)


def _number(text: str, name: str) -> int:
    plain = text.isascii() and text.isdecimal() and len(text) <= _DIGITS
    if not plain or (text != "0" and text.startswith("0")):
        raise Invalid("log.no_number", field=name)
    return int(text)


def _given(request: Request, name: str) -> int | None:
    text = request.query_params.get(name)
    return None if text is None else _number(text, name)


def _must_be_given(request: Request, name: str) -> int:
    return _number(request.query_params.get(name, ""), name)


def _part(request: Request) -> Part:
    try:
        return Part.from_path(request.path_params["path"])
    except NoTile:
        raise Invalid("log.no_path") from None


def _wants_page(request: Request) -> bool:
    """Whether a browser asks, which names HTML first."""
    return "text/html" in request.headers.get("accept", "") and not wants_json(request)


def _wants_text(request: Request) -> bool:
    accept = request.headers.get("accept", "")
    return request.url.path.endswith(".txt") or accept.startswith("text/plain")


def _text(request: Request, text: str, headers: Mapping[str, str]) -> Response:
    return marked(request, text.encode(), _TEXT, 200, {"vary": "Accept", **ANYWHERE, **headers})


def _bytes(request: Request, body: bytes) -> Response:
    return marked(request, body, _BYTES, 200, {**ANYWHERE, **FOR_EVER})


def _encoded(hashes: Sequence[bytes]) -> list[str]:
    return [b64encode(one).decode() for one in hashes]


def _as_proof(found: ProvedEntry) -> dict[str, Any]:
    return {
        "index": found.leaf,
        "size": found.size,
        "leaf": b64encode(found.leaf_hash).decode(),
        "root": b64encode(found.root).decode(),
        "proof": _encoded(found.path),
        "checkpoint": found.head.note if found.head else None,
    }


def _as_entry(found: ProvedEntry) -> dict[str, Any]:
    return {"body": found.entry.body.decode(), **_as_proof(found)}


def _as_extension(found: Extension) -> dict[str, Any]:
    roots = _encoded([found.old_root, found.new_root])
    sizes = {"from": found.old, "to": found.new}
    return {**sizes, "from_root": roots[0], "to_root": roots[1], "proof": _encoded(found.path)}


def _entry_page(answers: Answers, request: Request, found: ProvedEntry) -> Response:
    answers.language(request)
    steps = inclusion_steps(found.leaf_hash, found.leaf, found.size, found.path)
    main = answers.drawn(
        "log_entry.html",
        found=found,
        facts=_facts(found.entry),
        body=found.entry.body.decode(),
        steps=[(is_left, one.hex(), made.hex()) for is_left, one, made in steps],
        bundle=Part(found.leaf // 256, min(256, found.size - found.leaf // 256 * 256)).path,
    )
    title = t("log.entry_title", index=found.leaf)
    return answers.page(request, title, main, headers={**ANYWHERE, **SECONDS})


def _facts(entry: LogEntry) -> list[tuple[str, str]]:
    at = shown_moment(entry.at)
    return [
        (t("log.kind"), t(f"log_kind.{entry.kind.replace('.', '_')}")),
        (t("log.at"), at),
        (t("log.agent"), entry.agent_no or ""),
        (t("log.badge"), entry.badge_id or ""),
    ]


def _front_page(answers: Answers, request: Request) -> Response:
    answers.language(request)
    house = answers.site.house
    origin, vkey = log_name(house)
    try:
        head = newest_head(house)
    except NotFound:
        head = None
    found = list_entries(house.desk(), request.query_params.get("after"), limit=20)
    rows = [(entry, t(f"log_kind.{entry.kind.replace('.', '_')}")) for entry in found.rows]
    main = answers.drawn(
        "log.html", head=head, origin=origin, vkey=vkey, rows=rows, after=found.next
    )
    return answers.page(request, t("log.title"), main, headers={**ANYWHERE, **SECONDS})


_DOORS: Final[Mapping[str, Asked]] = {
    "/log": _front_page,
    "/log/checkpoint": _checkpoint,
    "/log/vkey": _key,
    "/log/tile/entries/{path:path}": _bundle,
    "/log/tile/{level}/{path:path}": _tile,
    "/log/entries/{index}": _entry,
    "/log/proof": _proof,
    "/log/proof.txt": _proof,
    "/log/consistency": _consistency,
    "/log/consistency.txt": _consistency,
}
