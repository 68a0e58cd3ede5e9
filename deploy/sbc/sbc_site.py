"""The values of one site, from the environment. All of them are checked, because they go into a configuration."""

import ipaddress
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from sbc_values import (
    SiteError,
    is_loopback,
    network_of,
    plain_path,
    read_address,
    read_choice,
    read_destination,
    read_port,
    read_seconds,
    read_sources,
)

TOKEN_LENGTH = 16
TRUNKS = "syd-1 syd-2 mel-1"
REGIONS = ("AU", "NZ", "GB")
"""The regions with a dial plan in sbc_dial_plan.py."""
PROJECT = Path(__file__).resolve().parent.parent.parent

_TRUNK = re.compile(r"[A-Za-z0-9_-]{1,32}")
_TOKEN = re.compile(r"[A-Za-z0-9._~+/=-]{16,256}")
_POSTGRES = re.compile(
    r"postgres(?:ql)?://(?P<user>[A-Za-z0-9_.-]+)(?P<password>:[A-Za-z0-9_.~!*^+=,-]+)?"
    r"@(?P<host>[A-Za-z0-9.-]+)(?P<port>:[0-9]{1,5})?/(?P<name>[A-Za-z0-9_-]+)"
)


@dataclass(frozen=True)
class Tls:
    """The files for a provisioning API that asks for client certificates."""

    certificate: Path
    key: Path
    authority: Path


@dataclass(frozen=True)
class Site:
    """The settings of the SBC. Without a `token` one is made."""

    data: Path
    address: str
    http_address: str
    carrier_port: int
    customer_port: int
    http_port: int
    carrier_sources: str
    customer_sources: str
    http_sources: str
    pbx: str
    voicemail: str
    carrier: str
    announcement: str
    emergency_carrier: str
    emergency_seconds: int
    """How many seconds the emergency carrier has to ring, before the ordinary one is tried."""
    emergency_calls: bool
    region: str
    outside_line: str
    trunks: dict[str, str]
    trunk_sources: dict[str, str]
    """For each trunk the networks from which its numbers call. "" when they are not known: then no number can call."""
    postgres: str | None
    tls: Tls | None
    token: str | None

    @property
    def has_emergency_carrier(self) -> bool:
        """True when emergency calls have a carrier of their own."""
        return _with_port(self.emergency_carrier) != _with_port(self.carrier)

    @property
    def url(self) -> str:
        """The base address of the provisioning API."""
        return f"{'https' if self.tls else 'http'}://{self.http_address}:{self.http_port}"


def read_site(environment: Mapping[str, str]) -> Site:
    """The site from the SBC_... variables. An empty variable counts as not set.

    Raises:
        SiteError: the SBC cannot start with a value.
    """
    given = {name: value for name, value in environment.items() if name.startswith("SBC_") and value}
    pbx = _destination(given, "SBC_PBX", "127.0.0.1:5090")
    carrier = given.get("SBC_CARRIER", "127.0.0.1:5092")
    trunks = _trunks(given.get("SBC_TRUNKS", TRUNKS), pbx)
    site = Site(
        data=_folder(given),
        address=read_address(given, "SBC_ADDRESS"),
        http_address=read_address(given, "SBC_HTTP_ADDRESS"),
        carrier_port=read_port(given, "SBC_CARRIER_PORT", 5070),
        customer_port=read_port(given, "SBC_CUSTOMER_PORT", 5071),
        http_port=read_port(given, "SBC_HTTP_PORT", 5080),
        carrier_sources=read_sources(given, "SBC_CARRIER_SOURCES"),
        customer_sources=read_sources(given, "SBC_CUSTOMER_SOURCES"),
        http_sources=read_sources(given, "SBC_HTTP_SOURCES"),
        pbx=pbx,
        voicemail=_destination(given, "SBC_VOICEMAIL", "127.0.0.1:5091"),
        carrier=_address_of(given, "SBC_CARRIER", "127.0.0.1:5092"),
        announcement=_destination(given, "SBC_ANNOUNCEMENT", "127.0.0.1:5093"),
        emergency_carrier=_address_of(given, "SBC_EMERGENCY_CARRIER", carrier),
        emergency_seconds=read_seconds(given, "SBC_EMERGENCY_SECONDS", 20),
        emergency_calls=read_choice(given, "SBC_EMERGENCY_CALLS", ("on", "off")) == "on",
        region=read_choice(given, "SBC_REGION", REGIONS),
        outside_line=_outside_line(given.get("SBC_OUTSIDE_LINE", "")),
        trunks=trunks,
        trunk_sources=_trunk_sources(given.get("SBC_TRUNK_SOURCES", ""), trunks),
        postgres=_postgres(given),
        tls=_tls(given),
        token=_token(given.get("SBC_TOKEN")),
    )
    if len({site.carrier_port, site.customer_port, site.http_port}) < 3:
        raise SiteError("SBC_CARRIER_PORT, SBC_CUSTOMER_PORT and SBC_HTTP_PORT must be three different ports.")
    if not is_loopback(site.address) and not (site.carrier_sources and site.customer_sources):
        raise SiteError(
            "SBC_ADDRESS is not a loopback address, so SBC_CARRIER_SOURCES and SBC_CUSTOMER_SOURCES must name who "
            "may send calls there."
        )
    if not is_loopback(site.http_address) and site.tls is None:
        raise SiteError(
            "SBC_HTTP_ADDRESS is not a loopback address, so SBC_TLS_CERT, SBC_TLS_KEY and SBC_TLS_CA must be set."
        )
    _check_trunks_may_call(site)
    return site


