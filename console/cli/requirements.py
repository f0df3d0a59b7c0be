"""`channel requirements`: each duty, and the tests that prove it."""

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import typer

from console.cli.base import show
from models.rules import DutyTier, read_duties

ROOT = Path(__file__).parents[2]


def requirements(
    tier: Annotated[DutyTier | None, typer.Option(help="Only this tier.")] = None,
    open_only: Annotated[bool, typer.Option("--open", help="Only duties without a test.")] = False,
) -> None:
    """Each duty of docs/requirements.csv with the tests that carry its id."""
    proofs: dict[str, list[str]] = {}
    for duty, test in _marks():
        proofs.setdefault(duty, []).append(test)
    duties = read_duties((ROOT / "docs/requirements.csv").read_text("utf-8"))
    show(
        [
            {
                "id": duty.id,
                "tier": duty.tier,
                "duty": duty.duty_en,
                "tests": ", ".join(proofs.get(duty.id, [])),
            }
            for duty in duties.values()
            if (tier is None or duty.tier is tier) and not (open_only and duty.id in proofs)
        ]
    )


def _marks() -> Iterator[tuple[str, str]]:
    for path in sorted((ROOT / "tests").rglob("test_*.py")):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if not isinstance(node, ast.FunctionDef):
                continue
            for mark in node.decorator_list:
                if isinstance(mark, ast.Call) and ast.unparse(mark.func).endswith(
                    "mark.requirement"
                ):
                    for duty in mark.args:
                        yield str(ast.literal_eval(duty)), f"{path.stem}::{node.name}"
