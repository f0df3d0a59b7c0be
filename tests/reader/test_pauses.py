"""When it is tried again, and what is too old to be tried at all."""

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reader_agent.build import Agent
from reader_agent.outbox.flush import backoff
from reader_agent.wire.questions import retry_after


def test_pauses_double_up_to_five_minutes() -> None:
    assert [backoff(step, 0) for step in range(12)] == [
        *(1, 1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300)
    ]
    assert backoff(9, 1) == 128
    assert backoff(3, 0, 60) == 60


@given(
    st.integers(0, 10_000),
    st.floats(0, 1),
    st.none() | st.floats(0, 3600),
)
def test_no_pause_is_shorter_than_the_console_asked_nor_endless(
    attempts: int, dice: float, asked: float | None
) -> None:
    pause = backoff(attempts, dice, asked)
    assert 0.5 <= pause <= 300 + (asked or 0)
    assert pause >= (asked or 0)


_NOW = datetime(2026, 3, 2, 4, tzinfo=UTC)


@pytest.mark.parametrize(
    ("told", "seconds"),
    [
        ("120", 120),
        ("0", 0),
        ("99999999", 3600),
        (format_datetime(_NOW + timedelta(seconds=90), usegmt=True), 90),
        (format_datetime(_NOW - timedelta(seconds=90), usegmt=True), 0),
        ("", None),
        ("soon", None),
        ("-5", None),
        ("²", None),
    ],
)
def test_retry_after_is_seconds_or_a_date(told: str, seconds: float | None) -> None:
    assert retry_after(told, _NOW) == seconds


@given(st.text(max_size=60) | st.from_regex(r"\w{3}, \d{1,9} \w{3} \d{1,9} \d+:\d+:\d+ \w+"))
def test_no_header_is_too_odd(told: str) -> None:
    seconds = retry_after(told, _NOW)
    assert seconds is None or 0 <= seconds <= 3600


@pytest.mark.parametrize(
    ("ours", "least", "old"),
    [
        ("0.1.0", "0.1.0", False),
        ("0.1.0", "0.1", False),
        ("0.9.9", "0.10.0", True),
        ("1.0.0", "0.10.0", False),
        ("1.0.0", "1.0.1", True),
    ],
)
def test_versions_are_numbers(ours: str, least: str, *, old: bool) -> None:
    assert Agent(ours, "").is_older(least) is old
