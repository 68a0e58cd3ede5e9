import pytest
from hypothesis import given
from hypothesis import strategies as st

from lib.domain.hierarchy import LEVELS, InvalidParent, ancestors, check_parent, height

# 1 - 2 - 3 - 4 and, apart, 5 - 6
LINKS = {"1": None, "2": "1", "3": "2", "4": "3", "5": None, "6": "5"}


def test_ancestors_are_listed_from_near_to_far():
    assert ancestors("4", LINKS) == ["3", "2", "1"]


def test_height_counts_the_account_and_all_below_it():
    assert [height(number, LINKS) for number in "1256"] == [4, 3, 2, 1]


@pytest.mark.parametrize(
    ("child", "parent", "says"),
    [
        ("1", "1", "own parent"),
        ("1", "4", "loop"),
        ("2", "1", "already the parent"),
        ("5", "4", "6 levels"),
        ("1", "6", "6 levels"),
    ],
)
def test_links_that_are_not_allowed(child, parent, says):
    with pytest.raises(InvalidParent, match=says):
        check_parent(child, parent, LINKS)


@pytest.mark.parametrize(("child", "parent"), [("5", "3"), ("6", "4"), ("4", "1"), ("1", "5")])
def test_links_that_are_allowed_up_to_five_levels(child, parent):
    check_parent(child, parent, LINKS)


def test_a_loop_in_stored_data_does_not_hang_the_walk():
    looped = {"1": "2", "2": "1"}
    assert ancestors("1", looped) == ["2"]
    assert height("1", looped) == 2


@given(st.lists(st.tuples(st.integers(0, 11), st.integers(0, 11)), max_size=60))
def test_whatever_is_linked_there_is_never_a_loop_nor_a_sixth_level(wishes):
    links: dict[str, str | None] = {str(number): None for number in range(12)}
    for child, parent in wishes:
        try:
            check_parent(str(child), str(parent), links)
        except InvalidParent:
            continue
        links[str(child)] = str(parent)
        assert all(number not in ancestors(number, links) for number in links)
        assert max(len(ancestors(number, links)) + 1 for number in links) <= LEVELS
