"""The process that trains: it is told a model and labels, and answers measures and a model."""

import csv
import io
import json
import os
import re
import resource
import sys
from collections.abc import Sequence
from dataclasses import asdict, replace
from importlib.resources import files
from typing import Any, Final

from integrations.child import give, take
from integrations.training import SECONDS, Labelled
from models.patrol.screening import Label, Model
from models.patrol.screening.training import Example, Measures, measure, train

_MEMORY: Final = 4_000_000_000
_WEIGHT: Final = 3
"""An officer's label counts as so many shipped titles."""
_OWN: Final = "own"
_TITLES: Final = re.compile(r"titles.*\.csv")


def main() -> None:
    os.environ["OMP_NUM_THREADS"] = "1"
    resource.setrlimit(resource.RLIMIT_AS, (_MEMORY, _MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (int(SECONDS), int(SECONDS)))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    body, told = take(sys.stdin.buffer), take(sys.stdin.buffer)
    labels = [Labelled(**one) for one in json.loads(told or b"[]")]
    try:
        new, learned, measures = trained(Model.from_bytes(body or b""), labels, shipped_examples())
    except ValueError as error:
        give(json.dumps({"problem": str(error)}).encode())
        return
    give(json.dumps({"learned": learned, "measures": measures}, ensure_ascii=False).encode())
    give(new.to_bytes())


def trained(
    old: Model, labels: Sequence[Labelled], shipped: Sequence[Example]
) -> tuple[Model, int, dict[str, Any]]:
    """The new model, how many labels it learned from, and both models' measures.

    `unseen` says what the labels do for wording that nobody labelled here: the titles of one
    shipped author, read by two models that never saw them, one with the labels and one without.
    """
    own = [_example(one) for one in labels if not one.is_held_out]
    kept = [_example(one) for one in labels if one.is_held_out]
    weighted = [replace(one, author=f"{_OWN}-{copy}") for one in own for copy in range(_WEIGHT)]
    new = train([*shipped, *weighted])
    measures = {"new": _told(new, kept), "old": _told(old, kept)}
    authors = sorted({one.author for one in shipped})
    if len(authors) > 1:
        others = [one for one in shipped if one.author != authors[0]]
        unseen = [one for one in shipped if one.author == authors[0]]
        measures["unseen"] = {
            "author": authors[0],
            "new": _told(train([*others, *weighted]), unseen),
            "old": _told(train(others), unseen),
        }
    return new, len(own), measures


def shipped_examples() -> list[Example]:
    """The labelled titles that the package ships, each file an author's."""
    folder = files("models").joinpath("data")
    sources = [one for one in folder.iterdir() if _TITLES.fullmatch(one.name)]
    return [
        Example(
            title=row["title"],
            label=Label(row["label"]),
            kind=row.get("kind") or "",
            evasion=row.get("evasion") or "",
            author=source.name,
        )
        for source in sorted(sources, key=str)
        for row in csv.DictReader(io.StringIO(source.read_text("utf-8")))
    ]


def _example(labelled: Labelled) -> Example:
    return Example(
        title=labelled.title,
        label=Label(labelled.label),
        author=_OWN,
    )


def _told(model: Model, examples: Sequence[Example]) -> dict[str, Any]:
    found: Measures = measure(model, examples)
    numbers = asdict(found)
    alarms = [str(title)[:200] for title in numbers.pop("false_alarms")][:20]
    return {**numbers, "false_alarms": alarms, "version": model.version}


if __name__ == "__main__":
    main()
