"""The sent e-mail history as a CSV file."""

import tempfile
from collections.abc import Iterable

from lib.actions.engine.handing_out import Parcel, hand_out
from lib.domain.permissions import Identity
from lib.store import emails
from lib.store.emails import EmailFilter, EmailRow
from lib.ui.emails.filter import describe_filter
from lib.ui.emails.tables import COLUMNS, row_of
from lib.ui.visit import Visit
from lib.ui.widgets.exports import csv_lines, moment

_IN_MEMORY = 4_000_000
_CHUNK = 2_000
MOST = 100_000
"""A file holds at most this many e-mails: 15 MB, which the server keeps in memory while the browser downloads them."""


def emails_csv(visit: Visit, wanted: EmailFilter, zone: str) -> bytes:
    """The account's e-mails that match the filter, as a file for the person of the visit.

    Raises:
        PermissionError: the person has lost the right to export since the page was drawn.
    """
    services, number = visit.app.services, visit.account.number

    def file(_reader: Identity) -> tuple[bytes, int]:
        return csv_file(emails.walk_emails(services.engine, number, wanted, chunk=_CHUNK), zone)

    values, words = describe_filter(wanted, zone)
    return hand_out(services, visit.identity, Parcel("sent_emails", number, filter=values, narrowed=words), file)


def csv_file(chunks: Iterable[list[EmailRow]], zone: str, *, most: int = MOST) -> tuple[bytes, int]:
    """The file with the first `most` e-mails, and how many it holds. A last line says so when there are more.

    A long file is put together on the disk, not in memory.
    """
    rows = 0
    with tempfile.SpooledTemporaryFile(max_size=_IN_MEMORY) as file:
        # The byte order mark says to Excel that the file is UTF-8.
        file.write(b"\xef\xbb\xbf" + csv_lines([(f"Sent ({zone})", *COLUMNS[1:])]).encode())
        for chunk in chunks:
            kept = chunk[: most - rows]
            rows += len(kept)
            file.write(csv_lines((moment(one.sent_at, zone), *row_of(one, zone)[1:]) for one in kept).encode())
            if len(kept) < len(chunk):
                ends = f"This file ends here, after the newest {most:,} e-mails. Choose dates to export older ones."
                file.write(csv_lines([(ends,)]).encode())
                break
        file.seek(0)
        return file.read(), rows
