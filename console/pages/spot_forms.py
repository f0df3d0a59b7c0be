"""Forms of spot checks; each answers with its inputs as one JSON text, or with nothing.

None of them has a field for a name or a document's number (004-2.1-c).
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime, time, timedelta
from typing import Final, TypeVar

import streamlit as st

from console.actions.checks.spot_choices import inspectors, laptops
from console.actions.checks.spot_plans import LONGEST, MOST_DRAWN, PlanDraft
from console.desk import Desk
from console.i18n import Language, spoken, t
from console.pages.channel_forms import packed, province_word, unpacked
from console.pages.channel_parts import own_carriers, platform_names
from console.pages.kit import CHINA
from console.pages.kit.layout import box
from models.cards.persons import CaptureMethod
from models.checks.notice import notice_on
from models.checks.orders import MOST_CARDS, OrderFacts, Route
from models.checks.spot_checks import CheckPurpose, ResultCode, SpotCheck
from models.provinces import provinces
from models.rules import china_day

Answered = TypeVar("Answered")
_LONGEST_REFERENCE: Final = 64
_USUAL_SIZE: Final = 10
_USUAL_DAYS: Final = 30
_PLANNED: Final = [one.value for one in CheckPurpose if one is not CheckPurpose.RECHECK]
_SAID: Final[Mapping[str | None, bool | None]] = {None: None, "yes": True, "no": False}


def why_fields(key: str, purpose: str = _PLANNED[0]) -> tuple[str, str]:
    """Purpose and legal basis."""
    chosen = st.selectbox(
        t("spot_page.purpose"), _PLANNED, index=_PLANNED.index(purpose), key=f"{key}:purpose",
        format_func=lambda one: t(f"check_purpose.{one}"),
    )  # fmt: skip
    basis = st.text_input(
        t("spot_page.basis"), t("spot_page.usual_basis"), key=f"{key}:basis",
        max_chars=LONGEST["basis"],
    )  # fmt: skip
    return chosen or purpose, basis


def what_fields(key: str) -> tuple[bool, bool, str]:
    """Card, identity document, and the approval that the latter needs."""
    with st.container(horizontal=True):
        card = st.checkbox(t("spot_page.wants_card"), value=True, key=f"{key}:card")
        identity = st.checkbox(t("spot_page.wants_identity"), key=f"{key}:identity")
    approval = ""
    if identity:
        approval = st.text_input(
            t("spot_page.use_approval"), key=f"{key}:approval", max_chars=_LONGEST_REFERENCE,
            help=t("spot_page.use_approval_help"),
        )  # fmt: skip
    return card, identity, approval


def plan_fields(desk: Desk, key: str) -> str:
    """A random sample: of which shops, how many, when, and what is read there."""
    carriers, platforms = own_carriers(desk), platform_names(desk)
    name = st.text_input(t("spot_plans.name"), key=f"{key}:name", max_chars=LONGEST["name"])
    carrier = ""
    if carriers:
        carrier = st.selectbox(
            t("spot_page.carrier"), list(carriers), key=f"{key}:carrier",
            format_func=carriers.__getitem__,
        )  # fmt: skip
    purpose, basis = why_fields(key)
    chosen = st.multiselect(
        t("spot_page.platforms"), list(platforms), key=f"{key}:platforms",
        format_func=platforms.__getitem__, placeholder=t("spot_plans.all"),
    )  # fmt: skip
    where = st.multiselect(
        t("spot_page.provinces"), list(provinces()), key=f"{key}:provinces",
        format_func=province_word, placeholder=t("spot_plans.all"),
    )  # fmt: skip
    size = st.number_input(t("spot_plans.size"), 1, MOST_DRAWN, _USUAL_SIZE, key=f"{key}:size")
    today = china_day(desk.now())
    days = st.date_input(
        t("spot_plans.days"), (today, today + timedelta(days=_USUAL_DAYS)), key=f"{key}:days"
    )
    card, identity, approval = what_fields(key)
    seed = st.text_input(
        t("spot_plans.seed"), key=f"{key}:seed", max_chars=64, help=t("spot_plans.seed_help")
    )
    if not (name.strip() and basis.strip() and len(days) == 2):  # noqa: PLR2004 - from, to
        return ""
    return packed(
        name=name, purpose=purpose, basis=basis, size=size, begins_on=days[0], ends_on=days[1],
        platforms=chosen, provinces=where, wants_card=card, wants_identity=identity,
        use_approval=approval, seed=seed, carrier=carrier or None,
    )  # fmt: skip


def plan_of(words: str) -> PlanDraft:
    values = unpacked(words)
    begins, ends = (date.fromisoformat(values.pop(one)) for one in ("begins_on", "ends_on"))
    purpose = CheckPurpose(values.pop("purpose"))
    return PlanDraft(purpose=purpose, begins_on=begins, ends_on=ends, **values)


def assign_fields(desk: Desk, check: SpotCheck, key: str) -> str:
    """Who goes, and on which day."""
    people = {one.login: one.name for one in inspectors(desk)}
    if not people:
        st.warning(t("spot_page.nobody_reads"), icon=":material/person_off:")
        return ""
    login = st.selectbox(
        t("spot_page.assignee"), list(people), index=None, key=f"{key}:who",
        format_func=people.__getitem__, placeholder=t("spot_page.choose"),
    )  # fmt: skip
    today = china_day(desk.now())
    day = st.date_input(
        t("spot_page.planned_for"), max(check.planned_for or today, today), key=f"{key}:day",
        min_value=today,
    )  # fmt: skip
    return packed(login=login, day=day) if login else ""


def session_fields(desk: Desk, check: SpotCheck, key: str) -> str:
    """With which laptop; and the words that a person hears before their document is read."""
    devices = {str(one.id): one for one in laptops(desk)}
    if not devices:
        st.warning(t("spot_page.no_device"), icon=":material/usb_off:")
        return ""
    device = st.selectbox(
        t("spot_page.device"), list(devices), key=f"{key}:device",
        format_func=lambda one: f"{devices[one].number} {devices[one].host}",
    )  # fmt: skip
    shown, today = False, china_day(desk.now())
    if device and not devices[device].is_holder_ready(today):
        st.warning(t("devices_page.not_ready"), icon=":material/school:")
    if check.wants_identity:
        notice = notice_on(today)
        st.caption(t("spot_page.notice", version=notice.version))
        st.info(notice.zh if spoken.get() is Language.ZH else notice.en, icon=":material/campaign:")
        shown = st.checkbox(t("spot_page.notice_shown"), key=f"{key}:notice")
        if not shown:
            return ""
    return packed(device=device, shown=shown) if device else ""


def refuse_fields(key: str) -> str:
    result = st.radio(
        t("spot_page.result"), [one.value for one in ResultCode], index=None, key=f"{key}:result",
        format_func=lambda one: t(f"result_code.{one}"),
    )  # fmt: skip
    reason = st.text_area(t("console.reason"), key=f"{key}:reason", max_chars=500)
    return packed(result=result, reason=reason) if result and reason.strip() else ""


def follow_up_fields(key: str) -> str:
    """The question of 004-1-b: whoever can't be identified is not served."""
    refused = _yes_no("service_refused", f"{key}:refused", None)
    note = st.text_area(t("spot_page.follow_up_note"), key=f"{key}:note", max_chars=1000)
    if refused is None or not note.strip():
        return ""
    return packed(refused=refused, note=note)


