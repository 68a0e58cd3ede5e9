"""The server: `streamlit run server.py`. Starts the engine before the first request and adds what Streamlit lacks.

Calling `st.navigation` at import puts Streamlit into its multipage mode before anybody connects: until some
session has done so, it would run a file of a flat `pages/` folder without Home.py and its sign-in gate.
"""

import asyncio
import logging
import os
import secrets
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import streamlit as st
import structlog
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from lib import frames, launch, not_started  # noqa: F401 - pandas is loaded now, to be part of the memory frozen at the start
from lib.ui.away import told_away
from lib.ui.navigation import closed_pages
from lib.web import sign_in
from lib.web.gate import Gate

log = structlog.get_logger(__name__)

_warnings = logging.getLogger("streamlit.runtime.scriptrunner_utils.script_run_context")
_warnings.disabled = True  # it warns that nobody is connected yet, which is the point
st.navigation(closed_pages(), position="hidden")
_warnings.disabled = False


@asynccontextmanager
async def lifespan(_app: st.App) -> AsyncIterator[dict[str, Any]]:
    """Runs that lost their process go on as soon as the server is up, with no browser open."""
    try:
        await asyncio.to_thread(launch.start)
    except Exception as error:
        why = not_started.why_not_started(error)
        if why is None:
            raise
        # The server would print where in our code it was, which helps nobody who can set this right.
        sys.stderr.write(f"{why}\n")
        sys.stderr.flush()
        os._exit(1)
    yield {}
    await asyncio.to_thread(launch.stop)


async def ready(_request: Request) -> Response:
    """200 when the product has started and its databases can be written to; for the supervisor, not for people."""
    hub = await asyncio.to_thread(launch.start)
    problem = await asyncio.to_thread(hub.problem)
    return JSONResponse({"ready": problem is None, "problem": problem}, status_code=200 if problem is None else 503)


def show_error(error: Exception) -> bool:
    """What a person sees of a bug: a sentence with an id. The id leads to the traceback in the log."""
    if told_away(error):
        return True
    quote = secrets.token_hex(4)
    log.error("page broke", id=quote, exc_info=error)
    st.error(
        f"This page stopped on an error of the Account Manager. What you asked for may not have been done: reload and "
        f"look before you try again. Quote **{quote}** if it happens again.",
        icon=":material/error:",
    )
    return True


app = st.App(
    "Home.py",
    lifespan=lifespan,
    routes=[Route("/readyz", ready), *sign_in.routes(launch.start)],
    middleware=[Middleware(Gate, hub=launch.start)],
    on_script_error=show_error,
)
