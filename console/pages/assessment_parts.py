"""A batch's risk assessments as they were filled: every answer, what it weighed, who said so."""

from collections.abc import Mapping, Sequence
from uuid import UUID

import streamlit as st

from console.actions.cards.industry.reviews import assessors
from console.desk import Desk
from console.i18n import Language, listed, spoken, t
from console.pages.frame import plain
from console.pages.industry_words import TONES
from console.pages.kit import (
    NOTHING,
    day,
    facts,
    moment,
    section,
    state_pill,
)
from models.cards.assessments import AssessmentVerdict, RiskAssessment
from models.cards.classes import Question, RiskForm, risk_form


def show_assessments(desk: Desk, batch_id: UUID, made: Sequence[RiskAssessment]) -> None:
    """The newest first: it counts."""
    section(t("industry_page.assessments"))
    if not made:
        st.caption(t("industry_page.not_assessed"))
        return
    names = assessors(desk, batch_id)
    for one in made:
        _show(one, names)


def _show(made: RiskAssessment, names: Mapping[UUID, str]) -> None:
    form = risk_form() if made.form_version == risk_form().version else None
    with st.container(border=True):
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            kind = "assessed_again" if made.is_yearly else "assessed_before_sale"
            st.markdown(f"**{t(f'industry_page.{kind}')}**", width="content")
            state_pill("assessment_verdict", made.verdict, TONES)
        facts(_facts(made, form, names))
        with st.expander(t("industry_page.answers_given", n=len(made.answers))):
            _show_answers(made, form)


def _facts(
    made: RiskAssessment, form: RiskForm | None, names: Mapping[UUID, str]
) -> dict[str, object]:
    score = f"{made.score:g}"
    if form is not None:
        score = t("industry_page.score_of", score=score, most=f"{form.pass_to:g}")
    who = names.get(made.assessed_by) if made.assessed_by else None
    said: dict[str, object] = {
        t("industry_page.score"): score,
        t("industry_page.assessed_until"): day(made.valid_until),
        t("industry_page.assessor"): who or NOTHING,
        t("industry_page.assessed_at"): moment(made.assessed_at),
    }
    if made.verdict is AssessmentVerdict.FAILED:
        said[t("industry_page.failed_by")] = _why_failed(made, form)
    return said | {t("industry_page.review_reason"): made.reason}


def _why_failed(made: RiskAssessment, form: RiskForm | None) -> str:
    if made.barred_by:
        words = _questions(form)
        named = listed(_asked(words[one]) if one in words else one for one in made.barred_by)
        return t("industry_page.failed_barred", questions=named)
    if form is None:
        return ""
    return t(f"industry_page.failed_{'over' if made.score > form.pass_to else 'by_hand'}")


def _show_answers(made: RiskAssessment, form: RiskForm | None) -> None:
    """In the order of the form; of a form that is no more, the codes as they were kept."""
    if form is None:
        st.caption(t("industry_page.older_form", version=plain(made.form_version)))
        facts(made.answers)
        return
    facts({_asked(one): _answered(one, made.answers[one.code]) for one in form.question}, abreast=1)
    st.caption(t("industry_page.total", score=f"{made.score:g}", most=f"{form.pass_to:g}"))


def _answered(question: Question, code: str) -> str:
    given = next(one for one in question.answers if one.code == code)
    words = given.zh if spoken.get() is Language.ZH else given.en
    key = "barred_answer" if given.barred else "answer"
    return t(f"industry_page.{key}", answer=words, points=given.points, weight=question.weight)


def _questions(form: RiskForm | None) -> dict[str, Question]:
    return {one.code: one for one in form.question} if form else {}


def _asked(question: Question) -> str:
    return question.zh if spoken.get() is Language.ZH else question.en
