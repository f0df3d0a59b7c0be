"""Coming in and going out: passwords, one-time codes, sessions, OpenID Connect, API keys."""

import hashlib
import secrets
import threading
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final
from uuid import UUID

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerifyMismatchError
from pyotp.totp import TOTP
from sqlalchemy import delete, func
from sqlmodel import col, select

from console.desk import Desk, House, Work
from models.permissions import Permission, Role
from models.provinces import provinces
from models.refusals import Conflict, NotAllowed
from models.staff import (
    CARRIERS,
    FAILURE_WINDOW,
    SESSION_IDLE,
    Actor,
    ApiClient,
    Door,
    LoginFailure,
    LoginSession,
    Organisation,
    OrganisationKind,
    User,
    UserRole,
    is_throttled,
)

HASHER: Final = PasswordHasher(time_cost=1, memory_cost=46 * 1024, parallelism=1)
"""argon2id with 46 MiB (OWASP ASVS 5.0 V11.4.2): about 0.1 s of one core."""
_NOBODY: Final = HASHER.hash(secrets.token_hex())
_SLOTS: Final = threading.BoundedSemaphore(2)
"""Two hash at a time. A guess is counted before its slot is free, so a crowd guesses no more."""
_LONGEST_LOGIN: Final = 64
_TOUCH_EVERY: Final = SESSION_IDLE / 30
_STEP_SECONDS: Final = 30


@dataclass(frozen=True, slots=True)
class SignedIn:
    """A session as the cookie's token opens it."""

    session_id: UUID
    actor: Actor
    language: str
    must_change_password: bool


def hashed(token: str) -> str:
    """What is kept of a token or key: they are random and long, so one SHA-256 is enough."""
    return hashlib.sha256(token.encode()).hexdigest()


def sign_in(  # noqa: PLR0913 - what a sign-in form and its connection give
    house: House, login: str, password: str, code: str = "", *, address: str, agent: str
) -> str:
    """The token of a new session. Every wrong answer sounds the same and takes the same time."""
    login = _seen(login)
    _refuse_throttled(house, login, address)
    with _SLOTS:
        _refuse_throttled(house, login, address)  # of those who guess at once, the last ones
        user_id, step = _recognised(house, login, password, code, address)
    return _open_session(house, user_id, address, agent, step)


def _seen(login: str) -> str:
    """A login as it is kept; what no login has in it stays wrong and can be written down."""
    plain = login.strip().lower()[: _LONGEST_LOGIN + 1]
    return "".join(one if one.isprintable() else "\ufffd" for one in plain)


def _recognised(
    house: House, login: str, password: str, code: str, address: str
) -> tuple[UUID, int | None]:
    """Who it is, and the time step of their one-time code; a wrong answer is counted here."""
    with house.desk().begin(Permission.STAFF_READ) as work:
        user = work.session.exec(select(User).where(User.login == login)).first()
        known = user if user is not None and _works_here(work, user) else None
    if not _password_fits(known, password) or known is None:
        raise _failed(house, login, address)
    if known.totp_secret is None:
        return known.id, None
    if not code:
        raise Conflict("staff.code_needed")
    step = _unused_step(house, known, code)
    if step is None:
        raise _failed(house, login, address)
    return known.id, step


def _works_here(work: Work, user: User) -> bool:
    """Neither the account nor its organisation is closed."""
    owner = work.session.get_one(Organisation, user.organisation_id)
    return user.disabled_at is None and owner.disabled_at is None


def sign_in_by_oidc(  # noqa: PLR0913 - what the provider and the connection give
    house: House, issuer: str, subject: str, names: list[str], *, address: str, agent: str
) -> str:
    """The token of a new session for whom the provider vouches.

    A person is known by issuer and subject; the first time by one of `names` (verified mail,
    user name), if an administrator made that account for signing in elsewhere.
    """
    with house.desk().begin(Permission.ACCOUNT_USE) as work:
        user = work.session.exec(
            select(User).where(User.oidc_issuer == issuer, User.oidc_subject == subject)
        ).first()
        if user is None:
            logins = [name.strip().lower() for name in names]
            user = work.session.exec(
                select(User)
                .where(col(User.login).in_(logins), col(User.password).is_(None))
                .where(col(User.oidc_subject).is_(None))
            ).first()
            if user is not None:
                user.oidc_issuer, user.oidc_subject = issuer, subject
                work.record("staff.linked", user, issuer=issuer)
        if user is None or not _works_here(work, user):
            raise NotAllowed("staff.not_invited")
    return _open_session(house, user.id, address, agent, None)


