"""Pictures by API and logos by command, as programs and scripts ask for them."""

import asyncio
from collections.abc import Callable, Iterator
from io import BytesIO
from pathlib import Path

import httpx
import pytest
from PIL import Image

from console.actions.channel.badges import list_badges
from console.actions.channel.logos import put_logo
from console.actions.staff.people import add_client, list_organisations
from console.cli.base import choices
from console.cli.main import main
from console.desk import House
from console.web.api.app import build
from models.badge_reading import codes_in
from models.permissions import Role
from tests.channel.stories import licensed
from tests.channel.test_pictures import logo
from tests.conftest import Desks

Get = Callable[[str], httpx.Response]


@pytest.fixture
def get(house: House, desks: Desks) -> Get:
    """A marketplace's program."""
    api = build(house)
    _, key = add_client(
        desks.security, organisation="lanhai", name="t", roles=[Role.PLATFORM_OFFICER]
    )

    def ask(path: str) -> httpx.Response:
        async def go() -> httpx.Response:
            transport = httpx.ASGITransport(app=api)
            async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
                return await client.get(path, headers={"authorization": f"Bearer {key}"})

        return asyncio.run(go())

    return ask


def test_a_program_gets_a_badges_picture(get: Get, desks: Desks) -> None:
    licensed(desks)
    put_logo(desks.manager, "CT-44", logo())
    badge = list_badges(desks.manager).rows[0]
    path = f"/badges/{badge.id}/picture"
    png = get(f"{path}?format=png&style=compact&language=en&width=800")
    assert (png.status_code, png.headers["content-type"]) == (200, "image/png")
    image = Image.open(BytesIO(png.content)).convert("RGB")
    assert image.width == 800
    assert len(codes_in(image)) == 1
    assert get(path).headers["content-type"] == "image/svg+xml"
    assert get(f"{path}?format=pdf").content.startswith(b"%PDF-")
    for wrong in ("format=gif", "style=x", "letters=x", "language=fr", "width=0", "width=99999"):
        assert get(f"{path}?{wrong}").status_code == 422
    narrow = get(f"{path}?format=png&width=100")
    assert (narrow.status_code, narrow.json()["code"]) == (422, "pictures.too_narrow")


def test_a_program_is_told_why_there_is_no_card(get: Get, desks: Desks) -> None:
    licensed(desks)
    no = get(f"/badges/{list_badges(desks.manager).rows[0].id}/picture")
    assert (no.status_code, no.json()["code"]) == (409, "pictures.logo_missing")


@pytest.fixture
def channel(
    house: House, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Iterator[Callable[..., tuple[int, str]]]:
    def run(*words: str) -> tuple[int, str]:
        choices().opened[:] = [house]
        monkeypatch.setattr("sys.argv", ["channel", *words])
        with pytest.raises(SystemExit) as ended:
            main()
        said = capsys.readouterr()
        return int(ended.value.code or 0), said.out + said.err

    yield run
    choices().opened.clear()
    choices().as_json, choices().login = False, None


def test_a_logo_is_put_in_use_by_command(
    channel: Callable[..., tuple[int, str]], desks: Desks, tmp_path: Path
) -> None:
    file = tmp_path / "logo.png"
    file.write_bytes(logo())
    status, said = channel("--as", "chen.ming", "org", "logo", "CT-44", str(file))
    assert (status, "CT-44" in said) == (0, True)
    (row,) = [one for one in list_organisations(desks.manager) if one.code == "CT-44"]
    assert row.logo is not None

    file.write_bytes(b"GIF89a")
    assert channel("--as", "chen.ming", "org", "logo", "CT-44", str(file))[0] == 1
    file.write_bytes(b"\x89PNG" + bytes(1 << 20))
    status, said = channel("--as", "chen.ming", "org", "logo", "CT-44", str(file))
    assert (status, "1024 KB" in said) == (1, True)
    assert channel("--as", "wang.fang", "org", "logo", "CT-44", str(file))[0] == 1
