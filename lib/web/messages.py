"""Which messages a browser may send through the websocket: those that the product's pages need.

A message is Streamlit's protobuf `BackMsg`; which of its fields is set says what it asks for. The fields that are not
allowed would show the git state of the code, empty everybody's caches, write files next to the code, or upload files.
"""

from collections.abc import Iterator

STOP, RERUN, HEARTBEAT, OPERATION = 7, 11, 17, 19
_ALLOWED = frozenset({STOP, RERUN, HEARTBEAT, OPERATION})
REQUEST_ID, SESSION_ID, DEFERRED_FILE, DATAFRAME_CHUNK = 1, 2, 3, 6
_ALLOWED_OPERATIONS = frozenset({REQUEST_ID, SESSION_ID, DEFERRED_FILE, DATAFRAME_CHUNK})

_VARINT, _FIXED_64, _LENGTH, _FIXED_32 = 0, 1, 2, 5
_LONGEST_VARINT = 10


class Malformed(ValueError):
    """The bytes are not a protobuf message."""


def is_wanted(message: bytes) -> bool:
    """Whether the pages need everything that the message asks for.

    Raises:
        Malformed: it is not a message.
    """
    for number, content in _fields(message):
        if number not in _ALLOWED:
            return False
        if number == OPERATION and any(inner not in _ALLOWED_OPERATIONS for inner, _ in _fields(content)):
            return False
    return True


def _fields(message: bytes) -> Iterator[tuple[int, bytes]]:
    """The fields of one level: number and content (empty for a number)."""
    at = 0
    while at < len(message):
        tag, at = _varint(message, at)
        content = b""
        kind = tag & 7
        if kind == _VARINT:
            _, at = _varint(message, at)
        elif kind == _LENGTH:
            length, at = _varint(message, at)
            content = message[at : at + length]
            at += length
        elif kind in (_FIXED_32, _FIXED_64):
            at += 4 if kind == _FIXED_32 else 8
        else:
            raise Malformed("unknown kind of field")
        if at > len(message):
            raise Malformed("cut off")
        yield tag >> 3, content


def _varint(message: bytes, at: int) -> tuple[int, int]:
    value = 0
    for place in range(_LONGEST_VARINT):
        if at + place >= len(message):
            break
        byte = message[at + place]
        value |= (byte & 0x7F) << (7 * place)
        if byte < 0x80:
            return value, at + place + 1
    raise Malformed("cut off")
