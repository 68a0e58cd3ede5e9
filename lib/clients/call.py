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

    `verify` names the file of the only authorities whose word on the system's certificate counts; without it
    those are the public ones. `client_certificate` and `client_key` name what the Hub shows of itself.
    """

    url: str
    patience: Patience = Patience()
    verify: str | None = None
    client_certificate: str | None = None
    client_key: str | None = None


@dataclass(frozen=True)
class Call:
    """One request and what it is for.

    `writes` says that the operation changes something, `harmless` that this request of it does not (a
    sign-in), `resend` that sending it twice has the effect of sending it once. `read_seconds` and `attempts`
    replace those of the client's `Patience`. `private` are values that must not appear in an error.
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
        """True when this very request changes something, so that a lost answer leaves its effect unknown."""
        return self.writes and not self.harmless


@dataclass(frozen=True)
class Reply:
    """A complete answer. Header names are looked up without regard to case."""

    status: int
    headers: Mapping[str, str]
    content: bytes = field(repr=False)

    def json(self) -> Any:
        """The body's JSON with every fraction as the exact Decimal that was written.

        Raises:
            ValueError: the body is not JSON.
        """
        try:
            return json.loads(self.content, parse_float=Decimal, parse_constant=_refuse_constant)
        except RecursionError:
            raise ValueError("nested too deeply") from None


def _refuse_constant(text: str) -> None:
    raise ValueError(f"{text} is not JSON")