def order_fields(check: SpotCheck, key: str) -> str:
    """Times, references and answers alone; what an answer is not known for stays open."""
    was = OrderFacts.of_row(check.order)
    st.caption(f":material/shield: {t('order_facts.no_person')}")
    route = st.radio(
        t("order_facts.route"), [one.value for one in Route],
        index=[*Route].index(was.route) if was.route else None, key=f"{key}:route",
        format_func=lambda one: t(f"order_route.{one}"), horizontal=True,
    )  # fmt: skip
    left, right = st.columns(2)
    with left:
        values = {
            name: _reference(name, key, getattr(was, name))
            for name in ("order_no", "authority_compare_ref", "live_check_ref")
        }
        capture = _capture(key, was.capture)
    with right:
        iccids = st.text_area(
            t("order_facts.iccids"), "\n".join(was.iccids), key=f"{key}:iccids", height=225,
            help=t("order_facts.iccids_help", most=MOST_CARDS),
        )  # fmt: skip
    moments = _abreast(_MOMENTS, lambda name: _moment(name, key, getattr(was, name)))
    answers = _abreast(_ANSWERS, lambda name: _yes_no(name, f"{key}:{name}", getattr(was, name)))
    # An empty form says so, too: whoever noted too much takes it back.
    return packed(
        route=route, capture=capture, iccids=iccids.replace(",", " ").split(),
        **values, **moments, **answers,
    )  # fmt: skip


_MOMENTS: Final = (
    "ordered_at", "compared_at", "shipped_at", "handed_over_at", "live_checked_at", "activated_at",
)  # fmt: skip
_ANSWERS: Final = (
    "asked_identity", "manual_entry", "compare_agrees", "handover_match", "active_on_arrival",
    "holder_is_document",
)  # fmt: skip


def _abreast(names: Sequence[str], ask: Callable[[str], Answered]) -> dict[str, Answered]:
    """Two questions in a row, in the order in which things happen."""
    answers: dict[str, Answered] = {}
    for start in range(0, len(names), 2):
        for column, name in zip(st.columns(2, gap="medium"), names[start : start + 2], strict=True):
            with column:
                answers[name] = ask(name)
    return answers


def order_of(words: str) -> OrderFacts:
    return OrderFacts.model_validate(unpacked(words))


def _reference(name: str, key: str, was: str) -> str:
    return st.text_input(
        t(f"order_facts.{name}"), was, key=f"{key}:{name}", max_chars=_LONGEST_REFERENCE
    )


def _capture(key: str, was: CaptureMethod | None) -> str | None:
    ways = [one.value for one in CaptureMethod]
    return st.selectbox(
        t("order_facts.capture"), ways, index=ways.index(was.value) if was else None,
        key=f"{key}:capture", format_func=lambda one: t(f"capture_method.{one}"),
        placeholder=t("order_facts.unknown"),
    )  # fmt: skip


def _moment(name: str, key: str, was: datetime | None) -> str | None:
    """Day and time in China."""
    at = was.astimezone(CHINA) if was else None
    with box("kit_moment"):
        days, clock = st.columns([3, 2], vertical_alignment="bottom")
    day = days.date_input(t(f"order_facts.{name}"), at.date() if at else None, key=f"{key}:{name}")
    hour = clock.time_input(
        t("order_facts.time_of", of=t(f"order_facts.{name}")), at.time() if at else None,
        key=f"{key}:{name}:time", step=timedelta(minutes=1), label_visibility="collapsed",
    )  # fmt: skip
    if not isinstance(day, date):
        return None
    return datetime.combine(day, hour or time(0), CHINA).isoformat()


def _yes_no(name: str, key: str, was: bool | None) -> bool | None:  # noqa: FBT001 - it is the answer
    said = st.pills(
        t(f"order_facts.{name}"), ["yes", "no"],
        default=None if was is None else ("yes" if was else "no"), key=key,
        format_func=lambda one: t(f"order_facts.{one}"),
    )  # fmt: skip
    return _SAID[said]
