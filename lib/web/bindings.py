"""Which sign-in each connected session of Streamlit belongs to, and which links to files each sign-in was given.

Streamlit itself hands a session to whoever presents its id, and a file to whoever has its address. Both are kept in
this process alone, as its sessions and files are.
"""

import threading
from collections import OrderedDict
from collections.abc import Iterable

SESSIONS = 10_000
LINKS = 10_000
"""The oldest are forgotten beyond so many: the session then begins again, and the file has to be made again."""

_owners: OrderedDict[str, str] = OrderedDict()
_links: OrderedDict[tuple[str, str], None] = OrderedDict()
_lock = threading.Lock()


def bind(session: str, sign_in: str | None) -> None:
    """Streamlit's session now belongs to this sign-in, or to nobody."""
    with _lock:
        if sign_in is None:
            _owners.pop(session, None)
            return
        _owners[session] = sign_in
        _owners.move_to_end(session)
        while len(_owners) > SESSIONS:
            _owners.popitem(last=False)


def owner(session: str) -> str | None:
    """The sign-in Streamlit's session belongs to; None for nobody's, and for one that is not known."""
    with _lock:
        return _owners.get(session)


def hand_out(sign_in: str, names: Iterable[str]) -> None:
    """Note what the browser of this sign-in was given: names of files, and ids of files still to be made."""
    with _lock:
        for name in names:
            _links[sign_in, name] = None
            _links.move_to_end((sign_in, name))
        while len(_links) > LINKS:
            _links.popitem(last=False)


def may_load(sign_in: str, name: str) -> bool:
    """True when the browser of this sign-in was given this file, or the id to ask for it."""
    with _lock:
        return (sign_in, name) in _links
