"""Changes of a licence's scope: asked for by one, approved by another; the old scope holds (4.4).

A badge's token carries the last day, so an approved change of that day replaces every badge of
the licence; a change of shops touches those of the shops that come and go.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import date
from uuid import UUID

from sqlmodel import col, select

from console.actions.channel.announce import tell
from console.actions.channel.badges import (
    finish_badges,
    request_badges,
    request_missing,
    revoke_badge_of,
)
from console.actions.channel.held import held, must_be_another, must_say_why
from console.actions.channel.scopes import LicenceForm, must_be_sound, must_stand
from console.actions.deadlines import deadline
from console.desk import Desk, Work
from console.i18n import Language, spoken, t
from models.channel.agents import Agent
from models.channel.badges import Badge, BadgeMove
from models.channel.licences import Licence, LicenceState
from models.channel.log import LogKind
from models.channel.public import shop_number
from models.channel.shops import AuthorisedShop
from models.channel.versions import (
    SCOPE,
    Difference,
    LicenceVersion,
    Scope,
    VersionMove,
    VersionState,
    differences,
)
from models.permissions import Permission
from models.provinces import provinces
from models.refusals import Conflict, NotFound


def amend_scope(
    desk: Desk,
    licence_id: UUID | str,
    form: LicenceForm,
    reason: str,
    version: int | None = None,
) -> LicenceVersion:
    """Ask for another scope; the agreement's number is no part of it."""
    why = must_say_why(reason)
    must_be_sound(form)
    with desk.begin(Permission.LICENCE_EDIT) as work:
        licence = held(work, Licence, licence_id, version)
        _must_be_active(licence)
        agent = held(work, Agent, licence.agent_id, None)
        before = versions_of(work, licence)
        if any(one.state is VersionState.PENDING for one in before):
            raise Conflict("licence.amendment_pending", number=licence.number)
        asked = _asked(work, licence, form, 1 + max((one.number for one in before), default=1))
        must_stand(work, agent, asked, licence.number, with_papers=False)
        changed = differences(licence, asked)
        if not changed:
            raise Conflict("licence.nothing_changed", number=licence.number)
        if not before:  # one that was approved before versions were kept
            _keep_first(work, licence)
        due = deadline(work, "licence_approval")
        asked.reason, asked.due_at = why, due.at
        work.add(asked)
        licence.version += 1
        work.record(
            "licence.amendment_asked",
            licence,
            version=asked.number,
            reason=why,
            changed=[_as_fact(one) for one in changed],
            rule=due.version,
        )
        return asked


def _asked(work: Work, licence: Licence, form: LicenceForm, number: int) -> LicenceVersion:
    asked = LicenceVersion.of(licence, number, work.at)
    for name, value in form.columns().items():
        if name in SCOPE:
            setattr(asked, name, value)
    asked.asked_by = work.actor.id
    return asked


def _must_be_active(licence: Licence) -> None:
    if licence.state is not LicenceState.ACTIVE:
        raise Conflict("licence.not_active", number=licence.number, state=licence.state)


def _as_fact(one: Difference) -> dict[str, object]:
    return {
        name: value.isoformat() if isinstance(value, date) else value
        for name, value in asdict(one).items()
        if value
    }


def _keep_first(work: Work, licence: Licence) -> LicenceVersion:
    first = LicenceVersion.of(licence, licence.scope_version, licence.approved_at or work.at)
    first.state, first.asked_by = VersionState.IN_FORCE, licence.submitted_by
    first.decided_by, first.decided_at = licence.approved_by, licence.approved_at
    return work.add(first)


def approve_version(
    desk: Desk, version_id: UUID | str, version: int | None = None
) -> LicenceVersion:
    """Put a changed scope in force, with its badges, by another person than asked for it.

    `version` is that of the licence on the reader's screen.
    """
    with desk.begin(Permission.LICENCE_APPROVE) as work:
        asked = work.get(LicenceVersion, version_id)
        licence = held(work, Licence, asked.licence_id, version)
        asked.move(VersionMove.APPROVE)
        must_be_another(work, asked.asked_by, licence.title)
        _must_be_active(licence)
        agent = held(work, Agent, licence.agent_id, None)
        stand = must_stand(work, agent, asked, licence.number, with_papers=True)
        changed = differences(licence, asked)
        _supersede(work, licence, asked)
        for name in SCOPE:
            setattr(licence, name, getattr(asked, name))
        licence.scope_version, licence.papers = asked.number, stand.digests
        licence.version += 1
        asked.decided_by, asked.decided_at, asked.due_at = work.actor.id, work.at, None
        tell(
            work,
            LogKind.LICENCE_AMENDED,
            licence,
            version=asked.number,
            changed=[_as_fact(one) for one in changed],
        )
        _revoke_outdated(work, licence, changed)
        request_badges(work, licence, stand.shops)
        work.session.flush()
        request_missing(work, agent.id)  # a shop that left may stand in another licence
    finish_badges(desk)
    return asked


