"""Under which hosts the settings let this process be reached."""

from lib.app.address import Address, read_host
from lib.settings import LOOPBACK, Environment, Settings, SettingsError


def allowed_hosts(settings: Settings) -> list[Address]:
    """The hosts of `AM_ALLOWED_HOSTS`; without it, in the demo, this machine by each of its usual names.

    Raises:
        SettingsError: an entry is not a host, or outside the demo no host is named.
    """
    given = [entry.strip() for entry in settings.allowed_hosts.split(",") if entry.strip()]
    if not given:
        if settings.env is not Environment.DEMO:
            raise SettingsError(
                f"AM_ALLOWED_HOSTS is not set. {settings.env.capitalize()} answers only at the addresses people open, "
                "for example AM_ALLOWED_HOSTS=hub.example.com. Requests for any other name are refused."
            )
        given = sorted({*LOOPBACK, settings.address})
    return [_read(entry) for entry in given]


def refuse_open_demo(settings: Settings, listens_on: object) -> None:
    """Refuse to serve the demo to other machines. `listens_on` is Streamlit's option `--server.address`.

    Raises:
        SettingsError: the demo would listen on an address that other machines reach.
    """
    if settings.env is Environment.DEMO and listens_on not in LOOPBACK:
        raise SettingsError(
            f"--server.address is {listens_on or 'not set'}, but the demo has published passwords and serves this "
            "machine only. Leave the option out, or set AM_ENV=staging with real credentials."
        )


def _read(entry: str) -> Address:
    # An IPv6 address may be written without brackets when no port follows.
    host = read_host(f"[{entry}]" if entry.count(":") > 1 and not entry.startswith("[") else entry)
    if host is None:
        raise SettingsError(
            f"AM_ALLOWED_HOSTS has {entry!r}, which is not a host. Write names without http:// and without a path, "
            "for example hub.example.com or hub.example.com:8443."
        )
    return host
