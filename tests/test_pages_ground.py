"""The console's own pages: what each person finds, what they are refused, and what is put back."""

from uuid import UUID

import pytest
from sqlmodel import col, select
from streamlit.testing.v1 import AppTest

from console.actions.audit import list_deeds, seal
from console.actions.staff.people import add_client, add_user, list_clients, open_first, roles_of
from console.actions.staff.records import my_sessions, user_and_history
from console.actions.staff.sign_in import actor_named
from console.actions.work import WorkState, work_items
from console.desk import Desk, House
from console.i18n import Language, spoken, texts
from console.pages.frame import plain, refusal_text
from console.pages.kit import left_until, moment, tone_of
from console.pages.kit.words import Tone
from console.pages.navigation import PAGES, entries_for
from models.audit import AuditEntry
from models.permissions import Permission, Role
from models.refusals import NotAllowed
from models.staff import Door
from tests.conftest import NOON, Clock, Desks
from tests.pages import Console, errors, grid, move, moves, press, shown, tick


@pytest.fixture
def console(house: House, monkeypatch: pytest.MonkeyPatch) -> Console:
    return Console(house, monkeypatch)


def id_of(desk: Desk) -> UUID:
    assert desk.actor.id is not None
    return desk.actor.id


def last_deed(desks: Desks) -> AuditEntry:
    return list_deeds(desks.audit).rows[0]


# Who is here


def test_a_stranger_sees_the_way_in_and_nothing_else(console: Console, desks: Desks) -> None:
    for name in ("work_list", "staff", "clients", "audit", "account", "main"):
        at = console.open(name, None)
        assert len(at.info) == 1
        assert list(at.dataframe) == []
        assert list(at.title) == []
    assert desks.admin.actor.name not in shown(at)


def test_rights_are_those_of_the_moment_and_a_closed_session_is_nobody(
    console: Console, desks: Desks, clock: Clock
) -> None:
    at = console.open("staff", desks.admin)
    assert len(at.dataframe) == 1
    clock.pass_(hours=1)
    assert list(at.run().dataframe) == []


def test_the_sidebar_offers_what_the_roles_open(console: Console, desks: Desks) -> None:
    at = console.whole(desks.security)
    assert "security" in shown(at)
    assert texts(Language.ZH)["role.security_admin"] in shown(at)
    at = console.whole(desks.manager, language="en")
    assert texts(Language.EN)["role.channel_manager"] in shown(at)


def test_a_page_is_offered_with_its_right_alone(desks: Desks) -> None:
    def offered(desk: Desk) -> set[str]:
        return {entry.name for entry in entries_for(desk.actor)}

    assert {"staff", "account", "work_list"} <= offered(desks.admin)
    assert not {"clients", "audit", "agents", "cases"} & offered(desks.admin)
    assert {"staff", "clients"} <= offered(desks.security)
    assert "audit" in offered(desks.audit)
    assert not {"staff", "clients"} & offered(desks.manager)


def test_every_page_and_group_has_a_name_in_both_languages() -> None:
    for language in Language:
        for entry in PAGES:
            assert texts(language)[f"nav.{entry.name}"]
            assert texts(language)[f"nav_group.{entry.group}"]
        for role in set(Role) - {Role.DEVICE, Role.SELF, Role.PUBLIC, Role.HOUSE}:
            assert texts(language)[f"work_list.next_{role}"]
        for permission in Permission:
            assert texts(language)[f"permission.{permission.replace(':', '_')}"]


def test_a_page_holds_as_many_boxes_as_it_likes() -> None:
    def script() -> None:
        from console.pages.kit import empty, facts, timeline

        for _ in range(2):
            empty("a", "b")
            facts({"a": 1, "b": [1], "c": None})
            timeline([])

    assert not AppTest.from_function(script, default_timeout=30).run().exception


def test_one_reads_in_the_language_one_chooses(console: Console, desks: Desks) -> None:
    at = console.whole(desks.manager)
    (switch,) = [one for one in at.button_group if str(one.key).startswith("language:")]
    at = switch.set_value("en").run()
    assert at.title[0].value == texts(Language.EN)["work_list.title"]
    assert console.open("account", desks.manager).title[0].value == "My account"


