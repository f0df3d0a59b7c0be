"""Messages between the driver and the process that holds the browser: a length, then JSON."""

import json
import struct
from typing import Any, BinaryIO, Final

Message = dict[str, Any]
LENGTH: Final = struct.Struct(">I")
LONGEST: Final = 96 << 20


def packed(message: Message) -> bytes:
    text = json.dumps(message).encode()
    return LENGTH.pack(len(text)) + text


def send(out: BinaryIO, message: Message) -> None:
    out.write(packed(message))
    out.flush()


def receive(source: BinaryIO) -> Message | None:
    """The next message; None where the other end has gone, or talks nonsense."""
    head = source.read(LENGTH.size)
    if len(head) < LENGTH.size:
        return None
    (length,) = LENGTH.unpack(head)
    text = source.read(length) if length <= LONGEST else b""
    if len(text) < length or not text:
        return None
    message: object = json.loads(text)
    return message if isinstance(message, dict) else None  # pyright: ignore[reportUnknownVariableType]
