"""How channels, ids and the facts about a message are written in NATS.

Rule: different texts never look the same, and all of it is ASCII, which every client, server and
file system keeps as it is.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import quote, unquote

_FACTS = "Asgi-Routes"
_MESSAGE_ID = "Nats-Msg-Id"
_LONGEST_NAME = 200
_OPENING = len("NATS/1.0\r\n\r\n")
_AROUND = len(": \r\n")
# json.dumps would make one for each message.
_ENCODER = json.JSONEncoder(separators=(",", ":"))


def write_token(text: str) -> str:
    """Return a text as one token of a subject: without dots, spaces and wildcards.

    >>> write_token("a.b *"), write_token("a%2Eb")
    ('a%2Eb%20%2A', 'a%252Eb')
    """
    return quote(text, safe="").replace(".", "%2E")


def read_token(token: str) -> str:
    """Return the text that a token stands for.

    >>> read_token(write_token("a.b *"))
    'a.b *'
    """
    return unquote(token)


def name_consumer(channel: str) -> str:
    """Return the name of a channel's consumer, short enough for NATS and for file names.

    >>> name_consumer("a.b"), len(name_consumer("é" * 255))
    ('a%2Eb', 193)
    """
    name = write_token(channel)
    if len(name) <= _LONGEST_NAME:
        return name
    # A token has no "=".
    return f"{name[:128]}={digest(channel)}"


def digest(text: str) -> str:
    """Return a short token for a text of any length."""
    return hashlib.sha256(text.encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known of a message beside its bytes.

    Attributes:
        id: of the message.
        headers: as its sender gave them.
        reason: of a dead letter; and so are the next two.
        attempts: that were made.
        at: when it was given up, in seconds since 1970.
        due: of a message for later: no worker gets it before, in seconds since 1970.
    """

    id: str
    headers: Mapping[str, str] = field(default_factory=dict)
    reason: str = ""
    attempts: int = 0
    at: float = 0.0
    due: float = 0.0


def write_headers(facts: Facts, message_id: str) -> dict[str, str]:
    """Return the headers of a message.

    The sender's headers are kept in one of them, as JSON: some names mean something to NATS, and
    some values would not come back as they were.

    Args:
        facts: about the message.
        message_id: NATS drops a second message with the same one.
    """
    written = _ENCODER.encode({name: getattr(facts, name) for name in Facts.__slots__})
    return {_MESSAGE_ID: message_id, _FACTS: written}


def read_facts(headers: Mapping[str, str] | None, sequence: int) -> Facts:
    """Return the facts about a message, also about one that somebody else has published.

    >>> read_facts({"Nats-Msg-Id": "a", "k": "v"}, 7)
    Facts(id='a', headers={'k': 'v'}, reason='', attempts=0, at=0.0, due=0.0)
    >>> read_facts(None, 7).id
    'nats-7'
    """
    native = dict(headers or {})
    try:
        facts = json.loads(native[_FACTS])
        return Facts(
            str(facts["id"]),
            {str(name): str(value) for name, value in facts["headers"].items()},
            str(facts["reason"]),
            int(facts["attempts"]),
            float(facts["at"]),
            float(facts["due"]),
        )
    except (KeyError, ValueError, TypeError, AttributeError, RecursionError):
        message_id = native.pop(_MESSAGE_ID, "") or f"nats-{sequence}"
        return Facts(message_id, native)


def measure(data: bytes, headers: Mapping[str, str]) -> int:
    """Return how many bytes a message has for NATS, whose limits all count the headers."""
    lines = sum(len(name) + len(value) + _AROUND for name, value in headers.items())
    return len(data) + _OPENING + lines
