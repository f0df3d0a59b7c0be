"""What axe-core has to say about the page that is open, ours apart from Streamlit's own."""

import json
from collections.abc import Collection
from dataclasses import dataclass
from importlib.resources import files
from typing import Any, Final

from playwright.sync_api import Page

_SCRIPT: Final = files("axe_playwright_python").joinpath("axe.min.js").read_text("utf-8")
_RULES: Final = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice")
_GRAVE: Final = frozenset({"serious", "critical"})
_ASKED: Final = """
async (tags) => {
  const found = await axe.run(document, {
    runOnly: {type: "tag", values: tags}, resultTypes: ["violations"], elementRef: true,
  });
  const at = (node) => ({
    rule: node.rule, impact: node.impact, target: node.target, html: node.html, why: node.why,
    isIn: node.places,
  });
  return found.violations.flatMap((rule) => rule.nodes.map((node) => at({
    rule: rule.id, impact: node.impact, target: node.target.flat().join(" "),
    html: node.html.slice(0, 300), why: (node.failureSummary || "").slice(0, 400),
    places: OWN.filter((own) => own.rule === rule.id && node.element
      && node.element.matches(own.at)).map((own) => own.at),
  })));
}
"""


@dataclass(frozen=True, slots=True)
class Own:
    """A finding in markup that Streamlit makes and we cannot reach: where, and why it stays."""

    rule: str
    at: str
    """A CSS selector of the elements."""
    why: str


@dataclass(frozen=True, slots=True)
class Fault:
    """A rule that an element of a page breaks."""

    rule: str
    impact: str
    target: str
    html: str
    why: str
    owned_by: tuple[str, ...]
    """Selectors of the list of Streamlit's own that match the element."""

    def __str__(self) -> str:
        return f"{self.rule} ({self.impact}) at {self.target}\n    {self.html}\n    {self.why}"


def faults(page: Page, own: Collection[Own]) -> list[Fault]:
    """All that axe-core finds serious or critical on the page.

    The script is handed over by `evaluate`: our policy lets no script of another source in.
    """
    if not page.evaluate("() => 'axe' in window"):
        page.evaluate(_SCRIPT)
    listed = json.dumps([{"rule": one.rule, "at": one.at} for one in own])
    found: list[dict[str, Any]] = page.evaluate(_ASKED.replace("OWN", listed), list(_RULES))
    return [
        Fault(
            one["rule"], one["impact"], one["target"], one["html"], one["why"], tuple(one["isIn"])
        )
        for one in found
        if one["impact"] in _GRAVE
    ]
