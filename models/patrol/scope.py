"""Whose the rows of patrols are, and who else knows of them."""

from typing import TYPE_CHECKING
from uuid import UUID

from sqlalchemy import ColumnElement, true
from sqlalchemy.orm import Mapped

from models.staff import Actor, among, any_of


class Owned:
    """A row of one organisation."""

    if TYPE_CHECKING:
        organisation_id: UUID

    @property
    def belongs_to(self) -> UUID | None:
        return self.organisation_id


class Watched(Owned):
    """Of the provinces as well, of its platform and of whose cards are sold."""

    if TYPE_CHECKING:
        platform_home: str | None
        card_home: str | None

    @property
    def place(self) -> str | None:
        return self.card_home or self.platform_home


def of_owner(actor: Actor, organisation: Mapped[UUID]) -> ColumnElement[bool]:
    """Rows that their organisation's people alone see."""
    return true() if actor.is_house else organisation.in_(actor.organisations)


def of_watched(
    actor: Actor, organisation: Mapped[UUID], *homes: Mapped[str | None]
) -> ColumnElement[bool]:
    """Rows that whoever watches a province sees beside their organisation's people."""
    if actor.is_house:
        return true()
    return any_of(
        among(organisation, actor.organisations),
        *(among(home, actor.provinces) for home in homes),
    )
