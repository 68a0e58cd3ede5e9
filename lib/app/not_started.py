"""Why a start failed, for the person who started it: a sentence for what they can change, nothing for a bug of ours."""

from lib.settings import SettingsError
from lib.store.away import is_away


def why_not_started(error: Exception) -> str | None:
    """The line to print before the process ends; None when only a traceback tells."""
    if is_away(error):
        cause = getattr(error, "orig", None) or error
        said = " ".join(str(cause).split())[:300]
        return (
            f"Not started: the database does not answer or cannot be written ({said}). Nothing was changed. See that "
            "it runs and that AM_DATABASE_URL and AM_ENGINE_DATABASE_URL name it, then start again."
        )
    if isinstance(error, SettingsError | ValueError):
        return f"Not started: {error}"
    return None
