"""A complaint or report by anybody: one form, no sign-in, no cookie, no script (001-13).

A page of another site can't send it (the browser names the origin); how often an address may is
counted in memory; a form that is sent twice is one complaint, answered with the same number and
code. How it stands is told to whoever has both, and to nobody else.
"""

import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from http import HTTPStatus
from typing import Final

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import FormData, UploadFile
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from console.actions.brought import LARGEST
from console.actions.cases.complaints.lodging import (
    LONGEST,
    MOST_FILES,
    Enclosed,
    Told,
    how_it_stands,
    lodge,
)
from console.i18n import Language, spoken, t, told
from console.web.answers import NO_STORE, Answers
from console.web.errors import status_of
from console.web.forms import is_own, read_form
from console.web.pace import Pace
from console.web.session import client_address
from console.web.site import shown_day
from models.cases.complaints import ComplaintKind
from models.formats.masking import plain_text
from models.provinces import provinces
from models.refusals import Invalid, NotAllowed, NotFound, Refusal

UNSEEN: Final = {**NO_STORE, "x-robots-tag": "noindex"}
TRAP: Final = "website"
LARGEST_BODY: Final = MOST_FILES * LARGEST + 1024 * 1024
_HOUR: Final = timedelta(hours=1)
_DAY: Final = timedelta(days=1)
_MOST_FIELDS: Final = 20
_MOST_PARTS: Final = 10
"""Of files: some more than are taken, so that whoever chose too many is told so in the form."""
_LARGEST_PART: Final = 64 * 1024
_MULTIPART: Final = "multipart/form-data"
_FORM: Final = re.compile(r"[A-Za-z0-9_-]{20,64}")
_FIELDS: Final = ("kind", "platform", "shop", "iccid", "text", "province", "contact")


@dataclass(frozen=True, slots=True)
class Paces:
    """How often: requests of an address, complaints of an address, questions, and all together."""

    requests: Pace
    lodged: Pace
    lodged_a_day: Pace
    asked: Pace
    asked_of_one: Pace
    everybody: Pace
    with_files: Pace
    """Files of all together; past it words are taken all the same."""

    @classmethod
    def of(cls, answers: Answers) -> "Paces":
        now = answers.site.house.now
        return cls(
            requests=Pace(30, _HOUR, now),
            lodged=Pace(5, _HOUR, now),
            lodged_a_day=Pace(15, _DAY, now),
            asked=Pace(30, _HOUR, now),
            asked_of_one=Pace(20, _HOUR, now),
            everybody=Pace(6000, _HOUR, now),
            with_files=Pace(300, _HOUR, now),
        )


def routes(answers: Answers) -> list[Route]:
    paces = Paces.of(answers)

    def form(request: Request) -> Response:
        return _form(answers, request, _asked(request))

    async def take(request: Request) -> Response:
        if not is_own(request):
            raise NotAllowed("web.stale_form")
        address = client_address(request)
        if not (paces.requests.allows(address) and paces.everybody.allows("")):
            return await run_in_threadpool(_too_often, answers, request)
        fields, files = await _read(request)
        return await run_in_threadpool(_taken, answers, request, paces, fields, files)

    def ask(request: Request) -> Response:
        return _status_form(answers, request, {})

    async def stands(request: Request) -> Response:
        if not is_own(request):
            raise NotAllowed("web.stale_form")
        if not paces.asked.allows(client_address(request)):
            return await run_in_threadpool(_too_often, answers, request)
        fields = await read_form(request)
        return await run_in_threadpool(_stands, answers, request, paces, fields)

    return [
        Route("/report", form, methods=["GET"]),
        Route("/report", take, methods=["POST"]),
        Route("/report/status", ask, methods=["GET"]),
        Route("/report/status", stands, methods=["POST"]),
    ]


def _asked(request: Request) -> dict[str, str]:
    """What a link of ours fills in beforehand."""
    given = request.query_params
    fields = {name: given.get(name, "")[: LONGEST.get(name, 32)] for name in _FIELDS}
    fields["contact"] = fields["iccid"] = ""
    agent = plain_text(given.get("agent", ""))[:40]
    if agent and not fields["text"]:
        spoken_of = t("complaint_form.about_agent", agent=agent)
        fields["text"] = f"{spoken_of}\n"
    return {name: plain_text(value) if name != "text" else value for name, value in fields.items()}


