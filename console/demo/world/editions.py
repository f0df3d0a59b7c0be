"""The published lists, month by month; the latest of each by the use case that people have."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from tempfile import TemporaryFile
from typing import Final

from console.actions.channel.keys import signer
from console.actions.channel.lines import Line, marks_of, published_lines, write_lines
from console.actions.channel.publish import jws, manifest_of, prepare_publication, publish
from console.demo.world.made import MONTH, MONTHS, Sheaf, World
from integrations.keys import Signer
from models.canonical import canonical
from models.channel.publications import Publication, PublicationState
from models.rules import Calendar, china_day, parameter
from models.staff import Organisation, OrganisationKind
from models.tokens import KeyRole

_STALE: Final = 7
"""Of so many resellers one has let its list grow old."""
_SIX_WEEKS: Final = timedelta(days=44)


def put_editions(world: World) -> None:
    by = signer(world.house.desk(), KeyRole.REGISTER)
    licensed = {one.carrier_id for one in world.agents}
    late: list[str] = []
    owners = [one for one in world.organisations.values() if _has_list(one)]
    with world.keeping("publications") as sheaf:
        for at, one in enumerate(owners):
            below = _below(world, one)
            if not licensed.intersection(carrier.id for carrier in below):
                continue
            lines = list(published_lines(world.house, [carrier.id for carrier in below]))
            is_late = one.kind is OrganisationKind.RESELLER and at % _STALE == 0 and bool(lines)
            _put_history(world, sheaf, by, one, lines, is_late=is_late)
            sheaf.breathe()
            if lines and not is_late:
                late.append(one.code)
    desk = world.house.desk()
    for at, code in enumerate(late, start=1):
        publish(desk, prepare_publication(desk, code).id)
        world.tell("lists", at)


def _has_list(one: Organisation) -> bool:
    """A group publishes for its companies; the office has a list of its own besides."""
    kinds = {OrganisationKind.BASIC_CARRIER_GROUP, OrganisationKind.RESELLER}
    return one.kind in kinds or one.code == "CT-44"


def _below(world: World, owner: Organisation) -> Sequence[Organisation]:
    return [one for one in world.organisations.values() if owner.id in {one.id, one.parent_id}]


def _put_history(  # noqa: PLR0913 - a list and how it came about
    world: World, sheaf: Sheaf, by: Signer, owner: Organisation, lines: Sequence[Line],
    *, is_late: bool,
) -> None:  # fmt: skip
    """What was out in each month: of what is licensed now, the part that was by then."""
    digest: str | None = None
    moments = [world.now - MONTH * back for back in range(MONTHS, 0, -1)]
    if is_late:
        moments = [at - _SIX_WEEKS for at in moments]
    for at in moments:
        day = china_day(at).isoformat()
        own = [line for line in lines if _since(line) <= day]
        if not own:
            continue
        is_out = is_late and at is moments[-1]
        edition = _edition(world, owner, own, digest, at)
        edition.state = PublicationState.PUBLISHED if is_out else PublicationState.SUPERSEDED
        counts = {"agents": len(own), "licences": len(own),
                  "shops": sum(len(line["shops"]) for line in own)}  # fmt: skip
        edition.signature = jws(by, canonical(manifest_of(edition, owner, counts, at)))
        digest = edition.sha256
        sheaf.put(Publication, **edition.model_dump())


def _since(line: Line) -> str:
    """An agent's number tells the year of its application; licences go on from year to year."""
    year = line["agent_no"].split("-")[2]
    return min(line["begins_on"], f"{year}-12-31")


def _edition(
    world: World, owner: Organisation, lines: Sequence[Line], before: str | None, at: datetime
) -> Publication:
    with TemporaryFile() as file:
        tally = write_lines(file, lines, marks_of(world.house, before))
        file.seek(0)
        digest = world.house.evidence.keep(file)
    due = parameter("list_publication", china_day(at)).deadline(at, Calendar())
    return Publication(
        id=world.id_at(at), number=f"P-{owner.code}-{china_day(at):%Y%m%d}-01",
        carrier_id=owner.id, province=owner.province, rows=tally.rows, added=tally.added,
        removed=tally.removed, changed=tally.changed, sha256=digest, prepared_by="channel",
        published_at=at, due_at=due.at, created_at=at - timedelta(hours=3),
    )  # fmt: skip
