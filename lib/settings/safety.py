"""What each environment does not allow: published passwords on a network, a stand-in with real customers."""

from urllib.parse import urlsplit

from pydantic import SecretStr

from lib.settings.values import Environment, Settings, SettingsError

LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})


def refuse_unsafe(settings: Settings) -> None:
    """Refuse what would be dangerous in this environment.

    Raises:
        SettingsError: with the name of the setting and what to do.
    """
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
            "the token must not be sent over a network unencrypted."
        )
    if settings.env is Environment.PRODUCTION and not _is_remote_https(settings.zuora_url):
        raise SettingsError(
            f"AM_ZUORA_URL is {settings.zuora_url!r}. Production talks to Zuora over https "
            "and never to a stand-in on this machine."
        )


def _is_safe_sbc(url: str) -> bool:
    parts = urlsplit(url)
    return parts.hostname is not None and (parts.scheme == "https" or parts.hostname in LOOPBACK)


def _is_remote_https(url: str) -> bool:
    parts = urlsplit(url)
    return parts.scheme == "https" and parts.hostname is not None and parts.hostname not in LOOPBACK
