"""An authority's answer is kept whatever it is, and counts only where it holds."""

from collections.abc import Iterator
from contextlib import suppress
from ipaddress import ip_network
from pathlib import Path

import pytest

from integrations import timestamps
from integrations.evidence.tokens import BadTokenError, read_token, token_over
from integrations.fetch import Fetcher, FetchSettings
from integrations.marketplaces.base import Unreachable
from integrations.timestamps import stamp
from tests.authority import Authority, made, open_for_business

DATA = b'{"manifests":[]}\n'
ASK = Fetcher(
    FetchSettings(
        agent="ChannelPatrol/1",
        allowed_networks=(ip_network("127.0.0.0/8"),),
        pace_seconds=0.0,
        invited=True,
    )
).ask


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("authority")


@pytest.fixture(params=["sorted", "unsorted"])
def authority(request: pytest.FixtureRequest, folder: Path) -> Iterator[Authority]:
    place = folder / request.param
    built = Authority(place) if place.exists() else made(place, unsorted=request.param != "sorted")
    with open_for_business(built) as one:
        yield one


def test_a_list_is_stamped_and_the_token_verified(authority: Authority) -> None:
    answered = stamp(DATA, authority.url, ASK, authority.root.read_bytes())

    assert answered.is_granted
    assert answered.problem == ""
    assert answered.checked_by in {"rfc3161-client", "openssl"}
    assert read_token(answered.raw).at == answered.at


def test_certificates_in_any_order_are_for_openssl_to_read(folder: Path) -> None:
    place = folder / "unsorted"
    built = Authority(place) if place.exists() else made(place, unsorted=True)
    with open_for_business(built) as authority:
        answered = stamp(DATA, authority.url, ASK, authority.root.read_bytes())

    assert (answered.is_granted, answered.checked_by) == (True, "openssl")


def test_where_nobody_can_verify_it_the_token_is_kept_and_says_so(
    authority: Authority, monkeypatch: pytest.MonkeyPatch
) -> None:
    without = stamp(DATA, authority.url, ASK, None)
    assert (without.is_granted, without.checked_by) == (True, "")
    assert without.problem == "no root certificate"

    def unreadable(raw: bytes) -> None:
        raise ValueError(f"{len(raw)} bytes in an odd order")

    monkeypatch.setattr(timestamps, "decode_timestamp_response", unreadable)
    monkeypatch.setenv("PATH", "/nowhere")
    alone = stamp(DATA, authority.url, ASK, authority.root.read_bytes())
    assert (alone.is_granted, alone.checked_by) == (True, "")
    assert "nobody could verify it" in alone.problem


def turned(answer: bytes, at: int, bits: int) -> bytes:
    return answer[:at] + bytes([answer[at] ^ bits]) + answer[at + 1 :]


SAID_NO = bytes.fromhex("3019301702010230120c10")
"""A refusal (status 2) with sixteen letters of text."""


def other_data(authority: Authority) -> bytes:
    """A good answer, to a question about something else."""
    kept = list[bytes]()
    authority.twist = lambda answer: kept.append(answer) or answer
    stamp(b"something else", authority.url, ASK, None)
    return kept[0]


@pytest.mark.parametrize(
    ("answer", "problem"),
    [
        (b"", "unreadable"),
        (b"<html>please log in</html>", "unreadable"),
        (b"\x30\x84\xff\xff\xff\xff", "unreadable"),
        (bytes.fromhex("30053003020102"), "status 2"),
        (SAID_NO + b"not today, thank", "status 2 not today, thank"),
    ],
)
def test_an_answer_without_a_token_is_kept_as_it_came(
    authority: Authority, answer: bytes, problem: str
) -> None:
    authority.twist = lambda _: answer
    answered = stamp(DATA, authority.url, ASK, authority.root.read_bytes())

    assert not answered.is_granted
    assert answered.raw == answer
    assert answered.problem == problem


def test_a_token_over_something_else_or_for_another_request_is_refused(
    authority: Authority,
) -> None:
    elsewhere = other_data(authority)
    authority.twist = lambda _: elsewhere
    answered = stamp(DATA, authority.url, ASK, authority.root.read_bytes())
    assert (answered.is_granted, answered.problem) == (False, "it is over something else")

    again = stamp(b"something else", authority.url, ASK, authority.root.read_bytes())
    assert (again.is_granted, again.problem) == (False, "it answers another request")


def test_a_token_of_another_root_or_with_a_bit_turned_is_refused(
    authority: Authority, tmp_path: Path
) -> None:
    stranger = made(tmp_path / "stranger").root.read_bytes()
    answered = stamp(DATA, authority.url, ASK, stranger)
    assert not answered.is_granted
    assert answered.problem.startswith("signature: ")

    authority.twist = lambda answer: turned(answer, len(answer) - 5, 1)
    changed = stamp(DATA, authority.url, ASK, authority.root.read_bytes())
    assert not changed.is_granted
    assert changed.problem.startswith("signature: ")


def test_a_server_in_trouble_is_asked_again_later(authority: Authority) -> None:
    authority.status = 503
    with pytest.raises(Unreachable):
        stamp(DATA, authority.url, ASK, None)


@pytest.mark.parametrize("digit", [3, 11, 13], ids=["year", "minute", "second"])
def test_a_token_whose_time_was_moved_is_refused(authority: Authority, digit: int) -> None:
    def moved(answer: bytes) -> bytes:
        time = f"{read_token(answer).at:%Y%m%d%H%M%S}Z".encode()
        return turned(answer, answer.index(time) + digit, 1)

    authority.twist = moved
    answered = stamp(DATA, authority.url, ASK, authority.root.read_bytes())

    assert answered.problem.startswith("signature: ")
    assert not answered.is_granted


@pytest.mark.parametrize("authority", ["sorted"], indirect=True)
def test_an_answer_cut_short_is_no_token_and_a_changed_one_says_nothing_new(
    authority: Authority,
) -> None:
    whole = stamp(DATA, authority.url, ASK, None).raw
    signed = read_token(whole)
    for at in range(len(whole)):
        with pytest.raises(BadTokenError):
            read_token(whole[:at])
        with suppress(BadTokenError):
            assert token_over(turned(whole, at, 0x80), signed.imprint, signed.nonce) == signed
