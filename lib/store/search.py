"""Find accounts by number, name, phone number, e-mail or subscription number.

`search_term` has everything that can be found, folded by `lib.domain.texts`. SQLite (FTS5) and PostgreSQL (pg_trgm)
both have an index of its trigrams. `lib.domain.searching` decides what a text may mean. Every part of the query below
is cut off before it is sorted, so that a broad text stays fast.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Engine,
    Integer,
    Select,
    String,
    and_,
    bindparam,
    column,
    delete,
    insert,
    literal_column,
    select,
    table,
    union_all,
)

from lib.domain.chunks import chunks
from lib.domain.numbers import national
from lib.domain.searching import Wanted, terms_of, understand
from lib.store.engine import writing
from lib.store.schema import account, phone_number, phone_user, portal_user, search_term, subscription

REINDEXED = 500
"""How many accounts `reindex_all` updates in one transaction."""

BOUND = 200
"""At most this many terms are read by each part of the query, before sorting."""

_KINDS = ("number", "subscription", "phone", "email", "name")
_FULL_TEXT = table("search_term_fts", column("rowid"))


@dataclass(frozen=True, slots=True)
class Hit:
    """One account and the term by which it was found. `matched_text` is in the form that people read."""

    number: str
    name: str
    status: str
    matched_kind: str
    matched_text: str


@dataclass(frozen=True, slots=True)
class SearchResult:
    """What was found. `exact` is the account to jump to. `more` means that a longer text would help."""

    exact: str | None
    hits: list[Hit]
    more: bool
    understood: str


@dataclass(frozen=True, slots=True)
class _Found:
    kind: str
    term: str
    number: str
    name: str
    status: str


def search(connection: Connection, text: str, limit: int = 50) -> SearchResult:
    """Accounts that the text may mean, best first: it is a whole term, the beginning of one, or inside one.

    A text without three letters or digits in a row is only looked for at the beginning of account numbers and names.
    Any text is allowed. No character in it has a special meaning.
    """
    wanted = understand(text)
    if not wanted.plain:
        return SearchResult(None, [], False, wanted.understood)
    rows, cut = _read(connection, wanted, [(kind, (text,)) for kind, text in wanted.insides])
    if wanted.scattered and len({row.number for row in rows}) < limit:
        # Last: it costs more than the rest together, and its results are shown last.
        others, more = _read_scattered(connection, wanted.scattered)
        rows, cut = [*rows, *others], cut or more
    best: dict[str, tuple[int, int, _Found]] = {}
    for row in rows:
        rank = wanted.rank(row.kind, row.term)
        if rank is None:
            continue
        found = (rank, _KINDS.index(row.kind), row)
        if row.number not in best or found[:2] < best[row.number][:2]:
            best[row.number] = found
    ordered = sorted(best.values(), key=lambda found: (found[0], found[2].name.casefold(), found[2].number))
    hits = [_hit(row) for _, _, row in ordered[:limit]]
    return SearchResult(_exact(rows, wanted), hits, cut or len(ordered) > limit, wanted.understood)


def reindex(connection: Connection, *account_ids: int) -> None:
    """Update the search terms of these accounts. Call it in the transaction that changed one of them."""
    connection.execute(delete(search_term).where(search_term.c.account_id.in_(account_ids)))
    _insert(connection, _stored(connection, account_ids))


def reindex_name(connection: Connection, account_id: int) -> None:
    """After a rename: update the name's term only. There may be thousands of others."""
    connection.execute(delete(search_term).where(search_term.c.account_id == account_id, search_term.c.kind == "name"))
    names = connection.execute(select(account.c.id, account.c.name).where(account.c.id == account_id))
    _insert(connection, ((id_, "name", name) for id_, name in names))


def reindex_all(engine: Engine) -> int:
    """Update the search terms of every account. Returns how many accounts. Nobody else may write at the same time."""
    with engine.connect() as connection:
        ids = list(connection.execute(select(account.c.id).order_by(account.c.id)).scalars())
    for some in chunks(ids, REINDEXED):
        with writing(engine) as connection:
            reindex(connection, *some)
    return len(ids)


# ------------------------------------------------------------------ the query
_Insides = Sequence[tuple[str | None, tuple[str, ...]]]


def _read_scattered(connection: Connection, words: tuple[str, ...]) -> tuple[list[_Found], bool]:
    """The terms that contain all of these words, and whether there are more than were read."""
    nothing = Wanted("", frozenset(), frozenset(), frozenset(), (), (), (), (), "")
    return _read(connection, nothing, [(None, words)])


def _read(connection: Connection, wanted: Wanted, insides: _Insides) -> tuple[list[_Found], bool]:
    """The terms found, and whether any part of the query was cut off. `insides`: a kind, and texts in one term."""
    sqlite = connection.dialect.name == "sqlite"
    values: dict[str, object] = {"whole": list(wanted.whole), "quoted": list(wanted.quoted)}
    for position, (_, text) in enumerate(wanted.beginnings):
        values[f"begins_{position}"] = text if sqlite else f"{_escaped(text)}%"
        if sqlite:
            values[f"ends_{position}"] = text + "\U0010ffff"
    for position, (_, texts) in enumerate(insides):
        if sqlite:
            quoted = ('"' + text.replace('"', '""') + '"' for text in texts)
            values[f"holds_{position}"] = " AND ".join(quoted)
        else:
            values |= {f"holds_{position}_{one}": f"%{_escaped(text)}%" for one, text in enumerate(texts)}
    shape = tuple((kind, len(texts)) for kind, texts in insides)
    query = _query(sqlite, bool(wanted.whole), bool(wanted.quoted), tuple(kind for kind, _ in wanted.beginnings), shape)
    read: dict[int, int] = {}
    rows = []
    for part, *found in connection.execute(query, values):
        read[part] = read.get(part, 0) + 1
        rows.append(_Found(*found))
    return rows, any(count == BOUND for count in read.values())


