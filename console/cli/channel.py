"""`channel agent`, `channel licence` and `channel publish`."""

from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Annotated
from uuid import UUID

import typer

from console.actions.channel.agents import AgentRecord, agent_numbered, agent_record, list_agents
from console.actions.channel.editions import waiting_edition
from console.actions.channel.golden import register_folder, write_register
from console.actions.channel.licences import (
    LicenceForm,
    approve_licence,
    grant_licence,
    licence_numbered,
    licence_record,
    revoke_licence,
    submit_licence,
    suspend_licence,
)
from console.actions.channel.publish import prepare_publication, publish
from console.actions.channel.renewals import renew_licence
from console.actions.channel.versions import amend_scope, approve_version
from console.actions.staff.people import list_organisations
from console.cli.base import desk, say, show
from console.desk import Desk
from console.i18n import t
from models.channel.agents import AgentState
from models.channel.licences import Licence, LicenceState, Product
from models.refusals import Invalid
from models.rules import china_day
from models.staff import CARRIERS
from models.tokens import canonical_shop

agent = typer.Typer(help="Online agents.", no_args_is_help=True)
licence = typer.Typer(help="Licences of agents.", no_args_is_help=True)


@agent.command("list")
def agent_list(
    q: Annotated[str, typer.Argument(help="Words in name, number or code.")] = "",
    state: Annotated[AgentState | None, typer.Option()] = None,
    province: Annotated[str | None, typer.Option(help="GB/T 2260, two digits.")] = None,
    most: Annotated[int, typer.Option(help="Rows to print.")] = 200,
) -> None:
    """Agents, the newest first."""
    own, after, rows = desk(), None, list[dict[str, object]]()
    while len(rows) < most:
        part = list_agents(own, q, state=state, province=province, after=after)
        rows += [
            {
                "agent_no": row.agent_no,
                "name": row.name,
                "uscc": row.uscc,
                "state": row.state,
                "due": row.review_due_at,
            }
            for row in part.rows
        ]
        after = part.next
        if after is None:
            break
    show(rows[:most])


@licence.command("grant")
def licence_grant(
    agent_no: str,
    ends: Annotated[str, typer.Option(help="The last day, as 2027-02-28.")],
    product: Annotated[list[Product], typer.Option(help="May be given several times.")],
    province: Annotated[list[str], typer.Option(help="GB/T 2260; several times.")],
    begins: Annotated[str | None, typer.Option(help="The first day; else today.")] = None,
    shop: Annotated[
        list[str] | None, typer.Option(help="PLATFORM:ID of its shops; else all of them.")
    ] = None,
    agreement: Annotated[str, typer.Option(help="Number of the agreement.")] = "",
) -> None:
    """Draft a licence and hand it in; another person approves it."""
    own = desk()
    record = agent_record(own, agent_numbered(own, agent_no).id)
    shops = _shops_of(record, shop or [])
    form = LicenceForm(
        products=product,
        provinces=province,
        shop_ids=shops,
        begins_on=_day(begins) if begins else china_day(own.now()),
        ends_on=_day(ends),
        agreement_no=agreement,
    )
    row = grant_licence(own, record.agent.id, form)
    say("channel_cli.drafted", number=row.number)


@licence.command("amend")
def licence_amend(
    number: str,
    reason: Annotated[str, typer.Option(help="Why the scope is to change.")],
    ends: Annotated[str | None, typer.Option(help="The last day; else as it is.")] = None,
    product: Annotated[list[Product] | None, typer.Option(help="All of them; else as now.")] = None,
    province: Annotated[list[str] | None, typer.Option(help="All of them; else as now.")] = None,
    shop: Annotated[
        list[str] | None, typer.Option(help="PLATFORM:ID, all of them; else as now.")
    ] = None,
) -> None:
    """Ask for another scope; the one in force holds until another person approves it."""
    own = desk()
    row = licence_numbered(own, number)
    ids = [UUID(one) for one in row.shop_ids]
    if shop:
        ids = _shops_of(agent_record(own, row.agent_id), shop)
    form = LicenceForm(
        products=product or [Product(one) for one in row.products],
        provinces=province or row.provinces,
        shop_ids=ids,
        begins_on=row.begins_on,
        ends_on=_day(ends) if ends else row.ends_on,
    )
    asked = amend_scope(own, row.id, form, reason)
    say("licence_cli.amended", number=row.number, version=asked.number)


