"""Settings: `CHANNEL_*` in the environment over one TOML file. An unknown key is an error."""

import os
from functools import cached_property
from ipaddress import IPv4Network, IPv6Network
from pathlib import Path
from typing import Annotated, Any, Final, Literal, Self
from urllib.parse import urlsplit

from pydantic import Field, ValidationError, field_validator, model_validator
from pydantic_settings import (
    BaseSettings,
    NoDecode,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)

from models.notes import WitnessKey
from models.refusals import Invalid

PREFIX: Final = "CHANNEL_"
_NOT_SETTINGS: Final = frozenset({"CHANNEL_CONFIG", "CHANNEL_AS"})


class Settings(BaseSettings):
    """Every setting of the console, its default, and what it is for."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, extra="forbid", frozen=True)

    data: Path = Path("var")
    """The folder of the database, keys, evidence and exports."""
    database_url: str | None = None
    """`postgresql+psycopg://user:password@host/name`; without it SQLite in the data folder."""
    public_url: str = "http://localhost:8501"
    """Where people reach this server: in badges, links, cookies and allowed origins."""
    log_origin: str | None = Field(default=None, pattern=r"^[^\s+]+[^\s+/]$")
    """The name under which the logs are signed, `<name>/log` and `<name>/audit`, for ever."""
    witnesses: Annotated[tuple[str, ...], NoDecode] = ()
    """Who is asked to cosign the public log: `<vkey> <address>`, with commas between."""
    host: str = "127.0.0.1"
    port: int = 8501
    metrics_port: int = 0
    """Prometheus figures on this local port; 0 is none."""
    language: str = "zh"
    """What a visitor reads who has chosen nothing: zh or en."""
    fetch_allowed_networks: Annotated[tuple[IPv4Network | IPv6Network, ...], NoDecode] = ()
    """Networks that the patrol may reach besides public addresses, as CIDR with commas."""
    fetch_agent: str = "channel-patrol/0.1 (+{public_url})"
    """How the patrol names itself to a shop."""
    fetch_pace: float = Field(default=1.0, ge=0.0)
    """Seconds between two requests to one host."""
    browser: Path | None = None
    """A Chromium that takes screenshots as evidence; without it the usual places are looked at."""
    screenshots: bool = True
    """False: pages are kept as they came, without pictures of them."""
    tsa_url: str | None = None
    """A timestamp authority (RFC 3161) that each run's evidence is shown to."""
    tsa_root: Path | None = None
    """Its root certificate in PEM; without it tokens are kept, and verified by whoever has one."""
    worker: bool = True
    """Whether `channel serve` also does the durable work; false where `channel worker` runs."""
    places: Path | None = None
    """A file in MaxMind's format that tells an address's province; without it scans have none."""
    admin_password: str | None = None
    """First start only: the first administrator's password, for automation."""
    key_passphrase: str | None = None
    """Opens the key files; without it they are protected by their mode alone."""
    badge_algorithm: Literal["ed25519", "es256", "sm2"] = "ed25519"
    """What badges and status lists are signed with; sm2 needs the extra of that name."""
    pkcs11_module: Path | None = None
    """The library of an HSM; private keys are then made in its token, and stay there."""
    pkcs11_token: str | None = None
    """The token's label."""
    pkcs11_pin: str | None = Field(default=None, repr=False)
    reader_minimum: str = Field(default="0.1.0", pattern=r"^[0-9]{1,4}(\.[0-9]{1,4}){0,3}$")
    """The oldest version of the card reader agent that may still read."""
    complaints_to: str | None = None
    """The code of the organisation that gets complaints which name nobody that works here."""
    smtp_url: str | None = Field(default=None, repr=False)
    """`smtps://name:password@host:465` or `smtp://…:587` (STARTTLS); without it no mail goes."""
    smtp_from: str | None = None
    """The address that mail comes from."""
    smtp_ca: Path | None = None
    """The root certificate of an own mail server in PEM; without it those of the system."""
    oidc_issuer: str | None = None
    oidc_client_id: str | None = None
    oidc_client_secret: str | None = None
    oidc_name: str = "OpenID Connect"
    """The word on the sign-in button."""

    @field_validator("fetch_allowed_networks", "witnesses", mode="before")
    @classmethod
    def _split(cls, value: object) -> object:
        if not isinstance(value, str):
            return value
        return [part.strip() for part in value.split(",") if part.strip()]

    @field_validator("witnesses")
    @classmethod
    def _must_be_witnesses(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for one in value:
            vkey, _, url = one.partition(" ")
            WitnessKey.from_vkey(vkey)
            if urlsplit(url.strip()).scheme not in {"http", "https"}:
                raise ValueError(f"no address: {one}")
        return value

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        del dotenv_settings, file_secret_settings
        return (
            init_settings,
            env_settings,
            TomlConfigSettingsSource(settings_cls, os.environ.get("CHANNEL_CONFIG")),
        )

    @classmethod
    def load(cls, **given: Any) -> Self:  # noqa: ANN401 - settings by name
        """The settings in force; an `Invalid` that names the key when one is unknown or wrong."""
        for name in os.environ:
            key = name.removeprefix(PREFIX).lower()
            if (
                name.startswith(PREFIX)
                and name not in _NOT_SETTINGS
                and key not in cls.model_fields
            ):
                raise Invalid("settings.unknown", key=name)
        try:
            return cls(**given)
        except ValidationError as error:
            first = error.errors()[0]
            key = PREFIX + "_".join(map(str, first["loc"])).upper()
            raise Invalid("settings.wrong", key=key, problem=first["msg"]) from error

    @model_validator(mode="after")
    def _mail_is_whole(self) -> Self:
        if bool(self.smtp_url) is not bool(self.smtp_from):
            raise ValueError("smtp_url and smtp_from go together")
        if self.smtp_url and urlsplit(self.smtp_url).scheme not in {"smtp", "smtps"}:
            raise ValueError("smtp_url begins with smtps:// or smtp://")
        return self

    @model_validator(mode="after")
    def _token_is_whole(self) -> Self:
        given = [self.pkcs11_module, self.pkcs11_token, self.pkcs11_pin]
        if any(given) and not all(given):
            raise ValueError("pkcs11_module, pkcs11_token and pkcs11_pin go together")
        if any(given) and self.badge_algorithm == "sm2":
            raise ValueError("PKCS#11 knows no SM2: badge_algorithm ed25519 or es256")
        return self

    @cached_property
    def sqlalchemy_url(self) -> str:
        return self.database_url or f"sqlite:///{(self.data / 'channel.db').absolute()}"

    @cached_property
    def durable_url(self) -> str:
        """Where the engine of durable work keeps its own state."""
        if self.database_url and not self.database_url.startswith("sqlite"):
            return self.database_url
        return f"sqlite:///{(self.data / 'durable.db').absolute()}"

    @cached_property
    def is_https(self) -> bool:
        return urlsplit(self.public_url).scheme == "https"

    @cached_property
    def agent(self) -> str:
        return self.fetch_agent.format(public_url=self.public_url)
