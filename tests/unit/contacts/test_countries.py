"""Countries and states in Zuora's spelling."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lib.domain.contacts import LABELS, check_place, emptied_fields, is_same
from lib.domain.countries import NAMES, country_name, state_name
from lib.published.countries import COUNTRIES, STATES


@pytest.mark.parametrize(
    ("typed", "name"),
    [
        ("AU", "Australia"),
        ("aus", "Australia"),
        (" australia ", "Australia"),
        ("N.Z.", "New Zealand"),
        ("U.S.A.", "United States"),
        ("uk", "United Kingdom"),
        ("the Netherlands", "Netherlands"),
        ("Türkiye", "Turkey"),
        ("Côte d’Ivoire", "Cote d'Ivoire"),
        ("VIETNAM", "Viet Nam"),
        ("Trinidad & Tobago", "Trinidad and Tobago"),
        ("Oz", None),
        ("Victoria", None),
        ("", None),
        ("  ", None),
    ],
)
def test_a_country_in_any_spelling(typed, name):
    assert country_name(typed) == name


@given(st.sampled_from(COUNTRIES), st.integers(0, 2), st.sampled_from([str, str.lower, str.upper, str.title]))
def test_every_code_and_name_in_any_case_is_its_country(country, which, case):
    assert country_name(f" {case(country[which])}\n") == country[2]


def test_no_country_is_listed_twice():
    for part in range(3):
        assert len({one[part] for one in COUNTRIES}) == len(COUNTRIES) == 249
    assert sorted(NAMES) == list(NAMES)
    assert {country: len(states) for country, states in STATES.items()} == {"United States": 51, "Canada": 13}


@pytest.mark.parametrize(
    ("country", "typed", "name"),
    [
        ("US", "ca", "California"),
        ("United States", "new york", "New York"),
        ("Canada", "Québec", "Quebec"),
        ("Canada", "CA", None),
        ("United States", "VIC", None),
        ("Australia", "vic", "vic"),
        ("", "anything", "anything"),
        ("US", "", ""),
    ],
)
def test_a_state_is_checked_only_where_zuora_checks_it(country, typed, name):
    assert state_name(country, typed) == name


def test_a_place_is_checked_together_with_the_stored_fields():
    assert check_place({"state": "ca"}, {"country": "United States"}) == ({"state": "California"}, {})
    assert check_place({"state": "ca"}, {"country": "Australia"}) == ({"state": "ca"}, {})
    assert check_place({"country": "Oz"}, {"country": "Oz"}) == ({"country": "Oz"}, {})
    assert list(check_place({"country": "Oz"}, {"country": "Australia"})[1]) == ["country"]
    assert list(check_place({"country": "Canada"}, {"state": "VIC"})[1]) == ["state"]
    assert check_place({"city": "Carlton"}, {"country": "Canada", "state": "VIC"}) == ({"city": "Carlton"}, {})


def test_spellings_of_one_country_are_the_same_value():
    assert is_same("country", "AU", "Australia")
    assert not is_same("country", "", "Australia")
    assert is_same("state", "ca", "California", country="US")
    assert not is_same("state", "ca", "California", country="Australia")
    assert not is_same("city", "AU", "Australia")


@given(
    st.dictionaries(st.sampled_from(list(LABELS)), st.sampled_from(["", "x", "y"])),
    st.dictionaries(st.sampled_from(list(LABELS)), st.sampled_from(["", " ", "x", "y"])),
)
def test_a_field_is_emptied_when_a_value_goes_and_none_comes(base, changes):
    found = emptied_fields(base, changes)
    assert set(found) == {field for field in changes if base.get(field) and not changes[field].strip()}
