"""Published lists by API: read, prepare, publish."""

from uuid import UUID

from fastapi import APIRouter
from pydantic import Field

from console.actions.channel.publish import (
    get_publication,
    list_publications,
    prepare_publication,
    publish,
)
from console.desk import Desk
from console.web.api.base import DEFAULT_LIMIT, Cursor, Limit, Page, Reading, Writing, shown
from console.web.api.channel.shapes import In, PublicationOut, shapes_of

router = APIRouter()


class PrepareIn(In):
    carrier: str | None = Field(default=None, max_length=32)
    """A carrier's code, for those who work for several."""


def _publication(desk: Desk, publication_id: UUID) -> PublicationOut:
    return PublicationOut.model_validate(get_publication(desk, publication_id))


shown("Publication")(_publication)


@router.get("/publications")
def publications(
    desk: Reading, after: Cursor = None, limit: Limit = DEFAULT_LIMIT
) -> Page[PublicationOut]:
    """Editions that are out, and those of the own carrier that are not yet."""
    part = list_publications(desk, after=after, limit=limit)
    return Page(items=shapes_of(PublicationOut, part.rows), next=part.next)


@router.get("/publications/{publication_id}")
def publication(desk: Reading, publication_id: UUID) -> PublicationOut:
    return _publication(desk, publication_id)


@router.post("/publications", status_code=201)
def prepare(desk: Writing, body: PrepareIn) -> PublicationOut:
    """Freeze the list as it stands now; it is not out yet."""
    return PublicationOut.model_validate(prepare_publication(desk, body.carrier))


@router.post("/publications/{publication_id}/publish")
def put_out(desk: Writing, publication_id: UUID) -> PublicationOut:
    """Signed, in the place of the edition before."""
    return PublicationOut.model_validate(publish(desk, publication_id))
