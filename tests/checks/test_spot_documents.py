"""Identity documents in a spot check: read with a real device's tokens, compared by marks alone."""

from base64 import urlsafe_b64decode

import pytest

from console.actions.audit import list_deeds
from console.actions.cards.persons import seal_persons
from console.actions.checks.spot_checks import note_order
from console.actions.checks.spot_lists import check_record
from console.actions.checks.spot_submit import mark, submit_check
from models.base import new_id
from models.cards.industry import IndustryBatch
from models.cards.numbers import card_number
from models.cards.persons import PersonRow
from models.cards.users import CardUser
from models.checks.judging import CheckRule
from models.checks.orders import OrderFacts
from models.checks.reads import ReadKind
from models.checks.spot_checks import CheckPurpose, Verdict
from models.permissions import Permission
from tests.checks.laptops import PERSON
from tests.checks.spot_world import allow_reader, answers, card, kept, opened, scene
from tests.checks.world import batch
from tests.conftest import Clock, Desks
from tests.persons import person as resident_of
from tests.stock.files import iccid


def registered(desks: Desks, held: IndustryBatch, serial: int, one: PersonRow) -> None:
    """A user of a card of the batch, sealed."""
    row_id = new_id()
    (sealed,) = seal_persons(desks.house, held.carrier_id, CardUser, [(row_id, one)])
    with desks.house.begin(Permission.INDUSTRY_EDIT) as work:
        number = card_number(iccid(serial))
        row = CardUser(**sealed.columns, id=row_id, batch_id=held.id, card=number, since=work.at)
        work.add(row)
        work.record("card_users.registered", held)


@pytest.mark.requirement("004-2.1-b", "004-3.2-h")
@pytest.mark.parametrize(("shown", "fits"), [(1, True), (2, False)])
def test_a_document_is_compared_by_marks_with_whoever_is_registered(
    desks: Desks, clock: Clock, shown: int, fits: bool
) -> None:
    here = scene(desks)
    registered(desks, batch(desks), 520, resident_of(1))
    row = opened(desks, here, wants_identity=True, use_approval="SY-2026-1")
    allow_reader(desks, here)
    clock.pass_(seconds=3)
    here.laptop.sends(here.laptop.task("sim"), card=card(520))
    clock.pass_(seconds=3)
    task, holder = here.laptop.task("id"), resident_of(shown)
    salt = urlsafe_b64decode(f"{task['salt']}=")
    marks = {"no_mac": mark(salt, holder.document_no), "name_mac": mark(salt, holder.name)}
    here.laptop.sends(task, card=PERSON | marks)
    note_order(desks.inspector, row.id, kept(clock))
    row = submit_check(desks.inspector, row.id)
    record = check_record(desks.inspector, row.id)
    assert answers(record)[CheckRule.DOCUMENT_IS_SUBMITTED] is fits
    assert (answers(record)[CheckRule.DOCUMENT_VALID], row.salt) == (True, b"")
    deeds = [one.deed for one in list_deeds(desks.house, deed="").rows]
    assert deeds.index("spot_check.compared") < deeds.index("identity.opened")  # newest first
    (document,) = [one for one in record.reads if one.kind is ReadKind.ID and not one.refusal]
    assert document.facts == {"doc": "resident", "no_check": True, "expired": False, "fits": fits}
    seen = check_record(desks.regulator, row.id)
    assert {str(one.facts) for one in seen.reads if one.kind is ReadKind.ID} == {"{}"}
    assert holder.document_no not in repr(record)


@pytest.mark.requirement("004-2.1-b", "004-4.4-b")
def test_documents_shown_in_re_registration_are_read_and_checked(
    desks: Desks, clock: Clock
) -> None:
    here = scene(desks)
    row = opened(
        desks, here, purpose=CheckPurpose.RE_REGISTRATION, shop=None, subject="天河厅补登记",
        wants_card=False, wants_identity=True, use_approval="SY-2026-2",
    )  # fmt: skip
    allow_reader(desks, here)
    clock.pass_(seconds=3)
    here.laptop.sends(here.laptop.task("id"), card=PERSON)
    note_order(
        desks.inspector, row.id,
        OrderFacts(asked_identity=True, holder_is_document=True, compare_agrees=True),
    )  # fmt: skip
    row = submit_check(desks.inspector, row.id)
    assert (row.purpose, row.verdict) == (CheckPurpose.RE_REGISTRATION, Verdict.PASSED)
    assert answers(check_record(desks.inspector, row.id)) == dict.fromkeys(
        (CheckRule.ASKED_IDENTITY, CheckRule.DOCUMENT_READ, CheckRule.DOCUMENT_VALID,
         CheckRule.HOLDER_IS_DOCUMENT, CheckRule.DOCUMENT_IS_SUBMITTED), True,
    )  # fmt: skip


def test_where_nobody_is_registered_the_carrier_says_whether_it_is_who_it_should_be(
    desks: Desks, clock: Clock
) -> None:
    here = scene(desks)
    row = opened(desks, here, wants_identity=True, use_approval="SY-2026-1")
    here.laptop.sends(here.laptop.task("sim"), card=card())
    note_order(desks.inspector, row.id, kept(clock))
    row = submit_check(desks.inspector, row.id)
    said = answers(check_record(desks.inspector, row.id))
    assert said[CheckRule.DOCUMENT_READ] is None  # no document was laid on the reader
    assert said[CheckRule.DOCUMENT_IS_SUBMITTED] is True
    assert row.verdict is Verdict.INCONCLUSIVE


def test_marks_are_the_same_for_one_number_however_it_is_written() -> None:
    salt = bytes(32)
    assert mark(salt, "1101 0119900307001x") == mark(salt, "１１０１０１１９９００３０７００１X")
    assert mark(salt, "A") != mark(bytes(31) + b"1", "A")
