"""The keys that badges and published lists are checked by, for anyone's verifier."""

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from console.web.answers import ANYWHERE, as_json, marked
from console.web.site import Site
from models.tokens import KeyRole, RoleKeys, cose_key_set, jwk_set

FIVE_MINUTES = {"cache-control": "public, max-age=300"}
"""How long a key that was lost may still be trusted by who asked before."""
PUBLISHED = (KeyRole.BADGE, KeyRole.REGISTER)


def routes(site: Site) -> list[Route]:
    def keys() -> RoleKeys:
        return {role: site.house.keys.public_keys(role) for role in PUBLISHED}

    def jwks(request: Request) -> Response:
        return as_json(request, jwk_set(keys()), FIVE_MINUTES)

    def cose_keys(request: Request) -> Response:
        given = {**ANYWHERE, **FIVE_MINUTES}
        return marked(request, cose_key_set(keys()), "application/cose-key-set", 200, given)

    return [
        Route("/.well-known/jwks.json", jwks),
        Route("/.well-known/cose-keys", cose_keys),
    ]
