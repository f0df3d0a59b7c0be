"""Shops that answer `/products.json` as Shopify's do: no key, no count, 25,000 offers at most."""

from datetime import datetime
from http import HTTPStatus
from typing import Final
from urllib.parse import urlencode

from integrations.marketplaces.base import Page, TurnedDown
from integrations.marketplaces.connectors.base import Connector, Keys, Onward, Refused
from integrations.marketplaces.connectors.paged import next_page, page_of
from integrations.marketplaces.mapping import Source
from integrations.marketplaces.paging import Held
from integrations.marketplaces.parse import json_page
from integrations.marketplaces.paths import Json
from integrations.marketplaces.request import Question, must_be_answer
from integrations.marketplaces.steps import Step

SIZE: Final = 250
MOST: Final = 25_000


def _question(source: Source, step: Step, _keys: Keys, _at: datetime) -> Question:
    asked = urlencode({"limit": source.api.size or SIZE, "page": page_of(step)})
    return Question(f"{step.url}?{asked}")


def _opened(step: Step, page: Page) -> Json:
    if page.status == HTTPStatus.BAD_REQUEST and step.count >= MOST:
        raise TurnedDown("limit_set", url=page.url, query="", most=MOST, total=step.count)
    must_be_answer(page)
    return json_page(page)


def _refused(_value: Json) -> Refused | None:
    return None


def _onward(_source: Source, step: Step, _value: Json, held: Held) -> Onward:
    return next_page(step, held)


SHOPIFY: Final = Connector(_question, _refused, _onward, _opened)
