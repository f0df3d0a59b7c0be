"""A loose run on a shop that we did not write, marked by that shop's own labels."""

import io
import json
import os
import re
import subprocess
import sys
from ipaddress import IPv4Network
from pathlib import Path

import pytest

from console.actions.patrol.loose import run_loose
from console.actions.patrol.register import register_from
from console.desk import House
from console.settings import Settings
from integrations.marketplaces.mapping import source_from
from tests.e2e.conftest import OSCAR
from tests.e2e.world import Market

COMMON = OSCAR.parents[1] / "common"


def marks(found: Path) -> str:
    command = [sys.executable, str(COMMON / "score.py"), str(found)]
    done = subprocess.run(command, capture_output=True, text=True, check=True, env=os.environ)
    return done.stdout


def f1(text: str, line: str) -> float:
    hit = re.search(rf"^\s*{line}.*F1 ([0-9.]+)", text, re.MULTILINE)
    assert hit is not None, text
    return float(hit[1])


@pytest.mark.nightly
@pytest.mark.requirement("004-3.3-g")
def test_the_guilty_are_found_the_lawful_left_alone_and_operators_told(
    oscar: Market, tmp_path: Path
) -> None:
    settings = Settings(
        data=tmp_path, fetch_allowed_networks=(IPv4Network("127.0.0.0/8"),), fetch_pace=0
    )
    register = register_from((COMMON / "register.json").read_bytes(), file="register.json")
    out = io.StringIO()
    source = source_from(oscar.mapping, file="oscar")
    summary = run_loose(House.open(settings).desk(), source, register, out)
    found = tmp_path / "found.jsonl"
    found.write_text(out.getvalue(), "utf-8")

    text = marks(found)
    assert "read            200 of 200" in text, summary.faults
    assert "shop 200  price 200  sales 200" in text
    assert f1(text, "sells SIM cards") >= 0.95
    assert "wrongly accused: []" in text
    assert f1(text, "cases") >= 0.95
    assert f1(text, "same operator") >= 0.9
    evasive = re.search(r"evasive\s+found (\d+) of 33", text)
    assert evasive is not None
    assert int(evasive[1]) >= 28
    lines = [json.loads(line) for line in out.getvalue().splitlines()]
    grounds = {(line["shop_id"], line["ground"]) for line in lines}
    assert {("shop-s08", "someone_elses_number"), ("shop-s05", "expired")} <= grounds
