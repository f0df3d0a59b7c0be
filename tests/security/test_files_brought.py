"""Evidence that came in a file of listings: packed whole, and read by no other platform."""

import zipfile
from pathlib import Path

import pytest
from sqlmodel import select

from console.actions.patrol.evidence_files import evidence_file
from console.actions.patrol.packs import evidence_pack
from console.actions.staff.sign_in import actor_named
from console.demo import load
from console.desk import Desk, House
from integrations.evidence import check_pack
from models.cases.cases import Case
from models.channel.imports import Import
from models.permissions import Permission
from models.refusals import NotFound
from models.staff import Door

pytestmark = pytest.mark.parametrize("database", ["sqlite"], indirect=True)


def desk_of(house: House, login: str) -> Desk:
    return house.desk(actor_named(house, login, Door.CONSOLE))


def test_evidence_that_came_in_a_file_goes_to_whoever_may_read_all_of_it(house: House) -> None:
    assert load(house, 0)
    with house.desk().begin(Permission.CASE_READ) as work:
        case = work.session.exec(select(Case).limit(1)).one()
        brought = work.session.exec(select(Import).limit(1)).one()

    for login, is_read in (("chen.ming", True), ("gd.jianguan", True), ("lan.xin", False)):
        made = evidence_pack(desk_of(house, login), case.id)
        assert isinstance(made.path, Path)
        assert check_pack(made.path) == []
        names = zipfile.ZipFile(made.path).namelist()
        made.path.unlink()
        assert (f"files/{brought.sha256}" in names) is is_read, login

    given = evidence_file(desk_of(house, "chen.ming"), brought.sha256)
    assert (given.name, given.media_type) == (brought.file_name, "application/octet-stream")
    with pytest.raises(NotFound):
        evidence_file(desk_of(house, "lan.xin"), brought.sha256)
