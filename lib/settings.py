"""Every setting of the product, read from `AM_*` environment variables and `.env`.

`docs/settings.md` documents each of them; a test fails when one is missing there.
"""

import contextlib
import json
import re
import secrets
import tempfile
import uuid
from enum import StrEnum
from pathlib import Path
from typing import Any, Literal, Self
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import Field, SecretStr, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from lib.patience import Patience
from lib.private import make_folder

PROJECT = Path(__file__).resolve().parent.parent
_ZUORA_ID = re.compile(r"[A-Za-z0-9-]{1,64}")
LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})


class Environment(StrEnum):
    """Where this process runs; it decides what is allowed to be synthetic."""

    DEMO = "demo"
    STAGING = "staging"
    PRODUCTION = "production"


class SettingsError(ValueError):
    """The settings do not allow a start; the text names the setting and what to do."""


class Settings(BaseSettings):
    """The settings of one process. Build it with `load()`, which also checks them."""

    model_config = SettingsConfigDict(env_prefix="AM_", env_file=".env", extra="ignore", frozen=True)

    env: Environment = Environment.DEMO
    data_dir: Path = PROJECT / "var"
    address: str = "127.0.0.1"
    port: int = Field(default=8501, ge=1, le=65535)
    allowed_hosts: str = ""
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"] = "INFO"
    time_zone: str = "Australia/Melbourne"

    database_url: str = ""
    engine_database_url: str = ""
    executor_beat_seconds: float = Field(default=2.0, gt=0)
    executor_dead_seconds: float = Field(default=10.0, gt=0)
    step_attempts: int = Field(default=4, ge=1)
    step_retry_seconds: float = Field(default=1.0, gt=0)
    database_patience_minutes: float = Field(default=15.0, ge=0)
    plan_minutes: float = Field(default=5.0, gt=0)
    four_eyes: bool = False

    cookie_key: SecretStr = SecretStr("")
    sign_in_hours: float = Field(default=8.0, gt=0, le=24)
    sign_in_attempts: int = Field(default=8, ge=1)
    sign_in_address_attempts: int = Field(default=40, ge=1)
    sign_in_lock_minutes: float = Field(default=15.0, gt=0)

    zuora_url: str = ""
    zuora_web_url: str = ""
    zuora_client_id: str = ""
    zuora_client_secret: SecretStr = SecretStr("")
    zuora_version: str = "2025-08-12"
    zuora_connect_seconds: float = Field(default=5.0, gt=0)
    zuora_read_seconds: float = Field(default=60.0, gt=0)
    zuora_page_seconds: float = Field(default=10.0, gt=0)
    zuora_attempts: int = Field(default=4, ge=1)
    zuora_retry_seconds: float = Field(default=60.0, gt=0)
    zuora_concurrency: int = Field(default=20, ge=1)
    zuora_read_back_seconds: float = Field(default=5.0, gt=0)
    zuora_entity_id: str = ""
    zuora_org_ids: str = ""
    zuora_cache_seconds: float = Field(default=30.0, ge=0)
    page_wait_seconds: float = Field(default=0.8, ge=0)

    sbc_url: str = ""
    sbc_token: SecretStr = SecretStr("")
    sbc_ca_file: str = ""
    sbc_certificate: str = ""
    sbc_key: str = ""
    sbc_connect_seconds: float = Field(default=5.0, gt=0)
    sbc_read_seconds: float = Field(default=30.0, gt=0)
    sbc_page_seconds: float = Field(default=10.0, gt=0)
    sbc_attempts: int = Field(default=4, ge=1)
    sbc_retry_seconds: float = Field(default=30.0, gt=0)
    sbc_concurrency: int = Field(default=8, ge=1)
    suspend_after_days: int = Field(default=7, ge=0)

    mail_host: str = ""
    mail_port: int = Field(default=587, ge=1, le=65535)
    mail_security: Literal["none", "starttls", "tls"] = "starttls"
    mail_username: str = ""
    mail_password: SecretStr = SecretStr("")
    mail_from: str = "Account Manager <no-reply@example.com>"
    mail_contact: str = "our billing team"
    mail_ca_file: str = ""
    mail_connect_seconds: float = Field(default=5.0, gt=0)
    mail_read_seconds: float = Field(default=30.0, gt=0)

    @property
    def database(self) -> str:
        """SQLAlchemy URL of the Hub database; a SQLite file under `data_dir` when none is set."""
        return self.database_url or f"sqlite:///{self.data_dir / 'hub.db'}"

    @property
    def engine_database(self) -> str:
        """SQLAlchemy URL of the step engine's own tables: the Hub's server on PostgreSQL, else a file."""
        if self.engine_database_url:
            return self.engine_database_url
        if self.database_url and not self.database_url.startswith("sqlite"):
            return self.database_url
        return f"sqlite:///{self.data_dir / 'engine.db'}"

    @property
    def uses_standin_zuora(self) -> bool:
        """True when this process has to start the Zuora stand-in itself."""
        return not self.zuora_url

    @property
    def uses_standin_sbc(self) -> bool:
        """True when this process has to start the SBC stand-in itself."""
        return not self.sbc_url

    @property
    def uses_standin_mail(self) -> bool:
        """True when this process has to start the mail stand-in itself: the demo sends nothing to anybody."""
        return not self.mail_host

    @property
    def zuora_patience(self) -> Patience:
        """How patient the Zuora client is in a run."""
        return Patience(
            connect_seconds=self.zuora_connect_seconds,
            read_seconds=self.zuora_read_seconds,
            attempts=self.zuora_attempts,
            retry_seconds=self.zuora_retry_seconds,
            concurrency=self.zuora_concurrency,
        )

    @property
    def sbc_patience(self) -> Patience:
        """How patient the SBC client is in a run."""
        return Patience(
            connect_seconds=self.sbc_connect_seconds,
            read_seconds=self.sbc_read_seconds,
            attempts=self.sbc_attempts,
            retry_seconds=self.sbc_retry_seconds,
            concurrency=self.sbc_concurrency,
        )

    @field_validator("time_zone")
    @classmethod
    def _known_zone(cls, name: str) -> str:
        try:
            ZoneInfo(name)
        except (ZoneInfoNotFoundError, ValueError) as error:
            raise ValueError("it is not the name of a time zone, such as Australia/Melbourne") from error
        return name

    @field_validator("zuora_entity_id")
    @classmethod
    def _one_entity(cls, text: str) -> str:
        text = text.strip()
        if text and not _ZUORA_ID.fullmatch(text):
            raise ValueError("it is the id of one entity: letters, digits and hyphens")
        return text

    @field_validator("zuora_org_ids")
    @classmethod
    def _organisations(cls, text: str) -> str:
        ids = [part.strip() for part in text.split(",")] if text.strip() else []
        if not all(_ZUORA_ID.fullmatch(one) for one in ids):
            raise ValueError("it is the id of an organisation, or several with commas: letters, digits and hyphens")
        return ",".join(dict.fromkeys(ids))

    @model_validator(mode="after")
    def _absolute(self) -> Self:
        # The child processes and the step engine must agree on the files whatever their folder is.
        object.__setattr__(self, "data_dir", self.data_dir.expanduser().absolute())
        return self


