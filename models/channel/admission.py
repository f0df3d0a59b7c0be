"""The first check of an application, and of a licence's scope: decided from values in hand."""

import re
import unicodedata
from collections.abc import Collection, Container, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Final

from models.channel.agents import AgentReason
from models.formats import Fault, check_resident_id, check_uscc

_R = AgentReason
FINAL_REASONS: Final = frozenset({_R.FALSE_MATERIAL, _R.BLACKLIST_HIT})
"""What no correction mends: a review that finds one of these ends the application (4.3)."""
BY_NAME: Final = frozenset({_R.REPRESENTATIVE_BLACKLISTED, _R.REPRESENTATIVE_RESTRICTED})
"""Found by a name alone: they block a pass until a reviewer says that it is somebody else."""
RULES: Final[Mapping[AgentReason, str]] = {
    _R.USCC_FORMAT: "GB 32100-2015",
    _R.USCC_CHECKSUM: "GB 32100-2015",
    _R.NO_BUSINESS_LICENCE: "004-3.1-b",
    _R.LICENCE_EXPIRED: "004-3.1-b",
    _R.LICENCE_FILE_MISSING: "004-3.1-b",
    _R.DUPLICATE: "000-5.2-a",
    _R.BLACKLIST_HIT: "MIIT 2016-11 (5)",
    _R.REPRESENTATIVE_BLACKLISTED: "MIIT 2016-11 (5)",
    _R.RESTRICTED_PARTY: "AFL 31",
    _R.REPRESENTATIVE_RESTRICTED: "AFL 31",
    _R.FALSE_MATERIAL: "000-5.3-b",
    _R.NOT_REALNAME_READY: "004-3.1-c",
    _R.NOT_PROTECTION_READY: "004-3.1-d",
    _R.LEGAL_REPRESENTATIVE_DIFFERS: "004-3.1-b",
    _R.OTHER: "001-10",
}
"""What each reason rests on: a duty of docs/requirements.csv, a standard, or a law's article.

Its words for people are in console/texts under `agent_reason_rule`.
"""
_DOTS: Final = re.compile("[\u00b7\u2022\u2027\u30fb\u2219]")
_CHINESE: Final = re.compile("[\u3400-\u9fff]")
_IDENTITY: Final = re.compile(r"(?<!\d)\d{17}[\dXx](?!\d)")


@dataclass(frozen=True, slots=True)
class Barred:
    """Who is kept out: codes in their one spelling (18, upper case), names by `person_key`."""

    firms: Container[str] = ()
    persons: Container[str] = ()
    restricted_firms: Container[str] = ()
    restricted_persons: Container[str] = ()


NOBODY: Final = Barred()


def person_key(name: str) -> str:
    """A name as names are compared: one width, one middle dot, no blanks between Chinese."""
    text = name if unicodedata.is_normalized("NFKC", name) else unicodedata.normalize("NFKC", name)
    if text.isalpha() and _CHINESE.match(text):
        return text
    text = _DOTS.sub("\u00b7", text).upper()
    return "".join(text.split()) if _CHINESE.search(text) else " ".join(text.split())


def names_identity(text: str, on: date) -> bool:
    """Whether a resident identity number stands in the text: those are nobody's to type."""
    return any(
        not isinstance(check_resident_id(found, on), Fault) for found in _IDENTITY.findall(text)
    )


def first_check(  # noqa: PLR0913 - what is in hand
    uscc: str,
    business_licence_until: date | None,
    *,
    on: date,
    person: str = "",
    known_duplicates: Container[str] = (),
    barred: Barred = NOBODY,
) -> list[AgentReason]:
    """Every reason why an application is not in order, at once (000-5.2-a); empty when it is.

    `person` is the representative's name by `person_key`; `known_duplicates` holds codes.
    """
    checked = check_uscc(uscc)
    bad = isinstance(checked, Fault)
    code = uscc if isinstance(checked, Fault) else checked.code
    found = {
        _R.USCC_CHECKSUM: checked is Fault.CHECKSUM,
        _R.USCC_FORMAT: bad and checked is not Fault.CHECKSUM,
        _R.NO_BUSINESS_LICENCE: not isinstance(checked, Fault) and not checked.is_business_licence,
        _R.LICENCE_EXPIRED: business_licence_until is not None and business_licence_until < on,
        _R.DUPLICATE: not bad and code in known_duplicates,
        _R.BLACKLIST_HIT: not bad and code in barred.firms,
        _R.RESTRICTED_PARTY: not bad and code in barred.restricted_firms,
        _R.REPRESENTATIVE_BLACKLISTED: bool(person) and person in barred.persons,
        _R.REPRESENTATIVE_RESTRICTED: bool(person) and person in barred.restricted_persons,
    }
    return [reason for reason, is_so in found.items() if is_so]


def stops_at_once(reasons: Collection[AgentReason]) -> bool:
    """Whether an application goes back by the first check alone; a name is looked at first."""
    return not BY_NAME.issuperset(reasons)


def is_final(reasons: Collection[AgentReason], failures: int, limit: int) -> bool:
    """Whether a failed review ends the application; `failures` counts this one."""
    return failures >= limit or not FINAL_REASONS.isdisjoint(reasons)
