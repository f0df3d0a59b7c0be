"""What a shop shows that may lead to whoever runs it, put away so that it can be compared."""

import hashlib
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import update
from sqlmodel import col, select

from console.actions.patrol.listings import insert_new
from console.desk import Work
from integrations.vault import Vault
from models.base import new_id
from models.patrol.contacts import contacts_in
from models.patrol.judge import plain_number
from models.patrol.links import ShopTrait, TraitKind
from models.patrol.operators import Trait
from models.patrol.pictures import SeenPicture
from models.patrol.runs import PatrolRun
from models.patrol.shops import SeenListing, Shop
from models.patrol.wordings import wordings_of

_CONTEXT: Final = "shop contact"
_MOST_CONTACTS: Final = 20
_MOST_PICTURES: Final = 20
_LEAST_NAME: Final = 4
_PAYEES: Final = ("payee", "收款方", "收款人", "alipay", "account_name")
_FILINGS: Final = ("icp", "filing", "备案号", "icp备案")


@dataclass(frozen=True, slots=True)
class Shown:
    """What people see of a trait, and how much it is the shop's own."""

    text: str
    strength: float = 1.0


@dataclass(frozen=True, slots=True)
class Words:
    """One offer's own words."""

    title: str
    description: str
    extra: Mapping[str, str]


def note_traits(
    work: Work,
    run: PatrolRun,
    shop: Shop,
    listings: Sequence[SeenListing],
    *,
    vault: Vault,
) -> None:
    """Put a shop's traits away; those that it showed before were seen again.

    Its pictures are those that this run looked at. Contacts come as keyed hash and mask alone.
    """
    words = [
        Words(one.title_seen, str(one.fields.get("description", "")), one.fields.get("extra", {}))
        for one in listings
    ]
    pictures = work.session.exec(
        select(SeenPicture.likeness, SeenPicture.url)
        .where(SeenPicture.run_id == run.id, SeenPicture.shop_id == shop.id)
        .where(SeenPicture.likeness != "")
        .order_by(col(SeenPicture.id))
        .limit(_MOST_PICTURES)
    ).all()
    found = traits_of(words, shop.licence_shown.split(), vault)
    found |= {(TraitKind.PICTURE, likeness): Shown(url[:200]) for likeness, url in pictures}
    rows: list[dict[str, Any]] = [
        {
            "id": new_id(),
            "organisation_id": shop.organisation_id,
            "shop_id": shop.id,
            "kind": kind,
            "value": value,
            "shown": shown.text[:200],
            "strength": shown.strength,
            "first_seen_at": work.at,
            "last_seen_at": work.at,
        }
        for (kind, value), shown in found.items()
    ]
    new = insert_new(work, ShopTrait, rows, ["shop_id", "kind", "value"])
    again = update(ShopTrait).where(col(ShopTrait.shop_id) == shop.id)
    again = again.where(col(ShopTrait.value).in_([value for _, value in found]))
    work.session.connection().execute(again.values(last_seen_at=work.at))
    kinds = sorted({kind.value for kind, _ in found})
    work.record("shop.traits_noted", shop, run=run.number, kinds=kinds, new=len(new))


def traits_of(words: Sequence[Words], numbers: Sequence[str], vault: Vault) -> dict[Trait, Shown]:
    """The traits in a shop's words, each with what people see of it."""
    found = _contacts(words, vault)
    for one in words:
        for kind, names in ((TraitKind.PAYEE, _PAYEES), (TraitKind.FILING, _FILINGS)):
            for shown in _named(one.extra, names):
                value = plain_number(shown)
                if len(value) >= _LEAST_NAME:
                    masked = f"{shown[:1]}***{shown[-2:]}" if kind is TraitKind.PAYEE else shown
                    found[kind, _blinded(vault, kind, value)] = Shown(masked)
    for number in numbers:
        digest = hashlib.sha256(plain_number(number).encode()).hexdigest()
        found[TraitKind.LICENCE, digest] = Shown(number)
    wordings = wordings_of([one.description for one in words], [one.title for one in words])
    return found | {(TraitKind.TEXT, value): Shown(text) for value, text in wordings.items()}


def _contacts(words: Sequence[Words], vault: Vault) -> dict[Trait, Shown]:
    """Each against the one that most of the shop's offers show."""
    times = Counter(
        contact
        for one in words
        for contact in contacts_in(one.title, one.description, extra=one.extra)
    )
    most = max(times.values(), default=1)
    return {
        (TraitKind.CONTACT, vault.blind(contact.key, _CONTEXT)): Shown(contact.mask, count / most)
        for contact, count in times.most_common(_MOST_CONTACTS)
    }


def _named(extra: Mapping[str, str], names: Sequence[str]) -> list[str]:
    return [str(value).strip() for name, value in extra.items() if name.strip().lower() in names]


def _blinded(vault: Vault, kind: TraitKind, value: str) -> str:
    """A payee may be a person; a filing is public."""
    if kind is TraitKind.PAYEE:
        return vault.blind(value, kind.value)
    return hashlib.sha256(value.encode()).hexdigest()
