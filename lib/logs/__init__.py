"""The log: one line for each event. An error is logged by its id, kind and place, never with its values."""

from lib.logs.digest import Digest, digest, error_id
from lib.logs.setup import configure, take_over

__all__ = ["Digest", "configure", "digest", "error_id", "take_over"]
