"""Where this process may be reached, by its settings."""

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
                "for example AM_ALLOWED_HOSTS=hub.example.com: a name that somebody else makes lead here gets nothing."
            )
        given = sorted({*LOOPBACK, settings.address})
    return [_read(entry) for entry in given]


def refuse_open_demo(settings: Settings, listens_on: object) -> None:
    """Streamlit's own option says where it listens when it was not started by `make run`.

    Raises:
        SettingsError: a demo would be served to other machines.
    """
    if settings.env is Environment.DEMO and listens_on not in LOOPBACK:
        raise SettingsError(
            f"--server.address is {listens_on or 'not set'}, but the demo has published passwords and serves this "
            "machine only. Leave it out, or set AM_ENV=staging with real credentials."
        )


def _read(entry: str) -> Address:
    # An IPv6 address may stand without its brackets where no port follows.
    host = read_host(f"[{entry}]" if entry.count(":") > 1 and not entry.startswith("[") else entry)
    if host is None:
        raise SettingsError(
            f"AM_ALLOWED_HOSTS has {entry!r}, which is no host. Write names without http:// and without a path, "
            "for example hub.example.com or hub.example.com:8443."
        )
    return host
