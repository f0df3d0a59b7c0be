"""Commands by what they are about, each imported when it is asked for.

Everything together takes some seconds to import; a command starts with what it needs.
"""

from collections.abc import Callable, Mapping
from functools import cache
from importlib import import_module
from typing import Any, Final

import typer
from typer.core import TyperGroup
from typer.main import get_command, get_group

_OTHERS_WORDS: Final[Mapping[str, object]] = {
    "allow_extra_args": True,
    "ignore_unknown_options": True,
    "help_option_names": [],
}
"""The witness is a program of its own, with its own options."""


class ByArea(TyperGroup):
    """Beside its own commands those of `AREAS`."""

    def list_commands(self, ctx: Any) -> list[str]:  # noqa: ANN401 - as the library has it
        return [*super().list_commands(ctx), *AREAS]

    def get_command(self, ctx: Any, cmd_name: str) -> Any:  # noqa: ANN401 - as the library has it
        load = AREAS.get(cmd_name)
        return load(cmd_name) if load else super().get_command(ctx, cmd_name)


def _of(module: str, name: str) -> Any:  # noqa: ANN401 - what a module of commands has
    return getattr(import_module(f"console.cli.{module}"), name)


def _group(module: str, name: str) -> Callable[[str], Any]:
    @cache
    def load(word: str) -> Any:  # noqa: ANN401 - a command, as the library types it
        return _named(word, get_group(_of(module, name)))

    return load


def _alone(module: str, name: str, **settings: object) -> Callable[[str], Any]:
    @cache
    def load(word: str) -> Any:  # noqa: ANN401 - a command, as the library types it
        one = typer.Typer(pretty_exceptions_enable=False, add_completion=False)
        one.command(word, context_settings=settings or None)(_of(module, name))
        return get_command(one)

    return load


@cache
def _agent(word: str) -> Any:  # noqa: ANN401 - a command, as the library types it
    agent = _of("channel", "agent")
    _of("agent_file", "attach")(agent)
    return _named(word, get_group(agent))


@cache
def _badge(word: str) -> Any:  # noqa: ANN401 - a command, as the library types it
    badge = _of("badges", "badge")
    badge.command("check-all")(_of("keys", "check_all"))
    return _named(word, get_group(badge))


def _named(word: str, command: Any) -> Any:  # noqa: ANN401 - a command, as the library types it
    command.name = word
    return command


AREAS: Final[Mapping[str, Callable[[str], Any]]] = {
    "org": _group("staff", "org"),
    "user": _group("staff", "user"),
    "audit": _group("audit", "audit"),
    "agent": _agent,
    "licence": _group("channel", "licence"),
    "badge": _badge,
    "keys": _group("keys", "keys"),
    "identity": _group("identity", "identity"),
    "log": _group("log", "log"),
    "witness": _alone("log", "witness", **_OTHERS_WORDS),
    "publish": _alone("channel", "publish_register"),
    "case": _group("cases", "case"),
    "rectification": _group("rectifications", "rectification"),
    "complaint": _group("complaints", "complaint"),
    "blacklist": _group("blacklist", "blacklist"),
    "evidence": _group("evidence", "evidence"),
    "stock": _group("stock", "stock"),
    "purchase": _group("test_purchases", "purchase"),
    "reader": _group("readers", "reader"),
    "check": _group("checks", "check"),
    "patrol": _group("patrol", "patrol"),
    "screen": _group("screen", "screen"),
    "monitor": _alone("monitor", "monitor"),
    "requirements": _alone("requirements", "requirements"),
    "industry": _group("industry", "industry"),
    "usage": _group("usage", "usage"),
    "import": _alone("brought", "bring"),
    "oversight": _group("oversight", "oversight"),
    "export": _alone("exports", "export"),
}
