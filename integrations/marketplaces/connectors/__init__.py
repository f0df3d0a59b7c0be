"""Platforms with interfaces of their own: how each is asked, and how it says no."""

from collections.abc import Mapping
from datetime import datetime
from typing import Final

from integrations.marketplaces.base import Asker
from integrations.marketplaces.connectors.base import Connector, Keys
from integrations.marketplaces.connectors.ebay import EBAY
from integrations.marketplaces.connectors.jd import JD
from integrations.marketplaces.connectors.pdd import PDD
from integrations.marketplaces.connectors.shopee import SHOPEE
from integrations.marketplaces.connectors.shopify import SHOPIFY
from integrations.marketplaces.connectors.taobao import TAOBAO
from integrations.marketplaces.connectors.tokens import TICKET, Tokens
from integrations.marketplaces.mapping import Source
from integrations.marketplaces.terms import Kind

CONNECTORS: Final[Mapping[Kind, Connector]] = {
    Kind.SHOPIFY: SHOPIFY,
    Kind.EBAY: EBAY,
    Kind.TAOBAO: TAOBAO,
    Kind.JD: JD,
    Kind.PDD: PDD,
    Kind.SHOPEE: SHOPEE,
}
WITH_PASS: Final = frozenset(kind for kind, one in CONNECTORS.items() if one.token is not None)


def with_pass(source: Source, secrets: Keys, tokens: Tokens, ask: Asker, at: datetime) -> Keys:
    """The keys of a source, and the pass that it has to show beside them."""
    connector = CONNECTORS.get(source.kind)
    if connector is None or connector.token is None:
        return secrets
    wanted = connector.token
    return {**secrets, TICKET: tokens.current(lambda: wanted(source, secrets), ask, at)}
