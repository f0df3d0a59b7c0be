"""Screening: the model in force and its candidate, the labels, and a box to try a title in."""

from collections.abc import Mapping
from uuid import UUID

import streamlit as st

from console.actions.patrol.labels import get_label, list_labels, relabel
from console.actions.patrol.models import (
    Standing,
    adopt_model,
    list_models,
    model_for,
    model_record,
    refuse_model,
    standing,
)
from console.actions.patrol.training import FEWEST, promise_training
from console.i18n import t
from console.pages.frame import my_desk, plain, refusals_shown, said
from console.pages.kit import (
    Column,
    Kind,
    Next,
    Tone,
    choice,
    counted,
    cursor,
    empty,
    facts,
    figures,
    figures_grid,
    filters,
    flash,
    labelled,
    link_to,
    list_or_record,
    list_tools,
    marked,
    moment,
    next_moves,
    page_head,
    pager,
    record_head,
    record_table,
    section,
    state_pill,
    timeline,
    two_columns,
    view,
    words_of,
)
from console.pages.screening_parts import compare, f1_of
from models.patrol.labels import ModelMove, ModelState, ScreenModel, TitleLabel
from models.patrol.screening import Label, screen
from models.permissions import Permission
from models.refusals import NotFound

P = Permission
LABELS: Mapping[str, Tone] = {
    label: Tone.OVER if label is Label.NOT_CARD else Tone.WARNING for label in Label
}
MODELS: Mapping[str, Tone] = {
    ModelState.TRAINING: Tone.BUSY,
    ModelState.FAILED: Tone.BAD,
    ModelState.CANDIDATE: Tone.WAITING,
    ModelState.ADOPTED: Tone.GOOD,
    ModelState.REFUSED: Tone.OVER,
    ModelState.REPLACED: Tone.OVER,
}
LONGEST = 300
POLL = 3.0


def show_list() -> None:
    with page_head(t("screening_page.title"), t("screening_page.hint")):
        next_moves(desk, [training()], "screening")
    views = {
        name: t(f"screening_page.view_{name}")
        for name in ("model", "disagreements", "labels", "models")
    }
    match view(views):
        case "model":
            with refusals_shown():
                show_model()
        case "models":
            with refusals_shown():
                show_models()
        case other:
            show_labels(disagree=other == "disagreements")


def training() -> Next:
    def train(_nothing: str) -> str:
        return t("screening_page.promised", number=promise_training(desk).number)

    return Next(
        "train", t("screening_page.train"), t("screening_page.train_will"), train,
        P.MODEL_TRAIN, icon=":material/model_training:", main=True,
    )  # fmt: skip


def show_model() -> None:
    now = standing(desk)
    figures(
        {
            t("screening_page.in_force"): (
                now.adopted.number if now.adopted else t("screening_page.shipped")
            ),
            t("screening_page.labels"): now.labels,
            t("screening_page.waiting"): now.waiting,
            t("screening_page.disagreeing"): now.disagreements,
        },
        {
            t("screening_page.in_force"): now.version,
            t("screening_page.waiting"): t("screening_page.waiting_hint", least=FEWEST),
        },
    )
    if now.training is not None:
        show_training(now.training)
    left, right = two_columns()
    with left:
        show_candidate(now)
    with right:
        try_a_title()


def show_training(row: ScreenModel) -> None:
    if row.state is ModelState.TRAINING:
        following(str(row.id))
    else:
        word = row.reason.replace(" ", "_")
        problem = said(f"training_problem.{word}", row.reason)
        st.warning(t("screening_page.broke", number=row.number, problem=plain(problem)))


@st.fragment(run_every=POLL)
def following(model_id: str) -> None:
    """How long a training takes so far; the whole page comes again when it is over."""
    with refusals_shown():
        row = model_record(desk, model_id).model
        if row.state is not ModelState.TRAINING:
            st.rerun(scope="app")
        seconds = round((desk.now() - row.trained_at).total_seconds())
        st.info(
            t("screening_page.progress", number=row.number, seconds=seconds),
            icon=":material/model_training:",
        )


