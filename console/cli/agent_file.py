"""`channel agent file`, `channel agent papers`, `channel agent sign` and `… conditions`."""

from datetime import date
from pathlib import Path
from typing import Annotated

import typer

from console.actions.brought import LARGEST
from console.actions.channel.admission import agent_file
from console.actions.channel.agents import agent_numbered
from console.actions.channel.conditions import SignedLine, sign_conditions
from console.actions.channel.papers import PaperForm, add_paper, list_papers
from console.cli.base import desk, say, show
from console.i18n import t
from models.channel.papers import Clause, PaperKind
from models.refusals import Invalid


def file_paper(
    agent_no: str,
    kind: PaperKind,
    path: Annotated[Path, typer.Argument(exists=True, dir_okay=False, readable=True)],
    number: Annotated[str, typer.Option(help="The document's own.")] = "",
    clause: Annotated[list[Clause] | None, typer.Option(help="May be given several times.")] = None,
    begins: Annotated[str, typer.Option(help="The first day it holds, as 2026-03-01.")] = "",
    ends: Annotated[str, typer.Option(help="The last day; without it there is no term.")] = "",
) -> None:
    """File a PNG, JPEG or PDF of at most 10 MB for an agent."""
    own = desk()
    form = PaperForm(kind, number, clause or [], _day(begins), _day(ends))
    with path.open("rb") as file:
        content = file.read(LARGEST + 1)
    paper = add_paper(own, agent_numbered(own, agent_no).id, form, path.name, content)
    word = t(f"paper_kind.{kind}")
    say("channel_file_cli.filed", agent_no=agent_no, kind=word, sha256=paper.sha256)


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        raise Invalid("channel_cli.not_a_day", value=text) from None


def papers(agent_no: str) -> None:
    """Every paper of an agent, of all its applications."""
    own = desk()
    show(
        [
            {
                "id": row.id,
                "attempt": row.attempt,
                "kind": row.kind,
                "file": row.file_name,
                "until": row.valid_until,
                "withdrawn": row.withdrawn_at,
                "sha256": row.sha256,
            }
            for row in list_papers(own, agent_numbered(own, agent_no).id)
        ]
    )


def conditions(agent_no: str) -> None:
    """Both checklists, line by line, and what was signed."""
    own = desk()
    file = agent_file(own, agent_numbered(own, agent_no).id)
    signed = {one.line: one for one in file.present.conditions}
    rows: list[dict[str, object]] = []
    for line in file.lines:
        one = signed.get(line.code)
        rows.append(
            {
                "line": line.code,
                "checklist": line.checklist,
                "met": one.is_met if one else None,
                "signer": one.signer if one else "",
                "says": t(f"condition_line.{line.code}"),
            }
        )
    show(rows)


def sign(
    agent_no: str,
    paper: Annotated[str, typer.Argument(help="The id of the paper that shows it.")],
    line: Annotated[
        list[str] | None, typer.Argument(help="Codes; without them every line.")
    ] = None,
) -> None:
    """Sign lines of the checklists as met."""
    own = desk()
    agent = agent_numbered(own, agent_no)
    file = agent_file(own, agent.id)
    codes = line or [one.code for one in file.lines]
    known = {str(one.id): one.id for one in file.present.papers}
    if paper not in known:
        raise Invalid("channel_file_cli.no_paper", value=paper)
    lines = [SignedLine(code, is_met=True, paper_id=known[paper]) for code in codes]
    sign_conditions(own, agent.id, lines)
    say("channel_file_cli.signed", agent_no=agent_no, n=len(lines))


def attach(agent: typer.Typer) -> None:
    """Add the commands to `channel agent`."""
    agent.command("file")(file_paper)
    agent.command("papers")(papers)
    agent.command("conditions")(conditions)
    agent.command("sign")(sign)
