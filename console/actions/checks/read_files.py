"""The token of a read as a file, for whoever verifies it without this house."""

from uuid import UUID

from console.actions.files import Download, put_on_record
from console.desk import Desk
from models.checks.reads import CardRead, ReadKind
from models.permissions import Permission
from models.refusals import NotFound


def read_file(desk: Desk, read_id: UUID | str) -> Download:
    """Compact JWS, as its device signed it. What a document was read with stays sealed."""
    with desk.begin(Permission.SPOT_CHECK_READ) as work:
        read = work.get(CardRead, read_id)
        if read.kind is ReadKind.ID or not read.token:
            raise NotFound("file.not_found")
        token = read.token
    with put_on_record(desk, "card_read.downloaded", read, sha256=read.sha256):
        pass
    return Download(f"{read.sha256[:16]}.jws", "application/jose", data=token)
