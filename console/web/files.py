"""Files for people who are signed in: evidence, proofs, badge pictures, rejected rows.

Each is asked for anew by the session's cookie, checked by permission and scope, put on record,
and given as an attachment that no browser opens in our name. Pictures alone are shown, and an
agent's papers.
"""

from collections.abc import Callable, Mapping
from enum import StrEnum
from http import HTTPStatus
from pathlib import Path
from typing import Final, TypeVar
from urllib.parse import quote

from starlette.background import BackgroundTask
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import FileResponse, Response
from starlette.routing import Route

from console.actions import files
from console.actions.cards.industry.order_papers import order_document, order_proof
from console.actions.cards.industry.paper_files import (
    agreement_file,
    licence_file,
    limits_file,
    report_paper,
)
from console.actions.cards.industry.run_files import run_hits, run_rejects
from console.actions.cases.authorities.files import (
    case_appeal_paper,
    instruction_file,
    report_receipt,
)
from console.actions.cases.case_file import case_file
from console.actions.cases.complaints.lists import complaint_file
from console.actions.cases.doing import task_proof
from console.actions.cases.notices.mail import notice_mail
from console.actions.cases.rectifications.lists import acknowledgement_file, issue_file
from console.actions.cases.rectifications.papers import rectification_document
from console.actions.channel.barred_lists import export_barred
from console.actions.channel.paper_files import paper_file
from console.actions.channel.pictures import Format, Look
from console.actions.checks.read_files import read_file
from console.actions.checks.test_purchases import purchase_file
from console.actions.files import Download
from console.actions.patrol.evidence_files import evidence_file
from console.actions.patrol.packs import evidence_pack, finding_pack, notice_pack, run_pack
from console.actions.today.digests import my_digest
from console.actions.today.feeds import drawn
from console.desk import Desk
from console.i18n import Language
from console.web import exports, reports
from console.web.site import Site
from models.badge_picture import Letters, Style
from models.channel.imports import ImportKind
from models.refusals import NotAllowed

_HEADERS: Final = {
    "cache-control": "no-store",
    "x-content-type-options": "nosniff",
    "content-security-policy": "sandbox; default-src 'none'",
}
_DIGITS: Final = 5
"""Of a picture's width."""

Word = TypeVar("Word", bound=StrEnum)
Asked = Callable[[Desk, Request], Download]


def routes(site: Site) -> list[Route]:
    def given(asked: Asked, *, inline: bool = False) -> Callable[[Request], Response]:
        def give(request: Request) -> Response:
            person = site.signed_in(request)
            if person is None:
                raise NotAllowed("staff.sign_in")
            site.speak(request)
            file = asked(site.house.desk(person.actor), request)
            return _shown(file) if inline else handed_out(file)

        return give

    return [
        Route("/files/evidence/pack/{case_id}.zip", given(_pack), methods=["GET"]),
        Route("/files/evidence/finding/{finding_id}.zip", given(_finding_pack), methods=["GET"]),
        Route("/files/evidence/run/{run_id}.zip", given(_run_pack), methods=["GET"]),
        Route("/files/evidence/notice/{notice_id}.zip", given(_notice_pack), methods=["GET"]),
        Route("/files/notices/{notice_id}.eml", given(_notice_mail), methods=["GET"]),
        Route("/files/evidence/{sha256}", given(_evidence), methods=["GET"]),
        Route("/files/cases/{case_id}.pdf", given(_case_file), methods=["GET"]),
        Route("/files/proofs/{proof_id}", given(_proof), methods=["GET"]),
        Route("/files/tasks/{task_id}", given(_task_proof), methods=["GET"]),
        Route("/files/papers/{paper_id}", given(_paper, inline=True), methods=["GET"]),
        Route(
            "/files/complaints/{complaint_id}/{sha256}",
            given(_complaint, inline=True),
            methods=["GET"],
        ),
        Route("/files/purchases/{id}/{sha256}", given(_purchase, inline=True), methods=["GET"]),
        Route("/files/digest.txt", given(_digest), methods=["GET"]),
        Route("/files/due.ics", given(_due), methods=["GET"]),
        Route("/files/badges/{badge_id}.{kind}", given(_badge), methods=["GET"]),
        Route("/files/agents/{agent_no}/badges.zip", given(_badges), methods=["GET"]),
        Route("/files/licences/{number}.pdf", given(_certificate), methods=["GET"]),
        Route("/files/instructions/{id}/{which}", given(_instruction), methods=["GET"]),
        Route("/files/imports/{import_id}/rejects.csv", given(_rejects), methods=["GET"]),
        Route("/files/blacklist.csv", given(_blacklist), methods=["GET"]),
        Route("/files/restricted-parties.csv", given(_restricted), methods=["GET"]),
        Route("/files/rectifications/{id}.pdf", given(_rectification), methods=["GET"]),
        Route("/files/rectifications/{id}/receipt", given(_acknowledgement), methods=["GET"]),
        *exports.routes(given),
        *reports.routes(given),
        *(Route(path, given(asked), methods=["GET"]) for path, asked in _BY_ID.items()),
    ]