DEMO_SECRETS = "demo-secrets.json"


def load(**overrides: Any) -> Settings:
    """Read the settings, fill in generated secrets for the demo, and refuse a start that is not safe.

    Raises:
        SettingsError: naming the setting, when a value is malformed or the environment forbids it.
    """
    try:
        given = Settings(**overrides)
    except ValidationError as invalid:
        wrong = "; ".join(
            f"AM_{str(error['loc'][0]).upper() if error['loc'] else 'SETTINGS'}: {error['msg']}"
            for error in invalid.errors(include_input=False, include_url=False)
        )
        raise SettingsError(wrong) from None
    if given.env is Environment.DEMO:
        _require_writable(given.data_dir, "AM_DATA_DIR")
        given = given.model_copy(update=_demo_secrets(given))
    _refuse_unsafe(given)
    for url, setting in ((given.database, "AM_DATABASE_URL"), (given.engine_database, "AM_ENGINE_DATABASE_URL")):
        if url.startswith("sqlite:///") and (path := url.removeprefix("sqlite:///").partition("?")[0]):
            inside = Path(path).parent == given.data_dir
            _require_writable(Path(path).parent, "AM_DATA_DIR" if inside else setting, Path(path))
    return given


def _require_writable(folder: Path, setting: str, file: Path | None = None) -> None:
    """Make the folder, and see that this process may write in it: SQLite puts files of its own beside each database."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
        if file is not None and file.exists():
            with file.open("r+b"):
                pass
    except OSError as error:
        what, where = ("the file", file) if file is not None and folder.is_dir() else ("the folder", folder)
        raise SettingsError(
            f"{what} {where} cannot be written ({error.strerror or type(error).__name__}). Let the user that runs the "
            f"Account Manager write there, or name another place with {setting}."
        ) from error


def _demo_secrets(settings: Settings) -> dict[str, Any]:
    """Secrets the demo needs, made at its first start and kept in a file only its owner can read."""
    known = _kept_secrets(settings.data_dir)
    fill: dict[str, Any] = {}
    if not settings.cookie_key.get_secret_value():
        fill["cookie_key"] = SecretStr(known["cookie_key"])
    if settings.uses_standin_zuora:
        fill["zuora_client_id"] = known["zuora_client_id"]
        fill["zuora_client_secret"] = SecretStr(known["zuora_client_secret"])
    if settings.uses_standin_sbc:
        fill["sbc_token"] = SecretStr(known["sbc_token"])
    if settings.uses_standin_mail:
        # The stand-in listens on this machine alone and speaks without encryption.
        fill["mail_security"] = "none"
    return fill


def _kept_secrets(folder: Path) -> dict[str, str]:
    """The demo's secrets from their file; one that an earlier version did not need is added to it."""
    path = folder / DEMO_SECRETS
    known: dict[str, str] = json.loads(path.read_text()) if path.exists() else {}
    made = {
        "cookie_key": secrets.token_urlsafe(48),
        # Zuora's client ids are UUIDs of exactly 36 characters.
        "zuora_client_id": str(uuid.uuid4()),
        "zuora_client_secret": secrets.token_urlsafe(24),
        "sbc_token": secrets.token_urlsafe(24),
    }
    if made.keys() <= known.keys():
        return known
    make_folder(folder)
    draft = path.with_suffix(f".{secrets.token_hex(4)}")
    draft.touch(mode=0o600)
    draft.write_text(json.dumps(made | known))
    if known:
        draft.replace(path)
    else:
        # A link never replaces: of two first starts at once, one file wins and both read it.
        with contextlib.suppress(FileExistsError):
            path.hardlink_to(draft)
        draft.unlink()
    kept: dict[str, str] = json.loads(path.read_text())
    return kept


