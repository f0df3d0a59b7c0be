"""What may be done with an agent, each move with its form and what it will bring about."""

from collections.abc import Mapping

from console.actions.channel.agents import (
    AgentRecord,
    edit_agent,
    exit_agent,
    reapply_agent,
    submit_agent,
)
from console.actions.channel.badges import issue_badge, shops_without_badge
from console.actions.channel.licences import draft_licence
from console.actions.channel.review import (
    blacklist_agent,
    restore_agent,
    review_agent,
    suspend_agent,
    withdraw_proposal,
)
from console.actions.channel.shops import add_shop, end_shop
from console.desk import Desk
from console.i18n import t
from console.pages.channel_forms import (
    agent_fields,
    agent_form,
    chosen_shop,
    pass_fields,
    refusal_fields,
    shop_fields,
    shop_form,
    two_texts,
    unpacked,
)
from console.pages.channel_words import move_of
from console.pages.file_forms import exit_fields, hand_back, suspension_fields
from console.pages.kit import Next
from console.pages.licence_forms import licence_fields, licence_form
from models.channel.agents import AgentMove, AgentReason, AgentState
from models.permissions import Permission

P, M, S = Permission, AgentMove, AgentState
_NAMED = (S.ELIGIBLE, S.ACTIVE)
_FILE = (S.DRAFT, S.NEEDS_CORRECTION, S.ELIGIBLE, S.ACTIVE)


def file_moves(desk: Desk, record: AgentRecord) -> list[Next]:
    """Of whoever keeps the file: hand in, correct, take out."""
    agent, state = record.agent, record.agent.state
    moves, version = agent.open_moves(), agent.version

    def leave(words: str) -> None:
        exit_agent(desk, agent.id, hand_back(words), version)

    return [
        move_of(
            "agents_page.submit",
            lambda _: submit_agent(desk, agent.id, version),
            P.AGENT_EDIT,
            "send",
            when=bool({M.SUBMIT, M.RESUBMIT} & set(moves)),
            main=True,
        ),
        move_of(
            "agents_page.edit",
            lambda words: edit_agent(desk, agent.id, agent_form(words)[0], version),
            P.AGENT_EDIT,
            "edit",
            when=state in _FILE,
            ask=lambda key: agent_fields(key, agent),
        ),
        move_of(
            "agents_page.reapply",
            lambda _: reapply_agent(desk, agent.id, version),
            P.AGENT_EDIT,
            "restart_alt",
            when=M.REAPPLY in moves,
        ),
        move_of(
            "agents_page.exit",
            leave,
            P.AGENT_EDIT,
            "logout",
            when=M.EXIT in moves,
            ask=exit_fields,
        ),
    ]


def scope_moves(desk: Desk, record: AgentRecord, platforms: Mapping[str, str]) -> list[Next]:
    agent = record.agent
    live = [shop for shop in record.shops if shop.ended_at is None]
    bare = shops_without_badge(record.licences, record.shops, record.badges)

    def close_shop(words: str) -> None:
        values = unpacked(words)
        end_shop(desk, values["shop"], reason=values["reason"])

    return [
        move_of(
            "agents_page.add_shop",
            lambda words: add_shop(desk, agent.id, shop_form(words)),
            P.LICENCE_EDIT,
            "add_business",
            when=agent.state in _NAMED,
            ask=lambda key: shop_fields(key, platforms),
        ),
        move_of(
            "agents_page.end_shop",
            close_shop,
            P.LICENCE_EDIT,
            "store",
            when=bool(live),
            ask=lambda key: chosen_shop(key, t("agents_page.shop_to_end"), live, why=True),
        ),
        move_of(
            "agents_page.issue_badge",
            lambda words: issue_badge(desk, unpacked(words)["shop"]),
            P.BADGE_ISSUE,
            "verified_user",
            when=bool(bare),
            ask=lambda key: chosen_shop(key, t("agents_page.shop_without_badge"), bare),
        ),
        move_of(
            "agents_page.draft_licence",
            lambda words: draft_licence(desk, agent.id, licence_form(words)),
            P.LICENCE_EDIT,
            "license",
            when=agent.state in _NAMED,
            ask=lambda key: licence_fields(desk, key, record.shops),
            main=agent.state is S.ELIGIBLE,
        ),
    ]


def review_moves(desk: Desk, record: AgentRecord) -> list[Next]:
    """Of whoever decides, who is not whoever handed it in."""
    agent = record.agent
    in_review = agent.state is S.VERIFYING and agent.submitted_by != desk.actor.id
    is_late = agent.review_due_at is not None and agent.review_due_at <= desk.now()

    def accept(words: str) -> None:
        late = unpacked(words)["late_reason"] if words else ""
        review_agent(desk, agent.id, passed=True, late_reason=late, version=agent.version)

    def refuse(words: str) -> None:
        values = unpacked(words)
        review_agent(
            desk,
            agent.id,
            passed=False,
            reasons=[AgentReason(one) for one in values["reasons"]],
            remark=values["remark"],
            late_reason=values["late_reason"],
            version=agent.version,
        )

    return [
        move_of(
            "agents_page.pass",
            accept,
            P.AGENT_REVIEW,
            "check_circle",
            when=in_review,
            ask=pass_fields if is_late else None,
            main=True,
        ),
        move_of(
            "agents_page.refuse", refuse, P.AGENT_REVIEW, "undo", when=in_review, ask=refusal_fields
        ),
        move_of(
            "agents_page.withdraw",
            lambda _: withdraw_proposal(desk, agent.id),
            P.AGENT_REVIEW,
            "backspace",
            when=agent.proposal is not None,
        ),
    ]


def measure_moves(desk: Desk, record: AgentRecord) -> list[Next]:
    """Suspension and the blacklist."""
    agent, moves = record.agent, record.agent.open_moves()
    is_first = agent.proposal is None
    may_second = is_first or agent.proposed_by != desk.actor.id

    def suspend(words: str) -> None:
        suspend_agent(desk, agent.id, **unpacked(words), version=agent.version)

    def blacklist(words: str) -> None:
        values = unpacked(words)
        blacklist_agent(
            desk, agent.id, reason=values["one"], source=values["two"], version=agent.version
        )

    return [
        move_of(
            "agents_page.suspend",
            suspend,
            P.AGENT_REVIEW,
            "pause_circle",
            when=M.SUSPEND in moves,
            ask=suspension_fields,
        ),
        move_of(
            "agents_page.restore",
            lambda proof: restore_agent(desk, agent.id, proof=proof, version=agent.version),
            P.AGENT_REVIEW,
            "play_circle",
            when=M.RESTORE in moves,
            reason=True,
        ),
        move_of(
            _named("blacklist", is_second=agent.proposal is M.BLACKLIST),
            blacklist,
            P.BLACKLIST_EDIT,
            "block",
            when=M.BLACKLIST in moves and may_second,
            ask=lambda key: two_texts(key, t("console.reason"), t("agents_page.source")),
        ),
    ]


def _named(move: str, *, is_second: bool) -> str:
    return f"agents_page.{move}_second" if is_second else f"agents_page.{move}"
