"""The sent e-mail history as a CSV file, made in pieces."""

import csv
import io
import tempfile
from collections.abc import Iterable, Iterator
from itertools import chain, islice

from lib.store.emails import EmailRow
from lib.ui.sent_emails_tables import COLUMNS, row_of

_ACTIVE = ("=", "+", "-", "@", "\t", "\r")
_IN_MEMORY = 4_000_000
_PIECE = 2_000
MOST = 100_000
"""So many e-mails a file holds: some 15 MB, which the server keeps in memory while the browser fetches them."""


def csv_pieces(chunks: Iterable[list[EmailRow]], zone: str, *, most: int = MOST) -> Iterator[bytes]:
    """The file piece by piece: a head, then the first `most` rows, and a line that says so where there were more.

    Its first sign tells Excel that it is UTF-8.
    """
    yield "\ufeff".encode() + _lines([(f"Sent ({zone})", *COLUMNS[1:])])
    rows = chain.from_iterable(chunks)
    left = most
    while piece := list(islice(rows, min(left, _PIECE))):
        left -= len(piece)
        yield _lines(tuple(inert(cell) for cell in row_of(one, zone)) for one in piece)
    if next(rows, None) is not None:
        yield _lines([(f"This file ends here: it holds {most:,} e-mails at most. Choose dates for the older ones.",)])


def csv_file(chunks: Iterable[list[EmailRow]], zone: str, *, most: int = MOST) -> bytes:
    """The whole file, of the first `most` rows. While it is made a long one lies on the disk, not in memory."""
    with tempfile.SpooledTemporaryFile(max_size=_IN_MEMORY) as file:
        for piece in csv_pieces(chunks, zone, most=most):
            file.write(piece)
        file.seek(0)
        return file.read()


def inert(cell: str) -> str:
    """The cell as a table program shows it: one that it would take for a formula gets an apostrophe before it."""
    return f"'{cell}" if cell.lstrip(" ").startswith(_ACTIVE) or cell.startswith(_ACTIVE) else cell


def _lines(rows: Iterable[tuple[str, ...]]) -> bytes:
    buffer = io.StringIO(newline="")
    csv.writer(buffer).writerows(rows)
    return buffer.getvalue().encode()
