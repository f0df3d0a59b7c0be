"""Badges: verdicts against bare signature checks, issuing, status lists of a million.

    python -m tests.bench.bench_badges [COUNT] [DATABASE_URL]

COUNT badges are issued (20,000 unless told), each of an agent and a licence of its own, from the
approval's request to the kept token. CPU seconds are those of this process.
"""

import os
import random
import sys
import tempfile
import time
from dataclasses import replace
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import insert, text
from sqlmodel import col, select

from console.actions.channel.badges import finish_badges, request_badges
from console.actions.channel.nightly import check_all_badges
from console.actions.channel.places import SHARD
from console.actions.channel.status_lists import status_list, statuses_of
from console.actions.staff.people import add_organisation
from console.database import WRITING, migrate
from console.desk import House
from console.settings import Settings
from models.base import new_id
from models.channel.agents import Agent
from models.channel.badges import Badge
from models.channel.licences import Licence
from models.channel.shops import AuthorisedShop
from models.permissions import Permission
from models.staff import OrganisationKind
from models.tokens import (
    Alg,
    Claims,
    Key,
    KeySet,
    Standing,
    StatusList,
    Verdict,
    Verifier,
    badge_url,
    canonical_shop,
    pack,
    sign,
)
from models.tokens.cose import read_sign1
from tests.bench.figures import Figure, keep
from tests.bench.register_data import BEGAN, PLATFORM, papers_of

MILLION = 1_000_000
FALLEN = 0.01
PART = 500
"""Licences approved together, as one of a bulk grant."""


def verdicts() -> list[Figure]:
    """From the text of a code to the verdict, and bare Ed25519 of the same messages, in turns."""
    private = Ed25519PrivateKey.generate()
    now = int(datetime(2026, 3, 2, tzinfo=UTC).timestamp())
    key = Key(b"\x1a\x01", Alg.ED25519, private.public_key(), now - 9, now + 9)
    shop, uri = canonical_shop(PLATFORM, "965974909"), "https://v.carrier.example/s/1"
    listed = StatusList(uri, now, now + 86_400, 300, _a_million())
    tokens = [
        sign(
            Claims("A20260123456", now, now + 9, os.urandom(8), place * 49, uri, (shop.hash,)),
            key.kid,
            private.sign,
        )
        for place in range(2000)
    ]
    texts = [badge_url("v.carrier.example", token) for token in tokens]
    signed = [read_sign1(token) for token in tokens]
    messages = [(one.signature, one.signed_bytes) for one in signed]
    verifier, public = Verifier({"v.carrier.example"}, KeySet([key]), listed), private.public_key()
    whole = bare = 0.0
    for _ in range(5):
        start = time.process_time()
        for signature, message in messages:
            public.verify(signature, message)
        bare += time.process_time() - start
        start = time.process_time()
        found = [verifier.verify(text, shop, now).verdict for text in texts]
        whole += time.process_time() - start
        assert set(found) <= {Verdict.VALID, Verdict.REVOKED}
    rounds = 5 * len(tokens)
    share = bare / whole
    against = f"bare Ed25519 {rounds / bare:,.0f}/s"
    return [
        Figure(
            "badges",
            "verdicts on a core, QR text to verdict with a list of 1 M",
            f"{rounds / whole:,.0f}/s = {share:.0%} of bare Ed25519",
            "≥ 70 %",
            share >= 0.7,
            against,
        )
    ]


def _a_million() -> bytes:
    chosen = random.Random(7).sample(range(MILLION), int(MILLION * FALLEN))  # noqa: S311 - a bench's
    return pack(MILLION, dict.fromkeys(chosen, Standing.REVOKED))


def lookups() -> list[Figure]:
    listed = StatusList("u", 0, 1, 1, _a_million())
    places = random.Random(9).choices(range(MILLION), k=200_000)  # noqa: S311
    start = time.process_time()
    for place in places:
        listed.standing_at(place)
    each = (time.process_time() - start) / len(places) * 1e6
    return [
        Figure("badges", "status looked up in a list of 1 M", f"{each:.2f} µs", "≤ 1 µs", each <= 1)
    ]


def prepared(house: House, count: int) -> None:
    """Agents, shops and licences in force, and no badge yet."""
    desk, kind = house.desk(), OrganisationKind
    carrier = add_organisation(desk, code="CT", kind=kind.BASIC_CARRIER_GROUP, name="中国电信")
    add_organisation(desk, code=PLATFORM, kind=kind.PLATFORM, name="蓝海商城", province="33")
    with house.engine.execution_options(**{WRITING: True}).begin() as connection:
        serials = iter(range(1, count + 1))
        while part := list(islice(serials, 5000)):
            sheaves = [
                papers_of(
                    serial, {"carrier_id": carrier.id, "agent_id": new_id(), "shop_id": new_id()}
                )
                for serial in part
            ]
            for table in (Agent, AuthorisedShop, Licence):
                connection.execute(insert(table), [sheaf[table.__name__] for sheaf in sheaves])


