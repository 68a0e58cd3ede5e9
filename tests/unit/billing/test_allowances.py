from collections import Counter
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lib.demo.model import ALLOWANCES
from lib.domain.allowances import (
    LABELS,
    Charge,
    InvalidMap,
    MapRow,
    changes,
    check_map,
    grant,
    lines,
    total,
    words_for,
)

ROWS = [
    MapRow("PRPC-1", None, "pbx_extensions"),
    MapRow(None, "Cloud Mobile", "cloud_mobiles"),
    MapRow(None, "PBX Extension", "queues"),
]
KINDS = st.sampled_from(sorted(LABELS))
GRANTED = st.dictionaries(KINDS, st.integers(0, 10_000))
CHARGES = st.lists(
    st.builds(
        Charge,
        st.lists(st.sampled_from(["PRPC-1", "PRPC-2", "C-1"]), max_size=3).map(tuple),
        st.sampled_from(["Cloud Mobile", " cloud  MOBILE", "PBX Extension", "Static IP"]),
        st.integers(0, 500).map(Decimal),
    )
)


def charge(name, quantity=1, *numbers):
    return Charge(numbers, name, Decimal(quantity))


def test_every_allowance_of_the_demo_has_a_label():
    assert set(LABELS) == set(ALLOWANCES)


def test_quantities_of_one_allowance_are_summed():
    found = grant([charge("Cloud Mobile", 2), charge("cloud  mobile", "3")], ROWS)
    assert found.allowances == {"cloud_mobiles": 5}
    assert found.unmapped == ()


def test_a_charges_number_counts_before_its_name():
    assert grant([charge("PBX Extension", 4, "PRPC-1")], ROWS).allowances == {"pbx_extensions": 4}
    assert grant([charge("PBX Extension", 4, "PRPC-9")], ROWS).allowances == {"queues": 4}


def test_halves_are_summed_before_rounding_down():
    assert grant([charge("Cloud Mobile", "1.5"), charge("Cloud Mobile", "1.6")], ROWS).allowances["cloud_mobiles"] == 3


@given(CHARGES)
def test_no_charge_is_ever_dropped(charges):
    found = grant(charges, ROWS)
    mapped = [one for one in charges if one not in found.unmapped]
    assert sum(found.allowances.values()) == sum(one.quantity for one in mapped)
    assert Counter(found.unmapped) <= Counter(charges)
    assert all(one.name == "Static IP" and "PRPC-1" not in one.numbers for one in found.unmapped)


@given(GRANTED, GRANTED)
def test_what_changed_takes_the_old_to_the_new(before, after):
    found = changes(before, after)
    applied = {**before, **{kind: new for kind, _, new in found}}
    assert {kind: count for kind, count in applied.items() if count} == {
        kind: count for kind, count in after.items() if count
    }
    assert all(old != new for _, old, new in found)
    assert changes(after, after) == []


@given(st.lists(GRANTED), GRANTED)
def test_no_line_is_lost_and_over_means_more_in_use_than_granted(parts, in_use):
    granted = total(parts)
    found = {line.kind: line for line in lines(granted, in_use)}
    assert set(granted) | {kind for kind, count in in_use.items() if count} == set(found)
    for line in found.values():
        assert line.granted == sum(part.get(line.kind, 0) for part in parts)
        assert line.over == (max(0, in_use.get(line.kind, 0) - line.granted) if line.in_use is not None else 0)


def test_what_cannot_be_counted_is_never_over():
    (line,) = lines({"inbound_recording": 1}, {})
    assert (line.in_use, line.left, line.over) == (None, None, 0)


def test_a_switch_reads_as_yes_and_no():
    assert [words_for("inbound_recording", granted) for granted in (0, 1, 2)] == ["no", "yes", "yes"]
    assert words_for("local_numbers", 5000) == "5,000"


@pytest.mark.parametrize(
    ("rows", "says"),
    [
        ([MapRow(None, None, "queues")], "Row 1 has no charge"),
        ([MapRow(" \n", "\t", "queues")], "Row 1 has no charge"),
        ([MapRow(None, "Thing", "")], "grants an unknown allowance"),
        ([MapRow(None, "Thing", "Queues")], "grants an unknown allowance"),
        ([MapRow("PRPC-1\nPRPC-2", None, "queues")], "more than one charge number"),
        ([MapRow("x" * 51, None, "queues")], "too long"),
        ([MapRow(None, "x" * 121, "queues")], "too long"),
        ([MapRow(None, "pay\u202eload", "queues")], "invisible character"),
        ([MapRow("PRPC-1", None, "queues"), MapRow(" PRPC-1 ", "Else", "ivrs")], "“PRPC-1” is in two rows"),
        ([MapRow(None, "Thing", "queues"), MapRow(None, " THING ", "ivrs")], "is in two rows"),
        ([MapRow(None, str(n), "queues") for n in range(501)], "at most 500"),
    ],
)
def test_an_invalid_map_gives_a_sentence(rows, says):
    with pytest.raises(InvalidMap, match=says):
        check_map(rows)


def test_a_map_is_stored_without_blanks_and_in_one_order():
    rows = [MapRow(None, " Thing\n two ", "queues"), MapRow(" PRPC-1 ", "", "ivrs")]
    assert check_map(rows) == [MapRow("PRPC-1", None, "ivrs"), MapRow(None, "Thing two", "queues")]
    assert check_map(check_map(rows)) == check_map(rows[::-1])
