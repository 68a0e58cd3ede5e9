"""What happened on an account, from four sources: runs, events without a run, changes of status, e-mails.

At most one page of each source is read, newest first, and the pages are merged. So every page takes the same time,
however much has happened.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Any

from pydantic import BaseModel, ConfigDict
from sqlalchemy import (
    ColumnElement,
    CompoundSelect,
    Connection,
    FromClause,
    Select,
    Subquery,
    literal,
    null,
    or_,
    select,
    true,
    union,
)

from lib.domain.activity import (
    REFUSED,
    SENT_EMAIL,
    STATUS_CHANGE,
    EmailEntry,
    Entry,
    EventEntry,
    Filter,
    Page,
    Position,
    RunEntry,
    Source,
    StatusEntry,
    merge,
)
from lib.store import activity_filter
from lib.store.account_id import NUMBER, id_query
from lib.store.schema import account, action_event, action_run, person, sent_email, status_change

PAGE = 20
"""The number of entries read at a time."""


@dataclass(frozen=True)
class _Kept:
    """How the entries of one source are stored: the table, the account, the order and the names of the columns."""

    entry: type[Entry]
    table: Any
    owner: str
    order: tuple[str, ...]
    fields: Mapping[str, str]
    conditions: Callable[..., Sequence[ColumnElement[bool]] | None]

    def columns(self, table: Any) -> list[ColumnElement[Any]]:
        """The columns of an entry. `plan.title` is a text inside a column of JSON."""
        found: list[ColumnElement[Any]] = []
        for field, name in self.fields.items():
            column, _, inside = name.partition(".")
            whole = table.c[column]
            found.append((whole[inside].as_string() if inside else whole).label(field))
        return found


def _same(*names: str, **others: str) -> dict[str, str]:
    return {name: name for name in names} | others


_KEPT = {
    Source.RUN: _Kept(
        RunEntry,
        action_run,
        "account",
        ("sequence", "created_at", "id"),
        _same("id", "sequence", "kind", "actor", "actor_name", "steps", "reason", "note", "state", "error")
        | {"at": "created_at", "title": "plan.title"},
        activity_filter.of_runs,
    ),
    Source.EVENT: _Kept(
        EventEntry,
        action_event,
        "account",
        ("sequence",),
        _same("at", "kind", "phase", "actor", "details", id="sequence"),
        activity_filter.of_events,
    ),
    Source.STATUS: _Kept(
        StatusEntry,
        status_change,
        "account_id",
        ("at", "id"),
        _same("id", "at", "from_status", "to_status", "reason", "note", "actor"),
        activity_filter.of_changes,
    ),
    Source.EMAIL: _Kept(
        EmailEntry,
        sent_email,
        "account_id",
        ("sent_at", "id"),
        _same("id", "kind", "subject", "recipient", "state", at="sent_at"),
        activity_filter.of_emails,
    ),
}


_parent, _child = account.alias("parent"), account.alias("child")
_HAS_CHILDREN = select(1).where(_parent.c.number == NUMBER, _child.c.parent_id == _parent.c.id).limit(1)


class Occurring(BaseModel):
    """What a filter can offer, because there are entries of it: kinds, and people's names by e-mail address."""

    model_config = ConfigDict(frozen=True)

    kinds: tuple[str, ...]
    people: Mapping[str, str]


def read_activity(
    connection: Connection,
    number: str,
    wanted: Filter | None = None,
    *,
    children: bool = False,
    after: Position | None = None,
    limit: int = PAGE,
) -> Page:
    """The newest `limit` entries of this account that match the filter, or those after the entry `after`.

    `children`: with those of the accounts directly below it.
    """
    read: dict[Source, list[Entry]] = {}
    lateral = connection.dialect.name != "sqlite"
    for source, kept in _KEPT.items():
        place = (after or {}).get(source)
        query = _newest(source, wanted or Filter(), place, limit + 1, children=children, lateral=lateral)
        if query is not None:
            rows = connection.execute(query, {NUMBER.key: number})
            read[source] = [kept.entry.model_validate(dict(row._mapping)) for row in rows]
    return merge(read, limit, after)


