"""The ground: permission, scope, one transaction, the record, and keys of repeated requests."""

from dataclasses import replace

import pytest
from sqlmodel import select

from console.actions.audit import list_deeds, prove, seal, verify
from console.actions.staff.people import (
    add_organisation,
    close_organisation,
    disable_user,
    grant_role,
    user_named,
)
from console.actions.staff.sign_in import actor_named
from console.desk import AlreadyDone, Desk, House, Order, UnrecordedChangeError
from models.audit import AuditEntry
from models.merkle import includes
from models.notes import Checkpoint, read_note
from models.permissions import GRANTS, Permission, Role
from models.refusals import Conflict, NotAllowed
from models.staff import Door, Organisation, OrganisationKind, User
from tests.conftest import PEOPLE, Desks


def deeds(house: House) -> list[str]:
    with house.desk().begin(Permission.AUDIT_READ) as work:
        return [row.deed for row in work.session.exec(select(AuditEntry).order_by("seq"))]


def test_a_regulators_grant_holds_nothing_that_writes() -> None:
    assert GRANTS[Role.REGULATOR]
    assert all(permission.only_reads for permission in GRANTS[Role.REGULATOR])


def test_a_change_off_the_record_is_not_kept(house: House) -> None:
    with (
        pytest.raises(UnrecordedChangeError),
        house.desk().begin(Permission.ORGANISATION_EDIT) as work,
    ):
        work.add(
            Organisation(code="X", kind=OrganisationKind.RESELLER, name="x", created_at=work.at)
        )

    with house.desk().begin(Permission.RULE_READ) as work:
        assert work.session.exec(select(Organisation)).all() == []


def test_whoever_only_reads_changes_nothing(desks: Desks) -> None:
    with pytest.raises(UnrecordedChangeError), desks.admin.begin(Permission.STAFF_READ) as work:
        work.one(work.select(User).where(User.login == "chen.ming"), User).name = "someone else"

    assert user_named(desks.admin, "chen.ming").name == "chen.ming"


def test_a_denial_is_on_record(desks: Desks, house: House) -> None:
    with pytest.raises(NotAllowed):
        add_organisation(desks.regulator, code="Y", kind=OrganisationKind.RESELLER, name="y")

    assert deeds(house)[-1] == "staff.denied"


def test_a_request_sent_twice_under_one_key_is_done_once(desks: Desks, house: House) -> None:
    def ask(fingerprint: str, code: str) -> None:
        keyed = desks.admin.keyed("key-1", fingerprint)
        add_organisation(keyed, code=code, kind=OrganisationKind.RESELLER, name="转售")

    ask("a", "R1")
    with pytest.raises(AlreadyDone) as done:
        ask("a", "R1")
    with pytest.raises(Conflict):
        ask("b", "R2")

    with house.desk().begin(Permission.RULE_READ) as work:
        assert work.session.get_one(Organisation, done.value.subject).code == "R1"
        assert work.session.exec(select(Organisation).where(Organisation.code == "R2")).all() == []


def test_the_record_is_whole_after_sealing(desks: Desks) -> None:
    assert seal(desks.audit) > 0
    verdict = verify(desks.audit)

    assert verdict.fault is None
    assert (verdict.entries > 0, verdict.waiting, verdict.checkpoints) == (True, 0, 1)


def test_the_record_names_the_first_entry_that_was_altered(desks: Desks, house: House) -> None:
    seal(desks.audit)
    with house.engine.begin() as connection:
        connection.exec_driver_sql("UPDATE audit_entries SET actor_name = 'nobody' WHERE leaf = 3")

    fault = verify(desks.audit).fault
    assert fault is not None
    assert fault.startswith("entry 3 (")


def test_the_record_names_the_first_entry_that_is_gone(desks: Desks, house: House) -> None:
    seal(desks.audit)
    with house.engine.begin() as connection:
        connection.exec_driver_sql("DELETE FROM audit_entries WHERE leaf = 5")

    assert verify(desks.audit).fault == "entry 5 is gone"


def test_a_tail_cut_off_the_record_shows(desks: Desks, house: House) -> None:
    size = seal(desks.audit)
    with house.engine.begin() as connection:
        connection.exec_driver_sql(
            "DELETE FROM audit_entries WHERE leaf >= (SELECT max(leaf) FROM audit_entries) - 3"
        )

    assert verify(desks.audit).fault == f"entry {size - 4} is gone"


def test_a_head_signed_by_another_key_shows(desks: Desks, house: House) -> None:
    seal(desks.audit)
    stranger = replace(
        house, settings=house.settings.model_copy(update={"data": house.settings.data / "else"})
    )

    fault = verify(stranger.desk()).fault
    assert fault is not None
    assert "not signed by this log" in fault


def test_an_entry_proves_that_it_is_in_the_signed_record(desks: Desks) -> None:
    size = seal(desks.audit)
    for leaf in (0, 5, size - 1):
        proof = prove(desks.audit, leaf)
        head = Checkpoint.from_text(read_note(proof.checkpoint).text)
        path = [bytes.fromhex(one) for one in proof.path]
        assert includes(bytes.fromhex(proof.leaf_hash), leaf, head.size, head.root, path)


def test_people_see_the_deeds_that_concern_them(desks: Desks) -> None:
    def seen(desk: Desk) -> set[str]:
        return {entry.actor_name for entry in list_deeds(desk).rows}

    with pytest.raises(NotAllowed):
        disable_user(desks.manager, user_named(desks.admin, "li.hua").id)

    assert seen(desks.manager) == {"chen.ming"}
    assert seen(desks.other_manager) == set()
    assert "house" in seen(desks.audit)


def test_nobody_gives_a_role_to_themselves(desks: Desks) -> None:
    with pytest.raises(NotAllowed):
        grant_role(desks.security, user_named(desks.security, "security").id, Role.AUDIT_ADMIN)


def test_the_three_administrators_are_three_people(desks: Desks) -> None:
    with pytest.raises(Conflict) as no:
        grant_role(desks.security, user_named(desks.security, "admin").id, Role.AUDIT_ADMIN)
    assert no.value.code == "staff.roles_apart"


def test_a_list_sorted_by_words_or_time_goes_on_where_its_page_ended(desks: Desks) -> None:
    with desks.admin.begin(Permission.STAFF_READ) as work:
        for column in (User.login, User.created_at):
            logins: list[str] = []
            after: str | None = None
            while True:
                part = work.slice(work.select(User), Order.by(column, descending=False), after, 4)
                logins += [user.login for user in part.rows]
                after = part.next
                if after is None:
                    break
            assert len(logins) == len(set(logins)) == len(PEOPLE)


def test_nobody_of_a_closed_organisation_comes_in(desks: Desks, house: House) -> None:
    close_organisation(desks.admin, "honghai")

    with pytest.raises(NotAllowed):
        actor_named(house, "hong.wei", Door.CONSOLE)
    with pytest.raises(NotAllowed):
        close_organisation(desks.admin, "operator")
    assert actor_named(house, "lan.xin", Door.CONSOLE).platform == "lanhai"
