"""What may be done with a licence, each move with its form and what it will bring about."""

from console.actions.channel.licences import (
    LicenceRecord,
    approve_licence,
    edit_licence,
    resume_licence,
    return_licence,
    revoke_licence,
    submit_licence,
    suspend_licence,
    terminate_licence,
    withdraw_revocation,
)
from console.actions.channel.renewals import renew_licence, renewable_from
from console.actions.channel.shops import list_shops
from console.actions.channel.versions import (
    amend_scope,
    approve_version,
    return_version,
    withdraw_version,
)
from console.desk import LONGEST_PAGE, Desk
from console.i18n import t
from console.pages.channel_forms import ending_fields, two_texts, unpacked
from console.pages.channel_words import move_of
from console.pages.kit import After, Next
from console.pages.licence_forms import amend_fields, licence_fields, licence_form
from models.channel.licences import LicenceMove, LicenceState
from models.channel.shops import AuthorisedShop
from models.permissions import Permission
from models.rules import china_day

P, M = Permission, LicenceMove


def licence_moves(desk: Desk, record: LicenceRecord) -> list[Next]:
    return [
        *_drafting(desk, record),
        *_deciding(desk, record),
        *_new_versions(desk, record),
        *_going_on(desk, record),
        *_measures(desk, record),
        *_ending(desk, record),
    ]


def _live_shops(desk: Desk, record: LicenceRecord) -> list[AuthorisedShop]:
    agent_id = record.licence.agent_id
    return list(list_shops(desk, agent_id=agent_id, live=True, limit=LONGEST_PAGE).rows)


def _new_versions(desk: Desk, record: LicenceRecord) -> list[Next]:
    """What becomes of a change of scope that waits."""
    licence, pending = record.licence, record.pending
    version, active = licence.version, licence.state is LicenceState.ACTIVE
    is_mine = pending is not None and pending.asked_by == desk.actor.id

    def decide(words: str, *, is_approved: bool = True) -> None:
        assert pending is not None  # noqa: S101 - the moves are open only then
        if is_approved:
            approve_version(desk, pending.id, version)
        else:
            return_version(desk, pending.id, reason=words, version=version)

    return [
        move_of(
            "licence_page.approve_version",
            decide,
            P.LICENCE_APPROVE,
            "check_circle",
            when=pending is not None and active and not is_mine,
            main=True,
        ),
        move_of(
            "licence_page.return_version",
            lambda why: decide(why, is_approved=False),
            P.LICENCE_APPROVE,
            "undo",
            when=pending is not None,
            reason=True,
        ),
        move_of(
            "licence_page.withdraw_version",
            lambda _: withdraw_version(desk, pending.id, version) if pending else None,
            P.LICENCE_EDIT,
            "backspace",
            when=pending is not None,
        ),
    ]


def _going_on(desk: Desk, record: LicenceRecord) -> list[Next]:
    """Another scope, or another period."""
    licence, version = record.licence, record.licence.version
    today = china_day(desk.now())
    since = renewable_from(licence, today)

    def amend(words: str) -> None:
        reason = unpacked(words)["reason"]
        amend_scope(desk, licence.id, licence_form(words), reason, version)

    return [
        move_of(
            "licence_page.amend",
            amend,
            P.LICENCE_EDIT,
            "edit_note",
            when=licence.state is LicenceState.ACTIVE and record.pending is None,
            ask=lambda key: amend_fields(desk, key, _live_shops(desk, record), licence),
        ),
        move_of(
            "licence_page.renew",
            lambda _: renew_licence(desk, licence.id, version=version),
            P.LICENCE_EDIT,
            "autorenew",
            when=since is not None and since <= today and not record.renewals,
            main=licence.state is LicenceState.EXPIRED,
        ),
    ]


def _drafting(desk: Desk, record: LicenceRecord) -> list[Next]:
    licence = record.licence

    def fields(key: str) -> str:
        return licence_fields(desk, key, _live_shops(desk, record), licence)

    return [
        move_of(
            "licences_page.submit",
            lambda _: submit_licence(desk, licence.id, licence.version),
            P.LICENCE_EDIT,
            "send",
            when=M.SUBMIT in licence.open_moves(),
            main=True,
        ),
        move_of(
            "licences_page.edit",
            lambda words: edit_licence(desk, licence.id, licence_form(words), licence.version),
            P.LICENCE_EDIT,
            "edit",
            when=licence.state is LicenceState.DRAFT,
            ask=fields,
        ),
    ]


def _deciding(desk: Desk, record: LicenceRecord) -> list[Next]:
    licence = record.licence
    is_open = M.APPROVE in licence.open_moves() and licence.submitted_by != desk.actor.id
    return [
        move_of(
            "licences_page.approve",
            lambda _: approve_licence(desk, licence.id, licence.version),
            P.LICENCE_APPROVE,
            "check_circle",
            when=is_open,
            main=True,
        ),
        move_of(
            "licences_page.return",
            lambda why: return_licence(desk, licence.id, reason=why, version=licence.version),
            P.LICENCE_APPROVE,
            "undo",
            when=M.RETURN in licence.open_moves(),
            reason=True,
        ),
        move_of(
            "licences_page.resume",
            lambda why: resume_licence(desk, licence.id, proof=why, version=licence.version),
            P.LICENCE_APPROVE,
            "play_circle",
            when=M.RESUME in licence.open_moves(),
            reason=True,
        ),
    ]


def _measures(desk: Desk, record: LicenceRecord) -> list[Next]:
    licence, moves = record.licence, record.licence.open_moves()
    asked_by = licence.revocation_asked_by

    def explained(words: str) -> dict[str, str]:
        why = unpacked(words)
        return {"reason": why["one"], "remedy": why["two"]}

    def suspend(words: str) -> None:
        suspend_licence(desk, licence.id, **explained(words), version=licence.version)

    def revoke(words: str) -> After | None:
        revoke_licence(desk, licence.id, **explained(words), version=licence.version)
        if asked_by is not None:
            return None
        return After(t("console.done"), undo=lambda now: withdraw_revocation(now, licence.id))

    def why_and_remedy(key: str) -> str:
        return two_texts(key, t("console.reason"), t("agents_page.remedy"))

    return [
        move_of(
            "licences_page.suspend",
            suspend,
            P.LICENCE_EDIT,
            "pause_circle",
            when=M.SUSPEND in moves,
            ask=why_and_remedy,
        ),
        move_of(
            "licences_page.revoke" if asked_by is None else "licences_page.revoke_second",
            revoke,
            P.LICENCE_REVOKE,
            "cancel",
            when=M.REVOKE in moves and asked_by != desk.actor.id,
            ask=why_and_remedy,
        ),
        move_of(
            "licences_page.withdraw",
            lambda _: withdraw_revocation(desk, licence.id),
            P.LICENCE_REVOKE,
            "backspace",
            when=asked_by is not None and M.REVOKE in moves,
        ),
    ]


def _ending(desk: Desk, record: LicenceRecord) -> list[Next]:
    licence = record.licence

    def terminate(words: str) -> None:
        terminate_licence(desk, licence.id, **unpacked(words), version=licence.version)

    return [
        move_of(
            "licences_page.terminate",
            terminate,
            P.LICENCE_APPROVE,
            "logout",
            when=M.TERMINATE in licence.open_moves(),
            ask=lambda key: ending_fields(key, {"is_handed_back": t("licences_page.handed_back")}),
        ),
    ]
