"""Keys, the golden copy, and what robots may read."""

from console.actions.channel.golden import register_folder, write_register
from console.web.register import PUBLISHED
from models.tokens import KeyRole, cose_key_set, read_jwk_set
from tests.public.doors import Public, visitor_of


def test_the_keys_that_badges_are_checked_by_are_published(public: Public) -> None:
    answer = public.visitor.get("/.well-known/jwks.json")
    assert answer.headers["cache-control"] == "public, max-age=300"
    assert answer.headers["access-control-allow-origin"] == "*"
    keys = read_jwk_set(answer.content)
    assert keys[KeyRole.BADGE]
    own = {role: public.house.keys.public_keys(role) for role in PUBLISHED}
    cose = public.visitor.get("/.well-known/cose-keys")
    assert cose.content == cose_key_set(own)
    again = {"if-none-match": cose.headers["etag"]}
    assert public.visitor.get("/.well-known/cose-keys", headers=again).status_code == 304


def test_the_golden_copy_is_handed_out_as_it_was_written(public: Public) -> None:
    assert public.visitor.get("/register/manifest.json").status_code == 404
    written = write_register(public.house.desk(), register_folder(public.house))
    for path in (written.manifest, written.ndjson, written.csv):
        answer = public.visitor.get(f"/register/{path.name}")
        assert answer.status_code == 200
        assert answer.content == path.read_bytes()
    for name in ("..%2fchannel.db", "agents-20260302.db", ".manifest.json"):
        assert public.visitor.get(f"/register/{name}").status_code == 404


def test_robots_read_agents_and_no_badges(public: Public) -> None:
    robots = visitor_of(public.house).get("/robots.txt").text
    for path in ("/b/", "/lookup", "/console"):
        assert f"Disallow: {path}\n" in robots
    assert "Disallow: /agents" not in robots
    icon = public.visitor.get("/favicon.ico")
    assert icon.headers["content-type"].startswith("image/svg+xml")
