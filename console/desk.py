"""A desk: who acts, and what they have at hand. Every use case starts at one."""

from collections.abc import Callable, Collection, Generator, Hashable, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, Final, Generic, TypeVar, cast
from uuid import UUID

from sqlalchemy import ColumnElement, Engine, Select, case, false, func, true, tuple_
from sqlalchemy.exc import DataError, DBAPIError
from sqlalchemy.orm import InstrumentedAttribute
from sqlalchemy.sql.visitors import replacement_traverse
from sqlmodel import Session, col, inspect, select
from sqlmodel.sql.expression import SelectOfScalar

from console.database import WRITING, open_engine
from console.memory import Memory
from console.sessions import WatchedSession, lent
from console.settings import Settings
from integrations.evidence import Store
from integrations.keys import KeyRing, token_safe
from integrations.vault import Identities, Vault
from models.audit import AuditEntry, DoneOnce
from models.base import Table, utc_now
from models.cursors import from_cursor, to_cursor
from models.permissions import Permission
from models.refusals import Conflict, Invalid, NotAllowed, NotFound
from models.staff import HOUSE, Actor, Door, apart
from models.tokens import PROFILES

Row = TypeVar("Row", bound=Table)
Found = TypeVar("Found")
PAGE: Final = 50
"""Rows on a screen. No list is longer, whatever a door asks for."""
LONGEST_PAGE: Final = 200
_SEEN_AGAIN: Final = timedelta(minutes=10)
_SOMEBODY_WAS_FASTER: Final = frozenset({"23505", "40001", "40P01"})
"""What PostgreSQL calls a doubled key and a knot of locks; SQLite has one writer at a time."""
_REFUSALS_ON_RECORD: Final = (
    (".same_person", "staff.own_act_refused"),
    (".mandatory", "case.lowering_refused"),
)
"""How a refusal's code ends that goes on record although nothing is changed, and as which deed."""


class UnrecordedChangeError(AssertionError):
    """A use case changed rows and recorded no deed, or wrote while reading. Nothing is kept."""


class AlreadyDone(Exception):
    """The request's key was used for this subject before, and nothing was done again."""

    def __init__(self, kind: str, subject: UUID) -> None:
        super().__init__(kind, subject)
        self.kind = kind
        self.subject = subject


@dataclass(frozen=True, slots=True)
class Slice(Generic[Row]):
    """One screen of a list, and where the next begins."""

    rows: Sequence[Row]
    next: str | None


@dataclass(frozen=True, slots=True)
class Order:
    """How a list is sorted: by a column that is never null, then by id."""

    column: InstrumentedAttribute[Any]
    descending: bool = True

    @classmethod
    def by(cls, column: object, *, descending: bool = True) -> "Order":
        """`Order.by(Agent.name)`: SQLModel types a column as its value."""
        return cls(cast("InstrumentedAttribute[Any]", column), descending)


@dataclass(slots=True)
class Once:
    """A key that a writing request carries, so that sending it twice does it once (SECURITY F9)."""

    key: str
    fingerprint: str
    used: bool = False


@dataclass(frozen=True, slots=True)
class House:
    """What one running console has: settings, a database, keys, a store of evidence."""

    settings: Settings
    engine: Engine
    now: Callable[[], datetime] = utc_now
    memory: Memory = field(default_factory=Memory, repr=False, compare=False)

    @classmethod
    def open(cls, settings: Settings) -> "House":
        return cls(settings, open_engine(settings.sqlalchemy_url))

    @property
    def keys(self) -> KeyRing:
        own = self.settings
        phrase = own.key_passphrase.encode() if own.key_passphrase else None
        token = None
        if own.pkcs11_module and own.pkcs11_token and own.pkcs11_pin:
            token = token_safe(str(own.pkcs11_module), own.pkcs11_token, own.pkcs11_pin)
        return KeyRing(own.data / "keys", phrase, PROFILES[own.badge_algorithm], token)

    @property
    def evidence(self) -> Store:
        return Store(self.settings.data / "evidence")

    @property
    def vault(self) -> Vault:
        return Vault(self.settings.data / "keys")

    @property
    def identities(self) -> Identities:
        return Identities(self.settings.data)

    def desk(self, actor: Actor = HOUSE) -> "Desk":
        return Desk(actor, self)


