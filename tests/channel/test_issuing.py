"""Issuing: in batches, halted by one switch, checked anew every night."""

import threading
from collections.abc import Callable
from dataclasses import dataclass

import pytest
from sqlalchemy import text
from sqlmodel import select

from console.actions.channel import issuing
from console.actions.channel.badges import finish_badges, list_badges, request_badges
from console.actions.channel.issuing import current_halt, halt_issuing, resume_issuing
from console.actions.channel.keys import rotate_key
from console.actions.channel.nightly import check_all_badges, check_tonight, last_check
from console.actions.channel.waiting import CHANNEL_SOURCES
from console.desk import Desk, House
from models.audit import AuditEntry
from models.channel.badges import Badge, BadgeState
from models.channel.issuing import BadgeFault
from models.channel.licences import Licence
from models.channel.log import LogEntry, LogKind
from models.channel.shops import AuthorisedShop
from models.permissions import Permission
from models.refusals import Conflict, Invalid, NotAllowed
from models.tokens import KeyRole
from models.tokens.verdict import Badge as Token
from tests.channel.stories import deeds, licensed, shop_of
from tests.conftest import Clock, Desks


@dataclass(frozen=True)
class Asked:
    """Requested badges, as a crash or a halt leaves them."""

    agent: str
    licence: Licence


def asked(desks: Desks, count: int) -> Asked:
    agent, licence, _ = licensed(desks, 1, ("1000",))
    shops = [shop_of(desks.manager, agent, str(2000 + number)) for number in range(count)]
    with desks.house.begin(Permission.BADGE_ISSUE) as work:
        row = work.session.get_one(Licence, licence.id)
        row.shop_ids = [*row.shop_ids, *(str(shop.id) for shop in shops)]
        request_badges(work, row, [work.session.get_one(AuthorisedShop, one.id) for one in shops])
    return Asked(str(agent.id), licence)


def states(desk: Desk) -> dict[BadgeState, int]:
    found: dict[BadgeState, int] = {}
    for badge in list_badges(desk, limit=200).rows:
        found[badge.state] = found.get(badge.state, 0) + 1
    return found


def work_kinds(desk: Desk) -> set[str]:
    return {item.kind for source in CHANNEL_SOURCES for item in source(desk)}


