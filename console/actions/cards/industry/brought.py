"""Persons on their way into a batch: checked and sealed, and what became of each row."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from uuid import UUID

from models.cards.persons import PersonReason, PersonRow, SealedPerson


class RowReason(StrEnum):
    """Why the batch doesn't take a person, whose row itself is sound."""

    NO_BATCH = "no_batch"  # none of the carrier's
    BATCH_ENDED = "batch_ended"
    NO_UNIT = "no_unit"  # a person is somebody's, so the unit is named before
    UNASKED = "unasked"  # the class registers the unit and its person alone
    NOT_OF_BATCH = "not_of_batch"
    CARD_TWICE = "card_twice"
    PERSON_TWICE = "person_twice"
    OVER_PERSON_LIMIT = "over_person_limit"
    TOO_MANY_PERSONS = "too_many_persons"  # who would answer for the batch at once
    VERIFICATION_ENDED = "verification_ended"  # it was registered before, and has been replaced


@dataclass(frozen=True, slots=True)
class BroughtPerson:
    """The id is that of the row to be, which the cells are sealed to."""

    id: UUID
    person: PersonRow
    sealed: SealedPerson

    def refused(
        self, field: str, reason: RowReason | PersonReason, **facts: object
    ) -> "RefusedRow":
        return RefusedRow(self.person.row, field, reason, facts)


@dataclass(frozen=True, slots=True)
class RefusedRow:
    """A row that was not taken: the field, why, and nothing of what stands there but masks."""

    row: int
    field: str
    reason: RowReason | PersonReason
    facts: Mapping[str, object]


@dataclass(slots=True)
class Outcome:
    """What became of rows."""

    persons: int = 0
    """Who answer for a batch."""
    users: int = 0
    unchanged: int = 0
    """In force before, by the same verification: brought again, nothing is done again."""
    refused: list[RefusedRow] = field(default_factory=list[RefusedRow])

    def add(self, other: "Outcome") -> None:
        self.persons += other.persons
        self.users += other.users
        self.unchanged += other.unchanged
        self.refused += other.refused
