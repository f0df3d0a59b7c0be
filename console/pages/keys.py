"""Signing keys by role, the switch that halts issuing, and the nightly check."""

from collections.abc import Sequence
from datetime import date, datetime, time
from typing import Final

import streamlit as st

from console.actions.channel.issuing import (
    current_halt,
    finish_badges,
    halt_issuing,
    resume_issuing,
)
from console.actions.channel.keys import (
    END_WARNING,
    KeyRecord,
    key_record,
    list_keys,
    revoke_key,
    rotate_key,
)
from console.actions.channel.nightly import check_all_badges, last_check
from console.i18n import t
from console.pages.frame import my_desk, plain, refusals_shown
from console.pages.kit import (
    Column,
    Kind,
    Next,
    Tone,
    day,
    empty,
    facts,
    figures,
    list_or_record,
    moment,
    next_moves,
    page_head,
    progress_of,
    record_head,
    record_table,
    section,
    state_pill,
    timeline,
    two_columns,
)
from models.channel.issuing import IssuingHalt, KeyState
from models.permissions import Permission
from models.rules import CHINA
from models.tokens import KeyRole

P = Permission
TONES: Final = {
    "signing": Tone.GOOD,
    "published": Tone.OVER,
    "lost": Tone.BAD,
    "running": Tone.GOOD,
    "halted": Tone.BAD,
}


def show_list() -> None:
    with page_head(t("keys_page.title"), t("keys_page.hint")):
        rotating()
    with refusals_shown():
        show_issuing(current_halt(desk))
        found = list_keys(desk)
        show_keys(found)
        show_check()


def rotating() -> None:
    """A new key for a role: the one act that a house without keys offers, too."""

    def ask(key: str) -> str:
        options = [role.value for role in KeyRole]
        label = t("keys_page.role")
        chosen = st.selectbox(label, options, key=key, format_func=lambda one: t(f"key_role.{one}"))
        return str(chosen)

    def make(role: str) -> str:
        return t("keys_page.made", kid=rotate_key(desk, KeyRole(role)).kid)

    words = t("keys_page.make_will")
    move = Next(
        "make", t("keys_page.make"), words, make, P.KEY_EDIT, ask=ask, icon=":material/add:"
    )
    next_moves(desk, [move], "keys")


def show_issuing(halt: IssuingHalt | None) -> None:
    section(t("keys_page.issuing"))
    with st.container(border=True):
        with st.container(horizontal=True, vertical_alignment="center"):
            state_pill("keys_page", "running" if halt is None else "halted", TONES)
            offered = next_moves(desk, _switch(halt), "issuing")
        if halt is not None:
            facts(
                {
                    t("keys_page.halt_reason"): halt.reason,
                    t("keys_page.halted_by"): halt.halted_by_name,
                    t("keys_page.halted_at"): moment(halt.halted_at),
                }
            )
            if not offered and desk.actor.may(P.BADGE_HALT):
                st.caption(t("keys_page.own_halt"))


def _switch(halt: IssuingHalt | None) -> list[Next]:
    def stop(reason: str) -> str:
        halt_issuing(desk, reason)
        return t("keys_page.halt_done")

    def go_on(reason: str) -> str:
        resume_issuing(desk, reason)
        finish_badges(desk)
        return t("keys_page.resume_done")

    is_own = halt is not None and halt.halted_by is not None and halt.halted_by == desk.actor.id
    return [
        Next(
            "halt",
            t("keys_page.halt"),
            t("keys_page.halt_will"),
            stop,
            P.BADGE_HALT,
            is_open=halt is None,
            reason=True,
            icon=":material/pause_circle:",
        ),
        Next(
            "resume",
            t("keys_page.resume"),
            t("keys_page.resume_will"),
            go_on,
            P.BADGE_HALT,
            is_open=halt is not None and not is_own,
            reason=True,
            icon=":material/play_circle:",
            main=True,
        ),
    ]


def show_keys(found: Sequence[KeyRecord]) -> None:
    section(t("keys_page.title"))
    if not found:
        empty(t("keys_page.none"), t("keys_page.none_next"))
        return
    for one in found:
        if one.state is KeyState.LOST and one.live:
            label = t(
                "keys_page.progress", kid=one.key.kid, done=one.badges - one.live, left=one.live
            )
            progress_of(one.badges - one.live, one.badges, label)
        soon = one.key.not_after - END_WARNING <= desk.now()
        if one.state is KeyState.SIGNING and soon:
            st.warning(
                f"{plain(one.key.title)}: {t('keys_page.ends_soon', day=day(one.key.not_after))}"
            )
    columns = [
        Column[KeyRecord](t("keys_page.kid"), lambda one: one.key.kid, width=80),
        Column[KeyRecord](
            t("keys_page.role"), lambda one: t(f"key_role.{one.key.role}"), width=110
        ),
        Column[KeyRecord](
            t("keys_page.state"), lambda one: one.state, Kind.STATE, "key_state", TONES, 130
        ),
        Column[KeyRecord](t("keys_page.algorithm"), lambda one: one.key.algorithm, width=100),
        Column[KeyRecord](t("keys_page.validity"), _bar, width=190),
        Column[KeyRecord](t("keys_page.from"), lambda one: one.key.not_before, Kind.DATE),
        Column[KeyRecord](t("keys_page.until"), lambda one: one.key.not_after, Kind.DATE),
        Column[KeyRecord](t("keys_page.badges"), lambda one: one.badges, Kind.NUMBER),
        Column[KeyRecord](t("keys_page.live"), lambda one: one.live, Kind.NUMBER),
    ]
    record_table(found, columns, key="keys", identity=lambda one: one.key.kid)


