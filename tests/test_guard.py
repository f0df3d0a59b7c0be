"""The guard before a real server: take-overs, foreign origins, closed doors, a browser."""

import asyncio
import re
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack

import pytest
from playwright.sync_api import Browser, FilePayload, expect
from starlette.types import Receive, Scope, Send
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ClientState_pb2 import ClientState
from websockets.exceptions import InvalidStatus

from console.web import streamlit_setup
from console.web.compress import untranslated
from console.web.guard import Door, Guard, GuardRules, Login
from tests.guard_app.house import (
    ROOT,
    Canary,
    House,
    chromium,
    knock,
    listening,
    refused,
    running,
    tab,
    token_of,
    wait_until,
)
from tests.streamlit_client import streamlit_client

MIB = 1024 * 1024


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    with running(tmp_path_factory.mktemp("guard")) as house:
        yield house


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as browser:
        yield browser


@pytest.fixture
def canary() -> Iterator[Canary]:
    with listening() as canary:
        yield canary


# F1: a Streamlit session belongs to the login that opened it.


def test_nobody_takes_over_a_session_and_its_owner_may_return(house: House) -> None:
    with house.open("alice") as alice:
        assert "login=alice-session user=alice\nn=1" in alice.rerun()
        assert "n=2" in alice.rerun(clicked="more")
        taken = alice.session

        assert refused(house, "bob", resume=taken)
        assert refused(house, None, resume=taken)
        assert "n=3" in alice.rerun(clicked="more")
    assert refused(house, "bob", resume=taken)
    assert refused(house, None, resume=taken)

    with house.open("alice", resume=taken) as again:
        assert "n=4" in again.rerun()
        assert again.session == taken


def test_an_id_that_nobody_owns_opens_a_new_session(house: House) -> None:
    unknown = "00000000-0000-4000-8000-000000000000"
    with house.open("alice", resume=unknown) as alice:
        assert "n=1" in alice.rerun()
        assert alice.session != unknown


def test_an_id_may_not_hide_behind_empty_places(house: House) -> None:
    with house.open("alice") as alice:
        alice.rerun()
        assert refused(house, "bob", resume=f"x {alice.session}")


def test_only_the_owner_uploads_into_a_session_and_its_id_is_not_logged(house: House) -> None:
    with house.open("alice") as alice:
        alice.rerun("show=upload")
        where = f"/console/_stcore/upload_file/{alice.session}/f-1"

        assert house.ask(where, "bob", method="DELETE").status_code == 403
        assert house.ask(where, method="DELETE").status_code == 401
        assert "XSRF" in house.ask(where, "alice", method="DELETE").text
        assert "upload_file/…/f-1" in house.log.read_text("utf-8")
        assert alice.session not in house.log.read_text("utf-8")


# F2: files that Streamlit serves.


def test_a_file_is_for_the_login_that_was_shown_it(house: House) -> None:
    with house.open("alice") as alice:
        alice.rerun("show=file")
        url = "/console" + alice.media()

        assert house.ask(url, "alice").is_success
        assert house.ask(url, "bob").json()["code"] == "guard.not_yours"
        assert house.ask(url).status_code == 401


def test_a_file_whose_address_may_be_shared_is_not_served(house: House) -> None:
    with house.open("alice") as alice, house.open("bob") as bob:
        size = 4 * MIB
        alice.rerun(f"show=file&size={size}&fill=a")
        bob.rerun(f"show=file&size={size}&fill=b")
        assert alice.media() == bob.media()

        for headers in ({"accept": "*/*"}, {"range": "bytes=0-9"}):
            answer = house.ask("/console" + bob.media(), "bob", headers=headers)
            assert answer.status_code == 403
            assert answer.json()["code"] == "guard.not_yours"


# F10: doors, hosts, origins, crowds.


@pytest.mark.parametrize(
    "origin",
    ["https://evil.example", "null", "http://localhost:1", "http://127.0.0.1:1", None],
)
def test_a_socket_from_another_origin_is_refused(house: House, origin: str | None) -> None:
    assert refused(house, "alice", origin=origin)


