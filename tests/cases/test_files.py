"""Evidence, proofs, badges and rejected rows leave the house on record, and to nobody else."""

import hashlib
import io
import zipfile
from datetime import timedelta
from pathlib import Path
from uuid import UUID, uuid4

import pytest

from console.actions.audit import list_deeds
from console.actions.cases.lists import case_record
from console.actions.staff.sign_in import (
    _open_session,  # pyright: ignore[reportPrivateUsage]
)
from console.desk import Desk
from console.web import files
from console.web.site import Site
from integrations.evidence import check_pack
from models.audit import AuditEntry
from models.cases.notices import Notice
from models.channel.agents import Agent, AgentState
from models.channel.badges import Badge, BadgeState
from models.channel.imports import Import, ImportKind, ImportState
from models.channel.licences import Licence
from models.channel.shops import AuthorisedShop
from models.permissions import Permission
from tests.browser import Visitor, web_app
from tests.cases.world import PNG, case_of, decided, removed, sent
from tests.conftest import Desks


@pytest.fixture
def visitor(desks: Desks) -> Visitor:
    site = Site.of(desks.house.house)
    return Visitor(web_app(site, files.routes(site)))


def as_(visitor: Visitor, desk: Desk | None) -> Visitor:
    """The same visitor, signed in as somebody else, or as nobody."""
    visitor.cookies.clear()
    if desk is not None:
        assert desk.actor.id is not None
        token = _open_session(desk.house, desk.actor.id, "127.0.0.1", "test", None)
        visitor.cookies.set("channel", token, domain="127.0.0.1")
    return visitor


def last_deed(desks: Desks) -> AuditEntry:
    return list_deeds(desks.audit, limit=1).rows[0]


def manifest_of(desks: Desks, notice: Notice) -> str:
    return case_record(desks.manager, case_of(notice)).findings[0].evidence[0]


def test_an_evidence_pack_is_whole_and_its_download_is_on_record(
    desks: Desks, visitor: Visitor, tmp_path: Path
) -> None:
    notice = sent(desks)
    removed(desks, notice)
    for desk in (desks.manager, desks.platform, desks.regulator):
        response = as_(visitor, desk).get(f"/files/evidence/pack/{case_of(notice)}.zip")
        assert response.status_code == 200
        deed = last_deed(desks)
        assert (deed.deed, deed.actor_id) == ("evidence.packed", desk.actor.id)
        assert deed.facts["sha256"] == hashlib.sha256(response.content).hexdigest()
    (tmp_path / "pack.zip").write_bytes(response.content)
    names = zipfile.ZipFile(io.BytesIO(response.content)).namelist()

    assert check_pack(tmp_path / "pack.zip") == []
    assert f"files/{hashlib.sha256(PNG).hexdigest()}" in names
    assert f"manifests/{manifest_of(desks, notice)}.json" in names
    assert response.headers["content-disposition"] == 'attachment; filename="CASE-2026-000001.zip"'
    assert response.headers["cache-control"] == "no-store"
    assert response.headers["x-content-type-options"] == "nosniff"
    assert "sandbox" in response.headers["content-security-policy"]


def test_evidence_is_given_file_by_file_and_only_what_its_manifest_names(
    desks: Desks, visitor: Visitor
) -> None:
    notice = sent(desks)
    manifest = manifest_of(desks, notice)
    told = as_(visitor, desks.regulator).get(f"/files/evidence/{manifest}")
    warc = next(one for one in told.json()["files"] if one["name"] == "page.warc.gz")
    page = visitor.get(f"/files/evidence/{warc['sha256']}?of={manifest}")

    assert hashlib.sha256(page.content).hexdigest() == warc["sha256"]
    assert page.headers["content-type"] == "application/gzip"
    assert page.headers["content-disposition"].startswith("attachment")
    assert last_deed(desks).facts == {"sha256": warc["sha256"], "manifest": manifest}
    for path in (
        warc["sha256"], f"{'0' * 64}", "x", f"{'0' * 64}?of={manifest}", "../channel.db",
        f"{warc['sha256']}?of={warc['sha256']}",
    ):  # fmt: skip
        assert visitor.get(f"/files/evidence/{path}").status_code == 404


def test_files_are_not_for_strangers_other_organisations_or_other_provinces(
    desks: Desks, visitor: Visitor
) -> None:
    notice = sent(desks)
    removed(desks, notice)
    (proof,) = case_record(desks.manager, case_of(notice)).notices[0].proofs
    paths = [
        f"/files/evidence/pack/{case_of(notice)}.zip",
        f"/files/evidence/{manifest_of(desks, notice)}",
        f"/files/proofs/{proof.id}",
    ]
    for path in paths:
        assert as_(visitor, None).get(path).status_code == 303
        for desk in (desks.other_manager, desks.other_platform, desks.other_regulator):
            assert as_(visitor, desk).get(path).status_code == 404
        assert as_(visitor, desks.admin).get(path).status_code == 403
        assert last_deed(desks).deed == "staff.denied"
    assert as_(visitor, desks.manager).get("/files/proofs/not-an-id").status_code == 404
    assert "downloaded" not in {one.deed.split(".")[-1] for one in list_deeds(desks.audit).rows}


