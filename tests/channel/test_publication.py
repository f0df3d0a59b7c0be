"""The published list: who is on it, who may not be, and that a third party can check it."""

import gzip
import json
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from joserfc import jws
from joserfc.jwk import OKPKey

from console import app
from console.actions.channel.agents import edit_agent
from console.actions.channel.editions import newest_list, publication_record
from console.actions.channel.golden import write_register
from console.actions.channel.licences import suspend_licence
from console.actions.channel.lines import FIELDS, ChangeKind, must_be_public
from console.actions.channel.publish import list_publications, prepare_publication, publish
from console.desk import House
from console.i18n import Language, texts
from models.channel.publications import PublicationState
from models.refusals import Conflict, NotAllowed
from models.tokens import KeyRole, jwk_set
from tests.browser import Visitor
from tests.channel.stories import admitted, form, licensed
from tests.conftest import NOON, Clock, Desks


def key_of(house: House) -> OKPKey:
    """As a stranger has it: from the published key set."""
    keys = {role: house.keys.public_keys(role) for role in KeyRole}
    (row,) = [one for one in jwk_set(keys)["keys"] if one["role"] == "register"]  # type: ignore[index,union-attr]
    return OKPKey.import_key({name: row[name] for name in ("kty", "crv", "x")})


def checked(house: House, signature: str) -> dict[str, object]:
    found = jws.deserialize_compact(signature, key_of(house), algorithms=["Ed25519"])
    return json.loads(found.payload)


@pytest.mark.requirement("004-3.1-l", "004-3.1-m")
def test_an_edition_is_prepared_signed_and_takes_the_place_of_the_one_before(
    desks: Desks, house: House, clock: Clock
) -> None:
    _, first_licence, _ = licensed(desks, 1, ("1001",))
    first = publish(desks.approver, prepare_publication(desks.manager).id)
    assert (first.rows, first.added, first.removed) == (1, 1, 0)
    assert first.due_at is not None
    assert (first.due_at - NOON).days == 7

    clock.pass_(days=1)
    licensed(desks, 2, ("1002", "1003"))
    suspend_licence(desks.manager, first_licence.id, reason="未亮照", remedy="申诉")
    second = publish(desks.approver, prepare_publication(desks.manager).id)
    assert (second.rows, second.added, second.removed) == (1, 1, 1)
    states = {row.id: row.state for row in list_publications(desks.manager).rows}
    assert states[first.id] is PublicationState.SUPERSEDED
    assert states[second.id] is PublicationState.PUBLISHED
    changes = publication_record(desks.manager, second.id).changes
    (removed,) = changes.first[ChangeKind.REMOVED]
    assert removed.line["licence_no"] == first_licence.number

    assert second.signature is not None
    manifest = checked(house, second.signature)
    assert manifest["sha256"] == second.sha256
    assert manifest["counts"] == {"agents": 1, "licences": 1, "shops": 2}


def test_a_list_that_is_past_its_day_is_stale(desks: Desks, clock: Clock) -> None:
    licensed(desks)
    edition = publish(desks.approver, prepare_publication(desks.manager).id)
    assert not edition.is_stale(clock())
    clock.pass_(days=8)
    assert edition.is_stale(clock())


@pytest.mark.requirement("004-3.1-l")
def test_the_list_has_published_columns_and_nobodys_name_in_it(desks: Desks, house: House) -> None:
    agent, licence, _ = licensed(desks)
    admitted(desks, 2)
    edition = prepare_publication(desks.manager)
    body = b"".join(house.evidence.stream(edition.sha256))  # type: ignore[arg-type]
    (line,) = [json.loads(one) for one in body.splitlines()]

    assert set(line) == set(FIELDS)
    assert (line["agent_no"], line["licence_no"]) == (agent.agent_no, licence.number)
    assert line["shops"][0]["id"] == "1001"
    assert agent.legal_representative not in body.decode()
    assert agent.contact not in body.decode()


