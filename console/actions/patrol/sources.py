"""Sources: their mapping files and keys, tried before they are saved."""

import base64
from collections.abc import Mapping, Sequence
from typing import Final
from uuid import UUID

from sqlmodel import col

from console.actions.audit import history
from console.actions.patrol.asking import fetcher_for
from console.desk import Desk, Order, Slice, Work
from integrations.marketplaces import preview as trial
from integrations.marketplaces.mapping import Source as Mapped
from integrations.marketplaces.mapping import source_from
from integrations.marketplaces.preview import Preview
from models.audit import AuditEntry
from models.base import new_id
from models.patrol.runs import Source
from models.permissions import Permission
from models.refusals import Conflict, Invalid, NotAllowed
from models.tokens import canonical_shop

LONGEST_SECRET: Final = 2000
_LONGEST_NAME: Final = 64
_LONGEST_PLATFORM: Final = 32


def read_mapping(desk: Desk, mapping_text: str, *, file: str) -> Mapped:
    """The mapping, if it is sound and of a platform that the actor may patrol."""
    with desk.begin(Permission.SOURCE_EDIT):
        pass  # nobody else has our parsers read what they wrote
    mapped = source_from(mapping_text, file=file)
    if len(mapped.platform) > _LONGEST_PLATFORM:
        raise Invalid("patrol.platform_too_long", platform=mapped.platform, most=_LONGEST_PLATFORM)
    canonical_shop(mapped.platform, "x" if mapped.platform != "site" else "x.example")
    own = desk.actor.platform
    if own is not None and mapped.platform != own:
        raise NotAllowed("patrol.not_your_platform", platform=mapped.platform, own=own)
    return mapped


def preview_source(
    desk: Desk,
    mapping_text: str,
    secrets: Mapping[str, str] | None = None,
    *,
    file: str = "mapping.toml",
    source_id: UUID | str | None = None,
) -> Preview:
    """Ask the site for its first listings, and say what of the mapping worked.

    Keys that are not given are those on file with `source_id`. Nothing is kept.
    """
    desk.actor.must(Permission.SOURCE_EDIT)
    mapped = read_mapping(desk, mapping_text, file=file)
    known = _only_named(mapped, secrets or {})
    if source_id is not None:
        with desk.begin(Permission.SOURCE_EDIT) as work:
            source = own_source(work, source_id)
        known = _still_good(source, mapped, opened_secrets(desk, source), known) | known
    all_secrets(mapped, known)
    fetcher = fetcher_for(desk.house.settings, mapped)
    return trial.preview(mapped, fetcher, secrets=known, now=desk.house.now)


def all_secrets(mapped: Mapped, known: Mapping[str, str]) -> None:
    for name in sorted(mapped.secrets_named()):
        if not known.get(name):
            raise Invalid("source.secret_unknown", key="headers", secret=name)


def save_source(
    desk: Desk, name: str, mapping_text: str, secrets: Mapping[str, str] | None = None
) -> Source:
    """A new source. Its keys are sealed and never shown again."""
    name = _clean_name(name)
    mapped = read_mapping(desk, mapping_text, file=name)
    given = _only_named(mapped, secrets or {})
    all_secrets(mapped, given)
    source_id = new_id()
    sealed = _sealed(desk, source_id, given)
    with desk.begin(Permission.SOURCE_EDIT) as work:
        organisation_id = work.actor.organisation_id
        if organisation_id is None:
            raise NotAllowed("patrol.no_organisation")
        _name_free(work, organisation_id, name)
        source = work.add(
            Source(
                id=source_id,
                organisation_id=organisation_id,
                name=name,
                platform=mapped.platform,
                mapping=mapping_text,
                secrets=sealed,
                created_at=work.at,
            )
        )
        work.record("source.saved", source, platform=mapped.platform, secrets=sorted(sealed))
        return source


def edit_source(  # noqa: PLR0913 - a source's parts
    desk: Desk,
    source_id: UUID | str,
    mapping_text: str,
    secrets: Mapping[str, str] | None = None,
    *,
    name: str | None = None,
    version: int | None = None,
) -> Source:
    """Change the mapping, the name, or keys; keys that are not given stay as they are.

    A mapping that reaches further hosts needs all of its keys again: whoever changes it may not
    know them, and would else have them sent to a host of their own.
    """
    mapped = read_mapping(desk, mapping_text, file=name or "mapping.toml")
    with desk.begin(Permission.SOURCE_EDIT) as work:
        source = own_source(work, source_id)
        if version is not None and version != source.version:
            raise Conflict("patrol.changed_meanwhile", title=source.name)
        if name is not None and _clean_name(name) != source.name:
            _name_free(work, source.organisation_id, _clean_name(name))
            source.name = _clean_name(name)
        given = _sealed(desk, source.id, _only_named(mapped, secrets or {}))
        source.secrets = _still_good(source, mapped, source.secrets, given) | given
        all_secrets(mapped, source.secrets)
        source.mapping, source.platform = mapping_text, mapped.platform
        source.version += 1
        work.record("source.edited", source, version=source.version, secrets=sorted(given))
        return source


