"""Kamailio's files for one site, in its data folder, readable only by its user."""

import contextlib
import hashlib
import json
import os
import secrets
import sqlite3
from pathlib import Path

from sbc_dial_plan import defines, emergency_numbers, lengths
from sbc_site import Site, check_token
from sbc_values import SiteError, plain_path

HERE = Path(__file__).resolve().parent
CONFIG = "kamailio.cfg"
"""A copy of the configuration in the data folder, for people. Kamailio does not read it."""


def prepare(site: Site, inside: str, *, rules: bool = True) -> str:
    """Fill the site's data folder and return the configuration to start Kamailio with.

    Without `rules` it needs no database and connects only emergency calls.
    `inside` is the address of this machine at which Kamailio itself listens for the API.

    Raises:
        SiteError: the token file has no valid token.
        OSError: a secret, or the file for TLS, does not exist yet and cannot be written.
    """
    token = site.token or _kept(site.data / "token", secrets.token_urlsafe(32))
    mark = _kept(site.data / "call-key", secrets.token_hex(32))
    if site.tls:
        template = (HERE / "tls.cfg").read_text()
        files = {"KEY": site.tls.key, "CERTIFICATE": site.tls.certificate, "AUTHORITY": site.tls.authority}
        for name, path in files.items():
            template = template.replace(f"@{name}@", str(path))
        _write(site.data / "tls.cfg", template)
    config = _config(site, inside, token, mark, rules=rules)
    if rules:
        # Only a copy: a full disk must not stop the SBC from starting.
        with contextlib.suppress(OSError):
            _write(site.data / CONFIG, config)
    return config


def _config(site: Site, inside: str, token: str, mark: str, *, rules: bool) -> str:
    values = {
        "TOKEN_SHA256": hashlib.sha256(f"Bearer {token}".encode()).hexdigest(),
        "CALL_KEY": mark,
        "DATABASE": site.postgres or f"sqlite:///{site.data / 'rules.db'}",
        "VOICEMAIL": site.voicemail,
        "CARRIER": site.carrier,
        "ANNOUNCEMENT": site.announcement,
        "CARRIER_HOST": site.carrier.removeprefix("sip:"),
        "EMERGENCY_CARRIER": site.emergency_carrier,
        "EMERGENCY_HOST": site.emergency_carrier.removeprefix("sip:"),
        **defines(site.region, site.outside_line),
    }
    values["DATABASE_CONNECTION"] = f"rules=>{values['DATABASE']}"
    if site.carrier_sources:
        values["CARRIER_SOURCES"] = site.carrier_sources
    if site.customer_sources:
        values["CUSTOMER_SOURCES"] = site.customer_sources
    if site.tls:
        values["TLS_CONFIG"] = str(site.data / "tls.cfg")
    lines = ["# Written by run.py at each start."]
    lines += [f'#!define {name} "{value}"' for name, value in values.items()]
    # JSON has double quotes of its own.
    emergency = json.dumps(emergency_numbers(site.region) if site.emergency_calls else [], separators=(",", ":"))
    lines += [f"#!define EMERGENCY_JSON '{emergency}'"]
    # Only so is a name replaced inside the text of a transformation.
    lines += [f'#!substdef "!{name}!{value}!g"' for name, value in lengths(site.region, site.outside_line).items()]
    lines += [f"#!define EMERGENCY_MILLISECONDS {1000 * site.emergency_seconds}"]
    lines += ["#!define WITH_EMERGENCY_CARRIER"] if site.has_emergency_carrier else []
    lines += ["#!define WITH_RULES"] if rules else []
    lines += ["#!define WITH_EMERGENCY"] if site.emergency_calls else []
    lines += ["#!define WITH_SQLITE"] if site.postgres is None else []
    lines += ["#!define WITH_TLS"] if site.tls else []
    protocol = "tls" if site.tls else "tcp"
    lines += [
        f'listen=udp:{site.address}:{site.carrier_port} name "carrier"',
        f'listen=udp:{site.address}:{site.customer_port} name "customer"',
        f'listen=tcp:{site.address}:{site.carrier_port} name "carrier_tcp"',
        f'listen=tcp:{site.address}:{site.customer_port} name "customer_tcp"',
        f'listen={protocol}:{inside}:{site.http_port} name "api"',
        f'include_file "{plain_path(HERE, "The folder of run.py")}/kamailio.cfg"',
        "event_route[htable:mod-init] {",
        *(f'    $sht(trunks=>{name}) = "{destination}";' for name, destination in site.trunks.items()),
        *(f'    $sht(sources=>{name}) = "{sources}";' for name, sources in site.trunk_sources.items() if sources),
        "}",
    ]
    return "\n".join(lines) + "\n"


def _kept(path: Path, new: str) -> str:
    """The secret in the file, or `new` when there is no such file yet."""
    if not path.exists():
        _write(path, new + "\n")
    path.chmod(0o600)
    return check_token(path.read_text().strip(), path)


def _write(path: Path, text: str) -> None:
    """Replace the whole file, or keep it. It is always a new file: an older one might be open to others."""
    new = path.with_name(f"{path.name}.new")
    new.unlink(missing_ok=True)
    try:
        with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(text)
        new.replace(path)
    except OSError:
        new.unlink(missing_ok=True)
        # The old file is good enough.
        if not path.exists() or path.read_text() != text:
            raise


def create_sqlite(site: Site) -> None:
    """Create the SQLite file of rules, or bring it up to date.

    Raises:
        SiteError: that is not possible, so there are no rules.
    """
    path = site.data / "rules.db"
    try:
        with contextlib.closing(sqlite3.connect(path)) as connection:
            connection.executescript((HERE / "schema-sqlite.sql").read_text())
    except sqlite3.Error as error:
        raise SiteError(f"{path} cannot be used as the database of rules: {error}.") from None
    with contextlib.suppress(OSError):
        path.chmod(0o600)
