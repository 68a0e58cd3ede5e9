"""The tables of the emergency details."""

from collections.abc import Sequence
from itertools import zip_longest
from zoneinfo import ZoneInfo

import pandas as pd

from lib.domain.emergency import LABELS, NOT_IN_ZUORA, EmergencyRecord, differing, shown
from lib.store.emergency import Version


def record_frame(record: EmergencyRecord) -> pd.DataFrame:
    """One row for each field that has a value."""
    rows = [(LABELS[field], shown(record, field)) for field in LABELS if shown(record, field)]
    return pd.DataFrame(rows, columns=["Field", "Saved here"])


def beside_frame(saved: EmergencyRecord | None, zuora: EmergencyRecord | None, wanted: EmergencyRecord) -> pd.DataFrame:
    """Saved here, in Zuora and to be saved, side by side; a field that is empty in all three has no row."""
    rows = []
    for field in LABELS:
        there = "" if field in NOT_IN_ZUORA else shown(zuora, field)
        values = (shown(saved, field), there, shown(wanted, field))
        if any(values):
            rows.append((LABELS[field], *values, "changes" if values[0] != values[2] else ""))
    return pd.DataFrame(rows, columns=["Field", "Saved here", "In Zuora", "Will be saved", "Difference"])


def history_frame(versions: Sequence[Version], zone: str) -> pd.DataFrame:
    """One row for each version, newest first, with what it changed."""
    rows = []
    for one, before in zip_longest(versions, versions[1:]):
        changes = [
            f"{LABELS[field]}: {shown(before.record, field) or 'empty'} → {shown(one.record, field) or 'empty'}"
            for field in (differing(before.record, one.record) if before else ())
        ]
        changed = "; ".join(changes) or ("nothing" if before else "")
        rows.append((one.version, f"{one.saved_at.astimezone(ZoneInfo(zone)):%-d %b %Y %H:%M}", one.saved_by, changed))
    return pd.DataFrame(rows, columns=["Version", "Saved", "By", "What changed"])
