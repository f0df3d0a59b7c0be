"""The shipped model: made of the shipped titles, whole, and no program in disguise."""

# pyright: basic, reportAttributeAccessIssue=false
# Arrow comes without types.

import io

import numpy as np
import pytest

from integrations.screening_data import (
    AUTHORS,
    make_model,
    make_tables,
    shipped_examples,
    titles_of,
)
from models.data import packaged_bytes
from models.patrol.screening import Label, Model, shipped_model
from models.patrol.screening.training import Example, measure, train

SMALL = [
    Example("电信流量卡 29元", Label.SELLS_CARD, "流量卡", "none"),
    Example("联通手机卡 包邮", Label.SELLS_CARD, "电话卡", "none"),
    Example("代实名 手机卡", Label.REAL_NAME_SERVICE, "代实名", "none"),
    Example("读卡器破解", Label.READER_CRACK_TOOL, "读卡破解", "none"),
    Example("猫池 32口", Label.ILLEGAL_DEVICE, "猫池", "none"),
    Example("每日坚果 礼盒", Label.NOT_CARD, "食品", "none"),
    Example("手机壳 透明", Label.NOT_CARD, "手机壳", "none"),
    Example("坚果 包邮 29元", Label.NOT_CARD, "食品", "none"),
]


@pytest.mark.timeout(280)
def test_the_shipped_model_is_what_the_shipped_titles_make() -> None:
    made, shipped = make_model(), shipped_model()

    assert made.version == shipped.version
    assert made.threshold == shipped.threshold
    assert np.array_equal(made.flag_slots, shipped.flag_slots)
    assert np.abs(made.flag_weights.astype(int) - shipped.flag_weights).max() <= 1
    assert np.array_equal(made.class_slots, shipped.class_slots)


def test_the_shipped_tables_are_what_their_sources_make() -> None:
    assert make_tables().to_bytes() == packaged_bytes("screening-tables.npz")


def test_the_same_titles_in_any_order_make_the_same_bytes() -> None:
    assert train(SMALL).to_bytes() == train(list(reversed(SMALL))).to_bytes()
    assert train(SMALL).version != train(SMALL[:-1]).version


def test_a_model_outlives_a_round_through_bytes() -> None:
    again = Model.from_bytes(shipped_model().to_bytes())

    assert again.sha256 == shipped_model().sha256
    assert measure(again, SMALL) == measure(shipped_model(), SMALL)


def test_bytes_that_are_no_model_are_refused() -> None:
    out = io.BytesIO()
    np.savez(out, head=np.array([{"evil": 1}], dtype=object))
    for body in (b"", b"nothing", out.getvalue(), packaged_bytes("screening-tables.npz")):
        with pytest.raises(ValueError, match="not a model"):
            Model.from_bytes(body)


def test_titles_of_one_side_teach_nothing() -> None:
    with pytest.raises(ValueError, match="both sides"):
        train(SMALL[:3])


def test_measures_count_what_they_say() -> None:
    found = measure(train(SMALL), [*SMALL, Example("空的", Label.SELLS_CARD, "", "euphemism")])

    assert found.n == len(SMALL) + 1
    assert 0 <= found.precision <= 1
    assert set(found.by_evasion) == {"none", "euphemism"}


def test_every_author_is_shipped_whole() -> None:
    titles = {author: titles_of(author) for author in AUTHORS}

    assert sum(map(len, titles.values())) >= 9_000
    assert len({one.title for one in shipped_examples()}) > 12_000
    for author, examples in titles.items():
        assert {one.label for one in examples} >= {Label.SELLS_CARD, Label.NOT_CARD}, author


@pytest.mark.timeout(280)
@pytest.mark.parametrize("author", ["a", "b"])
def test_titles_of_an_author_left_out_are_read_well(author: str) -> None:
    model = train([one for one in shipped_examples() if one.author != author])
    found = measure(model, titles_of(author))

    assert found.f1 >= 0.93, found
    assert found.precision >= 0.94, found
    assert found.accuracy >= 0.88, found
