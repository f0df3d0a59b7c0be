"""`channel purchase`: cards that are bought to see where they come from."""

from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Annotated, Final

import typer

from console.actions.checks.test_purchases import (
    Parcel,
    Plan,
    approve_purchase,
    call_off_purchase,
    close_purchase,
    list_purchases,
    order_purchase,
    plan_purchase,
    purchase_record,
    receive_purchase,
)
from console.cli.base import desk, say, show, show_record
from console.desk import Desk
from console.i18n import t
from models.checks.test_purchases import PurchaseResult, PurchaseState, TestPurchase
from models.refusals import NotFound

purchase = typer.Typer(help="Test purchases of cards.", no_args_is_help=True)
Reason = Annotated[str, typer.Option(help="Why, or what became of it.")]
_FEN: Final = 100


def _row(row: TestPurchase) -> dict[str, object]:
    return {
        "number": row.number,
        "state": row.state,
        "platform": row.platform,
        "offer": row.offer,
        "result": row.result,
        "planned": row.created_at,
    }


@purchase.command("list")
def list_(
    state: Annotated[PurchaseState | None, typer.Option(help="Only those in this state.")] = None,
    result: Annotated[PurchaseResult | None, typer.Option(help="With this result.")] = None,
    words: Annotated[str, typer.Option("--find", help="How the number begins.")] = "",
) -> None:
    """Test purchases, newest first."""
    own, after = desk(), None
    rows: list[dict[str, object]] = []
    while True:
        part = list_purchases(own, state=state, result=result, words=words, after=after)
        rows += map(_row, part.rows)
        after = part.next
        if after is None:
            break
    show(rows)


@purchase.command("show")
def show_(number: str) -> None:
    """One of them, and what is known of the cards that came."""
    own = desk()
    record = purchase_record(own, _found(own, number).id)
    row = record.purchase
    facts = _row(row) | {
        "purpose": row.purpose,
        "finding": record.finding.number if record.finding else None,
        "order": row.order_no,
        "price": Decimal(row.price_fen) / _FEN if row.price_fen is not None else None,
        "ordered": row.ordered_at,
        "received": row.received_at,
        "asked_identity": row.asked_identity,
        "works": row.works,
        "notes": row.notes,
        "usage_finding": record.usage_finding.number if record.usage_finding else None,
    }
    cards = [
        {
            "iccid": one.iccid,
            "issuer": one.issuer,
            "batch": one.batch.number if one.batch else None,
            "stock": one.place.batch.number if one.place else None,
            "channel": one.place.channel.code if one.place else None,
        }
        for one in record.cards
    ]
    show_record(facts, cards=cards, files=row.files)


@purchase.command("plan")
def plan(
    purpose: Annotated[str, typer.Option(help="Why it is bought.")],
    offer: Annotated[str, typer.Option(help="Title or address of the offer.")],
    finding: Annotated[str, typer.Option(help="Number of the finding that it is to prove.")] = "",
    platform: Annotated[str, typer.Option(help="Code of the marketplace.")] = "",
    carrier: Annotated[str | None, typer.Option(help="Code of the carrier.")] = None,
) -> None:
    """Plan one; somebody else approves it."""
    _told(plan_purchase(desk(), Plan(purpose, offer, finding, platform, carrier)))


@purchase.command("approve")
def approve(number: str) -> None:
    """Let it be bought; whoever planned it does not."""
    own = desk()
    _told(approve_purchase(own, _found(own, number).id))


@purchase.command("order")
def order(
    number: str,
    order_no: Annotated[str, typer.Option("--order", help="Number of the order.")],
    price: Annotated[str, typer.Option(help="Paid, in yuan.")],
) -> None:
    """It was ordered."""
    own = desk()
    try:
        fen = int(Decimal(price) * _FEN)
    except (InvalidOperation, ValueError, OverflowError):
        raise typer.BadParameter(price, param_hint="--price") from None
    _told(order_purchase(own, _found(own, number).id, order_no=order_no, price_fen=fen))


@purchase.command("receive")
def receive(
    number: str,
    iccid: Annotated[
        list[str] | None, typer.Option(help="As printed on a card; repeat it.")
    ] = None,
    asked_identity: Annotated[
        bool | None, typer.Option(help="Whether the seller asked who buys.")
    ] = None,
    works: Annotated[bool | None, typer.Option(help="Whether the card was active.")] = None,
    notes: Annotated[str, typer.Option(help="What else came; needed where no card did.")] = "",
    picture: Annotated[list[Path] | None, typer.Option(help="PNG, JPEG or PDF; repeat it.")] = None,
) -> None:
    """What came; whose card it is is found by the house."""
    own = desk()
    files = [(one.name, one.read_bytes()) for one in picture or ()]
    parcel = Parcel("\n".join(iccid or ()), asked_identity, works, notes, files)
    row = receive_purchase(own, _found(own, number).id, parcel)
    _told(row)
    say("purchase_cli.result", result=t(f"purchase_result.{row.result}"))


@purchase.command("close")
def close(number: str, reason: Reason) -> None:
    """Nothing more is to be done."""
    own = desk()
    _told(close_purchase(own, _found(own, number).id, reason=reason))


@purchase.command("call-off")
def call_off(number: str, reason: Reason) -> None:
    """It is not bought, or nothing came."""
    own = desk()
    _told(call_off_purchase(own, _found(own, number).id, reason=reason))


def _found(own: Desk, number: str) -> TestPurchase:
    """By its number as people say it."""
    wanted = number.strip().upper()
    for row in list_purchases(own, words=wanted).rows:
        if row.number == wanted:
            return row
    raise NotFound("row.not_found", table=TestPurchase.__name__)


def _told(row: TestPurchase) -> None:
    say("purchase_cli.stands", number=row.number, state=t(f"purchase_state.{row.state}"))
