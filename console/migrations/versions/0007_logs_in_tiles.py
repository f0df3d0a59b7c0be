"""Both logs keep their trees in tiles (C2SP tlog-tiles); heads of the public one are cosigned."""

from hashlib import sha256

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

_NODES = sa.table("audit_nodes", sa.column("level"), sa.column("position"), sa.column("hash"))
_TILES = sa.table("audit_tiles", sa.column("level"), sa.column("position"), sa.column("hashes"))


def _tile_the_record() -> None:
    """Every eighth level of the tree, 256 hashes a row; what is between is made of them."""
    nodes = sa.select(_NODES).where(_NODES.c.level % 8 == 0)
    tiles: dict[tuple[int, int], list[bytes]] = {}
    for level, position, one in op.get_bind().execute(nodes.order_by("level", "position")):
        tiles.setdefault((level // 8, position // 256), []).append(bytes(one))
    if tiles:
        rows = [
            {"level": level, "position": position, "hashes": b"".join(hashes)}
            for (level, position), hashes in tiles.items()
        ]
        op.get_bind().execute(sa.insert(_TILES), rows)


def _untile_the_record() -> None:
    hashes = [
        bytes(row[0][at : at + 32])
        for row in op.get_bind().execute(
            sa.select(_TILES.c.hashes).where(_TILES.c.level == 0).order_by("position")
        )
        for at in range(0, len(row[0]), 32)
    ]
    level = 0
    while hashes:
        rows = [
            {"level": level, "position": position, "hash": one}
            for position, one in enumerate(hashes)
        ]
        op.get_bind().execute(sa.insert(_NODES), rows)
        pairs = zip(hashes[::2], hashes[1::2], strict=False)
        hashes = [sha256(b"\x01" + left + right).digest() for left, right in pairs]
        level += 1


def upgrade() -> None:
    for log in ("audit", "log"):
        op.create_table(
            f"{log}_tiles",
            sa.Column("level", sa.Integer(), nullable=False),
            sa.Column("position", sa.Integer(), nullable=False),
            sa.Column("hashes", sa.LargeBinary(), nullable=False),
            sa.PrimaryKeyConstraint("level", "position", name=f"pk_{log}_tiles"),
        )
    op.create_table(
        "cosignatures",
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("witness", sa.String(200), nullable=False),
        sa.Column("line", sa.String(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("size", "witness", name="pk_cosignatures"),
    )
    _tile_the_record()
    op.drop_table("audit_nodes")


def downgrade() -> None:
    op.create_table(
        "audit_nodes",
        sa.Column("level", sa.Integer(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("hash", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("level", "position", name="pk_audit_nodes"),
    )
    _untile_the_record()
    for table in ("cosignatures", "log_tiles", "audit_tiles"):
        op.drop_table(table)
