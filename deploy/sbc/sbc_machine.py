"""What this machine must have before Kamailio starts: the program, free ports, a folder that no other SBC uses."""

import fcntl
import ipaddress
import os
import secrets
import shutil
import socket
from pathlib import Path

from sbc_site import Site
from sbc_values import SiteError

PACKAGES = "kamailio kamailio-extra-modules kamailio-sqlite-modules kamailio-postgres-modules kamailio-tls-modules"


def find_kamailio() -> str:
    """The path of the program.

    Raises:
        SiteError: it is not installed.
    """
    places = os.pathsep.join([os.environ.get("PATH", os.defpath), "/usr/sbin", "/usr/local/sbin"])
    found = shutil.which("kamailio", path=places)
    if found is None:
        raise SiteError(f"Kamailio is not installed. On Debian: apt-get install --no-install-recommends {PACKAGES}")
    return found


def check_ports(site: Site) -> None:
    """Two Kamailios can listen at one UDP port and each get some of its calls, so it must be free before the start."""
    wanted = [
        ("SBC_CARRIER_PORT", socket.SOCK_DGRAM, site.address, site.carrier_port),
        ("SBC_CUSTOMER_PORT", socket.SOCK_DGRAM, site.address, site.customer_port),
        ("SBC_CARRIER_PORT", socket.SOCK_STREAM, site.address, site.carrier_port),
        ("SBC_CUSTOMER_PORT", socket.SOCK_STREAM, site.address, site.customer_port),
        ("SBC_HTTP_PORT", socket.SOCK_STREAM, site.http_address, site.http_port),
    ]
    for name, kind, address, port in wanted:
        with socket.socket(socket.AF_INET, kind) as probe:
            if kind == socket.SOCK_STREAM:
                # Old connections of an earlier run do not count.
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((address, port))
            except OSError as error:
                raise SiteError(f"{name}: cannot listen at {address}:{port} ({error.strerror}).") from None


def lock_folder(folder: Path) -> int:
    """A lock that Kamailio's processes also hold, so that none left over shares its file with a second SBC."""
    descriptor = os.open(folder / "lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise SiteError(f"Another SBC runs with {folder}. End it first, or choose another SBC_DATA.") from None
    return descriptor


def choose_inner_address() -> str:
    """A loopback address that no other program uses, between the door and Kamailio."""
    return str(ipaddress.IPv4Address("127.64.0.0") + secrets.randbelow(2**22))
