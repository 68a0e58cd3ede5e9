"""The sent e-mail history as a CSV file, made in pieces."""

import tempfile
from collections.abc import Iterable, Iterator
from itertools import chain, islice

from lib.actions.engine.handing_out import Parcel, hand_out
from lib.domain.permissions import Identity
from lib.store import emails
from lib.store.emails import EmailFilter, EmailRow
from lib.ui.emails.filter import told_filter
from lib.ui.emails.tables import COLUMNS, row_of
from lib.ui.visit import Visit
from lib.ui.widgets.exports import csv_lines, moment

_IN_MEMORY = 4_000_000
_PIECE = 2_000
MOST = 100_000
"""A file holds at most this many e-mails: 15 MB, which the server keeps in memory while the browser fetches them."""


def emails_csv(visit: Visit, wanted: EmailFilter, zone: str) -> bytes:
    """The account's e-mails that the filter lets through, for the person of the visit, if they may have them now.

    Raises:
        PermissionError: the page was drawn for somebody who was shut out since.
    """
    services, number = visit.app.services, visit.account.number

    def file(_reader: Identity) -> tuple[bytes, int]:
        rows = 0

        def counted() -> Iterator[list[EmailRow]]:
            nonlocal rows
            for chunk in emails.walk_emails(services.engine, number, wanted, chunk=_PIECE):
                rows += len(chunk)
                yield chunk

        made = csv_file(counted(), zone)
        return made, min(rows, MOST)

    values, words = told_filter(wanted, zone)
    return hand_out(services, visit.identity, Parcel("sent_emails", number, filter=values, narrowed=words), file)


def csv_pieces(chunks: Iterable[list[EmailRow]], zone: str, *, most: int = MOST) -> Iterator[bytes]:
    """The file piece by piece: a head, then the first `most` rows, and a line that says so where there were more.

    Its first character tells Excel that it is UTF-8.
    """
    yield "\ufeff".encode() + csv_lines([(f"Sent ({zone})", *COLUMNS[1:])]).encode()
    rows = chain.from_iterable(chunks)
    left = most
    while piece := list(islice(rows, min(left, _PIECE))):
        left -= len(piece)
        yield csv_lines((moment(one.sent_at, zone), *row_of(one, zone)[1:]) for one in piece).encode()
    if next(rows, None) is not None:
        ends = f"This file ends here, after the newest {most:,} e-mails. Choose dates to export older ones."
        yield csv_lines([(ends,)]).encode()


def csv_file(chunks: Iterable[list[EmailRow]], zone: str, *, most: int = MOST) -> bytes:
    """The whole file, of the first `most` rows. While it is made a long one lies on the disk, not in memory."""
    with tempfile.SpooledTemporaryFile(max_size=_IN_MEMORY) as file:
        for piece in csv_pieces(chunks, zone, most=most):
            file.write(piece)
        file.seek(0)
        return file.read()
