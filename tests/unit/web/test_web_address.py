"""Which host a request is for, and whether a page is from that host."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lib.app.address import Address, is_allowed, is_same_origin, read_host
from lib.app.hosts import allowed_hosts, refuse_open_demo
from lib.settings import SettingsError, load
from tests.unit.app.test_settings import REAL

LABEL = st.from_regex(r"[a-z0-9]([a-z0-9-]{0,8}[a-z0-9])?", fullmatch=True)
NAME = st.lists(LABEL, min_size=1, max_size=4).map(".".join)
PORT = st.integers(1, 65535)


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("hub.example.com", Address("hub.example.com")),
        ("HUB.Example.COM.:8501", Address("hub.example.com", 8501)),
        ("[::1]:80", Address("::1", 80)),
        ("[0:0::1]", Address("::1")),
        ("127.0.0.1:8501", Address("127.0.0.1", 8501)),
        ("", None),
        (".", None),
        ("a b", None),
        ("hub.example.com/", None),
        ("user@hub.example.com", None),
        ("hub.example.com:", None),
        ("hub.example.com:0", None),
        ("hub.example.com:65536", None),
        ("hub.example.com:٨٠", None),
        ("[hub.example.com]", None),
        ("[::1", None),
        ("::1", None),
        ("http://hub.example.com", None),
        ("hub.example.com\n", None),
    ],
)
def test_a_host_is_read_exactly_or_not_at_all(text, read):
    assert read_host(text) == read


@given(NAME, PORT, st.sampled_from([str.upper, str.lower, str.title]), st.sampled_from(["", "."]))
def test_spelling_does_not_matter_and_the_one_spelling_is_read_back(name, port, case, dot):
    found = read_host(f"{case(name)}{dot}:{port}")
    assert found == Address(name, port)
    assert read_host(str(found)) == found


@given(NAME, NAME, PORT)
def test_only_the_names_of_the_list_are_allowed(name, other, port):
    assert is_allowed(Address(name, port), [Address(name)])
    assert is_allowed(Address(name, port), [Address(name, port)])
    assert not is_allowed(Address(name), [Address(name, port)])
    assert is_allowed(Address(other), [Address(name)]) == (name == other)
    assert not is_allowed(Address(f"{name}.{other}"), [Address(name)])


@pytest.mark.parametrize(
    ("origin", "host", "encrypted", "same"),
    [
        ("http://hub.example.com", "hub.example.com", False, True),
        ("http://HUB.example.com", "hub.example.com", False, True),
        ("https://hub.example.com", "hub.example.com", False, True),  # TLS ends at a proxy
        ("https://hub.example.com", "hub.example.com:443", False, True),
        ("http://hub.example.com", "hub.example.com:80", False, True),
        ("https://hub.example.com:8443", "hub.example.com:8443", True, True),
        ("https://hub.example.com", "hub.example.com", True, True),
        ("http://hub.example.com", "hub.example.com", True, False),
        ("https://hub.example.com:8443", "hub.example.com", False, False),
        ("https://hub.example.com", "hub.example.com:80", False, False),
        ("http://hub.example.com:8501", "hub.example.com:8502", False, False),
        ("http://evil.example", "hub.example.com", False, False),
        ("http://hub.example.com.evil.example", "hub.example.com", False, False),
        ("null", "hub.example.com", False, False),
        ("", "hub.example.com", False, False),
        ("ws://hub.example.com", "hub.example.com", False, False),
        ("http://hub.example.com/", "hub.example.com", False, False),
        ("http://hub.example.com?x", "hub.example.com", False, False),
        ("http://a@hub.example.com", "hub.example.com", False, False),
        ("http://hub.example.com:x", "hub.example.com", False, False),
        ("http://[::1]:8501", "[0::1]:8501", False, True),
        ("http://[::1", "[::1]", False, False),
    ],
)
def test_a_page_is_of_the_host_that_it_asks_or_another_sites(origin, host, encrypted, same):
    assert is_same_origin(origin, read_host(host), encrypted=encrypted) is same


def test_the_demo_answers_on_this_machine_by_each_of_its_names(tmp_path):
    assert {one.name for one in allowed_hosts(load(data_dir=tmp_path))} == {"127.0.0.1", "::1", "localhost"}


def test_the_hosts_of_the_setting_take_the_place_of_the_usual_ones(tmp_path):
    settings = load(data_dir=tmp_path, allowed_hosts=" Hub.example.com , hub2.example.com:8443,::1 ")
    assert allowed_hosts(settings) == [Address("hub.example.com"), Address("hub2.example.com", 8443), Address("::1")]


@pytest.mark.parametrize("env", ["staging", "production"])
@pytest.mark.parametrize("given", ["", " , "])
def test_outside_the_demo_the_hosts_must_be_named(tmp_path, env, given):
    with pytest.raises(SettingsError, match=r"AM_ALLOWED_HOSTS is not set"):
        allowed_hosts(load(env=env, data_dir=tmp_path, **REAL, allowed_hosts=given))


@pytest.mark.parametrize("entry", ["https://hub.example.com", "hub.example.com/x", "*", "*.example.com", "a b", "a:b"])
def test_an_entry_that_is_no_host_is_named(tmp_path, entry):
    with pytest.raises(SettingsError, match="AM_ALLOWED_HOSTS has"):
        allowed_hosts(load(data_dir=tmp_path, allowed_hosts=f"ok.example.com,{entry}"))


@pytest.mark.parametrize("listens_on", [None, "", "0.0.0.0", "::", "192.0.2.1"])
def test_a_demo_that_other_machines_reach_is_not_started(tmp_path, listens_on):
    with pytest.raises(SettingsError, match=r"server\.address"):
        refuse_open_demo(load(data_dir=tmp_path), listens_on)
    refuse_open_demo(load(data_dir=tmp_path), "127.0.0.1")
    refuse_open_demo(load(env="staging", data_dir=tmp_path, **REAL), listens_on)


@given(st.one_of(st.text(max_size=60), st.builds("{}://{}".format, st.sampled_from(["http", "https"]), st.text())))
def test_any_text_from_outside_is_read_without_an_error(text):
    host = read_host(text)
    assert host is None or read_host(str(host)) == host
    mine = Address("hub.example.com")
    assert not is_same_origin(text, mine, encrypted=False) or text.lower().endswith("://hub.example.com")
