"""What platforms are told of a licence: in the transaction that changes it, then pushed (3.3-f).

Their officers see it at once in their own list. A platform with a mailbox has it posted too, as
its notices are, until its server has taken it; the telling's number makes a second post harmless.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from sqlmodel import col, select

from console.actions.audit import history
from console.actions.cases.notices.mailbox_keys import push_of
from console.actions.cases.notices.ways import pause_after
from console.actions.deadlines import deadline
from console.desk import PAGE, Desk, Order, Slice, Work
from console.i18n import Language, texts
from integrations.marketplaces.base import SourceError, Unreachable
from integrations.notices import LicenceLetter, Push
from models.audit import AuditEntry
from models.cases.notices import Mailbox
from models.channel.agents import Agent
from models.channel.licences import Licence
from models.channel.public import shop_number
from models.channel.shops import AuthorisedShop
from models.channel.tellings import Telling, TellingEvent, TellingState
from models.channel.versions import LicenceVersion, VersionState
from models.permissions import Permission
from models.refusals import Conflict, NotAllowed
from models.staff import Organisation, OrganisationKind
from models.tokens import OWN_SITE

_ACKNOWLEDGE_PATH: Final = "/api/v1/tellings/{id}/acknowledge"
_LONGEST_WORDS: Final = 1000
_IN_FORCE_ONCE: Final = (VersionState.IN_FORCE, VersionState.SUPERSEDED)
_BATCH: Final = 200


@dataclass(frozen=True, slots=True)
class TellingRecord:
    telling: Telling
    licence: Licence
    agent: Agent
    sender: Organisation
    deeds: Sequence[AuditEntry]


@dataclass(frozen=True, slots=True)
class _Parcel:
    """A telling on its way: all that a push needs, so that no transaction stays open."""

    id: UUID
    letter: LicenceLetter
    push: Push


def tell_platforms(work: Work, licence: Licence, event: TellingEvent, reason: str) -> None:
    """A telling for each platform where the agent has, or had, a shop under this licence."""
    due = deadline(work, "revocation_notice")
    for platform, shops in _shops_by_platform(work, licence).items():
        telling = work.add(
            Telling(
                licence_id=licence.id,
                carrier_id=licence.carrier_id,
                province=licence.province,
                platform=platform,
                event=event,
                shops=shops,
                reason=reason,
                at=work.at,
                due_at=due.at,
                rule_version=due.version,
                next_push_at=work.at if _has_mailbox(work, platform) else None,
            )
        )
        work.record(
            "telling.made", telling, licence=licence.number, event=event.value, rule=due.version
        )


def _shops_by_platform(work: Work, licence: Licence) -> dict[str, list[str]]:
    """Of every scope that was ever in force, ended shops too; a site of its own is no platform."""
    versions = work.session.exec(
        select(LicenceVersion).where(
            LicenceVersion.licence_id == licence.id,
            col(LicenceVersion.state).in_(_IN_FORCE_ONCE),
        )
    ).all()
    named = {UUID(one) for scope in (licence, *versions) for one in scope.shop_ids}
    found: dict[str, list[str]] = {}
    for shop in work.session.exec(
        select(AuthorisedShop)
        .where(col(AuthorisedShop.id).in_(named), AuthorisedShop.platform != OWN_SITE)
        .order_by(col(AuthorisedShop.platform), col(AuthorisedShop.shop_key))
    ):
        found.setdefault(shop.platform, []).append(shop_number(shop.shop_key))
    return found


def list_tellings(  # noqa: PLR0913 - the filters of a list
    desk: Desk,
    *,
    state: TellingState | None = None,
    event: TellingEvent | None = None,
    platform: str | None = None,
    after: str | None = None,
    limit: int = PAGE,
) -> Slice[Telling]:
    """Tellings that the actor may know of, the newest first."""
    with desk.begin(Permission.LICENCE_READ) as work:
        query = work.select(Telling)
        if state is TellingState.ACKNOWLEDGED:
            query = query.where(col(Telling.acknowledged_at).is_not(None))
        elif state is not None:
            query = query.where(col(Telling.acknowledged_at).is_(None))
        if state is TellingState.OVERDUE:
            query = query.where(col(Telling.due_at) <= work.at)
        if event is not None:
            query = query.where(Telling.event == event)
        if platform:
            query = query.where(Telling.platform == platform)
        return work.slice(query, Order.by(Telling.id), after, limit)


def licence_numbers_of(desk: Desk, tellings: Sequence[Telling]) -> dict[UUID, str]:
    """The number of each telling's licence: what the platform was told of it, it knows."""
    ids = {one.licence_id for one in tellings}
    with desk.begin(Permission.LICENCE_READ) as work:
        query = select(Licence.id, Licence.number).where(col(Licence.id).in_(ids))
        return dict(work.session.exec(query).all())


def telling_record(desk: Desk, telling_id: UUID | str) -> TellingRecord:
    with desk.begin(Permission.LICENCE_READ) as work:
        telling = work.get(Telling, telling_id)
        # What a platform was told of it knows, whether or not its shop is still there.
        licence = work.session.get_one(Licence, telling.licence_id)
        return TellingRecord(
            telling=telling,
            licence=licence,
            agent=work.session.get_one(Agent, licence.agent_id),
            sender=work.session.get_one(Organisation, telling.carrier_id),
            deeds=history(work, telling),
        )