def test_a_socket_without_a_login_is_refused(house: House) -> None:
    assert refused(house, None)
    assert refused(house, "nobody")
    with pytest.raises(InvalidStatus), streamlit_client(house.base, token_of("alice"), path="/x"):
        pass


@pytest.mark.parametrize("host", ["evil.example", "localhost:1", "127.0.0.1", ""])
def test_a_forged_host_is_refused(house: House, host: str) -> None:
    answer = house.ask("/", headers={"host": host})
    assert answer.status_code in {400, 421}
    assert answer.headers["x-content-type-options"] == "nosniff"


DOORS = "_stcore/metrics _stcore/agent/mcp _stcore/script-health-check auth/login oauth2callback"


@pytest.mark.parametrize("door", DOORS.split())
def test_a_door_that_nobody_needs_is_closed_to_all(house: House, door: str) -> None:
    assert house.ask(f"/console/{door}", "alice").json()["code"] == "guard.closed"


@pytest.mark.parametrize("path", ["/_stcore/metrics", "/_stcore/agent/mcp", "/_stcore/stream"])
def test_streamlit_is_nowhere_but_under_the_console(house: House, path: str) -> None:
    assert house.ask(path, "alice").status_code == 404


def test_a_stranger_is_sent_to_sign_in_and_back_to_the_record(house: House) -> None:
    answer = house.ask("/console/agents?id=7&tab=a%26b", headers={"accept": "text/html"})
    assert answer.status_code == 303
    assert answer.headers["location"] == ("/signin?next=/console/agents%3Fid%3D7%26tab%3Da%2526b")
    for path in ("/console/", "/console/_stcore/health", "/console/_stcore/host-config"):
        answer = house.ask(path)
        assert answer.status_code == 401
        assert answer.json().keys() == {"code", "message", "facts"}


def test_what_only_we_may_say_is_not_heard_from_a_client(house: House) -> None:
    heard = house.ask(
        "/echo",
        method="POST",
        headers={"x-channel-login": "root", "x-forwarded-host": "evil", "x-channel": "1"},
    ).json()["headers"]
    assert "x-channel" in heard
    assert not {"x-channel-login", "x-forwarded-host"} & set(heard)


def test_a_page_of_another_site_cannot_write_with_our_cookie(house: House) -> None:
    def post(headers: dict[str, str]) -> int:
        return house.ask("/echo", "alice", method="POST", headers=headers).status_code

    assert post({"origin": "https://evil.example"}) == 403
    assert post({"sec-fetch-site": "cross-site"}) == 403
    assert post({"origin": house.base}) == 200


def test_every_answer_is_dressed(house: House) -> None:
    answers = [
        house.ask("/"),
        house.ask("/nothing"),
        house.ask("/boom"),
        house.ask("/console/"),
        house.ask("/console/", "alice", headers={"accept": "text/html"}),
    ]
    assert [answer.status_code for answer in answers] == [200, 404, 500, 401, 200]
    for answer in answers:
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["x-frame-options"] == "DENY"
        assert answer.headers["cross-origin-opener-policy"] == "same-origin"
        assert answer.headers["x-request-id"]
        assert "frame-ancestors 'none'" in answer.headers["content-security-policy"]
        assert not {"server", "x-powered-by"} & set(answer.headers)
        assert "secret-" not in answer.text
        assert "Traceback" not in answer.text
    assert "unsafe" not in answers[0].headers["content-security-policy"]
    assert "unsafe-eval" not in answers[-1].headers["content-security-policy"]
    assert '<html lang="zh-CN">' in answers[-1].text


def test_a_failing_page_tells_the_browser_nothing(house: House) -> None:
    with house.open("alice") as alice:
        alice.rerun("show=boom")
        assert "secret-" not in "".join(map(str, alice.seen))


def test_a_body_too_large_is_refused_before_it_is_read(house: House) -> None:
    announced = house.ask("/echo", method="POST", content=b"x" * (MIB + 1))
    assert (announced.status_code, announced.json()["facts"]) == (413, {"limit": MIB})
    streamed = house.ask("/echo", method="POST", content=(b"x" * 65536 for _ in range(17)))
    assert streamed.status_code == 413
    assert house.ask("/big", method="POST", content=b"x" * (2 * MIB)).json()["size"] == 2 * MIB


