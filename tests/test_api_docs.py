"""What docs/api.md shows is what a served console answers."""

import json
import os
import re
import subprocess
from collections.abc import Generator, Mapping
from dataclasses import dataclass, fields, replace
from datetime import UTC, datetime, timedelta
from io import BytesIO
from pathlib import Path
from typing import Any, cast

import httpx
import pytest
from PIL import Image
from sqlmodel import select

from console.actions.channel.golden import register_folder, write_register
from console.actions.channel.log import seal_logs
from console.actions.channel.pictures import Format, Look, badge_picture
from console.actions.channel.publish import prepare_publication, publish
from console.actions.staff.people import add_client
from console.desk import House
from models.badge_picture.card import Style
from models.channel.agents import Agent
from models.channel.badges import Badge
from models.permissions import Permission, Role
from models.rules import china_day
from models.tokens import digits_of
from tests.cards.used import planted
from tests.cases.world import sent
from tests.channel import stories
from tests.conftest import Desks
from tests.serving import free_port, served

PAGE = Path(__file__).parents[1] / "docs/api.md"
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.DOTALL | re.MULTILINE)
SHOWN = "https://channel.example"
ANYTHING = "…"


@dataclass(frozen=True)
class Example:
    kind: str
    text: str
    answer: str | None = None
    """The JSON that is shown below a request."""


def examples() -> list[Example]:
    blocks = BLOCK.findall(PAGE.read_text("utf-8"))
    following = [*blocks[1:], ("", "")]
    return [
        Example(kind, text, after if kind == "http" and next_kind == "json" else None)
        for (kind, text), (next_kind, after) in zip(blocks, following, strict=True)
        if kind != "json"
    ]


@dataclass(frozen=True)
class Setting:
    """A served house like the one that the page tells of."""

    folder: Path
    words: Mapping[str, str]

    def put(self, text: str) -> str:
        for word, value in self.words.items():
            text = text.replace(word, value)
        return text


@pytest.fixture
def setting(house: House, desks: Desks, tmp_path: Path) -> Generator[Setting]:
    port = free_port()
    base = f"http://127.0.0.1:{port}"
    settings = house.settings.model_copy(update={"public_url": base})
    own = House(settings, house.engine, lambda: datetime.now(UTC))
    moved = {one.name: replace(getattr(desks, one.name), house=own) for one in fields(desks)}
    people = replace(desks, **moved)
    agent = licensed_today(people)
    sent(people)
    publish(people.approver, prepare_publication(people.manager).id)
    seal_logs(people.house)
    write_register(people.house, register_folder(own))
    with people.house.begin(Permission.BADGE_READ) as work:
        badge = work.session.exec(select(Badge)).one()
    picture = badge_picture(people.manager, badge.id, Format.PNG, Look(Style.QR))
    (tmp_path / "badge.png").write_bytes(picture)
    roles = [Role.PLATFORM_OFFICER]
    _, key = add_client(people.security, organisation="lanhai", name="docs", roles=roles)
    iot = [Role.IOT_MANAGER]
    _, iot_key = add_client(people.security, organisation="CT-44", name="iot", roles=iot)
    planted(people)
    words = {
        SHOWN: base,
        "CT-44-2026-000001-9": agent.agent_no,
        "91440300MA0000001A": agent.uscc,
        "$CHANNEL_KEY": key,
        "$IOT_KEY": iot_key,
        "$BADGE": f"{base}/b/{digits_of(badge.token or b'')}",
        "$PLACE": str(badge.status_index),
    }
    with served(own, port):
        yield Setting(tmp_path, words)


def licensed_today(desks: Desks) -> Agent:
    """By the true clock, for a reader of the page has no other."""
    agent = stories.submitted(desks.manager, business_licence_until=None)
    stories.with_papers(desks.manager, agent)
    stories.review_agent(desks.approver, agent.id, passed=True)
    shop, today = stories.shop_of(desks.manager, agent), china_day(desks.house.now())
    days = {"begins_on": today, "ends_on": today + timedelta(days=300)}
    licence = stories.pending(desks, agent, shop, **days)
    stories.approve_licence(desks.approver, licence.id)
    return agent


def test_every_example_does_what_the_page_says(setting: Setting) -> None:
    found = examples()
    assert {one.kind for one in found} == {"http", "python", "sh"}
    for one in found:
        text = setting.put(one.text)
        match one.kind:
            case "http":
                asked(setting, text, one.answer)
            case "python":
                exec(compile(text, PAGE.name, "exec"), {})  # noqa: S102 - what the page shows
            case _:
                run(setting, text)


def asked(setting: Setting, text: str, shown: str | None) -> None:
    head, _, body = text.strip().partition("\n\n")
    line, *rest = head.splitlines()
    method, path = line.split(" ")
    headers = dict(one.split(": ", 1) for one in rest)
    base = setting.words[SHOWN]
    answer = httpx.request(method, base + path, headers=headers, content=body.encode(), timeout=30)
    assert answer.is_success, (line, answer.text)
    assert shown is not None, line
    compare(json.loads(setting.put(shown)), answer.json(), line)


def compare(shown: Any, given: Any, where: str) -> None:  # noqa: ANN401 - JSON
    """All that is shown is there, and the same where the page says what it is."""
    if shown == ANYTHING:
        return
    assert type(shown) is type(given), (where, shown, given)
    if isinstance(shown, dict):
        for name, value in cast("dict[str, Any]", shown).items():
            assert name in given, (where, name)
            compare(value, given[name], f"{where} {name}")
    elif isinstance(shown, list):
        parts = cast("list[Any]", shown)
        assert len(given) >= len(parts), where
        assert given == [] or parts != [], where
        for at, value in enumerate(parts):
            compare(value, given[at], f"{where} [{at}]")
    else:
        assert shown == given, where


def run(setting: Setting, text: str) -> None:
    environment = {**os.environ, "CHANNEL_KEY": setting.words["$CHANNEL_KEY"]}
    ran = subprocess.run(
        ["/bin/sh", "-euc", text], cwd=setting.folder, env=environment, capture_output=True,
        text=True, check=False,
    )  # fmt: skip
    assert ran.returncode == 0, ran.stderr
    with Image.open(BytesIO((setting.folder / "badge.png").read_bytes())) as image:
        assert json.loads(ran.stdout)["width"] == image.width
    assert json.loads(ran.stdout)["codes"][0]["verdict"] == "valid"
