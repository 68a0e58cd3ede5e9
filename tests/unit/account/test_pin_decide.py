"""What pinning a note, or removing it, would do."""

from datetime import date

import pytest

from lib.actions.account.pin import Found, Pin
from lib.domain.accounts import AccountStatus
from tests.common.factories import TODAY, make_account, make_wish


def decide(note, until=None, **changes):
    return Pin().decide(Found(make_account(**changes), TODAY), make_wish(note=note, until=until))


def test_a_note_is_pinned():
    draft = decide(" Payment  plan\n", "2026-12-24")
    assert draft.title == "Pin a note to 1001 - Wattle Plumbing"
    (effect,) = draft.effects
    assert (effect.system, effect.before, effect.after) == ("Hub", "none", "Payment plan (until 2026-12-24)")
    assert (draft.steps, draft.facts, draft.blockers) == (("pin",), {"before": "none"}, ())


def test_a_note_is_removed():
    draft = decide(None, pinned_note="Old", pinned_until=date(2026, 12, 1))
    assert draft.title == "Remove the note from 1001 - Wattle Plumbing"
    assert (draft.effects[0].before, draft.effects[0].after) == ("Old (until 2026-12-01)", "none")
    assert draft.facts == {"before": "Old (until 2026-12-01)"}


@pytest.mark.parametrize(
    ("note", "until", "says"),
    [
        ("x" * 301, None, "The note has 301 characters. It can have at most 300."),
        ("New", "2026-11-24", "The last day of the note has passed."),
        ("New", "soon", "The last day of the note is not a date."),
        (" ", None, "No note is pinned."),
    ],
)
def test_a_note_that_cannot_be_pinned(note, until, says):
    assert decide(note, until).blockers == (says,)


def test_today_is_not_over():
    assert decide("New", TODAY.isoformat()).blockers == ()


def test_the_note_it_has_already():
    assert decide("Old", pinned_note="Old").blockers == ("This note is already pinned.",)
    assert decide("Old", "2026-12-24", pinned_note="Old").blockers == ()


@pytest.mark.parametrize(
    ("changes", "status_now"),
    [
        ({"status": AccountStatus.DEACTIVATED}, "deactivated"),
        ({"changing_to": AccountStatus.DEACTIVATED}, "deactivating"),
    ],
)
def test_an_account_that_is_ending(changes, status_now):
    assert decide("New", **changes).blockers == (f"The account is {status_now}, so its pinned note cannot be changed.",)


def test_a_note_without_words_has_no_last_day():
    assert Pin().normalise({"note": " ", "until": "2026-12-24"}) == {"note": None, "until": None}