def test_too_many_headers_are_refused(house: House) -> None:
    many = {f"x-{number}": "1" for number in range(101)}
    assert house.ask("/", headers=many).status_code == 431


def test_an_address_holds_twenty_sockets(house: House) -> None:
    with ExitStack() as held:
        for _ in range(20):
            held.enter_context(house.open("alice"))
        assert refused(house, "alice")
    wait_until(lambda: not refused(house, "alice"), within=5)


# What a socket may say, and how it ends.


def test_nobody_clears_the_caches_of_all(house: House) -> None:
    with house.open("alice") as alice:
        before = re.findall(r"cached=\S+", alice.rerun())
        alice.send(BackMsg(clear_cache=True))
        alice.send(BackMsg(debug_shutdown_runtime=True))
        alice.send(BackMsg(load_git_info=True))
        assert re.findall(r"cached=\S+", alice.rerun()) == before != []


def test_only_a_person_keeps_a_login_awake(house: House) -> None:
    def touches() -> int:
        return list(house.ask("/test/touched").json()).count("frank-session")

    with house.open("frank") as frank:
        frank.rerun()
        frank.rerun(is_auto=True)
        frank.send(BackMsg(app_heartbeat=True))
        assert touches() == 0
        frank.rerun(clicked="more")
        frank.rerun(clicked="more")
        assert touches() == 1


def test_a_login_that_ended_elsewhere_ends_at_the_next_act(house: House) -> None:
    with house.open("carol") as carol:
        carol.rerun()
        house.ask(f"/test/revoke?token={token_of('carol')}", method="POST")
        carol.send(BackMsg(rerun_script=ClientState()))
        assert carol.closed_within(1)


def test_a_login_that_ended_elsewhere_ends_without_an_act(house: House) -> None:
    with house.open("dave") as dave:
        dave.rerun()
        house.ask(f"/test/revoke?token={token_of('dave')}", method="POST")
        assert dave.closed_within(5)


def test_signing_out_closes_all_sockets_of_the_login(house: House) -> None:
    with house.open("erin") as one, house.open("erin") as two, house.open("alice") as other:
        one.rerun()
        two.rerun()
        left = house.ask("/signout", "erin", method="POST", headers={"x-channel": "1"})
        assert left.is_success
        assert one.closed_within(1)
        assert two.closed_within(1)
        assert "n=1" in other.rerun()
    assert refused(house, "erin")


@pytest.mark.parametrize("words", ["text", b"\xff\xff\xff"])
def test_what_is_no_message_closes_the_socket(house: House, words: str | bytes) -> None:
    with house.open("alice") as alice:
        alice.connection.send(words)
        assert alice.closed_within(2)


def test_the_house_holds_so_many_sockets() -> None:
    """With room for one: the second is refused before it is accepted, from wherever it comes."""
    login = Login("s", "u")
    rules = GuardRules("http://127.0.0.1:1", sockets_total=1)

    async def app(_scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "websocket.accept"})
        await receive()
        await asyncio.sleep(0.1)

    async def both() -> tuple[str, str]:
        guard = Guard(app, Door(lambda _token: login, lambda _session: None), rules)
        return await asyncio.gather(knock(guard, rules, "::1"), knock(guard, rules, "::2"))

    with ThreadPoolExecutor(1) as thread:  # Playwright's loop lives in this one
        said = thread.submit(asyncio.run, both()).result()
    assert sorted(said) == ["websocket.accept", "websocket.close"]


# F11: a browser.


