"""The application as data: its shape is pinned, because others read it."""

import json
from pathlib import Path
from typing import Any

import pytest

from asgi_routes import ChannelNameRouter, HostRouter, URLRouter, not_found, path
from asgi_routes.inspection import Node, explain, inspect
from tests.inspection import sample

APP = "tests.inspection.sample:app"
FIELDS = [
    *("kind", "key", "application", "router", "by", "protocol", "host", "template"),
    *("path_format", "syntax", "engine", "parameters", "name", "namespace", "methods", "wrappers"),
    *("file", "line", "children"),
]


def rows(node: Node, depth: int = 0) -> list[str]:
    """Return a line for each node."""
    shown = [node.kind, node.key, node.router, node.template, node.name, *node.methods]
    line = "  " * depth + " | ".join(str(one) for one in shown if one is not None)
    return [line, *(row for child in node.children for row in rows(child, depth + 1))]


def test_the_whole_tree() -> None:
    """Everything is there, in order, nested as it is, and nothing that nobody has written."""
    assert rows(inspect(sample.application)) == [
        "router |  | ProtocolTypeRouter",
        "  application | http | HostRouter",
        "    application | www.example.com | URLRouter",
        "      route | home/ | /home/",
        "      default | default",
        "    application | <t>.example.com | URLRouter",
        "      route |  | / | home",
        "      route | users/<int:id>/ | /users/<int:id>/ | user",
        "      route | users/<int:id>/edit | /users/<int:id>/edit",
        "      route | notes/ | /notes/ | POST",
        "      route | methods/ | MethodRouter | /methods/",
        "        application | GET | /methods/ | GET",
        "        application | PUT | /methods/ | PUT",
        "      include | shop/ | /shop/",
        "        route | <int:id>/ | /shop/<int:id>/ | first:item",
        "        route | new/ | /shop/new/ | POST",
        "      route | api/ | URLRouter | /api/",
        "        route | v/<slug:s> | /api/v/<slug:s> | nested",
        "      route | two/<a>-<b>/ | /two/<a>-<b>/",
        "      route | plain | /plain",
        "      route | prices/{price:f}/ | /prices/{price:f}/",
        "      route | ^archive/(?P<year>[0-9]{4})/$ | /^archive/(?P<year>[0-9]{4})/$ | archive",
        "      mount | static | /static",
        "      mount | mounted | URLRouter | /mounted",
        "        route | uuid/<uuid:u> | /mounted/uuid/<uuid:u>",
        "  application | websocket | URLRouter",
        "    route | ws/<room> | /ws/<room> | room",
        "  application | channel | ChannelNameRouter",
        "    application | mail",
    ]


def test_one_route_as_plain_data() -> None:
    """The fields of a node are these, and JSON takes them."""
    nodes = {node.name: node for node in inspect(sample.application).walk() if node.name}
    plain: Any = json.loads(json.dumps(nodes["nested"].as_dict()))
    assert [*plain] == FIELDS
    source = Path(sample.__file__).read_text().splitlines()
    assert plain == {
        "kind": "route",
        "key": "v/<slug:s>",
        "application": APP,
        "router": None,
        "by": "",
        "protocol": "http",
        "host": "<t>.example.com",
        "template": "/api/v/<slug:s>",
        "path_format": "/api/v/{s}",
        "syntax": "path",
        "engine": "table",
        "parameters": [{"name": "s", "converter": "slug", "regex": "[-a-zA-Z0-9_]+"}],
        "name": "nested",
        "namespace": None,
        "methods": [],
        "wrappers": [],
        "file": sample.__file__,
        "line": 1 + next(n for n, line in enumerate(source) if line.startswith("nested = ")),
        "children": [],
    }
    assert nodes["nested"].app is sample.app
    assert nodes["nested"].place == f"tests/inspection/sample.py:{plain['line']}"


def test_wrappers_and_namespaces() -> None:
    """Middleware that is looked through is named, and so is an inclusion."""
    by_key = {node.key: node for node in inspect(sample.application).walk()}
    assert by_key["api/"].wrappers == ("tests.inspection.sample:Middleware",)
    assert by_key["api/"].by == "path"
    assert by_key["shop/"].namespace == "first"
    assert by_key["shop/"].syntax == "path"


def test_a_key_that_is_called_default_is_none() -> None:
    """A queue often is; and a policy that was put under a key is an application like any other."""
    router = ChannelNameRouter({"default": sample.app, "other": not_found}, default=sample.shop)
    assert [(node.kind, node.key) for node in inspect(router).children] == [
        ("application", "default"),
        ("application", "other"),
        ("default", "default"),
    ]
    hosts = HostRouter({"default": URLRouter([path("x", sample.app)])})
    missed = explain(hosts, {"type": "http", "method": "GET", "path": "/x", "headers": []})
    assert [near.template for near in missed.near] == ["/x"]


def test_routes() -> None:
    """What leads to an application, flat: a MethodRouter is one place."""
    templates = [node.template for node in inspect(sample.application).routes()]
    assert templates.count("/methods/") == 1
    assert "/shop/" not in templates
    assert "/static" in templates


def test_what_is_no_router_and_what_is_in_itself() -> None:
    """A plain application is a leaf; a router in itself is looked into once."""
    assert rows(inspect(sample.app)) == ["application | "]
    router = URLRouter([])
    router.replace([path("x/", router), path("y", sample.app)])
    assert rows(inspect(router)) == [
        "router |  | URLRouter",
        "  route | x/ | URLRouter | /x/",
        "  route | y | /y",
    ]


def test_values() -> None:
    """Nodes are frozen, and the same where what they describe is the same."""
    node = inspect(sample.application)
    assert node == inspect(sample.application)
    with pytest.raises(AttributeError):
        node.key = "other"  # type: ignore[misc]
