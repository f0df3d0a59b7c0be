"""The duties of the source documents, as kept in docs/requirements.csv."""

import csv
import io
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType


class DutyTier(StrEnum):
    CORE = "C"
    SUPPORTING = "S"
    RECORD = "R"
    CONTEXT = "X"


@dataclass(frozen=True, slots=True)
class Duty:
    id: str
    tier: DutyTier
    seed: str
    """The source document, 000 to 004."""
    clause: str
    duty_en: str
    duty_zh: str
    actor: str
    software_feature: str
    threshold: str
    """`-` where the source states none."""


def read_duties(text: str) -> Mapping[str, Duty]:
    """By id, in the file's order. ValueError on a foreign column or tier, or a false id."""
    duties: dict[str, Duty] = {}
    for row in csv.DictReader(io.StringIO(text), strict=True):
        duty = _duty(row)
        if duty.id in duties:
            raise ValueError(f"duty {duty.id} stands twice")
        if not duty.id.startswith(f"{duty.seed}-"):
            raise ValueError(f"duty {duty.id} is not of document {duty.seed}")
        duties[duty.id] = duty
    return MappingProxyType(duties)


def _duty(row: Mapping[str, str]) -> Duty:
    if set(row) != set(Duty.__dataclass_fields__):
        raise ValueError(f"columns are {sorted(map(str, row))}")
    return Duty(**{**row, "tier": DutyTier(row["tier"])})  # pyright: ignore[reportArgumentType] - the tier is replaced
