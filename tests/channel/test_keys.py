"""Keys of the channel: told of, rotated, lost, and what becomes of what they signed."""

from base64 import urlsafe_b64decode
from datetime import timedelta
from pathlib import Path

import pytest
from sqlmodel import col, select

from console.actions.channel.badges import finish_badges, list_badges
from console.actions.channel.keys import (
    announce_keys,
    keys_that_end,
    list_keys,
    revoke_key,
    rotate_key,
    signer,
)
from console.actions.channel.licences import resume_licence, suspend_licence
from console.actions.channel.losses import reissue_after_loss, sweep_losses
from console.actions.channel.publish import get_publication, prepare_publication, publish
from console.actions.channel.status_lists import status_list
from console.actions.channel.waiting import CHANNEL_SOURCES
from console.desk import House
from models.channel.badges import BadgeState
from models.channel.issuing import KeyState, SigningKey
from models.channel.log import LogCheckpoint, LogEntry, LogKind
from models.permissions import Permission
from models.refusals import Conflict, Invalid, NotAllowed, NotFound
from models.tokens import STATUS_LIST_TYPE, KeyRole, KeySet, StatusList
from tests.channel.stories import deeds, licensed
from tests.conftest import Clock, Desks


def told(house: House, kind: LogKind) -> list[LogEntry]:
    with house.desk().begin(Permission.LOG_READ) as work:
        return list(work.session.exec(select(LogEntry).where(LogEntry.kind == kind)).all())


def states(desks: Desks) -> list[BadgeState]:
    return sorted(badge.state for badge in list_badges(desks.manager).rows)


def witnessed(house: House, upto: int, clock: Clock) -> None:
    """A log head over the first entries that a witness signed just now."""
    with house.desk().begin(Permission.SWEEP) as work:
        for entry in work.session.exec(select(LogEntry).order_by(col(LogEntry.seq))).all():
            entry.leaf = (entry.seq or 0) - 1
        row = LogCheckpoint(size=upto, root=bytes(32), note="note", at=clock(), cosigned_at=clock())
        work.session.add(row)
        work.no_deed()


def test_a_key_is_told_of_once_when_it_first_signs(desks: Desks, house: House) -> None:
    licensed(desks)
    (entry,) = told(house, LogKind.KEY_MADE)
    (key,) = [one.key for one in list_keys(desks.security) if one.key.role is KeyRole.BADGE]
    assert key.kid in entry.body.decode()
    assert announce_keys(desks.house) == 0
    assert list_badges(desks.manager).rows[0].kid == key.kid


def test_a_key_that_others_made_is_told_of_by_the_sweep(desks: Desks, house: House) -> None:
    house.keys.ensure(KeyRole.LOG, house.now())
    house.keys.rotate(KeyRole.BADGE, house.now())
    assert announce_keys(desks.house) == 2
    assert len(told(house, LogKind.KEY_MADE)) == 2
    made = house.keys.public_keys(KeyRole.BADGE)[0]
    house.keys.revoke(made.kid, house.now())
    assert announce_keys(desks.house) == 1
    assert len(told(house, LogKind.KEY_REVOKED)) == 1


def test_a_rotated_key_signs_from_then_on_and_the_old_one_vouches(
    desks: Desks, house: House, clock: Clock
) -> None:
    licensed(desks, 1, ("1001",))
    old = signer(desks.house, KeyRole.BADGE).kid.hex()
    clock.pass_(days=1)
    new = rotate_key(desks.security, KeyRole.BADGE)
    licensed(desks, 2, ("2001",))
    by_shop = {badge.kid for badge in list_badges(desks.manager).rows}
    assert by_shop == {old, new.kid}
    found = {one.key.kid: one.state for one in list_keys(desks.security)}
    assert (found[old], found[new.kid]) == (KeyState.PUBLISHED, KeyState.SIGNING)
    assert {key.kid.hex() for key in house.keys.public_keys(KeyRole.BADGE)} == {old, new.kid}


