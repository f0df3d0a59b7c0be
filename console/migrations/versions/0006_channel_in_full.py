"""The channel in full: papers, conditions, versions, appeals, keys, signals, the public log."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def _issuing_halts() -> None:
    op.create_table(
        "issuing_halts",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("reason", sa.String(1000), nullable=False),
        sa.Column("halted_by", sa.Uuid(), nullable=True),
        sa.Column("halted_by_name", sa.String(64), nullable=False),
        sa.Column("halted_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("lifted_by", sa.Uuid(), nullable=True),
        sa.Column("lifted_by_name", sa.String(64), nullable=False),
        sa.Column("lifted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("lift_reason", sa.String(1000), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_issuing_halts"),
    )


def _log_checkpoints() -> None:
    op.create_table(
        "log_checkpoints",
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("root", sa.LargeBinary(), nullable=False),
        sa.Column("note", sa.String(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("cosigned_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("size", name="pk_log_checkpoints"),
    )
    op.create_index("ix_log_checkpoints_cosigned_at", "log_checkpoints", ["cosigned_at"])


def _log_entries() -> None:
    op.create_table(
        "log_entries",
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("kind", sa.String(32), nullable=False),
        sa.Column("agent_no", sa.String(40), nullable=True),
        sa.Column("badge_id", sa.String(16), nullable=True),
        sa.Column("token_sha256", sa.String(64), nullable=True),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("leaf", sa.Integer(), nullable=True),
        sa.PrimaryKeyConstraint("seq", name="pk_log_entries"),
        sa.UniqueConstraint("leaf", name="uq_log_entries_leaf"),
    )
    op.create_index("ix_log_entries_agent_no", "log_entries", ["agent_no"])
    op.create_index("ix_log_entries_badge_id", "log_entries", ["badge_id"])


def _scan_counts() -> None:
    op.create_table(
        "scan_counts",
        sa.Column("badge_id", sa.String(16), nullable=False),
        sa.Column("hour", sa.DateTime(timezone=True), nullable=False),
        sa.Column("province", sa.String(2), nullable=False),
        sa.Column("scans", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("badge_id", "hour", "province", name="pk_scan_counts"),
    )


def _signing_keys() -> None:
    op.create_table(
        "signing_keys",
        sa.Column("kid", sa.String(4), nullable=False),
        sa.Column("role", sa.String(32), nullable=False),
        sa.Column("algorithm", sa.String(16), nullable=False),
        sa.Column("public", sa.String(200), nullable=False),
        sa.Column("not_before", sa.DateTime(timezone=True), nullable=False),
        sa.Column("not_after", sa.DateTime(timezone=True), nullable=False),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("reason", sa.String(1000), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("kid", name="pk_signing_keys"),
    )


def _restricted_parties() -> None:
    op.create_table(
        "restricted_parties",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("carrier_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("uscc", sa.String(18), nullable=False),
        sa.Column("authority", sa.String(200), nullable=False),
        sa.Column("document_no", sa.String(64), nullable=False),
        sa.Column("basis", sa.String(500), nullable=False),
        sa.Column("begins_on", sa.Date(), nullable=False),
        sa.Column("until", sa.Date(), nullable=False),
        sa.Column("appeal_to", sa.String(500), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("lifted_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["carrier_id"], ["organisations.id"], name="fk_restricted_parties_carrier_id"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_restricted_parties"),
    )
    op.create_index("ix_restricted_parties_carrier_id", "restricted_parties", ["carrier_id"])
    op.create_index("ix_restricted_parties_name", "restricted_parties", ["name"])
    op.create_index("ix_restricted_parties_uscc", "restricted_parties", ["uscc"])


def _agent_papers() -> None:
    op.create_table(
        "agent_papers",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("agent_id", sa.Uuid(), nullable=False),
        sa.Column("carrier_id", sa.Uuid(), nullable=False),
        sa.Column("province", sa.String(2), nullable=False),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(32), nullable=False),
        sa.Column("number", sa.String(64), nullable=False),
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("file_name", sa.String(200), nullable=False),
        sa.Column("media_type", sa.String(64), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("clauses", sa.JSON(), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=True),
        sa.Column("valid_until", sa.Date(), nullable=True),
        sa.Column("added_by", sa.Uuid(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("withdrawn_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["agent_id"], ["agents.id"], name="fk_agent_papers_agent_id"),
        sa.ForeignKeyConstraint(
            ["carrier_id"], ["organisations.id"], name="fk_agent_papers_carrier_id"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_agent_papers"),
    )
    op.create_index("ix_agent_papers_agent", "agent_papers", ["agent_id", "kind"])


def _appeals() -> None:
    op.create_table(
        "appeals",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("subject_kind", sa.String(40), nullable=False),
        sa.Column("subject_id", sa.Uuid(), nullable=False),
        sa.Column("subject_name", sa.String(300), nullable=False),
        sa.Column("measure", sa.String(64), nullable=False),
        sa.Column("carrier_id", sa.Uuid(), nullable=False),
        sa.Column("province", sa.String(2), nullable=False),
        sa.Column("ground", sa.String(2000), nullable=False),
        sa.Column("paper_id", sa.Uuid(), nullable=True),
        sa.Column("state", sa.String(32), nullable=False),
        sa.Column("proposal", sa.String(32), nullable=True),
        sa.Column("proposed_by", sa.Uuid(), nullable=True),
        sa.Column("decision", sa.String(2000), nullable=False),
        sa.Column("decided_by", sa.Uuid(), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("rule_version", sa.String(64), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["carrier_id"], ["organisations.id"], name="fk_appeals_carrier_id"),
        sa.ForeignKeyConstraint(["paper_id"], ["agent_papers.id"], name="fk_appeals_paper_id"),
        sa.PrimaryKeyConstraint("id", name="pk_appeals"),
    )
    op.create_index("ix_appeals_carrier_state", "appeals", ["carrier_id", "state", "due_at"])
    op.create_index("ix_appeals_subject", "appeals", ["subject_kind", "subject_id"])


def _conditions() -> None:
    op.create_table(
        "conditions",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("agent_id", sa.Uuid(), nullable=False),
        sa.Column("carrier_id", sa.Uuid(), nullable=False),
        sa.Column("province", sa.String(2), nullable=False),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("checklist", sa.String(32), nullable=False),
        sa.Column("line", sa.String(32), nullable=False),
        sa.Column("is_met", sa.Boolean(), nullable=False),
        sa.Column("remark", sa.String(1000), nullable=False),
        sa.Column("paper_id", sa.Uuid(), nullable=True),
        sa.Column("rule_version", sa.String(64), nullable=False),
        sa.Column("signed_by", sa.Uuid(), nullable=True),
        sa.Column("signer", sa.String(64), nullable=False),
        sa.Column("signed_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["agent_id"], ["agents.id"], name="fk_conditions_agent_id"),
        sa.ForeignKeyConstraint(
            ["carrier_id"], ["organisations.id"], name="fk_conditions_carrier_id"
        ),
        sa.ForeignKeyConstraint(["paper_id"], ["agent_papers.id"], name="fk_conditions_paper_id"),
        sa.PrimaryKeyConstraint("id", name="pk_conditions"),
        sa.UniqueConstraint(
            "agent_id", "attempt", "line", name="uq_conditions_agent_id_attempt_line"
        ),
    )


def _licence_versions() -> None:
    op.create_table(
        "licence_versions",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("licence_id", sa.Uuid(), nullable=False),
        sa.Column("carrier_id", sa.Uuid(), nullable=False),
        sa.Column("province", sa.String(2), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("products", sa.JSON(), nullable=False),
        sa.Column("provinces", sa.JSON(), nullable=False),
        sa.Column("shop_ids", sa.JSON(), nullable=False),
        sa.Column("begins_on", sa.Date(), nullable=False),
        sa.Column("ends_on", sa.Date(), nullable=False),
        sa.Column("state", sa.String(32), nullable=False),
        sa.Column("reason", sa.String(1000), nullable=False),
        sa.Column("asked_by", sa.Uuid(), nullable=True),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("decided_by", sa.Uuid(), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["carrier_id"], ["organisations.id"], name="fk_licence_versions_carrier_id"
        ),
        sa.ForeignKeyConstraint(
            ["licence_id"], ["licences.id"], name="fk_licence_versions_licence_id"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_licence_versions"),
        sa.UniqueConstraint("licence_id", "number", name="uq_licence_versions_licence_id_number"),
    )
    op.create_index(
        "ix_licence_versions_carrier_state", "licence_versions", ["carrier_id", "state", "due_at"]
    )
    op.create_index(
        "uq_licence_versions_pending",
        "licence_versions",
        ["licence_id"],
        unique=True,
        sqlite_where=sa.text("state = 'pending'"),
        postgresql_where=sa.text("state = 'pending'"),
    )


def _tellings() -> None:
    op.create_table(
        "tellings",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("licence_id", sa.Uuid(), nullable=False),
        sa.Column("carrier_id", sa.Uuid(), nullable=False),
        sa.Column("province", sa.String(2), nullable=False),
        sa.Column("platform", sa.String(32), nullable=False),
        sa.Column("event", sa.String(32), nullable=False),
        sa.Column("shops", sa.JSON(), nullable=False),
        sa.Column("reason", sa.String(1000), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("rule_version", sa.String(64), nullable=False),
        sa.Column("acknowledged_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("acknowledged_by", sa.String(64), nullable=False),
        sa.Column("pushed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("next_push_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("last_words", sa.String(1000), nullable=False),
        sa.ForeignKeyConstraint(
            ["carrier_id"], ["organisations.id"], name="fk_tellings_carrier_id"
        ),
        sa.ForeignKeyConstraint(["licence_id"], ["licences.id"], name="fk_tellings_licence_id"),
        sa.PrimaryKeyConstraint("id", name="pk_tellings"),
    )
    op.create_index("ix_tellings_next_push_at", "tellings", ["next_push_at"])
    op.create_index("ix_tellings_licence", "tellings", ["licence_id", "id"])
    op.create_index("ix_tellings_carrier", "tellings", ["carrier_id", "id"])
    op.create_index("ix_tellings_platform_id", "tellings", ["platform", "id"])
    op.create_index("ix_tellings_platform", "tellings", ["platform", "acknowledged_at"])


def _signals() -> None:
    op.create_table(
        "signals",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("badge_id", sa.Uuid(), nullable=False),
        sa.Column("badge_name", sa.String(16), nullable=False),
        sa.Column("carrier_id", sa.Uuid(), nullable=False),
        sa.Column("agent_id", sa.Uuid(), nullable=False),
        sa.Column("platform", sa.String(32), nullable=False),
        sa.Column("province", sa.String(2), nullable=False),
        sa.Column("kind", sa.String(32), nullable=False),
        sa.Column("state", sa.String(32), nullable=False),
        sa.Column("times", sa.Integer(), nullable=False),
        sa.Column("facts", sa.JSON(), nullable=False),
        sa.Column("first_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("outcome", sa.String(32), nullable=True),
        sa.Column("remark", sa.String(1000), nullable=False),
        sa.Column("closed_by", sa.Uuid(), nullable=True),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["agent_id"], ["agents.id"], name="fk_signals_agent_id"),
        sa.ForeignKeyConstraint(["badge_id"], ["badges.id"], name="fk_signals_badge_id"),
        sa.ForeignKeyConstraint(["carrier_id"], ["organisations.id"], name="fk_signals_carrier_id"),
        sa.PrimaryKeyConstraint("id", name="pk_signals"),
    )
    op.create_index("ix_signals_carrier_state", "signals", ["carrier_id", "state", "id"])
    op.create_index(
        "uq_signals_open",
        "signals",
        ["badge_id", "kind"],
        unique=True,
        sqlite_where=sa.text("state = 'open'"),
        postgresql_where=sa.text("state = 'open'"),
    )


def _agents() -> None:
    op.add_column("agents", sa.Column("attempt", sa.Integer(), nullable=False, server_default="1"))
    op.add_column("agents", sa.Column("recheck_on", sa.Date(), nullable=True))
    op.add_column("agents", sa.Column("cleared", sa.JSON(), nullable=False, server_default="[]"))
    op.add_column(
        "agents", sa.Column("late_reason", sa.String(500), nullable=False, server_default="")
    )
    op.create_index("ix_agents_recheck_on", "agents", ["recheck_on"])
    op.create_index("ix_agents_business_licence_until", "agents", ["business_licence_until"])


def _blacklisteds() -> None:
    op.add_column(
        "blacklisteds", sa.Column("person", sa.String(64), nullable=False, server_default="")
    )
    op.create_index("ix_blacklisteds_person", "blacklisteds", ["person"])


def _licences() -> None:
    op.add_column(
        "licences", sa.Column("scope_version", sa.Integer(), nullable=False, server_default="1")
    )
    op.add_column("licences", sa.Column("predecessor_id", sa.Uuid(), nullable=True))
    op.create_index("ix_licences_predecessor_id", "licences", ["predecessor_id"])
    op.add_column("licences", sa.Column("warned", sa.Integer(), nullable=False, server_default="0"))
    op.create_index("ix_licences_carrier", "licences", ["carrier_id", "id"])
    op.create_index("ix_licences_province", "licences", ["province", "id"])
    op.create_index("ix_licences_carrier_ends", "licences", ["carrier_id", "ends_on"])
    # Papers were ticked before; from here on they are files, and a tick is none.
    op.execute("UPDATE licences SET papers = '{}'")


def _badges() -> None:
    op.add_column("badges", sa.Column("kid", sa.String(4), nullable=True))
    op.add_column("badges", sa.Column("replaces_id", sa.Uuid(), nullable=True))
    op.create_index("ix_badges_kid", "badges", ["kid"])
    op.create_index("ix_badges_replaces_id", "badges", ["replaces_id"])
    # Until now every key was Ed25519: its tokens begin d28447a201320442, then comes the kid.
    kid = "lower(hex(substr(token, 9, 2)))"
    if op.get_bind().dialect.name == "postgresql":
        kid = "encode(substring(token from 9 for 2), 'hex')"
    op.execute(f"UPDATE badges SET kid = {kid} WHERE token IS NOT NULL")  # noqa: S608 - ours
    requested = sa.text("state = 'requested'")
    op.create_index(
        "ix_badges_requested", "badges", ["id"], sqlite_where=requested, postgresql_where=requested
    )
    fallen = sa.text("state IN ('suspended', 'compromised', 'replaced', 'revoked')")
    op.create_index(
        "ix_badges_fallen",
        "badges",
        ["status_index", "state"],
        sqlite_where=fallen,
        postgresql_where=fallen,
    )


def _organisations() -> None:
    op.add_column("organisations", sa.Column("logo", sa.String(64), nullable=True))


def _publications() -> None:
    op.add_column(
        "publications", sa.Column("changed", sa.Integer(), nullable=False, server_default="0")
    )
    op.add_column(
        "publications", sa.Column("because", sa.String(300), nullable=False, server_default="")
    )
    op.add_column("publications", sa.Column("preparer_id", sa.Uuid(), nullable=True))


def _drop_columns() -> None:
    op.drop_column("publications", "because")
    op.drop_column("publications", "preparer_id")
    op.drop_column("publications", "changed")
    op.drop_column("organisations", "logo")
    op.drop_index("ix_badges_fallen", table_name="badges")
    op.drop_index("ix_badges_requested", table_name="badges")
    op.drop_index("ix_badges_replaces_id", table_name="badges")
    op.drop_index("ix_badges_kid", table_name="badges")
    op.drop_column("badges", "replaces_id")
    op.drop_column("badges", "kid")
    op.execute("UPDATE licences SET papers = '[]'")
    op.drop_index("ix_licences_carrier_ends", table_name="licences")
    op.drop_index("ix_licences_province", table_name="licences")
    op.drop_index("ix_licences_carrier", table_name="licences")
    op.drop_column("licences", "warned")
    op.drop_index("ix_licences_predecessor_id", table_name="licences")
    op.drop_column("licences", "predecessor_id")
    op.drop_column("licences", "scope_version")
    op.drop_index("ix_blacklisteds_person", table_name="blacklisteds")
    op.drop_column("blacklisteds", "person")
    op.drop_index("ix_agents_business_licence_until", table_name="agents")
    op.drop_index("ix_agents_recheck_on", table_name="agents")
    op.drop_column("agents", "late_reason")
    op.drop_column("agents", "cleared")
    op.drop_column("agents", "recheck_on")
    op.drop_column("agents", "attempt")


def upgrade() -> None:
    _issuing_halts()
    _log_checkpoints()
    _log_entries()
    _scan_counts()
    _signing_keys()
    _restricted_parties()
    _agent_papers()
    _appeals()
    _conditions()
    _licence_versions()
    _tellings()
    _signals()
    _agents()
    _blacklisteds()
    _licences()
    _badges()
    _organisations()
    _publications()


def downgrade() -> None:
    _drop_columns()
    for table in (
        "signals",
        "tellings",
        "licence_versions",
        "conditions",
        "appeals",
        "agent_papers",
        "restricted_parties",
        "signing_keys",
        "scan_counts",
        "log_entries",
        "log_checkpoints",
        "issuing_halts",
    ):
        op.drop_table(table)
