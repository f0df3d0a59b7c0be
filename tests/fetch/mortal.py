"""A child process that does as it is told, to its own ruin."""

import os
import time
from collections.abc import Sequence

from integrations.child import serve


def _answer(asked: Sequence[bytes]) -> bytes:
    match asked[0]:
        case b"die":
            os._exit(1)
        case b"hang":
            time.sleep(60)
        case b"grow":
            return bytes(200_000_000)
        case b"raise":
            return bytes(1 // 0)
        case _:
            return asked[0]
    return b""


if __name__ == "__main__":
    serve(_answer, 1, 64_000_000, 2)
