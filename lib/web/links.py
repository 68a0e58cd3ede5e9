"""Which files a browser is given, read from Streamlit's messages.

A page can also repeat a link that somebody put in its address. So links are taken only from the three places where
Streamlit puts its own: the answer to a download, the icon of the page, and a download button.
"""

from google.protobuf.message import DecodeError  # type: ignore[import-untyped]
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg

MEDIA = "/media/"
LONGEST = 16 * 1024
"""Longer messages are not read: they are tables. Messages with a link or a button are far shorter."""


def given(message: bytes) -> list[str]:
    """The names of files, and the ids of files that are made at the click, in a message to a browser."""
    if len(message) > LONGEST:
        return []
    try:
        read = ForwardMsg.FromString(message)
    except DecodeError:
        return []
    match read.WhichOneof("type"):
        case "backend_operation_response":
            links = [read.backend_operation_response.deferred_file.url]
        case "page_config_changed":
            links = [read.page_config_changed.favicon]
        case "delta" if read.delta.new_element.WhichOneof("type") == "download_button":
            button = read.delta.new_element.download_button
            return [one for one in (button.deferred_file_id, _name(button.url)) if one]
        case _:
            return []
    return [name for name in map(_name, links) if name]


def asked(message: bytes) -> str | None:
    """The id of the file that a message from a browser asks for, or None."""
    if len(message) > LONGEST:
        return None
    try:
        read = BackMsg.FromString(message)
    except DecodeError:
        return None
    return read.backend_operation_request.deferred_file.file_id or None


def _name(link: str) -> str | None:
    return link.partition(MEDIA)[2] or None if link.startswith(MEDIA) else None