def test_a_key_whose_end_is_near_waits_for_the_security_administrator(
    desks: Desks, clock: Clock
) -> None:
    signer(desks.house, KeyRole.BADGE)
    assert not keys_that_end(desks.security)
    clock.pass_(days=340)
    kinds = [item.kind for source in CHANNEL_SOURCES for item in source(desks.security)]
    assert kinds == ["signing_key_ends"]
    rotate_key(desks.security, KeyRole.BADGE)
    assert not keys_that_end(desks.security)


def test_keys_are_changed_by_who_may(desks: Desks) -> None:
    kid = signer(desks.house, KeyRole.BADGE).kid.hex()
    now = desks.house.now()
    for desk in (desks.manager, desks.approver, desks.admin, desks.auditor, desks.platform):
        with pytest.raises(NotAllowed):
            rotate_key(desk, KeyRole.BADGE)
        with pytest.raises(NotAllowed):
            revoke_key(desk, kid, since=now, reason="查出外泄")
    assert len(list_keys(desks.auditor)) == 1


def test_a_loss_is_declared_once_with_a_reason_and_not_for_tomorrow(desks: Desks) -> None:
    kid = signer(desks.house, KeyRole.BADGE).kid.hex()
    now = desks.house.now()
    with pytest.raises(Invalid):
        revoke_key(desks.security, kid, since=now, reason=" ")
    with pytest.raises(Invalid):
        revoke_key(desks.security, kid, since=now + timedelta(seconds=1), reason="外泄")
    with pytest.raises(NotFound):
        revoke_key(desks.security, "ffff", since=now, reason="外泄")
    revoke_key(desks.security, kid, since=now, reason="外泄")
    with pytest.raises(Conflict):
        revoke_key(desks.security, kid, since=now, reason="外泄")
    earlier = revoke_key(desks.security, kid, since=now - timedelta(days=1), reason="更早")
    assert earlier.revoked_at == now - timedelta(days=1)


@pytest.mark.requirement("004-3.1-e")
def test_after_a_loss_every_badge_that_no_witness_saw_before_is_replaced(
    desks: Desks, house: House, clock: Clock
) -> None:
    licensed(desks, 1, ("1001", "1002"))
    (issued, _) = told(house, LogKind.BADGE_ISSUED)
    clock.pass_(minutes=1)
    witnessed(house, issued.seq or 0, clock)
    clock.pass_(minutes=1)
    lost = signer(desks.house, KeyRole.BADGE).kid.hex()
    revoke_key(desks.security, lost, since=clock(), reason="服务器失窃")

    clock.pass_(seconds=5)
    assert sweep_losses(desks.house) == 1
    assert sweep_losses(desks.house) == 0
    assert states(desks) == [BadgeState.ISSUED, BadgeState.ISSUED, BadgeState.REPLACED]
    rows = list_badges(desks.manager).rows
    (old,) = [one for one in rows if one.state is BadgeState.REPLACED]
    (new,) = [one for one in rows if one.kid != lost]
    (kept,) = [one for one in rows if one.badge_id == issued.badge_id]
    assert new.replaces_id == old.id
    assert (kept.state, kept.kid) == (BadgeState.ISSUED, lost)
    record = next(one for one in list_keys(desks.security) if one.key.kid == lost)
    assert (record.state, record.badges, record.live) == (KeyState.LOST, 2, 1)