def confirm(house: House, user: User, password: str) -> bool:
    """Whether the person at work knows their own password; wrong answers are throttled."""
    with _SLOTS:
        _refuse_throttled(house, user.login, user.login)
        if _password_fits(user, password):
            return True
        _failed(house, user.login, user.login)
    return False


def _refuse_throttled(house: House, login: str, address: str) -> None:
    since = house.now() - FAILURE_WINDOW
    with house.desk().begin(Permission.STAFF_READ) as work:
        counts = [
            work.session.exec(
                select(func.count())
                .select_from(LoginFailure)
                .where(column == value, col(LoginFailure.at) > since)
            ).one()
            for column, value in (
                (col(LoginFailure.account), login[:64]),
                (col(LoginFailure.address), address),
            )
        ]
    if is_throttled(*counts):
        raise Conflict("staff.throttled", minutes=int(FAILURE_WINDOW.total_seconds() // 60))


def _password_fits(user: User | None, password: str) -> bool:
    record = user.password if user is not None and user.password else _NOBODY
    try:
        return HASHER.verify(record, password)
    except (VerifyMismatchError, InvalidHashError):
        return False


def _unused_step(house: House, user: User, code: str) -> int | None:
    """The time step whose one-time code this is, if it is fresh and was not used before."""
    if user.totp_secret is None or not code:
        return None
    secret = house.vault.open(user.totp_secret, f"totp:{user.id}").decode()
    step = step_of(secret, code, house.now())
    return step if step is not None and step > user.totp_last_step else None


def step_of(secret: str, code: str, at: datetime) -> int | None:
    """The time step, this one or a neighbour, whose one-time code this is."""
    now, codes, given = int(at.timestamp()) // _STEP_SECONDS, TOTP(secret), code.strip().encode()
    for step in (now - 1, now, now + 1):
        if secrets.compare_digest(codes.generate_otp(step).encode(), given):
            return step
    return None


def _failed(house: House, login: str, address: str) -> NotAllowed:
    with house.desk().begin(Permission.ACCOUNT_USE) as work:
        old = work.at - FAILURE_WINDOW
        work.session.exec(delete(LoginFailure).where(col(LoginFailure.at) < old))
        failure = work.add(LoginFailure(account=login[:64], address=address, at=work.at))
        work.record("staff.sign_in_failed", failure, address=address)
    return NotAllowed("staff.wrong_sign_in")


def _open_session(house: House, user_id: UUID, address: str, agent: str, step: int | None) -> str:
    token = secrets.token_urlsafe(32)
    with house.desk().begin(Permission.ACCOUNT_USE) as work:
        user = work.get(User, user_id)
        if step is not None:
            if step <= user.totp_last_step:
                raise NotAllowed("staff.wrong_sign_in")
            user.totp_last_step = step
        work.session.exec(delete(LoginFailure).where(col(LoginFailure.account) == user.login))
        work.add(
            LoginSession(
                token_hash=hashed(token),
                user_id=user.id,
                opened_at=work.at,
                seen_at=work.at,
                address=address,
                agent=agent[:200],
            )
        )
        work.record("staff.signed_in", user, address=address)
    return token


def signed_in(house: House, token: str | None, *, touch: bool = False) -> SignedIn | None:
    """Whose session the token opens, as the rights stand now; None when it opens none."""
    if not token:
        return None
    with house.desk().begin(Permission.STAFF_READ) as work:
        found = work.session.exec(
            select(LoginSession, User, Organisation, UserRole.role)
            .join(User, col(User.id) == col(LoginSession.user_id))
            .join(Organisation, col(Organisation.id) == col(User.organisation_id))
            .outerjoin(UserRole, col(UserRole.user_id) == col(User.id))
            .where(LoginSession.token_hash == hashed(token))
        ).all()
        if not found:
            return None
        session, user, *_ = found[0]
        if not session.is_open(work.at) or not _works_here(work, user):
            return None
        actor = _actor_of(work, user, [role for *_, role in found if role])
    if touch and house.now() - session.seen_at > _TOUCH_EVERY:
        touch_session(house, session.id)
    return SignedIn(session.id, actor, user.language, user.must_change_password)


def looked_at_by_door(house: House, token: str) -> SignedIn | None:
    """As `signed_in`, for a run that the door lets in with it: one look at the database for both.

    The run takes it by `signed_in_for_run`, once and within a second.
    """
    found = signed_in(house, token)
    house.memory.hand(("signed in", hashed(token)), found)
    return found


def signed_in_for_run(house: House, token: str | None) -> SignedIn | None:
    """As the door has just seen it, otherwise as a look at the database shows."""
    found: SignedIn | None = house.memory.take(("signed in", hashed(token))) if token else None
    return found or signed_in(house, token)


def touch_session(house: House, session_id: UUID) -> None:
    """Note that a person was at work in the session just now."""
    with house.desk().begin(Permission.ACCOUNT_USE) as work:
        session = work.get(LoginSession, session_id)
        session.seen_at = max(session.seen_at, work.at)
        work.no_deed()


def actor_named(house: House, login: str, door: Door) -> Actor:
    """The person of that login, for the command line of whoever runs this machine."""
    with house.desk().begin(Permission.STAFF_READ) as work:
        user = work.session.exec(select(User).where(User.login == login.strip().lower())).first()
        if user is None or not _works_here(work, user):
            raise NotAllowed("staff.no_such_user", login=login)
        held = work.session.exec(select(UserRole.role).where(UserRole.user_id == user.id)).all()
        return replace(_actor_of(work, user, held), door=door)


def actor_of_key(house: House, key: str) -> Actor | None:
    """The API client whose bearer key this is; None when it is nobody's, revoked or expired."""
    with house.desk().begin(Permission.STAFF_READ) as work:
        client = work.session.exec(
            select(ApiClient).where(ApiClient.key_hash == hashed(key))
        ).first()
        if client is None or not client.is_live(work.at):
            return None
        organisation = work.session.get_one(Organisation, client.organisation_id)
        if organisation.disabled_at is not None:
            return None
        roles = frozenset(Role(scope) for scope in client.roles)
        return replace(
            actor_in(work, organisation),
            id=client.id,
            name=client.name,
            roles=roles,
            door=Door.API,
        )


def _actor_of(work: Work, user: User, held: Iterable[str]) -> Actor:
    organisation = work.session.get_one(Organisation, user.organisation_id)
    roles: frozenset[Role] = (
        frozenset() if user.must_change_password else frozenset(map(Role, held))
    )
    return replace(
        actor_in(work, organisation), id=user.id, name=user.name, roles=roles | {Role.SELF}
    )


def actor_in(work: Work, organisation: Organisation) -> Actor:
    """Nobody yet, with the organisation's scope and without a role."""
    carriers: frozenset[UUID] = frozenset()
    watched: frozenset[str] = frozenset()
    if organisation.kind in CARRIERS:
        below = work.session.exec(
            select(Organisation.id).where(Organisation.parent_id == organisation.id)
        ).all()
        carriers = frozenset({organisation.id, *below})
    if organisation.kind is OrganisationKind.COMM_ADMIN:
        watched = frozenset([organisation.province] if organisation.province else provinces())
    return Actor(
        id=None,
        name="",
        roles=frozenset(),
        organisation_id=organisation.id,
        organisation=organisation.name,
        kind=organisation.kind,
        carriers=carriers,
        platform=organisation.code if organisation.kind is OrganisationKind.PLATFORM else None,
        provinces=watched,
    )


def sign_out(house: House, session_id: UUID) -> None:
    with house.desk().begin(Permission.ACCOUNT_USE) as work:
        session = work.get(LoginSession, session_id)
        session.ended_at = session.ended_at or work.at
        work.record("staff.signed_out", work.session.get_one(User, session.user_id))


def sign_out_everywhere(desk: Desk, user_id: UUID) -> list[UUID]:
    """End every open session of a person: one's own, or anybody's by the security administrator."""
    own = desk.actor.id == user_id
    permission = Permission.ACCOUNT_USE if own else Permission.STAFF_GRANT
    with desk.begin(permission) as work:
        user = work.get(User, user_id)
        ended = end_sessions(work, user.id, work.at)
        work.record("staff.signed_out_everywhere", user, sessions=len(ended))
    return ended


def end_sessions(work: Work, user_id: UUID, at: datetime, keep: UUID | None = None) -> list[UUID]:
    """End a person's open sessions inside a work; their ids, for the guard to cut the sockets."""
    query = select(LoginSession).where(
        LoginSession.user_id == user_id, col(LoginSession.ended_at).is_(None)
    )
    if keep is not None:
        query = query.where(LoginSession.id != keep)
    sessions = work.session.exec(query).all()
    for session in sessions:
        session.ended_at = at
    return [session.id for session in sessions]
