"""Why a start failed, as a sentence for the person at the terminal; None for a bug, which needs its traceback."""

from sqlalchemy.exc import ArgumentError

from lib.settings import SettingsError
from lib.store.away import is_away


def why_not_started(error: Exception) -> str | None:
    """The line to print before the process ends; None for a bug."""
    sentence = what_to_change(error)
    if sentence is None and isinstance(error, ValueError):
        sentence = str(error)
    return sentence and f"Not started: {sentence}"


def what_to_change(error: Exception) -> str | None:
    """What happened and what the person can change; None for a bug."""
    if is_away(error):
        cause = getattr(error, "orig", None) or error
        quoted = " ".join(str(cause).split())[:300]
        return (
            f"the database does not answer or cannot be written ({quoted}). Nothing was changed. Check that "
            "it runs and that AM_DATABASE_URL and AM_ENGINE_DATABASE_URL name it, then start again."
        )
    if isinstance(error, ArgumentError):
        # Its own text may quote the URL, and with it the password.
        return "AM_DATABASE_URL or AM_ENGINE_DATABASE_URL is not the URL of a database. See docs/settings.md."
    return str(error) if isinstance(error, SettingsError) else None
