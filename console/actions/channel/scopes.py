"""Whether a scope may stand: everything against it at once, each ground with its rule (4.4)."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final
from uuid import UUID

from sqlmodel import col, select

from console.actions.channel.agents import check_now
from console.actions.channel.papers import papers_of
from console.desk import Work
from models.channel.agents import Agent, AgentState
from models.channel.in_order import Failing, LicenceRule, must_be_in_order
from models.channel.licences import Paper, Product
from models.channel.papers import AgentPaper, papers_on_file
from models.channel.shops import AuthorisedShop
from models.channel.versions import Scope
from models.provinces import provinces
from models.refusals import Invalid
from models.rules import china_day

MAY_BE_LICENSED: Final = (AgentState.ELIGIBLE, AgentState.ACTIVE)
_NEEDED: Final = ("products", "provinces", "shop_ids")


@dataclass(frozen=True, slots=True)
class LicenceForm:
    """The scope of a licence. Its papers are those that the agent has on file."""

    products: Sequence[Product]
    provinces: Sequence[str]
    shop_ids: Sequence[UUID]
    begins_on: date
    ends_on: date
    agreement_no: str = ""

    def columns(self) -> dict[str, object]:
        return {
            "products": [Product(one).value for one in dict.fromkeys(self.products)],
            "provinces": sorted(set(self.provinces)),
            "shop_ids": [str(one) for one in dict.fromkeys(self.shop_ids)],
            "begins_on": self.begins_on,
            "ends_on": self.ends_on,
            "agreement_no": self.agreement_no.strip(),
        }


@dataclass(frozen=True, slots=True)
class Stand:
    """What a scope rests on, once nothing is against it."""

    shops: Sequence[AuthorisedShop]
    papers: Mapping[Paper, AgentPaper]

    @property
    def digests(self) -> dict[str, str]:
        return {paper.value: self.papers[paper].sha256 for paper in Paper if paper in self.papers}


def must_be_sound(form: LicenceForm) -> None:
    if form.begins_on > form.ends_on:
        raise Invalid("channel.ends_before_it_begins")
    for code in form.provinces:
        if code not in provinces():
            raise Invalid("staff.bad_province", province=code)


def must_stand(work: Work, agent: Agent, scope: Scope, title: str, *, with_papers: bool) -> Stand:
    """The guards of 4.4 `submit` and `approve`; `title` is the licence's number."""
    stand = Stand(
        shops=shops_of_its_own(work, agent, scope),
        papers=papers_on_file(papers_of(work, agent), china_day(work.at)),
    )
    failing = [*_of_agent(work, agent), *_of_scope(work, agent, scope, title)]
    if len(stand.shops) < len(set(scope.shop_ids)):
        failing.append(Failing("channel.not_the_agents_shop", LicenceRule.SHOP, {"number": title}))
    missing = [paper for paper in Paper if paper not in stand.papers]
    if missing and with_papers:
        facts = {"number": title, "papers": missing}
        failing.append(Failing("channel.papers_missing", LicenceRule.AGREEMENT, facts))
    must_be_in_order(title, failing)
    return stand


def _of_agent(work: Work, agent: Agent) -> Iterator[Failing]:
    if agent.state not in MAY_BE_LICENSED:
        facts = {"agent_no": agent.agent_no, "state": agent.state}
        yield Failing("channel.agent_not_admitted", LicenceRule.CONDITIONS, facts)
    if found := check_now(work, agent):
        facts = {"agent_no": agent.agent_no, "reasons": found}
        yield Failing("channel.not_in_order", LicenceRule.BUSINESS_LICENCE, facts)


def _of_scope(work: Work, agent: Agent, scope: Scope, title: str) -> Iterator[Failing]:
    empty = [name for name in _NEEDED if not getattr(scope, name)]
    if empty:
        yield Failing(
            "channel.scope_incomplete", LicenceRule.SCOPE, {"number": title, "field": empty}
        )
    until = agent.business_licence_until
    if until is not None and scope.ends_on > until:
        facts = {"number": title, "until": until.isoformat()}
        yield Failing("channel.beyond_business_licence", LicenceRule.BUSINESS_LICENCE, facts)
    if scope.ends_on < china_day(work.at):
        yield Failing("channel.licence_over", LicenceRule.DELEGATION, {"number": title})


def shops_of_its_own(work: Work, agent: Agent, scope: Scope) -> Sequence[AuthorisedShop]:
    """The live shops of the agent that a scope names."""
    return work.session.exec(
        select(AuthorisedShop).where(
            col(AuthorisedShop.id).in_({UUID(one) for one in scope.shop_ids}),
            AuthorisedShop.agent_id == agent.id,
            col(AuthorisedShop.ended_at).is_(None),
        )
    ).all()
