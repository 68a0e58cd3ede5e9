import pytest
from hypothesis import given
from hypothesis import strategies as st

from lib.domain.pbx import InvalidGroupName, check_group_name, login_of


@pytest.mark.parametrize("name", ["a", "7", "wattle-plumbing", "a" * 63, "x--y", "1001"])
def test_a_label_of_a_domain_name_is_a_group_name(name):
    assert check_group_name(f"  {name}\n") == name


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("", ["is empty"]),
        (" \u00a0\t\n", ["is empty"]),
        ("a" * 64, ["at most 63"]),
        ("Wattle", ["capital letters"]),
        ("wattle plumbing", ["a space or a line break"]),
        ("wattle\nplumbing", ["a space or a line break"]),
        ("-wattle", ["begins or ends with a hyphen"]),
        ("wattle-", ["begins or ends with a hyphen"]),
        ("wattle.plumbing", ["only letters a to z", "not “.”."]),
        ("wattle;banksia", ["not “;”."]),
        ("<b>wattle</b>", ["not “< > /”."]),
        ("waTtle_1-", ["capital letters", "not “_”.", "hyphen"]),
        ("wáttle", ["not “á”."]),
        ("wa\u0301ttle", ["only letters a to z"]),
        ("וואטל", ["only letters a to z"]),
        ("a!#$%&(b", ["and others"]),
        ("wat\u200btle", ["an invisible character"]),
        ("wat\x00tle", ["an invisible character"]),
        ("٣", ["only letters a to z"]),
        ("xn--wattle-kva", ["begins with “xn--”"]),
        ("ab--cd", ["Names that begin like this are reserved"]),
        ("XN--a", ["capital letters"]),
    ],
)
def test_each_thing_that_is_wrong_has_its_sentence(name, says):
    with pytest.raises(InvalidGroupName) as refused:
        check_group_name(name)
    for words in says:
        assert any(words in problem for problem in refused.value.problems), (words, refused.value.problems)


def test_several_things_wrong_are_several_sentences():
    with pytest.raises(InvalidGroupName) as refused:
        check_group_name("Wattle Plumbing!")
    assert len(refused.value.problems) == 3


@given(st.text(max_size=80))
def test_whatever_is_accepted_is_a_label(text):
    try:
        name = check_group_name(text)
    except InvalidGroupName as refused:
        assert refused.problems
        return
    assert name.isascii()
    assert name == name.lower()
    assert 1 <= len(name) <= 63
    assert set(name) <= set("abcdefghijklmnopqrstuvwxyz0123456789-")
    assert name.strip("-") == name


def test_a_login_is_made_of_extension_and_group_name():
    assert login_of("1001", "wattle") == "1001@wattle"
