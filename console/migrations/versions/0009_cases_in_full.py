"""Card stock; cases without a shop and with more to them; notices both ways."""

import re
import unicodedata

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

_MOMENT = sa.DateTime(timezone=True)
# Of which kind, and what rows that are there get; None is nothing.
_OF_CASES = {
    **dict.fromkeys(
        ("parent_id", "former_id", "merged_into_id", "agent_id", "channel_id", "tier_asked_by"),
        (sa.Uuid(), None),
    ),
    "tier_basis": (sa.String(32), "kind"),
    "tier_asked": (sa.String(32), None),
    "tier_reason": (sa.String(2000), ""),
    "search_text": (sa.String(1000), ""),
    "appealed_from": (sa.String(32), None),
    "facts": (sa.String(4000), ""),
    "rules": (sa.JSON(), "[]"),
    "decided_at": (_MOMENT, None),
    "is_late": (sa.Boolean(), sa.false()),
}
_REFERS = {
    "parent_id": "cases",
    "former_id": "cases",
    "merged_into_id": "cases",
    "agent_id": "agents",
    "channel_id": "source_channels",
}
_CASES_LISTED = {
    "ix_cases_agent": ["agent_id", "created_at"],
    "ix_cases_card_home": ["card_home", "id"],
    "ix_cases_channel_id": ["channel_id"],
    "ix_cases_by_state": ["state", "id"],
    "ix_cases_filing_place": ["filing_place", "id"],
    "ix_cases_former_id": ["former_id"],
    "ix_cases_late": ["state", "is_late", "due_at"],
    "ix_cases_listed": [
        "organisation_id", "id", "merged_into_id", "state", "tier", "platform", "due_at",
        "owner_id", "filing_place", "card_home", "platform_home", "search_text",
    ],
    "ix_cases_name": ["organisation_id", "shop_name"],
    "ix_cases_next": ["organisation_id", "state", "due_at", "id"],
    "ix_cases_owner": ["owner_id", "organisation_id", "state", "due_at", "id"],
    "ix_cases_parent_id": ["parent_id"],
    "ix_cases_platform": ["platform", "state", "id"],
    "ix_cases_platform_home": ["platform_home", "id"],
}  # fmt: skip
_CASES_LISTED_BEFORE = {
    "ix_cases_owner_id": ["owner_id"],
    "ix_cases_platform": ["platform", "state"],
}
# Of the rows alone that have the last of the columns.
_SPARSE = (
    ("ix_cases_merged", "cases", ["merged_into_id"]),
    ("ix_cases_tier_asked", "cases", ["organisation_id", "tier_asked"]),
    ("ix_findings_to_case", "findings", ["organisation_id", "state", "case_due_at"]),
)
_OF_NOTICES = {
    "kind": (sa.String(32), "case"),
    **dict.fromkeys(("finding_id", "agent_id", "recipient_id"), (sa.Uuid(), None)),
    "channel": (sa.String(32), "portal"),
    "language": (sa.String(8), "zh"),
    "evidence": (sa.JSON(), "[]"),
    "reminders": (sa.Integer(), "0"),
    **dict.fromkeys(("reminded_at", "escalated_at"), (_MOMENT, None)),
    "escalated_ground": (sa.String(64), ""),
}
_NOTICES_REFER = {
    "finding_id": "findings",
    "agent_id": "agents",
    "recipient_id": "organisations",
}
_NOTICES_LISTED = {
    "ix_notices_finding_id": ["finding_id"],
    "ix_notices_recipient_case": ["recipient_id", "case_id", "state"],
    "ix_notices_recipient_state": ["recipient_id", "state", "id"],
    "ix_notices_sender_state": [
        "organisation_id", "state", "id", "kind", "acknowledge_due_at", "answer_due_at",
    ],
    "ix_notices_due": ["state", "answer_due_at"],
}  # fmt: skip
_NOTICES_LISTED_BEFORE = {
    "ix_notices_organisation_id": ["organisation_id"],
    "ix_notices_platform_state": ["platform", "state", "id"],
}
_FINDINGS_LISTED = {
    "ix_findings_card_home": ["card_home", "created_at", "id", "state", "tier"],
    "ix_findings_look": ["organisation_id", "state", "look_due_at"],
    "ix_findings_platform_home": ["platform_home", "created_at", "id", "state", "tier"],
    "ix_findings_tier": ["organisation_id", "tier", "created_at", "id"],
}
_INDEXES = (
    ("ix_source_channels_agent_id", "source_channels", ["agent_id"]),
    ("ix_source_channels_carrier", "source_channels", ["carrier_id", "id"]),
    ("ix_source_channels_parent", "source_channels", ["parent_id", "id"]),
    ("ix_stock_batches_carrier", "stock_batches", ["carrier_id", "id"]),
    ("ix_stock_batches_channel", "stock_batches", ["channel_id", "delivered_on"]),
    ("ix_case_parties_case", "case_parties", ["case_id", "id"]),
    ("ix_stock_ranges_batch_id", "stock_ranges", ["batch_id"]),
    ("ix_stock_ranges_first", "stock_ranges", ["carrier_id", "first"]),
)


