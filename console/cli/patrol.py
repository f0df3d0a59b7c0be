"""`channel patrol`: runs, a source tried, one fetch."""

import json
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer

from console.actions.patrol.fetch import fetch_page
from console.actions.patrol.loose import run_loose
from console.actions.patrol.plan import list_runs, plan_run
from console.actions.patrol.register import register_from
from console.actions.patrol.run import Roads, advance_run
from console.actions.patrol.sources import preview_source, read_mapping, source_named
from console.cli.base import FOUND_BAD, choices, desk, house, say, show, show_json, show_one
from models.patrol.judge import Register
from models.patrol.runs import PatrolRun, RunState
from models.refusals import Invalid

patrol = typer.Typer(help="Patrols of shops and marketplaces.", no_args_is_help=True)
source = typer.Typer(help="Sources and their mapping files.", no_args_is_help=True)
patrol.add_typer(source, name="source")
_MOST_SECRETS = 100_000

Secrets = Annotated[
    Path | None, typer.Option("--secrets", help="JSON file with the source's keys by name.")
]


@patrol.command("run")
def patrol_run(
    name: Annotated[str | None, typer.Argument(help="A source that is saved.")] = None,
    source_file: Annotated[
        Path | None, typer.Option("--source", help="A mapping file, without a plan.")
    ] = None,
    register: Annotated[
        Path | None, typer.Option(help="A register of licences, JSON; with --source.")
    ] = None,
    out: Annotated[Path | None, typer.Option(help="Where found listings go, a line each.")] = None,
    secrets: Secrets = None,
) -> None:
    """Run a saved source to its end, or a mapping file without a plan; exit 1 if it fails."""
    if (name is None) == (source_file is None) or (source_file is not None and out is None):
        raise typer.BadParameter("give a NAME, or --source FILE with --out FOUND.jsonl")
    if source_file is not None and out is not None:
        _run_file(source_file, register, out, secrets)
    elif name is not None:
        _run_plan(name)


def _run_plan(name: str) -> None:
    own = desk()
    run = plan_run(own, source_named(own, name).id)
    roads: Roads = {}
    while advance_run(house().desk(), run.id, roads):
        pass
    (done,) = [row for row in list_runs(own).rows if row.id == run.id]
    show_one(_shown(done))
    if done.state is not RunState.SUBMITTED:
        raise typer.Exit(FOUND_BAD)


def _run_file(mapping: Path, register: Path | None, out: Path, secrets: Path | None) -> None:
    own = desk()
    mapped = read_mapping(own, _text(mapping), file=mapping.name)
    known = register_from(_bytes(register), file=register.name) if register else Register([])
    with out.open("w", encoding="utf-8") as lines:
        summary = run_loose(own, mapped, known, lines, secrets=_secrets(secrets))
    show_one(asdict(summary) | {"faults": len(summary.faults)})
    for fault in summary.faults[:20]:
        say("patrol_cli.fault", word=fault["word"], url=fault["url"])
    if not summary.listings:
        raise typer.Exit(FOUND_BAD)


@patrol.command("fetch")
def patrol_fetch(url: str) -> None:
    """Fetch one address through the guard, with evidence; exit 1 when nothing was stored."""
    found = fetch_page(desk(), url)
    show_one(asdict(found))
    if found.outcome != "stored":
        raise typer.Exit(FOUND_BAD)


@patrol.command("status")
def patrol_status() -> None:
    """The latest runs."""
    show([_shown(run) for run in list_runs(desk()).rows])


@source.command("try")
def source_try(mapping: Path, secrets: Secrets = None) -> None:
    """Preview a mapping file: the first listings, where each field came from, what is empty."""
    shown = preview_source(desk(), _text(mapping), _secrets(secrets), file=mapping.name)
    rows: list[dict[str, Any]] = [
        {
            "listing_id": one.listing_id,
            "title": one.title,
            "shop_id": one.shop_id,
            "shop": one.shop_name,
            "price": one.price,
            "sales": one.sales,
            "licence_no": one.licence_no,
            "url": one.url,
        }
        for one in shown.listings
    ]
    faults = [{"word": one.reason.word, "facts": str(one.reason), "url": one.url}
              for one in shown.faults]  # fmt: skip
    if choices().as_json:
        show_json(
            {
                "listings": rows,
                "sources": [dict(one.sources) for one in shown.listings],
                "empty": dict(shown.empty),
                "idle": shown.idle,
                "faults": faults,
                "asked": shown.asked,
            }
        )
    else:
        show(rows)
        show([{"field": field, "empty": n} for field, n in shown.empty.items() if n])
        show(faults)
    if not shown.listings:
        raise typer.Exit(FOUND_BAD)


def _shown(run: PatrolRun) -> dict[str, Any]:
    names = ("number", "platform", "state", "steps_done", "steps", "listings", "cards", "shops",
             "findings", "fault_count", "created_at", "ended_at")  # fmt: skip
    return {name: getattr(run, name) for name in names}


def _text(path: Path) -> str:
    try:
        return _bytes(path).decode("utf-8-sig")
    except UnicodeDecodeError:
        raise Invalid("patrol.file_not_utf8", file=path.name) from None


def _bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise Invalid("patrol.no_file", file=str(path), problem=error.strerror or "") from None


def _secrets(path: Path | None) -> dict[str, str]:
    if path is None:
        return {}
    try:
        given: object = json.loads(_bytes(path)[:_MOST_SECRETS])
    except ValueError:
        given = None
    if not isinstance(given, dict):
        raise Invalid("patrol.bad_secrets", file=path.name)
    return {str(name): str(value) for name, value in given.items()}  # pyright: ignore[reportUnknownVariableType,reportUnknownArgumentType]