def test_replacing_goes_on_in_batches_where_it_was_cut_off(
    desks: Desks, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    licensed(desks, 1, ("1001", "1002", "1003"))
    lost = signer(desks.house, KeyRole.BADGE).kid.hex()
    revoke_key(desks.security, lost, since=clock(), reason="服务器失窃")
    clock.pass_(seconds=5)

    def cut(*_args: object, **_more: object) -> None:
        raise OSError("power cut")

    with monkeypatch.context() as patch:
        patch.setattr("console.actions.channel.losses.replace_badge", cut)
        with pytest.raises(OSError, match="power cut"):
            reissue_after_loss(desks.house, lost, 2)
    assert states(desks) == [BadgeState.COMPROMISED] * 3
    assert reissue_after_loss(desks.house, lost, 2) == 3
    assert states(desks) == [BadgeState.ISSUED] * 3 + [BadgeState.REPLACED] * 3


def test_a_badge_of_a_suspended_licence_is_void_at_once_and_replaced_later(
    desks: Desks, clock: Clock
) -> None:
    _, licence, _ = licensed(desks)
    suspend_licence(desks.manager, licence.id, reason="未亮照", remedy="申诉")
    lost = signer(desks.house, KeyRole.BADGE).kid.hex()
    revoke_key(desks.security, lost, since=clock(), reason="服务器失窃")
    clock.pass_(seconds=5)
    assert sweep_losses(desks.house) == 0
    assert states(desks) == [BadgeState.COMPROMISED]
    resume_licence(desks.approver, licence.id, proof="复查合格")
    sweep_losses(desks.house)
    assert states(desks) == [BadgeState.ISSUED, BadgeState.REPLACED]


def test_a_lost_key_signs_nothing_more_even_where_its_card_was_not_changed(
    desks: Desks, house: House, clock: Clock
) -> None:
    """As after a crash between the loss on record and the card on disk."""
    kid = signer(desks.house, KeyRole.BADGE).kid.hex()
    with desks.house.begin(Permission.KEY_EDIT) as work:
        work.session.get_one(SigningKey, kid).revoked_at = clock()
        work.no_deed()
    licensed(desks)
    assert states(desks) == [BadgeState.REQUESTED]
    announce_keys(desks.house)
    assert house.keys.public_keys(KeyRole.BADGE)[0].revoked_at == int(clock().timestamp())
    clock.pass_(seconds=1)
    assert finish_badges(desks.house) == 1
    assert list_badges(desks.manager).rows[0].kid != kid


def test_lists_of_a_lost_key_are_signed_anew(desks: Desks, house: House, clock: Clock) -> None:
    licensed(desks)
    claims_list = status_list(house, 1)
    lost = signer(desks.house, KeyRole.STATUS_LIST).kid.hex()
    clock.pass_(seconds=5)
    revoke_key(desks.security, lost, since=clock(), reason="服务器失窃")
    clock.pass_(seconds=5)
    fresh = status_list(house, 1)
    assert fresh != claims_list
    keys = KeySet(house.keys.public_keys(KeyRole.STATUS_LIST), STATUS_LIST_TYPE)
    assert StatusList.read(fresh, keys).issued_at == int(clock().timestamp())


def test_the_rows_of_keys_show_no_private_side(desks: Desks, house: House, tmp_path: Path) -> None:
    signer(desks.house, KeyRole.BADGE)
    (pem,) = tmp_path.rglob("*.pem")
    secret = pem.read_text().splitlines()[1]
    (row,) = [one.key for one in list_keys(desks.security)]
    assert secret not in row.model_dump_json()
    assert secret not in "".join(entry.body.decode() for entry in told(house, LogKind.KEY_MADE))
    assert "key.made" in deeds(desks.house)


def test_a_list_that_a_lost_key_signed_is_signed_anew_and_says_the_same(
    desks: Desks, house: House, clock: Clock
) -> None:
    licensed(desks)
    edition = publish(desks.approver, prepare_publication(desks.manager).id)
    assert edition.signature is not None
    lost = signer(desks.house, KeyRole.REGISTER).kid.hex()
    revoke_key(desks.security, lost, since=clock(), reason="服务器失窃")
    clock.pass_(seconds=5)
    assert sweep_losses(desks.house) == 1
    assert sweep_losses(desks.house) == 0
    again = get_publication(desks.manager, edition.id).signature
    assert again is not None
    assert again.split(".")[1] == edition.signature.split(".")[1]
    header, payload, signature = again.split(".")
    (key,) = [key for key in house.keys.public_keys(KeyRole.REGISTER) if key.revoked_at is None]
    raw = urlsafe_b64decode(signature + "==")
    assert key.has_signed(raw, f"{header}.{payload}".encode())
