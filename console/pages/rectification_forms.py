"""The form of a rectification notice: who, what, by which rule; empty, or begun from elsewhere."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final
from uuid import UUID

import streamlit as st

from console.actions.cases.authorities.instructions import list_instructions
from console.actions.cases.rectifications.issuing import (
    IssueForm,
    RectificationForm,
    issues_of_case,
    issues_of_findings,
)
from console.actions.cases.rectifications.lists import RectificationRecord
from console.actions.channel.agents import list_agents
from console.actions.staff.people import named_organisations
from console.desk import Desk
from console.i18n import t
from console.pages.kit.words import last_day
from console.pages.rectification_parts import rule_word
from models.cases.instructions import InstructionState
from models.cases.rectifications import Delivery
from models.permissions import Permission
from models.rules import Tier, rule_refs
from models.staff import OrganisationKind

_MOST: Final = 12
_ORGANISATION, _AGENT, _NAME = "organisation", "agent", "name"


@dataclass(frozen=True, slots=True)
class Begun:
    """What a form begins with."""

    issues: Sequence[IssueForm] = ()
    subject: str = ""
    tier: Tier = Tier.GENERAL
    unit: str = ""
    agent_id: UUID | None = None
    unit_name: str = ""
    delivery: Delivery = Delivery.PORTAL
    remedy: str = ""
    case_id: UUID | None = None
    instruction_id: UUID | None = None


def begun_from(desk: Desk, *, case: str | None, findings: str | None) -> Begun:
    """From a case, or from findings by their ids with commas between."""
    if case:
        return Begun(issues_of_case(desk, case), case_id=UUID(case))
    if findings:
        return Begun(issues_of_findings(desk, [one for one in findings.split(",") if one]))
    return Begun()


def begun_again(record: RectificationRecord, code: str) -> Begun:
    row = record.row
    by_agent = row.agent_id is not None
    return Begun(
        issues=[IssueForm(one.what, one.rule, one.finding_id) for one in record.issues],
        subject=row.subject,
        tier=row.tier,
        unit=code,
        agent_id=row.agent_id,
        unit_name="" if by_agent or code else row.unit_name,
        delivery=row.delivery,
        remedy=row.remedy,
        case_id=row.case_id,
        instruction_id=row.instruction_id,
    )


def rectification_fields(desk: Desk, key: str, begun: Begun) -> RectificationForm:
    """All of the notice, as it stands in the form now."""
    form = _head(desk, key, begun)
    count = int(
        st.number_input(
            t("rectification_form.count"), 1, _MOST, max(1, len(begun.issues)), key=f"{key}:count"
        )
    )
    issues = [_issue(key, at, begun) for at in range(count)]
    remedy = st.text_area(
        t("rectification_form.remedy"), begun.remedy, key=f"{key}:remedy", max_chars=2000,
        help=t("rectification_form.remedy_help"),
    )  # fmt: skip
    return replace(form, issues=issues, remedy=remedy)


def _head(desk: Desk, key: str, begun: Begun) -> RectificationForm:
    subject = st.text_input(
        t("rectifications_page.subject"), begun.subject, key=f"{key}:subject", max_chars=200,
        placeholder=t("rectification_form.subject_example"),
    )  # fmt: skip
    left, middle, right = st.columns(3)
    with left:
        tiers = [one.value for one in Tier]
        tier = st.selectbox(
            t("rectifications_page.tier"), tiers, tiers.index(begun.tier), key=f"{key}:tier",
            format_func=lambda one: t(f"tier.{one}"), help=t("rectification_form.tier_help"),
        )  # fmt: skip
    with middle:
        ways = [one.value for one in Delivery]
        delivery = st.selectbox(
            t("rectifications_page.delivery"), ways, ways.index(begun.delivery),
            key=f"{key}:delivery", format_func=lambda one: t(f"delivery.{one}"),
            help=t("rectification_form.delivery_help"),
        )  # fmt: skip
    with right:
        instruction = _instruction(desk, key, begun)
    unit, agent, name = _unit(desk, key, begun)
    return RectificationForm(
        subject=subject,
        issues=(),
        tier=Tier(tier),
        unit=unit,
        agent_id=agent,
        unit_name=name,
        delivery=Delivery(delivery),
        case_id=begun.case_id,
        instruction_id=instruction,
    )


def _unit(desk: Desk, key: str, begun: Begun) -> tuple[str, UUID | None, str]:
    """One of: an organisation's code, an agent, a name."""
    kinds = [_ORGANISATION, _AGENT, _NAME]
    at = _AGENT if begun.agent_id else _NAME if begun.unit_name else _ORGANISATION
    kind = st.segmented_control(
        t("rectification_form.unit_kind"), kinds, default=at, key=f"{key}:unit_kind",
        format_func=lambda one: t(f"rectification_form.{one}"), required=True,
    )  # fmt: skip
    if kind == _NAME:
        words = st.text_input(
            t("rectification_form.unit_name"), begun.unit_name, key=f"{key}:unit_name",
            max_chars=200,
        )  # fmt: skip
        return "", None, words
    if kind == _AGENT:
        return "", _agent(desk, key, begun), ""
    own = desk.actor.organisations
    units = {
        one.code: one.name
        for one in named_organisations(desk)
        if one.id in own or one.kind is OrganisationKind.PLATFORM
    }
    codes = list(units)
    chosen = st.selectbox(
        t("rectifications_page.unit"), codes,
        codes.index(begun.unit) if begun.unit in codes else None,
        key=f"{key}:unit", format_func=units.__getitem__,
        placeholder=t("rectification_form.choose_unit"),
    )  # fmt: skip
    return chosen or "", None, ""