def test_the_console_works_under_its_policy_and_no_beacon_leaves(
    house: House, browser: Browser, canary: Canary
) -> None:
    with tab(browser, house, "bob") as (page, complaints):
        page.goto(f"{house.base}/console/?show=gallery&beacon={canary.url}")
        expect(page.get_by_text("user=bob")).to_be_visible(timeout=20_000)
        expect(page.get_by_test_id("stDataFrame")).to_be_visible(timeout=20_000)
        expect(page.locator(".js-plotly-plot .main-svg").first).to_be_visible(timeout=20_000)
        bar = page.locator(".js-plotly-plot .bars .point path").first
        expect(bar).to_have_css("fill", "rgb(15, 92, 99)")
        expect(page.get_by_role("button", name="Sign out")).to_be_visible(timeout=20_000)
        page.get_by_test_id("stPagination").get_by_text("3", exact=True).click()
        upload = FilePayload(name="a.csv", mimeType="text/csv", buffer=b"x" * (2 * MIB))
        page.locator("input[type=file]").set_input_files(upload)
        expect(page.get_by_text(f"uploaded={2 * MIB}")).to_be_visible(timeout=20_000)
        page.get_by_role("button", name="open-dialog").click()
        expect(page.get_by_role("dialog").get_by_text("dialog-body")).to_be_visible(timeout=20_000)
        expect(page.locator("html")).to_have_attribute("lang", "zh-CN")

    against = [text for text in complaints if "Content Security Policy" in text]
    assert [text for text in against if canary.url not in text] == []
    assert against, "the beacon was not even tried, so this proved nothing"
    assert canary.calls == []


def test_an_own_page_runs_no_inline_script(house: House, browser: Browser) -> None:
    with tab(browser, house, "bob") as (page, complaints):
        page.goto(f"{house.base}/")
        assert page.evaluate("window.ran") is None
        assert any("Content Security Policy" in text for text in complaints)


def test_signing_out_wipes_the_page(house: House, browser: Browser) -> None:
    with tab(browser, house, "bob") as (page, _complaints):
        page.goto(f"{house.base}/console/?show=gallery")
        page.get_by_role("button", name="Sign out").click(timeout=20_000)
        page.wait_for_url("**/signin", timeout=5_000)
        assert "user=bob" not in page.content()


def test_a_page_whose_login_ended_elsewhere_wipes_itself(house: House, browser: Browser) -> None:
    with tab(browser, house, "gina") as (page, _complaints):
        page.goto(f"{house.base}/console/?show=gallery")
        expect(page.get_by_role("button", name="Sign out")).to_be_visible(timeout=20_000)
        house.ask(f"/test/revoke?token={token_of('gina')}", method="POST")
        page.wait_for_url("**/signin?next=%2Fconsole%2F%3Fshow%3Dgallery", timeout=8_000)
        assert "user=gina" not in page.content()


# Settings.


def test_streamlit_has_the_settings_we_want() -> None:
    command = (
        "from console.web import streamlit_setup as s\n"
        "wanted = s.options_for('https://channel.example')\n"
        "assert 'server.enableAgentApi' in wanted and s.unmet(wanted)\n"
        "s.apply(wanted)\n"
        "print(s.unmet(wanted))\n"
    )
    ran = subprocess.run(
        [sys.executable, "-c", command], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert ran.stdout == "[]\n"


def test_the_theme_is_told_as_streamlit_itself_reads_it() -> None:
    command = (
        "from streamlit.proto.NewSession_pb2 import CustomThemeConfig as Theme\n"
        "from streamlit.runtime import app_session\n"
        "from console.web import streamlit_setup as s\n"
        "own = app_session._populate_theme_msg\n"
        "s.apply(s.options_for('https://channel.example'))\n"
        "for section in ('theme', 'theme.light', 'theme.dark', 'theme.light.sidebar'):\n"
        "    read, told, again = Theme(), Theme(), Theme()\n"
        "    own(read, section)\n"
        "    for message in (told, again):\n"
        "        app_session._populate_theme_msg(message, section)\n"
        "    assert read == told == again != Theme(), section\n"
    )
    subprocess.run([sys.executable, "-c", command], cwd=ROOT, check=True)


def test_a_setting_that_streamlit_lost_is_unmet() -> None:
    assert streamlit_setup.unmet({"server.gone": 1}) == ["streamlit server.gone: unknown is not 1"]


def test_every_built_in_text_is_still_found_in_the_bundles() -> None:
    assert untranslated() == set()
