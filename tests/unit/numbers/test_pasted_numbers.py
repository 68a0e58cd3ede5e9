"""Phone numbers as people paste them: each spelling is read, or refused with the right reason."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lib.domain.numbers import InvalidNumber, national, numbers_in, parse_number, search_digits

CASES = Path(__file__).parents[2] / "cases"
ASKED = json.loads((CASES / "phone_numbers.json").read_text())
OURS = json.loads((CASES / "phone_numbers_more.json").read_text())
NUMBERS = ["0491570006", "0355501234", "1300975707", "1800975707", "130000"]


@pytest.mark.parametrize("case", ASKED + OURS, ids=lambda case: ascii(case["text"]))
def test_every_pasted_spelling(case):
    try:
        got, why = parse_number(case["text"]), ""
    except InvalidNumber as refused:
        got, why = "refuse", str(refused)
    assert got == case["want"]
    assert case.get("why", "") in why
    assert not why or why.endswith(".")


@given(st.sampled_from(NUMBERS), st.lists(st.sampled_from([" ", "-", ".", "\u2009", "\u00a0", "\u2011", "\u200b", ""])))
def test_whatever_stands_between_the_digits_of_one_number(number, between):
    spelled = "".join(digit + sign for digit, sign in zip(number, [*between, *[""] * len(number)], strict=False))
    assert parse_number(spelled) == parse_number(number)


_SCRAPS = st.text(alphabet="0123456789 +-()/,.;#xO", max_size=24)


@given(_SCRAPS | st.builds("{}{}{}".format, _SCRAPS.map(lambda text: text[:3]), st.sampled_from(NUMBERS), st.just(" ")))
def test_no_digit_is_lost_or_made_up(text):
    try:
        number = parse_number(text).removeprefix("+61")
    except InvalidNumber:
        return
    digits = "".join(sign for sign in text if sign.isdigit())
    assert digits.endswith(number)
    assert digits.removesuffix(number) in {"", "0", "61", "610", "0011610", "001161", "0061", "00610"}


@given(st.sampled_from(NUMBERS), st.integers(0, 99_999))
def test_more_digits_behind_a_number_are_never_swallowed(number, more):
    for between in (" ", "/", ",", " / ", " ext ", "x", " #", ";", " (", "\n"):
        spelled = f"{number}{between}{more}"
        try:
            assert parse_number(spelled).endswith(f"{more}"), spelled
        except InvalidNumber:
            continue


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("missed call from 0491 570 006 at 9", ["+61491570006"]),
        ("0491 570 006 / (03) 5550 1234", ["+61491570006", "+61355501234"]),
        ("Riley Fencing", []),
        ("41990", []),
    ],
)
def test_numbers_in_a_sentence(text, found):
    assert numbers_in(text) == found


@pytest.mark.parametrize(
    ("text", "digits"),
    [("Ph: 0491 57", "49157"), ("0491\u2009570\u2009006", "61491570006"), ("tel:0491", "491"), ("ext 12", None)],
)
def test_part_of_a_pasted_number(text, digits):
    assert search_digits(text) == digits


def test_what_is_shown_can_be_pasted_again():
    for number in NUMBERS:
        assert national(parse_number(national(parse_number(number)))) == national(parse_number(number))
