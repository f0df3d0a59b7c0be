"""A random sample that anybody can draw again: by a seed and the frame, in any language.

    rank of an id = SHA-256 of "<seed> <id>" in ASCII; the `size` lowest ranks are the sample

No generator of random numbers is asked, so that no version of one changes what was drawn.
"""

import hashlib
import re
import secrets
from collections.abc import Iterable, Sequence
from typing import Final

_SEED: Final = re.compile("[0-9a-f]{64}")


def fresh_seed() -> str:
    return secrets.token_hex(32)


def is_seed(text: str) -> bool:
    """Thirty-two bytes in lower-case hex."""
    return _SEED.fullmatch(text) is not None


def draw(seed: str, frame: Iterable[str], size: int) -> Sequence[str]:
    """`size` ids of the frame, in the order drawn; all of them when there are no more.

    The order in which the frame is given, and an id that is in it twice, change nothing.
    """
    ranked = sorted(set(frame), key=lambda one: (_rank(seed, one), one))
    return ranked[:size]


def frame_text(frame: Iterable[str]) -> bytes:
    """The frame as it is kept and hashed: its ids, sorted, one a line."""
    return "".join(f"{one}\n" for one in sorted(set(frame))).encode("ascii")


def frame_of(text: bytes) -> Sequence[str]:
    return text.decode("ascii").splitlines()


def _rank(seed: str, one: str) -> bytes:
    return hashlib.sha256(f"{seed} {one}".encode("ascii")).digest()