def _pack(desk: Desk, request: Request) -> Download:
    return evidence_pack(desk, request.path_params["case_id"])


def _finding_pack(desk: Desk, request: Request) -> Download:
    return finding_pack(desk, request.path_params["finding_id"])


def _run_pack(desk: Desk, request: Request) -> Download:
    return run_pack(desk, request.path_params["run_id"])


def _notice_pack(desk: Desk, request: Request) -> Download:
    return notice_pack(desk, request.path_params["notice_id"])


def _notice_mail(desk: Desk, request: Request) -> Download:
    return notice_mail(desk, request.path_params["notice_id"])


def _evidence(desk: Desk, request: Request) -> Download:
    """`?of=` names the manifest that a file belongs to; without it the digest is a manifest's."""
    of = request.query_params.get("of")
    return evidence_file(desk, request.path_params["sha256"], of)


def _case_file(desk: Desk, request: Request) -> Download:
    return case_file(desk, request.path_params["case_id"], _language(request))


def _proof(desk: Desk, request: Request) -> Download:
    return files.proof_file(desk, request.path_params["proof_id"])


def _task_proof(desk: Desk, request: Request) -> Download:
    return task_proof(desk, request.path_params["task_id"])


def _paper(desk: Desk, request: Request) -> Download:
    return paper_file(desk, request.path_params["paper_id"])


def _complaint(desk: Desk, request: Request) -> Download:
    """What a reporter sent along."""
    names = request.path_params
    return complaint_file(desk, names["complaint_id"], names["sha256"])


def _purchase(desk: Desk, request: Request) -> Download:
    """A picture of what was bought."""
    names = request.path_params
    return purchase_file(desk, names["id"], names["sha256"])


def _digest(desk: Desk, _request: Request) -> Download:
    return Download("digest.txt", "text/plain; charset=utf-8", data=my_digest(desk).encode())


def _due(desk: Desk, _request: Request) -> Download:
    """What the calendar feed shows, once, for a calendar that fetches nothing."""
    return Download("due.ics", "text/calendar; charset=utf-8", data=drawn(desk))


def _shown(file: Download) -> Response:
    """A picture or a PDF for the page itself: of its own type, in a sandbox, run as nothing."""
    response = Response(file.data, media_type=file.media_type, headers=_HEADERS)
    response.headers["content-disposition"] = f"inline; filename*=UTF-8''{quote(file.name)}"
    return response


def _badge(desk: Desk, request: Request) -> Download:
    kind = _one_of(Format, request.path_params["kind"])
    return files.badge_picture(desk, request.path_params["badge_id"], kind, look_of(request))


def look_of(request: Request) -> Look:
    """`?style=card|compact|qr&letters=outline|text&language=zh|en&width=` of a picture."""
    asked = request.query_params
    width = asked.get("width")
    if width is not None and not (width.isascii() and width.isdecimal() and len(width) <= _DIGITS):
        raise HTTPException(HTTPStatus.NOT_FOUND)
    return Look(
        style=_one_of(Style, asked.get("style", Style.CARD)),
        letters=_one_of(Letters, asked.get("letters", Letters.OUTLINE)),
        language=_language(request),
        width=None if width is None else int(width),
    )


