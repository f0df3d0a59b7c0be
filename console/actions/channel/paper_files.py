"""The bytes of an agent's paper, for one reader: checked again, and every look on record."""

from uuid import UUID

from console.actions.channel.papers import the_paper
from console.actions.files import Download
from console.desk import Desk
from integrations.evidence import Damaged, Digest
from models.permissions import Permission
from models.refusals import Conflict


def paper_file(desk: Desk, paper_id: UUID | str) -> Download:
    """The file as whoever filed it brought it, to be shown in the page."""
    paper = the_paper(desk, paper_id)
    try:
        content = b"".join(desk.house.evidence.stream(Digest(paper.sha256)))
    except (OSError, Damaged):
        raise Conflict("file.damaged", sha256=paper.sha256) from None
    with desk.begin(Permission.ACCOUNT_USE) as work:
        work.record("paper.looked_at", paper, sha256=paper.sha256)
    return Download(paper.file_name, paper.media_type, data=content)