@licence.command("renew")
def licence_renew(
    number: str,
    ends: Annotated[str | None, typer.Option(help="The last day; else as long as before.")] = None,
) -> None:
    """Draft a licence that follows on and hand it in; another person approves it."""
    own = desk()
    last = _day(ends) if ends else None
    new = renew_licence(own, licence_numbered(own, number).id, ends_on=last)
    say("licence_cli.drafted", number=new.number)
    say("channel_cli.drafted", number=submit_licence(own, new.id).number)


def _shops_of(record: AgentRecord, named: Sequence[str]) -> list[UUID]:
    """The live shops that are named as PLATFORM:ID; all of them where none is."""
    wanted = {_shop_key(one) for one in named}
    live = {(one.platform, one.shop_key): one.id for one in record.shops if one.ended_at is None}
    if unknown := wanted - set(live):
        raise Invalid("licence_cli.no_such_shop", shop=":".join(min(unknown)))
    return [shop_id for key, shop_id in live.items() if not wanted or key in wanted]


def _shop_key(text: str) -> tuple[str, str]:
    platform, _, number = text.partition(":")
    one = canonical_shop(platform, number)
    return one.platform, one.id


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise Invalid("channel_cli.not_a_day", value=text) from None


@licence.command("approve")
def licence_approve(number: str) -> None:
    """Put a licence in force, or the change of scope that waits; its shops get their badges."""
    own = desk()
    record = licence_record(own, licence_numbered(own, number).id)
    if record.pending is None:
        _tell(approve_licence(own, record.licence.id))
        return
    asked = approve_version(own, record.pending.id)
    say("licence_cli.version_approved", number=record.licence.number, version=asked.number)


@licence.command("suspend")
def licence_suspend(
    number: str,
    reason: Annotated[str, typer.Option()],
    remedy: Annotated[str, typer.Option(help="Where to appeal, and with which papers.")],
) -> None:
    """Stop a licence and its badges."""
    own = desk()
    _tell(suspend_licence(own, licence_numbered(own, number).id, reason=reason, remedy=remedy))


@licence.command("revoke")
def licence_revoke(
    number: str,
    reason: Annotated[str, typer.Option()],
    remedy: Annotated[str, typer.Option(help="Where to appeal, and with which papers.")],
) -> None:
    """Cancel a delegation: the first of two approvers asks, the second does it."""
    own = desk()
    row = revoke_licence(own, licence_numbered(own, number).id, reason=reason, remedy=remedy)
    if row.state is LicenceState.REVOKED:
        _tell(row)
    else:
        say("channel_cli.asked", title=row.number)


def _tell(row: Licence) -> None:
    say("channel_cli.moved", title=row.number, state=t(f"licence_state.{row.state}"))


def publish_register(
    folder: Annotated[Path | None, typer.Argument(help="Else the server's own folder.")] = None,
    carrier: Annotated[str | None, typer.Option(help="A carrier's code; else all.")] = None,
) -> None:
    """Publish the lists anew and write the signed register files.

    A person publishes what another has prepared, or else prepares for another to publish.
    """
    own = desk()
    for code in [carrier] if carrier else _carriers(own):
        edition = waiting_edition(own, code) or prepare_publication(own, code)
        if own.actor.is_house or edition.preparer_id != own.actor.id:
            edition = publish(own, edition.id)
            say("channel_cli.published", number=edition.number, rows=edition.rows)
        else:
            say("channel_cli.prepared", number=edition.number, rows=edition.rows)
    written = write_register(own, folder or register_folder(own.house))
    say("channel_cli.written", folder=written.manifest.parent, rows=written.rows)


def _carriers(own: Desk) -> list[str]:
    """The actor's own carrier; for the house every one that is below no other."""
    found = [row for row in list_organisations(own) if row.kind in CARRIERS]
    mine = [row.code for row in found if row.id == own.actor.organisation_id]
    every = [row.code for row in found if row.parent_id is None]
    chosen = every if own.actor.is_house else mine
    if not chosen:
        raise Invalid("channel_cli.nothing_to_publish")
    return chosen
