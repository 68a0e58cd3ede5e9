import pytest
from hypothesis import given
from hypothesis import strategies as st

from lib.domain.numbers import InvalidNumber, NumberKind, kind_of, national, parse_number, search_digits


@pytest.mark.parametrize("typed", ["0491 570 006", "0491570006", "61491570006", "+61 491 570 006", "(0491) 570-006"])
def test_every_usual_spelling_gives_the_same_number(typed):
    assert parse_number(typed) == "+61491570006"


@pytest.mark.parametrize(
    ("e164", "kind", "shown"),
    [
        ("+61491570006", NumberKind.MOBILE, "0491 570 006"),
        ("+61355501234", NumberKind.LOCAL, "(03) 5550 1234"),
        ("+611300975707", NumberKind.THIRTEEN_HUNDRED, "1300 975 707"),
        ("+611800975707", NumberKind.EIGHTEEN_HUNDRED, "1800 975 707"),
    ],
)
def test_kind_and_national_spelling(e164, kind, shown):
    assert kind_of(e164) is kind
    assert national(e164) == shown
    assert parse_number(shown) == e164


@pytest.mark.parametrize(
    ("typed", "says"),
    [
        ("O491 570 006", "letter"),
        ("5550 1234", "not one dialable"),
        ("0491570006 0491570156", "not one dialable"),
        ("", "not one dialable"),
        ("+1 212 555 0100 99", "not one dialable"),
    ],
)
def test_what_is_not_one_number_is_refused_with_a_sentence(typed, says):
    with pytest.raises(InvalidNumber, match=says):
        parse_number(typed)


@pytest.mark.parametrize(
    ("typed", "digits"),
    [
        ("0491 57", "49157"),
        ("+61 491", "61491"),
        ("570 006", "570006"),
        ("(03) 5550", "35550"),
        ("abc", None),
        ("0", None),
    ],
)
def test_part_of_a_number_becomes_the_digits_to_look_for(typed, digits):
    assert search_digits(typed) == digits


@given(st.text(max_size=40))
def test_any_text_is_a_number_or_a_sentence(text):
    try:
        assert parse_number(text).startswith("+")
    except InvalidNumber as refused:
        assert str(refused).endswith(".")
