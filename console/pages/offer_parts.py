"""An offer and a picture, as every page of patrols shows them: marked, escaped, from our store."""

from collections.abc import Container, Iterable, Sequence
from typing import Final
from urllib.parse import quote

import streamlit as st

from console.i18n import t
from console.pages.frame import plain
from console.pages.kit import NOTHING, counted, marked, moment, state_pill, words_of
from console.pages.kit.layout import box
from console.pages.patrol_words import LABELS, VERDICTS
from models.patrol.pictures import SeenPicture
from models.patrol.screening.labels import Label, OfferKind
from models.patrol.shops import SeenListing

EVIDENCE: Final = "/files/evidence/"
_SHORT: Final = 4


def offer(listing: SeenListing, words: Iterable[str] = (), *, with_evidence: bool = True) -> None:
    """Title with the words that counted, what it is taken for and why, and where it stands."""
    with box("kit_offer", border=True, gap="small"):
        st.markdown(marked(listing.title_seen, [*words_of(listing.reasons), *words]))
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            state_pill("label", listing.label, LABELS)
            if listing.kind is not OfferKind.OTHER:
                st.badge(t(f"offer_kind.{listing.kind}"), color="gray")
            if listing.is_new:
                st.badge(t("offer.new"), icon=":material/auto_awesome:", color="blue")
            st.caption(plain(_said(listing)), width="content")
        why(listing.reasons)
        st.code(listing.url, language=None, wrap_lines=True)
        if with_evidence and listing.evidence_sha256:
            st.link_button(
                t("findings_page.open_evidence"),
                f"{EVIDENCE}{listing.evidence_sha256}",
                icon=":material/verified:",
                type="tertiary",
            )


def _said(listing: SeenListing) -> str:
    price = "" if listing.price is None else f"{listing.price} {listing.currency}"
    sales = "" if listing.sales is None else t("offer.sold", n=f"{listing.sales:,}")
    risk = t("offer.risk", n=listing.severity) if listing.label is not Label.NOT_CARD else ""
    return " · ".join(
        filter(None, [risk, price, sales, listing.listing_id, moment(listing.seen_at)])
    )


def why(reasons: Sequence[str]) -> None:
    """The words that counted, each with its weight; those against it in grey."""
    if not reasons:
        return
    parts = [
        f":{'gray' if weight.startswith('-') else 'orange'}-badge[{_reason(word)} {plain(weight)}]"
        for word, weight in counted(reasons)
    ]
    st.markdown(" ".join(parts))


def _reason(word: str) -> str:
    if word.startswith("sound:"):
        return t("offer.by_sound", word=plain(word.removeprefix("sound:")))
    return plain(word)


def picture(link: str, alt: str) -> None:
    """A picture of our own store, by its own route; nothing is fetched from where it was found."""
    st.markdown(f"![{plain(alt)}]({link})")


def pictures(seen: Sequence[SeenPicture], kept: Container[str], *, most: int = 12) -> None:
    """Pictures that a run met, each with its badge's verdict; `kept` are those we can show."""
    shown = list(seen)[:most]
    for start in range(0, len(shown), _SHORT):
        columns = st.columns(_SHORT)
        for column, one in zip(columns, shown[start:], strict=False):
            with column, box("kit_tile", border=True, gap="small"):
                _tile(one, is_kept=one.sha256 in kept)
    if len(seen) > most:
        st.caption(t("offer.more_pictures", n=len(seen) - most))


def _tile(one: SeenPicture, *, is_kept: bool) -> None:
    if is_kept and one.evidence_sha256:
        link = f"{EVIDENCE}{quote(one.sha256)}?of={quote(one.evidence_sha256)}"
        picture(link, t("offer.picture"))
    else:
        st.caption(f":material/hide_image: {t('offer.not_kept')}")
    if one.badge_verdict:
        state_pill("verdict", one.badge_verdict, VERDICTS)
        st.caption(plain(one.badge_agent_no or one.badge_text[:60] or NOTHING))
    st.caption(moment(one.seen_at))
