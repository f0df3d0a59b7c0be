"""Whose administrations are competent for which measures, on a case and on an instruction."""

from collections.abc import Sequence
from typing import Final

import streamlit as st

from console.actions.cases.authorities.instructions import instructions_of, jurisdiction_of
from console.desk import Desk
from console.i18n import listed, t
from console.pages.instruction_forms import authority_word
from console.pages.kit import Absent, Column, Kind, Tone, facts, record_table, section
from models.cases.cases import Case
from models.cases.instructions import Instruction, InstructionState, Jurisdiction
from models.cases.routers import Competent
from models.permissions import Permission

TONES: Final = {
    InstructionState.RECEIVED.value: Tone.WAITING,
    InstructionState.ACCEPTED.value: Tone.BUSY,
    InstructionState.REPORTED_BACK.value: Tone.BUSY,
    InstructionState.CLOSED.value: Tone.GOOD,
}


def show_jurisdiction(desk: Desk, case: Case) -> None:
    """For a case's page: by the measures that it has by now."""
    show_competent(*jurisdiction_of(desk, case.id))


def show_instructions(desk: Desk, case: Case) -> Absent | None:
    """For a case's page: what administrations ordered in it, with the way there."""
    if not desk.actor.may(Permission.INSTRUCTION_READ):
        return None
    found = instructions_of(desk, case.id)
    if not found:
        return Absent(t("instructions_page.title"))
    section(t("instructions_page.title"))
    columns = [
        Column[Instruction](t("instructions_page.document_no"), lambda row: row.document_no,
                            width=190),
        Column[Instruction](t("instructions_page.state"), lambda row: row.state, Kind.STATE,
                            "instruction_state", TONES, 110),
        Column[Instruction](t("instructions_page.due"), lambda row: row.due_at, Kind.DUE),
        Column[Instruction](t("instructions_page.authority"),
                            lambda row: authority_word(row.authority), width=230),
    ]  # fmt: skip
    record_table(found, columns, key="case:instructions", open_page="instructions")
    return None


def show_competent(competent: Sequence[Competent], missing: Sequence[Jurisdiction]) -> None:
    if competent:
        names = {
            f"{authority_word(one.authority)} · {t(f'jurisdiction.{one.jurisdiction}')}": listed(
                t(f"measure.{measure}") for measure in one.measures
            )
            for one in competent
        }
        facts(names, t("instructions_page.competent"), abreast=1)
    elif not missing:
        st.caption(t("instructions_page.no_measures"))
    for one in missing:
        jurisdiction = t(f"jurisdiction.{one}")
        st.warning(t("instructions_page.missing", jurisdiction=jurisdiction))
