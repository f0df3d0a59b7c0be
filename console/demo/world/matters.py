"""A case on its way into the database, with who does what in it."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from console.demo.world.courses import Course
from console.demo.world.made import Sheaf, World
from console.demo.world.office import Office
from models.staff import Organisation


@dataclass(frozen=True, slots=True)
class Matter:
    world: World
    sheaf: Sheaf
    office: Office
    course: Course
    reference: str
    carrier: Organisation
    platform: Organisation | None
    """None of a site of its own."""
    owner: UUID | None
    decider: UUID | None
    checker: UUID | None

    @property
    def own(self) -> dict[str, UUID]:
        return {"case_id": self.course.id, "organisation_id": self.carrier.id}

    @property
    def card_home(self) -> str | None:
        return self.course.shop.card_home or self.carrier.province

    def at(self, moment: datetime) -> UUID:
        return self.world.id_at(moment)

    def is_over(self, moment: datetime | None) -> bool:
        return moment is not None and moment <= self.world.now
