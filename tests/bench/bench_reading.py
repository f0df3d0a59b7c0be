"""Codes read from degraded pictures of our own tokens, by family; and what a picture without costs.

The pictures are drawn by `gen_degraded.py` of the badge's specification, in place: name it by
`DEGRADER`, else it is looked for beside the repository.
"""

import json
import os
import random
import secrets
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import Any, Final

import numpy as np
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from PIL import Image

from models.badge_reading import codes_in
from models.tokens import BADGE_ID_BYTES, Claims, canonical_shop, digits_of, sign, url_prefix
from tests.bench.figures import Figure, keep
from tests.channel.degraded import busy

HOST: Final = "v.10086.cn"
SHARED: Final = Path(__file__).parents[3] / "shared/badge/gen_degraded.py"
DEGRADER: Final = Path(os.environ.get("DEGRADER", str(SHARED)))
SEED: Final = int(os.environ.get("SEED", "0")) or secrets.randbelow(1 << 30)
PER: Final = 9
READ, MEAN, WITHOUT = 0.93, 5.0, 150.0
"""At least so many read; at most so many milliseconds of CPU a picture, and for one without."""


def is_ours(text: str) -> bool:
    return text.startswith(url_prefix(HOST))


def classes() -> dict[str, Any]:
    """Level M, version 10: tokens as our issuer signs them."""
    key = Ed25519PrivateKey.generate()
    payloads: list[list[str]] = []
    for number in range(PER):
        claims = Claims(
            agent_no=f"CT-44-2026-{number:06d}-1",
            issued_at=1_780_000_000 + number,
            expires_at=1_811_000_000,
            badge_id=os.urandom(BADGE_ID_BYTES),
            status_index=secrets.randbelow(131_072),
            status_uri=f"https://{HOST}/s/1",
            shops=(canonical_shop("lanhai", str(1000 + number)).hash,),
        )
        token = sign(claims, bytes.fromhex("1a01"), key.sign)
        payloads.append([url_prefix(HOST), digits_of(token)])
    return {"badge-M": {"ecc": "M", "payloads": payloads}}


def drawn(folder: Path) -> list[dict[str, Any]]:
    file = folder / "classes.json"
    file.write_text(json.dumps(classes()))
    given = ["--out", str(folder), "--seed", str(SEED), "--per", str(PER), "--classes", str(file)]
    subprocess.run([sys.executable, str(DEGRADER), *given], check=True, capture_output=True)
    lines = (folder / "manifest.jsonl").read_text().splitlines()
    return [json.loads(line) for line in lines]


def milliseconds(image: Image.Image) -> tuple[float, list[str]]:
    begun = time.process_time()
    texts = [code.text for code in codes_in(image, is_ours)]
    return 1000 * (time.process_time() - begun), texts


def without_a_code() -> list[float]:
    """Busy banners, noise and squares like a code's, 1080 pixels each way."""
    pictures = [busy(1080, 1080, seed) for seed in range(4)]
    for seed in range(2):
        chance = np.random.default_rng(seed)
        noise = chance.integers(0, 255, (1080, 1080), dtype=np.uint8)
        squares = chance.integers(0, 2, (270, 270), dtype=np.uint8) * np.uint8(255)
        pictures += [Image.fromarray(noise), Image.fromarray(squares).resize((1080, 1080), 0)]
    random.Random(SEED).shuffle(pictures)  # noqa: S311 - an order
    return [milliseconds(picture)[0] for picture in pictures]


def main() -> None:
    if not DEGRADER.is_file():
        sys.exit(f"no {DEGRADER}: name gen_degraded.py by DEGRADER")
    read, all_, wrong, took = Counter[str](), Counter[str](), 0, list[float]()
    with tempfile.TemporaryDirectory() as name:
        versions: set[int] = set()
        for row in drawn(Path(name)):
            with Image.open(Path(name) / row["file"]) as image:
                image.load()
                spent, texts = milliseconds(image)
            took.append(spent)
            versions.add(row["version"])
            all_[row["family"]] += 1
            read[row["family"]] += bool(texts) and texts[0] == row["expect"]
            wrong += any(is_ours(text) and text != row["expect"] for text in texts)
    for family, count in all_.items():
        print(f"  {family:<14} {read[family]:>3} of {count:>3}")
    share, mean = read.total() / all_.total(), statistics.mean(took)
    slowest = max(without_a_code())
    what = f"degraded pictures of {all_.total()} badges (seed {SEED}, v{max(versions)}-M)"
    figures = [
        Figure("reading", f"{what}: read", f"{share:.1%}", f"≥ {READ:.0%}", share >= READ),
        Figure("reading", f"{what}: mis-read", str(wrong), "0", wrong == 0),
        Figure("reading", f"{what}: CPU, mean", f"{mean:.1f} ms", f"≤ {MEAN} ms", mean <= MEAN),
        Figure(
            "reading",
            "1080² picture without a code: CPU, slowest of 8",
            f"{slowest:.0f} ms",
            f"≤ {WITHOUT:.0f} ms",
            slowest <= WITHOUT,
        ),
    ]
    keep("reading", figures)


if __name__ == "__main__":
    main()
