"""How sent e-mails are shown and exported."""

import csv
import io
from datetime import UTC, datetime

import pytest

from lib.store.emails import EmailRow
from lib.ui.emails.export import csv_file
from lib.ui.emails.text import covered
from lib.ui.widgets.exports import as_text


@pytest.mark.parametrize(
    ("text", "hidden"),
    [
        ("Your code is 123456.", "123456"),
        ("One-time code: 99 812", "99"),
        ("Password: correcthorse", "correcthorse"),
        ("password = Tr0ub4dor&3", "Tr0ub4dor&3"),
        ("Set it at https://portal.example.com/set?token=abcdef now", "abcdef"),
    ],
)
def test_what_one_could_sign_in_with_is_covered(text, hidden):
    assert hidden not in covered(text)
    assert "••••••" in covered(text)


def test_an_ordinary_text_stays_as_it_is():
    text = "The phone logins changed.\n- Extension 1001: 1001@wattle -> 1001@wattle-gas\n\nCall 1300 975 707."
    assert covered(text) == text


@pytest.mark.parametrize("cell", ["=1+1", "+61", "-1", "@sum", "\t=1", "\r=1", "  =1", "\ta", "\ra"])
def test_a_cell_that_would_be_a_formula_is_text(cell):
    assert as_text(cell) == f"'{cell}"


def row(position, subject="Hello"):
    sent = datetime(2026, 11, 1, 3, 0, position % 60, tzinfo=UTC)
    return EmailRow(
        id=position, sent_at=sent, kind="old_kind", subject=subject, recipient="a@example.com", state="accepted"
    )


def read(made):
    file, count = made
    lines = list(csv.reader(io.StringIO(file.decode("utf-8-sig"))))
    assert count == len([line for line in lines[1:] if len(line) > 1])
    return lines


@pytest.mark.parametrize(("rows", "told"), [(4, False), (5, False), (6, True), (40, True)])
def test_an_export_ends_at_its_limit_and_says_so(rows, told):
    asked = []

    def chunks():
        for position in range(0, rows, 2):
            asked.append(position)
            yield [row(one) for one in range(position, min(position + 2, rows))]

    _, *lines = read(csv_file(chunks(), "Australia/Perth", most=5))
    assert len([line for line in lines if len(line) == 5]) == min(rows, 5)
    assert [line for line in lines if len(line) == 1] == (
        [["This file ends here, after the newest 5 e-mails. Choose dates to export older ones."]] if told else []
    )
    # What does not go into the file is not read either.
    assert len(asked) <= 3


def test_a_long_export_has_every_row_once():
    _, *lines = read(
        csv_file(
            ([row(start + one, f"S{start + one}") for one in range(700)] for start in range(0, 7_000, 700)),
            "Australia/Perth",
        )
    )
    assert [line[1] for line in lines] == [f"S{position}" for position in range(7_000)]


def test_an_export_holds_the_head_and_every_row_of_every_chunk():
    chunks = [[row(1, '=HYPERLINK("x")'), row(2, 'a, "b"')], [row(3, "שלום")]]
    head, *rows = read(csv_file(chunks, "Australia/Melbourne"))
    assert head == ["Sent (Australia/Melbourne)", "Subject", "Recipient", "Kind", "State"]
    assert [one[1] for one in rows] == ['\'=HYPERLINK("x")', 'a, "b"', "שלום"]
    assert rows[0][0] == "2026-11-01 14:00:01+11:00"
    assert rows[0][3:] == ["Old kind", "Accepted by the mail server"]
