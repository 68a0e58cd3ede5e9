"""A request to an outside system, the reply to it, and where the system is."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from lib.patience import Patience


@dataclass(frozen=True)
class HttpConfig:
    """How to reach one system.

    `verify` is a file of certificate authorities. Without it the public ones are trusted. `client_certificate` and
    `client_key` are files with our own certificate and its key, which we show to the system.
    """

    url: str
    patience: Patience = Patience()
    verify: str | None = None
    client_certificate: str | None = None
    client_key: str | None = None


@dataclass(frozen=True)
class Call:
    """One request and what it is for.

    `writes`: the operation changes something. `harmless`: this request of it does not, such as a sign-in.
    `resend`: sending it twice has the same effect as sending it once. `read_seconds` and `attempts` replace those
    of the client's `Patience`. `private` are values that must not appear in an error.
    """

    method: str
    path: str
    operation: str
    writes: bool = False
    harmless: bool = False
    resend: bool = False
    params: Sequence[tuple[str, str]] = ()
    body: Any = None
    form: Mapping[str, str] | None = field(default=None, repr=False)
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    track_id: str | None = None
    read_seconds: float | None = None
    attempts: int | None = None
    private: tuple[str, ...] = field(default=(), repr=False)

    @property
    def alters(self) -> bool:
        """True when this request itself changes something, so a lost answer leaves its effect unknown."""
        return self.writes and not self.harmless


@dataclass(frozen=True)
class Reply:
    """A complete answer. Header names are not case-sensitive."""

    status: int
    headers: Mapping[str, str]
    content: bytes = field(repr=False)

    def json(self) -> Any:
        """The body's JSON, with fractions as exact Decimals.

        Raises:
            ValueError: the body is not JSON.
        """
        try:
            return json.loads(self.content, parse_float=Decimal, parse_constant=_refuse_constant)
        except RecursionError:
            raise ValueError("nested too deeply") from None


def _refuse_constant(text: str) -> None:
    raise ValueError(f"{text} is not JSON")