def _refuse_unsafe(settings: Settings) -> None:
    if settings.env is Environment.DEMO:
        if settings.address not in LOOPBACK:
            raise SettingsError(
                f"AM_ADDRESS is {settings.address!r}, but the demo has published passwords and serves this machine "
                "only. Set AM_ADDRESS=127.0.0.1, or AM_ENV=staging with real credentials."
            )
        return
    if len(settings.cookie_key.get_secret_value()) < 32:
        raise SettingsError(
            f"AM_COOKIE_KEY must be set to a secret of at least 32 characters in {settings.env}. "
            "Make one with: python -c 'import secrets; print(secrets.token_urlsafe(48))'"
        )
    for name in ("zuora_url", "zuora_client_id", "zuora_client_secret"):
        value = getattr(settings, name)
        if not (value.get_secret_value() if isinstance(value, SecretStr) else value):
            raise SettingsError(
                f"AM_{name.upper()} is not set. {settings.env.capitalize()} needs a real Zuora tenant: "
                "without it the synthetic stand-in would answer."
            )
    for name, what in (
        ("sbc_url", "a real SBC"),
        ("sbc_token", "a real SBC"),
        ("mail_host", "a real mail server"),
    ):
        value = getattr(settings, name)
        if not (value.get_secret_value() if isinstance(value, SecretStr) else value):
            raise SettingsError(
                f"AM_{name.upper()} is not set. {settings.env.capitalize()} needs {what}: "
                "without it the stand-in would answer."
            )
    if settings.env is Environment.PRODUCTION and not _is_safe_sbc(settings.sbc_url):
        raise SettingsError(
            f"AM_SBC_URL is {settings.sbc_url!r}. Production talks to the SBC over https, or to one on this machine: "
            "the token must not cross a network in clear."
        )
    if settings.env is Environment.PRODUCTION and not _is_remote_https(settings.zuora_url):
        raise SettingsError(
            f"AM_ZUORA_URL is {settings.zuora_url!r}. Production talks to Zuora over https "
            "and never to a stand-in on this machine."
        )


def _is_safe_sbc(url: str) -> bool:
    from urllib.parse import urlsplit

    parts = urlsplit(url)
    return parts.hostname is not None and (parts.scheme == "https" or parts.hostname in LOOPBACK)


def _is_remote_https(url: str) -> bool:
    from urllib.parse import urlsplit

    parts = urlsplit(url)
    return parts.scheme == "https" and parts.hostname is not None and parts.hostname not in LOOPBACK
