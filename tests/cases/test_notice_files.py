"""The files of a notice by the console's own routes: its pack for both ends, its mail file."""

from pathlib import Path

import pytest

from console.web import files
from console.web.site import Site
from integrations.evidence import check_pack
from tests.browser import Visitor, web_app
from tests.cases.test_files import as_, last_deed
from tests.cases.world import sent
from tests.conftest import Desks


@pytest.mark.requirement("004-3.3-g")
@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_both_ends_get_the_pack_and_the_sender_its_mail_file(desks: Desks, tmp_path: Path) -> None:
    site = Site.of(desks.house.house)
    visitor = Visitor(web_app(site, files.routes(site)))
    notice = sent(desks)
    path = f"/files/evidence/notice/{notice.id}.zip"
    for desk in (desks.manager, desks.platform):
        pack = as_(visitor, desk).get(path)
        assert pack.status_code == 200
        (tmp_path / "pack.zip").write_bytes(pack.content)
        assert check_pack(tmp_path / "pack.zip") == []
        deed = last_deed(desks)
        assert (deed.deed, deed.subject_name) == ("evidence.packed", notice.number)
    assert as_(visitor, desks.other_platform).get(path).status_code == 404
    assert as_(visitor, desks.regulator).get(path).status_code == 403

    mail = f"/files/notices/{notice.id}.eml"
    made = as_(visitor, desks.manager).get(mail)
    assert made.headers["content-type"] == "message/rfc822"
    assert made.headers["content-disposition"] == f'attachment; filename="{notice.number}.eml"'
    assert as_(visitor, desks.platform).get(mail).status_code == 403
