"""One badge judged: by what its code says, by a picture, or through the camera."""

from collections.abc import Sequence
from dataclasses import dataclass

import streamlit as st

from console.actions.channel.badges import list_badges, mark_copied
from console.actions.channel.checks import (
    LONGEST_CODE,
    Shown,
    check_picture,
    check_shown,
    marked_picture,
    page_of,
)
from console.i18n import t
from console.pages.channel_parts import platform_names
from console.pages.channel_words import move_of
from console.pages.frame import my_desk, refusals_shown
from console.pages.kit import (
    Tone,
    day,
    empty,
    facts,
    link_to,
    next_moves,
    page_head,
    section,
    state_pill,
    view,
)
from integrations.pictures import LARGEST
from models.channel.badges import Badge, BadgeMove
from models.channel.public import Scan
from models.permissions import Permission
from models.tokens import OWN_SITE, Verdict

P = Permission
SEEN = "badge_check:seen"
KINDS = ["png", "jpg", "jpeg", "webp", "gif", "bmp"]
TONES = {
    Verdict.VALID: Tone.GOOD,
    Verdict.VALID_SHOP_UNCHECKED: Tone.BUSY,  # never green: it may be a copy
    Verdict.WRONG_SHOP: Tone.BAD,
    Verdict.REVOKED: Tone.BAD,
    Verdict.SUSPENDED: Tone.WARNING,
    Verdict.EXPIRED: Tone.BAD,
    Verdict.NOT_YET_VALID: Tone.WARNING,
    Verdict.STATUS_UNKNOWN: Tone.WARNING,
    Verdict.FORGED: Tone.BAD,
    Verdict.NOT_OURS: Tone.WARNING,
}
"""As the verify page has them."""


@dataclass(frozen=True)
class Seen:
    """What was checked last, kept while its reader stays on the page."""

    codes: Sequence[tuple[str, Scan]]
    picture: bytes | None = None


def asking() -> None:
    kind = view(
        {
            "text": t("badge_check_page.by_text"),
            "picture": t("badge_check_page.by_picture"),
            "camera": t("badge_check_page.by_camera"),
        },
        key="by",
    )
    text, data = given(kind)
    st.markdown(f"**{t('badge_check_page.where')}**")
    left, right = st.columns(2)
    names = platform_names(desk)
    platform = left.selectbox(
        t("badge_check_page.platform"),
        [code for code in names if code != OWN_SITE],
        index=None,
        key="check:platform",
        format_func=names.__getitem__,
        placeholder=t("badge_check_page.any_platform"),
    )
    shop = right.text_input(t("badge_check_page.shop"), key="check:shop", max_chars=300)
    url = st.text_input(t("badge_check_page.url"), key="check:url", max_chars=1000)
    is_ready = bool(text.strip()) or data is not None
    if st.button(
        t("badge_check_page.check"),
        key="check:sure",
        type="primary",
        icon=":material/qr_code_scanner:",
        disabled=not is_ready,
    ):
        st.session_state.pop(SEEN, None)
        with refusals_shown():
            st.session_state[SEEN] = checked(text, data, (platform or "", shop, url))


def given(kind: str) -> tuple[str, bytes | None]:
    """The text, or the picture's bytes."""
    if kind == "text":
        words = st.text_area(
            t("badge_check_page.code"),
            key="check:code",
            max_chars=LONGEST_CODE,
            help=t("badge_check_page.code_hint"),
        )
        return words, None
    if kind == "camera":
        file = st.camera_input(t("badge_check_page.camera"), key="check:camera")
    else:
        file = st.file_uploader(
            t("badge_check_page.picture"),
            type=KINDS,
            key="check:file",
            help=t("badge_check_page.picture_hint"),
            max_upload_size=LARGEST // (1024 * 1024),
        )
    return "", None if file is None else file.getvalue()


def checked(text: str, data: bytes | None, where: tuple[str, str, str]) -> Seen:
    platform, shop, url = where
    if data is None:
        code = text.strip()
        digits = code if code.isdecimal() else ""
        shown = Shown("" if digits else code, digits, platform, shop, url)
        return Seen([(code, check_shown(desk, shown))])
    seen = check_picture(desk, data, page_of(platform, shop, url))
    picture = marked_picture(data, seen)
    return Seen([(code.text, code.scan) for code in seen.codes], picture)


def answer() -> None:
    seen = st.session_state.get(SEEN)
    if not isinstance(seen, Seen):
        empty(t("badge_check_page.nothing"), t("badge_check_page.nothing_next"))
        return
    if not seen.codes:
        empty(t("badge_check_page.no_code"), t("badge_check_page.no_code_next"))
    for number, (text, scan) in enumerate(seen.codes, 1):
        card(number if len(seen.codes) > 1 else 0, text, scan)
    if seen.picture is not None:
        section(t("badge_check_page.boxes"))
        st.image(seen.picture, alt=t("badge_check_page.boxes"))


def card(number: int, text: str, scan: Scan) -> None:
    """The verdict in the words of the public page."""
    with st.container(border=True):
        if number:
            st.caption(t("badge_check_page.number", n=number))
        state_pill("verdict", scan.verdict, {str(one): tone for one, tone in TONES.items()})
        st.subheader(t(f"verdict.{scan.verdict}"), anchor=False)
        st.markdown(t(f"verdict_means.{scan.verdict}"))
        st.markdown(f"**{t(f'verdict_do.{scan.verdict}')}**")
        st.caption(f"{t('public.badge_why')}: {t(f'reason.{scan.reason}')}")
        if scan.badge is None:
            st.caption(t("badge_check_page.says"))
            st.code(text, language=None, wrap_lines=True)
            return
        badge = scan.badge
        platform = platform_names(desk).get(badge.shop.platform, badge.shop.platform)
        facts(
            {
                t("public.badge_of"): badge.agent,
                t("public.agent_no"): badge.agent_no,
                t("public.carrier"): badge.carrier,
                t("public.badge_for"): f"{platform} · {badge.shop.name}",
                t("public.shop_id"): badge.shop.id,
                t("public.until"): day(badge.until),
            }
        )
        record_of(badge.badge_id, number)


def record_of(badge_id: str, number: int) -> None:
    """The way to the badge's record, and the mark of a copy, for whoever may see and set it."""
    found = list_badges(desk, badge_id, limit=1).rows
    if not found:
        return
    with st.container(horizontal=True):
        words = t("badge_check_page.open_badge", badge_id=badge_id)
        link_to(words, "badges", found[0].id, key=f"check:badge:{number}")
        copying(found[0])


def copying(badge: Badge) -> None:
    mine = desk.actor.is_house or badge.carrier_id in desk.actor.carriers
    move = move_of(
        "badge_check_page.mark_copied",
        lambda seen_at: _copied(badge, seen_at),
        P.BADGE_ISSUE,
        "content_copy",
        when=mine and BadgeMove.COPIED_DETECTED in badge.open_moves(),
        reason=True,
    )
    next_moves(desk, [move], f"{badge.id}:{badge.version}")


def _copied(badge: Badge, seen_at: str) -> None:
    mark_copied(desk, badge.id, seen_at=seen_at)
    st.session_state.pop(SEEN, None)


desk = my_desk()
with page_head(t("badge_check_page.title"), t("badge_check_page.hint")):
    pass
left_side, right_side = st.columns([1, 1], gap="large")
with left_side:
    asking()
with right_side, refusals_shown():
    answer()
