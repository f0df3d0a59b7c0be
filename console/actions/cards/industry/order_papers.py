"""The letter of an order as a document, and the paper that shows that it was carried out."""

from typing import Final
from uuid import UUID

from console.actions.cards.industry.notices import BREAK
from console.actions.channel.pictures import in_language
from console.actions.files import Download, put_on_record, whole
from console.desk import Desk
from console.i18n import Language, t
from integrations.documents import Fact, pdf
from integrations.evidence import Digest
from models.badge_picture import lacking
from models.cards.card_orders import CardOrder, OrderState
from models.permissions import Permission
from models.refusals import NotFound
from models.staff import Organisation

_BOX: Final = "□"


def order_document(desk: Desk, order_id: UUID | str, language: Language = Language.ZH) -> Download:
    """The letter as PDF; a letter that our font lacks is shown as a box, as in a case's file."""
    with desk.begin(Permission.INDUSTRY_READ) as work:
        order = work.get(CardOrder, order_id)
        carrier = work.session.get_one(Organisation, order.carrier_id)
    with in_language(language):
        data = pdf("card-order", document_facts(order, carrier.name, language))
    with put_on_record(desk, "card_order.document_taken", order, language=language):
        return Download(f"{order.number}.pdf", "application/pdf", data=data)


def document_facts(order: CardOrder, carrier: str, language: Language) -> dict[str, Fact]:
    text = order.notice_zh if language is Language.ZH else order.notice_en
    head, opening, *blocks = [_printable(one).splitlines() for one in text.split(BREAK)]
    lifted = t(f"order_state.{order.state}") if order.state is OrderState.LIFTED else None
    return {
        "language": language.value,
        "title": f"{head[0]} {order.number}",
        "heading": head[0],
        "carrier": _printable(carrier),
        "number_word": t("order_letter.number_word"),
        "number": order.number,
        "watermark": lifted,
        "to": opening[0],
        "opening": opening[1:],
        "blocks": [{"heading": one[0], "lines": one[1:]} for one in blocks[:-1]],
        "signed": blocks[-1],
        "foot": f"{head[0]} {order.number}",
    }


def _printable(text: str) -> str:
    return "".join(
        one if one == "\n" or not lacking(one) else _BOX for one in text.replace("\t", " ")
    )


def order_proof(desk: Desk, order_id: UUID | str) -> Download:
    """What shows that it was set on the network, or that somebody was verified again."""
    with desk.begin(Permission.INDUSTRY_READ) as work:
        order = work.get(CardOrder, order_id)
    if not order.proof_sha256:
        raise NotFound("file.not_found")
    path = whole(desk.house.evidence, Digest(order.proof_sha256))
    with put_on_record(
        desk, "card_order.proof_taken", order, sha256=order.proof_sha256, name=order.proof_file
    ):
        return Download(order.proof_file, order.proof_type, path)