def _agent(desk: Desk, key: str, begun: Begun) -> UUID | None:
    if not desk.actor.may(Permission.AGENT_READ):
        return None
    words = st.text_input(
        t("rectification_form.agent_words"), key=f"{key}:agent_words", max_chars=100
    )
    found = {str(one.id): f"{one.name}（{one.agent_no}）" for one in list_agents(desk, words).rows}
    ids = list(found)
    chosen = st.selectbox(
        t("rectification_form.agent"), ids,
        ids.index(str(begun.agent_id)) if str(begun.agent_id) in ids else None,
        key=f"{key}:agent", format_func=found.__getitem__,
        placeholder=t("rectification_form.choose_agent"),
    )  # fmt: skip
    return UUID(chosen) if chosen else None


def _instruction(desk: Desk, key: str, begun: Begun) -> UUID | None:
    """Ordered by an administration: its date holds."""
    if not desk.actor.may(Permission.INSTRUCTION_READ):
        return begun.instruction_id
    open_ = {
        str(one.id): f"{one.document_no} · {last_day(one.due_at)}"
        for state in (InstructionState.ACCEPTED, InstructionState.IN_PROGRESS)
        for one in list_instructions(desk, state=state).rows
    }
    ids = list(open_)
    chosen = st.selectbox(
        t("rectification_form.instruction"), ids,
        ids.index(str(begun.instruction_id)) if str(begun.instruction_id) in ids else None,
        key=f"{key}:instruction", format_func=open_.__getitem__,
        placeholder=t("rectification_form.no_instruction"),
        help=t("rectification_form.instruction_help"),
    )  # fmt: skip
    return UUID(chosen) if chosen else None


def _issue(key: str, at: int, begun: Begun) -> IssueForm:
    first = begun.issues[at] if at < len(begun.issues) else IssueForm("", "")
    left, right = st.columns([3, 2])
    rules = list(rule_refs())
    what = left.text_area(
        t("rectification_form.issue", n=at + 1), first.what, key=f"{key}:what:{at}",
        max_chars=1000, height=80,
    )  # fmt: skip
    rule = right.selectbox(
        t("rectification_form.rule", n=at + 1), rules,
        rules.index(first.rule) if first.rule in rules else None,
        key=f"{key}:rule:{at}", format_func=rule_word,
        placeholder=t("rectification_form.choose_rule"),
    )  # fmt: skip
    return IssueForm(what, rule or "", first.finding_id)
