"""Shops put straight into the tables, as a run from a file would leave them before its end."""

from dataclasses import dataclass

from sqlmodel import select

from console.actions.patrol.operators import suggest_links
from console.desk import Work
from models.base import new_id
from models.patrol.runs import PatrolRun, RunMove
from models.patrol.screening.labels import Label, OfferKind
from models.patrol.shops import SeenListing, Shop, ShopState
from models.permissions import Permission
from models.staff import Organisation
from tests.conftest import Desks


@dataclass(frozen=True)
class Seller:
    key: str
    name: str
    description: str
    state: ShopState = ShopState.SUSPECTED
    offers: tuple[tuple[str, str], ...] = ()
    """Id and title of each; none: one card under an id of its own."""
    number: str = ""
    """The licence that it shows."""


def run_with(desks: Desks, *sellers: Seller, suggest: bool = True) -> PatrolRun:
    """A run under way that met these shops with one card each; its links suggested."""
    with desks.house.begin(Permission.LISTING_IMPORT) as work:
        owner = work.session.exec(select(Organisation).where(Organisation.code == "CT-44")).one()
        run = work.add(
            PatrolRun(number=f"PR-{new_id().hex[-12:]}", organisation_id=owner.id,
                      platform="lanhai", actor={}, created_at=work.at, started_at=work.at)
        )  # fmt: skip
        run.move(RunMove.START)
        work.session.flush()
        for seller in sellers:
            shop = _shop(work, run, seller)
            for number, title in seller.offers or ((new_id().hex, "电信流量卡"),):
                work.session.add(
                    SeenListing(run_id=run.id, shop_id=shop.id, organisation_id=owner.id,
                                platform="lanhai", listing_id=number, title_seen=title,
                                url="https://lanhai.example/i/1", is_card=True,
                                label=Label.SELLS_CARD, kind=OfferKind.DATA_CARD, score=0.99,
                                fields={"description": seller.description},
                                evidence_sha256="ab" * 32, seen_at=work.at)
                )  # fmt: skip
        work.record("patrol.started", run)
    if suggest:
        suggest_links(desks.house, run.id)
    return run


def _shop(work: Work, run: PatrolRun, seller: Seller) -> Shop:
    shop = work.session.exec(
        select(Shop).where(Shop.organisation_id == run.organisation_id, Shop.shop_key == seller.key)
    ).first()
    if shop is None:
        shop = work.add(
            Shop(organisation_id=run.organisation_id, platform="lanhai", shop_key=seller.key,
                 name=seller.name, state=seller.state, first_seen_at=work.at,
                 last_seen_at=work.at)
        )  # fmt: skip
    shop.licence_shown = seller.number
    shop.last_run_id, shop.last_seen_at = run.id, work.at
    work.session.flush()
    return shop
