"""Fictitious persons, and files of them as a carrier's system would make."""

import csv
import io
import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

from models.cards.persons import CaptureMethod, DocumentKind, PersonRole, PersonRow
from models.formats import resident_check_character

CARD = "89860321000000000012"


def resident(serial: int = 1, born: str = "19900307", region: str = "110101") -> str:
    """A number that is well formed; nobody is asked whether somebody bears it."""
    body = f"{region}{born}{serial:03}"
    return body + resident_check_character(body)


def ending_in_x() -> str:
    return next(one for serial in range(1, 99) if (one := resident(serial)).endswith("X"))


def person(serial: int = 1, **given: object) -> PersonRow:
    facts: dict[str, object] = {
        "row": serial + 1,
        "batch": "HYK-2026-0001",
        "role": PersonRole.ACCOUNTABLE_PERSON,
        "iccid": "",
        "name": "欧阳试验",
        "document_kind": DocumentKind.RESIDENT,
        "document_no": resident(serial),
        "phone": f"1380013{serial:04}",
        "position": "车队主管",
        "verified_at": datetime(2026, 2, 27, 1, 30, tzinfo=UTC),
        "verified_how": CaptureMethod.ID_READER,
        "compare_ref": "",
        "site": "",
        "chassis": "",
    }
    return PersonRow(**{**facts, **given})  # pyright: ignore[reportArgumentType]


def told(serial: int = 1, **given: str) -> dict[str, str]:
    """A row as it stands in a file."""
    facts = {
        "batch": "HYK-2026-0001",
        "role": "accountable_person",
        "iccid": "",
        "name": "欧阳试验",
        "document_kind": "resident",
        "document_no": resident(serial),
        "phone": f"1380013{serial:04}",
        "position": "车队主管",
        "verified_at": "2026-02-27T09:30:00+08:00",
        "verified_how": "id_reader",
        "compare_ref": "",
        "site": "",
        "chassis": "",
    }
    return {**facts, **given}


def told_user(serial: int = 1, **given: str) -> dict[str, str]:
    user = {"role": "card_user", "iccid": CARD, "position": "", "site": "广州市天河区 3 号充电站"}
    return told(serial, **{**user, **given})


def as_csv(rows: Sequence[Mapping[str, str]]) -> bytes:
    file = io.StringIO(newline="")
    writer = csv.DictWriter(file, list(rows[0]))
    writer.writeheader()
    writer.writerows(rows)
    return file.getvalue().encode()


def as_lines(rows: Sequence[Mapping[str, str]]) -> bytes:
    return "\n".join(json.dumps(row, ensure_ascii=False) for row in rows).encode()
