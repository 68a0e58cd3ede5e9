"""`make sbc` and its launcher: what it refuses, what it writes, and that it never leaves a process behind."""

import contextlib
import importlib.util
import os
import signal
import stat
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

from lib.settings import PROJECT
from tests.kamailio import DEPLOYED, HOST, Kamailio, free_port, require_kamailio

SECRET = "a-secret-of-the-launcher-tests"
WAIT_SECONDS = 20


def environment(folder: Path, **settings: str) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("SBC_")}
    return {**kept, "SBC_DATA": str(folder / "data"), **settings}


def refused(folder: Path, **settings: str) -> str:
    """What the launcher says when it must not start."""
    done = subprocess.run(
        [sys.executable, str(DEPLOYED / "run.py")],
        env=environment(folder, **settings),
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (done.returncode, done.stdout) == (1, "")
    return done.stderr


def members(group: int) -> list[int]:
    """The processes of a group that are alive."""
    found = []
    for path in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            state, _, pgrp = path.read_text().rpartition(")")[2].split()[:3]
            if int(pgrp) == group and state not in "ZX":
                found.append(int(path.parent.name))
    return found


def wait_until_gone(group: int) -> None:
    end = time.monotonic() + WAIT_SECONDS
    while members(group):
        assert time.monotonic() < end, f"still there: {members(group)}"
        time.sleep(0.02)


@pytest.fixture
def sbc(tmp_path) -> Iterator[Kamailio]:
    made = Kamailio(tmp_path)
    made.start()
    yield made
    made.kill()


BROKEN = '127.0.0.1:5090";\n$sht(rules=>+61255500001) = "1,allowed,syd-1,1'
REFUSED = [
    *({name: value} for name in ("SBC_CARRIER_PORT", "SBC_CUSTOMER_PORT", "SBC_HTTP_PORT") for value in ("0", "http")),
    {"SBC_HTTP_PORT": "65536"},
    {"SBC_HTTP_PORT": "5080\n"},
    {"SBC_HTTP_PORT": "٥٠٨٠"},
    {"SBC_HTTP_PORT": "5070"},
    *({name: BROKEN} for name in ("SBC_PBX", "SBC_VOICEMAIL", "SBC_CARRIER", "SBC_ANNOUNCEMENT")),
    *({name: "sip.example.com:5060"} for name in ("SBC_CARRIER", "SBC_EMERGENCY_CARRIER")),
    {"SBC_PBX": "127.0.0.1:5090\n"},
    {"SBC_PBX": "127.0.0.1:70000"},
    {"SBC_PBX": "sip:pbx example"},
    {"SBC_PBX": "sip:pbx@127.0.0.1:5090;transport=tcp"},
    {"SBC_TRUNKS": "  "},
    {"SBC_TRUNKS": "syd-1 syd-1"},
    {"SBC_TRUNKS": "syd-1)="},
    {"SBC_TRUNKS": "syd-1=" + BROKEN},
    {"SBC_TRUNKS": "t" * 33},
    {"SBC_EMERGENCY_CALLS": "no"},
    {"SBC_EMERGENCY_CALLS": "OFF"},
    {"SBC_EMERGENCY_CARRIER": BROKEN},
    {"SBC_REGION": "XX"},
    {"SBC_REGION": 'AU"'},
    {"SBC_OUTSIDE_LINE": "9|"},
    {"SBC_OUTSIDE_LINE": "0000"},
    {"SBC_TRUNK_SOURCES": "syd-1"},
    {"SBC_TRUNK_SOURCES": "syd-1=pbx.example.com"},
    {"SBC_TRUNK_SOURCES": "per-9=192.0.2.1"},
    {"SBC_TRUNK_SOURCES": "syd-1=192.0.2.7/24"},
    {"SBC_DATA": 'a "quoted" folder'},
    {"SBC_DATA": "line\nbreak"},
    {"SBC_ADDRESS": "0.0.0.0"},
    {"SBC_ADDRESS": "localhost"},
    {"SBC_ADDRESS": "192.0.2.1"},
    {"SBC_HTTP_ADDRESS": "192.0.2.1"},
    {"SBC_CARRIER_SOURCES": "192.0.2.0/24;"},
    {"SBC_CUSTOMER_SOURCES": "192.0.2.7/24"},
    {"SBC_CUSTOMER_SOURCES": "192.0.2.0/24"},
    {"SBC_CUSTOMER_SOURCES": "127.0.0.1", "SBC_TRUNKS": "syd-1 mel-1=sip:192.0.2.50"},
    {"SBC_CUSTOMER_SOURCES": "127.0.0.1,192.0.2.0/30", "SBC_TRUNK_SOURCES": "syd-1=192.0.2.0/29"},
    {"SBC_HTTP_SOURCES": "hub.example.com"},
    {"SBC_TLS_CERT": str(DEPLOYED / "tls.cfg")},
    dict.fromkeys(("SBC_TLS_CERT", "SBC_TLS_KEY", "SBC_TLS_CA"), "missing.pem"),
    {"SBC_DATABASE_URL": "mysql://sbc@127.0.0.1/sbc"},
    {"SBC_DATABASE_URL": f'postgres://sbc:{SECRET}"@127.0.0.1/sbc'},
    {"SBC_DATABASE_URL": f"postgres://sbc:{SECRET}@127.0.0.1/sbc\n#!define TOKEN_SHA256"},
    {"SBC_TOKEN": SECRET[:15]},
    {"SBC_TOKEN": SECRET + "\n"},
    {"SBC_TOKEN": SECRET + '"'},
    {"SBC_TOKEN": SECRET + " with a space"},
]


@pytest.fixture(scope="module")
def launcher_values() -> ModuleType:
    """The module of the launcher that reads its variables. It is not in a package."""
    spec = importlib.util.spec_from_file_location("sbc_site", DEPLOYED / "sbc_site.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("settings", REFUSED, ids=lambda settings: " ".join(f"{k}={v!r}" for k, v in settings.items()))
def test_a_value_that_cannot_be_right_is_refused_with_its_name(launcher_values, settings):
    with pytest.raises(launcher_values.SiteError) as refusal:
        launcher_values.read_site(settings)
    said = str(refusal.value)
    assert any(name in said for name in settings)
    assert SECRET[:8] not in said
    assert "\n" not in said


def test_a_trunk_calls_from_where_its_calls_go_or_from_where_it_is_said_to(launcher_values):
    site = launcher_values.read_site(
        {
            "SBC_PBX": "192.0.2.40:5060",
            "SBC_TRUNKS": "a b=sip:192.0.2.50 c=pbx.example.com:5060 d",
            "SBC_TRUNK_SOURCES": "d=192.0.2.1,192.0.2.8/29 d=198.51.100.1",
            "SBC_CARRIER": "198.51.100.5",
        }
    )
    assert site.trunk_sources == {
        "a": "192.0.2.40/32",
        "b": "192.0.2.50/32",
        "c": "",
        "d": "192.0.2.1/32,192.0.2.8/29,198.51.100.1/32",
    }
    assert (site.has_emergency_carrier, site.emergency_seconds) == (False, 20)
    assert (site.emergency_carrier, site.emergency_calls, site.region) == ("sip:198.51.100.5", True, "AU")


def test_trunks_whose_sources_are_among_the_customers_may_start(launcher_values):
    settings = {
        "SBC_CUSTOMER_SOURCES": "127.0.0.1 192.0.2.0/24 198.51.100.7",
        "SBC_TRUNKS": "a b=sip:192.0.2.50 c=pbx.example.com d",
        "SBC_TRUNK_SOURCES": "a=192.0.2.0/25,198.51.100.7",
    }
    assert launcher_values.read_site(settings).trunk_sources["c"] == ""


@pytest.mark.parametrize(
    "settings",
    [
        {"SBC_HTTP_PORT": "http"},
        {"SBC_PBX": BROKEN},
        {"SBC_DATA": 'a "quoted" folder'},
        {"SBC_TOKEN": SECRET[:15]},
    ],
    ids=["port", "destination", "folder", "token"],
)
def test_the_launcher_says_so_in_one_line_and_writes_nothing(tmp_path, settings):
    said = refused(tmp_path, **settings)
    assert said.startswith("Not started: SBC_")
    assert said.count("\n") == 1
    assert list(tmp_path.iterdir()) == []


def test_a_kept_token_that_is_too_short_is_refused(tmp_path):
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "token").write_text("short\n")
    assert "token has no token" in refused(tmp_path)


def test_without_a_token_one_is_made_and_kept_where_only_its_owner_reads(tmp_path):
    require_kamailio()
    kept = Kamailio(tmp_path, settings={"SBC_TOKEN": ""})
    path = tmp_path / "data" / "token"
    path.parent.mkdir()
    path.parent.chmod(0o755)
    kept.token = "made-before-the-first-start"
    path.write_text(kept.token)
    path.chmod(0o644)
    with kept:
        modes = {file.name: stat.S_IMODE(file.stat().st_mode) for file in path.parent.iterdir() if file.is_file()}
        assert set(modes.values()) == {0o600}
        assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
        assert {"token", "kamailio.cfg", "rules.db", "call-key"} <= set(modes)
        assert kept.token not in (path.parent / "kamailio.cfg").read_text()
        assert str(path) in kept.log.read_text()
        assert kept.token not in kept.log.read_text()


def test_the_configuration_alone_does_not_start(tmp_path):
    """Kamailio needs the values of the site, and so a token."""
    require_kamailio()
    command = ["kamailio", "-c", "-f", str(DEPLOYED / "kamailio.cfg"), "-M", "16"]
    path = f"{os.environ.get('PATH', os.defpath)}:/usr/sbin"
    done = subprocess.run(
        command, env={**os.environ, "PATH": path}, cwd=tmp_path, capture_output=True, timeout=60, check=False
    )
    assert done.returncode != 0


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP], ids=lambda how: how.name)
def test_a_signal_ends_everything_in_order(sbc, how):
    [group] = sbc.process_groups()
    assert len(members(group)) > 1
    os.kill(sbc.launcher, how)
    assert sbc.ended() == 0
    assert members(group) == []


