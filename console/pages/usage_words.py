"""Findings about industry cards as rows of a list."""

from console.i18n import t
from console.pages.industry_words import TONES
from console.pages.kit import Column, Kind
from console.pages.patrol_words import TIERS
from models.cards.monitoring import UsageFinding


def finding_columns(*, short: bool = False) -> list[Column[UsageFinding]]:
    """`short`: for a list beside a record's history, which has no room for all."""
    columns: list[Column[UsageFinding]] = [
        Column(t("usage_page.number"), lambda row: row.number, width=128),
        Column(
            t("usage_page.state"),
            lambda row: row.state,
            Kind.STATE,
            "usage_finding_state",
            TONES,
            122,
        ),
        Column(t("usage_page.what"), what_word, width=192),
        Column(
            t("usage_page.card"), lambda row: row.iccid or t("usage_page.whole_batch"), width=172
        ),
    ]
    return columns if short else [*columns, *_more_columns()]


def _more_columns() -> list[Column[UsageFinding]]:
    return [
        Column(t("usage_page.tier"), lambda row: row.tier, Kind.STATE, "tier", TIERS, 90),
        Column(t("usage_page.last_day"), lambda row: row.last_day, Kind.DATE),
        Column(t("usage_page.times"), lambda row: row.times, Kind.NUMBER),
        Column(t("industry_page.due"), lambda row: row.due_at, Kind.DUE),
    ]


def what_word(row: UsageFinding) -> str:
    return t(f"usage_rule.{row.rule}") if row.rule else t(f"found_by.{row.found_by}")