_BAR: Final = 12


def _bar(one: KeyRecord) -> str:
    """How much of its time has passed, in blocks; grids of any theme show them."""
    whole = one.key.not_after - one.key.not_before
    share = min(max((desk.now() - one.key.not_before) / whole, 0.0), 1.0)
    full = round(share * _BAR)
    return "█" * full + "░" * (_BAR - full) + f" {share:.0%}"


def show_check() -> None:
    section(t("keys_page.check"))

    def check(_words: str) -> str:
        check_all_badges(desk)
        return t("keys_page.checked_done")

    with st.container(border=True):
        last = last_check(desk)
        if last is None:
            st.markdown(t("keys_page.never_checked"))
        elif last.fault is None:
            st.markdown(t("keys_page.check_whole", at=moment(last.at), checked=last.checked))
        else:
            fault = t(f"badge_fault.{last.fault}")
            st.error(
                t(
                    "keys_page.check_bad",
                    at=moment(last.at),
                    checked=last.checked,
                    bad=last.bad,
                    first=plain(last.first),
                    fault=fault,
                )
            )
        label, will = t("keys_page.check_now"), t("keys_page.check_will")
        move = Next("check", label, will, check, P.BADGE_HALT, icon=":material/fact_check:")
        next_moves(desk, [move], "all")


def show_key(kid: str) -> None:
    row, deeds = key_record(desk, kid)
    one = next(found for found in list_keys(desk) if found.key.kid == row.kid)
    role = t(f"key_role.{row.role}")
    title = t("keys_page.role_title", role=role, kid=row.kid)
    with record_head(row.kid, title, area="key_state", state=one.state, tones=TONES):
        next_moves(desk, _moves(one, role), row.kid)
    left, right = two_columns()
    with left:
        figures({t("keys_page.badges"): one.badges, t("keys_page.live"): one.live})
        if one.state is KeyState.LOST and one.badges:
            label = t("keys_page.progress", kid=row.kid, done=one.badges - one.live, left=one.live)
            progress_of(one.badges - one.live, one.badges, label)
        facts(
            {
                t("keys_page.role"): role,
                t("keys_page.algorithm"): row.algorithm,
                t("keys_page.from"): day(row.not_before),
                t("keys_page.until"): day(row.not_after),
                t("keys_page.since"): moment(row.revoked_at),
                t("keys_page.reason"): row.reason,
                t("keys_page.public"): row.public,
            }
        )
    with right:
        timeline(deeds)


def _since_when(key: str) -> str:
    """From which moment on a key is not to be trusted, a blank, and why; empty without a reason."""
    now = desk.now().astimezone(CHINA)
    on = st.date_input(
        t("keys_page.since_day"),
        now.date(),
        key=f"{key}:day",
        min_value=date(2000, 1, 1),
        max_value=now.date(),
        help=t("keys_page.since_help"),
    )
    at = st.time_input(t("keys_page.since_time"), time(now.hour), key=f"{key}:time")
    reason = st.text_area(t("console.reason"), key=f"{key}:why", max_chars=1000).strip()
    return f"{datetime.combine(on, at, CHINA).isoformat()} {reason}" if reason else ""


def _moves(one: KeyRecord, role: str) -> list[Next]:
    row = one.key

    def rotate(_words: str) -> str:
        return t("keys_page.made", kid=rotate_key(desk, row.role).kid)

    def revoke(words: str) -> str:
        since, _, reason = words.partition(" ")
        revoke_key(desk, row.kid, since=datetime.fromisoformat(since), reason=reason)
        return t("keys_page.revoked", kid=row.kid)

    is_badge = row.role is KeyRole.BADGE
    will = "keys_page.revoke_will" if is_badge else "keys_page.revoke_will_other"
    is_lost = one.state is KeyState.LOST
    return [
        Next(
            "rotate",
            t("keys_page.rotate"),
            t("keys_page.rotate_will", role=role, kid=row.kid),
            rotate,
            P.KEY_EDIT,
            is_open=one.state is KeyState.SIGNING,
            icon=":material/autorenew:",
        ),
        Next(
            "revoke",
            t("keys_page.revoke"),
            t(will, kid=row.kid, live=one.live),
            revoke,
            P.KEY_EDIT,
            is_open=not is_lost,
            ask=_since_when,
            icon=":material/gpp_bad:",
        ),
    ]


desk = my_desk()
list_or_record(show_list, show_key)