def disable_source(desk: Desk, source_id: UUID | str, reason: str) -> Source:
    """No more runs of it. What was found stays."""
    with desk.begin(Permission.SOURCE_EDIT) as work:
        source = own_source(work, source_id)
        source.disabled_at = source.disabled_at or work.at
        work.record("source.disabled", source, reason=reason)
        return source


def enable_source(desk: Desk, source_id: UUID | str) -> Source:
    with desk.begin(Permission.SOURCE_EDIT) as work:
        source = own_source(work, source_id)
        source.disabled_at = None
        work.record("source.enabled", source)
        return source


def list_sources(desk: Desk, after: str | None = None, *, limit: int = 50) -> Slice[Source]:
    with desk.begin(Permission.PATROL_READ) as work:
        return work.slice(work.select(Source), Order.by(Source.created_at), after, limit)


def get_source(desk: Desk, source_id: UUID | str) -> Source:
    with desk.begin(Permission.PATROL_READ) as work:
        return work.get(Source, source_id)


def source_named(desk: Desk, name: str) -> Source:
    with desk.begin(Permission.PATROL_READ) as work:
        return work.one(work.select(Source).where(col(Source.name) == name), Source)


def source_and_history(desk: Desk, source_id: UUID | str) -> tuple[Source, Sequence[AuditEntry]]:
    with desk.begin(Permission.PATROL_READ) as work:
        source = work.get(Source, source_id)
        return source, history(work, source)


def opened_secrets(desk: Desk, source: Source) -> dict[str, str]:
    """The keys in clear, for the fetcher alone."""
    vault = desk.house.vault
    return {
        name: vault.open(base64.b64decode(sealed), _context(source.id, name)).decode()
        for name, sealed in source.secrets.items()
    }


def secrets_for(desk: Desk, source: Source, mapped: Mapped) -> dict[str, str]:
    """The keys in clear for a mapping of the source as it stood when a run was planned.

    Refused when it names another host than the source does now: its keys are for that one.
    """
    opened = opened_secrets(desk, source)
    known = _still_good(source, mapped, opened, {})
    all_secrets(mapped, known)
    return known


def is_sample(source: Source) -> bool:
    """It shows goods whose sellers pay commission: a part of the market, and not a fair one."""
    try:
        return source_from(source.mapping, file=source.name).is_sample
    except Invalid:
        return False


def own_source(work: Work, source_id: UUID | str) -> Source:
    source = work.get(Source, source_id)
    if not work.actor.is_house and source.organisation_id not in work.actor.organisations:
        raise NotAllowed("patrol.not_yours", title=source.title)
    return source


def _context(source_id: UUID, name: str) -> str:
    return f"source:{source_id}:{name}"


def _sealed(desk: Desk, source_id: UUID, given: Mapping[str, str]) -> dict[str, str]:
    vault = desk.house.vault
    return {
        name: base64.b64encode(vault.seal(value.encode(), _context(source_id, name))).decode()
        for name, value in given.items()
    }


def _still_good(
    source: Source, mapped: Mapped, kept: Mapping[str, str], given: Mapping[str, str]
) -> dict[str, str]:
    """Of the keys on file those that the mapping may use; refused where it reaches further."""
    wanted = {name: key for name, key in kept.items() if name in mapped.secrets_taken()}
    left = sorted(wanted.keys() - given.keys())
    further = sorted(mapped.reach - _reach_before(source))
    if left and further:
        raise Invalid("patrol.keys_again", hosts=", ".join(further), secrets=", ".join(left))
    return wanted


def _reach_before(source: Source) -> frozenset[str]:
    try:
        return source_from(source.mapping, file=source.name).reach
    except Invalid:  # written for an older form of mappings
        return frozenset()


def _only_named(mapped: Mapped, secrets: Mapping[str, str]) -> dict[str, str]:
    for name, value in secrets.items():
        if name not in mapped.secrets_taken():
            raise Invalid("patrol.secret_not_named", secret=name)
        if not value.isprintable() or len(value) > LONGEST_SECRET:
            raise Invalid("patrol.secret_unusable", secret=name, most=LONGEST_SECRET)
    return {name: value for name, value in secrets.items() if value}


def _clean_name(name: str) -> str:
    clean = " ".join(name.split())
    if not clean or len(clean) > _LONGEST_NAME:
        raise Invalid("patrol.bad_name", name=clean, most=_LONGEST_NAME)
    return clean


def _name_free(work: Work, organisation_id: UUID, name: str) -> None:
    query = work.select(Source).where(Source.organisation_id == organisation_id)
    if work.session.exec(query.where(col(Source.name) == name)).first() is not None:
        raise Conflict("patrol.name_taken", name=name)
