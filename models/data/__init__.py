"""Facts that change without a change of code: provinces, number prefixes, deadlines, findings."""

import tomllib
from importlib.resources import files
from typing import Any


def packaged(name: str) -> dict[str, Any]:
    """The TOML file of that name beside this one."""
    return tomllib.loads(files("models").joinpath("data", name).read_text("utf-8"))


def packaged_bytes(name: str) -> bytes:
    """The file of that name beside this one."""
    return files("models").joinpath("data", name).read_bytes()
