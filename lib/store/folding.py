"""Folding inside the database, by the rules of `lib.domain.texts.fold`, so that filters compare as people do.

SQLite calls the Python function. PostgreSQL has an SQL function, which migration 0007 makes from the same tables.
"""

from typing import Any

from sqlalchemy import Boolean, ColumnElement, String, case, cast, false, func, or_
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.visitors import InternalTraversal

from lib.domain.numbers import search_digits
from lib.domain.texts import DIGITS, INVISIBLE, LETTERS, LOOKALIKES, MARKS, SPACES, fold

NAME = "am_fold"
DIGITS_AT_LEAST = 4
"""A text with at least this many digits is also looked for in phone numbers, in any spelling."""
_IN_A_SENTENCE = 6
"""The same in a sentence, which also has dates and sums."""
_BETWEEN_DIGITS = " ()-./"


def on_postgresql() -> str:
    """The statement that creates or replaces the function on PostgreSQL."""
    single = {one: plain for one, plain in (LETTERS | DIGITS).items() if len(plain) == 1}
    looks = f"{_quoted(''.join(LOOKALIKES))}, {_quoted(''.join(LOOKALIKES.values()))}"
    letters = f"{_quoted(''.join(single))}, {_quoted(''.join(single.values()))}"
    made = f"translate(normalize(translate(given, {looks}), NFKD), {looks})"
    made = f"translate(lower(regexp_replace({made}, '[{INVISIBLE}{MARKS}]', '', 'g')), {letters})"
    for one, plain in LETTERS.items():
        if len(plain) > 1:
            made = f"replace({made}, {_quoted(one)}, {_quoted(plain)})"
    made = f"btrim(regexp_replace({made}, '[{SPACES}]+', ' ', 'g'), ' ')"
    return (
        f"create or replace function {NAME}(given text) returns text "
        f"language sql immutable strict parallel safe as $$ select {made} $$"
    )


def prepare_sqlite(connection: Any) -> None:
    """Add the function to this raw connection of SQLite."""
    connection.create_function(NAME, 1, _fold_any, deterministic=True)


def contains(text: str, *columns: ColumnElement[Any]) -> ColumnElement[bool]:
    """True where one of the columns contains the text as people compare it, or a phone number with its digits.

    Capitals, accents, kinds of dashes, quotes and spaces make no difference. No character has a special meaning.
    """
    folded = fold(text)
    found = [_folded(column).contains(folded, autoescape=True) for column in columns]
    if len(digits := _digits(text)) >= _IN_A_SENTENCE:
        found += [_bare(column).contains(digits, autoescape=True) for column in columns]
    return or_(*found)


def contains_number(text: str, column: ColumnElement[Any]) -> ColumnElement[bool]:
    """True where the column has a phone number with the digits of `text`, whatever is between them."""
    digits = _digits(text)
    return false() if len(digits) < DIGITS_AT_LEAST else _bare(column).contains(digits, autoescape=True)


class _Special(ColumnElement[bool]):
    """True where the column has more than plain keyboard text, so that lower case alone does not fold it.

    Most texts are plain, and then the database's own fast functions are enough.
    """

    inherit_cache = True
    type = Boolean()
    _traverse_internals = [("column", InternalTraversal.dp_clauseelement)]  # noqa: RUF012 - SQLAlchemy reads it

    def __init__(self, column: ColumnElement[Any]) -> None:
        self.column = column


@compiles(_Special, "sqlite")
def _special_on_sqlite(element: _Special, compiler: SQLCompiler, **how: Any) -> str:
    text = compiler.process(element.column, **how)
    return f"({text} glob '*[^ -_a-~]*' or {text} glob '*  *' or {text} glob ' *' or {text} glob '* ')"


@compiles(_Special, "postgresql")
def _special_on_postgresql(element: _Special, compiler: SQLCompiler, **how: Any) -> str:
    return f"({compiler.process(element.column, **how)} ~ '[^ -_a-~]|  |^ | $')"


def _folded(column: ColumnElement[Any]) -> ColumnElement[str]:
    text = cast(column, String) if not isinstance(column.type, String) else column
    return case((_Special(text), getattr(func, NAME)(text, type_=String)), else_=func.lower(text, type_=String))


def _bare(column: ColumnElement[Any]) -> ColumnElement[str]:
    """The column without what is written between the digits of a phone number."""
    bare = _folded(column)
    for sign in _BETWEEN_DIGITS:
        bare = func.replace(bare, sign, "", type_=String)
    return bare


def _digits(text: str) -> str:
    """The digits that every spelling of the number has."""
    return (search_digits(text) or "").removeprefix("61")


def _fold_any(value: object) -> str | None:
    return None if value is None else fold(str(value))


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