def test_a_one_time_password_opens_nothing_but_the_way_to_an_own_one(
    console: Console, desks: Desks
) -> None:
    user, _ = add_user(desks.admin, organisation="CT-44", login="new.one", name="新人")
    new = console.house.desk(actor_named(console.house, user.login, Door.CONSOLE))
    at = console.whole(new)
    assert at.warning[0].value == texts(Language.ZH)["console.change_password_first"]
    assert list(at.title) == []


# Work list


def test_the_founder_is_told_to_share_the_work(
    console: Console, house: House, desks: Desks
) -> None:
    assert open_first(house, "long enough a password") is None
    found = work_items(desks.security)
    assert found == []
    at = console.open("work_list", desks.security)
    assert texts(Language.ZH)["work_list.next_security_admin"] in shown(at)


def test_a_founder_alone_sees_what_is_missing(console: Console, house: House) -> None:
    open_first(house, "long enough a password")
    founder = house.desk(actor_named(house, "admin", Door.CONSOLE))
    kinds = {item.kind: item.state for item in work_items(founder)}
    assert kinds == {"admins_not_apart": WorkState.OVERDUE, "no_audit_admin": WorkState.OVERDUE}
    at = console.open("work_list", founder, language="en")
    assert "keeps both accounts and rights" in shown(at)


def test_accounts_without_a_role_and_ending_keys_wait_for_the_security_administrator(
    console: Console, desks: Desks, clock: Clock
) -> None:
    add_user(desks.admin, organisation="CT-44", login="idle", name="闲")
    add_client(desks.security, organisation="lanhai", name="对接", roles=[Role.PLATFORM_OFFICER])
    clock.pass_(days=350)
    found = {item.kind: item for item in work_items(desks.security)}
    assert found["no_role"].title == "idle"
    assert found["key_ends"].state is WorkState.DUE
    assert [item.kind for item in work_items(desks.manager)] == []
    at = console.open("work_list", desks.security)
    assert "idle" in shown(at)
    assert [metric.value for metric in at.metric] == ["0", "0", "1", "1"]


@pytest.mark.parametrize("name", ["manager", "platform", "regulator", "auditor", "privacy", "iot"])
def test_an_empty_work_list_says_what_to_do_next(console: Console, desks: Desks, name: str) -> None:
    desk: Desk = getattr(desks, name)
    at = console.open("work_list", desk)
    (role,) = desk.actor.roles - {Role.SELF}
    assert texts(Language.ZH)[f"work_list.next_{role}"] in shown(at)


# People


def test_an_administrator_adds_a_person_and_sees_the_password_once(
    console: Console, desks: Desks
) -> None:
    at = console.open("staff", desks.admin)
    at.selectbox("add_user:organisation").set_value("CU-44")
    at.text_input("add_user:login").set_value("New.One")
    at.text_input("add_user:name").set_value("新人")
    at = press(at, "add_user:sure")
    (given,) = [code.value for code in at.code]
    assert len(given) >= 12
    assert "new" in [row[0][:3] for row in grid(at)]
    assert last_deed(desks).deed == "staff.user_added"
    at = press(at, "kit:put_away")
    assert list(at.code) == []


def test_rights_are_given_by_another_than_who_makes_accounts(
    console: Console, desks: Desks
) -> None:
    user = id_of(desks.inspector)
    at = console.open("staff", desks.admin, id=str(user))
    assert moves(at) == ["disable"]
    at = console.open("staff", desks.security, id=str(user))
    assert moves(at) == ["grant", "withdraw", "sign_out"]
    at.selectbox(f"move:grant:{user}:words:0").set_value("auditor")
    move(at, "grant")
    assert set(roles_of(desks.security, [user])[user]) == {Role.INSPECTOR, Role.AUDITOR}


