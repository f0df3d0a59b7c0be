"""Badges judged for a marketplace's program: by text one or many, and by picture.

Nothing is changed by asking, so no `Idempotency-Key` is wanted.
"""

from datetime import date
from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, Request
from pydantic import Field
from starlette.datastructures import UploadFile

from console.actions.channel.checks import (
    LONGEST_CODE,
    MOST_CHECKS,
    SeenCode,
    Shown,
    check_all,
    check_picture,
    check_shown,
    page_of,
)
from console.web.api.base import Reading
from console.web.api.channel.shapes import In, Out
from integrations.pictures import LARGEST
from models.channel.public import Scan, ScannedBadge
from models.refusals import Invalid
from models.tokens import Reason, Verdict

router = APIRouter()
_PLACE: Final = ("platform", "shop", "url")
_LONGEST_PLACE: Final = 2048
_PICTURE: Final[dict[str, Any]] = {
    "requestBody": {
        "required": True,
        "content": {
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "required": ["picture"],
                    "properties": {
                        "picture": {"type": "string", "format": "binary"},
                        **{name: {"type": "string"} for name in _PLACE},
                    },
                }
            },
            **{
                f"image/{kind}": {"schema": {"type": "string", "format": "binary"}}
                for kind in ("png", "jpeg", "webp", "gif", "bmp")
            },
        },
    }
}
"""The route reads its body by itself, so it describes it by itself."""


class CheckIn(In):
    """What a scanner read, or only its digits; and the shop, or own site, that it was seen in."""

    text: Annotated[str, Field(max_length=LONGEST_CODE)] = ""
    digits: Annotated[str, Field(max_length=LONGEST_CODE)] = ""
    platform: Annotated[str, Field(max_length=64)] = ""
    shop: Annotated[str, Field(max_length=_LONGEST_PLACE)] = ""
    url: Annotated[str, Field(max_length=_LONGEST_PLACE)] = ""

    def as_shown(self) -> Shown:
        return Shown(self.text, self.digits, self.platform, self.shop, self.url)


class ChecksIn(In):
    checks: Annotated[list[CheckIn], Field(min_length=1, max_length=MOST_CHECKS)]


class BadgeShopOut(Out):
    platform: str
    id: str
    name: str
    url: str


class BadgeFactsOut(Out):
    """What a genuine badge stands for."""

    badge_id: str
    agent_no: str
    agent: str
    carrier: str
    licence_no: str
    products: list[str]
    provinces: list[str]
    until: date
    shop: BadgeShopOut


class CheckOut(Out):
    verdict: Verdict
    reason: Reason
    badge: BadgeFactsOut | None
    """None of a forged badge, and of a code that is not ours."""


class ChecksOut(Out):
    items: list[CheckOut]
    """In the order of the question."""


class CodeOut(CheckOut):
    text: str
    box: tuple[int, int, int, int]
    """Left, top, right, bottom, in pixels of the upright picture."""
    corners: list[tuple[float, float]]


class PictureOut(Out):
    width: int
    height: int
    codes: list[CodeOut]
    """Ours first; empty where no code could be read."""


class Brought(In):
    data: bytes
    platform: str
    shop: str
    url: str


async def _brought(request: Request) -> Brought:
    """A picture as the whole body or as the field `picture` of a form; where it was seen beside."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "multipart/form-data":
        asked = request.query_params
        return Brought(data=await request.body(), **{one: asked.get(one, "") for one in _PLACE})
    async with request.form(max_files=1, max_fields=len(_PLACE)) as form:
        file = form.get("picture")
        if not isinstance(file, UploadFile):
            raise Invalid("api.invalid", fields="picture")
        words = {one: str(form.get(one, "")) for one in _PLACE}
        return Brought(data=await file.read(LARGEST + 1), **words)


@router.post("/badges/check")
def check(desk: Reading, body: CheckIn) -> CheckOut:
    """The verdict on one badge."""
    return CheckOut(**_facts(check_shown(desk, body.as_shown())))


@router.post("/badges/check-many")
def check_many(desk: Reading, body: ChecksIn) -> ChecksOut:
    """Up to two hundred at once."""
    found = check_all(desk, [one.as_shown() for one in body.checks])
    return ChecksOut(items=[CheckOut(**_facts(one)) for one in found])


@router.post("/badges/check-picture", openapi_extra=_PICTURE)
def check_a_picture(desk: Reading, brought: Annotated[Brought, Depends(_brought)]) -> PictureOut:
    """Every code of a picture (PNG, JPEG, WebP, GIF, BMP; 10 MB, 24 million pixels at most).

    Where it was seen is said beside the picture in a form, or in the query.
    """
    page = page_of(brought.platform, brought.shop, brought.url)
    seen = check_picture(desk, brought.data, page)
    return PictureOut(
        width=seen.width, height=seen.height, codes=[_code(one) for one in seen.codes]
    )


def _code(seen: SeenCode) -> CodeOut:
    return CodeOut(text=seen.text, box=seen.box, corners=list(seen.corners), **_facts(seen.scan))


def _facts(scan: Scan) -> dict[str, Any]:
    badge = scan.badge and _badge(scan.badge)
    return {"verdict": scan.verdict, "reason": scan.reason, "badge": badge}


def _badge(badge: ScannedBadge) -> BadgeFactsOut:
    return BadgeFactsOut.model_validate(badge)
