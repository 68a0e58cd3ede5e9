"""Emergency details as frames."""

from collections.abc import Sequence
from zoneinfo import ZoneInfo

import pandas as pd

from lib.domain.emergency import LABELS, NOT_IN_ZUORA, EmergencyRecord, differing, shown
from lib.store.emergency import Version


def record_frame(record: EmergencyRecord) -> pd.DataFrame:
    """One row a field that has a value."""
    rows = [(LABELS[field], shown(record, field)) for field in LABELS if shown(record, field)]
    return pd.DataFrame(rows, columns=["Field", "Saved here"])


def beside_frame(saved: EmergencyRecord | None, zuora: EmergencyRecord | None, wanted: EmergencyRecord) -> pd.DataFrame:
    """Saved here, in Zuora, will be saved; fields empty in all three are left out."""
    rows = []
    for field in LABELS:
        there = "" if field in NOT_IN_ZUORA else shown(zuora, field)
        values = (shown(saved, field), there, shown(wanted, field))
        if any(values):
            rows.append((LABELS[field], *values, "changes" if values[0] != values[2] else ""))
    return pd.DataFrame(rows, columns=["Field", "Saved here", "In Zuora", "Will be saved", "Difference"])


def history_frame(versions: Sequence[Version], zone: str) -> pd.DataFrame:
    """One row a version, newest first, with what it changed in the one before it."""
    rows = []
    for position, one in enumerate(versions):
        older = versions[position + 1].record if position + 1 < len(versions) else None
        changed = [
            f"{LABELS[field]}: {shown(older, field) or 'empty'} → {shown(one.record, field) or 'empty'}"
            for field in (differing(older, one.record) if older else ())
        ]
        moment = one.saved_at.astimezone(ZoneInfo(zone)).strftime("%-d %b %Y %H:%M")
        nothing = "" if older is None else "nothing"
        rows.append((one.version, moment, one.saved_by, "; ".join(changed) or nothing))
    return pd.DataFrame(rows, columns=["Version", "Saved", "By", "What changed"])