def show_candidate(now: Standing) -> None:
    row = now.candidate or now.adopted
    if row is None:
        section(t("screening_page.candidate"))
        empty(t("screening_page.no_candidate"), t("screening_page.no_candidate_next"))
        return
    is_open = row.state is ModelState.CANDIDATE
    section(t("screening_page.candidate" if is_open else "screening_page.measured"))
    state_pill("model_state", row.state, MODELS)
    compare(row, key="candidate")
    next_moves(desk, moves(row), row.id)
    link_to(row.number, "screening", row.id, key="to:model")


def try_a_title() -> None:
    section(t("screening_page.try"), t("screening_page.try_hint"))
    title = st.text_input(t("screening_page.try_title"), key="try", max_chars=LONGEST)
    if not title.strip():
        return
    found = screen(title, model=model_for(desk.house, desk.actor.organisation_id))
    with st.container(horizontal=True):
        state_pill("label", found.label, LABELS)
        st.badge(t(f"offer_kind.{found.kind}"), color="gray")
        if found.is_disguised:
            st.badge(t("screening_page.disguised"), color="orange")
    st.markdown(marked(title, words_of(found.reasons)))
    facts(
        {
            t("screening_page.score"): f"{found.score:.3f}",
            t("screening_page.severity"): str(found.severity),
        }
    )
    if not found.reasons:
        st.caption(t("screening_page.no_reasons"))
        return
    words = counted(found.reasons)
    rows = {
        t("screening_page.word"): [word for word, _ in words],
        t("screening_page.weight"): [weight for _, weight in words],
    }
    figures_grid(rows, key="screening:reasons")


def show_labels(*, disagree: bool) -> None:
    with filters():
        label = choice("label", t("screening_page.label"), labelled("label", list(Label)))
    with refusals_shown():
        chosen = Label(label) if label else None
        list_tools(desk, "screening")
        found = list_labels(
            desk, cursor("labels", label, disagree), label=chosen, disagree=disagree
        )
        if not found.rows:
            words = "no_disagreements" if disagree else "no_labels"
            empty(t(f"screening_page.{words}"), t("screening_page.no_labels_next"))
            return
        columns = [
            Column[TitleLabel](t("screening_page.offer"), lambda row: row.title_seen, width=380),
            Column[TitleLabel](t("screening_page.shop"), lambda row: row.shop_name, width=160),
            Column[TitleLabel](
                t("screening_page.label"), lambda row: row.label, Kind.STATE, "label", LABELS, 150
            ),
            Column[TitleLabel](
                t("screening_page.machine"),
                lambda row: row.machine_label, Kind.STATE, "label", LABELS, 150,
            ),
            Column[TitleLabel](
                t("screening_page.labelled_at"), lambda row: row.labelled_at, Kind.MOMENT, width=150
            ),
        ]  # fmt: skip
        record_table(found.rows, columns, key="labels")
        pager(found, "labels")


def show_models() -> None:
    found = list_models(desk, cursor("models"))
    if not found.rows:
        empty(t("screening_page.no_candidate"), t("screening_page.no_candidate_next"))
        return
    columns = [
        Column[ScreenModel](t("screening_page.number"), lambda row: row.number, width=150),
        Column[ScreenModel](
            t("screening_page.state"), lambda row: row.state, Kind.STATE, "model_state", MODELS, 110
        ),
        Column[ScreenModel](
            t("screening_page.learned"), lambda row: row.labels, Kind.NUMBER, width=110
        ),
        Column[ScreenModel](t("screening_page.f1_new"), lambda row: f1_of(row, "new"), width=110),
        Column[ScreenModel](t("screening_page.f1_old"), lambda row: f1_of(row, "old"), width=110),
        Column[ScreenModel](
            t("screening_page.trained_at"), lambda row: row.trained_at, Kind.MOMENT, width=150
        ),
    ]
    record_table(found.rows, columns, key="models")
    pager(found, "models")


