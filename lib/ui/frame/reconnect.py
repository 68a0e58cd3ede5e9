"""A page that lost its server draws itself again as soon as there is one."""

from lib.ui.widgets.fragments import fragment

SECONDS = 3600.0


def follow_connection() -> None:
    """Have the browser ask for the whole page when it is connected again. Call it once in a run of the script.

    After a restart the session is a new one, which knows no fragment and no dialog of the page on the screen: a click
    in one of them would do nothing and say nothing. Streamlit's browser part asks for the page by itself only where
    something repeats itself on it (`run_every`), so something does, seldom and without drawing anything.
    """
    fragment(_nothing, run_every=SECONDS)()


def _nothing() -> None:
    pass
