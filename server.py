"""The server: `streamlit run server.py`. Starts the app before the first request and adds what Streamlit lacks.

`st.navigation` at import puts Streamlit into multipage mode before anybody connects. Until a session has called it,
Streamlit would run a file of a flat `pages/` folder without Home.py and its sign-in check.
"""

import asyncio
import logging
import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import streamlit as st
import structlog
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from streamlit import config

from lib import logs
from lib.app import not_started, start
from lib.app.hosts import allowed_hosts, refuse_open_demo
from lib.settings import Environment, load
from lib.ui.navigation import closed_pages
from lib.ui.runs.confirm import NO_SPELLING
from lib.ui.widgets.away import show_away
from lib.web import FORMS, Doors, Gate, Headers, Hosts, Sockets, inline_scripts, knows, routes

log = structlog.get_logger(__name__)

# Only the owner may read the files of the product, including those that libraries write.
os.umask(0o077)
logs.take_over()
settings = load()
logs.configure(settings.log_level)
hosts = allowed_hosts(settings)
refuse_open_demo(settings, config.get_option("server.address"))
# Streamlit checks each websocket against its own list.
config.set_option("server.allowedHosts", [host.name for host in hosts])

_warnings = logging.getLogger("streamlit.runtime.scriptrunner_utils.script_run_context")
_warnings.disabled = True  # it warns that nobody is connected yet, which is intended
st.navigation(closed_pages(), position="hidden")
_warnings.disabled = False


@asynccontextmanager
async def lifespan(_app: st.App) -> AsyncIterator[dict[str, Any]]:
    """Start the app, which resumes runs that lost their process, before any browser connects."""
    try:
        await asyncio.to_thread(start.start)
    except Exception as error:
        why = not_started.why_not_started(error)
        if why is None:
            log.error("not started", exc_info=error)  # noqa: TRY400 (the log writes it in one line)
            raise
        # The server would print a traceback, which does not help the people who can fix this.
        sys.stderr.write(f"{why}\n")
        sys.stderr.flush()
        os._exit(1)
    yield {}
    await asyncio.to_thread(start.stop)


async def ready(_request: Request) -> Response:
    """200 when the product has started and can write to its databases; for the supervisor."""
    started = start.started()
    problem = "it is starting or stopping" if started is None else await started.writable.problem_soon()
    return JSONResponse({"ready": problem is None, "problem": problem}, status_code=200 if problem is None else 503)


def show_error(error: Exception) -> bool:
    """What people see of a bug: a sentence with the id of its line in the log."""
    if show_away(error):
        return True
    quote = logs.error_id(error)
    log.error("page broke", exc_info=error)
    st.error(
        "Something went wrong on this page. Your change may not have been saved: reload and check before you try "
        f"again. Quote **{quote}** if it happens again.",
        icon=":material/error:",
    )
    return True


STREAMLIT_PAGE = Path(st.__file__).parent / "static" / "index.html"
# Outermost first.
PARTS: dict[str, Any] = {
    "lifespan": lifespan,
    "routes": [Route("/readyz", ready), *routes(start.start)],
    "middleware": [
        Middleware(
            Headers,
            scripts=[*inline_scripts(STREAMLIT_PAGE), NO_SPELLING],
            keep_to_tls=settings.env is not Environment.DEMO,
        ),
        Middleware(Hosts, allowed=hosts),
        Middleware(Doors, forms=FORMS),
        Middleware(Gate, start=start.start),
        Middleware(Sockets, who=knows(start.start)),
    ],
    "on_script_error": show_error,
}
app = st.App("Home.py", **PARTS)
