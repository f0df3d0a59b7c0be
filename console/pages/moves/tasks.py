"""What may be done about a task of a case: say that it is done, and show it; or let it fall."""

from collections.abc import Mapping

import streamlit as st

from console.actions.cases.assigning import assign_task
from console.actions.cases.doing import BY_PAPER, do_task, waive_task, why_not_waive
from console.actions.cases.words import LONGEST_WORDS
from console.desk import Desk
from console.i18n import t
from console.pages.file_forms import Given
from console.pages.frame import plain
from console.pages.instruction_forms import one_file
from console.pages.kit import Next, next_moves
from models.cases.cases import Case
from models.cases.tasks import CaseTask, TaskKind, TaskMove, TaskState
from models.permissions import Permission

_BY_OTHERS = frozenset({TaskKind.NOTIFY_PLATFORM, TaskKind.TRACE, TaskKind.RECOVER_CARDS})
"""Finished by the thing itself, on the case's own page."""


def task_moves(desk: Desk, case: Case, task: CaseTask, people: Mapping[str, str]) -> None:
    """`people` are the names of who may be given a task, by id."""
    if task.state is not TaskState.OPEN or case.merged_into_id is not None:
        return
    open_ = task.open_moves()
    waives = TaskMove.WAIVE in open_ and why_not_waive(desk.actor, case, task) is None

    def waived(reason: str) -> None:
        waive_task(desk, task.id, reason)

    next_moves(
        desk,
        [
            _doing(desk, task),
            _giving(desk, task, people),
            Next("waive", t("case_pages.waive"), t("case_pages.waive_will"), waived,
                 Permission.CASE_CLOSE, is_open=waives, reason=True),
        ],
        task.id,
    )  # fmt: skip


def _doing(desk: Desk, task: CaseTask) -> Next:
    """By a paper where only a person can tell; else the house looks whether it is done."""
    given, by_paper = Given(), task.kind in BY_PAPER

    def ask(key: str) -> str:
        words = st.text_area(
            t("case_pages.task_words"), key=f"{key}:words", max_chars=LONGEST_WORDS
        )
        return words.strip() if given.ask(t("case_pages.task_proof"), f"{key}:file") else ""

    def act(words: str) -> None:
        do_task(desk, task.id, words, one_file(given) if by_paper else None)

    return Next(
        "do_task",
        t("case_pages.do_by_paper" if by_paper else "case_pages.do_by_look"),
        t("case_pages.do_by_paper_will" if by_paper else "case_pages.do_by_look_will"),
        act,
        Permission.CASE_OPEN,
        is_open=task.kind not in _BY_OTHERS,
        ask=ask if by_paper else None,
        icon=":material/task_alt:",
    )


def _giving(desk: Desk, task: CaseTask, people: Mapping[str, str]) -> Next:
    others = {key: name for key, name in people.items() if key != str(task.assignee_id)}

    def ask(key: str) -> str:
        chosen = st.selectbox(
            t("case_pages.assignee"), list(others), index=None, key=f"{key}:assignee",
            format_func=lambda one: plain(others[one]), placeholder=t("case_moves.choose_owner"),
        )  # fmt: skip
        return chosen or ""

    def act(assignee: str) -> None:
        assign_task(desk, task.id, assignee)

    return Next(
        "assign_task", t("case_pages.assign_task"), t("case_pages.assign_task_will"), act,
        Permission.CASE_OPEN, is_open=bool(others), ask=ask, icon=":material/person:",
    )  # fmt: skip
