"""What can be brought in. An area adds its kind of row here."""

from collections.abc import Mapping
from typing import Any, Final

from console.actions.imports import agents, barred, industry_cards, listings, shops, stock
from console.actions.imports.rows import RowKind
from models.channel.imports import ImportKind
from models.refusals import Invalid

ROW_KINDS: Final[Mapping[ImportKind, RowKind[Any]]] = {
    ImportKind.AGENTS: agents.KIND,
    ImportKind.SHOPS: shops.KIND,
    ImportKind.LISTINGS: listings.KIND,
    ImportKind.STOCK: stock.KIND,
    ImportKind.BLACKLIST: barred.LISTED,
    ImportKind.RESTRICTED: barred.BOUND,
    ImportKind.INDUSTRY_CARDS: industry_cards.KIND,
}


def row_kind(kind: ImportKind | str) -> RowKind[Any]:
    found = ROW_KINDS.get(ImportKind(kind)) if kind in set(ImportKind) else None
    if found is None:
        raise Invalid("import.no_such_kind", value=str(kind), kinds=", ".join(ROW_KINDS))
    return found