@lru_cache
def _query(
    sqlite: bool, whole: bool, quoted: bool, begin: tuple[str, ...], inside: tuple[tuple[str | None, int], ...]
) -> Select[Any]:
    """The query for texts of these kinds. Each is built once: building takes longer than running."""
    term = search_term.c.term
    parts = []
    if whole:
        parts.append(_terms(search_term.c.kind.in_(_KINDS), term.in_(bindparam("whole", expanding=True))))
    if quoted:
        parts.append(_terms(search_term.c.kind == "number", term.in_(bindparam("quoted", expanding=True))))
    for position, kind in enumerate(begin):
        begins, ends = bindparam(f"begins_{position}", type_=String), bindparam(f"ends_{position}", type_=String)
        # SQLite uses no index for LIKE with a bound pattern. The range is the same set.
        condition = (term >= begins) & (term < ends) if sqlite else term.like(begins)
        # Ordered, so that the planner uses the index, however many rows it expects.
        parts.append(_terms(search_term.c.kind == kind, condition).order_by(term))
    for position, (of_kind, count) in enumerate(inside):
        if sqlite:
            holds = bindparam(f"holds_{position}", type_=String)
            matching = literal_column("search_term_fts").op("match", is_comparison=True)(holds)
            part = _terms(matching).join(_FULL_TEXT, _FULL_TEXT.c.rowid == search_term.c.id)
        else:
            like = [term.like(bindparam(f"holds_{position}_{one}", type_=String)) for one in range(count)]
            part = _terms(and_(*like))
        if of_kind is not None:
            # The plus stops SQLite from reading the index of all phone terms instead of the few that match.
            stored = literal_column("+search_term.kind", String) if sqlite else search_term.c.kind
            part = part.where(stored == of_kind)
        parts.append(part)
    # The position of its part says which rows count towards that part's limit.
    numbered = [
        select(literal_column(str(position), Integer).label("part"), part.subquery())
        for position, part in enumerate(parts)
    ]
    found = union_all(*numbered).subquery()
    columns = (found.c.part, found.c.kind, found.c.term, account.c.number, account.c.name, account.c.status)
    return select(*columns).join(account, account.c.id == found.c.account_id)


def _terms(*conditions: ColumnElement[bool]) -> Select[tuple[int, str, str]]:
    columns = select(search_term.c.account_id, search_term.c.kind, search_term.c.term)
    return columns.where(*conditions).limit(BOUND)


def _escaped(text: str) -> str:
    """The text escaped for LIKE. PostgreSQL's escape character is the backslash by default."""
    return re.sub(r"([\\%_])", r"\\\1", text)


# ------------------------------------------------------------------ the answer
def _exact(rows: Iterable[_Found], wanted: Wanted) -> str | None:
    """The one account that the whole text identifies. A name does not, nor an e-mail address that several share.

    A number with other words identifies its account only when the words are in its name: "41990 - Riley Fencing".
    """
    accounts: dict[str, set[str]] = {}
    quoted = {row.number: row.name for row in rows if row.kind == "number" and row.term in wanted.quoted}
    for row in rows:
        if row.term in wanted.whole and row.kind != "name":
            accounts.setdefault(row.kind, set()).add(row.number)
    for kind in _KINDS:
        if kind in accounts:
            alone = len(accounts[kind]) == 1 and set(quoted) <= accounts[kind]
            return accounts[kind].pop() if alone else None
    if len(quoted) == 1:
        ((number, name),) = quoted.items()
        return number if wanted.fits_name(name) else None
    return None


def _hit(row: _Found) -> Hit:
    match row.kind:
        case "phone":
            matched = national(f"+{row.term}")
        case "subscription":
            matched = row.term.upper()
        case "name":
            matched = row.name
        case _:
            matched = row.term
    return Hit(row.number, row.name, row.status, row.kind, matched)


# ------------------------------------------------------------------ the terms
def _stored(connection: Connection, account_ids: Sequence[int]) -> Iterator[tuple[int, str, str | None]]:
    sources = (
        ("number", account.c.id, account.c.number),
        ("name", account.c.id, account.c.name),
        ("email", account.c.id, account.c.email),
        ("phone", phone_number.c.account_id, phone_number.c.e164),
        ("email", portal_user.c.account_id, portal_user.c.email),
        ("email", phone_user.c.account_id, phone_user.c.email),
        ("subscription", subscription.c.account_id, subscription.c.number),
    )
    for kind, owner, value in sources:
        for id_, term in connection.execute(select(owner, value).where(owner.in_(account_ids))):
            yield id_, kind, term


def _insert(connection: Connection, terms: Iterable[tuple[int, str, str | None]]) -> None:
    rows = {(id_, kind, term) for id_, kind, value in terms if value for term in terms_of(kind, value)}
    if rows:
        values = [{"account_id": id_, "kind": kind, "term": term} for id_, kind, term in sorted(rows)]
        connection.execute(insert(search_term), values)
