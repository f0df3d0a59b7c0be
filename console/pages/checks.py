"""Checklists: one drawn shop after another, and the second person's look at a tenth of them."""

from collections.abc import Sequence

import streamlit as st

from console.actions.patrol.checks import (
    CheckRecord,
    check_record,
    fill_check,
    list_checks,
    next_check,
    review_check,
    settle_check,
    shops_of_checks,
)
from console.actions.patrol.plan import get_run, list_runs
from console.actions.patrol.shops import kept_pictures
from console.i18n import t
from console.pages.check_parts import answers_of, given_answers, items_form
from console.pages.frame import my_desk, plain, refusal_kept, refusals_shown, show_refusal_kept
from console.pages.kit import (
    Column,
    Kind,
    Tone,
    choice,
    cursor,
    empty,
    facts,
    filters,
    flash,
    link_to,
    list_or_record,
    list_tools,
    moment,
    open_record,
    page_head,
    pager,
    progress_of,
    record_head,
    record_table,
    section,
    timeline,
    two_columns,
    view,
)
from console.pages.kit.records import LONGEST_REASON
from console.pages.offer_parts import offer, pictures
from models.channel.public import shop_number
from models.patrol.checks import ITEMS, CheckItem, ShopCheck
from models.patrol.runs import RunState
from models.permissions import Permission

P = Permission
TONES = {
    "to_fill": Tone.WAITING,
    "filled": Tone.BUSY,
    "to_review": Tone.WARNING,
    "to_settle": Tone.BAD,
    "settled": Tone.GOOD,
}
OFFERS_SHOWN = 3


def state_of(check: ShopCheck) -> str:
    if check.done_at is None:
        return "to_fill"
    if not check.is_review_drawn:
        return "filled"
    if check.reviewed_at is None:
        return "to_review"
    return "settled" if check.is_settled else "to_settle"


def show_list() -> None:
    page_head(t("checks_page.title"), t("checks_page.hint"))
    with filters():
        runs = list_runs(desk, limit=50).rows
        options = {str(run.id): f"{run.number} {run.platform}" for run in runs if run.share}
        run_id = choice("run", t("checks_page.run"), options, width=280)
    lists = {one: t(f"checks_page.list_{one}") for one in ("to_fill", "to_review", "all")}
    shown = view(lists)
    with refusals_shown():
        if run_id is not None:
            show_progress(run_id)
        list_tools(desk, "checks")
        found = list_checks(
            desk,
            cursor("checks", run_id, shown),
            run_id=run_id,
            done=False if shown == "to_fill" else None,
            to_review=shown == "to_review" or None,
        )
        if not found.rows:
            empty(t(f"checks_page.none_{shown}"), t(f"checks_page.none_{shown}_next"))
            return
        record_table(found.rows, columns(found.rows), key="checks")
        pager(found, "checks")


def show_progress(run_id: str) -> None:
    run = get_run(desk, run_id)
    progress_of(run.checked, run.drawn, t("run_page.checks_done"))
    nearest = next_check(desk, run.id) if desk.actor.may(P.CHECK_FILL) else None
    if nearest is not None and st.button(
        t("checks_page.go_on"), key="checks:next", icon=":material/play_arrow:", type="primary"
    ):
        open_record(None, nearest.id)


def columns(rows: Sequence[ShopCheck]) -> list[Column[ShopCheck]]:
    shops = shops_of_checks(desk, rows)
    runs = {run.id: run.number for run in list_runs(desk, limit=200).rows}
    return [
        Column[ShopCheck](t("shops_page.name"), lambda row: shops[row.shop_id].name, width=220),
        Column[ShopCheck](
            t("shops_page.key"), lambda row: shop_number(shops[row.shop_id].shop_key), width=150
        ),
        Column[ShopCheck](
            t("shops_page.state"), state_of, Kind.STATE, "check_state", TONES, 120
        ),
        Column[ShopCheck](
            t("checks_page.answered"), lambda row: f"{len(row.answers)} / {len(ITEMS)}", width=90
        ),
        Column[ShopCheck](t("checks_page.run"), lambda row: runs.get(row.run_id), width=150),
        Column[ShopCheck](t("checks_page.done_at"), lambda row: row.done_at, Kind.MOMENT),
    ]  # fmt: skip


def show_check(check_id: str) -> None:
    record = check_record(desk, check_id)
    check, shop, run = record.check, record.shop, record.run
    number = f"{run.number} · {shop.platform} {shop_number(shop.shop_key)}"
    with record_head(number, shop.name, area="check_state", state=state_of(check), tones=TONES):
        link_to(t("checks_page.open_shop"), "shops", shop.id, key="to:shop")
    left, right = two_columns()
    with left:
        if check.is_passed_on:
            st.info(t("checks_page.passed_on"), icon=":material/swap_horiz:")
        work_on(record)
        show_seen(record)
    with right:
        progress_of(run.checked, run.drawn, t("run_page.checks_done"))
        link_to(run.number, "patrols", run.id, key="to:run")
        show_people(record)
        timeline(record.deeds)


