"""`channel screen`: files of listings screened without a database; and the models that screen."""

from pathlib import Path
from typing import Annotated, Any, Final

import typer
from typer.core import TyperGroup

from console.actions.patrol.models import (
    adopt_model,
    list_models,
    model_numbered,
    opened_model,
    refuse_model,
)
from console.actions.patrol.training import train_model
from console.cli.base import choices, desk, house, say, show, show_one
from console.cli.watch import Watch
from integrations.bulk import (
    read_agents,  # pyright: ignore[reportUnknownVariableType]
    screen_file,  # pyright: ignore[reportUnknownVariableType]
)
from models.patrol.labels import ScreenModel
from models.patrol.screening import Model
from models.refusals import Invalid

_FILE = "file"
_UNMEASURED: Final[dict[str, Any]] = {"n": None, "f1": None}


class _FilesFirst(TyperGroup):
    """`channel screen IN OUT` is `channel screen file IN OUT`."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:  # noqa: ANN401 - Click's context
        if args and args[0] not in self.commands and args[0] != "--help":
            args = [_FILE, *args]
        return super().parse_args(ctx, args)


screen = typer.Typer(
    cls=_FilesFirst,
    help="Screen a file of listings: IN OUT; and train, adopt and list models.",
    no_args_is_help=True,
)


@screen.command(_FILE)
def screen_listings(
    source: Annotated[Path, typer.Argument(metavar="IN", help="Parquet, CSV or XLSX.")],
    target: Annotated[Path, typer.Argument(metavar="OUT", help="A .parquet or .csv file.")],
    register: Annotated[
        Path | None,
        typer.Option(help="Agents: JSON list, published NDJSON, or Parquet or CSV with agent_no."),
    ] = None,
    engine: Annotated[str, typer.Option(help="local, or dask://host:port.")] = "local",
    model: Annotated[
        str | None, typer.Option(help="A model file, or the number of a trained one.")
    ] = None,
    processes: Annotated[int | None, typer.Option(help="Of the local engine.", min=1)] = None,
    rows: Annotated[int, typer.Option(help="Of one batch.", min=1)] = 16_384,
) -> None:
    """Write the listings of IN to OUT with what each offers and whose its shop is."""
    watch = Watch("screen_cli.progress")
    done = screen_file(
        source,
        target,
        engine=engine,
        register=read_agents(register) if register else None,
        model=_model(model) if model else None,
        processes=processes,
        rows=rows,
        progress=watch,
    )
    watch.end()
    if choices().as_json:
        show_one({"rows": done.rows, "flagged": done.flagged, "labels": dict(done.labels),
                  "matches": dict(done.matches), "file": target})  # fmt: skip
        return
    say("screen_cli.done", rows=done.rows, flagged=done.flagged, looks_like=done.looks_like,
        file=target)  # fmt: skip


@screen.command("retrain")
def retrain() -> None:
    """Train a model on the shipped titles and your organisation's labels, beside the one in force.

    It screens nothing before somebody else adopts it.
    """
    show_one(_shown(train_model(desk())))


@screen.command("adopt")
def adopt(
    number: str, reason: Annotated[str, typer.Option(help="Needed for a worse one.")] = ""
) -> None:
    """Let a trained model screen from now on; not by whoever trained it."""
    own = desk()
    show_one(_shown(adopt_model(own, model_numbered(own, number).id, reason)))


@screen.command("refuse")
def refuse(number: str, reason: Annotated[str, typer.Option()]) -> None:
    """Do not adopt a trained model."""
    own = desk()
    show_one(_shown(refuse_model(own, model_numbered(own, number).id, reason)))


@screen.command("models")
def models() -> None:
    """The models that were trained, the newest first."""
    show([_shown(row) for row in list_models(desk()).rows])


def _shown(row: ScreenModel) -> dict[str, Any]:
    new, old = row.measures.get("new", _UNMEASURED), row.measures.get("old", _UNMEASURED)
    return {
        "number": row.number,
        "state": row.state,
        "labels": row.labels,
        "held_out": new["n"],
        "f1_new": new["f1"] and round(new["f1"], 4),
        "f1_old": old["f1"] and round(old["f1"], 4),
        "trained_at": row.trained_at,
    }


def _model(given: str) -> Model:
    path = Path(given)
    if not path.is_file():
        return opened_model(house(), model_numbered(desk(), given))
    try:
        return Model.from_bytes(path.read_bytes())
    except (OSError, ValueError, KeyError, EOFError):
        raise Invalid("bulk.model_unreadable", file=path.name) from None