def test_an_auditor_sees_own_people_and_no_move(console: Console, desks: Desks) -> None:
    at = console.open("staff", desks.auditor)
    assert "wang.fang" not in [row[0] for row in grid(at)]
    assert list(at.text_input) == []
    assert moves(console.open("staff", desks.auditor, id=str(id_of(desks.manager)))) == []
    at = console.open("staff", desks.auditor, id=str(id_of(desks.other_manager)))
    assert errors(at) == [texts(Language.ZH)["row.not_found"]]
    assert errors(console.open("staff", desks.auditor, id="nonsense")) == errors(at)


def test_closing_an_account_ends_its_sessions(console: Console, desks: Desks) -> None:
    user = id_of(desks.manager)
    console.sign_in(desks.manager)
    assert len(my_sessions(desks.manager)) == 1
    at = move(console.open("staff", desks.admin, id=str(user)), "disable")
    assert my_sessions(desks.manager) == []
    assert moves(at) == []
    assert user_and_history(desks.admin, user)[0].disabled_at is not None


def test_a_reset_password_is_shown_once(console: Console, desks: Desks) -> None:
    user, _ = add_user(
        desks.admin, organisation="CT-44", login="has.one", name="x", password="a long password"
    )
    at = move(console.open("staff", desks.security, id=str(user.id)), "reset")
    assert len(at.code[0].value) >= 12


def test_a_refusal_stands_on_the_page_and_nothing_is_done(console: Console, desks: Desks) -> None:
    at = console.open("staff", desks.admin)
    at.text_input("add_user:login").set_value("chen.ming")
    at = press(at, "add_user:sure")
    assert errors(at) == [texts(Language.ZH)["staff.login_taken"].format(login=plain("chen.ming"))]


def test_an_organisation_is_added(console: Console, desks: Desks) -> None:
    at = console.open("staff", desks.admin, view="organisations")
    before = len(grid(at))
    at.selectbox("add_organisation:kind").set_value("platform")
    at.text_input("add_organisation:code").set_value("lvhai")
    at.text_input("add_organisation:name").set_value("绿海商城")
    at = press(at, "add_organisation:sure")
    assert len(grid(at)) == before + 1


def test_a_long_list_goes_on_and_back(console: Console, desks: Desks) -> None:
    for n in range(45):
        add_user(desks.house, organisation="CT-44", login=f"w{n:02}", name="x", elsewhere=True)
    at = console.open("audit", desks.audit)
    first = grid(at)
    assert len(first) == 50
    at = press(at, "audit:on")
    second = grid(at)
    assert second != first
    assert grid(press(at, "audit:back")) == first
    at = press(at, "audit:on")
    at = at.selectbox("filter:deed").set_value("staff").run()
    assert "第 1 页" in shown(at)
    assert "staff" in at.query_params["deed"]


# API keys


def test_a_key_is_shown_once_and_revoked_by_id(console: Console, desks: Desks) -> None:
    for name in ("甲", "乙", "丙"):
        add_client(desks.security, organisation="lanhai", name=name, roles=[Role.PLATFORM_OFFICER])
    at = console.open("clients", desks.security)
    assert [row[0] for row in grid(at)] == ["丙", "乙", "甲"]
    assert moves(at) == []
    at = tick(at, 0, 2)
    add_client(desks.security, organisation="lanhai", name="丁", roles=[Role.PLATFORM_OFFICER])
    at = move(at, "revoke")
    live = {row.name for row in list_clients(desks.security) if row.revoked_at is None}
    assert live == {"甲", "乙", "丙", "丁"}, "the list had changed under the ticks"
    at = move(tick(at, 1, 3), "revoke")
    live = {row.name for row in list_clients(desks.security) if row.revoked_at is None}
    assert live == {"丁", "乙"}


def test_a_key_is_issued_with_roles_and_never_without(console: Console, desks: Desks) -> None:
    at = console.open("clients", desks.security)
    assert texts(Language.ZH)["staff_page.no_clients"] in shown(at)
    at.selectbox("add_client:organisation").set_value("lanhai").run()
    at.text_input("add_client:name").set_value("对接")
    at = press(at, "add_client:sure")
    assert errors(at) == [texts(Language.ZH)["console.fill_in"]]
    at.multiselect("add_client:roles:lanhai").set_value(["platform_officer"])
    at = press(at, "add_client:sure")
    assert at.code[0].value.startswith("ck_")
    assert at.code[0].value not in str(grid(at))


