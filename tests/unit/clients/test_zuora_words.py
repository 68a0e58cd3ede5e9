"""Zuora's own message is shown without what it may quote of a customer."""

import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lib.clients.zuora.words import plain_words


@pytest.mark.parametrize(
    "message",
    [
        "Cannot update a cancelled account.",
        "The field workEmail is too long: maximum 80 characters.",
        "Operation failed due to a lock competition, please retry later",
        "An account cannot be its own parent or that of an account above it.",
        "You do not have permission to use Orders in this tenant.",
        "Invalid filter parameter: id",
        "Authentication error",
    ],
)
def test_what_says_why_is_shown_whole(message):
    assert plain_words(message) == message


@pytest.mark.parametrize(
    ("message", "shown"),
    [
        ("Cannot find entity by key: '1234567'.", "Cannot find entity by key: …."),
        ("Contact 'Bill Page' cannot be deleted", "Contact … cannot be deleted"),
        ("Jane O'Brien-Smith (0491 570 006), 12 King St, is used.", "… (…), …, is used."),
        ("ada@example.com is invalid", "…. … is invalid"),
        ("Zuora 株式会社 is locked", "Zuora … is locked"),
        ("", ""),
    ],
)
def test_what_it_quotes_is_left_out(message, shown):
    assert plain_words(message) == shown


@given(
    st.lists(st.text(string.ascii_letters + "éß漢", min_size=3, max_size=12), min_size=1, max_size=4),
    st.sampled_from(["Contact {} is in use.", "The name '{}' is invalid: {}", "{} cannot be changed", "{}"]),
)
def test_a_name_is_never_shown(name, message):
    # Letters that make no English word, whatever their case.
    private = [f"qx{word}" for word in name]
    assert "qx" not in plain_words(message.replace("{}", " ".join(private))).lower()


@given(st.text("0123456789 +()-", min_size=6, max_size=20))
def test_a_telephone_number_is_never_shown(number):
    shown = plain_words(f"The phone {number} is invalid")
    assert sum(character.isdigit() for character in shown) <= 3