def test_a_kill_of_the_launcher_alone_leaves_nothing_behind(sbc):
    [group] = sbc.process_groups()
    os.kill(sbc.launcher, signal.SIGKILL)
    wait_until_gone(group)


@pytest.mark.parametrize("which", ["main", "worker"])
def test_when_a_part_of_kamailio_dies_the_rest_ends_so_that_it_can_be_started_again(sbc, which):
    [group] = sbc.process_groups()
    victim = group if which == "main" else max(members(group))
    os.kill(victim, signal.SIGKILL)
    assert sbc.ended() == 1
    assert members(group) == []
    assert "has ended by itself" in sbc.log.read_text()
    sbc.start()


def test_two_never_share_a_folder_or_a_port(sbc, tmp_path):
    assert "Another SBC runs with" in refused(tmp_path)
    other = tmp_path / "other"
    other.mkdir()
    ports = {
        "SBC_CARRIER_PORT": sbc.carrier_port,
        "SBC_CUSTOMER_PORT": sbc.customer_port,
        "SBC_HTTP_PORT": sbc.http_port,
    }
    for name, taken in ports.items():
        mine = {one: str(free_port()) for one in ports}
        assert f"{name}: cannot listen at {HOST}:{taken}" in refused(other, **{**mine, name: str(taken)})


