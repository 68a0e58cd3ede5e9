"""How long a system asks us to wait, from its reply's headers."""

import math
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime


def asked_wait(headers: Mapping[str, str], status: int) -> float | None:
    """Seconds to wait by `Retry-After` (seconds or a date), or on 429 and 503 by `ratelimit-reset`."""
    seconds = _seconds(headers.get("Retry-After", ""))
    if seconds is None and status in (429, 503):
        # Zuora's published 429 has no Retry-After, but the seconds until its window starts again.
        seconds = _seconds(headers.get("ratelimit-reset", ""))
    return seconds


def _seconds(text: str) -> float | None:
    text = text.strip()
    if number := re.match(r"\d+(\.\d+)?(?=$|[,;\s])", text):
        return float(number.group())
    try:
        at = parsedate_to_datetime(text)
    except (ValueError, TypeError):
        return None
    at = at if at.tzinfo else at.replace(tzinfo=UTC)
    left = (at - datetime.now(UTC)).total_seconds()
    return max(0.0, left) if math.isfinite(left) else None
