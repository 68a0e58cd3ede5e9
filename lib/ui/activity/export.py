"""The download of the account's events of the audit."""

from lib.actions.engine.handing_out import Parcel, hand_out
from lib.domain.permissions import Identity
from lib.store import audit
from lib.ui.visit import Visit
from lib.ui.widgets.downloads import offer_download


def offer_events(visit: Visit) -> None:
    """The download button."""
    offer_download(
        "Download the events",
        lambda: account_lines(visit),
        file_name=f"audit-{visit.account.number}.jsonl",
        mime="application/x-ndjson",
        type="tertiary",
        key="download_audit",
        help="Every event of this account as a line of JSON, with everything that its hash is computed from.",
    )


def account_lines(visit: Visit) -> bytes:
    """The account's events as JSON lines.

    Raises:
        PermissionError: this person may not export them (any more).
    """

    def lines(_reader: Identity) -> tuple[bytes, int]:
        with visit.read() as connection:
            whole = [line.encode() for line in audit.export_lines(connection, visit.account.number)]
        return b"".join(whole), len(whole)

    return hand_out(visit.app.services, visit.identity, Parcel("audit_events", visit.account.number), lines)
