"""A page that lost its server is drawn again when it reconnects."""

from lib.ui.widgets.fragments import fragment

SECONDS = 3600.0


def follow_connection() -> None:
    """Have the browser ask for the whole page when it reconnects. Call it once in a run of the script.

    After a restart the session is new and does not know the fragments and dialogs on the screen: a click in one of
    them would silently do nothing. Streamlit's browser part asks for the page by itself only if a fragment on it
    repeats (`run_every`). So this one does, rarely, and draws nothing.
    """
    fragment(_nothing, run_every=SECONDS)()


def _nothing() -> None:
    pass