def has_children(connection: Connection, number: str) -> bool:
    """True when there are accounts directly below this one."""
    return connection.execute(_HAS_CHILDREN, {NUMBER.key: number}).first() is not None


def occurring(connection: Connection, number: str, *, children: bool = False) -> Occurring:
    """The kinds and people of this account's entries, and of those directly below it if `children`."""
    found = connection.execute(_occurring(children=children), {NUMBER.key: number}).all()
    people = sorted({actor for _, actor in found if actor})
    known = connection.execute(select(person.c.email, person.c.name).where(person.c.email.in_(people)))
    names = {row.email: row.name for row in known}
    return Occurring(
        kinds=tuple(sorted({kind for kind, _ in found if kind})),
        people={email: names.get(email, email) for email in people},
    )


# Building a query takes longer than running it, so those of the page that everybody opens are kept.
@cache
def _occurring(*, children: bool) -> CompoundSelect[Any]:
    members = _members(children=children)
    run, event, change, mail = action_run.c, action_event.c, status_change.c, sent_email.c
    runs = members.join(action_run, run.account == members.c.number)
    events = members.join(action_event, (event.account == members.c.number) & event.run_id.is_(None))
    changes = members.join(status_change, change.account_id == members.c.id)
    mails = members.join(sent_email, mail.account_id == members.c.id)
    abandoned = select(run.id).select_from(runs).where(run.state == "abandoned")

    def some(kind: str, of: FromClause, *conditions: ColumnElement[bool]) -> Any:
        return select(literal(kind), null()).where(select(1).select_from(of).where(*conditions).exists())

    return union(
        select(run.kind, run.actor).select_from(runs),
        select(event.kind, event.actor).select_from(events),
        select(null(), event.actor).where(event.run_id.in_(abandoned), event.phase == "abandoned"),
        select(null(), change.actor).select_from(changes).where(change.run_id.is_(None)),
        some(REFUSED, events, event.phase == "refused"),
        some(STATUS_CHANGE, changes),
        some(SENT_EMAIL, mails),
    )


@cache
def _members(*, children: bool) -> Subquery:
    """The account, and those directly below it if `children`. Its number is a parameter of the query."""
    own = account.c.number == NUMBER
    if children:
        own = or_(own, account.c.parent_id == id_query(NUMBER))
    return select(account.c.id, account.c.number, account.c.name).where(own).subquery("member")


@lru_cache(maxsize=256)
def _newest(
    source: Source, wanted: Filter, after: Any, limit: int, *, children: bool, lateral: bool
) -> Select[Any] | None:
    """The newest entries of one source, None when the filter excludes all of it.

    At most `limit` rows of each account are read, straight from its index, before they are sorted together.
    """
    kept, members = _KEPT[source], _members(children=children)
    one = kept.table.alias("one")
    conditions = kept.conditions(one, members, wanted)
    if conditions is None:
        return None
    if after is not None:
        conditions = [*conditions, activity_filter.behind([one.c[name] for name in kept.order], after)]
    owner = members.c.number if kept.owner == "account" else members.c.id
    newest = select(*kept.columns(one)).where(one.c[kept.owner] == owner, *conditions).limit(limit)
    newest = newest.order_by(*(one.c[name].desc() for name in kept.order)).correlate(members)
    whose = (members.c.number.label("account"), members.c.name.label("account_name"))
    if not lateral:
        # SQLite has no lateral join. A subquery that depends on the account does the same.
        key = kept.table.c[kept.order[-1]]
        listed = newest.with_only_columns(one.c[kept.order[-1]])
        found = select(*whose, *kept.columns(kept.table)).select_from(members.join(kept.table, key.in_(listed)))
        ordered = found.order_by(*(kept.table.c[name].desc() for name in kept.order))
    else:
        newest_of_each = newest.lateral("found")
        fields = {column: field for field, column in kept.fields.items()}
        found = select(*whose, newest_of_each).select_from(members.join(newest_of_each, true()))
        ordered = found.order_by(*(newest_of_each.c[fields[name]].desc() for name in kept.order))
    return ordered.limit(limit)
