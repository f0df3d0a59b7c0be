"""`channel-reader`: every command, and how a refusal ends one."""

import argparse
import sys
from collections.abc import Callable, Sequence
from io import TextIOWrapper
from pathlib import Path
from typing import Final

from reader_agent.commands import cli_console, cli_reads, cli_spool, doctor
from reader_agent.commands.exits import exit_of
from reader_agent.commands.log import Log
from reader_agent.commands.voice import Out
from reader_agent.commands.words import LANGUAGES, Words, spoken
from reader_agent.kept.folder import StateFolder
from reader_agent.refusals import AgentRefusal

Command = Callable[[argparse.Namespace, StateFolder, Out], int]

_COMMANDS: Final[dict[str, Command]] = {
    "enrol": cli_console.enrol,
    "status": cli_console.status,
    "tasks": cli_console.tasks,
    "pack fetch": cli_console.pack,
    "doctor": doctor.command,
    "run": cli_reads.run,
    "read": cli_reads.read,
    "spool list": cli_spool.listed,
    "spool flush": cli_spool.flushed,
    "spool show": cli_spool.shown,
    "verify": cli_spool.verify,
    "version": cli_console.version,
}


def main(arguments: Sequence[str] | None = None) -> int:
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(encoding="utf-8", errors="replace")
    told = sys.argv[1:] if arguments is None else list(arguments)
    words = spoken(_language_of(told))
    args = _parser(words).parse_args(told)
    out = Out(words, as_json=args.json)
    try:
        folder = StateFolder.open(args.state)
        out.log = Log(folder.path)
        return int(_COMMANDS[_name_of(args)](args, folder, out))
    except AgentRefusal as refusal:
        out.refuse(refusal.code, refusal.facts)
        return int(exit_of(refusal))


def _name_of(args: argparse.Namespace) -> str:
    part = getattr(args, "part", None)
    return f"{args.command} {part}" if part else str(args.command)


def _language_of(told: Sequence[str]) -> str | None:
    """Looked for before parsing: usage is to be told in it too."""
    for at, one in enumerate(told):
        if one == "--lang" and at + 1 < len(told):
            return told[at + 1]
        if one.startswith("--lang="):
            return one.partition("=")[2]
    return None


def _parser(words: Words) -> argparse.ArgumentParser:
    """`--json`, `--lang` and `--state` may stand before the command and behind it."""
    everywhere = argparse.ArgumentParser(add_help=False, argument_default=argparse.SUPPRESS)
    _everywhere(everywhere, words)
    parser = argparse.ArgumentParser(
        prog="channel-reader", description=words("help.program"), epilog=words("help.exits")
    )
    _everywhere(parser, words)
    parser.set_defaults(json=False, lang=None, state=None)
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")

    def command(name: str) -> argparse.ArgumentParser:
        told = words(f"help.{name}")
        return commands.add_parser(name, help=told, description=told, parents=[everywhere])

    _console_commands(command, words)
    _reading_commands(command, words)
    _parts(command("pack"), {"fetch": _fetch_options}, everywhere, words)
    parts = {"list": _list_options, "flush": _no_options, "show": _show_options}
    _parts(command("spool"), parts, everywhere, words)
    verify = command("verify")
    verify.add_argument("file", type=Path, metavar="FILE", help=words("help.file"))
    verify.add_argument("--keys", type=Path, metavar="JWKS", help=words("help.keys"))
    command("version")
    return parser


def _everywhere(parser: argparse.ArgumentParser, words: Words) -> None:
    parser.add_argument("--json", action="store_true", help=words("help.json"))
    parser.add_argument("--lang", choices=LANGUAGES, help=words("help.lang"))
    parser.add_argument("--state", type=Path, metavar="FOLDER", help=words("help.state"))


def _console_commands(command: Callable[[str], argparse.ArgumentParser], words: Words) -> None:
    enrol = command("enrol")
    enrol.add_argument("--console", required=True, metavar="URL", help=words("help.url"))
    enrol.add_argument("--code", required=True, help=words("help.code"))
    enrol.add_argument("--ca", type=Path, metavar="PEM", help=words("help.ca"))
    enrol.add_argument("--again", action="store_true", help=words("help.again"))
    command("status")
    command("tasks")
    _reader_options(command("doctor"), words)


def _reading_commands(command: Callable[[str], argparse.ArgumentParser], words: Words) -> None:
    run = command("run")
    run.add_argument("--once", action="store_true", help=words("help.once"))
    run.add_argument("--task", metavar="TASK", help=words("help.task"))
    _reader_options(run, words)
    read = command("read")
    read.add_argument("kind", choices=("sim", "id"), help=words("help.kind"))
    read.add_argument("--task", metavar="TASK", help=words("help.task"))
    read.add_argument("--fields", type=cli_reads.fields, metavar="A,B", help=words("help.fields"))
    _reader_options(read, words)


def _reader_options(parser: argparse.ArgumentParser, words: Words) -> None:
    parser.add_argument("--port", metavar="PORT", help=words("help.port"))
    parser.add_argument("--reader", metavar="NAME", help=words("help.reader"))


def _parts(
    parser: argparse.ArgumentParser,
    parts: dict[str, Callable[[argparse.ArgumentParser, Words], None]],
    everywhere: argparse.ArgumentParser,
    words: Words,
) -> None:
    found = parser.add_subparsers(dest="part", required=True, metavar="PART")
    for name, options in parts.items():
        told = words(f"help.{parser.prog.split()[-1]}_{name}")
        options(found.add_parser(name, help=told, description=told, parents=[everywhere]), words)


def _fetch_options(parser: argparse.ArgumentParser, words: Words) -> None:
    parser.add_argument("--task", required=True, metavar="TASK", help=words("help.task"))
    parser.add_argument("--kind", choices=("sim", "id"), help=words("help.kind"))
    count, hours = cli_console.MOST_CHALLENGES, cli_console.MOST_HOURS
    parser.add_argument("--count", type=_up_to(count), default=20, help=words("help.count"))
    parser.add_argument("--hours", type=_up_to(hours), default=24, help=words("help.hours"))


def _list_options(parser: argparse.ArgumentParser, words: Words) -> None:
    parser.add_argument("--limit", type=_up_to(1000), default=50, help=words("help.limit"))


def _show_options(parser: argparse.ArgumentParser, words: Words) -> None:
    parser.add_argument("id", metavar="ID", help=words("help.read_id"))


def _no_options(parser: argparse.ArgumentParser, words: Words) -> None:
    del parser, words


def _up_to(most: int) -> Callable[[str], int]:
    def number(text: str) -> int:
        if not text.isascii() or not text.isdecimal() or not 1 <= int(text) <= most:
            raise argparse.ArgumentTypeError(f"1–{most}")
        return int(text)

    return number


if __name__ == "__main__":
    raise SystemExit(main())