def show_record(row_id: str) -> None:
    """A model, else a label: both are rows of this page."""
    try:
        record = model_record(desk, row_id)
    except NotFound:
        show_label(row_id)
        return
    row = record.model
    with record_head(
        row.number,
        t("screening_page.model"),
        area="model_state",
        state=row.state,
        tones=MODELS,
    ):
        next_moves(desk, moves(row), row.id)
    left, right = two_columns()
    with left:
        if row.measures:
            show_measures(row)
        else:
            show_training(row)
    with right:
        timeline(record.deeds)


def show_measures(row: ScreenModel) -> None:
    compare(row, key="record")
    facts(
        {
            t("screening_page.learned"): str(row.labels),
            t("screening_page.held_out"): str(row.measures["new"]["n"]),
            t("screening_page.trained_at"): moment(row.trained_at),
            t("screening_page.reason"): row.reason,
            t("screening_page.digest"): row.sha256,
        }
    )
    if alarms := row.measures["new"]["false_alarms"]:
        section(t("screening_page.alarms"), t("screening_page.alarms_hint"))
        for title in alarms:
            st.markdown(f"- {plain(title)}")


def moves(row: ScreenModel) -> list[Next]:
    other = row.trained_by != desk.actor.id
    is_open = ModelMove.ADOPT in row.open_moves()
    if is_open and not other and desk.actor.may(P.MODEL_ADOPT):
        st.caption(t("screening_page.own"))

    def adopt(reason: str) -> str:
        adopt_model(desk, row.id, reason, version=row.version)
        return t("screening_page.adopted", number=row.number)

    def refuse(reason: str) -> None:
        refuse_model(desk, row.id, reason, version=row.version)

    return [
        Next("adopt", t("model_move.adopt"), t("screening_page.adopt_will"), adopt,
             P.MODEL_ADOPT, is_open=is_open and other, reason=True,
             icon=":material/check_circle:", main=True),
        Next("refuse", t("model_move.refuse"), t("screening_page.refuse_will"), refuse,
             P.MODEL_ADOPT, is_open=ModelMove.REFUSE in row.open_moves(), reason=True,
             icon=":material/cancel:"),
    ]  # fmt: skip


def show_label(label_id: str) -> None:
    row = get_label(desk, label_id)
    found = screen(row.title_seen, model=model_for(desk.house, row.organisation_id))
    with record_head(t("screening_page.offer"), row.title_seen):
        next_moves(desk, [relabelling(row.id, row.label)], row.id)
    st.markdown(marked(row.title_seen, words_of(found.reasons)))
    facts(
        {
            t("screening_page.shop"): row.shop_name,
            t("screening_page.label"): t(f"label.{row.label}"),
            t("screening_page.machine"): t(f"label.{row.machine_label}"),
            t("screening_page.machine_now"): t(f"label.{found.label}"),
            t("screening_page.labelled_at"): moment(row.labelled_at),
        }
    )
    if row.finding_id is not None:
        link_to(t("screening_page.finding"), "findings", row.finding_id, key="to:finding")


def relabelling(label_id: UUID, now: Label) -> Next:
    def ask(key: str) -> str:
        words = [label.value for label in Label if label is not now]
        picked = st.selectbox(
            t("screening_page.label"), words, key=key, format_func=lambda one: t(f"label.{one}")
        )
        return picked or words[0]

    def change(word: str) -> None:
        relabel(desk, label_id, Label(word))
        flash(t("screening_page.relabelled"))

    return Next(
        "relabel", t("screening_page.relabel"), t("screening_page.relabel_will"), change,
        P.MODEL_TRAIN, ask=ask, icon=":material/edit:", main=True,
    )  # fmt: skip


desk = my_desk()
list_or_record(show_list, show_record)
