"""Who promised a piece of work, kept with it, so that a worker can go on in their name."""

from typing import Any
from uuid import UUID

from models.permissions import Role
from models.staff import Actor, Door, OrganisationKind


def kept_actor(actor: Actor) -> dict[str, Any]:
    """An actor as JSON. The rights are those of the moment: what was permitted is carried out."""
    return {
        "id": str(actor.id) if actor.id else None,
        "name": actor.name,
        "roles": sorted(actor.roles),
        "organisation_id": str(actor.organisation_id) if actor.organisation_id else None,
        "organisation": actor.organisation,
        "kind": actor.kind.value,
        "carriers": sorted(map(str, actor.carriers)),
        "platform": actor.platform,
        "provinces": sorted(actor.provinces),
        "door": actor.door.value,
    }


def actor_kept(kept: dict[str, Any]) -> Actor:
    return Actor(
        id=UUID(kept["id"]) if kept["id"] else None,
        name=kept["name"],
        roles=frozenset(map(Role, kept["roles"])),
        organisation_id=UUID(kept["organisation_id"]) if kept["organisation_id"] else None,
        organisation=kept["organisation"],
        kind=OrganisationKind(kept["kind"]),
        carriers=frozenset(map(UUID, kept["carriers"])),
        platform=kept["platform"],
        provinces=frozenset(kept["provinces"]),
        door=Door(kept["door"]),
    )