def _check_trunks_may_call(site: Site) -> None:
    """Calls from outside the customers' sources get no answer, not even to 000, and nobody would know why."""
    if not site.customer_sources:
        return
    allowed = [ipaddress.IPv4Network(source) for source in site.customer_sources.split(",")]
    for name, sources in site.trunk_sources.items():
        for source in filter(None, sources.split(",")):
            if not any(ipaddress.IPv4Network(source).subnet_of(network) for network in allowed):
                raise SiteError(
                    f"SBC_CUSTOMER_SOURCES must have every address that trunks call from: {source} of the trunk {name} "
                    "is not in it, so its calls would get no answer, not even emergency calls."
                )


def _token(text: str | None) -> str | None:
    if text is not None and not _TOKEN.fullmatch(text):
        raise SiteError(
            f"SBC_TOKEN must have {TOKEN_LENGTH} to 256 characters: only letters, digits and . _ ~ + / = -. Leave it "
            "out to have one made."
        )
    return text


def check_token(text: str, origin: Path) -> str:
    """The token that was read from `origin`.

    Raises:
        SiteError: it is too short, or has a character that a token may not have.
    """
    if not _TOKEN.fullmatch(text):
        raise SiteError(f"{origin} has no token of {TOKEN_LENGTH} to 256 characters. Remove the file to have one made.")
    return text


def _with_port(destination: str) -> str:
    return destination if destination.count(":") == 2 else f"{destination}:5060"


def _destination(given: Mapping[str, str], name: str, default: str) -> str:
    return read_destination(given.get(name, default), name)


def _address_of(given: Mapping[str, str], name: str, default: str) -> str:
    """Like `_destination`, but without host names: emergency calls go there and must not wait for a name server."""
    destination = _destination(given, name, default)
    if not network_of(destination):
        raise SiteError(f"{name} must be an IPv4 address such as 192.0.2.7:5060, not the name in {given[name]!r}.")
    return destination


def _trunks(text: str, pbx: str) -> dict[str, str]:
    trunks: dict[str, str] = {}
    for part in text.split():
        name, separator, destination = part.partition("=")
        if not _TRUNK.fullmatch(name) or name in trunks:
            raise SiteError(
                "SBC_TRUNKS must be words such as syd-1 or syd-1=sip:192.0.2.7:5060, each name once and of at most 32 "
                f"letters, digits, - or _; {part!r} is not."
            )
        trunks[name] = read_destination(destination, "Each destination in SBC_TRUNKS") if separator else pbx
    if not trunks:
        raise SiteError("SBC_TRUNKS must name at least one trunk.")
    return trunks


def _trunk_sources(text: str, trunks: Mapping[str, str]) -> dict[str, str]:
    """Each trunk's sources: those that are named, or else the address to which its calls go."""
    named: dict[str, list[str]] = {name: [] for name in trunks}
    for part in text.split():
        name, _, sources = part.partition("=")
        try:
            found = [str(ipaddress.IPv4Network(source)) for source in sources.split(",")]
        except ValueError:
            found = []
        if not found or name not in named:
            raise SiteError(
                "SBC_TRUNK_SOURCES must be words such as syd-1=192.0.2.40,192.0.2.48/29, each with a trunk of "
                f"SBC_TRUNKS and IPv4 addresses or networks; {part!r} is not."
            )
        named[name] += found
    return {name: ",".join(sources) or network_of(trunks[name]) for name, sources in named.items()}


def _outside_line(text: str) -> str:
    if not re.fullmatch(r"[0-9]{0,3}", text):
        raise SiteError(f"SBC_OUTSIDE_LINE must be at most three digits, not {text!r}.")
    return text


def _folder(given: Mapping[str, str]) -> Path:
    return plain_path(Path(given.get("SBC_DATA", PROJECT / "var" / "sbc")), "SBC_DATA")


def _postgres(given: Mapping[str, str]) -> str | None:
    text = given.get("SBC_DATABASE_URL", "sqlite")
    if text == "sqlite":
        return None
    found = _POSTGRES.fullmatch(text)
    if not found:
        raise SiteError(
            "SBC_DATABASE_URL must be sqlite or postgres://user@host:port/database. A password with other characters "
            "than letters, digits and . _ ~ ! * ^ + = , - must be in a .pgpass file."
        )
    part = found.groupdict(default="")
    return f"postgres://{part['user']}{part['password']}@{part['host']}{part['port']}/{part['name']}"


def _tls(given: Mapping[str, str]) -> Tls | None:
    names = ("SBC_TLS_CERT", "SBC_TLS_KEY", "SBC_TLS_CA")
    if not any(name in given for name in names):
        return None
    missing = [name for name in names if name not in given]
    if missing:
        raise SiteError(f"TLS needs {', '.join(names)}; {' and '.join(missing)} is not set.")
    paths = [plain_path(Path(given[name]), name) for name in names]
    for name, path in zip(names, paths, strict=True):
        try:
            path.open("rb").close()
        except OSError:
            raise SiteError(f"{name} names {path}, which cannot be read.") from None
    return Tls(*paths)
