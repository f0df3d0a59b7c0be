"""Sources, patrol runs, shops, listings, findings."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def _shops() -> None:
    op.create_table(
        "shops",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("platform", sa.String(32), nullable=False),
        sa.Column("shop_key", sa.String(300), nullable=False),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("url", sa.String(2000), nullable=False),
        sa.Column("licence_shown", sa.String(200), nullable=False),
        sa.Column("province_shown", sa.String(64), nullable=False),
        sa.Column("platform_home", sa.String(2), nullable=True),
        sa.Column("card_home", sa.String(2), nullable=True),
        sa.Column("state", sa.String(32), nullable=False),
        sa.Column("agent_id", sa.Uuid(), nullable=True),
        sa.Column("first_seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_run_id", sa.Uuid(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisations.id"], name="fk_shops_organisation_id"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_shops"),
        sa.UniqueConstraint(
            "organisation_id",
            "platform",
            "shop_key",
            name="uq_shops_organisation_id_platform_shop_key",
        ),
    )
    op.create_index("ix_shops_agent_id", "shops", ["agent_id"])
    op.create_index("ix_shops_state", "shops", ["organisation_id", "state"])


def _sources() -> None:
    op.create_table(
        "sources",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(64), nullable=False),
        sa.Column("platform", sa.String(32), nullable=False),
        sa.Column("mapping", sa.String(), nullable=False),
        sa.Column("secrets", sa.JSON(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("disabled_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisations.id"], name="fk_sources_organisation_id"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_sources"),
        sa.UniqueConstraint("organisation_id", "name", name="uq_sources_organisation_id_name"),
    )


def _patrol_runs() -> None:
    op.create_table(
        "patrol_runs",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.String(40), nullable=False),
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("source_id", sa.Uuid(), nullable=True),
        sa.Column("import_id", sa.Uuid(), nullable=True),
        sa.Column("platform", sa.String(32), nullable=False),
        sa.Column("platform_home", sa.String(2), nullable=True),
        sa.Column("card_home", sa.String(2), nullable=True),
        sa.Column("mapping", sa.String(), nullable=False),
        sa.Column("actor", sa.JSON(), nullable=False),
        sa.Column("state", sa.String(32), nullable=False),
        sa.Column("steps", sa.Integer(), nullable=False),
        sa.Column("steps_done", sa.Integer(), nullable=False),
        sa.Column("listings", sa.Integer(), nullable=False),
        sa.Column("cards", sa.Integer(), nullable=False),
        sa.Column("shops", sa.Integer(), nullable=False),
        sa.Column("findings", sa.Integer(), nullable=False),
        sa.Column("faults", sa.JSON(), nullable=False),
        sa.Column("fault_count", sa.Integer(), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("register_sha256", sa.String(64), nullable=True),
        sa.Column("is_stop_asked", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["import_id"], ["imports.id"], name="fk_patrol_runs_import_id"),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisations.id"], name="fk_patrol_runs_organisation_id"
        ),
        sa.ForeignKeyConstraint(["source_id"], ["sources.id"], name="fk_patrol_runs_source_id"),
        sa.PrimaryKeyConstraint("id", name="pk_patrol_runs"),
        sa.UniqueConstraint("number", name="uq_patrol_runs_number"),
    )
    op.create_index("ix_patrol_runs_import_id", "patrol_runs", ["import_id"])
    op.create_index("ix_patrol_runs_organisation_id", "patrol_runs", ["organisation_id"])
    op.create_index("ix_patrol_runs_source_id", "patrol_runs", ["source_id"])
    op.create_index("ix_patrol_runs_state", "patrol_runs", ["state"])


def _findings() -> None:
    op.create_table(
        "findings",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.String(40), nullable=False),
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("run_id", sa.Uuid(), nullable=False),
        sa.Column("shop_id", sa.Uuid(), nullable=False),
        sa.Column("platform", sa.String(32), nullable=False),
        sa.Column("platform_home", sa.String(2), nullable=True),
        sa.Column("card_home", sa.String(2), nullable=True),
        sa.Column("kind", sa.String(32), nullable=False),
        sa.Column("ground", sa.String(32), nullable=False),
        sa.Column("tier", sa.String(32), nullable=False),
        sa.Column("rule_version", sa.String(64), nullable=False),
        sa.Column("claimed_number", sa.String(200), nullable=False),
        sa.Column("listing_ids", sa.JSON(), nullable=False),
        sa.Column("evidence", sa.JSON(), nullable=False),
        sa.Column("state", sa.String(32), nullable=False),
        sa.Column("found_by", sa.Uuid(), nullable=True),
        sa.Column("look_due_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("looked_by", sa.Uuid(), nullable=True),
        sa.Column("reason", sa.String(1000), nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=True),
        sa.Column("previous_id", sa.Uuid(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisations.id"], name="fk_findings_organisation_id"
        ),
        sa.ForeignKeyConstraint(["run_id"], ["patrol_runs.id"], name="fk_findings_run_id"),
        sa.ForeignKeyConstraint(["shop_id"], ["shops.id"], name="fk_findings_shop_id"),
        sa.PrimaryKeyConstraint("id", name="pk_findings"),
        sa.UniqueConstraint("number", name="uq_findings_number"),
    )
    op.create_index("ix_findings_case_id", "findings", ["case_id"])
    op.create_index("ix_findings_run_id", "findings", ["run_id"])
    op.create_index("ix_findings_shop", "findings", ["shop_id", "kind"])
    op.create_index("ix_findings_state", "findings", ["organisation_id", "state", "id"])


def _run_steps() -> None:
    op.create_table(
        "run_steps",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("run_id", sa.Uuid(), nullable=False),
        sa.Column("key", sa.String(64), nullable=False),
        sa.Column("step", sa.JSON(), nullable=False),
        sa.Column("is_done", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["run_id"], ["patrol_runs.id"], name="fk_run_steps_run_id"),
        sa.PrimaryKeyConstraint("id", name="pk_run_steps"),
        sa.UniqueConstraint("run_id", "key", name="uq_run_steps_run_id_key"),
    )
    op.create_index("ix_run_steps_waiting", "run_steps", ["run_id", "is_done", "id"])


def _seen_listings() -> None:
    op.create_table(
        "seen_listings",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("run_id", sa.Uuid(), nullable=False),
        sa.Column("shop_id", sa.Uuid(), nullable=False),
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("platform", sa.String(32), nullable=False),
        sa.Column("listing_id", sa.String(200), nullable=False),
        sa.Column("title_seen", sa.String(1000), nullable=False),
        sa.Column("url", sa.String(2000), nullable=False),
        sa.Column("price", sa.Numeric(precision=14, scale=2), nullable=True),
        sa.Column("currency", sa.String(3), nullable=False),
        sa.Column("sales", sa.Integer(), nullable=True),
        sa.Column("province_shown", sa.String(64), nullable=False),
        sa.Column("fields", sa.JSON(), nullable=False),
        sa.Column("is_card", sa.Boolean(), nullable=False),
        sa.Column("score", sa.Float(), nullable=False),
        sa.Column("reasons", sa.JSON(), nullable=False),
        sa.Column("evidence_sha256", sa.String(64), nullable=True),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisations.id"], name="fk_seen_listings_organisation_id"
        ),
        sa.ForeignKeyConstraint(["run_id"], ["patrol_runs.id"], name="fk_seen_listings_run_id"),
        sa.ForeignKeyConstraint(["shop_id"], ["shops.id"], name="fk_seen_listings_shop_id"),
        sa.PrimaryKeyConstraint("id", name="pk_seen_listings"),
        sa.UniqueConstraint("run_id", "listing_id", name="uq_seen_listings_run_id_listing_id"),
    )
    op.create_index("ix_seen_listings_organisation_id", "seen_listings", ["organisation_id"])
    op.create_index("ix_seen_listings_shop", "seen_listings", ["shop_id", "is_card", "id"])


def upgrade() -> None:
    _shops()
    _sources()
    _patrol_runs()
    _findings()
    _run_steps()
    _seen_listings()


def downgrade() -> None:
    for table in ("seen_listings", "run_steps", "findings", "patrol_runs", "sources", "shops"):
        op.drop_table(table)
