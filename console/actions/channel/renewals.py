"""Renewing: a new licence goes on behind the old one, after a new review of papers (4.4).

Until the old one's last day its badges stay: their tokens hold exactly so long. The sweep that ends
it requests those of the new licence in the same transaction (docs/decisions/015-renewals.md).
"""

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Final
from uuid import UUID

from sqlmodel import col, select

from console.actions.channel.held import Done, each, held
from console.actions.channel.licences import drafted
from console.actions.channel.scopes import LicenceForm, shops_of_its_own
from console.desk import Desk, Work
from models.channel.agents import Agent
from models.channel.licences import Licence, LicenceState, Product
from models.permissions import Permission
from models.refusals import Conflict, Invalid
from models.rules import china_day, parameter

_RENEWS: Final = (
    LicenceState.DRAFT,
    LicenceState.PENDING_APPROVAL,
    LicenceState.ACTIVE,
    LicenceState.SUSPENDED,
)


def renew_licence(
    desk: Desk,
    licence_id: UUID | str,
    *,
    ends_on: date | None = None,
    version: int | None = None,
) -> Licence:
    """A draft with the same scope that follows on; its period is as long unless `ends_on` is said.

    From sixty days before the last day on, and at any time after it.
    """
    with desk.begin(Permission.LICENCE_EDIT) as work:
        old = held(work, Licence, licence_id, version)
        agent = held(work, Agent, old.agent_id, None)
        _must_be_due(work, old)
        _must_be_first(work, old)
        begins = max(old.ends_on + timedelta(days=1), china_day(work.at))
        form = LicenceForm(
            products=[Product(one) for one in old.products],
            provinces=old.provinces,
            shop_ids=[shop.id for shop in shops_of_its_own(work, agent, old)],
            begins_on=begins,
            ends_on=_last_day(old, agent, begins, ends_on),
        )
        return drafted(work, agent, form, renewed=old)


def renew_licences(desk: Desk, licence_ids: Sequence[UUID]) -> list[Done]:
    """Renew several, each by itself."""
    return each(
        desk, Permission.LICENCE_EDIT, licence_ids, lambda own, one: renew_licence(own, one).id
    )


def renewable_from(licence: Licence, today: date) -> date | None:
    """The first day on which it may be renewed; None when it never may."""
    if licence.state not in {LicenceState.ACTIVE, LicenceState.EXPIRED}:
        return None
    ahead = parameter("licence_expiry_warning_first", today).value
    return licence.ends_on - timedelta(days=ahead)


def _must_be_due(work: Work, old: Licence) -> None:
    today = china_day(work.at)
    since = renewable_from(old, today)
    if since is None:
        raise Conflict("licence.not_renewable", number=old.number, state=old.state)
    if today < since:
        raise Conflict("licence.too_early", number=old.number, since=since.isoformat())


def _must_be_first(work: Work, old: Licence) -> None:
    other = work.session.exec(
        select(Licence).where(Licence.predecessor_id == old.id, col(Licence.state).in_(_RENEWS))
    ).first()
    if other is not None:
        raise Conflict("licence.renewed_already", number=old.number, by=other.number)


def _last_day(old: Licence, agent: Agent, begins: date, wanted: date | None) -> date:
    """As long as before, but never beyond the business licence."""
    if wanted is not None and wanted < begins:
        raise Invalid("channel.ends_before_it_begins")
    until = agent.business_licence_until
    last = wanted or begins + (old.ends_on - old.begins_on)
    if until is None:
        return last
    if until < begins or (wanted is not None and wanted > until):
        raise Conflict(
            "channel.beyond_business_licence", number=old.number, until=until.isoformat()
        )
    return min(last, until)