def work_on(record: CheckRecord) -> None:
    """The form for whoever is to do the next thing; the answers for everybody else."""
    check, run = record.check, record.run
    is_own = desk.actor.is_house or check.organisation_id in desk.actor.organisations
    is_second = is_own and desk.actor.may(P.CHECK_REVIEW) and check.done_by != desk.actor.id
    if run.state is RunState.IN_PROGRESS and is_own and desk.actor.may(P.CHECK_FILL):
        filling(record)
    elif state_of(check) == "to_review" and run.state is RunState.SUBMITTED and is_second:
        reviewing(record)
    else:
        section(t("checks_page.answers"))
        given_answers({**check.answers, **check.settled}, check.review or None)
        if check.rule_version:
            st.caption(t("checks_page.edition", version=check.rule_version))
        if check.remark:
            st.caption(plain(check.remark))
        if state_of(check) == "to_settle" and is_second:
            settling(record)
        elif check.settled_reason:
            st.caption(t("checks_page.settled_as", reason=plain(check.settled_reason)))


def filling(record: CheckRecord) -> None:
    check = record.check
    section(t("checks_page.answers"), t("checks_page.fill_hint"))
    given = items_form("fill", check.id, ITEMS, check.hints, check.answers)
    remark = st.text_area(
        t("checks_page.remark"), check.remark, key=f"fill:{check.id}:remark",
        max_chars=LONGEST_REASON, height=80,
    )  # fmt: skip
    with st.container(horizontal=True, gap="small"):
        st.button(
            t("checks_page.done" if len(given) == len(ITEMS) else "checks_page.save"),
            key="fill:done", icon=":material/done_all:", type="primary", shortcut="Enter",
            disabled=not given, on_click=fill, args=(str(check.id), check.version, remark),
        )  # fmt: skip
        st.button(t("checks_page.skip"), key="fill:skip", icon=":material/skip_next:",
                  shortcut="J", on_click=go_on, args=(str(check.id),))  # fmt: skip


def fill(check_id: str, version: int, remark: str) -> None:
    """Keep the answers, and open the next shop when this one is done."""
    own = my_desk()
    with refusal_kept():
        record = check_record(own, check_id)
        given = answers_of("fill", record.check.id)
        filled = fill_check(own, check_id, given, remark, version=version)
        if filled.done_at is None:
            flash(t("checks_page.saved", n=len(filled.answers)))
        else:
            go_on(check_id)


def go_on(check_id: str) -> None:
    """To the next shop of the run that nobody has finished."""
    own = my_desk()
    with refusal_kept():
        run_id = check_record(own, check_id).run.id
        following = next_check(own, run_id, after=check_id)
        if following is None:
            st.query_params.pop("id", None)
            flash(t("checks_page.all_done"))
        else:
            st.query_params["id"] = str(following.id)


def reviewing(record: CheckRecord) -> None:
    """The second person answers without seeing what the first one said."""
    check = record.check
    section(t("checks_page.second"), t("checks_page.second_hint"))
    given = items_form("review", check.id, ITEMS, check.hints, {})
    if st.button(t("checks_page.hand_in"), key="review:done", icon=":material/fact_check:",
                 type="primary", shortcut="Enter", disabled=len(given) < len(ITEMS)):  # fmt: skip
        with refusals_shown():
            reviewed = review_check(desk, check.id, given, version=check.version)
            word = "differences" if reviewed.differences else "agreed"
            flash(t(f"checks_page.{word}", n=len(reviewed.differences)))
            st.rerun()


def settling(record: CheckRecord) -> None:
    """What holds where the two saw it differently."""
    check = record.check
    section(t("checks_page.settle"), t("checks_page.settle_hint"))
    items = [CheckItem(one) for one in check.differences]
    given = items_form("settle", check.id, items, check.hints, {})
    reason = st.text_area(t("console.reason"), key=f"settle:{check.id}", max_chars=LONGEST_REASON)
    is_ready = len(given) == len(items) and bool(reason.strip())
    if st.button(t("checks_page.settle"), key="settle:done", icon=":material/gavel:",
                 type="primary", disabled=not is_ready):  # fmt: skip
        with refusals_shown():
            settle_check(desk, check.id, given, reason, version=check.version)
            flash(t("console.done"))
            st.rerun()


def show_people(record: CheckRecord) -> None:
    check, people = record.check, record.people
    who = {
        "assignee": check.assignee_id,
        "done_by": check.done_by,
        "reviewed_by": check.reviewed_by,
        "settled_by": check.settled_by,
    }
    facts(
        {
            t(f"checks_page.{word}"): people[one].name
            for word, one in who.items()
            if one is not None and one in people
        }
        | {t("checks_page.done_at"): moment(check.done_at)}
    )


def show_seen(record: CheckRecord) -> None:
    """What the run kept of the shop, to look at while answering."""
    section(t("checks_page.seen"), t("checks_page.seen_hint"))
    if not (record.listings or record.pictures):
        empty(t("checks_page.nothing_seen"), t("checks_page.nothing_seen_next"))
    if record.shop.url:
        st.code(record.shop.url, language=None, wrap_lines=True)
    pictures(record.pictures, kept_pictures(desk, record.pictures))
    for listing in record.listings[:OFFERS_SHOWN]:
        offer(listing)
    if len(record.listings) > OFFERS_SHOWN:
        with st.expander(t("shops_page.more_offers", n=len(record.listings) - OFFERS_SHOWN)):
            for listing in record.listings[OFFERS_SHOWN:]:
                offer(listing)


desk = my_desk()
show_refusal_kept()
list_or_record(show_list, show_check)
