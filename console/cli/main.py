"""`channel`: every command, and how a refusal ends one."""

import sys
from types import FrameType
from typing import TYPE_CHECKING, Annotated

import typer

from console.actions.staff.people import open_first
from console.cli.areas import ByArea
from console.cli.base import FOUND_BAD, choices, house, quiet, say, speak
from console.cli.watch import PartWatch
from console.database import migrate as migrate_schema
from console.i18n import told
from models.refusals import Refusal

if TYPE_CHECKING:
    from starlette.types import ASGIApp

app = typer.Typer(
    cls=ByArea, no_args_is_help=True, pretty_exceptions_enable=False, add_completion=False
)


@app.callback()
def options(
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON instead of tables.")] = False,
    login: Annotated[
        str | None, typer.Option("--as", envvar="CHANNEL_AS", help="Act as this account.")
    ] = None,
    language: Annotated[str | None, typer.Option("--language", envvar="LANG")] = None,
) -> None:
    """The governance console for the online sale of telephone cards."""
    choices().as_json, choices().login = as_json, login
    speak(language)


@app.command()
def serve(
    host: Annotated[str | None, typer.Option(help="Address to listen at.")] = None,
    port: Annotated[int | None, typer.Option(help="Port to listen at.")] = None,
    console: Annotated[bool, typer.Option(help="With the Streamlit console.")] = True,
) -> None:
    """Run the server: migrate, make the first administrator, listen."""
    import uvicorn

    from console.opening import Opening

    own = house()
    settings = own.settings
    migrate_schema(own.engine)
    password = open_first(own, settings.admin_password)
    if password and not settings.admin_password:
        say("cli.first_admin", password=password)
    say("cli.address", url=settings.public_url)
    sys.stdout.flush()

    def whole() -> "ASGIApp":
        from console.app import served

        return served(own, console=console)

    opening = Opening(whole)
    uvicorn.run(
        opening,
        host=host or settings.host,
        port=port or settings.port,
        server_header=False,
        access_log=False,
        log_level="warning",
        ws_max_size=4 * 1024 * 1024,
        ws_per_message_deflate=False,
        timeout_graceful_shutdown=5,
    )
    if opening.failure is not None:
        raise opening.failure


@app.command()
def worker() -> None:
    """Do the durable work alone, beside servers that run with CHANNEL_WORKER=false."""
    import signal
    import threading

    from console.jobs import engine

    ended = threading.Event()

    def end(_number: int, _frame: FrameType | None) -> None:
        ended.set()

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, end)
    running = engine.start(house())
    ended.wait()
    running.stop()


@app.command()
def migrate() -> None:
    """Bring the schema up to date."""
    migrate_schema(house().engine)
    say("cli.migrated")


@app.command()
def demo(
    scale: Annotated[
        float, typer.Option(min=0, help="1: 5,000 agents and 60,000 listings. 0: the stories.")
    ] = 1,
) -> None:
    """Load a fictitious workspace into an empty house and print its accounts."""
    from console.demo import PASSWORD, load, people_of

    own = house()
    migrate_schema(own.engine)
    watch = PartWatch("cli.demo_part")
    try:
        loaded = load(own, scale, watch)
    except KeyboardInterrupt:
        watch.end()
        say("cli.demo_broken_off", data=own.settings.data)
        raise typer.Exit(FOUND_BAD) from None
    if not loaded:
        say("cli.demo_not_empty")
        raise typer.Exit(FOUND_BAD)
    watch.end()
    say("cli.demo_loaded", logins=", ".join(people_of(scale)), password=PASSWORD)


@app.command()
def doctor() -> None:
    """Check every setting that safety rests on; exit 1 when one is off."""
    from console.doctor import examine

    found = examine(house())
    for warning in found.warnings:
        say("cli.warning", what=warning)
    for fault in found.faults:
        say("cli.fault", what=fault)
    if found.faults:
        raise typer.Exit(FOUND_BAD)
    say("cli.all_well")


def main() -> None:
    """Run a command; a refusal is a sentence and exit code 1."""
    quiet()
    try:
        app()
    except Refusal as no:
        print(told(no.code, no.facts), file=sys.stderr)
        sys.exit(FOUND_BAD)
