"""The console's own look over Streamlit's: density, hierarchy, figures that line up.

Only static rules of ours, never a word from outside; colours come from the theme's variables.
Captions are as dark as small print has to be (WCAG 1.4.3); Streamlit's own stay under 4.5 to 1.
Toasts stand at the foot: at the top they would lie on a record's moves, and stay while hovered.
What is pressed is 24 px high and wide at least (WCAG 2.5.8); Streamlit's help signs are smaller.
"""

from typing import Final

import streamlit as st

_SHEET: Final = """
[data-testid="stMainBlockContainer"] { padding: 2.6rem 2.6rem 4rem; max-width: 1500px; }
[data-testid="stToastContainer"] { inset: auto 1rem 1rem auto !important; }
[data-testid="stHeader"] { background: transparent; height: 2.4rem; }
[data-testid="stMainBlockContainer"] h1 { font-size: 1.72rem; letter-spacing: .01em;
  padding: 0 0 .1rem; }
[data-testid="stMainBlockContainer"] h3 { font-size: 1.06rem; padding: 1.1rem 0 .45rem; }
[class*="st-key-page_head"] { border-bottom: 1px solid rgba(120, 150, 150, .28);
  padding-bottom: .85rem; margin-bottom: .35rem; }
[data-testid="stMetric"] { border-left: 3px solid #2FA39A; padding: .7rem 1rem; }
[data-testid="stMetricLabel"], [data-testid="stMetricLabel"] * { white-space: normal;
  overflow: visible; }
[data-testid="stMetricValue"] { font-size: 1.65rem; font-weight: 620; }
[data-testid="stMetricValue"], [data-testid="stCaptionContainer"] {
  font-variant-numeric: tabular-nums; }
[data-testid="stCaptionContainer"] { opacity: .78; }
[class*="st-key-kit_facts"] [data-testid="stCaptionContainer"] p { font-size: .82rem; }
[class*="st-key-kit_facts"] [data-testid="stVerticalBlock"] { gap: .1rem; }
[class*="st-key-kit_tools"] { row-gap: .4rem; }
[data-testid="stCheckbox"] label { min-height: 24px; }
[data-testid="stTooltipIcon"] button, button:has(> [data-testid="stTooltipIcon"]),
button[aria-label^="Help for"] { min-width: 24px; min-height: 24px; }
[class*="st-key-chip-"] button { min-height: 2rem; padding: .1rem .65rem; }
[class*="st-key-kit_file"] a { display: inline-block; padding: .35rem 1rem; color: inherit;
  border: 1px solid rgba(120, 150, 150, .5); border-radius: .5rem; text-decoration: none; }
[class*="st-key-kit_file"] a:hover { border-color: #2FA39A; text-decoration: underline; }
[class*="st-key-kit_list"] { gap: 0; padding: .15rem 1rem .45rem; }
[class*="st-key-kit_line"] { padding: .42rem 0; border-top: 1px solid rgba(120, 150, 150, .22); }
[class*="st-key-kit_list"] > div:first-child [class*="st-key-kit_line"],
[class*="st-key-kit_list"] > [class*="st-key-kit_line"]:first-child { border-top: 0; }
[class*="st-key-kit_empty"] { border-style: dashed; padding: 2.2rem 1rem; }
[class*="st-key-kit_empty"] p { text-align: center; }
[class*="st-key-kit_empty"] [role="img"] { font-size: 2.2rem; }
[class*="st-key-kit_history"] [data-testid="stVerticalBlock"]:has(
  > [data-testid="stElementContainer"] [data-testid="stCaptionContainer"]) {
  border-left: 2px solid rgba(47, 163, 154, .55); padding: .1rem 0 .55rem .85rem;
  margin-left: .3rem; }
[class*="st-key-kit_history"] p { margin: 0; }
[class*="st-key-kit_history"] [data-testid="stMarkdownContainer"],
[class*="st-key-kit_history"] [data-testid="stCaptionContainer"] { margin: 0; }
[class*="st-key-page_head_record"] { padding-bottom: 1.3rem; }
[class*="st-key-page_head_record"] [data-testid="stVerticalBlock"] { gap: .3rem; }
[class*="st-key-kit_back"] { margin-bottom: -.9rem; }
[class*="st-key-kit_secret"] { border-left: 3px solid #C8842B; }
[data-testid="stSidebarNav"] [data-testid="stNavSectionHeader"] { font-size: .76rem;
  letter-spacing: .08em; opacity: .72; }
[class*="st-key-whoami"] p { line-height: 1.45; }
[data-variant="segmented_control"][aria-checked="true"] p { font-weight: 620; }
[data-testid="stMainBlockContainer"] [data-variant="segmented_control"][aria-checked="true"],
[data-testid="stSidebar"] [data-variant="segmented_control"][aria-checked="true"] {
  color: inherit; }
[data-testid="stHorizontalBlock"]:has(> [data-testid="stColumn"] [data-testid="stMetric"]):not(
  :has([data-testid="stHorizontalBlock"])) {
  flex-wrap: nowrap; gap: .7rem; }
[data-testid="stHorizontalBlock"] > [data-testid="stColumn"]:has([data-testid="stMetric"]):not(
  :has([data-testid="stHorizontalBlock"])) {
  min-width: 0; }
[class*="st-key-kit_line"] [data-testid="stPopover"] button { min-height: 0;
  padding: .1rem .65rem; }
[class*="st-key-kit_check"] { padding: .6rem 0 .8rem; border-top: 1px solid
  rgba(120, 150, 150, .22); }
[class*="st-key-kit_bar"] [data-testid="stVerticalBlock"] { gap: .35rem; }
[class*="st-key-kit_tile"] img, [class*="st-key-kit_shot"] img { max-width: 100%; }
[class*="st-key-kit_shot"] [data-testid="stMarkdownContainer"] { max-height: 560px;
  overflow: auto; }
[data-testid="stMainBlockContainer"] [data-variant="pills"][aria-pressed="true"] {
  color: inherit; }
[class*="st-key-kit_steps"] { gap: .4rem; margin: .1rem 0 .2rem; }
[class*="st-key-kit_steps"] > div:has([class*="st-key-kit_step_"]),
[class*="st-key-kit_step_"] { flex: 1 1 0; min-width: 108px; }
[class*="st-key-kit_step_"] { border-top: 3px solid rgba(120, 150, 150, .32); padding-top: .4rem; }
[class*="st-key-kit_step_done"], [class*="st-key-kit_step_now"] { border-top-color: #2FA39A; }
[class*="st-key-kit_step_now"] { background: linear-gradient(rgba(47, 163, 154, .13),
  rgba(47, 163, 154, 0)); }
[class*="st-key-kit_step_ahead"], [class*="st-key-kit_step_over"] { opacity: .66; }
[class*="st-key-kit_step_"] p, [class*="st-key-kit_card"] p, [class*="st-key-kit_party"] p,
[class*="st-key-kit_said"] p { margin: 0; overflow-wrap: anywhere; }
[class*="st-key-kit_step_"] [data-testid="stMarkdownContainer"],
[class*="st-key-kit_card"] [data-testid="stMarkdownContainer"],
[class*="st-key-kit_party"] [data-testid="stMarkdownContainer"],
[class*="st-key-kit_said"] [data-testid="stMarkdownContainer"],
[class*="st-key-kit_step_"] [data-testid="stCaptionContainer"],
[class*="st-key-kit_card"] [data-testid="stCaptionContainer"],
[class*="st-key-kit_party"] [data-testid="stCaptionContainer"],
[class*="st-key-kit_said"] [data-testid="stCaptionContainer"] { margin: 0; }
[class*="st-key-kit_lane"] { background: rgba(120, 150, 150, .08); border-radius: .5rem;
  padding: .6rem .5rem; min-height: 7rem; }
[class*="st-key-kit_card"] { padding: .55rem .7rem; }
[class*="st-key-kit_card"] button, [class*="st-key-kit_group"] button { min-height: 0; padding: 0; }
[class*="st-key-kit_tiles"] { flex-wrap: wrap; }
[class*="st-key-kit_notice_tile"] { border-left: 3px solid #2FA39A; }
[class*="st-key-kit_editor"], [class*="st-key-kit_live"], [class*="st-key-kit_pairing"] {
  border-left: 3px solid #2FA39A; }
[class*="st-key-kit_pairing"] h1 { font-size: 2.6rem; letter-spacing: .14em; padding: 0;
  font-variant-numeric: tabular-nums; }
[class*="st-key-kit_read_"] { border-top: 1px solid rgba(120, 150, 150, .22);
  padding: .35rem 0 .1rem .7rem; border-left: 3px solid #2F8F5B; }
[class*="st-key-kit_read_refused"] { border-left-color: #C54848; }
[class*="st-key-kit_read_fault"] { border-left-color: #D08A2A; }
[class*="st-key-kit_read_"] p, [class*="st-key-kit_hop_"] p, [class*="st-key-kit_corner"] p,
[class*="st-key-kit_edge"] p, [class*="st-key-kit_day_"] p { margin: 0;
  overflow-wrap: anywhere; }
[class*="st-key-kit_read_"] [data-testid="stMarkdownContainer"],
[class*="st-key-kit_read_"] [data-testid="stCaptionContainer"],
[class*="st-key-kit_hop_"] [data-testid="stMarkdownContainer"],
[class*="st-key-kit_hop_"] [data-testid="stCaptionContainer"],
[class*="st-key-kit_day_"] [data-testid="stCaptionContainer"] { margin: 0; }
[class*="st-key-kit_hops"] { gap: 1.1rem !important; align-items: stretch; }
[class*="st-key-kit_hops"] > div:has([class*="st-key-kit_hop_"]) { flex: 1 1 0;
  min-width: 118px; position: relative; }
[class*="st-key-kit_hops"] > div:not(:last-child):has([class*="st-key-kit_hop_"])::after {
  content: "→"; position: absolute; right: -.95rem; top: 38%; opacity: .6; }
[class*="st-key-kit_hop_"] { border: 1px solid rgba(120, 150, 150, .4); border-radius: .5rem;
  padding: .45rem .6rem; border-top: 3px solid #2F8F5B; height: 100%; }
[class*="st-key-kit_hop_broken"] { border: 2px dashed #C54848;
  background: rgba(197, 72, 72, .1); }
[class*="st-key-kit_hop_unknown"] { border-style: dashed; border-top-color: #7D8C90; }
[class*="st-key-kit_three"] > div { flex: 0 1 auto; width: auto; }
[class*="st-key-kit_corner"] { border: 1px solid rgba(120, 150, 150, .4); border-radius: .5rem;
  padding: .5rem .8rem; text-align: center; }
[class*="st-key-kit_edge"] { text-align: center; padding: .5rem 0; }
[class*="st-key-kit_corner"] [data-testid="stMarkdownContainer"],
[class*="st-key-kit_edge"] [data-testid="stMarkdownContainer"] { margin: 0; white-space: nowrap; }
[class*="st-key-kit_month"] [data-testid="stHorizontalBlock"],
[class*="st-key-kit_moment"] [data-testid="stHorizontalBlock"] { flex-wrap: nowrap; gap: .3rem; }
[class*="st-key-kit_month"] [data-testid="stColumn"],
[class*="st-key-kit_moment"] [data-testid="stColumn"] { min-width: 0; }
[class*="st-key-kit_day_"] { border-radius: .4rem; padding: .2rem .4rem;
  background: rgba(120, 150, 150, .08); }
[class*="st-key-kit_day_out"] { background: transparent; }
[class*="st-key-kit_day_today"] { box-shadow: inset 0 0 0 2px #2FA39A; }
[class*="st-key-kit_day_chosen"] { background: rgba(47, 163, 154, .28); }
[class*="st-key-kit_day_"] button { min-height: 0; padding: 0; font-weight: 620;
  text-decoration: underline; text-underline-offset: 3px; }
[class*="st-key-jump_box"] { position: relative; z-index: 99; max-width: 27rem; }
[class*="st-key-jump_box"] [data-testid="InputInstructions"] { display: none; }
[class*="st-key-jump_found"] { position: absolute; top: 2.7rem; left: 0; padding: .6rem .8rem;
  background: Canvas; box-shadow: 0 8px 26px rgba(10, 40, 45, .22); max-height: 70vh;
  overflow: auto; }
[class*="st-key-jump_found"] button { min-height: 0; padding: .22rem .4rem; width: 100%;
  justify-content: flex-start; text-align: left; }
[class*="st-key-kit_after"] { border-left: 3px solid #2FA39A; padding: .2rem .8rem;
  background: rgba(47, 163, 154, .1); border-radius: .35rem; }
[data-testid="stSidebarNavLink"]:focus-visible { outline: 2px solid #5FC4BD;
  outline-offset: -2px; }
@media (prefers-reduced-motion: reduce) {
  *, ::before, ::after { animation-duration: .01ms !important;
    transition-duration: .01ms !important;
    scroll-behavior: auto !important; }
}
@media (max-width: 640px) {
  [class*="st-key-kit_filters"] > :has([data-testid="stSelectbox"]) { min-width: 0;
    flex: 1 1 calc(50% - .5rem); width: calc(50% - .5rem) !important; }
  [class*="st-key-kit_filters"] > :has([data-testid="stTextInput"]) { flex: 1 1 100%;
    width: 100% !important; }
  [class*="st-key-kit_filters"] :is([data-testid="stSelectbox"], [data-testid="stTextInput"]) {
    width: 100% !important; }
  [class*="st-key-kit_lane"] { min-height: 0; }
  [class*="st-key-kit_facts"] [data-testid="stHorizontalBlock"] { flex-wrap: nowrap; gap: .8rem; }
  [class*="st-key-kit_facts"] [data-testid="stColumn"] { min-width: 0; overflow-wrap: anywhere; }
  [class*="st-key-kit_step_"] { min-width: 96px; }
  [class*="st-key-kit_hops"] > div:has([class*="st-key-kit_hop_"]) { flex-basis: 100%; }
  [class*="st-key-kit_hops"] > div:not(:last-child):has([class*="st-key-kit_hop_"])::after {
    content: "↓"; right: 48%; top: auto; bottom: -1.15rem; }
  [class*="st-key-kit_day_"] { padding: .15rem .2rem; }
  [class*="st-key-kit_notice_tile"] { width: 100%; }
  [data-testid="stHorizontalBlock"]:has(> [data-testid="stColumn"] [data-testid="stMetric"]):not(
    :has([data-testid="stHorizontalBlock"])) { flex-wrap: wrap; }
  [data-testid="stHorizontalBlock"] > [data-testid="stColumn"]:has([data-testid="stMetric"]):not(
    :has([data-testid="stHorizontalBlock"])) { min-width: 42%; }
  [data-testid="stMainBlockContainer"] { padding: 4.2rem 1rem 4rem; }
  [data-testid="stMetric"] { padding: .2rem .1rem .2rem .6rem; }
  [class*="st-key-kit_line"] { gap: .1rem; }
  [class*="st-key-kit_line"] > div { height: auto; flex: 0 1 auto; }
  [class*="st-key-kit_line"] > div:first-child { flex: 1 1 100%; }
  [data-testid="stMainBlockContainer"] h1 { font-size: 1.45rem; }
  [class*="st-key-page_head_record"] [data-testid="stHeading"] [data-testid="stMarkdownContainer"] {
    margin-bottom: 0; }
  [data-testid="stMainBlockContainer"] [data-testid="stButtonGroup"] > div { flex-wrap: wrap; }
}
"""


def put_on() -> None:
    st.html(f"<style>{_SHEET}</style>")
