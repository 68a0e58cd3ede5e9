"""The sent e-mail history as a CSV file, made in pieces."""

import csv
import io
import tempfile
from collections.abc import Iterable, Iterator

from lib.store.emails import EmailRow
from lib.ui.sent_emails_tables import COLUMNS, row_of

_ACTIVE = ("=", "+", "-", "@", "\t", "\r")
_IN_MEMORY = 4_000_000


def csv_pieces(chunks: Iterable[list[EmailRow]], zone: str) -> Iterator[bytes]:
    """The file piece by piece: a head, then the rows of each chunk. Its first sign tells Excel that it is UTF-8."""
    yield "\ufeff".encode() + _lines([(f"Sent ({zone})", *COLUMNS[1:])])
    for chunk in chunks:
        yield _lines(tuple(inert(cell) for cell in row_of(one, zone)) for one in chunk)


def csv_file(chunks: Iterable[list[EmailRow]], zone: str) -> bytes:
    """The whole file. While it is made a long one lies on the disk, not in memory."""
    with tempfile.SpooledTemporaryFile(max_size=_IN_MEMORY) as file:
        for piece in csv_pieces(chunks, zone):
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
