"""Papers of agents, and the conditions that were signed for those of the office."""

from typing import Final
from uuid import UUID

from console.demo.cast import PAPER, PROOF
from console.demo.world.firms import Firm
from console.demo.world.made import Sheaf, World
from integrations.evidence import Digest
from models.channel.conditions import Condition, condition_lines
from models.channel.papers import AgentPaper, Clause, PaperKind
from models.rules import china_day

_KINDS: Final = (
    PaperKind.BUSINESS_LICENCE, PaperKind.AGREEMENT, PaperKind.COMMITMENT_LETTER,
    PaperKind.DATA_PROCESSING, PaperKind.CONDITION_EVIDENCE,
)  # fmt: skip


def put_papers(  # noqa: PLR0913, PLR0917 - an agent's file
    world: World, sheaf: Sheaf, agent_id: UUID, one: Firm, paper: Digest, proof: Digest
) -> None:
    """All that admission asks for; every file of a kind is the same page."""
    by = world.people["chen.ming"] if one.carrier.code == "CT-44" else None
    row = agent_id
    for kind in _KINDS:
        is_picture = kind is PaperKind.BUSINESS_LICENCE
        row = world.id_at(one.applied_at)
        sheaf.put(
            AgentPaper, id=row, agent_id=agent_id, carrier_id=one.carrier.id,
            province=one.province, kind=kind, number=f"{kind.value[:2].upper()}-{row.hex[-6:]}",
            sha256=str(proof if is_picture else paper),
            file_name="营业执照.png" if is_picture else f"{kind.value}.pdf",
            media_type="image/png" if is_picture else "application/pdf",
            size=len(PROOF if is_picture else PAPER),
            clauses=[clause.value for clause in Clause] if kind is PaperKind.AGREEMENT else [],
            added_by=by, created_at=one.applied_at,
        )  # fmt: skip
    if by is not None:
        _put_conditions(world, sheaf, agent_id, one, row)


def _put_conditions(world: World, sheaf: Sheaf, agent_id: UUID, one: Firm, evidence: UUID) -> None:
    for line in condition_lines(china_day(one.applied_at)):
        sheaf.put(
            Condition, id=world.id_at(one.applied_at), agent_id=agent_id,
            carrier_id=one.carrier.id, province=one.province, checklist=line.checklist,
            line=line.code, is_met=True, paper_id=evidence, rule_version=line.version,
            signed_by=world.people["chen.ming"], signer="陈明", signed_at=one.applied_at,
        )  # fmt: skip
