"""`channel identity`: keys for what is known of persons, and files of persons made unreadable."""

import os
from pathlib import Path
from typing import Annotated
from uuid import UUID

import typer

from console.actions.cards.persons import erase_person, import_key, renew_import_key, rotate_root
from console.cli.base import FOUND_BAD, desk, say, show, show_json
from console.i18n import t
from integrations.person_files import seal_person_file
from models.base import utc_now
from models.refusals import Invalid

identity = typer.Typer(
    help="Keys for persons' data, and files of persons to send.", no_args_is_help=True
)


@identity.command("key")
def identity_key(
    new: Annotated[bool, typer.Option("--new", help="Make another one first.")] = False,
) -> None:
    """Print the public key (JWK) that files of persons are encrypted to."""
    show_json(renew_import_key(desk()) if new else import_key(desk()))


@identity.command("rotate")
def identity_rotate() -> None:
    """Wrap every person's key under a new root key, while serving; run again to go on."""
    done = rotate_root(desk())
    say("identity_cli.rotated", number=done.number, keys=done.keys)


@identity.command("erase")
def identity_erase(
    tenant: UUID,
    subject: UUID,
    request: Annotated[str, typer.Option(help="Number of the request that asks for it.")],
) -> None:
    """Destroy a person's key and forget them in every record; it can't be taken back."""
    count = erase_person(desk(), tenant, subject, request)
    say("identity_cli.erased", subject=subject, n=count)


@identity.command("encrypt")
def identity_encrypt(
    file: Path,
    key: Annotated[Path, typer.Option(help="The receiving house's public key (JWK).")],
    keep: Annotated[
        bool | None,
        typer.Option("--keep-plain/--delete-plain", help="What becomes of the plain file."),
    ] = None,
    out: Annotated[Path | None, typer.Option(help="Where to; by default FILE.jwe.")] = None,
) -> None:
    """Encrypt a file of persons (CSV or JSON by lines); exit 1 when a row would be turned down."""
    if keep is None:
        raise Invalid("identity_cli.plain_unsaid", file=file.name)
    content, told = _read(file), _read(key).decode("utf-8", "replace")
    target = out or file.with_name(f"{file.name}.jwe")
    sealed, faults = seal_person_file(content, told, utc_now())
    if faults:
        show(
            [
                {
                    "row": one.row,
                    "field": t(f"person_field.{one.field}"),
                    "problem": t(f"person_reason.{one.reason}"),
                }
                for one in faults
            ]
        )
        say("identity_cli.faults", n=len(faults))
        raise typer.Exit(FOUND_BAD)
    _write(target, sealed)
    if not keep:
        file.unlink()
        say("identity_cli.deleted", target=target, file=file)
    else:
        say("identity_cli.kept", target=target, file=file)


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise Invalid("identity_cli.unreadable", file=path, problem=error.strerror) from None


def _write(path: Path, content: bytes) -> None:
    """Never over another file: it may be the only one that can be opened."""
    try:
        with path.open("xb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        raise Invalid("identity_cli.unwritable", file=path, problem=error.strerror) from None