# Refusals


@pytest.mark.parametrize(
    ("page", "name"),
    [("staff", "manager"), ("clients", "admin"), ("clients", "manager"), ("audit", "admin")],
)
def test_a_page_without_the_right_says_so_and_puts_it_on_record(
    console: Console, desks: Desks, page: str, name: str
) -> None:
    desk: Desk = getattr(desks, name)
    at = console.open(page, desk)
    assert len(errors(at)) == 1
    assert list(at.dataframe) == []
    with desks.house.begin(Permission.AUDIT_READ) as work:
        denied = work.session.exec(
            select(AuditEntry)
            .where(AuditEntry.deed == "staff.denied")
            .order_by(col(AuditEntry.seq).desc())
        ).first()
    assert denied is not None
    assert denied.actor_id == desk.actor.id


def test_a_refusal_names_role_and_permission_in_words() -> None:
    before = spoken.set(Language.EN)
    said = refusal_text(NotAllowed("staff.not_allowed", actor="x", permission="staff:read"))
    spoken.reset(before)
    assert said.startswith("x may not do this: see people")


# Audit


def test_the_audit_administrator_seals_and_verifies(console: Console, desks: Desks) -> None:
    at = console.open("audit", desks.audit)
    assert texts(Language.ZH)["audit_page.no_head"] in shown(at)
    at = press(at, "seal")
    assert at.code[0].value.startswith("127.0.0.1:8501/audit")
    at = press(at, "verify")
    assert len(at.success) == 1


def test_an_altered_entry_is_named(console: Console, desks: Desks) -> None:
    seal(desks.house)
    with desks.house.begin(Permission.AUDIT_SEAL) as work:
        entry = work.session.exec(select(AuditEntry).where(AuditEntry.leaf == 3)).one()
        entry.actor_name = "somebody else"
        work.no_deed()
    at = press(console.open("audit", desks.audit), "verify")
    assert len(errors(at)) == 1
    assert "entry 3" in errors(at)[0]


def test_deeds_are_those_in_scope_and_filtered(console: Console, desks: Desks) -> None:
    at = console.open("audit", desks.manager)
    assert "verify" not in [button.key for button in at.button]
    assert {row[3] for row in grid(at)} == {"chen.ming"} if at.dataframe else True
    at = console.open("audit", desks.audit, deed="staff")
    assert len(grid(at)) > 20
    at = console.open("audit", desks.audit, deed="case")
    assert texts(Language.ZH)["audit_page.none"] in shown(at)


# My account


def test_one_sees_ones_own_account_and_sessions(console: Console, desks: Desks) -> None:
    at = console.open("account", desks.regulator)
    assert "广东省通信管理局" in shown(at)
    assert len(grid(at)) == 1
    move(at, "sign_out")
    assert my_sessions(desks.regulator) == []


# Words


@pytest.mark.parametrize(
    "word",
    [
        "<script>x</script>", "![x](http://evil.example/x.png)", ":material/home:", ":smile:",
        "$x^2$", ":red[x]", "# x", "http://evil.example", "www.evil.example", "a@evil.example",
        "| a | b |", "1. x", "`x`", "-> <- --",
    ],
)  # fmt: skip
def test_words_from_outside_are_shown_and_not_rendered(word: str) -> None:
    escaped = plain(word)
    assert escaped != word
    assert "".join(letter for letter in escaped if letter not in "\\\u2060") == word


def test_words_cannot_turn_the_direction_of_reading() -> None:
    assert plain("a\u202eb\u0007") == "ab"
    assert plain("第 1 行\n第 2 行") == "第 1 行  \n第 2 行"


def test_states_and_moments_in_words() -> None:
    assert moment(NOON) == "2026-03-02 12:00"
    assert tone_of("revoked") is Tone.BAD
    assert tone_of("revoked", {"revoked": Tone.OVER}) is Tone.OVER
    assert left_until(NOON, NOON.replace(day=4)) == "已逾期 2 天"


def test_both_languages_say_the_same_things() -> None:
    assert set(texts(Language.ZH)) == set(texts(Language.EN))
