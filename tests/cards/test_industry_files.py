"""Files about industry cards leave the house for who may read of them, and on record."""

from collections.abc import Mapping

import pytest

from console.actions.audit import list_deeds
from console.actions.cards.industry.batches import batch_record
from console.actions.cards.industry.runs import plan_run, run_monitoring
from console.web import files
from console.web.site import Site
from tests.browser import Visitor, web_app
from tests.cards.ordered import done, ordered
from tests.cards.used import MB, csv_of, planted
from tests.cards.world import ready
from tests.cases.test_files import as_
from tests.cases.world import PDF, PNG
from tests.conftest import Desks


@pytest.fixture
def visitor(desks: Desks) -> Visitor:
    site = Site.of(desks.house.house)
    return Visitor(web_app(site, files.routes(site)))


def refused(visitor: Visitor, desks: Desks, path: str) -> Mapping[str, int]:
    """How others fare: nobody, who watches, another carrier's."""
    who = {"nobody": None, "regulator": desks.regulator, "other": desks.other_manager}
    return {name: int(as_(visitor, one).get(path).status_code) for name, one in who.items()}


def test_what_was_filed_for_a_batch_leaves_for_its_carrier_alone(
    desks: Desks, visitor: Visitor
) -> None:
    batch = ready(desks)
    (agreement,) = batch_record(desks.iot, batch.id).agreements
    kept = {
        f"/files/purchasers/{batch.purchaser_id}/licence": PNG,
        f"/files/industry-agreements/{agreement.id}": PDF,
        f"/files/industry-batches/{batch.id}/limits": PNG,
    }
    for path, content in kept.items():
        given = as_(visitor, desks.iot).get(path)
        assert given.content == content
        assert given.headers["content-disposition"].startswith("attachment")
        assert list_deeds(desks.audit, limit=1).rows[0].deed == "industry.paper_looked_at"
        assert refused(visitor, desks, path) == {"nobody": 303, "regulator": 403, "other": 404}


def test_the_letter_of_an_order_and_its_proof_leave_as_files(
    desks: Desks, visitor: Visitor
) -> None:
    order = ordered(desks, planted(desks))
    at = f"/files/card-orders/{order.id}"
    assert as_(visitor, desks.iot).get(f"{at}/proof").status_code == 404
    for language in ("zh", "en"):
        letter = visitor.get(f"{at}.pdf?language={language}")
        assert (letter.headers["content-type"], letter.content[:5]) == ("application/pdf", b"%PDF-")
    done(desks, order)
    assert as_(visitor, desks.iot).get(f"{at}/proof").content == PNG
    assert refused(visitor, desks, f"{at}.pdf") == {"nobody": 303, "regulator": 403, "other": 404}


def test_what_a_run_found_and_could_not_read_leaves_as_files(
    desks: Desks, visitor: Visitor
) -> None:
    used = planted(desks)
    rows = [used.did(0, bytes=3 * MB), {**used.did(1), "iccid": "12"}]
    run = run_monitoring(desks.house, plan_run(desks.iot, "use.csv", csv_of(rows)).id)
    at = f"/files/usage-runs/{run.id}"
    hits = as_(visitor, desks.iot).get(f"{at}/hits.parquet")
    assert hits.content[:4] == b"PAR1"
    assert f"{run.number}-hits.parquet" in hits.headers["content-disposition"]
    assert "iccid" in visitor.get(f"{at}/rejects.csv").text
    assert list_deeds(desks.audit, limit=1).rows[0].deed == "monitoring.file_taken"
    for path in ("hits.parquet", "rejects.csv"):
        others = refused(visitor, desks, f"{at}/{path}")
        assert others == {"nobody": 303, "regulator": 403, "other": 404}
