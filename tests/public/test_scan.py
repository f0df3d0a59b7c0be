"""A badge that somebody scanned: the verdict in words, never green before the shop is compared."""

import pytest

from console.actions.channel.badges import mark_copied
from console.actions.channel.licences import revoke_licence, suspend_licence
from console.i18n import Language, texts
from console.web.scan import KINDS
from models.tokens import Reason, Verdict
from tests.conftest import Clock
from tests.public.doors import JSON, Public

REASON, REMEDY = "转委托", "十五日内向本公司申诉"


@pytest.mark.requirement("004-3.2-a")
def test_a_genuine_badge_asks_which_shop_one_is_in_and_is_not_green(public: Public) -> None:
    page = public.page(f"/b/{public.digits}")
    assert page.status_code == 200
    assert page.headers["cache-control"] == "no-store"
    assert page.headers["x-robots-tag"] == "noindex"
    for shown in (
        "标识真实，请核对店铺", f"这是“{public.agent.name}”在“龙腾专营店1001”的真实标识",
        "您现在是在这家店铺吗", 'href="https://lanhai.example/shop/1001"', "蓝海商城",
        "中国电信广东",
        "不，我在另一家店铺", 'href="/lookup"', f'href="/agents/{public.agent.agent_no}"',
    ):  # fmt: skip
        assert shown in page.text
    assert 'class="verdict neutral"' in page.text
    assert "good" not in page.text
    english = public.page(f"/b/{public.digits}", "en").text
    assert "Is this the shop you are in?" in english
    assert "No, another shop" in english


def test_a_program_gets_the_verdict_as_json(public: Public) -> None:
    known = public.json(f"/b/{public.digits}")
    assert (known["verdict"], known["reason"]) == ("valid_shop_unchecked", "no_page")
    assert known["agent"] == {"agent_no": public.agent.agent_no, "name": public.agent.name}
    assert known["shop"]["id"] == "1001"


@pytest.mark.parametrize("digits", ["1", "123456789", "9" * 1200, "9" * 20_000, "1x", "٣٤", "-1"])
def test_digits_that_nobody_signed_are_a_forgery(public: Public, digits: str) -> None:
    page = public.page(f"/b/{digits}")
    assert page.status_code == 404
    assert page.headers["x-robots-tag"] == "noindex"
    assert "标识是伪造的" in page.text
    assert 'class="verdict bad"' in page.text
    answer = public.visitor.get(f"/b/{digits}", headers=JSON)
    assert (answer.status_code, answer.json()["verdict"]) == (404, "forged")
    assert "agent" not in answer.json()


def test_a_badge_with_one_digit_changed_names_nobody(public: Public) -> None:
    digits = public.digits
    changed = digits[:-1] + str((int(digits[-1]) + 1) % 10)
    page = public.page(f"/b/{changed}")
    assert page.status_code == 404
    assert public.agent.name not in page.text


def test_what_became_of_the_licence_shows_at_the_next_scan(public: Public) -> None:
    path = f"/b/{public.digits}"
    suspend_licence(public.desks.manager, public.licence.id, reason=REASON, remedy=REMEDY)
    page = public.page(path)
    assert page.status_code == 200
    assert "标识已暂停使用" in page.text
    assert "另一家店铺" not in page.text
    for desk in (public.desks.approver, public.desks.house):
        revoke_licence(desk, public.licence.id, reason=REASON, remedy=REMEDY)
    assert public.json(path)["verdict"] == "revoked"
    assert "标识已撤销" in public.page(path).text


def test_a_copied_badge_is_worth_nothing(public: Public) -> None:
    mark_copied(public.desks.manager, public.badge.id, seen_at="https://honghai.example/7")
    assert public.json(f"/b/{public.digits}")["verdict"] == "revoked"


def test_a_badge_past_its_term_is_expired(public: Public, clock: Clock) -> None:
    clock.pass_(days=400)
    page = public.page(f"/b/{public.digits}")
    assert page.status_code == 200
    assert "标识已过期" in page.text


def test_a_pasted_link_leads_to_the_verify_page(public: Public) -> None:
    base = "http://127.0.0.1:8501/b/"
    for text in (f"{base}{public.digits}", f" {base.upper()}{public.digits}?a=1 ", public.digits):
        answer = public.visitor.get("/badge", params={"text": text})
        assert answer.status_code == 303
        assert answer.headers["location"] == f"/b/{public.digits}"
    for text in ("", "https://evil.example/b/123", "//evil.example/b/1", "javascript:alert(1)"):
        page = public.visitor.get("/badge", params={"text": text})
        assert page.status_code == 404
        assert "这不是本平台的标识" in page.text


def test_every_verdict_has_its_words_and_only_a_compared_badge_is_green() -> None:
    for language in Language:
        known = texts(language)
        for verdict in Verdict:
            for table in ("verdict", "verdict_means", "verdict_do"):
                assert known[f"{table}.{verdict}"]
        assert all(known[f"reason.{reason}"] for reason in Reason)
    assert set(KINDS) == set(Verdict)
    assert [verdict for verdict, kind in KINDS.items() if kind == "good"] == [Verdict.VALID]
