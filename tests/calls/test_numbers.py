"""Numbers as PBXs and carriers write them: converted to "+" and E.164 on both sides, in both directions."""

import importlib.util
import re
import sys

import pytest

from tests.calls.conftest import rule
from tests.kamailio import DEPLOYED

MINE = "+61255501901"
SPELLINGS = [
    "sip:+61255501901@example.com",
    "sip:0255501901@example.com",
    "sip:61255501901@example.com",
    "sip:001161255501901@example.com",
    "sip:+610255501901@example.com",
    "sip:+61-2-5550-1901@example.com",
    "sip:(02)5550.1901@example.com",
    "sip:02%205550%201901@example.com",
    "sip:%2B61255501901@example.com",
    "sip:0011-61-2-5550-1901@example.com;user=phone",
    "sips:0255501901@example.com",
    "sip:+61255501901;npdi@example.com",
    "sip:+61255501901;npdi;rn=+61200000000@example.com;user=phone",
    "sip:0255501901;phone-context=+61@example.com",
    "sip:255501901;phone-context=+61@example.com",
    "sip:55501901;phone-context=+612@example.com;user=phone",
    "sip:0255501901@example.com;phone-context=pbx.example.com",
    "tel:+61255501901",
    "tel:+61-2-5550-1901;npdi",
    "tel:0255501901",
    "tel:(02)-5550-1901",
    "tel:0255501901;phone-context=+61",
    "tel:255501901;phone-context=+61",
    "tel:5550-1901;phone-context=+61-2",
    "tel:0255501901;phone-context=example.com",
    "tel:61255501901;isub=1",
    "sip:90255501901@example.com",
    "sip:9001161255501901@example.com",
]
NO_NUMBERS = [
    "sip:anonymous@example.com",
    "sip:example.com",
    "sip:+61@example.com",
    "sip:+0255501901@example.com",
    "sip:+61255501901x@example.com",
    "sip:+61255501901%0a@example.com",
    "sip:+61255501901%00@example.com",
    "sip:+61255501901,+61255501901@example.com",
    "sip:55501901@example.com",
    "sip:0255501901;phone-context=+64@example.com",
    "sip:+6125550190112345678@example.com",
    "tel:0055501901",
]


@pytest.fixture(autouse=True)
def _rules(wire):
    wire.lab.sbc.call("PUT", "/v1/rules", [rule(MINE, "allowed")])


@pytest.mark.parametrize("uri", SPELLINGS)
def test_each_spelling_is_the_number_called_and_the_number_calling(wire, uri):
    assert wire.into(uri) == "SIP/2.0 200 Said"
    assert wire.pbx.news()[0].first_line == f"INVITE sip:{MINE}@{wire.pbx.address} SIP/2.0"
    assert wire.out(uri, from_=f"<{uri}>;tag=a") == "SIP/2.0 200 Said"
    [invite] = wire.carrier.news()
    assert invite.first_line == f"INVITE sip:{MINE}@{wire.carrier.address} SIP/2.0"
    assert invite.headers("P-Asserted-Identity") == [f"<sip:{MINE}@127.0.0.1>"]
    assert f"sip:{MINE}@" in invite.headers("From")[0]
    assert wire.out("sip:0270100001@example.com", f"P-Asserted-Identity: <{uri}>") == "SIP/2.0 200 Said"
    [invite] = wire.carrier.news()
    assert invite.first_line == f"INVITE sip:+61270100001@{wire.carrier.address} SIP/2.0"
    assert invite.headers("P-Asserted-Identity") == [f"<sip:{MINE}@127.0.0.1>"]


@pytest.mark.parametrize("uri", NO_NUMBERS)
def test_what_is_not_a_number_is_not_guessed(wire, uri):
    assert wire.into(uri).startswith(("SIP/2.0 484 ", "SIP/2.0 400 "))
    assert wire.out("sip:0270100001@example.com", from_=f"<{uri}>;tag=a").startswith("SIP/2.0 403 ")
    assert wire.out("sip:0270100001@example.com", f"P-Asserted-Identity: <{uri}>").startswith("SIP/2.0 403 ")
    assert wire.pbx.news() + wire.carrier.news() == []


@pytest.mark.parametrize(
    ("dialled", "sent"),
    [
        ("1300975707", "+611300975707"),
        ("1800975707", "+611800975707"),
        ("131234", "+61131234"),
        ("0491570006", "+61491570006"),
        ("001164211234567", "+64211234567"),
        ("211234567;phone-context=+64", "+64211234567"),
        ("1223", "1223"),
        ("*10%23", "*10%23"),
        ("55501901", "55501901"),
    ],
)
def test_what_is_called_goes_out_in_one_form_and_short_numbers_as_they_are(wire, dialled, sent):
    assert wire.out(f"sip:{dialled}@example.com", from_=f"<sip:{MINE}@example.com>;tag=a") == "SIP/2.0 200 Said"
    assert wire.carrier.news()[0].first_line == f"INVITE sip:{sent}@{wire.carrier.address} SIP/2.0"


@pytest.mark.parametrize("uri", ["sip:alice@example.com", "sip:1@example.com", "sip:+61@example.com"])
def test_what_cannot_be_called_is_refused(wire, uri):
    assert wire.out(uri, from_=f"<sip:{MINE}@example.com>;tag=a").startswith("SIP/2.0 484 ")


def test_the_pbx_gets_the_caller_in_one_form(wire):
    wire.into(f"sip:{MINE}@x", 'P-Asserted-Identity: "A, B" <tel:0270100001>', from_="<sip:61270100002@c>;tag=a")
    [invite] = wire.pbx.news()
    assert invite.headers("P-Asserted-Identity") == ["<sip:+61270100001@127.0.0.1>"]
    assert invite.headers("From") == ["<sip:+61270100002@c>;tag=a"]


def test_a_suspended_number_called_in_another_spelling_goes_to_voicemail(wire):
    number = wire.lab.number("suspended")
    assert wire.into(f"tel:0{number[3:]}") == "SIP/2.0 200 Said"
    assert wire.voicemail.news()[0].first_line.startswith(f"INVITE sip:{number}@voicemail;target=sip:{number}%40sbc")


@pytest.fixture(scope="module")
def plan():
    """The module of the launcher that knows the regions."""
    spec = importlib.util.spec_from_file_location("sbc_dial_plan", DEPLOYED / "sbc_dial_plan.py")
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("region", ["AU", "NZ", "GB"])
def test_each_region_has_its_own_plan(plan, region):
    known = plan.defines(region, "")
    emergencies = {"AU": ["000", "106", "112"], "NZ": ["111", "112"], "GB": ["999", "112"]}
    national = {"AU": "0270100001", "NZ": "0211234567", "GB": "02079460000"}
    for name, number in national.items():
        assert bool(re.search(known["NATIONAL"], number)) or name != region
    for name, numbers in emergencies.items():
        for number in numbers:
            assert bool(re.search(known["EMERGENCY_NUMBER"], number)) == (number in emergencies[region]), name
    assert not re.search(known["WITH_OUTSIDE_LINE"], "0123")


def test_an_unreadable_caller_is_not_an_error_of_the_sbc(wire):
    assert wire.out("sip:0270100001@example.com", from_="<>;tag=a") == "SIP/2.0 403 Caller Number Not Valid"
