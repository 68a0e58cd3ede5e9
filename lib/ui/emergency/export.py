"""The saved details as a readable list, one line for each number of the account."""

from collections.abc import Iterable

from lib.actions.engine.handing_out import Parcel, hand_out
from lib.domain.auth_rules import NumberTruth
from lib.domain.emergency import LABELS, shown
from lib.domain.numbers import national
from lib.domain.permissions import Identity
from lib.store import numbers
from lib.store.emergency import Version
from lib.ui.visit import Visit
from lib.ui.widgets.exports import csv_lines, moment


def details_csv(visit: Visit, version: Version) -> bytes:
    """The saved details, one line for each number of the account, as a file for the person of the visit.

    Raises:
        PermissionError: the person has lost the right to export since the page was drawn.
    """

    def file(_reader: Identity) -> tuple[bytes, int]:
        with visit.read() as connection:
            owned = numbers.truths_of_account(connection, visit.account.number)
        return numbers_csv(version, owned, visit.app.settings.time_zone).encode("utf-8-sig"), len(owned)

    parcel = Parcel("emergency_details", visit.account.number, filter={"version": version.version})
    return hand_out(visit.app.services, visit.identity, parcel, file)


def numbers_csv(version: Version, owned: Iterable[NumberTruth], zone: str) -> str:
    """The lines of the file: a header, then one line for each number."""
    head = ["Number", "State of the number", *LABELS.values(), "Version", "Saved", "Saved by"]
    values = [shown(version.record, field) for field in LABELS]
    saved = [str(version.version), moment(version.saved_at, zone), version.saved_by]
    return csv_lines([head, *([national(one.number), one.state.value, *values, *saved] for one in owned)])
