"""Agents, licences, shops, badges, publications, imports."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

# Terms are pairs of characters with blanks between (models/search.py). A contentless index whose
# row is the agent's serial, which no VACUUM changes. An import fills it a batch at a time: FTS5
# writes its index out after every statement, which is six times dearer row by row. Only whole
# terms are looked for, so it keeps no places (detail=none), and blanks alone part them (ascii).
_SQLITE_SEARCH = [
    """CREATE VIRTUAL TABLE agent_search USING fts5(
       terms, content='', contentless_delete=1, detail=none, tokenize='ascii')""",
    """CREATE TRIGGER agent_search_added AFTER INSERT ON agents WHEN new.import_id IS NULL BEGIN
       INSERT INTO agent_search(rowid, terms) VALUES (new.serial, new.terms); END""",
    """CREATE TRIGGER agent_search_changed AFTER UPDATE OF terms ON agents BEGIN
       DELETE FROM agent_search WHERE rowid = old.serial;
       INSERT INTO agent_search(rowid, terms) VALUES (new.serial, new.terms); END""",
    """CREATE TRIGGER agent_search_gone AFTER DELETE ON agents BEGIN
       DELETE FROM agent_search WHERE rowid = old.serial; END""",
]
_POSTGRESQL_SEARCH = (
    "CREATE INDEX ix_agents_terms ON agents USING gin (string_to_array(terms, ' '))"
)


def _counters() -> None:
    op.create_table(
        "counters",
        sa.Column("name", sa.String(64), nullable=False),
        sa.Column("value", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_counters"),
    )


def _agents() -> None:
    op.create_table(
        "agents",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("serial", sa.Integer(), nullable=False),
        sa.Column("carrier_id", sa.Uuid(), nullable=False),
        sa.Column("agent_no", sa.String(40), nullable=False),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("uscc", sa.String(18), nullable=False),
        sa.Column("province", sa.String(2), nullable=False),
        sa.Column("legal_representative", sa.String(64), nullable=False),
        sa.Column("contact", sa.String(120), nullable=False),
        sa.Column("business_licence_until", sa.Date(), nullable=True),
        sa.Column("is_realname_ready", sa.Boolean(), nullable=False),
        sa.Column("is_protection_ready", sa.Boolean(), nullable=False),
        sa.Column("state", sa.String(32), nullable=False),
        sa.Column("submitted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("submitted_by", sa.Uuid(), nullable=True),
        sa.Column("review_due_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("rule_version", sa.String(64), nullable=True),
        sa.Column("reviewed_by", sa.Uuid(), nullable=True),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("reasons", sa.JSON(), nullable=False),
        sa.Column("proposal", sa.String(32), nullable=True),
        sa.Column("proposed_by", sa.Uuid(), nullable=True),
        sa.Column("remark", sa.String(1000), nullable=False),
        sa.Column("import_id", sa.Uuid(), nullable=True),
        sa.Column("terms", sa.String(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["carrier_id"], ["organisations.id"], name="fk_agents_carrier_id"),
        sa.PrimaryKeyConstraint("id", name="pk_agents"),
        sa.UniqueConstraint("agent_no", name="uq_agents_agent_no"),
        sa.UniqueConstraint("uscc", "carrier_id", name="uq_agents_uscc_carrier_id"),
        sa.UniqueConstraint("serial", name="uq_agents_serial"),
    )
    op.create_index("ix_agents_carrier", "agents", ["carrier_id", "serial"])
    op.create_index("ix_agents_province", "agents", ["province", "serial"])
    op.create_index("ix_agents_carrier_state", "agents", ["carrier_id", "state", "serial"])
    op.create_index("ix_agents_province_state", "agents", ["province", "state", "serial"])
    op.create_index("ix_agents_review_due_at", "agents", ["review_due_at"])


def _blacklisteds() -> None:
    op.create_table(
        "blacklisteds",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("carrier_id", sa.Uuid(), nullable=False),
        sa.Column("uscc", sa.String(18), nullable=False),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("reason", sa.String(500), nullable=False),
        sa.Column("source", sa.String(200), nullable=False),
        sa.Column("until", sa.Date(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("lifted_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["carrier_id"], ["organisations.id"], name="fk_blacklisteds_carrier_id"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_blacklisteds"),
    )
    op.create_index("ix_blacklisteds_carrier_id", "blacklisteds", ["carrier_id"])
    op.create_index("ix_blacklisteds_uscc", "blacklisteds", ["uscc"])


def _imports() -> None:
    op.create_table(
        "imports",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(32), nullable=False),
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("file_name", sa.String(200), nullable=False),
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("columns", sa.JSON(), nullable=False),
        sa.Column("is_dry", sa.Boolean(), nullable=False),
        sa.Column("state", sa.String(32), nullable=False),
        sa.Column("actor", sa.JSON(), nullable=False),
        sa.Column("rows", sa.Integer(), nullable=False),
        sa.Column("read", sa.Integer(), nullable=False),
        sa.Column("accepted", sa.Integer(), nullable=False),
        sa.Column("rejected", sa.Integer(), nullable=False),
        sa.Column("rejects_sha256", sa.String(64), nullable=True),
        sa.Column("fault", sa.JSON(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisations.id"], name="fk_imports_organisation_id"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_imports"),
    )
    op.create_index("ix_imports_organisation_id", "imports", ["organisation_id"])


def _publications() -> None:
    op.create_table(
        "publications",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.String(40), nullable=False),
        sa.Column("carrier_id", sa.Uuid(), nullable=False),
        sa.Column("province", sa.String(2), nullable=True),
        sa.Column("state", sa.String(32), nullable=False),
        sa.Column("rows", sa.Integer(), nullable=False),
        sa.Column("added", sa.Integer(), nullable=False),
        sa.Column("removed", sa.Integer(), nullable=False),
        sa.Column("sha256", sa.String(64), nullable=True),
        sa.Column("signature", sa.String(), nullable=True),
        sa.Column("prepared_by", sa.String(64), nullable=False),
        sa.Column("published_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["carrier_id"], ["organisations.id"], name="fk_publications_carrier_id"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_publications"),
        sa.UniqueConstraint("number", name="uq_publications_number"),
    )
    op.create_index("ix_publications_carrier_id", "publications", ["carrier_id"])
    op.create_index("ix_publications_published_at", "publications", ["published_at"])


def _authorised_shops() -> None:
    op.create_table(
        "authorised_shops",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("carrier_id", sa.Uuid(), nullable=False),
        sa.Column("agent_id", sa.Uuid(), nullable=False),
        sa.Column("platform", sa.String(32), nullable=False),
        sa.Column("shop_key", sa.String(300), nullable=False),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("url", sa.String(2000), nullable=False),
        sa.Column("province", sa.String(2), nullable=False),
        sa.Column("import_id", sa.Uuid(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["agent_id"], ["agents.id"], name="fk_authorised_shops_agent_id"),
        sa.ForeignKeyConstraint(
            ["carrier_id"], ["organisations.id"], name="fk_authorised_shops_carrier_id"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_authorised_shops"),
    )
    op.create_index("ix_authorised_shops_agent", "authorised_shops", ["agent_id", "platform"])
    op.create_index("ix_authorised_shops_import_id", "authorised_shops", ["import_id"])
    op.create_index("ix_authorised_shops_shop", "authorised_shops", ["platform", "shop_key"])
    op.create_index(
        "uq_authorised_shops_live",
        "authorised_shops",
        ["carrier_id", "platform", "shop_key"],
        unique=True,
        sqlite_where=sa.text("ended_at IS NULL"),
        postgresql_where=sa.text("ended_at IS NULL"),
    )


def _licences() -> None:
    op.create_table(
        "licences",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.String(40), nullable=False),
        sa.Column("carrier_id", sa.Uuid(), nullable=False),
        sa.Column("agent_id", sa.Uuid(), nullable=False),
        sa.Column("province", sa.String(2), nullable=False),
        sa.Column("products", sa.JSON(), nullable=False),
        sa.Column("provinces", sa.JSON(), nullable=False),
        sa.Column("shop_ids", sa.JSON(), nullable=False),
        sa.Column("begins_on", sa.Date(), nullable=False),
        sa.Column("ends_on", sa.Date(), nullable=False),
        sa.Column("papers", sa.JSON(), nullable=False),
        sa.Column("agreement_no", sa.String(64), nullable=False),
        sa.Column("state", sa.String(32), nullable=False),
        sa.Column("submitted_by", sa.Uuid(), nullable=True),
        sa.Column("approval_due_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("approved_by", sa.Uuid(), nullable=True),
        sa.Column("approved_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("revocation_asked_by", sa.Uuid(), nullable=True),
        sa.Column("reason", sa.String(1000), nullable=False),
        sa.Column("remedy", sa.String(1000), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("begins_on <= ends_on", name="ck_licences_begins_before_it_ends"),
        sa.ForeignKeyConstraint(["agent_id"], ["agents.id"], name="fk_licences_agent_id"),
        sa.ForeignKeyConstraint(
            ["carrier_id"], ["organisations.id"], name="fk_licences_carrier_id"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_licences"),
        sa.UniqueConstraint("number", name="uq_licences_number"),
    )
    op.create_index("ix_licences_agent_id", "licences", ["agent_id"])
    op.create_index("ix_licences_carrier_state", "licences", ["carrier_id", "state", "id"])
    op.create_index("ix_licences_province_state", "licences", ["province", "state", "id"])
    op.create_index("ix_licences_ends_on", "licences", ["ends_on"])


def _badges() -> None:
    op.create_table(
        "badges",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("badge_id", sa.String(16), nullable=False),
        sa.Column("carrier_id", sa.Uuid(), nullable=False),
        sa.Column("agent_id", sa.Uuid(), nullable=False),
        sa.Column("licence_id", sa.Uuid(), nullable=False),
        sa.Column("shop_id", sa.Uuid(), nullable=False),
        sa.Column("platform", sa.String(32), nullable=False),
        sa.Column("province", sa.String(2), nullable=False),
        sa.Column("status_index", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(32), nullable=False),
        sa.Column("token", sa.LargeBinary(), nullable=True),
        sa.Column("token_sha256", sa.String(64), nullable=True),
        sa.Column("issued_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("reason", sa.String(1000), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["agent_id"], ["agents.id"], name="fk_badges_agent_id"),
        sa.ForeignKeyConstraint(["carrier_id"], ["organisations.id"], name="fk_badges_carrier_id"),
        sa.ForeignKeyConstraint(["licence_id"], ["licences.id"], name="fk_badges_licence_id"),
        sa.ForeignKeyConstraint(["shop_id"], ["authorised_shops.id"], name="fk_badges_shop_id"),
        sa.PrimaryKeyConstraint("id", name="pk_badges"),
        sa.UniqueConstraint("badge_id", name="uq_badges_badge_id"),
        sa.UniqueConstraint("status_index", name="uq_badges_status_index"),
        sa.UniqueConstraint("token_sha256", name="uq_badges_token_sha256"),
    )
    op.create_index("ix_badges_agent_id", "badges", ["agent_id"])
    op.create_index("ix_badges_carrier_state", "badges", ["carrier_id", "state", "id"])
    op.create_index("ix_badges_platform_state", "badges", ["platform", "state", "id"])
    op.create_index("ix_badges_province_state", "badges", ["province", "state", "id"])
    op.create_index("ix_badges_licence_id", "badges", ["licence_id"])
    op.create_index(
        "uq_badges_live",
        "badges",
        ["shop_id"],
        unique=True,
        sqlite_where=sa.text("state IN ('requested', 'issued', 'displayed', 'suspended')"),
        postgresql_where=sa.text("state IN ('requested', 'issued', 'displayed', 'suspended')"),
    )


def _search() -> None:
    if op.get_bind().dialect.name == "sqlite":
        for statement in _SQLITE_SEARCH:
            op.execute(statement)
    else:
        op.execute(_POSTGRESQL_SEARCH)


def upgrade() -> None:
    _counters()
    _agents()
    _blacklisteds()
    _imports()
    _publications()
    _authorised_shops()
    _licences()
    _badges()
    _search()


def downgrade() -> None:
    if op.get_bind().dialect.name == "sqlite":
        for name in ("added", "changed", "gone"):
            op.execute(f"DROP TRIGGER agent_search_{name}")
        op.execute("DROP TABLE agent_search")
    else:
        op.execute("DROP INDEX ix_agents_terms")
    for table in (
        "badges",
        "licences",
        "authorised_shops",
        "publications",
        "imports",
        "blacklisteds",
        "agents",
        "counters",
    ):
        op.drop_table(table)