def _language(request: Request) -> Language:
    return _one_of(Language, request.query_params.get("language", Language.ZH))


def _one_of(words: type[Word], word: str) -> Word:
    try:
        return words(word)
    except ValueError:
        raise HTTPException(HTTPStatus.NOT_FOUND) from None


def _badges(desk: Desk, request: Request) -> Download:
    return files.agent_badges(desk, request.path_params["agent_no"], _language(request))


def _certificate(desk: Desk, request: Request) -> Download:
    return files.licence_certificate(desk, request.path_params["number"], _language(request))


def _rejects(desk: Desk, request: Request) -> Download:
    return files.rejected_rows(desk, request.path_params["import_id"])


def _blacklist(desk: Desk, _request: Request) -> Download:
    return export_barred(desk, ImportKind.BLACKLIST)


def _restricted(desk: Desk, _request: Request) -> Download:
    return export_barred(desk, ImportKind.RESTRICTED)


def _rectification(desk: Desk, request: Request) -> Download:
    return rectification_document(desk, request.path_params["id"])


def _acknowledgement(desk: Desk, request: Request) -> Download:
    return acknowledgement_file(desk, request.path_params["id"])


def _issue(desk: Desk, request: Request) -> Download:
    """`?round=` names a round before; without it the last."""
    asked = request.query_params.get("round", "")
    if asked and not (asked.isascii() and asked.isdecimal() and len(asked) <= _DIGITS):
        raise HTTPException(HTTPStatus.NOT_FOUND)
    return issue_file(desk, request.path_params["id"], int(asked) if asked else None)


def _instruction(desk: Desk, request: Request) -> Download:
    return instruction_file(desk, request.path_params["id"], request.path_params["which"])


def _report(desk: Desk, request: Request) -> Download:
    return report_receipt(desk, request.path_params["id"])


def _case_appeal(desk: Desk, request: Request) -> Download:
    return case_appeal_paper(desk, request.path_params["id"])


def _card_order(desk: Desk, request: Request) -> Download:
    return order_document(desk, request.path_params["id"], _language(request))


def _reported(desk: Desk, request: Request) -> Download:
    """What was handed in with a finding about industry cards."""
    names = request.path_params
    return report_paper(desk, names["id"], names["sha256"])


def _of(file: Callable[[Desk, str], Download]) -> Asked:
    """What a use case gives for the id in the path."""

    def asked(desk: Desk, request: Request) -> Download:
        return file(desk, request.path_params["id"])

    return asked


_BY_ID: Final[Mapping[str, Asked]] = {
    "/files/rectification-issues/{id}": _issue,
    "/files/case-appeals/{id}": _case_appeal,
    "/files/reports/{id}": _report,
    "/files/purchasers/{id}/licence": _of(licence_file),
    "/files/industry-agreements/{id}": _of(agreement_file),
    "/files/industry-batches/{id}/limits": _of(limits_file),
    "/files/card-orders/{id}.pdf": _card_order,
    "/files/card-orders/{id}/proof": _of(order_proof),
    "/files/usage-findings/{id}/{sha256}": _reported,
    "/files/usage-runs/{id}/hits.parquet": _of(run_hits),
    "/files/usage-runs/{id}/rejects.csv": _of(run_rejects),
    "/files/card-reads/{id}.jws": _of(read_file),
}


def handed_out(file: Download) -> Response:
    """As a file to keep, never run as a page of ours."""
    if file.path is None:
        response = Response(file.data, media_type=file.media_type, headers=_HEADERS)
        response.headers["content-disposition"] = f'attachment; filename="{file.name}"'
        return response
    after = BackgroundTask(Path.unlink, file.path, missing_ok=True) if file.is_temporary else None
    return FileResponse(
        file.path,
        media_type=file.media_type,
        filename=file.name,
        headers=_HEADERS,
        background=after,
        content_disposition_type="inline" if file.is_shown else "attachment",
    )
