"""Who planned a piece of work, kept with it, so that a worker goes on in their name."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any
from uuid import UUID

from models.permissions import Role
from models.staff import Actor, Door, OrganisationKind


def facts_of(actor: Actor) -> dict[str, Any]:
    return {
        "id": str(actor.id) if actor.id else None,
        "name": actor.name,
        "roles": sorted(role.value for role in actor.roles),
        "organisation_id": str(actor.organisation_id) if actor.organisation_id else None,
        "organisation": actor.organisation,
        "kind": actor.kind.value,
        "carriers": sorted(map(str, actor.carriers)),
        "platform": actor.platform,
        "provinces": sorted(actor.provinces),
    }


def actor_from(facts: Mapping[str, Any]) -> Actor:
    """The same actor at the house's own door, with the rights of when the work was planned."""
    organisation = facts["organisation_id"]
    actor = Actor(
        id=UUID(facts["id"]) if facts["id"] else None,
        name=facts["name"],
        roles=frozenset(Role(role) for role in facts["roles"]),
        organisation_id=UUID(organisation) if organisation else None,
        organisation=facts["organisation"],
        kind=OrganisationKind(facts["kind"]),
        carriers=frozenset(map(UUID, facts["carriers"])),
        platform=facts["platform"],
        provinces=frozenset(facts["provinces"]),
    )
    return replace(actor, door=Door.HOUSE)
