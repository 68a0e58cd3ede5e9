"""The log: one line per event. An error is told by an id, its kind and its place, never by the values in it."""

from lib.logs.digest import Digest, digest, error_id
from lib.logs.setup import configure, take_over

__all__ = ["Digest", "configure", "digest", "error_id", "take_over"]