def acknowledge_telling(desk: Desk, telling_id: UUID | str) -> Telling:
    """The platform has taken note; its own officers alone say so."""
    with desk.begin(Permission.CASE_ANSWER) as work:
        telling = work.get(Telling, telling_id)
        if telling.platform != work.actor.platform:
            raise NotAllowed("telling.platform_only", platform=telling.platform)
        if telling.acknowledged_at is not None:
            raise Conflict("telling.acknowledged", by=telling.acknowledged_by)
        telling.acknowledged_at, telling.acknowledged_by = work.at, work.actor.name
        telling.next_push_at = None
        late = telling.acknowledged_at >= telling.due_at
        work.record("telling.acknowledged", telling, is_late=late, rule=telling.rule_version)
        return telling


# By machine


def waiting_tellings(desk: Desk) -> Sequence[UUID]:
    """Tellings whose next push has come."""
    with desk.begin(Permission.LICENCE_READ) as work:
        return work.session.exec(
            select(Telling.id)
            .where(Telling.seen_by(work.actor), col(Telling.next_push_at) <= work.at)
            .order_by(col(Telling.next_push_at))
            .limit(_BATCH)
        ).all()


def advance_telling(desk: Desk, telling_id: UUID) -> bool:
    """One push of a telling that waits. Never more to do at once: the next has its own time."""
    with desk.begin(Permission.SWEEP) as work:
        telling = work.get(Telling, telling_id)
        if telling.next_push_at is None:
            return False
        parcel = _parcel(desk, work, telling)
        if parcel is None:
            telling.next_push_at = None
            work.no_deed()
    if parcel is not None:
        _pushed(desk, parcel)
    return False


def push_again(desk: Desk, telling_id: UUID | str) -> Telling:
    """Push anew what the platform's server did not take: a person has looked at its words."""
    with desk.begin(Permission.LICENCE_EDIT) as work:
        telling = work.get(Telling, telling_id)
        if telling.pushed_at is not None or telling.acknowledged_at is not None:
            raise Conflict("telling.taken", platform=telling.platform)
        if not _has_mailbox(work, telling.platform):
            raise Conflict("telling.no_mailbox", platform=telling.platform)
        telling.next_push_at = work.at
        work.record("telling.pushed_again", telling, tries=telling.tries)
        return telling


def _has_mailbox(work: Work, platform: str) -> bool:
    return _mailbox(work, platform) is not None


def _mailbox(work: Work, platform: str) -> Mailbox | None:
    of = select(Organisation.id).where(
        Organisation.code == platform, Organisation.kind == OrganisationKind.PLATFORM
    )
    return work.session.exec(select(Mailbox).where(col(Mailbox.organisation_id).in_(of))).first()


def _parcel(desk: Desk, work: Work, telling: Telling) -> _Parcel | None:
    """None: the platform has taken its mailbox away, and reads in the console again."""
    box = _mailbox(work, telling.platform)
    if box is None:
        return None
    return _Parcel(telling.id, _letter(desk, work, telling), push_of(desk, box))


def _letter(desk: Desk, work: Work, telling: Telling) -> LicenceLetter:
    licence = work.session.get_one(Licence, telling.licence_id)
    agent = work.session.get_one(Agent, licence.agent_id)
    words, path = texts(Language.ZH), _ACKNOWLEDGE_PATH.format(id=telling.id)
    sender = work.session.get_one(Organisation, telling.carrier_id).name
    event = words[f"telling_event.{telling.event}"]
    facts = {"licence": licence.number, "agent": agent.name, "agent_no": agent.agent_no}
    facts |= {"event": event, "sender": sender, "reason": telling.reason}
    return LicenceLetter(
        number=telling.number,
        sender=sender,
        platform=telling.platform,
        subject=words["telling_words.subject"].format(**facts),
        body=words["telling_words.body"].format(**facts, shops="、".join(telling.shops)),
        event=telling.event.value,
        licence_no=licence.number,
        agent_no=agent.agent_no,
        agent=agent.name,
        shops=tuple(telling.shops),
        at=telling.at.isoformat(),
        acknowledge_by=telling.due_at.isoformat(),
        acknowledge_to=desk.house.settings.public_url.rstrip("/") + path,
    )


def _pushed(desk: Desk, parcel: _Parcel) -> None:
    """Push with no transaction open, then keep what came of it."""
    try:
        receipt = parcel.push.deliver(parcel.letter)
    except SourceError as no:
        _settled(desk, parcel.id, no)
    else:
        _settled(desk, parcel.id, receipt)


def _settled(desk: Desk, telling_id: UUID, answer: str | SourceError) -> None:
    """`answer` is the platform's receipt, or why there is none."""
    with desk.begin(Permission.SWEEP) as work:
        telling = work.get(Telling, telling_id)
        if telling.next_push_at is None:
            return  # acknowledged, or taken by another push meanwhile
        if isinstance(answer, SourceError):
            _not_taken(work, telling, answer)
            return
        telling.pushed_at, telling.next_push_at, telling.last_words = work.at, None, ""
        work.record("telling.pushed", telling, receipt=answer)


def _not_taken(work: Work, telling: Telling, no: SourceError) -> None:
    telling.tries += 1
    telling.last_words = str(no.reason.facts.get("words") or no.reason)[:_LONGEST_WORDS]
    is_away = isinstance(no, Unreachable)
    telling.next_push_at = work.at + pause_after(telling.tries) if is_away else None
    deed = "telling.not_reached" if is_away else "telling.turned_down"
    work.record(deed, telling, words=telling.last_words, tries=telling.tries)
