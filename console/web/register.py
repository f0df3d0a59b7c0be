"""The published list as files, and the keys that it and badges are checked by, for anyone."""

import re
from http import HTTPStatus
from typing import Final

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import FileResponse, Response
from starlette.routing import Route

from console.actions.channel.golden import register_folder
from console.web.answers import ANYWHERE, as_json, marked
from console.web.site import Site
from models.tokens import KeyRole, RoleKeys, cose_key_set, jwk_set

FIVE_MINUTES: Final = {"cache-control": "public, max-age=300"}
"""How long a key that was lost may still be trusted by who asked before."""
PUBLISHED: Final = (KeyRole.BADGE, KeyRole.REGISTER)
_COPY: Final = re.compile(r"agents-[0-9]{8}\.(ndjson\.gz|csv)")
_KINDS: Final = {".json": "application/json", ".gz": "application/gzip", ".csv": "text/csv"}


def routes(site: Site) -> list[Route]:
    def keys() -> RoleKeys:
        return {role: site.house.keys.public_keys(role) for role in PUBLISHED}

    def jwks(request: Request) -> Response:
        return as_json(request, jwk_set(keys()), FIVE_MINUTES)

    def cose_keys(request: Request) -> Response:
        given = {**ANYWHERE, **FIVE_MINUTES}
        return marked(request, cose_key_set(keys()), "application/cose-key-set", 200, given)

    def copy(request: Request) -> Response:
        """The manifest, or a file that it names: those are written again when a list comes out."""
        name = request.path_params["name"]
        path = register_folder(site.house) / name
        known = name == "manifest.json" or _COPY.fullmatch(name)
        if not known or not path.is_file():
            raise HTTPException(HTTPStatus.NOT_FOUND)
        given = {**ANYWHERE, **FIVE_MINUTES}
        return FileResponse(path, headers=given, media_type=_KINDS[path.suffix])

    return [
        Route("/register/{name}", copy),
        Route("/.well-known/jwks.json", jwks),
        Route("/.well-known/cose-keys", cose_keys),
    ]
