"""Signing keys and the state of issuing by API. Keys are changed by people, at the console."""

from datetime import datetime

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict

from console.actions.channel.issuing import current_halt
from console.actions.channel.keys import KeyRecord, list_keys
from console.web.api.base import Reading
from models.channel.issuing import KeyState
from models.tokens import KeyRole

router = APIRouter()


class KeyOut(BaseModel):
    kid: str
    role: KeyRole
    algorithm: str
    state: KeyState
    not_before: datetime
    not_after: datetime
    revoked_at: datetime | None
    badges: int
    """That it ever signed."""
    live: int
    """Of them, those that stand."""


class IssuingOut(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    halted: bool
    since: datetime | None = None
    reason: str = ""


def _shape(one: KeyRecord) -> KeyOut:
    key = one.key
    return KeyOut(
        kid=key.kid,
        role=key.role,
        algorithm=key.algorithm,
        state=one.state,
        not_before=key.not_before,
        not_after=key.not_after,
        revoked_at=key.revoked_at,
        badges=one.badges,
        live=one.live,
    )


@router.get("/keys")
def keys(desk: Reading) -> list[KeyOut]:
    """Every key, by role, the newest first. Their public sides: `/.well-known/jwks.json`."""
    return [_shape(one) for one in list_keys(desk)]


@router.get("/issuing")
def issuing(desk: Reading) -> IssuingOut:
    """Whether badges are signed now; while it is halted they stay requested."""
    halt = current_halt(desk)
    if halt is None:
        return IssuingOut(halted=False)
    return IssuingOut(halted=True, since=halt.halted_at, reason=halt.reason)
