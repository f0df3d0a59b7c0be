"""Files for people who are signed in: evidence, proofs, badge pictures, rejected rows.

Each is asked for anew by the session's cookie, checked by permission and scope, put on record,
and given as an attachment that no browser opens in our name.
"""

from collections.abc import Callable
from http import HTTPStatus
from pathlib import Path
from typing import Final, Literal

from starlette.background import BackgroundTask
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import FileResponse, Response
from starlette.routing import Route

from console.actions import files
from console.actions.files import Download
from console.desk import Desk
from console.web.site import Site
from models.refusals import NotAllowed

_HEADERS: Final = {
    "cache-control": "no-store",
    "x-content-type-options": "nosniff",
    "content-security-policy": "sandbox; default-src 'none'",
}
_PICTURES: Final[dict[str, Literal["svg", "png"]]] = {"svg": "svg", "png": "png"}

Asked = Callable[[Desk, Request], Download]


def routes(site: Site) -> list[Route]:
    def given(asked: Asked) -> Callable[[Request], Response]:
        def give(request: Request) -> Response:
            person = site.signed_in(request)
            if person is None:
                raise NotAllowed("staff.sign_in")
            return _response(asked(site.house.desk(person.actor), request))

        return give

    return [
        Route("/files/evidence/pack/{case_id}.zip", given(_pack), methods=["GET"]),
        Route("/files/evidence/{sha256}", given(_evidence), methods=["GET"]),
        Route("/files/proofs/{proof_id}", given(_proof), methods=["GET"]),
        Route("/files/badges/{badge_id}.{kind}", given(_badge), methods=["GET"]),
        Route("/files/imports/{import_id}/rejects.csv", given(_rejects), methods=["GET"]),
    ]


def _pack(desk: Desk, request: Request) -> Download:
    return files.evidence_pack(desk, request.path_params["case_id"])


def _evidence(desk: Desk, request: Request) -> Download:
    """`?of=` names the manifest that a file belongs to; without it the digest is a manifest's."""
    of = request.query_params.get("of")
    return files.evidence_file(desk, request.path_params["sha256"], of)


def _proof(desk: Desk, request: Request) -> Download:
    return files.proof_file(desk, request.path_params["proof_id"])


def _badge(desk: Desk, request: Request) -> Download:
    kind = _PICTURES.get(request.path_params["kind"])
    if kind is None:
        raise HTTPException(HTTPStatus.NOT_FOUND)
    return files.badge_picture(desk, request.path_params["badge_id"], kind)


def _rejects(desk: Desk, request: Request) -> Download:
    return files.rejected_rows(desk, request.path_params["import_id"])


def _response(file: Download) -> Response:
    if file.path is None:
        response = Response(file.data, media_type=file.media_type, headers=_HEADERS)
        response.headers["content-disposition"] = f'attachment; filename="{file.name}"'
        return response
    after = BackgroundTask(Path.unlink, file.path, missing_ok=True) if file.is_temporary else None
    return FileResponse(
        file.path,
        media_type=file.media_type,
        filename=file.name,
        headers=_HEADERS,
        background=after,
    )
