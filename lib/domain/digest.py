"""A short hash of a value, to see later whether the value has changed."""

import hashlib
import json


def digest(content: object) -> str:
    """16 characters that are equal only for equal content: anything that JSON can have, with keys in any order.

    Raises:
        TypeError: JSON cannot have this content.
    """
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()[:16]
