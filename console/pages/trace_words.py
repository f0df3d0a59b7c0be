"""A chain of channels, as a page shows it."""

from collections.abc import Mapping, Sequence
from typing import Any

from console.i18n import t
from console.pages.kit import Column, Kind, Tone, record_table
from models.cases.traces import TraceState

TRACE_TONES = {
    TraceState.OPEN.value: Tone.BUSY,
    TraceState.TRACED.value: Tone.GOOD,
    TraceState.NOT_TRACEABLE.value: Tone.WARNING,
}


def show_chain(chain: Sequence[Mapping[str, Any]], key: str = "chain") -> None:
    """From a channel up to whom all comes from, a row each."""
    steps = list(enumerate(chain, 1))
    columns = [
        Column[tuple[int, Mapping[str, Any]]](
            t("stock_page.step"), lambda row: row[0], Kind.NUMBER
        ),
        Column[tuple[int, Mapping[str, Any]]](
            t("stock_page.code"), lambda row: row[1]["code"], width=130
        ),
        Column[tuple[int, Mapping[str, Any]]](
            t("stock_page.name"), lambda row: row[1]["name"], width=240
        ),
        Column[tuple[int, Mapping[str, Any]]](
            t("stock_page.kind"),
            lambda row: [t(f"channel_kind.{row[1]['kind']}")],
            Kind.WORDS,
            width=120,
        ),
        Column[tuple[int, Mapping[str, Any]]](
            t("stock_page.agent"), lambda row: row[1]["agent_no"], width=190
        ),
    ]
    record_table(steps, columns, key=key, opens=False, identity=lambda row: row[1]["id"])


def chain_words(chain: Sequence[Mapping[str, Any]]) -> str:
    """`QD-02 龙腾旗舰 ← QD-00 分销中心`, nearest first."""
    return " ← ".join(f"{one['code']} {one['name']}" for one in chain)