@dataclass(frozen=True, slots=True)
class Work:
    """One use case in progress: a transaction, and the record of what is done in it."""

    session: Session
    actor: Actor
    at: datetime
    only_reads: bool
    once: Once | None = None
    seen: list[Table] = field(default_factory=list[Table])
    scopes: dict[type[Table], ColumnElement[bool]] = field(
        default_factory=dict[type[Table], ColumnElement[bool]]
    )

    def select(self, table: type[Row]) -> SelectOfScalar[Row]:
        """A query over the rows that the actor may know of. Scope is applied here alone."""
        return select(table).where(self._scope(table))

    def _scope(self, table: type[Table]) -> ColumnElement[bool]:
        return self.scopes.setdefault(table, table.seen_by(self.actor))

    def get(self, table: type[Row], row_id: UUID | str) -> Row:
        """The row, held until the work ends so that nobody moves it meanwhile."""
        key = _uuid(row_id)
        return self.one(self.select(table).where(table.id == key), table)  # pyright: ignore[reportAttributeAccessIssue,reportUnknownArgumentType,reportUnknownMemberType]

    def look(self, table: type[Row], row_id: UUID | str) -> Row:
        """The row as it is and not held, where another row has to be held before it."""
        key = _uuid(row_id)
        row = self.session.exec(self.select(table).where(table.id == key)).first()  # pyright: ignore[reportAttributeAccessIssue,reportUnknownArgumentType,reportUnknownMemberType]
        if row is None:
            raise NotFound("row.not_found", table=table.__name__)
        return row

    def one(self, query: SelectOfScalar[Row], table: type[Row]) -> Row:
        """The only row of a query; NotFound when the actor knows of none."""
        if not self.only_reads:
            query = query.with_for_update()
        row = self.session.exec(query).first()
        if row is None:
            raise NotFound("row.not_found", table=table.__name__)
        if row.belongs_to is not None and row.belongs_to not in self.actor.organisations:
            self.seen.append(row)
        return row

    def all(self, query: SelectOfScalar[Row]) -> Sequence[Row]:
        return self.session.exec(query.limit(LONGEST_PAGE)).all()

    def those(self, table: type[Row], ids: Collection[UUID]) -> Sequence[Row]:
        """The rows of a screen's ids that the actor may know of, in no order.

        Each is looked up by its id: SQLite would sooner walk through all of an organisation's.
        """
        key: ColumnElement[UUID] = cast("Any", table).id
        seen = case((self._scope(table), true()), else_=false())
        return self.all(select(table).where(key.in_(ids), seen))

    def slice(
        self,
        query: SelectOfScalar[Row],
        order: Order,
        after: str | None = None,
        limit: int = PAGE,
    ) -> Slice[Row]:
        """One screen of a query, by keyset: the cost does not grow with the page's number."""
        limit = max(1, min(limit, LONGEST_PAGE))
        (key,) = inspect(order.column.class_).primary_key
        (column,) = order.column.property.columns
        keys = (order.column,) if column is key or column.unique else (order.column, key)
        if after is not None:
            last = tuple_(*from_cursor(after, order.column, key)[: len(keys)])
            query = query.where(tuple_(*keys) < last if order.descending else tuple_(*keys) > last)
        ordered = [one.desc() if order.descending else one.asc() for one in keys]
        table = cast("type[Row]", order.column.class_)
        # Which rows, by what an index may hold of them; only those are then read whole.
        screen = query.with_only_columns(key).order_by(*ordered).limit(limit + 1)
        found = cast("ColumnElement[Any]", key).in_(self.ids(screen, table))
        whole = select(table).where(found).order_by(*ordered).limit(limit + 1)
        rows = self.session.exec(whole).all()
        if len(rows) <= limit:
            return Slice(rows, None)
        last_row = rows[limit - 1]
        return Slice(
            rows[:limit],
            to_cursor(getattr(last_row, order.column.key), getattr(last_row, key.name)),
        )

    def ids(self, query: Select[Any], table: type[Table]) -> set[Any]:
        """The first ids of a query made by `select`, of each scope by itself.

        With an OR of scopes no index gives the order; for each of them one does.
        """
        whole = self._scope(table)
        narrowed = (_with_one_scope(query, whole, scope) for scope in apart(whole))
        return {one for each in narrowed for one in self.session.scalars(each)}

    def add(self, row: Row) -> Row:
        self.session.add(row)
        return row

    def record(self, deed: str, subject: Table, **facts: Any) -> None:  # noqa: ANN401 - JSON
        """Put the deed on record, in the transaction of its change."""
        identity = str(getattr(subject, "id", ""))
        self.session.add(
            AuditEntry.of(
                at=self.at,
                actor=self.actor,
                deed=deed,
                kind=type(subject).__name__,
                id=identity,
                name=subject.title,
                province=subject.place,
                facts=facts,
            )
        )
        if self.once is not None and not self.once.used:
            self._use_up(self.once, subject)
        self.session.info["recorded"] = True

    def no_deed(self) -> None:
        """What is changed here is the house's own bookkeeping, and nobody's deed."""
        self.session.info["recorded"] = True

    def _use_up(self, once: Once, subject: Table) -> None:
        once.used = True
        self.session.add(
            DoneOnce(
                owner=str(self.actor.id),
                key=once.key,
                fingerprint=once.fingerprint,
                subject_kind=type(subject).__name__,
                subject_id=str(getattr(subject, "id", "")),
                at=self.at,
            )
        )


