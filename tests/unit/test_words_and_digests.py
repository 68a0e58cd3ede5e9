"""Small functions that many plans use."""

import pytest

from lib.clients.errors import RemoteError, Unreachable
from lib.clients.together import outcome
from lib.domain.digest import digest
from lib.domain.words import and_more


@pytest.mark.parametrize(
    ("items", "says"),
    [([], ""), (["a"], "a"), (["a", "b"], "a, b"), (["a", "b", "c"], "a, b and 1 more")],
)
def test_a_list_says_how_many_it_leaves_out(items, says):
    assert and_more(iter(items), 2) == says
    assert and_more(["a"] * 2000, 1) == "a and 1,999 more"


def test_a_digest_is_equal_for_equal_content_alone():
    assert digest({"a": [1, "x"], "b": None}) == digest({"b": None, "a": (1, "x")})
    assert digest(["ab", "c"]) != digest(["a", "bc"])
    assert len(digest([])) == 16


def test_a_failure_of_an_outside_system_is_an_answer_and_one_of_ours_is_not():
    def away():
        raise Unreachable("Zuora", "read account A1001")

    assert outcome(lambda: 3) == 3
    assert isinstance(outcome(away), RemoteError)
    with pytest.raises(ZeroDivisionError):
        outcome(lambda: 1 // 0)
