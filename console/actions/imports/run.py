from collections.abc import Sequence
from uuid import UUID
from console.desk import Desk


def waiting_imports(desk: Desk) -> Sequence[UUID]:
    return []


def advance_import(desk: Desk, import_id: UUID) -> bool:
    return False
