"""The filter of the activity as SQL conditions, for each source.

Each function gets the table (an alias), the accounts and the filter. It returns None when nothing in the source can
match, so that it need not be read.
"""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import ColumnElement, Subquery, and_, exists, literal, or_, select

from lib.domain.activity import REFUSED, SENT_EMAIL, STATUS_CHANGE, Filter, Place
from lib.domain.emails import EmailKind
from lib.domain.status import REASON_WORDS
from lib.domain.texts import fold
from lib.store.folding import contains, contains_number
from lib.store.schema import action_event, action_item, action_run, status_change

Conditions = Sequence[ColumnElement[bool]] | None


def of_runs(table: Any, members: Subquery, wanted: Filter) -> Conditions:
    """Runs, by kind, by who started or abandoned them, and by the text of their steps and items."""
    found = _within(table.c.created_at, wanted)
    event, change = action_event.alias("step"), status_change.alias("changed")
    own = event.c.run_id == table.c.id
    if wanted.kinds:
        of_kind = table.c.kind.in_(wanted.kinds)
        if STATUS_CHANGE in wanted.kinds:
            # For all the accounts at once: in a condition on each run, it would be read for each run.
            every = members.alias("every")
            changed = select(change.c.run_id).where(change.c.account_id.in_(select(every.c.id)))
            of_kind = or_(of_kind, table.c.id.in_(changed))
        found.append(of_kind)
    if wanted.people:
        later = exists().where(own, event.c.phase.in_(("resumed", "abandoned")), event.c.actor.in_(wanted.people))
        found.append(or_(table.c.actor.in_(wanted.people), later))
    if wanted.text:
        item = action_item.alias("item")
        words = [event.c.details[name].as_string() for name in ("text", "before", "after", "error", "reason")]
        found.append(
            or_(
                contains(
                    wanted.text,
                    table.c.plan["title"].as_string(),
                    *(table.c[name] for name in ("id", "actor", "actor_name", "note", "error")),
                ),
                table.c.reason.in_(_reasons(wanted.text)),
                exists().where(own, contains(wanted.text, *words)),
                exists().where(
                    item.c.run_id == table.c.id,
                    or_(contains(wanted.text, item.c.item, item.c.text), contains_number(wanted.text, item.c.item)),
                ),
            )
        )
    return found


def of_events(table: Any, members: Subquery, wanted: Filter) -> Conditions:
    """Events of the audit that belong to no run."""
    found: list[ColumnElement[bool]] = [table.c.run_id.is_(None)]
    # The audit keeps its moments as text of one form, in UTC, so that their order is that of the letters.
    if wanted.since:
        found.append(table.c.at >= _written(wanted.since))
    if wanted.before:
        found.append(table.c.at < _written(wanted.before))
    if wanted.kinds:
        of_kind = table.c.kind.in_(wanted.kinds)
        found.append(or_(of_kind, table.c.phase == "refused") if REFUSED in wanted.kinds else of_kind)
    if wanted.people:
        found.append(table.c.actor.in_(wanted.people))
    if wanted.text:
        texts = [table.c.details["text"].as_string(), table.c.details["numbers"].as_string()]
        found.append(or_(contains(wanted.text, table.c.actor, *texts), contains_number(wanted.text, texts[1])))
    return found


def of_changes(table: Any, members: Subquery, wanted: Filter) -> Conditions:
    """Changes of status that are not part of a run of the same account."""
    if wanted.kinds and STATUS_CHANGE not in wanted.kinds:
        return None
    run = action_run.alias("teller")
    told_on = select(run.c.account).where(run.c.id == table.c.run_id).scalar_subquery()
    found = [*_within(table.c.at, wanted), told_on.is_distinct_from(members.c.number)]
    if wanted.people:
        found.append(table.c.actor.in_(wanted.people))
    if wanted.text:
        words = (table.c.from_status, table.c.to_status, table.c.note, table.c.actor)
        found.append(or_(contains(wanted.text, *words), table.c.reason.in_(_reasons(wanted.text))))
    return found


def of_emails(table: Any, members: Subquery, wanted: Filter) -> Conditions:
    """E-mails that we sent. The only name on them is the recipient's.

    Without a filter the list has every run, and each run shows its own e-mails.
    """
    if wanted.people or (wanted.kinds and SENT_EMAIL not in wanted.kinds):
        return None
    found = _within(table.c.sent_at, wanted)
    if wanted == Filter():
        found.append(table.c.run_id.is_(None))
    if wanted.text:
        named = [kind.value for kind in EmailKind if fold(wanted.text) in fold(kind.label)]
        found.append(or_(contains(wanted.text, table.c.subject, table.c.recipient), table.c.kind.in_(named)))
    return found


def behind(order: Sequence[ColumnElement[Any]], place: Place) -> ColumnElement[bool]:
    """The rows after this place, newest first."""
    values = [literal(value, column.type) for column, value in zip(order, place, strict=True)]
    behind_last = order[-1] < values[-1]
    for column, value in reversed(list(zip(order[:-1], values[:-1], strict=True))):
        # The first half alone leads into the index; both together are exact.
        behind_last = and_(column <= value, or_(column < value, behind_last))
    return behind_last


def _within(moment: ColumnElement[datetime], wanted: Filter) -> list[ColumnElement[bool]]:
    found = []
    if wanted.since:
        found.append(moment >= wanted.since)
    if wanted.before:
        found.append(moment < wanted.before)
    return found


def _written(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="microseconds")


def _reasons(text: str) -> list[str]:
    return [reason for reason, words in REASON_WORDS.items() if fold(text) in fold(words)]
