"""A counter with two card readers for the tests of a module."""

from collections.abc import Iterator

import pytest

from tests.reader.stack import Stack, stack_running


@pytest.fixture(scope="module")
def stack() -> Iterator[Stack]:
    with stack_running() as stack:
        yield stack


@pytest.fixture
def sims(stack: Stack) -> Iterator[Stack]:
    """The readers, empty; whatever a test did to them is put back."""
    yield stack
    stack.put_back()
