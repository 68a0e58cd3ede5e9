"""Addresses as people write them, with the parts that must come out. What cannot be read for sure is said to be so."""

import json
from pathlib import Path

from lib.domain.addresses import split_address
from lib.domain.emergency import pull
from lib.domain.emergency_check import check

CASES = Path(__file__).parents[2] / "cases"
GIVEN = json.loads((CASES / "addresses.json").read_text("utf-8"))
MORE = json.loads((CASES / "more_addresses.json").read_text("utf-8"))
PERSON = {"first_name": "Ada", "last_name": "Lane", "work_phone": "0491 570 006"}


def name(case):
    return " | ".join(part for part in (case["line1"], case["line2"], case["city"]) if part) or "empty"


def parts_of(case):
    address = split_address(
        case["line1"], case["line2"], locality=case["city"], state=case["state"], postcode=case["postcode"]
    )
    return vars(address)


def findings(case):
    """The findings that a pull of this address shows in the form."""
    contact = {
        "address1": case["line1"],
        "address2": case["line2"],
        "city": case["city"],
        "state": case["state"],
        "postcode": case["postcode"],
    }
    record, notes = pull(contact | PERSON, "Banksia Bakery")
    return [one.text for one in (*notes, *check(record))]


# All cases in one test: two thousand tests of a millisecond each take seconds to begin and to end.
def test_the_parts_are_right_or_there_is_a_finding():
    wrong = {}
    for case in (*GIVEN, *MORE):
        if case["want"] == "flag":
            if not findings(case):
                wrong[name(case)] = "nothing is said"
            continue
        parts = parts_of(case)
        found = {field: parts[field] for field in case["want"]}
        if found != case["want"]:
            wrong[name(case)] = found
    assert wrong == {}


def test_every_part_is_meant_and_what_is_plain_is_not_doubted():
    """`want` has every part that the fields do not give, and the case says whether there is a finding."""
    wrong = {}
    for case in MORE:
        if case["want"] == "flag":
            continue
        given = {"locality": case["city"], "state": case["state"], "postcode": case["postcode"]}
        filled = {field: value for field, value in parts_of(case).items() if value and value != given.get(field)}
        if (filled, bool(findings(case))) != (case["want"], case["told"]):
            wrong[name(case)] = (filled, findings(case))
    assert wrong == {}


def test_there_are_hundreds():
    assert (len(GIVEN) >= 145, len(MORE) >= 400) == (True, True)
