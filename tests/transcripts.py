"""The commands that pages of docs/ show, each with what it is said to print."""

import re
from collections.abc import Iterator
from http import HTTPStatus
from pathlib import Path
from textwrap import dedent

from asgi_routes.testing import Client

ADDRESS = "http://127.0.0.1:8000"
"""Where servers listen on the pages."""


def read_commands(page: Path) -> Iterator[tuple[str, list[str]]]:
    """Yield each command of the console blocks of a page, and the lines below it."""
    for block in re.findall(r"::? console\n\n((?: {4}.*\n|\n)+)", page.read_text()):
        for command, output in re.findall(
            r"^\$ (.*)\n((?:[^$].*\n)*)", dedent(block), re.MULTILINE
        ):
            yield command, output.splitlines()


def is_shown(printed: list[str], shown: list[str]) -> bool:
    """Tell whether a page shows what a command has printed.

    It shows all of it, or parts: what stands before each ``...``, and whole lines.
    """
    if not any(line.endswith("...") for line in shown):
        return printed == shown
    parts = [line.removesuffix("...") for line in shown]
    return all(any(line.startswith(part) for line in printed) for part in parts)


async def ask_as_curl(client: Client, words: list[str]) -> list[str]:
    """Make the request that arguments of curl mean, and return the lines that it would print."""
    has_head = words[0] == "-i"
    *options, url = words[has_head:]
    given = dict(zip(options[::2], options[1::2], strict=True))
    name, _, value = given.pop("-H", "accept: */*").partition(": ")
    data = given.pop("-d", "").encode()
    method = given.pop("-X", "POST" if data else "GET")
    assert not given, given
    headers = {"host": ADDRESS.removeprefix("http://"), name: value}
    response = await client.request(method, url.removeprefix(ADDRESS), headers=headers, body=data)
    if not has_head:
        return response.text.splitlines()
    status = f"HTTP/1.1 {response.status} {HTTPStatus(response.status).phrase}"
    head = [f"{name}: {value}" for name, value in response.headers.items()]
    return [status, *head, "", *response.text.splitlines()]
