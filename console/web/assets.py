"""Style sheets, pictures and scripts, each under a name that changes with its content."""

import hashlib
import mimetypes
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

STATIC: Final = Path(__file__).parent / "static"
_YEAR: Final = 365 * 24 * 3600


@dataclass(frozen=True, slots=True)
class Asset:
    name: str
    body: bytes
    kind: str


@dataclass(frozen=True, slots=True)
class Assets:
    by_name: Mapping[str, Asset]
    """`site.css` → what is served as `site.3f2a….css`."""

    @classmethod
    def load(cls, folder: Path = STATIC) -> "Assets":
        return cls({path.name: _asset(path) for path in sorted(folder.iterdir()) if path.is_file()})

    def address(self, name: str) -> str:
        """Where a page finds the file; an unknown name is a bug and says so."""
        return f"/assets/{self.by_name[name].name}"

    def routes(self) -> list[Route]:
        served = {asset.name: asset for asset in self.by_name.values()}

        async def serve(request: Request) -> Response:
            asset = served.get(request.path_params["name"])
            if asset is None:
                raise HTTPException(404)
            headers = {"cache-control": f"public, max-age={_YEAR}, immutable"}
            return Response(asset.body, media_type=asset.kind, headers=headers)

        return [Route("/assets/{name}", serve, name="assets")]


def _asset(path: Path) -> Asset:
    body = path.read_bytes()
    digest = hashlib.sha256(body).hexdigest()[:12]
    kind = mimetypes.guess_type(path.name)[0] or "application/octet-stream"
    return Asset(f"{path.stem}.{digest}{path.suffix}", body, kind)
