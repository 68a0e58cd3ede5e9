"""Allowances as tables a person reads: counts with what is in use and left, yes and no where it is on or off."""

from collections.abc import Collection, Iterable
from datetime import date, datetime, timedelta

import pandas as pd

from lib.domain.allowances import Line, changes, label_of, words_for
from lib.domain.words import counted
from lib.store.billing import HubSubscription, SubscriptionTerms
from lib.store.snapshots import Snapshot
from lib.ui.widgets.tables import show_text_table

_OVER = " over"
COLUMNS = ["Allowance", "Granted", "In use", "Left"]


def allowances_frame(lines: Iterable[Line], shared: Collection[str] = ()) -> pd.DataFrame:
    """One row an allowance. What `shared` names is granted elsewhere too, so its use is told for the account only."""
    rows = [
        (line.label, words_for(line.kind, line.granted), "see the account", "")
        if line.kind in shared and line.in_use is not None
        else (line.label, words_for(line.kind, line.granted), _in_use(line), _left(line))
        for line in lines
    ]
    return pd.DataFrame(rows, columns=COLUMNS, dtype="string")


def show_allowances(frame: pd.DataFrame, alt: str) -> None:
    """The table, in which what is over its allowance stands out."""
    show_text_table(frame, alt, alarming=lambda text: text.endswith(_OVER))


def term_words(terms: SubscriptionTerms) -> str:
    """From when to when the subscription runs."""
    if terms.term_start is None:
        return "Term not known"
    end = f"to {terms.term_end:%-d %b %Y}" if terms.term_end else "without an end"
    return f"Term {terms.term_start:%-d %b %Y} {end}"


def later_words(one: HubSubscription, read: Snapshot | None, today: date, *, staff: bool = True) -> str | None:
    """What is ordered for a later day, as it was read at the last refresh; None when nothing is.

    A customer is not told that a refresh is due, which only the staff can do.
    """
    ordered = read.value.get(one.number) if read else None
    if not ordered or one.terms.is_over(today):
        return None
    day = date.fromisoformat(ordered["day"])
    if day <= today:
        if not staff:
            return None
        return f"A change of {day:%-d %b %Y} is in force in Zuora. Refresh the allowances to see it here."
    changed = changes(one.terms.allowances, ordered["allowances"])
    told = [f"{label_of(kind)} {words_for(kind, new)} instead of {words_for(kind, old)}" for kind, old, new in changed]
    return f"From {day:%-d %b %Y}: {', '.join(told)}." if told else None


def age_words(moment: datetime | None, now: datetime) -> str:
    """How long ago something was refreshed, in the largest unit that fits."""
    if moment is None:
        return "never refreshed"
    passed = now - moment
    if passed < timedelta(minutes=1):
        return "refreshed just now"
    for unit, length in (("day", timedelta(days=1)), ("hour", timedelta(hours=1)), ("minute", timedelta(minutes=1))):
        if count := passed // length:
            return f"refreshed {counted(count, unit)} ago"
    return "refreshed just now"


def over_words(line: Line) -> str:
    """The sentence about an allowance of which more is in use than is granted."""
    return f"{line.label}: {line.in_use:,} in use, {line.granted:,} granted, {line.over:,} over."


def _in_use(line: Line) -> str:
    return "not counted" if line.in_use is None else f"{line.in_use:,}"


def _left(line: Line) -> str:
    if line.left is None:
        return ""
    return f"{line.over:,}{_OVER}" if line.over else f"{line.left:,}"
