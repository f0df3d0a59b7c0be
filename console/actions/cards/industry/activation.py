"""The last two steps before use: somebody answers for the cards, and their limits are set."""

from typing import Final
from uuid import UUID

from console.actions.cards.industry.files import bring, held_batch, must_not_lack
from console.actions.cards.industry.ordering import must_be_free
from console.desk import Desk
from models.cards.industry import BatchMove, BatchState, IndustryBatch
from models.permissions import Permission
from models.refusals import Conflict

PROVEN_IN: Final = (BatchState.CONTRACTED, BatchState.REGISTERED)
"""From when there is something to set, and until it is in use."""


def register_batch(desk: Desk, batch_id: UUID | str, version: int | None = None) -> IndustryBatch:
    """The unit and the person that answer for the cards are on record and verified (004-2.3-e)."""
    with desk.begin(Permission.INDUSTRY_EDIT) as work:
        batch = held_batch(work, batch_id, version)
        batch.move(BatchMove.REGISTER)
        file = must_not_lack(work, batch, BatchMove.REGISTER)
        work.record("industry.registered", batch, unit=file.unit.name if file.unit else "")
        return batch


def file_limits_proof(
    desk: Desk,
    batch_id: UUID | str,
    file_name: str,
    content: bytes,
    version: int | None = None,
) -> IndustryBatch:
    """File what shows that the limits are set on the network's platform: its export, or a picture.

    Filed again, it takes the place of the one before; the deeds name both.
    """
    with desk.begin(Permission.INDUSTRY_EDIT) as work:  # before anything is written to disk
        held_batch(work, batch_id, version)
    filed = bring(desk, Permission.INDUSTRY_EDIT, file_name, content)
    with desk.begin(Permission.INDUSTRY_EDIT) as work:
        batch = held_batch(work, batch_id, version)
        if batch.state not in PROVEN_IN:
            raise Conflict("industry.no_proof_now", number=batch.number, state=batch.state)
        before = batch.proof_sha256
        batch.proof_sha256, batch.proof_file = filed.sha256, filed.name
        batch.proof_type = filed.media_type
        batch.version += 1
        work.record("industry.limits_proven", batch, sha256=filed.sha256, replaces=before)
        return batch


def activate_batch(desk: Desk, batch_id: UUID | str, version: int | None = None) -> IndustryBatch:
    """The cards may be used, if nothing at all is missing; else all that is."""
    with desk.begin(Permission.INDUSTRY_EDIT) as work:
        batch = held_batch(work, batch_id, version)
        batch.move(BatchMove.ACTIVATE)
        must_not_lack(work, batch, BatchMove.ACTIVATE)
        must_be_free(work, batch)
        batch.activated_by, batch.activated_at = work.actor.id, work.at
        batch.due_at = None
        work.record("industry.activated", batch, cards=batch.cards)
        return batch
