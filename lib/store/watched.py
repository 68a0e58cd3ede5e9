"""Remembers what was read from the Hub for a plan, to check later whether it is still the same.

A plan is made from the Hub and from outside systems, which takes seconds. The transaction that claims the account can
then check that the Hub still says the same, without asking the outside systems again.
"""

import threading
from typing import Any, cast

from sqlalchemy import Connection, Engine, Executable

Answer = tuple[Executable, Any, list[Any]]


class Watched:
    """Remembers reads through `engine` with their answers, but not writes."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._answers: list[Answer] = []
        self._lock = threading.Lock()

    @property
    def engine(self) -> Engine:
        """The engine to read through. It has only what a reader needs."""
        return cast(Engine, _Engine(self._engine, self._remember))

    def holds(self, connection: Connection) -> bool:
        """True when every read, repeated on this connection, has the same answer."""
        return all(connection.execute(query, given).all() == rows for query, given, rows in self._answers)

    def _remember(self, answer: Answer) -> None:
        # A plan may be read in several threads at once.
        with self._lock:
            self._answers.append(answer)


class _Engine:
    def __init__(self, engine: Engine, remember: Any) -> None:
        self._engine = engine
        self._remember = remember

    def connect(self) -> "_Connection":
        return _Connection(self._engine.connect(), self._remember)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._engine, name)


class _Connection:
    def __init__(self, connection: Connection, remember: Any) -> None:
        self._connection = connection
        self._remember = remember

    def __enter__(self) -> "_Connection":
        self._connection.__enter__()
        return self

    def __exit__(self, *error: Any) -> None:
        self._connection.__exit__(*error)

    def execution_options(self, **options: Any) -> Connection:
        """For a writer: what it reads is not remembered."""
        return self._connection.execution_options(**options)

    def execute(self, query: Executable, given: Any = None, **options: Any) -> Any:
        answer = self._connection.execute(query, given, **options)
        if not answer.returns_rows:
            return answer
        kept = answer.freeze()
        self._remember((query, given, list(kept().all())))
        return kept()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._connection, name)
