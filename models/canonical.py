"""JSON in one byte form, for whatever is hashed or signed."""

import json
from collections.abc import Mapping


def canonical(value: Mapping[str, object]) -> bytes:
    """One line that is the same, byte for byte, whoever writes it."""
    text = json.dumps(
        value, ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False
    )
    return text.encode() + b"\n"
