"""What is between the network and Streamlit: hosts, open addresses, headers, sign-in, and websocket limits."""

from lib.web.doors import Doors
from lib.web.gate import Gate, knows
from lib.web.headers import Headers, inline_scripts
from lib.web.hosts import Hosts
from lib.web.sign_in import FORMS, routes
from lib.web.sockets import Bounds, Sockets
from lib.web.who import Who

__all__ = [
    "FORMS",
    "Bounds",
    "Doors",
    "Gate",
    "Headers",
    "Hosts",
    "Sockets",
    "Who",
    "inline_scripts",
    "knows",
    "routes",
]