def test_without_its_rules_and_without_emergency_calls_it_does_not_start(tmp_path):
    require_kamailio()
    ports = {name: str(free_port()) for name in ("SBC_CARRIER_PORT", "SBC_CUSTOMER_PORT", "SBC_HTTP_PORT")}
    ports["SBC_EMERGENCY_CALLS"] = "off"
    said = refused(tmp_path, SBC_DATABASE_URL=f"postgres://sbc:{SECRET}@127.0.0.1:{free_port()}/sbc", **ports)
    assert "Not started: PostgreSQL does not give the rules: " in said
    assert SECRET not in said
    (tmp_path / "data" / "rules.db").write_text("no database at all, and not one either when it is read again" * 20)
    assert "rules.db cannot be used as the database of rules" in refused(tmp_path, **ports)


def test_a_trunk_without_a_source_is_a_warning_at_the_start(tmp_path):
    with Kamailio(tmp_path, trunks="syd-1 mel-1=sip:localhost:5090") as sbc:
        [line] = sbc.logged("WARNING: numbers of")
        assert "mel-1 can call nobody but emergency services" in line


def test_make_sbc_runs_it_until_ctrl_c(tmp_path):
    require_kamailio()
    ports = {name: str(free_port()) for name in ("SBC_CARRIER_PORT", "SBC_CUSTOMER_PORT", "SBC_HTTP_PORT")}
    with subprocess.Popen(
        ["make", "-s", "sbc", f"PYTHON={sys.executable}"],
        cwd=PROJECT,
        env=environment(tmp_path, **ports),
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        start_new_session=True,
    ) as make:
        assert make.stdout is not None
        lines = [make.stdout.readline() for _ in range(6)]
        token = (tmp_path / "data" / "token").read_text().strip()
        os.killpg(make.pid, signal.SIGINT)
        lines += make.stdout.readlines()
    assert lines[0] == "The SBC is running.\n"
    assert f"http://{HOST}:{ports['SBC_HTTP_PORT']}\n" in "".join(lines)
    assert len(token) >= 32
    assert token not in "".join(lines)
