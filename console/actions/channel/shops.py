"""Authorised shops: where an agent may sell (DOMAIN 4.4, part of a licence's scope)."""

from dataclasses import dataclass
from typing import Final
from uuid import UUID

from sqlmodel import col, select

from console.actions.channel.badges import revoke_badge_of
from console.actions.channel.held import held
from console.desk import PAGE, Desk, Order, Slice, Work
from models.channel.agents import Agent, AgentState
from models.channel.shops import AuthorisedShop
from models.permissions import Permission
from models.refusals import Conflict, Invalid, NotAllowed
from models.staff import Organisation, OrganisationKind
from models.tokens import OWN_SITE, Shop, canonical_shop

_CLOSED: Final = (AgentState.EXITED, AgentState.REJECTED, AgentState.BLACKLISTED)
_LONGEST_NAME: Final = 200
_LONGEST_URL: Final = 2000
_LONGEST_KEY: Final = 300


@dataclass(frozen=True, slots=True)
class ShopForm:
    """`shop` is the platform's own id, or the address of an own site (`platform` "site")."""

    platform: str
    shop: str
    name: str
    url: str = ""

    def canonical(self) -> Shop:
        shop = canonical_shop(self.platform, self.shop)
        if not self.name.strip():
            raise Invalid("channel.field_missing", field="shop_name")
        for name, value, most in (
            ("shop_name", self.name, _LONGEST_NAME),
            ("shop_url", self.url, _LONGEST_URL),
            ("shop", shop.id, _LONGEST_KEY),
        ):
            if len(value.strip()) > most:
                raise Invalid("channel.field_too_long", field=name, most=most)
        if self.url and not self.url.strip().lower().startswith(("http://", "https://")):
            raise Invalid("channel.bad_shop_url", url=self.url)
        return shop


def add_shop(desk: Desk, agent_id: UUID | str, form: ShopForm) -> AuthorisedShop:
    """Name a shop of an agent. It sells nothing before a licence names it too."""
    shop = form.canonical()
    with desk.begin(Permission.LICENCE_EDIT) as work:
        agent = held(work, Agent, agent_id, None)
        if agent.state in _CLOSED:
            raise Conflict("channel.agent_not_admitted", agent_no=agent.agent_no, state=agent.state)
        must_be_platform(work, shop.platform)
        _must_be_free(work, agent, shop)
        row = work.add(
            AuthorisedShop(
                carrier_id=agent.carrier_id,
                agent_id=agent.id,
                platform=shop.platform,
                shop_key=shop.id,
                name=form.name.strip(),
                url=form.url.strip(),
                province=agent.province,
                created_at=work.at,
            )
        )
        work.record("shop.added", row, agent_no=agent.agent_no)
        return row


def must_be_platform(work: Work, code: str) -> None:
    if code == OWN_SITE:
        return
    known = work.session.exec(
        select(Organisation.id).where(
            Organisation.code == code, Organisation.kind == OrganisationKind.PLATFORM
        )
    ).first()
    if known is None:
        raise Invalid("channel.no_such_platform", platform=code)


def _must_be_free(work: Work, agent: Agent, shop: Shop) -> None:
    holder = work.session.exec(
        select(Agent)
        .join(AuthorisedShop, col(AuthorisedShop.agent_id) == col(Agent.id))
        .where(
            AuthorisedShop.carrier_id == agent.carrier_id,
            AuthorisedShop.platform == shop.platform,
            AuthorisedShop.shop_key == shop.id,
            col(AuthorisedShop.ended_at).is_(None),
        )
    ).first()
    if holder is not None:
        raise Conflict("channel.shop_taken", shop=shop.id, agent_no=holder.agent_no)


def end_shop(desk: Desk, shop_id: UUID | str, *, reason: str) -> AuthorisedShop:
    """Close a shop; its badge is revoked in the same transaction."""
    if not reason.strip():
        raise Invalid("channel.reason_needed")
    with desk.begin(Permission.LICENCE_EDIT) as work:
        shop = work.get(AuthorisedShop, shop_id)
        if not work.actor.is_house and shop.carrier_id not in work.actor.carriers:
            raise NotAllowed("channel.not_your_carrier", title=shop.title)
        if shop.ended_at is not None:
            raise Conflict("channel.shop_ended", shop=shop.shop_key)
        shop.ended_at = work.at
        work.record("shop.ended", shop, reason=reason.strip())
        revoke_badge_of(work, shop.id, reason.strip())
        return shop


def list_shops(  # noqa: PLR0913 - the filters of a list
    desk: Desk,
    *,
    platform: str | None = None,
    agent_id: UUID | None = None,
    live: bool = False,
    after: str | None = None,
    limit: int = PAGE,
) -> Slice[AuthorisedShop]:
    with desk.begin(Permission.SHOP_READ) as work:
        query = work.select(AuthorisedShop)
        if platform:
            query = query.where(AuthorisedShop.platform == platform)
        if agent_id:
            query = query.where(AuthorisedShop.agent_id == agent_id)
        if live:
            query = query.where(col(AuthorisedShop.ended_at).is_(None))
        return work.slice(query, Order.by(AuthorisedShop.id), after, limit)


def get_shop(desk: Desk, shop_id: UUID | str) -> AuthorisedShop:
    with desk.begin(Permission.SHOP_READ) as work:
        return work.get(AuthorisedShop, shop_id)
