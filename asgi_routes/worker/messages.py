"""Messages as bytes, in JSON, and the errors for what is no message.

Rule: what is decoded equals what was encoded, or it was refused; nothing is changed on the way (no
key becomes text, no tuple a list).
"""

import base64
import json
import re
from collections.abc import Mapping
from typing import Any

from asgi_routes.errors import RoutingError

LARGEST = 1_000_000
"""Bytes that a message may have, encoded (Channels' specification: up to 1 MB)."""

LONGEST_DELAY = 365 * 86_400.0
"""Seconds that a message may have to wait."""

_LONGEST_NAME = 255
_SURROGATE = re.compile("[\ud800-\udfff]").search
_BYTES = "__asgi_bytes__"
_RESERVED = frozenset({_BYTES, "__asgi_channel__"})


class WorkerError(RoutingError):
    """The base class of all errors of the worker and its brokers.

    Each also derives from the built-in exception that a caller would expect, where there is one.
    """


class InvalidMessageError(WorkerError, ValueError):
    """This is not a valid message; it was not sent."""


class MessageTooLargeError(WorkerError, ValueError):
    """A message is larger than the broker takes; it was not sent.

    Attributes:
        size: bytes, encoded.
        limit: bytes.
    """

    def __init__(self, size: int, limit: int) -> None:
        super().__init__(f"the message has {size} bytes, and this broker takes {limit}")
        self.size = size
        self.limit = limit


def check_channel(name: object) -> str:
    """Return the name of a channel, checked.

    Raises:
        InvalidMessageError: it is not text of 1 to 255 characters.
    """
    if isinstance(name, str) and _is_name(name):
        return name
    raise InvalidMessageError(
        f"a channel name must be a str of 1 to {_LONGEST_NAME} characters, not {name!r}"
    )


def check_id(message_id: object) -> str:
    """Return the id of a message, checked.

    Raises:
        InvalidMessageError: it is not text of 1 to 255 characters that can be printed.
    """
    if isinstance(message_id, str) and _is_name(message_id) and message_id.isprintable():
        return message_id
    raise InvalidMessageError(
        f"an id must be a printable str of 1 to {_LONGEST_NAME} characters, not {message_id!r}"
    )


def check_delay(delay: float) -> float:
    """Return the delay of a message, checked.

    Raises:
        InvalidMessageError: it is not a number of seconds from 0 to 365 days.
    """
    if type(delay) in (int, float) and 0 <= delay <= LONGEST_DELAY:
        return float(delay)
    raise InvalidMessageError(f"a delay must be 0 to {LONGEST_DELAY:.0f} seconds, not {delay!r}")


def check_headers(headers: Mapping[Any, Any]) -> dict[str, str]:
    """Return the headers of a message, checked: text by name, without anything that ends a line.

    Raises:
        InvalidMessageError: they are not.
    """
    for name, value in headers.items():
        for text in (name, value):
            if not isinstance(text, str) or not text.isprintable():
                raise InvalidMessageError(
                    f"a header must be a printable str, not {name!r}: {value!r}"
                )
        if not name or ":" in name or not name.isascii():
            raise InvalidMessageError(f"a header name must be ASCII without a colon, not {name!r}")
    return dict(headers)


def encode(message: object, limit: int = LARGEST) -> bytes:
    """Return a message as bytes.

    Args:
        message: a mapping from text to None, bool, int, finite float, text, bytes, and lists and
            mappings of these. Its ``type`` is text.
        limit: bytes that it may have.

    Raises:
        InvalidMessageError: it is not such a mapping; the message says where.
        MessageTooLargeError: it has more bytes.

    >>> encode({"type": "generate", "data": b"GIF"})
    b'{"type":"generate","data":{"__asgi_bytes__":"R0lG"}}'
    """
    if (mistake := find_mistake(message)) is not None:
        raise InvalidMessageError(mistake)
    try:
        data = _ENCODER.encode(_make_plain(message, "message")).encode()
    except RecursionError:
        raise InvalidMessageError("the message is nested too deeply, or contains itself") from None
    except ValueError as error:
        if isinstance(error, InvalidMessageError):
            raise
        raise InvalidMessageError(f"the message cannot be written as JSON: {error}") from None
    if len(data) > limit:
        raise MessageTooLargeError(len(data), limit)
    return data


def decode(data: bytes) -> Mapping[str, Any] | None:
    """Return the message that bytes stand for, or None where they stand for none.

    >>> decode(b'{"type":"generate","data":{"__asgi_bytes__":"R0lG"}}')
    {'type': 'generate', 'data': b'GIF'}
    >>> decode(b"not JSON"), decode(b"[1]")
    (None, None)
    """
    try:
        message = _DECODER.decode(data.decode(json.detect_encoding(data), "surrogatepass"))
    except (ValueError, RecursionError):
        return None
    return message if isinstance(message, dict) else None


def find_mistake(message: object) -> str | None:
    """Return why something is no message that an application could be given, or None."""
    if not isinstance(message, Mapping):
        return f"a message must be a mapping, not {type(message).__name__}"
    kind = message.get("type")
    if not isinstance(kind, str) or not kind:
        return f"a message must have a 'type' that is a str, not {kind!r}"
    return None


def _is_name(text: str) -> bool:
    # A lone surrogate is text to Python, and nothing to any engine.
    return 0 < len(text) <= _LONGEST_NAME and not _SURROGATE(text)


def _make_plain(value: Any, place: str) -> Any:
    if value is None or isinstance(value, str | bool | int | float):
        return value
    if isinstance(value, bytes):
        return {_BYTES: base64.b64encode(value).decode()}
    if isinstance(value, list):
        return [_make_plain(item, f"{place}[{index}]") for index, item in enumerate(value)]
    if isinstance(value, Mapping):
        return {
            _check_key(key, place): _make_plain(item, f"{place}[{key!r}]")
            for key, item in value.items()
        }
    raise InvalidMessageError(f"{place} is a {type(value).__name__}, which no message can hold")


def _check_key(key: object, place: str) -> str:
    if not isinstance(key, str):
        raise InvalidMessageError(f"a key of {place} is {key!r}, but keys must be str")
    if key in _RESERVED:
        raise InvalidMessageError(f"the key {key!r} of {place} is reserved")
    return key


def _restore_bytes(mapping: dict[str, Any]) -> Any:
    if mapping.keys() == {_BYTES} and isinstance(mapping[_BYTES], str):
        return base64.b64decode(mapping[_BYTES], validate=True)
    return mapping


# The functions of json would make one for each message.
_DECODER = json.JSONDecoder(object_hook=_restore_bytes)
_ENCODER = json.JSONEncoder(ensure_ascii=False, allow_nan=False, separators=(",", ":"))
