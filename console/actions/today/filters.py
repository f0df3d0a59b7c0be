"""Lists as somebody wants to see them again: saved under a name, for oneself or for colleagues."""

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Final
from urllib.parse import parse_qsl, urlencode
from uuid import UUID

from sqlalchemy import func
from sqlmodel import col, select

from console.actions.channel.blacklist import must_name_nobodys_number
from console.desk import Desk, Work
from models.permissions import Permission
from models.refusals import Conflict, Invalid, NotAllowed
from models.today import SavedFilter

MOST_FILTERS: Final = 20
"""Of one person on one page."""
LONGEST_NAME: Final = 80
_LONGEST_QUERY: Final = 1000
_MOST_FIELDS: Final = 20
_NOT_FILTERS: Final = frozenset({"id", "after", "party", "page"})
"""What says where one is in a page, and not what one looks for."""


def save_filter(
    desk: Desk, page: str, name: str, query: str, *, shared: bool = False
) -> SavedFilter:
    """Keep a page's filters under a name; the same name again keeps the new ones."""
    called, kept = " ".join(name.split()), plain_query(query)
    if not called or len(called) > LONGEST_NAME or not called.isprintable():
        raise Invalid("filter.name_needed", most=LONGEST_NAME)
    if not kept:
        raise Invalid("filter.nothing_to_save")
    if not page.isidentifier() or len(page) > 40:  # noqa: PLR2004 - as the column
        raise Invalid("filter.no_such_page", page=page[:40])
    must_name_nobodys_number(desk, called, kept)
    with desk.begin(Permission.ACCOUNT_USE) as work:
        me = _me(work)
        row = work.session.exec(
            select(SavedFilter)
            .where(SavedFilter.user_id == me, SavedFilter.page == page, SavedFilter.name == called)
            .with_for_update()
        ).first()
        if row is None:
            _must_have_room(work, me, page)
            row = work.add(
                SavedFilter(user_id=me, page=page, name=called, query=kept, created_at=work.at)
            )
        row.query = kept
        row.organisation_id = work.actor.organisation_id if shared else None
        work.record("filter.saved", row, page=page, shared=shared)
        return row


def list_filters(desk: Desk, page: str) -> Sequence[SavedFilter]:
    """One's own, then those that colleagues share."""
    return desk.remembered("filters", partial(_filters, desk, page), page)


def _filters(desk: Desk, page: str) -> Sequence[SavedFilter]:
    with desk.begin(Permission.RULE_READ) as work:
        mine = col(SavedFilter.user_id) == work.actor.id
        return work.all(
            work.select(SavedFilter)
            .where(SavedFilter.page == page)
            .order_by(mine.desc(), col(SavedFilter.name), col(SavedFilter.id))
        )


def remove_filter(desk: Desk, filter_id: UUID | str) -> None:
    """Whoever shared one takes it away; nobody else does."""
    with desk.begin(Permission.ACCOUNT_USE) as work:
        row = work.get(SavedFilter, filter_id)
        if row.user_id != work.actor.id and not work.actor.is_house:
            raise NotAllowed("filter.not_yours", name=row.name)
        work.session.delete(row)
        work.record("filter.removed", row, page=row.page)


def plain_query(query: str | Mapping[str, str]) -> str:
    """What is looked for, without where one is; Invalid when it is too long or no query."""
    pairs: Sequence[tuple[str, str]]
    if isinstance(query, str):
        try:
            pairs = parse_qsl(query.removeprefix("?"), max_num_fields=_MOST_FIELDS)
        except ValueError:
            raise Invalid("filter.too_long", most=_LONGEST_QUERY) from None
    else:
        pairs = list(query.items())
    kept = urlencode([(name, value) for name, value in pairs if _is_filter(name) and value])
    if len(kept) > _LONGEST_QUERY or "%00" in kept:
        raise Invalid("filter.too_long", most=_LONGEST_QUERY)
    return kept


def _is_filter(name: str) -> bool:
    """One word: the names of a page's other fields have more parts, and nobody shares those."""
    return name.isidentifier() and name not in _NOT_FILTERS


def _must_have_room(work: Work, user_id: UUID, page: str) -> None:
    count = work.session.exec(
        select(func.count())
        .select_from(SavedFilter)
        .where(SavedFilter.user_id == user_id, SavedFilter.page == page)
    ).one()
    if count >= MOST_FILTERS:
        raise Conflict("filter.too_many", most=MOST_FILTERS)


def _me(work: Work) -> UUID:
    if work.actor.id is None:
        raise Invalid("filter.nobody")
    return work.actor.id
