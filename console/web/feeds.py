"""Changes of the register for programs, and news for feed readers (JSON Feed 1.1, RFC 4287)."""

from collections.abc import Sequence
from typing import Any, Final
from xml.etree import ElementTree as ET

from console.actions.channel.changes import Event, News
from console.i18n import Language, t
from console.web.agent_data import licence_of
from console.web.answers import written
from models.channel.public import PublicAgent

_ATOM: Final = "http://www.w3.org/2005/Atom"


def events_of(events: Sequence[Event]) -> list[dict[str, Any]]:
    return [{"index": one.index, **one.facts} for one in events]


def agents_of(agents: Sequence[PublicAgent]) -> list[dict[str, Any]]:
    """Each agent as it stands now, so that who keeps a copy of the register renews it."""
    return [
        {
            "agent_no": one.agent_no,
            "name": one.name,
            "uscc": one.uscc,
            "province": one.province,
            "carrier": one.carrier,
            "status": one.status,
            "licences": [
                {
                    **licence_of(licence),
                    "shops": [
                        {"platform": s.platform, "id": s.id, "name": s.name, "url": s.url}
                        for s in licence.shops
                    ],
                }
                for licence in one.licences
            ],
        }
        for one in agents
    ]


def lines(*parts: Sequence[dict[str, Any]]) -> bytes:
    return "".join(f"{written(one)}\n" for part in parts for one in part).encode()


def json_feed(told: Sequence[News], url: str, language: Language) -> dict[str, Any]:
    return {
        "version": "https://jsonfeed.org/version/1.1",
        "title": t("register.feed_title"),
        "home_page_url": f"{url}/agents",
        "feed_url": f"{url}/register/feed.json",
        "language": "zh-CN" if language is Language.ZH else "en",
        "items": [
            {
                "id": f"{url}/log/entries/{one.index}",
                "url": f"{url}/agents/{one.agent_no}",
                "title": _title(one),
                "content_text": _text(one),
                "date_published": one.at.isoformat(),
                "tags": [one.deed],
            }
            for one in told
        ],
    }


def atom(told: Sequence[News], url: str, language: Language) -> bytes:
    feed = ET.Element("feed", {"xmlns": _ATOM, "xml:lang": language.value})
    _add(feed, "id", f"{url}/register/feed.xml")
    _add(feed, "title", t("register.feed_title"))
    _add(feed, "updated", told[0].at.isoformat() if told else "1970-01-01T00:00:00+00:00")
    ET.SubElement(feed, "link", {"rel": "self", "href": f"{url}/register/feed.xml"})
    ET.SubElement(_add(feed, "author", ""), "name").text = t("web.product")
    for one in told:
        entry = ET.SubElement(feed, "entry")
        _add(entry, "id", f"{url}/log/entries/{one.index}")
        _add(entry, "title", _title(one))
        _add(entry, "updated", one.at.isoformat())
        ET.SubElement(entry, "link", {"href": f"{url}/agents/{one.agent_no}"})
        _add(entry, "summary", _text(one))
    return ET.tostring(feed, "utf-8", xml_declaration=True)


def _add(parent: ET.Element, name: str, words: str) -> ET.Element:
    made = ET.SubElement(parent, name)
    made.text = words or None
    return made


def _title(one: News) -> str:
    return t("register.feed_item", name=one.name, deed=t(f"public_deed.{one.deed}"))


def _text(one: News) -> str:
    deed = t(f"public_deed.{one.deed}")
    return t(
        "register.feed_text",
        carrier=one.carrier,
        agent_no=one.agent_no,
        licence_no=one.licence_no,
        deed=deed,
    )
