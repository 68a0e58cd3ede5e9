"""Which sign-in each Streamlit session belongs to, and which files each sign-in was given.

Streamlit gives a session to anybody who has its id, and a file to anybody who has its address. Both are kept in this
process only, as Streamlit keeps its sessions and files.
"""

import threading
from collections import OrderedDict
from collections.abc import Iterable

SESSIONS = 10_000
LINKS = 10_000
"""Above these, the oldest are forgotten: the session then begins again, and the file has to be made again."""

_owners: OrderedDict[str, str] = OrderedDict()
_links: OrderedDict[tuple[str, str], None] = OrderedDict()
_lock = threading.Lock()


def bind(session: str, sign_in: str | None) -> None:
    """Note that the session belongs to this sign-in, or to nobody (None)."""
    with _lock:
        if sign_in is None:
            _owners.pop(session, None)
            return
        _owners[session] = sign_in
        _owners.move_to_end(session)
        while len(_owners) > SESSIONS:
            _owners.popitem(last=False)


def owner(session: str) -> str | None:
    """The sign-in that the session belongs to; None when it belongs to nobody or is not known."""
    with _lock:
        return _owners.get(session)


def hand_out(sign_in: str, names: Iterable[str]) -> None:
    """Note what the browser of this sign-in was given: names of files, and ids of files that are made at the click."""
    with _lock:
        for name in names:
            _links[sign_in, name] = None
            _links.move_to_end((sign_in, name))
        while len(_links) > LINKS:
            _links.popitem(last=False)


def may_load(sign_in: str, name: str) -> bool:
    """True when the browser of this sign-in was given this file or its id."""
    with _lock:
        return (sign_in, name) in _links