async def _read(request: Request) -> tuple[dict[str, str], list[Enclosed]]:
    """The fields of either kind of form, and the files of the one that has any."""
    kind, _, parameters = request.headers.get("content-type", "").partition(";")
    if kind.strip().lower() != _MULTIPART:
        return await read_form(request), []
    announced = request.headers.get("content-length", "0")
    if not announced.isdecimal() or int(announced) > LARGEST_BODY:
        raise HTTPException(HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
    if "charset" in parameters.lower():
        raise HTTPException(HTTPStatus.UNSUPPORTED_MEDIA_TYPE)
    async with request.form(
        max_files=_MOST_PARTS, max_fields=_MOST_FIELDS, max_part_size=_LARGEST_PART
    ) as given:
        return _fields(given), await _files(given)


def _fields(given: FormData) -> dict[str, str]:
    return {name: value for name, value in given.multi_items() if isinstance(value, str)}


async def _files(given: FormData) -> list[Enclosed]:
    """An input without a file sends an empty one without a name."""
    files = [one for _, one in given.multi_items() if isinstance(one, UploadFile)]
    real = [one for one in files if one.filename or one.size]
    return [Enclosed(one.filename or "", await one.read(LARGEST + 1)) for one in real]


def _taken(
    answers: Answers,
    request: Request,
    paces: Paces,
    fields: Mapping[str, str],
    files: list[Enclosed],
) -> Response:
    answers.language(request)
    try:
        said = _told(fields)
    except Refusal as no:
        return _form(answers, request, fields, no)
    if files and not paces.with_files.allows(""):
        return _form(answers, request, fields, Invalid("complaint.no_files_now"))
    address = client_address(request)
    if not (paces.lodged.allows(address) and paces.lodged_a_day.allows(address)):
        return _too_often(answers, request)
    given = fields.get("form", "")
    try:
        lodged = lodge(
            answers.site.house, said, files, form=given if _FORM.fullmatch(given) else None
        )
    except Refusal as no:
        return _form(answers, request, fields, no)
    main = answers.drawn(
        "complaint_taken.html", lodged=lodged, files=len(files), last_day=_last_day
    )
    return answers.page(request, t("complaint_form.taken"), main, headers=UNSEEN)


def _told(fields: Mapping[str, str]) -> Told:
    if fields.get(TRAP):
        raise Invalid("complaint.trap")
    try:
        kind = ComplaintKind(fields.get("kind", ""))
    except ValueError:
        raise Invalid("complaint.kind_needed") from None
    return Told(
        kind,
        fields.get("text", ""),
        platform=fields.get("platform", ""),
        shop=fields.get("shop", ""),
        province=fields.get("province", ""),
        contact=fields.get("contact", ""),
        language=spoken.get(),
        # Of another kind it is out of sight, and nobody said it.
        iccid=fields.get("iccid", "") if kind is ComplaintKind.DEVICE_CARD else "",
    )


def _form(
    answers: Answers, request: Request, fields: Mapping[str, str], no: Refusal | None = None
) -> Response:
    language = answers.language(request)
    given = {name: fields.get(name, "") for name in _FIELDS}
    refused = told(no.code, no.facts) if no is not None else ""
    main = answers.drawn(
        "complaint_form.html",
        given=given,
        problem=refused,
        kinds=[("", t("complaint_form.choose")),
               *((kind, t(f"complaint_kind.{kind}")) for kind in ComplaintKind)],
        platforms=[("", t("complaint_form.no_platform")), *answers.platforms()],
        places=[("", t("complaint_form.no_province")), *_places(language)],
        form=secrets.token_urlsafe(24),
        longest=LONGEST,
        most_files=MOST_FILES,
        largest=LARGEST // (1024 * 1024),
        trap=TRAP,
    )  # fmt: skip
    status = HTTPStatus.OK if no is None else status_of(no)
    headers = NO_STORE if no is None and not request.url.query else UNSEEN
    return answers.page(request, t("complaint_form.title"), main, status=status, headers=headers)


def _places(language: Language) -> list[tuple[str, str]]:
    return [
        (code, one.zh if language is Language.ZH else one.en) for code, one in provinces().items()
    ]


def _status_form(
    answers: Answers, request: Request, fields: Mapping[str, str], no: Refusal | None = None
) -> Response:
    answers.language(request)
    problem = told(no.code, no.facts) if no is not None else ""
    number = plain_text(fields.get("number", ""))[:40]
    main = answers.drawn(
        "complaint_status.html", stands=None, number=number, problem=problem, last_day=_last_day
    )
    status = HTTPStatus.OK if no is None else status_of(no)
    title = t("complaint_form.status_title")
    return answers.page(request, title, main, status=status, headers=UNSEEN)


def _stands(
    answers: Answers, request: Request, paces: Paces, fields: Mapping[str, str]
) -> Response:
    answers.language(request)
    number, code = fields.get("number", ""), fields.get("code", "")
    if not paces.asked_of_one.allows(plain_text(number).upper()[:40]):
        return _too_often(answers, request)
    try:
        stands = how_it_stands(answers.site.house, number, code)
    except NotFound as no:
        return _status_form(answers, request, fields, no)
    main = answers.drawn(
        "complaint_status.html", stands=stands, number="", problem="", last_day=_last_day
    )
    return answers.page(request, t("complaint_form.status_title"), main, headers=UNSEEN)


def _last_day(due: datetime) -> str:
    """A deadline is the first moment too late."""
    return shown_day(due - timedelta(microseconds=1))


def _too_often(answers: Answers, request: Request) -> Response:
    answers.language(request)
    main = answers.drawn("complaint_too_often.html")
    headers = {**UNSEEN, "retry-after": str(int(_HOUR.total_seconds()))}
    status = HTTPStatus.TOO_MANY_REQUESTS
    return answers.page(
        request, t("complaint_form.too_often"), main, status=status, headers=headers
    )
