"""The rows behind a figure: exactly those that were counted, each one open to be looked at."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, NamedTuple, cast

import streamlit as st

from console.actions.oversight.behind import Behind, Part, Which, may_look, rows_behind
from console.actions.oversight.indicators import COUNTED
from console.actions.oversight.told import GROUPS, Names, name_word, names_of, province_name
from console.desk import Desk, Slice
from console.i18n import t
from console.pages.frame import my_desk, plain, refusals_shown, said
from console.pages.kit import (
    Column,
    Kind,
    choice,
    cursor,
    empty,
    filters,
    labelled,
    link_to,
    page_head,
    pager,
    record_table,
    section,
    view,
)
from console.pages.picture_parts import how
from models.base import Table
from models.oversight.figures import Cut, Indicator


class Shown(NamedTuple):
    """Of a kind of rows: the page that opens one, by which of its fields, and its states' words."""

    page: str = ""
    key: str = "id"
    area: str = ""


SHOWN: Final[Mapping[str, Shown]] = {
    "Agent": Shown("agents", area="agent_state"),
    "Badge": Shown("badges", area="badge_state"),
    "Case": Shown("cases", area="case_state"),
    "Finding": Shown("findings", area="finding_state"),
    "IndustryBatch": Shown("industry", area="batch_state"),
    "Notice": Shown("notices", area="notice_state"),
    "Organisation": Shown(),
    "Recovery": Shown("cases", "case_id"),
    "Shop": Shown("shops", area="shop_state"),
    "ShopCheck": Shown("shops", "shop_id"),
    "ShopLink": Shown("shops", "other_id", "link_state"),
    "SpotCheck": Shown("spot_checks", area="check_state"),
    "TestPurchase": Shown("test_purchases", area="purchase_state"),
    "UsageFinding": Shown("usage_findings", area="usage_finding_state"),
}
_MOMENTS: Final = ("sent_at", "done_at", "compared_at", "created_at", "at", "first_seen_at")


def show_page() -> None:
    with page_head(t("behind.title"), t("behind.hint")):
        link_to(t("picture.title"), "overview", key="to:overview")
    with refusals_shown():
        indicator, part = asked()
        if indicator is None:
            empty(t("behind.nothing_asked"), t("behind.nothing_asked_next"))
            return
        st.markdown(f"**{what(indicator, part)}**")
        with st.expander(t("picture.how"), icon=":material/help:"):
            st.caption(how(indicator))
        if not may_look(desk, indicator):
            empty(t("behind.not_allowed"), t("behind.not_allowed_next"))
            return
        kinds = [one.table.__name__ for one in COUNTED[indicator]]
        kind = kinds[0]
        if len(kinds) > 1:
            kind = view({one: t(f"behind_kind.{one}") for one in kinds}, "kind")
        trail = cursor("behind", indicator, part, kind)
        show_rows(rows_behind(desk, indicator, part, trail)[kinds.index(kind)])


def asked() -> tuple[Indicator | None, Part]:
    """What the address asks for; a word that is none of ours is left out."""
    groups = [one for group in GROUPS.values() for one in group]
    words = {one.value: t(f"indicator.{one}") for one in dict.fromkeys(groups)}
    with filters():
        chosen = choice("of", t("picture.indicator_choice"), words, width=300)
        indicator = Indicator(chosen) if chosen else None
        which = None
        if indicator is not None and any(one.hits is not None for one in COUNTED[indicator]):
            which = choice("which", t("behind.which"), labelled("behind_which", list(Which)))
    address = st.query_params
    cut = address.get("cut", "")
    known = Cut(cut) if cut in set(Cut) else Cut.WHOLE
    name = address.get("name", "") if known is not Cut.WHOLE else ""
    month = address.get("month", "")
    return indicator, Part(known, name, month, Which(which) if which else Which.COUNTED)


def what(indicator: Indicator, part: Part) -> str:
    """In words: the indicator, whose, which month."""
    words = [t(f"indicator.{indicator}")]
    if part.cut is Cut.PROVINCE:
        words.append(province_name(part.name))
    elif part.cut is not Cut.WHOLE:
        words.append(name_word(part.cut, part.name, names_of(desk, [part.name])))
    words.append(part.month or t("oversight_file.now_month"))
    return plain(" · ".join(words))


def show_rows(behind: Behind) -> None:
    kind = behind.table.__name__
    shown = SHOWN[kind]
    section(t(f"behind_kind.{kind}"))
    if not behind.rows:
        empty(t("behind.none"), t("behind.none_next"))
        return
    rows: Sequence[Any] = behind.rows
    codes = {one for row in rows if (one := getattr(row, "platform", None))}
    names = names_of(desk, codes)
    columns: list[Column[Any]] = [
        Column(t("behind.number"), number_of, width=320),
        *_columns(behind.table, shown, names),
        Column(t("behind.at"), moment_of, Kind.MOMENT),
    ]
    record_table(
        rows, columns, key=f"behind:{kind}", open_page=shown.page or None,
        opens=bool(shown.page), identity=lambda row: getattr(row, shown.key),
    )  # fmt: skip
    pager(cast("Slice[Table]", Slice(behind.rows, behind.next)), "behind")


def _columns(table: type[Table], shown: Shown, names: Names) -> list[Column[Any]]:
    """Of what such rows have: state, platform, province."""
    fields = table.model_fields
    found: list[Column[Any]] = []
    if "state" in fields and shown.area:
        found.append(Column(t("behind.state"), _worded("state", shown.area), width=130))
    if "platform" in fields:
        found.append(Column(t("cut.platform"), lambda row: names.get(row.platform, row.platform)))
    if "province" in fields:
        found.append(Column(t("cut.province"), _place, width=100))
    return found


def _place(row: Any) -> str:  # noqa: ANN401 - a row of any kind
    return province_name(row.province or "")


def _worded(name: str, area: str) -> Callable[[Any], str]:
    return lambda row: said(f"{area}.{getattr(row, name)}", str(getattr(row, name)))


def number_of(row: Any) -> str:  # noqa: ANN401 - a row of any kind
    return str(row.title or row.id)


def moment_of(row: Any) -> Any:  # noqa: ANN401 - a row of any kind
    return next((at for one in _MOMENTS if (at := getattr(row, one, None)) is not None), None)


desk: Desk = my_desk()
show_page()
