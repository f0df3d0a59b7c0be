"""The process that reads pages: it knows no key, asks nobody, writes nothing, and may die."""

import json
from collections.abc import Sequence
from datetime import datetime
from functools import lru_cache

from integrations.child import serve
from integrations.marketplaces.base import Page
from integrations.marketplaces.mapping import Source
from integrations.marketplaces.reading import DONE, MEMORY, SECONDS
from integrations.marketplaces.steps import Step
from integrations.marketplaces.walk import read_here


def main() -> None:
    serve(_answer, 2, MEMORY, SECONDS)


def _answer(asked: Sequence[bytes]) -> bytes:
    head, body = json.loads(asked[0]), asked[1]
    page = Page(head["url"], head["status"], head["headers"], body, head["record"])
    step, at = Step.from_json(head["step"]), datetime.fromisoformat(head["at"])
    done = read_here(_source(head["source"]), step, page, at)
    return DONE.dump_json(done, exclude_defaults=True)


@lru_cache(maxsize=4)
def _source(told: str) -> Source:
    return Source.model_validate_json(told)


if __name__ == "__main__":
    main()
