"""Guessing is counted before it is answered, however many guess at once."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from pyotp.totp import TOTP

from console.actions.staff.people import (
    add_user,
    change_password,
    new_code_secret,
    use_codes,
)
from console.actions.staff.sign_in import actor_named, sign_in, signed_in
from console.desk import House
from models.refusals import NotAllowed, Refusal
from models.staff import FAILURES_PER_ACCOUNT, Door
from tests.conftest import Desks

PASSWORD = "correct horse battery"


def test_many_guesses_at_once_are_no_more_guesses(desks: Desks, house: House) -> None:
    add_user(desks.admin, organisation="CT-44", login="he.yan", name="何燕", password=PASSWORD)

    def guess(number: int) -> str:
        try:
            sign_in(house, "he.yan", f"wrong {number}", address=f"10.0.0.{number}", agent="")
        except Refusal as no:
            return no.code
        return "in"

    with ThreadPoolExecutor(16) as pool:
        said = list(pool.map(guess, range(24)))

    assert said.count("staff.wrong_sign_in") <= FAILURES_PER_ACCOUNT + 1
    assert set(said) == {"staff.wrong_sign_in", "staff.throttled"}


@pytest.mark.parametrize("code", ["１２３４５６", "验证码", "\x00", "9" * 5000])
def test_a_code_in_other_letters_is_a_wrong_code(desks: Desks, house: House, code: str) -> None:
    add_user(desks.admin, organisation="CT-44", login="he.yan", name="何燕", password=PASSWORD)
    secret = new_code_secret()
    person = house.desk(actor_named(house, "he.yan", Door.CONSOLE))
    use_codes(person, secret, TOTP(secret).at(house.now()))

    with pytest.raises(NotAllowed, match="wrong_sign_in"):
        sign_in(house, "he.yan", PASSWORD, code, address="a", agent="")


@pytest.mark.parametrize("login", ["\x00", "he.yan\x00", "\ud800", "x" * 100_000, "ＨＥ.yan"])
def test_a_login_that_nobody_can_have_is_a_wrong_one(
    desks: Desks, house: House, login: str
) -> None:
    add_user(desks.admin, organisation="CT-44", login="he.yan", name="何燕", password=PASSWORD)
    with pytest.raises(NotAllowed, match="wrong_sign_in"):
        sign_in(house, login, PASSWORD, address="a", agent="")


def test_the_code_that_turned_codes_on_does_not_sign_in(desks: Desks, house: House) -> None:
    add_user(desks.admin, organisation="CT-44", login="he.yan", name="何燕", password=PASSWORD)
    secret = new_code_secret()
    code = TOTP(secret).at(house.now())
    use_codes(house.desk(actor_named(house, "he.yan", Door.CONSOLE)), secret, code)

    with pytest.raises(NotAllowed, match="wrong_sign_in"):
        sign_in(house, "he.yan", PASSWORD, code, address="a", agent="")


def test_a_new_password_ends_every_other_session(desks: Desks, house: House) -> None:
    add_user(desks.admin, organisation="CT-44", login="he.yan", name="何燕", password=PASSWORD)
    mine, stolen = (sign_in(house, "he.yan", PASSWORD, address="a", agent="") for _ in range(2))
    here = signed_in(house, mine)
    assert here is not None

    ended = change_password(
        house.desk(here.actor), PASSWORD, "a new long sentence", here.session_id
    )

    assert signed_in(house, mine) is not None
    assert signed_in(house, stolen) is None
    assert len(ended) == 1
