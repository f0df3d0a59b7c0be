"""Texts of devices and of the network, without what a terminal or the wire takes for more."""

from typing import Final

LONGEST_SERIAL: Final = 64
LONGEST_SAM_ID: Final = 40


def plain(text: str) -> str:
    """On one line, without control characters and marks that turn the direction of writing."""
    kept = (" " if one.isspace() else one for one in text)
    return "".join(one for one in kept if one.isprintable())


def cut(text: str, longest: int) -> str:
    """What fits into a signed read (docs/reader.md): a device may call itself anything."""
    return plain(text).strip()[:longest]
