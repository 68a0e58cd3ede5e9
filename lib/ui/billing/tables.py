"""Allowances and subscriptions in words: how much is granted, in use and left, and what is ordered for later."""

from collections.abc import Collection, Iterable
from datetime import date, datetime, timedelta

import pandas as pd

from lib.domain.allowances import Line, changes, label_of, words_for
from lib.domain.words import counted
from lib.store.billing import HubSubscription, SubscriptionTerms
from lib.store.snapshots import Snapshot
from lib.ui.widgets.tables import show_text_table

_OVER = " over"


def show_allowances(lines: Iterable[Line], title: str, shared: Collection[str] = ()) -> None:
    """One row for each allowance; what is over its allowance is red.

    `shared` allowances are granted by another subscription too: how much is in use is only known for the account.
    """
    columns = ["Allowance", "Granted", "In use", "Left"]
    frame = pd.DataFrame([_row(line, shared) for line in lines], columns=columns, dtype="string")
    show_text_table(frame, title, alarming=lambda text: text.endswith(_OVER))


def _row(line: Line, shared: Collection[str]) -> tuple[str, str, str, str]:
    granted = words_for(line.kind, line.granted)
    if line.in_use is None:
        return line.label, granted, "not counted", ""
    if line.kind in shared:
        return line.label, granted, "see the account", ""
    return line.label, granted, f"{line.in_use:,}", f"{line.over:,}{_OVER}" if line.over else f"{line.left:,}"


def term_words(terms: SubscriptionTerms) -> str:
    """From when to when the subscription runs."""
    if terms.term_start is None:
        return "Term not known"
    end = f"to {terms.term_end:%-d %b %Y}" if terms.term_end else "with no end date"
    return f"Term {terms.term_start:%-d %b %Y} {end}"


def later_words(one: HubSubscription, read: Snapshot | None, today: date, *, staff: bool) -> str | None:
    """What is ordered for a later day, as the last refresh read it; None when nothing is.

    A customer does not see that a refresh is due: only the staff can refresh.
    """
    ordered = read.value.get(one.number) if read else None
    if not ordered or one.terms.is_over(today):
        return None
    day = date.fromisoformat(ordered["day"])
    if day <= today:
        due = f"Zuora has a change from {day:%-d %b %Y}. Refresh the allowances to see it here."
        return due if staff else None
    changed = changes(one.terms.allowances, ordered["allowances"])
    words = [f"{label_of(kind)} {words_for(kind, new)} instead of {words_for(kind, old)}" for kind, old, new in changed]
    return f"From {day:%-d %b %Y}: {', '.join(words)}." if words else None


def age_words(moment: datetime | None, now: datetime) -> str:
    """How long ago something was refreshed, in the largest unit that fits."""
    if moment is None:
        return "never refreshed"
    for unit, length in (("day", timedelta(days=1)), ("hour", timedelta(hours=1)), ("minute", timedelta(minutes=1))):
        if (count := (now - moment) // length) > 0:
            return f"refreshed {counted(count, unit)} ago"
    return "refreshed just now"


def over_words(line: Line) -> str:
    """The sentence about an allowance of which more is in use than is granted."""
    return f"{line.label}: {line.in_use:,} in use, {line.granted:,} granted, {line.over:,} over."
