"""Telling of a deed: on record for those who may see it, and in the public log for everybody.

Every event of a badge, a licence, a publication and a key goes through here, in the transaction
of its change. The log says which role acted and never who; no free text stands in it.
"""

from typing import Any
from uuid import UUID

from console.desk import Work
from models.channel.agents import Agent
from models.channel.badges import Badge
from models.channel.issuing import IssuingHalt, SigningKey
from models.channel.licences import Licence
from models.channel.log import LogEntry, LogKind
from models.channel.publications import Publication
from models.channel.shops import AuthorisedShop
from models.permissions import Role
from models.staff import Organisation

Told = Badge | Licence | Publication | SigningKey | IssuingHalt


def tell(work: Work, kind: LogKind, subject: Told, **facts: Any) -> None:  # noqa: ANN401 - JSON
    """Record the deed `kind` on its subject, and announce it. `facts` are for the record alone."""
    work.record(kind.value, subject, **facts)
    by = "house" if work.actor.is_house else "+".join(sorted(work.actor.roles - {Role.SELF}))
    work.session.add(LogEntry.of(kind, work.at, by, _public(work, subject)))


def _public(work: Work, subject: Told) -> dict[str, Any]:
    """What of the subject everybody may know for ever."""
    match subject:
        case Badge():
            return _of_badge(work, subject)
        case Licence():
            return _of_licence(work, subject)
        case Publication():
            return {
                "carrier": _carrier(work, subject.carrier_id),
                "publication": subject.number,
                "rows": subject.rows,
                "sha256": subject.sha256,
            }
        case SigningKey():
            lost = subject.revoked_at
            return {
                "kid": subject.kid,
                "role": subject.role.value,
                "alg": subject.algorithm,
                "public": subject.public,
                "nbf": int(subject.not_before.timestamp()),
                "exp": int(subject.not_after.timestamp()),
                "revoked_at": None if lost is None else int(lost.timestamp()),
            }
        case IssuingHalt():
            return {}


def _of_badge(work: Work, badge: Badge) -> dict[str, Any]:
    shop = work.session.get_one(AuthorisedShop, badge.shop_id)
    return {
        "carrier": _carrier(work, badge.carrier_id),
        "agent_no": work.session.get_one(Agent, badge.agent_id).agent_no,
        "licence_no": work.session.get_one(Licence, badge.licence_id).number,
        "badge_id": badge.badge_id,
        "status_index": badge.status_index,
        "shop_hash": shop.shop.hash.hex(),
        "token_sha256": badge.token_sha256,
    }


def _of_licence(work: Work, licence: Licence) -> dict[str, Any]:
    return {
        "carrier": _carrier(work, licence.carrier_id),
        "agent_no": work.session.get_one(Agent, licence.agent_id).agent_no,
        "licence_no": licence.number,
        "version": licence.scope_version,
        "products": licence.products,
        "provinces": licence.provinces,
        "begins_on": licence.begins_on.isoformat(),
        "ends_on": licence.ends_on.isoformat(),
    }


def _carrier(work: Work, carrier_id: UUID) -> str:
    return work.session.get_one(Organisation, carrier_id).code
