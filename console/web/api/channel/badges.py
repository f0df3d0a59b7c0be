"""Badges by API: read, seen in place, seen elsewhere, replace."""

from http import HTTPStatus
from typing import Annotated, Final
from uuid import UUID

from fastapi import APIRouter, Query, Response
from pydantic import Field

from console.actions.channel.badges import (
    get_badge,
    list_badges,
    mark_copied,
    mark_displayed,
    reissue_badge,
)
from console.actions.channel.pictures import WIDEST, Format, Look, badge_picture
from console.desk import Desk
from console.i18n import Language
from console.web.api.base import DEFAULT_LIMIT, Cursor, Limit, Page, Reading, Writing, shown
from console.web.api.channel.shapes import BadgeOut, In, VersionIn, shapes_of
from models.badge_picture import Letters, Style
from models.channel.badges import BadgeState

router = APIRouter()
_PICTURE: Final = {"content-security-policy": "sandbox; default-src 'none'"}
"""A picture that is opened by itself runs nothing in our name."""


class SeenIn(In):
    where: str = Field(max_length=1000)
    """The page's address, a picture's number, who saw it and when."""


def _badge(desk: Desk, badge_id: UUID) -> BadgeOut:
    return BadgeOut.model_validate(get_badge(desk, badge_id))


shown("Badge")(_badge)


@router.get("/badges")
def badges(
    desk: Reading,
    q: str = "",
    state: BadgeState | None = None,
    platform: str | None = None,
    after: Cursor = None,
    limit: Limit = DEFAULT_LIMIT,
) -> Page[BadgeOut]:
    part = list_badges(desk, q[:100], state=state, platform=platform, after=after, limit=limit)
    return Page(items=shapes_of(BadgeOut, part.rows), next=part.next)


@router.get("/badges/{badge_id}")
def badge(desk: Reading, badge_id: UUID) -> BadgeOut:
    return _badge(desk, badge_id)


@router.get(
    "/badges/{badge_id}/picture",
    response_class=Response,
    responses={HTTPStatus.OK: {"content": {kind.media_type: {} for kind in Format}}},
)
def picture(
    desk: Reading,
    badge_id: UUID,
    kind: Annotated[Format, Query(alias="format")] = Format.SVG,
    style: Style = Style.CARD,
    letters: Letters = Letters.OUTLINE,
    language: Language = Language.ZH,
    width: Annotated[int | None, Query(ge=1, le=WIDEST)] = None,
) -> Response:
    """The badge's picture, drawn now; `width` is of a PNG, in pixels."""
    data = badge_picture(desk, badge_id, kind, Look(style, letters, language, width))
    return Response(data, media_type=kind.media_type, headers=_PICTURE)


@router.post("/badges/{badge_id}/displayed")
def displayed(desk: Writing, badge_id: UUID, body: SeenIn) -> BadgeOut:
    """Seen where it belongs."""
    return BadgeOut.model_validate(mark_displayed(desk, badge_id, proof=body.where))


@router.post("/badges/{badge_id}/copied")
def copied(desk: Writing, badge_id: UUID, body: SeenIn) -> BadgeOut:
    """Seen in another shop: it is void at once."""
    return BadgeOut.model_validate(mark_copied(desk, badge_id, seen_at=body.where))


@router.post("/badges/{badge_id}/reissue", status_code=201)
def replace(desk: Writing, badge_id: UUID, body: VersionIn) -> BadgeOut:
    """The new badge in place of a copied one."""
    return BadgeOut.model_validate(reissue_badge(desk, badge_id, body.version))
