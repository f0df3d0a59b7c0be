"""A file of listings through an engine, batch by batch, into a file of results."""

# pyright: basic, reportAttributeAccessIssue=false
# Arrow comes without types.

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from integrations.bulk.engines import LOCAL, open_engine
from integrations.bulk.parts import RESULT, screening
from integrations.bulk.setups import packed, unpacked
from integrations.bulk.tables import (
    Listings,
    columns_of,
    kept_schema,
    must_differ,
    open_listings,
    read_part,
    written,
)
from models.patrol.matching import ShopMatch
from models.patrol.screening import FLAGGED, Model, shipped_model

ROWS = 16_384
"""Of a batch: what memory holds of a file is a few of these."""


@dataclass(slots=True)
class Summary:
    """What was found in a file."""

    rows: int = 0
    labels: Counter[str] = field(default_factory=Counter[str])
    matches: Counter[str] = field(default_factory=Counter[str])

    @property
    def flagged(self) -> int:
        return sum(self.labels[label] for label in FLAGGED)

    @property
    def looks_like(self) -> int:
        return self.matches[ShopMatch.LOOKS_LIKE]

    def count(self, result: pa.Table) -> None:
        self.rows += result.num_rows
        for name, counter in (("label", self.labels), ("shop_match", self.matches)):
            for one in pc.value_counts(result[name]).to_pylist():
                counter[one["values"]] += one["counts"]


def screen_file(  # noqa: PLR0913 - what a run is made of
    source: Path | str,
    target: Path | str,
    *,
    engine: str = LOCAL,
    register: pa.Table | None = None,
    model: Model | None = None,
    processes: int | None = None,
    rows: int = ROWS,
    progress: Callable[[int, int | None], None] = lambda _done, _of: None,
) -> Summary:
    """Screen every listing of a Parquet, CSV or XLSX file, and match its shop with the register.

    All columns stay, in their order and the rows in theirs; `RESULT` stands behind them, and a
    column that is called like one of its is kept with `_in` behind its name. The target appears
    when it is whole. `progress` is told the rows done, and of how many if known.
    """
    source, target = Path(source), Path(target)
    must_differ(source, target)
    summary = Summary()
    with open_listings(source, rows) as listings:
        columns = columns_of(listings.schema, source.name)
        kept = kept_schema(listings.schema, source.name)
        whole = pa.schema([*kept, *RESULT])
        setup = screening(model or shipped_model(), register)
        one = listings.rows is not None and listings.rows <= rows
        with (
            written(target, whole) as writer,
            closing(open_engine(engine, setup, 1 if one else processes)) as work,
        ):
            for batch, answer in work.each(_parts(listings, columns)):
                result = unpacked(answer)
                summary.count(result)
                (screened,) = result.combine_chunks().to_batches()
                both = [*batch.columns, *screened.columns]
                writer.write(pa.RecordBatch.from_arrays(both, schema=whole))
                progress(summary.rows, listings.rows)
    return summary


def _parts(
    listings: Listings, columns: Mapping[str, str]
) -> Iterator[tuple[pa.RecordBatch, bytes]]:
    for batch in listings.batches:
        if batch.num_rows:
            yield batch, packed(read_part(batch, columns))