def test_all_that_wait_are_signed_batch_by_batch(
    desks: Desks, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked(desks, 7)
    monkeypatch.setattr(issuing, "BATCH", 3)
    assert finish_badges(desks.house) == 7
    assert states(desks.manager) == {BadgeState.ISSUED: 8}
    rows = list_badges(desks.manager).rows
    assert len({row.status_index for row in rows}) == 8
    assert finish_badges(desks.house) == 0


def test_the_row_says_what_the_token_says(desks: Desks) -> None:
    licensed(desks)
    (row,) = list_badges(desks.manager).rows
    token = Token.from_digits(str(int.from_bytes(b"\x01" + (row.token or b""))))
    assert token.claims.issued_at == row.issued_at.timestamp()
    assert row.kid is not None
    assert bytes.fromhex(row.kid) in token.signed.protected


# The switch


def test_while_issuing_is_halted_nothing_is_signed_and_everybody_concerned_knows(
    desks: Desks,
) -> None:
    asked(desks, 2)
    halt_issuing(desks.approver, "疑似密钥外泄")
    assert finish_badges(desks.house) == 0
    assert states(desks.manager) == {BadgeState.ISSUED: 1, BadgeState.REQUESTED: 2}
    assert "issuing_resume" in work_kinds(desks.security)
    assert "issuing_halted" in work_kinds(desks.manager)
    assert "issuing_halted" in work_kinds(desks.approver)
    assert not work_kinds(desks.regulator) & {"issuing_halted", "issuing_resume"}
    resume_issuing(desks.security, "已核查")
    assert finish_badges(desks.house) == 2
    assert current_halt(desks.manager) is None
    assert [deed for deed in deeds(desks.house) if deed.startswith("issuing")] == [
        "issuing.halted",
        "issuing.resumed",
    ]


def test_who_halted_it_does_not_resume_it_and_the_attempt_is_on_record(desks: Desks) -> None:
    halt_issuing(desks.approver, "疑似密钥外泄")
    with pytest.raises(NotAllowed) as no:
        resume_issuing(desks.approver, "没事了")
    assert no.value.code == "keys.same_person"
    with desks.house.begin(Permission.AUDIT_READ) as work:
        entries = work.session.exec(
            select(AuditEntry).where(AuditEntry.deed == "staff.own_act_refused")
        ).all()
    assert len(entries) == 1
    assert current_halt(desks.manager) is not None


def test_the_switch_is_for_who_may_and_gives_a_reason(desks: Desks) -> None:
    for desk in (desks.manager, desks.platform, desks.regulator, desks.auditor, desks.admin):
        with pytest.raises(NotAllowed):
            halt_issuing(desk, "试试")
    with pytest.raises(Invalid):
        halt_issuing(desks.approver, " ")
    with pytest.raises(Conflict):
        resume_issuing(desks.security, "没有停")
    halt_issuing(desks.approver, "疑似密钥外泄")
    with pytest.raises(Conflict):
        halt_issuing(desks.security, "再停一次")


def test_a_halt_that_comes_between_signing_and_keeping_leaves_no_badge_signed(
    desks: Desks, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked(desks, 2)
    sign = issuing.token_of

    def slow(*args: object) -> bytes:
        if current_halt(desks.manager) is None:
            halt_issuing(desks.approver, "疑似密钥外泄")
        return sign(*args)  # type: ignore[arg-type]

    monkeypatch.setattr(issuing, "token_of", slow)
    assert finish_badges(desks.house) == 0
    assert states(desks.manager)[BadgeState.REQUESTED] == 2


def test_halting_waits_for_those_who_are_keeping_and_nobody_keeps_after_it(
    desks: Desks, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The halt is asked for while a batch is being kept: the whole of it is kept before."""
    asked(desks, 2)
    related = issuing.hold_related
    halting = threading.Thread(target=halt_issuing, args=(desks.approver, "疑似密钥外泄"))

    def between(*args: object) -> None:
        halting.start()
        halting.join(0.3)
        assert halting.is_alive()
        related(*args)  # type: ignore[arg-type]

    monkeypatch.setattr(issuing, "hold_related", between)
    assert finish_badges(desks.house) == 2
    halting.join()
    halt = current_halt(desks.manager)
    assert halt is not None
    with desks.house.begin(Permission.LOG_READ) as work:
        kinds = [entry.kind for entry in work.session.exec(select(LogEntry).order_by("seq")).all()]
    assert kinds[-1] is LogKind.ISSUING_HALTED


# The nightly check


def test_a_house_in_order_passes_and_the_day_is_done(desks: Desks, clock: Clock) -> None:
    asked(desks, 2)
    rotate_key(desks.security, KeyRole.BADGE)
    finish_badges(desks.house)
    found = check_tonight(desks.house)
    assert found is not None
    assert (found.checked, found.bad, found.fault) == (3, 0, None)
    assert check_tonight(desks.house) is None
    assert last_check(desks.security) == found
    clock.pass_(days=1)
    assert check_tonight(desks.house) is not None
    assert "badge.all_checked" in deeds(desks.house)


def test_a_house_without_keys_has_nothing_to_check(desks: Desks) -> None:
    assert check_all_badges(desks.security) is None
    assert last_check(desks.security) is None


def change(house: House, statement: str) -> None:
    with house.engine.begin() as connection:
        connection.execute(text(statement))


def _spoil(house: House, turn: Callable[[bytes], bytes]) -> None:
    """What somebody does who reaches into the database."""
    with house.desk().begin(Permission.SWEEP) as work:
        badge = work.session.exec(select(Badge)).one()
        badge.token = turn(badge.token or b"")
        work.no_deed()


def _turned(turn: Callable[[bytes], bytes]) -> Callable[[House], None]:
    return lambda house: _spoil(house, turn)


def _ran(statement: str) -> Callable[[House], None]:
    return lambda house: change(house, statement)


SPOILT = [
    (_turned(lambda token: token + b"\0"), BadgeFault.BAD_FORM),
    (_turned(lambda token: token.replace(b"\x1a\x01", b"\x1a\x09", 1)), BadgeFault.UNKNOWN_KEY),
    (_turned(lambda token: token[:-1] + bytes([token[-1] ^ 1])), BadgeFault.BAD_SIGNATURE),
    (_ran("UPDATE badges SET token_sha256 = 'f'"), BadgeFault.OTHER_HASH),
    (_ran("UPDATE authorised_shops SET shop_key = 'shop:666'"), BadgeFault.OTHER_CLAIMS),
    (_ran("UPDATE badges SET status_index = 7 + status_index"), BadgeFault.OTHER_CLAIMS),
    (_ran("UPDATE log_entries SET token_sha256 = 'f'"), BadgeFault.NOT_LOGGED),
]


@pytest.mark.parametrize(("spoil", "fault"), SPOILT)
def test_a_bad_badge_is_named_and_halts_issuing_at_once(
    desks: Desks, house: House, spoil: Callable[[House], None], fault: BadgeFault
) -> None:
    licensed(desks)
    (badge,) = list_badges(desks.manager).rows
    spoil(house)
    found = check_all_badges(desks.security)
    assert found is not None
    assert (found.checked, found.bad, found.first, found.fault) == (1, 1, badge.badge_id, fault)
    halt = current_halt(desks.manager)
    assert halt is not None
    assert badge.badge_id in halt.reason
    assert "issuing_resume" in work_kinds(desks.approver)
    assert last_check(desks.security) == found
    resume_issuing(desks.approver, "已从备份恢复")


def test_who_may_not_halt_may_not_have_all_checked(desks: Desks) -> None:
    with pytest.raises(NotAllowed):
        check_all_badges(desks.auditor)
