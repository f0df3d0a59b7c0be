"""`run` and `read`."""

import argparse
import os
from typing import Any, Final

from reader_agent.commands.exits import Exit
from reader_agent.commands.running import Round, read_here
from reader_agent.commands.voice import Out, Running
from reader_agent.counter.asks import KINDS, Kind, LocalAsks
from reader_agent.counter.ports import the_port
from reader_agent.counter.states import ENDS_OF_A_READ
from reader_agent.counter.supervisor import Wanted
from reader_agent.kept.folder import StateFolder
from reader_agent.policy import ASKED

_SIM_LINES: Final = ("iccid", "imsi", "spn", "gid1", "mnc_len", "msisdn", "kind", "pin1")
_ID_SHOWN: Final = ("doc", "expired", "no_check")
"""Nothing else of an identity card is shown or printed here, whatever was asked for."""


def fields(text: str) -> list[str]:
    """`iccid,imsi`: known names with commas between. The ICCID is always read."""
    named = [one.strip() for one in text.split(",") if one.strip()]
    known = ASKED["sim"] | ASKED["id"] | {"iccid"}
    if not named or not set(named) <= known:
        raise argparse.ArgumentTypeError(",".join(sorted(known)))
    return [one for one in named if one != "iccid"]


def run(args: argparse.Namespace, folder: StateFolder, out: Out) -> int:
    wanted = _wanted(args, KINDS)
    return Round(folder, Running(out), wanted, chosen=args.task, once=args.once).run()


def read(args: argparse.Namespace, folder: StateFolder, out: Out) -> int:
    kind: Kind = args.kind
    wanted, voice = _wanted(args, (kind,)), Running(out)
    if kind == "id" and wanted.port is None:
        voice("no_port")
        return Exit.MISSING
    if args.task is not None:
        round_ = Round(folder, voice, wanted, chosen=args.task, fields=args.fields, once=True)
        return round_.run()
    asked = list(ASKED["sim"]) if args.fields is None else args.fields
    asks = LocalAsks(kind, asked if kind == "sim" else [])
    with folder.alone():
        out.say(f"told.put_{kind}")
        code = read_here(voice, wanted, asks)
    if asks.ends:
        _show(asks, out)
    return code


def _wanted(args: argparse.Namespace, kinds: tuple[Kind, ...]) -> Wanted:
    port = args.port or os.environ.get("READER_PORT")
    if port is None and "id" in kinds:
        port = the_port()
    return Wanted(kinds, args.reader, port)


def _show(asks: LocalAsks, out: Out) -> None:
    done = asks.ends[0]
    if done.end not in ENDS_OF_A_READ:
        out.give({"event": "end", "end": done.end, "reader": done.reader["name"]})
        out.say(f"end.{done.end}", reader=done.reader["name"], iccid="")
        return
    names = _SIM_LINES if asks.kind == "sim" else _ID_SHOWN
    card: dict[str, Any] = done.card or {}
    shown = {name: card[name] for name in names if name in card}
    out.give({"event": "card", "end": done.end, "reader": done.reader["name"], "card": shown})
    for name, value in shown.items():
        if value is not None:
            out.say("told.line", name=out.words(f"field.{name}"), value=_word(out, name, value))
    out.say("told.stays_here")


def _word(out: Out, name: str, value: object) -> str:
    if isinstance(value, bool):
        return out.words(f"value.{name}_{'yes' if value else 'no'}")
    return out.words.of("value", f"{name}_{value}").removeprefix(f"{name}_")
