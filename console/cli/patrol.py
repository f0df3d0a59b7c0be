"""`channel patrol`: runs, a source tried, one fetch."""

import json
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any
from uuid import UUID

import typer

from console.actions.patrol.checks import fill_check, list_checks, shops_of_checks
from console.actions.patrol.fetch import fetch_page
from console.actions.patrol.loose import run_loose
from console.actions.patrol.plan import list_runs, plan_run, run_numbered
from console.actions.patrol.plans import (
    PlanTerms,
    add_plan,
    list_plans,
    pause_plan,
    plan_named,
    possible_assignees,
    resume_plan,
)
from console.actions.patrol.register import register_from
from console.actions.patrol.run import Roads, advance_run
from console.actions.patrol.sources import preview_source, read_mapping, source_named
from console.cli.base import FOUND_BAD, choices, desk, house, say, show, show_json, show_one
from integrations.marketplaces.preview import Preview
from models.patrol.checks import ITEMS, CheckAnswer, CheckItem
from models.patrol.judge import Register
from models.patrol.plans import Cadence, PatrolPlan
from models.patrol.runs import PatrolRun, RunState
from models.refusals import Invalid

patrol = typer.Typer(help="Patrols of shops and marketplaces.", no_args_is_help=True)
source = typer.Typer(help="Sources and their mapping files.", no_args_is_help=True)
plan = typer.Typer(help="Plans: which source is patrolled how often.", no_args_is_help=True)
patrol.add_typer(source, name="source")
patrol.add_typer(plan, name="plan")
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


@plan.command("add")
def plan_add(
    name: str,
    source_name: Annotated[str, typer.Option("--source", help="A source that is saved.")],
    cadence: Annotated[Cadence, typer.Option()] = Cadence.MONTHLY,
    share: Annotated[
        int | None, typer.Option(help="Percent of the shops that people look at.")
    ] = None,
    assignee: Annotated[str | None, typer.Option(help="LOGIN of who fills in.")] = None,
    substitute: Annotated[str | None, typer.Option(help="LOGIN, where they are related.")] = None,
    hours: Annotated[str, typer.Option(help="The night window, like 22-6.")] = "0-24",
) -> None:
    """Plan patrols of a source, in the name of --as LOGIN."""
    own = desk()
    begins, _, ends = hours.partition("-")
    if not (begins.isdigit() and ends.isdigit()):
        raise typer.BadParameter("--hours is like 22-6")
    people = {one.login: one.id for one in possible_assignees(own)}
    terms = PlanTerms(
        cadence=cadence,
        share=share,
        assignee_id=_person(people, assignee),
        substitute_id=_person(people, substitute),
        from_hour=int(begins),
        until_hour=int(ends),
    )
    made = add_plan(own, name, source_named(own, source_name).id, terms)
    say("patrol_cli.plan_added", name=made.name, next=f"{made.next_at:%F %H:%M}")
    show_one(_shown_plan(made))


def _person(people: dict[str, UUID], login: str | None) -> UUID | None:
    if login is None:
        return None
    if login not in people:
        raise Invalid("plan.cannot_fill")
    return people[login]


@plan.command("list")
def plan_list() -> None:
    """All plans, by name."""
    show([_shown_plan(one) for one in list_plans(desk(), limit=200).rows])


@plan.command("pause")
def plan_pause(name: str, reason: Annotated[str, typer.Option()]) -> None:
    """No more runs of a plan until it is resumed."""
    own = desk()
    say("patrol_cli.plan_paused", name=pause_plan(own, plan_named(own, name).id, reason).name)


@plan.command("resume")
def plan_resume(name: str) -> None:
    own = desk()
    say("patrol_cli.plan_resumed", name=resume_plan(own, plan_named(own, name).id).name)


@patrol.command("check")
def patrol_check(
    number: str,
    answers: Annotated[
        list[str] | None, typer.Argument(help="CHECK item=answer …, as the list shows them.")
    ] = None,
    remark: Annotated[str, typer.Option()] = "",
) -> None:
    """The checklists of a run; with a checklist and answers, fill it in. Exit 1 if any is open."""
    own = desk()
    run = run_numbered(own, number)
    if answers:
        check_id, *given = answers
        fill_check(own, check_id, _answers(given), remark)
    rows = list_checks(own, run_id=run.id, limit=200).rows
    shops = shops_of_checks(own, rows)
    show(
        [
            {"check": row.id, "shop": shops[row.shop_id].shop_key,
             "name": shops[row.shop_id].name, "done_at": row.done_at,
             "review": row.is_review_drawn, **{item.value: row.answers.get(item, "")
                                                for item in ITEMS}}
            for row in rows
        ]
    )  # fmt: skip
    left = sum(row.done_at is None for row in rows)
    if left:
        say("patrol_cli.left", n=left)
        raise typer.Exit(FOUND_BAD)


def _answers(given: list[str]) -> dict[CheckItem, CheckAnswer]:
    try:
        pairs = [one.split("=", 1) for one in given]
        return {CheckItem(item): CheckAnswer(answer) for item, answer in pairs}
    except ValueError:
        items = " ".join(f"{item}=good|bad|not_applicable" for item in ITEMS)
        raise typer.BadParameter(items) from None


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
                "found_by": {field: dict(ways) for field, ways in shown.found_by.items()},
                "missed": {field: asdict(where) for field, where in shown.missed.items()},
                "worked": shown.worked,
                "idle": shown.idle,
                "faults": faults,
                "asked": shown.asked,
            }
        )
    else:
        show(rows)
        show([_field(shown, field) for field in shown.empty])
        show(faults)
    if not shown.listings:
        raise typer.Exit(FOUND_BAD)


def _shown(run: PatrolRun) -> dict[str, Any]:
    names = ("number", "platform", "state", "steps_done", "steps", "listings", "cards", "flagged",
             "news", "shops", "findings", "fault_count", "drawn", "checked", "created_at",
             "due_at", "overdue_at", "ended_at")  # fmt: skip
    return {name: getattr(run, name) for name in names}


def _shown_plan(plan: PatrolPlan) -> dict[str, Any]:
    names = ("name", "cadence", "share", "from_hour", "until_hour", "next_at", "paused_at",
             "pause_reason")  # fmt: skip
    return {name: getattr(plan, name) for name in names}


def _field(shown: Preview, field: str) -> dict[str, Any]:
    """Where a field came from; where it is empty, the first page without it and what was tried."""
    missed = shown.missed.get(field)
    return {
        "field": field,
        "from": " · ".join(shown.found_by.get(field, {})),
        "empty": shown.empty[field],
        "missed": f"{missed.url} ({missed.tried})" if missed else "",
    }


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
