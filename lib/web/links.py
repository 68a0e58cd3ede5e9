"""What a browser is given to load or to ask for later, read from Streamlit's own messages and nothing else in them.

A page also repeats what stands in its address. So links are taken only from where Streamlit puts them: the answer to
a download, the icon of the page, and the button that a file can be asked for with.
"""

from google.protobuf.message import DecodeError  # type: ignore[import-untyped]
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg

MEDIA = "/media/"
LONGEST = 16 * 1024
"""Messages with a link or a button are far shorter; longer ones are tables."""


def given(message: bytes) -> list[str]:
    """The names of files and the ids of files still to be made in a message to a browser."""
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
    """The id of a file still to be made that a message of a browser asks for, or None."""
    if len(message) > LONGEST:
        return None
    try:
        read = BackMsg.FromString(message)
    except DecodeError:
        return None
    return read.backend_operation_request.deferred_file.file_id or None


def _name(link: str) -> str | None:
    return link.partition(MEDIA)[2] or None if link.startswith(MEDIA) else None