def issue_all(house: House) -> int:
    """What approving licences does: badges are requested with them, and signed behind them."""
    own, last, issued = house.desk(), None, 0
    while True:
        with own.begin(Permission.BADGE_ISSUE) as work:
            query = select(Licence).order_by(col(Licence.id)).limit(PART)
            part = work.session.exec(
                query if last is None else query.where(col(Licence.id) > last)
            ).all()
            # An approval holds its agent anyway, and so does this session while the list lives.
            wanted = col(Agent.id).in_([one.agent_id for one in part])
            agents = work.session.exec(select(Agent).where(wanted)).all()
            here = col(AuthorisedShop.agent_id).in_([one.id for one in agents])
            found = work.session.exec(select(AuthorisedShop).where(here)).all()
            shops = {shop.agent_id: shop for shop in found}
            for licence in part:
                request_badges(work, licence, [shops[licence.agent_id]])
            work.no_deed()
        if not part:
            return issued
        last = part[-1].id
        issued += finish_badges(own)


def issuing(folder: Path, url: str | None, count: int) -> list[Figure]:
    settings = Settings(data=folder, database_url=url, public_url="https://v.carrier.example")
    house = replace(House.open(settings), now=lambda: BEGAN)
    migrate(house.engine)
    prepared(house, count)
    start = time.process_time()
    issued = issue_all(house)
    took = time.process_time() - start
    assert issued == count
    start = time.process_time()
    found = check_all_badges(house.desk())
    checking = time.process_time() - start
    assert found is not None
    assert (found.checked, found.bad) == (count, 0)
    scaled = took * 100_000 / count
    of = "" if count == 100_000 else f", {took:.1f} s for {count:,}"
    database = house.engine.dialect.name
    house.engine.dispose()
    return [
        Figure(
            "badges",
            f"100,000 badges asked for, signed, kept, logged ({database})",
            f"{scaled:.0f} s CPU ({1000 * took / count:.2f} ms each{of})",
            "≤ 320 s CPU",
            scaled <= 320,
        ),
        Figure(
            "badges",
            f"nightly check of every badge ({database})",
            f"{count / checking:,.0f}/s",
            "-",
            is_met=True,
        ),
    ]


_MANY = """
WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < :count - 1)
INSERT INTO badges (id, badge_id, carrier_id, agent_id, licence_id, shop_id, platform, province,
                    status_index, state, issued_at, expires_at, reason, version)
SELECT printf('%032x', i), printf('%016x', i), carrier_id, agent_id, licence_id, shop_id, platform,
       province, i,
       CASE WHEN i * 7919 % 1000003 < 10000 THEN 'suspended' ELSE 'expired' END,
       issued_at, expires_at, '', 1
FROM n, (SELECT * FROM badges LIMIT 1)
"""
"""A hundredth is suspended; the others are expired: a shop has one live badge, and here is one."""


def lists(folder: Path) -> list[Figure]:
    """Eight lists of a million badges in the database, built and signed."""
    settings = Settings(data=folder, public_url="https://v.carrier.example")
    house = replace(House.open(settings), now=lambda: BEGAN)
    migrate(house.engine)
    prepared(house, 1)
    issue_all(house)
    shards = -(-MILLION // SHARD)
    with house.engine.execution_options(**{WRITING: True}).begin() as connection:
        connection.exec_driver_sql("DROP INDEX uq_badges_live")
        connection.execute(text("UPDATE badges SET status_index = 2000000000"))
        connection.execute(text(_MANY), {"count": MILLION})
    status_list(house, 1)  # the key is made
    start = time.process_time()
    for number in range(1, shards + 1):
        assert statuses_of(house, number)
    statuses = time.process_time() - start
    house = replace(house, now=lambda: BEGAN.replace(year=2026, month=6))
    start = time.process_time()
    sizes = [len(status_list(house, number)) for number in range(1, shards + 1)]
    took = time.process_time() - start
    with house.engine.connect() as connection:
        kept = connection.execute(select(col(Badge.id)).limit(1)).first()
    assert kept is not None
    house.engine.dispose()
    return [
        Figure(
            "badges",
            f"{shards} status lists of 1 M badges built from the database and signed",
            f"{took:.2f} s CPU ({statuses:.2f} s of it reading), {sum(sizes) // 1024} KiB",
            "≤ 0.6 s CPU",
            took <= 0.6,
        )
    ]


def main() -> None:
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 20_000
    url = sys.argv[2] if len(sys.argv) > 2 else None
    figures = [*verdicts(), *lookups()]
    with tempfile.TemporaryDirectory() as folder:
        figures += lists(Path(folder) / "lists")
        figures += issuing(Path(folder) / "issuing", url, count)
    keep("badges", figures)
    sys.exit(not all(figure.is_met for figure in figures))


if __name__ == "__main__":
    main()
