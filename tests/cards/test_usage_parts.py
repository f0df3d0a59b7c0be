"""Parts of a day are added up into one file, and nothing that they say of a card is lost."""

# pyright: basic
# Arrow comes without types.

from datetime import date, timedelta
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from integrations.bulk import usage_parts
from integrations.bulk.usage_parts import put_together, summed
from models.cards.usage import MOST_REACHED, USAGE

YESTERDAY = date(2026, 3, 1)
TODAY = YESTERDAY + timedelta(days=1)


def records(*rows: tuple[object, ...]) -> pa.Table:
    return pa.Table.from_pylist([dict(zip(USAGE.names, row, strict=True)) for row in rows], USAGE)


def test_records_of_a_card_are_added_and_all_its_devices_regions_and_targets_stay() -> None:
    day = YESTERDAY
    table = records(
        ("A", day, 5, 1, 0, "d1", "44", ["x", "y"]),
        ("B", day, 1, 0, 0, None, None, None),
        ("A", day, 7, 2, 1, "d1", "44", ["y"]),
        ("A", day, 1, 0, 0, "d2", "44", ["z"]),
        ("A", day, 1 << 62, 2**31 - 1, 0, "d2", "44", []),
        ("A", day, 1 << 62, 2**31 - 1, 0, "d2", "44", None),
    )
    most = ((1 << 63) - 1, 2**31 - 1)
    assert (
        summed(table).to_pylist()
        == records(
            ("A", day, 12, 3, 1, "d1", "44", ["x", "y"]),
            ("B", day, 1, 0, 0, None, None, []),
            ("A", day, *most, 0, "d2", "44", ["z"]),
        ).to_pylist()
    )
    assert summed(table.slice(0, 0)).num_rows == 0


def test_a_record_that_is_put_together_has_no_more_targets_than_one_may_have() -> None:
    hosts = [f"h{at}.example.com" for at in range(300)]
    shares = (("A", hosts[:200]), ("A", hosts[100:]), ("B", hosts[:1]))
    made = summed(records(*((one, YESTERDAY, 0, 0, 0, None, None, share) for one, share in shares)))
    assert [len(one) for one in made["targets"].to_pylist()] == [MOST_REACHED, 1]


@pytest.mark.parametrize("at_once", [3, 500_000])
def test_parts_are_put_together_by_day_however_many_records_are_held_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, at_once: int
) -> None:
    monkeypatch.setattr(usage_parts, "ROWS", at_once)
    paths = [tmp_path / f"{at}.parquet" for at in range(4)]
    for path in paths:
        rows = [(f"898603000000000000{at}", YESTERDAY, 1, 0, 0, None, None, None) for at in "1234"]
        bad = ("8986030000000000005", YESTERDAY, -1, 0, 0, None, None, None)
        other = ("8986030000000000001", TODAY, 1, 0, 0, None, None, None)
        pq.write_table(records(*rows, bad, other), path)
    target = tmp_path / "day.parquet"
    assert put_together(paths, YESTERDAY, target) == 4
    made = pq.read_table(target).to_pylist()
    assert sorted((row["iccid"][-1], row["bytes"]) for row in made) == [(at, 4) for at in "1234"]
    assert put_together(paths, TODAY - timedelta(days=9), target) == 0
    assert sorted(tmp_path.iterdir()) == sorted([*paths, target]), "nothing is left lying about"
