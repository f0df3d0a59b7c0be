"""Files that imports leave open are put away after each test."""

from collections.abc import Iterator

import pytest

from console.actions.imports.reading import close_readings


@pytest.fixture(autouse=True)
def _files_put_away() -> Iterator[None]:  # pyright: ignore[reportUnusedFunction]
    yield
    close_readings()
