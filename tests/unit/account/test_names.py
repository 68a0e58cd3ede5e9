import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from lib.domain.names import NAME_LIMIT, InvalidName, check_name


@pytest.mark.parametrize(
    ("typed", "stored"),
    [
        ("Wattle Plumbing", "Wattle Plumbing"),
        ("  Wattle   Plumbing \n", "Wattle Plumbing"),
        ("O'Brien & Söhne <b>Pty</b>", "O'Brien & Söhne <b>Pty</b>"),
        ("Cafe\u0301", "Café"),
        ("מסעדה", "מסעדה"),
        ("x" * 255, "x" * 255),
    ],
)
def test_good_names_are_kept_as_they_will_be_stored(typed, stored):
    assert check_name(typed) == stored


@pytest.mark.parametrize(
    ("typed", "says"),
    [
        ("", "empty"),
        (" \t\n", "empty"),
        ("x" * 256, "256 characters"),
        ("Wattle 🌼", "emoji"),
        ("Wat\x00tle", "U+0000"),
        ("Wat\u200btle", "U+200B"),
        ("\u202eelttaW", "U+202E"),
        ("---", "no letter or digit"),
    ],
)
def test_bad_names_are_refused_with_a_sentence(typed, says):
    with pytest.raises(InvalidName) as refused:
        check_name(typed)
    assert says in str(refused.value)
    assert str(refused.value).endswith(".")


@given(st.text(max_size=400))
@example("a" * 300)
def test_any_text_is_stored_within_the_limits_or_refused(text):
    try:
        name = check_name(text)
    except InvalidName:
        return
    assert 1 <= len(name) <= NAME_LIMIT
    assert name == name.strip()
    assert all(0x20 <= ord(character) <= 0xFFFF for character in name)
    assert check_name(name) == name
