"""The process that looks at pictures: it asks nobody, writes nothing, and may die."""

import json
from collections.abc import Sequence
from dataclasses import asdict

from integrations.child import serve
from integrations.likeness import MEMORY, SECONDS, look_here
from models.refusals import Invalid


def main() -> None:
    serve(_answer, 2, MEMORY, SECONDS)


def _answer(asked: Sequence[bytes]) -> bytes:
    try:
        return json.dumps(asdict(look_here(asked[1], asked[0].decode()))).encode()
    except Invalid as no:
        return json.dumps({"word": no.code}).encode()


if __name__ == "__main__":
    main()
