"""A short text that stands for a longer value, to see later whether the value is still the same."""

import hashlib
import json


def digest(content: object) -> str:
    """16 characters that are equal only for equal content, which is anything JSON can hold; keys may come in any order.

    Raises:
        TypeError: the content holds something that JSON cannot.
    """
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()[:16]
