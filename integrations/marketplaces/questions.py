"""What a step asks, as the mapping of its source tells it."""

from urllib.parse import urlsplit

from integrations.marketplaces.assemble import blanks_of
from integrations.marketplaces.base import Unreadable
from integrations.marketplaces.mapping import By, Kind, Source
from integrations.marketplaces.request import Question, detail_question, list_question
from integrations.marketplaces.steps import Step, StepKind


def asked_by(source: Source, step: Step) -> Question:
    """The question without its keys."""
    match step.kind:
        case StepKind.SITEMAP:
            return Question(step.url)
        case StepKind.LIST:
            paging = source.listed.paging
            state = {
                "page": step.page if step.page is not None else (paging.first if paging else None),
                "offset": step.offset,
                "cursor": step.cursor,
                "size": paging.size if paging else None,
            }
            first = _first_page_as_is(source, step)
            return first or list_question(source.listed, step.url, state)
        case StepKind.DETAIL:
            if source.detail is None:
                raise Unreadable("field_missing", url=step.url, field="detail", tried="-")
            return detail_question(source.detail, step.url, blanks_of(step.known))


def ours(source: Source, url: str) -> bool:
    """Keys and questions go to the hosts that the mapping names, and to no other."""
    parts = urlsplit(url)
    return parts.scheme in {"http", "https"} and parts.netloc in source.own_hosts


def _first_page_as_is(source: Source, step: Step) -> Question | None:
    """A shop's first page of HTML is asked for by the address that visitors use."""
    paging = source.listed.paging
    numbered = paging is not None and paging.by is By.PAGE
    if source.kind is Kind.HTML and numbered and step.turn == 0 and "{" not in step.url:
        return Question(step.url)
    return None