def _source_channels() -> None:
    op.create_table(
        "source_channels",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("carrier_id", sa.Uuid(), nullable=False),
        sa.Column("province", sa.String(2), nullable=False),
        sa.Column("code", sa.String(64), nullable=False),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("kind", sa.String(32), nullable=False),
        sa.Column("uscc", sa.String(18), nullable=False),
        sa.Column("parent_id", sa.Uuid(), nullable=True),
        sa.Column("agent_id", sa.Uuid(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["agent_id"], ["agents.id"], name="fk_source_channels_agent_id"),
        sa.ForeignKeyConstraint(
            ["carrier_id"], ["organisations.id"], name="fk_source_channels_carrier_id"
        ),
        sa.ForeignKeyConstraint(
            ["parent_id"], ["source_channels.id"], name="fk_source_channels_parent_id"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_source_channels"),
        sa.UniqueConstraint("carrier_id", "code", name="uq_source_channels_carrier_id_code"),
    )


def _stock_batches() -> None:
    op.create_table(
        "stock_batches",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.String(64), nullable=False),
        sa.Column("carrier_id", sa.Uuid(), nullable=False),
        sa.Column("province", sa.String(2), nullable=False),
        sa.Column("channel_id", sa.Uuid(), nullable=False),
        sa.Column("product", sa.String(64), nullable=False),
        sa.Column("cards", sa.BigInteger(), nullable=False),
        sa.Column("delivered_on", sa.Date(), nullable=False),
        sa.Column("import_sha256", sa.String(64), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["carrier_id"], ["organisations.id"], name="fk_stock_batches_carrier_id"
        ),
        sa.ForeignKeyConstraint(
            ["channel_id"], ["source_channels.id"], name="fk_stock_batches_channel_id"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_stock_batches"),
        sa.UniqueConstraint("carrier_id", "number", name="uq_stock_batches_carrier_id_number"),
    )


def _stock_ranges() -> None:
    op.create_table(
        "stock_ranges",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("batch_id", sa.Uuid(), nullable=False),
        sa.Column("carrier_id", sa.Uuid(), nullable=False),
        sa.Column("first", sa.BigInteger(), nullable=False),
        sa.Column("last", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("last >= first", name="ck_stock_ranges_order"),
        sa.ForeignKeyConstraint(
            ["batch_id"], ["stock_batches.id"], name="fk_stock_ranges_batch_id"
        ),
        sa.ForeignKeyConstraint(
            ["carrier_id"], ["organisations.id"], name="fk_stock_ranges_carrier_id"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_stock_ranges"),
    )


def _case_parties() -> None:
    op.create_table(
        "case_parties",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("role", sa.String(32), nullable=False),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("uscc", sa.String(18), nullable=False),
        sa.Column("agent_id", sa.Uuid(), nullable=True),
        sa.Column("share", sa.Integer(), nullable=False),
        sa.Column("nature", sa.String(1000), nullable=False),
        sa.Column("circumstance", sa.String(1000), nullable=False),
        sa.Column("result", sa.String(1000), nullable=False),
        sa.Column("statement", sa.String(4000), nullable=False),
        sa.Column("heard_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("heard_by", sa.Uuid(), nullable=True),
        sa.Column("removed_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("share BETWEEN 0 AND 100", name="ck_case_parties_share"),
        sa.ForeignKeyConstraint(["agent_id"], ["agents.id"], name="fk_case_parties_agent_id"),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name="fk_case_parties_case_id"),
        sa.PrimaryKeyConstraint("id", name="pk_case_parties"),
    )


def _case_measures() -> None:
    """What was ordered in cases until now, each one measure with its words."""
    op.create_table(
        "case_measures",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("party_id", sa.Uuid(), nullable=True),
        sa.Column("measure", sa.String(32), nullable=False),
        sa.Column("state", sa.String(32), nullable=False),
        sa.Column("is_interim", sa.Boolean(), nullable=False),
        sa.Column("reason", sa.String(2000), nullable=False),
        sa.Column("remedy", sa.String(2000), nullable=False),
        sa.Column("papers", sa.String(1000), nullable=False),
        sa.Column("is_emergency_exempt", sa.Boolean(), nullable=False),
        sa.Column("rules", sa.String(300), nullable=False),
        sa.Column("ordered_by", sa.Uuid(), nullable=True),
        sa.Column("ordered_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("lifted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("lifted_why", sa.String(1000), nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name="fk_case_measures_case_id"),
        sa.ForeignKeyConstraint(
            ["party_id"], ["case_parties.id"], name="fk_case_measures_party_id"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_case_measures"),
    )
    op.create_index("ix_case_measures_case", "case_measures", ["case_id", "id"])
    # A case had one measure: the case's own id serves as its id.
    op.execute(
        """INSERT INTO case_measures (id, case_id, measure, state, is_interim, reason, remedy,
        papers, is_emergency_exempt, rules, ordered_by, ordered_at, lifted_why)
        SELECT id, id, measure,
        CASE WHEN state IN ('investigating', 'decision_proposed') THEN 'proposed'
             WHEN state IN ('waiting_recheck', 'closed') THEN 'carried_out'
             ELSE 'in_force' END,
        FALSE, reason, remedy, '', FALSE, '', decided_by, NULL, ''
        FROM cases WHERE measure IS NOT NULL"""
    )


def _plain(text: str) -> str:
    """As the console folds what people look for: letters and digits, of one width and case."""
    return re.sub(r"[\W_]+", "", unicodedata.normalize("NFKC", text).casefold())


def _made_searchable() -> None:
    bind = op.get_bind()
    fill = sa.text("UPDATE cases SET search_text = :text WHERE id = :id")
    for row in bind.execute(sa.text("SELECT id, reference, shop_name, shop_key FROM cases")).all():
        text = "\n".join(_plain(str(words)) for words in row[1:])[:1000]
        bind.execute(fill, {"id": row[0], "text": text})


def _cases() -> None:
    with op.batch_alter_table("cases") as cases:
        for name, (kind, default) in _OF_CASES.items():
            cases.add_column(
                sa.Column(name, kind, nullable=default is None, server_default=default)
            )
        for name, table in _REFERS.items():
            cases.create_foreign_key(f"fk_cases_{name}", table, [name], ["id"])
        cases.alter_column("shop_id", existing_type=sa.Uuid(), nullable=True)
        cases.drop_column("measure")
        cases.drop_column("remedy")
    _made_searchable()
    for name in _CASES_LISTED_BEFORE:
        op.drop_index(name, table_name="cases")
    for name, columns in _CASES_LISTED.items():
        op.create_index(name, "cases", columns)


def _sparse() -> None:
    for name, table, columns in _SPARSE:
        there = sa.text(f"{columns[-1]} IS NOT NULL")
        op.create_index(name, table, columns, sqlite_where=there, postgresql_where=there)
    for name, columns in _FINDINGS_LISTED.items():
        op.create_index(name, "findings", columns)


def _notices() -> None:
    for name in _NOTICES_LISTED_BEFORE:
        op.drop_index(name, table_name="notices")
    with op.batch_alter_table("notices") as notices:
        for name, (kind, default) in _OF_NOTICES.items():
            notices.add_column(
                sa.Column(name, kind, nullable=default is None, server_default=default)
            )
        for name, table in _NOTICES_REFER.items():
            notices.create_foreign_key(f"fk_notices_{name}", table, [name], ["id"])
        notices.alter_column("case_id", existing_type=sa.Uuid(), nullable=True)
    # Until now every notice went to the platform whose code it bears.
    op.execute(
        """UPDATE notices SET recipient_id = coalesce(
        (SELECT id FROM organisations WHERE code = notices.platform AND kind = 'platform'),
        organisation_id)"""
    )
    with op.batch_alter_table("notices") as notices:
        notices.alter_column("recipient_id", existing_type=sa.Uuid(), nullable=False)
    for name, columns in _NOTICES_LISTED.items():
        op.create_index(name, "notices", columns)


def _mailboxs() -> None:
    """Any organisation may have one now, and one alone."""
    with op.batch_alter_table("mailboxs") as mailboxs:
        mailboxs.add_column(sa.Column("signing_key", sa.LargeBinary(), nullable=True))
        mailboxs.drop_constraint("uq_mailboxs_platform", type_="unique")
        mailboxs.drop_column("platform")
        mailboxs.create_unique_constraint("uq_mailboxs_organisation_id", ["organisation_id"])


def _mailboxs_as_before() -> None:
    """Of platforms alone, by their codes."""
    op.execute(
        """DELETE FROM mailboxs WHERE organisation_id NOT IN
        (SELECT id FROM organisations WHERE kind = 'platform')"""
    )
    with op.batch_alter_table("mailboxs") as mailboxs:
        mailboxs.drop_constraint("uq_mailboxs_organisation_id", type_="unique")
        mailboxs.drop_column("signing_key")
        mailboxs.add_column(sa.Column("platform", sa.String(32), nullable=True))
    op.execute(
        """UPDATE mailboxs SET platform =
        (SELECT code FROM organisations WHERE id = mailboxs.organisation_id)"""
    )
    with op.batch_alter_table("mailboxs") as mailboxs:
        mailboxs.alter_column("platform", existing_type=sa.String(32), nullable=False)
        mailboxs.create_unique_constraint("uq_mailboxs_platform", ["platform"])


def upgrade() -> None:
    _source_channels()
    _stock_batches()
    _stock_ranges()
    _case_parties()
    for name, table, columns in _INDEXES:
        op.create_index(name, table, columns)
    _case_measures()
    _cases()
    _notices()
    _sparse()
    _mailboxs()
    late = sa.Column("is_late", sa.Boolean(), nullable=False, server_default=sa.false())
    op.add_column("answers", late)
    op.add_column("answers", sa.Column("seen_at", _MOMENT, nullable=True))


def _cases_as_before() -> None:
    for name in _FINDINGS_LISTED:
        op.drop_index(name, table_name="findings")
    for name, table, _ in _SPARSE:
        op.drop_index(name, table_name=table)
    for name in _CASES_LISTED:
        op.drop_index(name, table_name="cases")
    op.execute("DELETE FROM cases WHERE shop_id IS NULL")
    with op.batch_alter_table("cases") as cases:
        cases.add_column(sa.Column("measure", sa.String(32), nullable=True))
        cases.add_column(sa.Column("remedy", sa.String(2000), nullable=False, server_default=""))
    op.execute(
        """UPDATE cases SET
        measure = (SELECT min(measure) FROM case_measures WHERE case_id = cases.id),
        remedy = coalesce((SELECT min(remedy) FROM case_measures WHERE case_id = cases.id), '')"""
    )
    with op.batch_alter_table("cases") as cases:
        cases.alter_column("remedy", existing_type=sa.String(2000), server_default=None)
        cases.alter_column("shop_id", existing_type=sa.Uuid(), nullable=False)
        for name in _REFERS:
            cases.drop_constraint(f"fk_cases_{name}", type_="foreignkey")
        for name in _OF_CASES:
            cases.drop_column(name)
    for name, columns in _CASES_LISTED_BEFORE.items():
        op.create_index(name, "cases", columns)


def _notices_as_before() -> None:
    for name in _NOTICES_LISTED:
        op.drop_index(name, table_name="notices")
    op.execute("DELETE FROM notices WHERE case_id IS NULL")
    with op.batch_alter_table("notices") as notices:
        notices.alter_column("case_id", existing_type=sa.Uuid(), nullable=False)
        for name in _NOTICES_REFER:
            notices.drop_constraint(f"fk_notices_{name}", type_="foreignkey")
        for name in _OF_NOTICES:
            notices.drop_column(name)
    for name, columns in _NOTICES_LISTED_BEFORE.items():
        op.create_index(name, "notices", columns)


def downgrade() -> None:
    op.drop_column("answers", "seen_at")
    op.drop_column("answers", "is_late")
    _mailboxs_as_before()
    _notices_as_before()
    _cases_as_before()
    for table in (
        "case_measures",
        "case_parties",
        "stock_ranges",
        "stock_batches",
        "source_channels",
    ):
        op.drop_table(table)
