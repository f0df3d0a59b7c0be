"""Scans: counted by hour and province without an address, and without a write for each."""

from pathlib import Path
from typing import Any

import mmdb_writer
import netaddr
import pytest
from sqlalchemy.exc import OperationalError
from sqlmodel import select

from console.actions.channel import scan_counts
from console.actions.channel.licences import revoke_licence
from console.actions.channel.scan_counts import Tally, forget_scans, keep_counts
from console.desk import House
from console.web import public
from console.web.site import Site
from integrations.places import Places
from models.channel.signals import ScanCount
from models.permissions import Permission
from models.tokens import Verdict
from tests.browser import Visitor, web_app
from tests.conftest import Clock, Desks
from tests.public.doors import Public

PHONE = {"user-agent": "Mozilla/5.0 (Linux; Android 14) AppleWebKit/537.36 Chrome/120 Mobile"}


@pytest.fixture
def public_doors(house: House, desks: Desks) -> Public:
    return Public.with_an_agent(house, desks)


def kept(house: House) -> list[tuple[str, str, int]]:
    with house.desk().begin(Permission.SIGNAL_READ) as work:
        rows = work.session.exec(select(ScanCount).order_by("hour", "province")).all()
    return [(row.badge_id, row.province, row.scans) for row in rows]


def place(country: str, *codes: str) -> dict[str, Any]:
    return {"country": {"iso_code": country}, "subdivisions": [{"iso_code": one} for one in codes]}


@pytest.fixture
def places(tmp_path: Path) -> Path:
    """Addresses for documentation, put into provinces."""
    writer = mmdb_writer.MMDBWriter(6, "Test", languages=["en"], ipv4_compatible=True)
    for network, where in (
        ("192.0.2.0/25", place("CN", "GD")),
        ("192.0.2.128/25", place("CN", "44")),
        ("198.51.100.0/24", place("CN", "SN", "XX")),
        ("203.0.113.0/24", place("US", "CA")),
        ("2001:db8:11::/48", place("CN", "BJ")),
        ("2001:db8:12::/48", place("CN", "??")),
    ):
        writer.insert_network(netaddr.IPSet([network]), where)
    file = tmp_path / "places.mmdb"
    writer.to_db_file(str(file))
    return file


@pytest.mark.parametrize(
    ("address", "province"),
    [
        ("192.0.2.7", "44"), ("192.0.2.200", "44"), ("::ffff:192.0.2.7", "44"),
        ("198.51.100.1", "61"), ("203.0.113.9", "00"), ("2001:db8:11::1", "11"),
        ("2001:db8:12::1", "00"), ("10.0.0.1", "00"), ("", "00"), ("testclient", "00"),
    ],
)  # fmt: skip
def test_an_address_becomes_a_province(places: Path, address: str, province: str) -> None:
    assert Places(places).province_of(address) == province


def test_without_a_readable_file_nobody_is_placed(places: Path, tmp_path: Path) -> None:
    broken = tmp_path / "broken.mmdb"
    broken.write_bytes(places.read_bytes()[:100])
    for one in (None, tmp_path / "none.mmdb", broken):
        assert Places(one).province_of("192.0.2.7") == "00"
    late = Places(tmp_path / "late.mmdb")
    places.rename(tmp_path / "late.mmdb")
    late.refresh()
    assert late.province_of("192.0.2.7") == "44"


def counted(house: House) -> tuple[Visitor, Tally]:
    tally = Tally.of(house)
    site = Site.of(house, scanned=tally.count)
    return Visitor(web_app(site, public.routes(site))), tally


def test_scans_by_people_of_genuine_badges_are_counted_and_no_others(
    house: House, public_doors: Public
) -> None:
    visitor, tally = counted(house)
    path, badge_id = f"/b/{public_doors.digits}", public_doors.badge.badge_id
    for _ in range(3):  # the later ones are kept answers
        assert visitor.get(path, headers=PHONE).status_code == 200
    visitor.ask("HEAD", path, headers=PHONE)
    visitor.get(path, headers={**PHONE, "accept": "application/json"})
    visitor.get(path, headers={**PHONE, "sec-purpose": "prefetch"})
    for program in ("Googlebot/2.1", "curl/8", "python-requests/2", ""):
        visitor.get(path, headers={"user-agent": program})
    assert visitor.get(f"{path[:-3]}123", headers=PHONE).status_code == 404
    assert visitor.get("/b/1", headers=PHONE).status_code == 404
    assert [(name, scans) for (name, _, _), scans in tally.counted.items()] == [(badge_id, 3)]
    assert kept(house) == []

    assert tally.flush() == 3
    assert tally.flush() == 0
    visitor.get(path, headers=PHONE)
    tally.flush()
    assert kept(house) == [(badge_id, "00", 4)]


def test_what_became_of_a_badge_shows_although_answers_are_kept_and_counted(
    house: House, public_doors: Public
) -> None:
    visitor, tally = counted(house)
    path = f"/b/{public_doors.digits}"
    assert "另一家店铺" in visitor.get(path, headers=PHONE).text
    tally.flush()
    for desk in (public_doors.desks.approver, public_doors.desks.house):
        revoke_licence(desk, public_doors.licence.id, reason="转委托", remedy="申诉")
    assert "标识已撤销" in visitor.get(path, headers=PHONE).text
    assert (
        visitor.get(path, headers={"accept": "application/json"}).json()["verdict"]
        == Verdict.REVOKED
    )


def test_counts_add_up_by_hour_and_only_for_badges_that_are_ours(
    house: House, public_doors: Public, clock: Clock
) -> None:
    badge_id, hour = public_doors.badge.badge_id, clock.at.replace(minute=0)
    own = {(badge_id, hour, "44"): 2, (badge_id, hour, "11"): 1, ("0" * 16, hour, "44"): 9}
    assert keep_counts(house.desk(), own) == 3
    assert keep_counts(house.desk(), own) == 3
    assert sorted(kept(house)) == [(badge_id, "11", 2), (badge_id, "44", 4)]
    clock.pass_(days=399)
    assert forget_scans(house.desk()) == 0
    clock.pass_(days=2)
    assert forget_scans(house.desk()) == 2
    assert kept(house) == []


def test_what_cannot_be_kept_now_is_kept_later(
    house: House, public_doors: Public, monkeypatch: pytest.MonkeyPatch
) -> None:
    tally = Tally.of(house)
    tally.count(public_doors.badge.badge_id, "192.0.2.7")

    def down(*_args: object) -> int:
        raise OperationalError("", {}, OSError("down"))

    with monkeypatch.context() as patch:
        patch.setattr(scan_counts, "keep_counts", down)
        with pytest.raises(OperationalError):
            tally.flush()
    tally.count(public_doors.badge.badge_id, "192.0.2.7")
    assert tally.flush() == 2


def test_no_address_is_kept(house: House, public_doors: Public, places: Path) -> None:
    tally = Tally(house, Places(places))
    tally.count(public_doors.badge.badge_id, "192.0.2.7")
    assert "192.0.2" not in repr(tally.counted)
    tally.flush()
    assert [province for _, province, _ in kept(house)] == ["44"]
    assert set(ScanCount.model_fields) == {"badge_id", "hour", "province", "scans"}