def _supersede(work: Work, licence: Licence, by: LicenceVersion) -> None:
    for one in versions_of(work, licence):
        if one.state is VersionState.IN_FORCE and one.number != by.number:
            one.move(VersionMove.NEWER)


def _revoke_outdated(work: Work, licence: Licence, changed: Sequence[Difference]) -> None:
    """Badges of shops that left; all of them where the last day is another."""
    parts = {one.field: one for one in changed}
    left = parts["shop_ids"].removed if "shop_ids" in parts else ()
    if "ends_on" in parts:
        licence.warned = 0
    own = work.session.exec(
        select(Badge).where(Badge.licence_id == licence.id).order_by(col(Badge.id))
    ).all()
    for badge in own:
        is_outdated = "ends_on" in parts or str(badge.shop_id) in left
        if is_outdated and BadgeMove.REVOKE in badge.open_moves():
            revoke_badge_of(work, badge.shop_id, f"{licence.number} v{licence.scope_version}")
    work.session.flush()


def return_version(
    desk: Desk, version_id: UUID | str, *, reason: str, version: int | None = None
) -> LicenceVersion:
    """Turn a change of scope down, with what is wrong; the old scope goes on."""
    why = must_say_why(reason)
    with desk.begin(Permission.LICENCE_APPROVE) as work:
        asked = work.get(LicenceVersion, version_id)
        licence = held(work, Licence, asked.licence_id, version)
        asked.move(VersionMove.RETURN)
        asked.reason = why
        asked.decided_by, asked.decided_at, asked.due_at = work.actor.id, work.at, None
        licence.version += 1
        work.record("licence.amendment_returned", licence, version=asked.number, reason=why)
        return asked


def withdraw_version(
    desk: Desk, version_id: UUID | str, version: int | None = None
) -> LicenceVersion:
    """Take back a change of scope that waits for approval."""
    with desk.begin(Permission.LICENCE_EDIT) as work:
        asked = work.get(LicenceVersion, version_id)
        licence = held(work, Licence, asked.licence_id, version)
        asked.move(VersionMove.WITHDRAW)
        asked.decided_by, asked.decided_at, asked.due_at = work.actor.id, work.at, None
        licence.version += 1
        work.record("licence.amendment_withdrawn", licence, version=asked.number)
        return asked


def versions_of(work: Work, licence: Licence) -> Sequence[LicenceVersion]:
    """Oldest first."""
    return work.session.exec(
        select(LicenceVersion)
        .where(LicenceVersion.licence_id == licence.id)
        .order_by(col(LicenceVersion.number))
    ).all()


def compare_versions(desk: Desk, licence_id: UUID | str, first: int, second: int) -> list[str]:
    """What the later of two versions has against the earlier, in the reader's words."""
    with desk.begin(Permission.LICENCE_READ) as work:
        licence = work.get(Licence, licence_id)
        known = {one.number: one for one in versions_of(work, licence)}
        if missing := {first, second} - set(known):
            raise NotFound("licence.no_such_version", number=licence.number, version=min(missing))
        return in_words(work, known[first], known[second])


def proposed_changes(desk: Desk, licence_id: UUID | str, form: LicenceForm) -> list[str]:
    """What a form would change of the scope in force, in the reader's words."""
    with desk.begin(Permission.LICENCE_READ) as work:
        licence = work.get(Licence, licence_id)
        return in_words(work, licence, _asked(work, licence, form, 0))


def in_words(work: Work, before: Scope, after: Scope) -> list[str]:
    """A line for each part of the scope that differs."""
    changed = differences(before, after)
    ids = {UUID(one) for part in changed if part.field == "shop_ids" for one in _ids(part)}
    shops = work.session.exec(select(AuthorisedShop).where(col(AuthorisedShop.id).in_(ids))).all()
    names = {
        str(one.id): f"{one.name}（{one.platform} {shop_number(one.shop_key)}）" for one in shops
    }
    return [line_of(part, names) for part in changed]


def _ids(part: Difference) -> tuple[str, ...]:
    return (*part.added, *part.removed)


def line_of(part: Difference, shops: Mapping[str, str]) -> str:
    """One part of a scope: what came, what went, or the day before and after."""
    name = t(f"field.{part.field}")
    if part.before is not None and part.after is not None:
        before, after = part.before.isoformat(), part.after.isoformat()
        return t("licence_diff.day", field=name, before=before, after=after)
    said = {
        key: t("licence_diff.between").join(_word(part.field, one, shops) for one in values)
        for key, values in (("added", part.added), ("removed", part.removed))
        if values
    }
    return t(f"licence_diff.{'_'.join(said)}", field=name, **said)


def _word(field: str, value: str, shops: Mapping[str, str]) -> str:
    match field:
        case "products":
            return t(f"product.{value}")
        case "provinces":
            place = provinces()[value]
            return place.zh if spoken.get() is Language.ZH else place.en
        case _:
            return shops.get(value, value)
