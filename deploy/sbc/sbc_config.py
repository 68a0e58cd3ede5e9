"""What Kamailio reads: the files of one site, in its data folder, for the eyes of its user alone."""

import contextlib
import hashlib
import os
import secrets
import sqlite3
from pathlib import Path
from typing import TextIO

from sbc_dial_plan import defines, lengths
from sbc_site import Site, SiteError, check_token, plain_path

HERE = Path(__file__).resolve().parent
CONFIG = "kamailio.cfg"
"""The file to start Kamailio with, in the data folder."""


def prepare(site: Site, inside: str, *, rules: bool = True) -> Path:
    """Fill the site's data folder and return the file to start Kamailio with.

    Without `rules` it needs no database and carries emergency calls alone.
    `inside` is the address of this machine at which Kamailio's own end of the API listens.

    Raises:
        SiteError: the token file holds no token, or the database file is not one.
        OSError: the folder cannot be written.
    """
    token = site.token or _kept(site.data / "token", secrets.token_urlsafe(32))
    mark = _kept(site.data / "call-key", secrets.token_hex(32))
    if site.postgres is None:
        _create_sqlite(site.data / "rules.db")
    if site.tls:
        template = (HERE / "tls.cfg").read_text()
        files = {"KEY": site.tls.key, "CERTIFICATE": site.tls.certificate, "AUTHORITY": site.tls.authority}
        for name, path in files.items():
            template = template.replace(f"@{name}@", str(path))
        _write(site.data / "tls.cfg", template)
    config = site.data / CONFIG
    _write(config, _config(site, inside, token, mark, rules=rules))
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
    # In the text of a transformation a name is not replaced otherwise.
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
    """The secret in the file; `new` where there is no such file yet."""
    with contextlib.suppress(FileExistsError), _create(path) as file:
        file.write(new + "\n")
    path.chmod(0o600)
    return check_token(path.read_text().strip(), path)


def _write(path: Path, text: str) -> None:
    # Removed first: an older file might be open to others, and would stay so.
    path.unlink(missing_ok=True)
    with _create(path) as file:
        file.write(text)


def _create(path: Path) -> TextIO:
    return os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w")


def _create_sqlite(path: Path) -> None:
    try:
        with contextlib.closing(sqlite3.connect(path)) as connection:
            connection.executescript((HERE / "schema-sqlite.sql").read_text())
    except sqlite3.Error as error:
        raise SiteError(f"{path} cannot be used as the database of rules: {error}.") from None
    path.chmod(0o600)
