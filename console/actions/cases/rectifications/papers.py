"""A rectification notice as a document: what is wrong, by which rule, by when, what remedy."""

from datetime import datetime, timedelta, timezone
from typing import Final
from uuid import UUID

from console.actions.cases.rectifications.lists import RectificationRecord, rectification_record
from console.actions.channel.pictures import in_language
from console.actions.files import Download, put_on_record
from console.desk import Desk
from console.i18n import Language, t
from integrations.documents import Fact, pdf
from models.badge_picture import check_letters
from models.cases.rectifications import RectificationState
from models.refusals import Conflict
from models.rules import china_day, package_duties, rule_refs

_BEIJING: Final = timezone(timedelta(hours=8))
_WORDS: Final = ("number", "row", "issue", "rule", "remedy")
_A_SECOND: Final = timedelta(seconds=1)
_ENDED: Final = (RectificationState.CLOSED, RectificationState.REPORTED)


def rectification_document(desk: Desk, row_id: UUID | str) -> Download:
    """The notice as PDF. It is Chinese: so are those whom it orders to do something."""
    record = rectification_record(desk, row_id)
    if record.row.number is None:
        raise Conflict("rectification.not_issued", number=record.row.title)
    with in_language(Language.ZH):
        data = pdf("rectification", document_facts(record))
    with put_on_record(desk, "rectification.document_taken", record.row):
        return Download(f"{record.row.number}.pdf", "application/pdf", data=data)


def document_facts(record: RectificationRecord) -> dict[str, Fact]:
    """All that the template shows; Conflict for a letter that our font lacks."""
    row = record.row
    issued = row.issued_at or row.created_at
    issues: list[Fact] = [
        {
            "number": str(one.number),
            "what": one.what,
            "clause": _clause(one.rule),
            "rule": rule_refs()[one.rule].zh,
        }
        for one in record.issues
    ]
    check_letters({"unit": row.unit_name, "carrier": record.issuer.name})
    ended = t(f"rectification_state.{row.state}") if row.state in _ENDED else None
    number = row.number or ""
    return {
        "language": "zh",
        "title": f"{t('rectification_paper.heading')} {number}",
        "heading": t("rectification_paper.heading"),
        "issuer": record.issuer.name,
        "number": number,
        "watermark": ended,
        "to": t("rectification_paper.to", unit=row.unit_name),
        "statement": t(
            "rectification_paper.statement", n=len(issues), due=_last_moment(row.due_at),
            subject=row.subject,
        ),
        "issues": issues,
        "rows": _rows(record),
        "remedy": (row.remedy or t("rectification_paper.usual_remedy")).splitlines(),
        "signed_on": f"{china_day(issued):%Y 年 %m 月 %d 日}",
        "foot": t("rectification_paper.foot", number=number),
        "words": {name: t(f"rectification_paper.{name}") for name in _WORDS},
    }  # fmt: skip


def _clause(rule: str) -> str:
    """Where a rule is written: the document with its clause, or the library's own kind."""
    duty = package_duties().get(rule)
    if duty is None:
        return t("rectification_paper.of_library", rule=rule)
    return f"{t(f'rule_document.d{duty.seed}')} {duty.clause}（{rule}）"


def _rows(record: RectificationRecord) -> list[Fact]:
    row, wanted = record.row, record.instruction
    shown = {
        "unit": row.unit_name,
        "tier": t(f"tier.{row.tier}"),
        "round": t("rectification_paper.round_of", n=row.round),
        "due": _last_moment(row.due_at),
        "acknowledge": _last_moment(row.acknowledge_due_at),
        "delivery": t(f"delivery.{row.delivery}"),
        "case": record.case.reference if record.case else "",
        "ordered": f"{wanted.authority} {wanted.document_no}" if wanted else "",
    }
    return [[t(f"rectification_paper.{name}"), text] for name, text in shown.items() if text]


def _last_moment(due: datetime | None) -> str:
    """The last day, and the hour where it does not end with the day."""
    if due is None:
        return ""
    last = (due - _A_SECOND).astimezone(_BEIJING)
    whole_day = due.astimezone(_BEIJING).strftime("%H%M%S") == "000000"
    return f"{last:%Y 年 %m 月 %d 日}" if whole_day else f"{last:%Y 年 %m 月 %d 日 %H:%M}"
