"""One's own day beyond the console: a calendar feed and a digest, on the account page."""

import streamlit as st

from console.actions.today.digests import choose_digest, has_mail, my_choice, my_digest
from console.actions.today.feeds import make_feed, my_feed, revoke_feed
from console.desk import Desk
from console.i18n import t
from console.pages.frame import refusals_shown
from console.pages.kit import Next, day, facts, flash, next_moves, section, show_once
from models.permissions import Permission
from models.today import HowOften

_CALENDAR = "/files/due.ics"
_DIGEST = "/files/digest.txt"


def show_day(desk: Desk) -> None:
    """For people; the house has no day of its own."""
    if desk.actor.id is None:
        return
    show_feed(desk)
    show_digest(desk)


def show_feed(desk: Desk) -> None:
    section(t("own_day.feed"), t("own_day.feed_hint"))
    feed = my_feed(desk)
    if feed is not None:
        asked = day(feed.asked_on) if feed.asked_on else t("own_day.never_asked")
        facts({t("own_day.made"): day(feed.created_at), t("own_day.asked"): asked})

    def make(_: str) -> None:
        show_once(t("own_day.feed_address"), make_feed(desk))

    def revoke(_: str) -> None:
        revoke_feed(desk)

    again = "again" if feed is not None else "make"
    with st.container(horizontal=True, gap="small"):
        next_moves(
            desk,
            [
                Next(
                    f"feed_{again}", t(f"own_day.feed_{again}"), t(f"own_day.feed_{again}_will"),
                    make, Permission.ACCOUNT_USE, icon=":material/calendar_add_on:",
                ),
                Next(
                    "feed_revoke", t("own_day.feed_revoke"), t("own_day.feed_revoke_will"),
                    revoke, Permission.ACCOUNT_USE, is_open=feed is not None,
                    icon=":material/link_off:",
                ),
            ],
            feed.id if feed is not None else "me",
        )  # fmt: skip
        st.link_button(t("own_day.feed_file"), _CALENDAR, icon=":material/download:")


def show_digest(desk: Desk) -> None:
    section(t("own_day.digest"), t("own_day.digest_hint"))
    with st.container(horizontal=True, gap="small"):
        with st.popover(t("own_day.read"), icon=":material/article:"):
            st.code(my_digest(desk), language=None, wrap_lines=True)
        st.link_button(t("own_day.download"), _DIGEST, icon=":material/download:")
    if not has_mail(desk):
        st.info(t("own_day.no_mail"), icon=":material/mail_off:")
        return
    choice = my_choice(desk)
    with st.form("own_day:digest", border=True):
        how_often = st.radio(
            t("own_day.how_often"),
            [*HowOften],
            index=[*HowOften].index(choice.how_often) if choice is not None else 0,
            format_func=lambda one: t(f"how_often.{one}"),
            horizontal=True,
        )
        address = st.text_input(
            t("own_day.address"), choice.address if choice is not None else "", max_chars=254
        )
        sent = st.form_submit_button(t("own_day.keep"), icon=":material/save:")
    if choice is not None and choice.last_words:
        st.warning(t("own_day.not_sent"), icon=":material/mail:")
        st.code(choice.last_words, language=None, wrap_lines=True)
    elif choice is not None and choice.sent_on is not None:
        st.caption(t("own_day.sent_on", day=day(choice.sent_on)))
    if sent:
        with refusals_shown():
            choose_digest(desk, how_often, address)
            flash(t("own_day.kept"))
            st.rerun()
