"""Files for spreadsheets: how every export writes a cell, a line and a time.

See docs/decisions/2026-11-25-exports-keep-text.md.
"""

import csv
import io
import re
from collections.abc import Iterable, Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

# Also the full-width ones, which a Japanese Excel treats in the same way.
_ACTIVE = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
_MONTH = (
    "(?:jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sep(?:t|tember)?|"
    "oct(?:ober)?|nov(?:ember)?|dec(?:ember)?)"
)
_CHANGED = re.compile(
    r"0\d+"  # a postcode of the Northern Territory loses its zero
    r"|\d{12,}"  # a long number loses its last digits
    r"|\d+(?:\.\d+)?e[+-]?\d+"  # 2E3 becomes 2000
    r"|\d{1,4}[-/.]\d{1,2}(?:[-/.]\d{1,4})?"  # 3-4 becomes the third of April
    rf"|\d{{1,2}}[ /-]?{_MONTH}(?:[ /-]?\d+)?|{_MONTH}[ /-]?\d+"  # MAR1 becomes the first of March
    r"|\d{1,3}(?:[ ,]\d{3})+"  # "130 000" is a number where thousands are written with a space
    r"|\d{1,2}:\d{2}.*|true|false",
    re.IGNORECASE,
)


def as_text(cell: str) -> str:
    """The cell with an apostrophe before it, if a spreadsheet would run it as a formula or change it to another number
    or a date. Any other cell is returned as it is.
    """
    bare = cell.strip(" \u00a0")
    return f"'{cell}" if bare.startswith(_ACTIVE) or cell.startswith(_ACTIVE) or _CHANGED.fullmatch(bare) else cell


def moment(at: datetime, zone: str) -> str:
    """The local time with its offset, since an hour occurs twice in autumn: `2026-04-05 02:30:00+11:00`."""
    return at.astimezone(ZoneInfo(zone)).isoformat(sep=" ", timespec="seconds")


def csv_lines(rows: Iterable[Sequence[str]]) -> str:
    """The rows as lines of CSV, every cell as text."""
    out = io.StringIO(newline="")
    csv.writer(out).writerows([as_text(cell) for cell in row] for row in rows)
    return out.getvalue()
