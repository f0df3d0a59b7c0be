"""Every list that can leave the console, by its page's name."""

from collections.abc import Mapping
from typing import Any, Final

from console.actions.exports.card_lists import CARD_LISTS
from console.actions.exports.case_lists import CASE_LISTS
from console.actions.exports.channel_lists import CHANNEL_LISTS
from console.actions.exports.check_lists import CHECK_LISTS
from console.actions.exports.listed import Listed
from console.actions.exports.order_lists import ORDER_LISTS
from console.actions.exports.patrol_lists import PATROL_LISTS
from console.i18n import t
from models.refusals import NotFound

_ALL: Final[tuple[Listed[Any], ...]] = (
    *CHANNEL_LISTS,
    *PATROL_LISTS,
    *CASE_LISTS,
    *ORDER_LISTS,
    *CARD_LISTS,
    *CHECK_LISTS,
)
LISTS: Final[Mapping[str, Listed[Any]]] = {one.page: one for one in _ALL}


def list_named(page: str) -> Listed[Any]:
    found = LISTS.get(page)
    if found is None:
        raise NotFound("export.no_such_list", page=page[:40])
    return found


def list_word(page: str) -> str:
    """What people call the list: mostly as its page."""
    return t("exports_page.escalated") if page == "escalated_notices" else t(f"nav.{page}")