@dataclass(frozen=True, slots=True)
class Desk:
    actor: Actor
    house: House
    once: Once | None = None
    shared: Session | None = None
    """Of a desk that reads together: what its reads have in common."""

    def now(self) -> datetime:
        return self.house.now()

    def as_(self, actor: Actor) -> "Desk":
        return replace(self, actor=actor)

    def keyed(self, key: str, fingerprint: str) -> "Desk":
        """The same desk for one writing request that carries a key."""
        return replace(self, once=Once(key, fingerprint))

    @contextmanager
    def reading(self) -> Generator["Desk"]:
        """A desk for many small reads at once: they share one transaction, and nothing else.

        Each asks for its permission, is watched and leaves its looks on record as if alone.
        """
        with self._own_session(writing=False) as session:
            yield replace(self, shared=session)

    def remembered(self, question: str, find: Callable[[], Found], *about: Hashable) -> Found:
        """What this actor was told when they asked the same before, or what `find` finds.

        For small answers that many runs ask for; they are not to be changed.
        """
        return self.house.memory.ask((self.actor, question, *about), self.now(), find)

    def must(self, permission: Permission) -> None:
        """NotAllowed, and on record, where the actor may not do this."""
        if not self.actor.may(permission):
            self._record_denial("staff.denied", permission)
            self.actor.must(permission)

    @contextmanager
    def begin(self, permission: Permission) -> Generator[Work]:
        """Do one thing: allowed or refused, kept whole or not at all, and never off the record."""
        self.must(permission)
        reads = permission.only_reads
        with self._session(reads=reads) as session:
            work = Work(session, self.actor, self.now(), reads, self.once)
            if not reads and self.once is not None and not self.once.used:
                self._refuse_repeat(session, self.once)
            try:
                yield work
                session.flush()
            except NotAllowed as no:
                session.rollback()
                for end, deed in _REFUSALS_ON_RECORD:
                    if no.code.endswith(end):
                        self._record_denial(deed, permission, **no.facts)
                raise
            except DataError:
                raise Invalid("row.not_storable", field="-") from None
            except DBAPIError as error:
                if getattr(error.orig, "sqlstate", None) not in _SOMEBODY_WAS_FASTER:
                    raise
                raise Conflict("row.done_meanwhile") from None
            changed, recorded = session.info.get("changed"), session.info.get("recorded")
            if changed and (reads or not recorded):
                raise UnrecordedChangeError(permission)
        if work.seen and self.actor.door is not Door.PUBLIC and not self.actor.is_house:
            self._record_looks(work.seen)

    @contextmanager
    def _session(self, *, reads: bool) -> Generator[Session]:
        """The shared one for a read, unless another is still at it; else one of its own."""
        free = None if self.shared is None or self.shared.info else self.shared
        if reads and free is not None:
            with lent(free):
                yield free
            return
        if free is not None:
            free.rollback()  # what is read afterwards knows of the change
        with self._own_session(writing=not reads) as session:
            yield session
            session.commit()
            if not (reads or self.actor.is_house):
                self.house.memory.note_deed()

    def _own_session(self, *, writing: bool) -> Session:
        return WatchedSession(self._engine(writing=writing), expire_on_commit=False)

    def _engine(self, *, writing: bool) -> Engine:
        return self.house.engine.execution_options(**{WRITING: writing})

    def _refuse_repeat(self, session: Session, once: Once) -> None:
        if session.get_bind().dialect.name == "postgresql":
            # Whoever sends the same key at the same moment waits; SQLite has one writer anyway.
            lock = func.hashtextextended(f"{self.actor.id} {once.key}", 0)
            session.exec(select(func.pg_advisory_xact_lock(lock)))
        done = session.get(DoneOnce, (str(self.actor.id), once.key))
        if done is None:
            return
        if done.fingerprint != once.fingerprint:
            raise Conflict("api.key_reused", key=once.key)
        raise AlreadyDone(done.subject_kind, UUID(done.subject_id))

    def _record_denial(self, deed: str, permission: Permission, **facts: object) -> None:
        with self._own_session(writing=True) as session:
            session.add(
                AuditEntry.of(
                    at=self.now(),
                    actor=self.actor,
                    deed=deed,
                    kind="Permission",
                    id=permission.value,
                    name=permission.value,
                    province=None,
                    facts=facts,
                )
            )
            session.commit()

    def _record_looks(self, rows: Sequence[Table]) -> None:
        """Every look at a record of another organisation is on record, once in ten minutes."""
        at = self.now()
        with self._own_session(writing=True) as session:
            for row in rows:
                kind, identity = type(row).__name__, str(getattr(row, "id", ""))
                before = session.exec(
                    select(AuditEntry.seq)
                    .where(AuditEntry.subject_kind == kind, AuditEntry.subject_id == identity)
                    .where(AuditEntry.deed == "record.seen", AuditEntry.actor_id == self.actor.id)
                    .where(col(AuditEntry.at) > at - _SEEN_AGAIN)
                ).first()
                if before is None:
                    work = Work(session, self.actor, at, only_reads=False)
                    work.record("record.seen", row)
            session.commit()


def _with_one_scope(
    query: Select[Any], whole: ColumnElement[bool], scope: ColumnElement[bool]
) -> Select[Any]:
    def replaced(element: Any, **_: Any) -> ColumnElement[bool] | None:  # noqa: ANN401 - any clause
        return scope if element is whole else None

    return cast("Select[Any]", replacement_traverse(query, {}, replaced))


def _uuid(text: UUID | str) -> UUID:
    if isinstance(text, UUID):
        return text
    try:
        return UUID(text)
    except ValueError:
        raise NotFound("row.not_found", table="") from None
