"""Links that survive the sign-in, and pages that come back after the server was away."""

import gzip
from http import HTTPStatus
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import httpx

from console.actions.staff.people import add_organisation
from console.database import migrate
from console.desk import House
from console.settings import Settings
from console.web.coming_back import spread_out
from console.web.compress import build_bundles, bundles_of_streamlit
from models.staff import OrganisationKind
from tests.bench.bench_page import PASSWORD, with_manager
from tests.browser import form_of
from tests.serving import running
from tests.streamlit_client import streamlit_client

NOWHERE = "0198aaaa-aaaa-7aaa-8aaa-aaaaaaaaaaaa"
LINK = f"/console/cases?id={NOWHERE}&tab=notices"


def test_pages_come_back_one_after_the_other(tmp_path: Path) -> None:
    """Pinned to this Streamlit: where its words are others, a storm would come back unseen."""
    bundles = build_bundles(tmp_path)
    changed = [
        path
        for path in (bundles_of_streamlit() / "js").glob("*.js")
        if spread_out(path.read_text("utf-8")) != path.read_text("utf-8")
    ]
    assert len(changed) == 1
    copies = list(bundles.rglob(changed[0].name))
    assert copies
    for kept in copies:
        assert "Math.random()*7500" in gzip.decompress(kept.read_bytes()).decode()


def test_a_link_survives_the_sign_in_and_leads_to_what_it_names(tmp_path: Path) -> None:
    house = House.open(Settings(data=tmp_path))
    migrate(house.engine)
    add_organisation(
        house.desk(),
        code="CT-44",
        kind=OrganisationKind.BASIC_CARRIER_PROVINCE,
        name="中国电信广东",
        province="44",
    )
    token = with_manager(house)
    with running(tmp_path, CHANNEL_WORKER="false") as base:
        stranger = httpx.get(f"{base}{LINK}", headers={"accept": "text/html"})
        assert stranger.status_code == HTTPStatus.SEE_OTHER
        way_in = stranger.headers["location"]
        assert parse_qs(urlsplit(way_in).query)["next"] == [LINK]
        with httpx.Client(base_url=base, headers={"accept": "text/html"}) as browser:
            action, fields = form_of(browser.get(way_in).text)
            given = {**fields, "login": "bench", "password": PASSWORD}
            admitted = browser.post(action, data=given, headers={"origin": base})
            assert admitted.headers["location"] == LINK
            bare = browser.get("/console/?kind=case_propose")
            assert bare.headers["location"] == "/console/work_list?kind=case_propose"
            assert browser.get(bare.headers["location"]).status_code == HTTPStatus.OK
        with streamlit_client(base, token) as client:
            client.rerun()
            client.rerun(urlsplit(LINK).query, page="cases")
            shown = "\n".join(str(message) for message in client.seen)
    assert NOWHERE in shown.replace("\\", "")
    house.engine.dispose()
