"""The account's events of the audit to take away."""

from lib.actions.engine.handing_out import Parcel, hand_out
from lib.domain.permissions import Identity
from lib.store import audit
from lib.ui.visit import Visit
from lib.ui.widgets.downloads import offer_download


def offer_events(visit: Visit) -> None:
    """The button that hands them out."""
    offer_download(
        "Download the events",
        lambda: account_lines(visit),
        file_name=f"audit-{visit.account.number}.jsonl",
        mime="application/x-ndjson",
        tertiary=True,
        key="download_audit",
        help="Every event of this account as a line of JSON, with all that its hash is made from.",
    )


def account_lines(visit: Visit) -> bytes:
    """The account's events as JSON lines, for the person of the visit, if they may have them now.

    Raises:
        PermissionError: the page was drawn for somebody who was shut out since.
    """

    def lines(_reader: Identity) -> tuple[bytes, int]:
        with visit.read() as connection:
            whole = [line.encode() for line in audit.export_lines(connection, visit.account.number)]
        return b"".join(whole), len(whole)

    return hand_out(visit.app.services, visit.identity, Parcel("audit_events", visit.account.number), lines)
