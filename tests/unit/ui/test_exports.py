"""A spreadsheet shows each cell of an export exactly as it was written."""

import csv
import io
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lib.ui.widgets.exports import as_text, csv_lines, moment


@pytest.mark.parametrize(
    "cell",
    [
        *("=1+1", "+61491570006", "-1", "@sum", "\t=1", "\r=1", "\n=1", "  =1", "\u00a0=1", "＝1", "＋1", "－1", "＠a"),
        *("0800", "0491570006", "61491570006123", "2E3", "1e5", "3-4", "1/2", "12.10.2026", "MAR1", "1-Mar", "5 apr"),
        *("130 000", "1,000", "02:30", "TRUE", "false"),
    ],
)
def test_what_a_spreadsheet_would_change_gets_an_apostrophe(cell):
    assert as_text(cell) == f"'{cell}"


@pytest.mark.parametrize(
    "cell",
    ["", "3121", "12", "0491 570 006", "(03) 5550 1234", "1300 975 707", "Lot 3-4", "Riley Fencing", "a=1", "Mary 1",
     "2026-04-05 02:30:00+11:00", "ada@example.com", "yes"],
)  # fmt: skip
def test_what_it_would_not_change_stays(cell):
    assert as_text(cell) == cell


def test_the_two_half_past_twos_of_the_fifth_of_april_differ():
    times = [moment(datetime(2026, 4, 4, hour, 30, tzinfo=UTC), "Australia/Melbourne") for hour in (15, 16)]
    assert times == ["2026-04-05 02:30:00+11:00", "2026-04-05 02:30:00+10:00"]


@given(st.lists(st.lists(st.text(st.characters(exclude_categories=["Cs"])), min_size=1), min_size=1))
def test_no_cell_begins_a_formula_and_none_is_lost(rows):
    read = list(csv.reader(io.StringIO(csv_lines(rows), newline="")))
    assert len(read) >= len([row for row in rows if row != [""]])
    assert not [
        cell for row in read for cell in row if cell.lstrip(" \u00a0").startswith(("=", "+", "-", "@", "\t", "\r"))
    ]
