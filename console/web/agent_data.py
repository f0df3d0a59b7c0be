"""A licensed agent as programs read it: JSON in the words of RDAP, and JSON-LD of schema.org."""

from typing import Any

from console.actions.channel.story import PublicStory
from console.i18n import Language, spoken
from console.web.answers import written
from models.channel.public import PublicLicence, PublicShop, PublicStatus
from models.provinces import provinces


def place(code: str) -> str:
    """A province by its name, in the language that is spoken."""
    found = provinces().get(code)
    if found is None:
        return code
    return found.zh if spoken.get() is Language.ZH else found.en


def shops_of(story: PublicStory) -> list[PublicShop]:
    """Each shop once, however many licences name it."""
    return list(dict.fromkeys(shop for one in story.agent.licences for shop in one.shops))


def _logged(leaf: int | None, url: str) -> dict[str, Any] | None:
    """Where the public log tells of it, and where the proof is; None before it has a place."""
    if leaf is None:
        return None
    entry, proof = f"{url}/log/entries/{leaf}", f"{url}/log/proof.txt?index={leaf}"
    return {"index": leaf, "entry": entry, "proof": proof}


def published(story: PublicStory, url: str) -> dict[str, Any]:
    """The agent as JSON; events in the words of RDAP (RFC 9083 4.5)."""
    agent = story.agent
    return {
        "agent_no": agent.agent_no,
        "name": agent.name,
        "uscc": agent.uscc,
        "status": agent.status,
        "carrier": agent.carrier,
        "province": agent.province,
        "licences": [licence_of(one) for one in agent.licences],
        "shops": [
            {
                "platform": one.platform,
                "id": one.id,
                "name": one.name,
                "url": one.url,
                "badge": badge.standing if badge else None,
                "log": _logged(badge.leaf if badge else None, url),
            }
            for one in shops_of(story)
            for badge in [story.badge_of(one)]
        ],
        "events": [
            {
                "eventAction": one.deed,
                "eventDate": one.at.isoformat(),
                "licence": one.licence_no,
                "log": _logged(one.leaf, url),
            }
            for one in story.events
        ],
        "links": [{"rel": "self", "href": f"{url}/agents/{agent.agent_no}"}],
    }


def licence_of(one: PublicLicence) -> dict[str, Any]:
    return {
        "number": one.number,
        "status": one.status,
        "products": one.products,
        "provinces": one.provinces,
        "from": one.begins_on.isoformat(),
        "until": one.ends_on.isoformat(),
    }


def permit(story: PublicStory, url: str) -> str:
    """The licences in force as schema.org Permits, in a block of data that no browser runs."""
    agent = story.agent
    holder = {"@type": "Organization", "name": agent.name, "identifier": agent.uscc}
    found = [
        {
            "@context": "https://schema.org",
            "@type": "Permit",
            "identifier": one.number,
            "url": f"{url}/agents/{agent.agent_no}",
            "issuedBy": {"@type": "Organization", "name": agent.carrier},
            "validFrom": one.begins_on.isoformat(),
            "validUntil": one.ends_on.isoformat(),
            "validIn": [
                {"@type": "AdministrativeArea", "identifier": f"CN-{code}", "name": place(code)}
                for code in one.provinces
            ],
            "about": holder,
        }
        for one in agent.licences
        if one.status is PublicStatus.ACTIVE
    ]
    if not found:
        return ""
    body = written(found)
    safe = body.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")
    return f'<script type="application/ld+json">{safe}</script>'
