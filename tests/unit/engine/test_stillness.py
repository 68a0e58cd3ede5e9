"""How long something has not changed, whatever the wall clock does."""

from hypothesis import given
from hypothesis import strategies as st

from lib.actions.engine.durable.stillness import Stillness

SECONDS = st.floats(min_value=0, max_value=100)


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


@given(st.lists(st.tuples(SECONDS, st.booleans()), min_size=1, max_size=30))
def test_it_counts_the_time_since_the_last_change(looks):
    clock = Clock()
    still = Stillness(clock)
    value, expected = 0, 0.0
    still.look({"one": value}, longest=3)
    for passed, changes in looks:
        clock.now += passed
        value += changes
        expected = 0.0 if changes else expected + min(passed, 3)
        still.look({"one": value}, longest=3)
        # The sums differ only by rounding.
        assert abs(still.seconds("one") - expected) < 1e-6


def test_a_value_that_was_lower_before_is_a_change_like_any_other():
    clock = Clock()
    still = Stillness(clock)
    for beat in (7200.0, 3600.0, 3602.0, 0.0):
        clock.now += 5
        still.look({"beat": beat}, longest=10)
        assert still.seconds("beat") == 0.0


def test_what_comes_back_begins_again():
    clock = Clock()
    still = Stillness(clock)
    for seen in ({"one": 1}, {"one": 1}, {}, {"one": 1}):
        clock.now += 5
        still.look(seen, longest=10)
    assert still.seconds("one") == 0.0
    assert still.seconds("never") == 0.0
