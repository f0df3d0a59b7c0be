"""What may be done with an agent, each move with its form and what it will bring about."""

from collections.abc import Callable, Mapping

from console.actions.channel.agents import (
    AgentRecord,
    edit_agent,
    exit_agent,
    reapply_agent,
    submit_agent,
)
from console.actions.channel.licences import draft_licence
from console.actions.channel.review import (
    blacklist_agent,
    restore_agent,
    review_agent,
    suspend_agent,
    uphold_appeal,
    withdraw_proposal,
)
from console.actions.channel.shops import add_shop
from console.desk import Desk
from console.i18n import t
from console.pages.channel_forms import (
    agent_fields,
    agent_form,
    ending_fields,
    licence_fields,
    licence_form,
    refusal_fields,
    shop_fields,
    shop_form,
    two_texts,
    unpacked,
)
from console.pages.kit import Next
from models.channel.agents import AgentMove, AgentReason, AgentState
from models.permissions import Permission

P, M, S = Permission, AgentMove, AgentState
_NAMED = (S.ELIGIBLE, S.ACTIVE)
_FILE = (S.DRAFT, S.NEEDS_CORRECTION, S.ELIGIBLE, S.ACTIVE)


def offered(  # noqa: PLR0913 - a move's parts
    name: str,
    act: Callable[[str], object],
    permission: Permission,
    icon: str,
    *,
    when: bool,
    ask: Callable[[str], str] | None = None,
    reason: bool = False,
    main: bool = False,
) -> Next:
    """A move of the agents page; its words are `agents_page.<name>` and `…_will`."""

    def do(words: str) -> None:
        act(words)

    return Next(
        name,
        t(f"agents_page.{name}"),
        t(f"agents_page.{name}_will"),
        do,
        permission,
        is_open=when,
        reason=reason,
        ask=ask,
        icon=f":material/{icon}:",
        main=main,
    )


def file_moves(desk: Desk, record: AgentRecord) -> list[Next]:
    """Of whoever keeps the file: hand in, correct, take out."""
    agent, state = record.agent, record.agent.state
    moves, version = agent.open_moves(), agent.version

    def leave(words: str) -> None:
        exit_agent(desk, agent.id, **unpacked(words), version=version)

    return [
        offered(
            "submit",
            lambda _: submit_agent(desk, agent.id, version),
            P.AGENT_EDIT,
            "send",
            when=bool({M.SUBMIT, M.RESUBMIT} & set(moves)),
            main=True,
        ),
        offered(
            "edit",
            lambda words: edit_agent(desk, agent.id, agent_form(words)[0], version),
            P.AGENT_EDIT,
            "edit",
            when=state in _FILE,
            ask=lambda key: agent_fields(key, agent),
        ),
        offered(
            "reapply",
            lambda _: reapply_agent(desk, agent.id, version),
            P.AGENT_EDIT,
            "restart_alt",
            when=M.REAPPLY in moves,
        ),
        offered(
            "exit",
            leave,
            P.AGENT_EDIT,
            "logout",
            when=M.EXIT in moves,
            ask=lambda key: ending_fields(
                key,
                {
                    "is_data_returned": t("agents_page.data_returned"),
                    "are_cards_returned": t("agents_page.cards_returned"),
                },
            ),
        ),
    ]


def scope_moves(desk: Desk, record: AgentRecord, platforms: Mapping[str, str]) -> list[Next]:
    agent = record.agent
    return [
        offered(
            "add_shop",
            lambda words: add_shop(desk, agent.id, shop_form(words)),
            P.LICENCE_EDIT,
            "add_business",
            when=agent.state in _NAMED,
            ask=lambda key: shop_fields(key, platforms),
        ),
        offered(
            "draft_licence",
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

    def refuse(words: str) -> None:
        values = unpacked(words)
        review_agent(
            desk,
            agent.id,
            passed=False,
            reasons=[AgentReason(one) for one in values["reasons"]],
            remark=values["remark"],
            version=agent.version,
        )

    return [
        offered(
            "pass",
            lambda _: review_agent(desk, agent.id, passed=True, version=agent.version),
            P.AGENT_REVIEW,
            "check_circle",
            when=in_review,
            main=True,
        ),
        offered(
            "refuse", refuse, P.AGENT_REVIEW, "undo", when=in_review, ask=refusal_fields
        ),
        offered(
            "withdraw",
            lambda _: withdraw_proposal(desk, agent.id),
            P.AGENT_REVIEW,
            "backspace",
            when=agent.proposal is not None,
        ),
    ]


def measure_moves(desk: Desk, record: AgentRecord) -> list[Next]:
    """Suspension, blacklist, appeal."""
    agent, moves = record.agent, record.agent.open_moves()
    is_first = agent.proposal is None
    may_second = is_first or agent.proposed_by != desk.actor.id

    def suspend(words: str) -> None:
        values = unpacked(words)
        suspend_agent(
            desk, agent.id, reason=values["one"], remedy=values["two"], version=agent.version
        )

    def blacklist(words: str) -> None:
        values = unpacked(words)
        blacklist_agent(
            desk, agent.id, reason=values["one"], source=values["two"], version=agent.version
        )

    return [
        offered(
            "suspend",
            suspend,
            P.AGENT_REVIEW,
            "pause_circle",
            when=M.SUSPEND in moves,
            ask=lambda key: two_texts(key, t("console.reason"), t("agents_page.remedy")),
        ),
        offered(
            "restore",
            lambda proof: restore_agent(desk, agent.id, proof=proof, version=agent.version),
            P.AGENT_REVIEW,
            "play_circle",
            when=M.RESTORE in moves,
            reason=True,
        ),
        offered(
            "blacklist" if agent.proposal is not M.BLACKLIST else "blacklist_second",
            blacklist,
            P.BLACKLIST_EDIT,
            "block",
            when=M.BLACKLIST in moves and may_second,
            ask=lambda key: two_texts(key, t("console.reason"), t("agents_page.source")),
        ),
        offered(
            "uphold" if agent.proposal is not M.APPEAL_UPHELD else "uphold_second",
            lambda words: uphold_appeal(desk, agent.id, decision=words, version=agent.version),
            P.BLACKLIST_EDIT,
            "balance",
            when=M.APPEAL_UPHELD in moves and may_second,
            reason=True,
        ),
    ]