def test_a_platform_gets_no_evidence_before_it_is_notified(desks: Desks, visitor: Visitor) -> None:
    case = decided(desks)
    (manifest,) = case_record(desks.manager, case.id).findings[0].evidence
    as_(visitor, desks.platform)

    assert visitor.get(f"/files/evidence/pack/{case.id}.zip").status_code == 404
    assert visitor.get(f"/files/evidence/{manifest}").status_code == 404


def test_a_proof_comes_back_as_it_was_sent(desks: Desks, visitor: Visitor) -> None:
    notice = sent(desks)
    removed(desks, notice)
    (proof,) = case_record(desks.manager, case_of(notice)).notices[0].proofs
    response = as_(visitor, desks.manager).get(f"/files/proofs/{proof.id}")

    assert response.content == PNG
    assert response.headers["content-type"] == "image/png"
    assert response.headers["content-disposition"] == 'attachment; filename="after.png"'
    assert (last_deed(desks).deed, last_deed(desks).subject_name) == (
        "proof.downloaded",
        notice.number,
    )


def test_what_was_altered_in_the_store_is_not_handed_out(desks: Desks, visitor: Visitor) -> None:
    notice = sent(desks)
    manifest = manifest_of(desks, notice)
    store = desks.house.house.settings.data / "evidence"
    (store / manifest[:2] / manifest[2:4] / manifest).write_bytes(b'{"files":[]}')
    as_(visitor, desks.manager)

    assert visitor.get(f"/files/evidence/{manifest}").status_code == 409
    assert visitor.get(f"/files/evidence/pack/{case_of(notice)}.zip").status_code == 409
    assert not list(Path("/tmp").glob("pack-*.zip.part"))  # noqa: S108


def plant_badge(desks: Desks, token: bytes | None) -> str:
    carrier = desks.manager.actor.organisation_id
    assert carrier is not None
    with desks.house.begin(Permission.BADGE_ISSUE) as work:
        agent = work.add(
            Agent(
                serial=1, carrier_id=carrier, agent_no="CT-44-1", name="星河",
                uscc="91", province="44",
                legal_representative="陈", state=AgentState.ACTIVE, created_at=work.at,
            )
        )  # fmt: skip
        work.session.flush()
        shop = work.add(
            AuthorisedShop(
                carrier_id=carrier, agent_id=agent.id, platform="lanhai", shop_key="shop:1",
                name="店", province="44", created_at=work.at,
            )
        )  # fmt: skip
        licence = work.add(
            Licence(
                number="L-1", carrier_id=carrier, agent_id=agent.id, province="44", products=[],
                provinces=["44"], shop_ids=[], begins_on=work.at.date(), ends_on=work.at.date(),
                created_at=work.at,
            )
        )  # fmt: skip
        work.session.flush()
        badge = work.add(
            Badge(
                badge_id=uuid4().hex[:16], carrier_id=carrier, agent_id=agent.id, shop_id=shop.id,
                licence_id=licence.id, platform="lanhai", province="44", status_index=1,
                state=BadgeState.ISSUED, token=token, issued_at=work.at,
                expires_at=work.at + timedelta(days=1),
            )
        )  # fmt: skip
        work.record("badge.planted", badge)
    return badge.badge_id


def test_a_badge_is_given_as_a_picture(desks: Desks, visitor: Visitor) -> None:
    badge = plant_badge(desks, b"\xd2\x84token")
    as_(visitor, desks.platform)
    svg, png = (visitor.get(f"/files/badges/{badge}.{kind}?style=qr") for kind in ("svg", "png"))

    assert (svg.headers["content-type"], png.headers["content-type"]) == (
        "image/svg+xml",
        "image/png",
    )
    assert b"<svg" in svg.content
    assert png.content.startswith(b"\x89PNG")
    assert last_deed(desks).deed == "badge.downloaded"
    assert visitor.get(f"/files/badges/{badge}.gif").status_code == 404
    assert visitor.get("/files/badges/ffff.svg").status_code == 404
    assert as_(visitor, desks.other_platform).get(f"/files/badges/{badge}.svg").status_code == 404


def plant_import(desks: Desks, rejects: bytes | None) -> UUID:
    organisation = desks.manager.actor.organisation_id
    assert organisation is not None
    kept = desks.house.house.evidence.keep(rejects) if rejects else None
    with desks.house.begin(Permission.AGENT_IMPORT) as work:
        row = work.add(
            Import(
                kind=ImportKind.AGENTS, organisation_id=organisation, file_name="代理商.xlsx",
                sha256="0" * 64, columns={}, actor={}, state=ImportState.DONE,
                rejects_sha256=kept, created_at=work.at, ended_at=work.at,
            )
        )  # fmt: skip
        work.record("import.planted", row)
        return row.id


def test_rejected_rows_go_back_to_who_brought_them(desks: Desks, visitor: Visitor) -> None:
    with_rejects, without = plant_import(desks, "编号,原因\n".encode()), plant_import(desks, None)
    response = as_(visitor, desks.manager).get(f"/files/imports/{with_rejects}/rejects.csv")

    assert response.text == "编号,原因\n"
    assert "filename*=utf-8''" in response.headers["content-disposition"]
    assert visitor.get(f"/files/imports/{without}/rejects.csv").status_code == 404
    path = f"/files/imports/{with_rejects}/rejects.csv"
    assert as_(visitor, desks.other_manager).get(path).status_code == 404
    assert as_(visitor, desks.regulator).get(path).status_code == 404
