"""What a report says, as facts for its template: figures, who is compared, trends, definitions."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from zoneinfo import ZoneInfo

from console.actions.oversight.pictures import Picture
from console.actions.oversight.told import (
    GROUPS,
    HEADLINE,
    NOTHING,
    Names,
    bounds_word,
    counts_word,
    interval_word,
    name_word,
    standing_word,
    value_word,
)
from console.i18n import Language, t
from integrations.documents import Fact
from models.badge_picture import lacking
from models.oversight.figures import Cut, Indicator, OversightFigure
from models.oversight.reading import Standing, standing

_BOX: Final = "□"
_CHINA: Final = ZoneInfo("Asia/Shanghai")
CUTS: Final = (Cut.PLATFORM, Cut.CARRIER, Cut.PROVINCE)


@dataclass(frozen=True, slots=True)
class Told:
    """A picture and what is to be said of where it comes from, in the language of the file."""

    picture: Picture
    organisation: str
    name: str
    made: str
    sha256: str
    is_kept: bool
    names: Names

    @property
    def counted(self) -> str:
        at = self.picture.made_at
        return moment_word(at) if at else NOTHING


def moment_word(at: datetime) -> str:
    return f"{at.astimezone(_CHINA):%Y-%m-%d %H:%M}"


def document(told: Told, language: Language, now: datetime) -> dict[str, Fact]:
    sections = [
        *(_group(told.picture, group) for group in GROUPS),
        *(_compared(told, cut) for cut in CUTS),
        _trends(told.picture),
        _definitions(),
    ]
    return {
        "language": language.value,
        "title": f"{t('oversight_file.heading')} {told.name}",
        "heading": t("oversight_file.heading"),
        "organisation": _shown(told.organisation),
        "name": told.name,
        "as_of": t("oversight_file.as_of", at=told.counted),
        "made": " · ".join((told.made, t("oversight_file.made", at=moment_word(now)))),
        "foot": _shown(t("oversight_file.foot", organisation=told.organisation, name=told.name,
                         at=told.counted)),
        "headline": [_tile(told.picture, one) for one in HEADLINE],
        "caution": t("oversight_file.caution"),
        "sections": [one for one in sections if one["rows"]],
        "proof_title": t("oversight_file.proof"),
        "proof_hint": t("oversight_file.proof_hint" if told.is_kept
                        else "oversight_file.proof_now_hint"),
        "sha256": told.sha256,
    }  # fmt: skip


def _shown(text: str) -> str:
    """A letter that our font lacks is a box."""
    return "".join(_BOX if one != "\n" and lacking(one) else one for one in text)


def _tile(picture: Picture, indicator: Indicator) -> dict[str, Fact]:
    figure = picture.now(indicator)
    stands = standing(figure)
    return {
        "label": t(f"indicator.{indicator}"),
        "value": value_word(figure),
        "beside": counts_word(figure),
        "standing": "" if stands is Standing.PLAIN else standing_word(stands),
        "tone": stands.value,
    }


Section = dict[str, Fact]


def _section(
    title: str,
    heads: Sequence[str],
    widths: Sequence[int],
    rows: Sequence[Sequence[str]],
    hint: str = "",
) -> Section:
    shown: Sequence[Fact] = [[_shown(cell) for cell in row] for row in rows]
    return {
        "title": title, "hint": hint, "heads": list(heads), "widths": list(widths), "rows": shown,
    }  # fmt: skip


def _group(picture: Picture, group: str) -> Section:
    heads = [
        t(f"picture.{one}") for one in ("indicator", "value", "counts", "interval", "standing")
    ]
    rows = [_line(picture, one) for one in GROUPS[group]]
    return _section(t(f"picture.group_{group}"), heads, (4, 2, 4, 3, 2), rows)


def _line(picture: Picture, indicator: Indicator) -> list[str]:
    figure = picture.now(indicator)
    return [
        t(f"indicator.{indicator}"),
        value_word(figure),
        counts_word(figure) or NOTHING,
        interval_word(figure) or NOTHING,
        standing_word(standing(figure)),
    ]


def _compared(told: Told, cut: Cut) -> Section:
    """Each of a cut in a row, by what tells most; what is of too few is marked."""
    known = [one for one in HEADLINE if told.picture.by(one, cut)]
    by_name: dict[str, dict[Indicator, OversightFigure]] = {}
    for indicator in known:
        for figure in told.picture.by(indicator, cut):
            by_name.setdefault(figure.name, {})[indicator] = figure
    rows = [
        [name_word(cut, name, told.names), *(_cell(found.get(one)) for one in known)]
        for name, found in sorted(by_name.items())
    ]
    heads = [t(f"cut.{cut}"), *(t(f"indicator.{one}") for one in known)]
    title = t("oversight_file.by_cut", cut=t(f"cut.{cut}"), name=t("oversight_file.headline"))
    hint = t("oversight_file.by_cut_hint")
    return _section(title, heads, (3, *(2 for _ in known)), rows, hint)


def _cell(figure: OversightFigure | None) -> str:
    if figure is None:
        return NOTHING
    mark = " *" if figure.is_few else ""
    of = (
        f"\n{figure.count:,}/{figure.base:,}"
        if figure.share is not None and not figure.median
        else ""
    )
    return f"{value_word(figure)}{mark}{of}"


def _trends(picture: Picture) -> Section:
    known = [one for one in HEADLINE if picture.trend(one)]
    months = sorted({month for one in known for month in picture.trend(one)})
    rows = [[month, *(value_word(picture.trend(one).get(month)) for one in known)]
            for month in months]  # fmt: skip
    heads = [t("oversight_file.month"), *(t(f"indicator.{one}") for one in known)]
    return _section(t("oversight_file.trends"), heads, (2, *(2 for _ in known)), rows)


def _definitions() -> Section:
    heads = [t(f"picture.{one}") for one in ("indicator", "definition", "method")]
    rows = [
        [
            t(f"indicator.{one}"),
            t(f"indicator.{one}_definition"),
            "\n".join(filter(None, (t(f"indicator.{one}_method"), bounds_word(one)))),
        ]
        for one in dict.fromkeys(one for group in GROUPS.values() for one in group)
    ]
    return _section(t("oversight_file.definitions"), heads, (3, 5, 7), rows)