@pytest.mark.parametrize("name", ["陈店 13800138000", "店主11010519491231002X"])
def test_a_name_with_a_persons_number_in_it_is_not_published(desks: Desks, name: str) -> None:
    agent, _, _ = licensed(desks)
    edit_agent(desks.manager, agent.id, form(name=name))
    with pytest.raises(Conflict) as no:
        prepare_publication(desks.manager)
    assert no.value.code == "channel.private_data"


def test_a_column_of_another_name_is_not_published() -> None:
    with pytest.raises(Conflict) as no:
        must_be_public(dict.fromkeys((*FIELDS, "contact"), ""))
    assert no.value.facts == {"field": "contact"}


def test_a_licence_that_fell_since_is_not_published(desks: Desks) -> None:
    _, licence, _ = licensed(desks)
    edition = prepare_publication(desks.manager)
    suspend_licence(desks.manager, licence.id, reason="未亮照", remedy="申诉")
    with pytest.raises(Conflict) as no:
        publish(desks.approver, edition.id)
    assert no.value.facts == {"number": licence.number}


def test_a_carrier_publishes_its_own_list_alone(desks: Desks) -> None:
    licensed(desks)
    edition = publish(desks.approver, prepare_publication(desks.manager).id)
    with pytest.raises((NotAllowed, Conflict)):
        publish(desks.other_manager, edition.id)
    assert prepare_publication(desks.other_manager).rows == 0
    for reader in (desks.regulator, desks.platform, desks.other_manager):
        assert edition.id in {row.id for row in list_publications(reader).rows}
        with pytest.raises(NotAllowed):
            prepare_publication(desks.regulator)


def test_the_same_register_makes_the_same_bytes(desks: Desks, tmp_path: Path) -> None:
    licensed(desks)
    assert prepare_publication(desks.manager).sha256 == prepare_publication(desks.manager).sha256
    publish(desks.approver, list_publications(desks.manager).rows[0].id)
    one, two = (write_register(desks.house, tmp_path / name) for name in ("one", "two"))
    assert one.ndjson.read_bytes() == two.ndjson.read_bytes()


def test_the_written_register_is_checked_by_a_stranger(
    desks: Desks, house: House, tmp_path: Path
) -> None:
    agent, _, _ = licensed(desks, numbers=("1001", "1002"))
    edit_agent(desks.manager, agent.id, form(name="=HYPERLINK(1)公司"))
    publish(desks.approver, prepare_publication(desks.manager).id)
    written = write_register(desks.house, tmp_path / "out")

    manifest = json.loads(written.manifest.read_bytes())
    signed = checked(house, manifest.pop("signature"))
    assert signed == manifest
    for file in manifest["files"]:
        content = (written.manifest.parent / file["name"]).read_bytes()
        assert (len(content), sha256(content).hexdigest()) == (file["bytes"], file["sha256"])
        assert file["name"].startswith(f"agents-20260302-{file['sha256'][:12]}.")
    rows = gzip.decompress(written.ndjson.read_bytes()).splitlines()
    assert json.loads(rows[0])["agent_no"] == agent.agent_no
    text = written.csv.read_text("utf-8-sig").splitlines()
    assert len(text) == 3
    assert "'=HYPERLINK(1)公司" in text[1]


def first_page(house: House) -> str:
    server: Any = app.build(house, console=False, worker=False)
    return Visitor(server).get("/").text


def test_the_first_page_tells_of_the_newest_list_of_all_carriers(
    desks: Desks, house: House, clock: Clock
) -> None:
    assert newest_list(house) is None
    page = first_page(house)
    assert texts(Language.ZH)["web.no_list"] in page

    licensed(desks, numbers=("1001", "1002"))
    first = publish(desks.approver, prepare_publication(desks.manager).id)
    clock.pass_(hours=1)
    prepare_publication(desks.manager)
    found = newest_list(house)
    assert found is not None
    assert (found.number, found.publisher, found.agents) == (first.number, "中国电信广东", 1)
    clock.pass_(hours=1)
    last = publish(desks.house, prepare_publication(desks.other_manager).id)

    page = first_page(house)
    assert last.number in page
    assert "中国联通广东" in page
    assert first.number not in page
    assert 'href="/agents"' in page
