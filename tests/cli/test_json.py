"""What ``--json`` prints, held against its schema, and the schema against its version."""

import hashlib
import json
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from tests.cli.asking import ask, ask_all
from tests.forking import ROOT

SCHEMA = json.loads((ROOT / "asgi_routes" / "cli" / "schema.json").read_text())
DIGESTS = {1: "dc10743f480a413604313b1aca9b2f19166c20af4191e9200e56f8f5c00309f2"}
"""The schema of each version. Who changes the schema raises the version, and adds a line here."""

APP = "tests.inspection.sample:application"
FAULTY = "tests.inspection.check.faulty:app"
QUESTIONS = [
    f"show {APP}",
    f"show {FAULTY}",
    f"check {APP} --all",
    f"check {FAULTY} --all --silenced",
    f"match {APP} http://a.example.com/users/7/",
    f"match {APP} http://a.example.com/mounted/uuid/3fa85f64-5717-4562-b3fc-2c963f66afa6",
    f"match {APP} http://a.example.com/static/a",
    f"match {APP} http://a.example.com/api/v/x",
    f"match {APP} http://a.example.com/notes/ -X PUT",
    f"match {APP} http://a.example.com/notes/ -X OPTIONS",
    f"match {APP} http://a.example.com/users/x/",
    f"match {APP} http://www.example.com/nope",
    f"match {APP} /",
    f"match {APP} ws://a/ws/x",
    f"match {APP} --channel mail",
    f"match {APP} --channel typo",
    "match tests.inspection.sample:nested /v/x/",
    f"migrate {APP}",
]


def validator_of(definition: str) -> Any:
    """Return what holds data against one definition of the schema."""
    return Draft202012Validator({**SCHEMA, "$ref": f"#/$defs/{definition}"})


def test_answers_are_as_the_schema_says() -> None:
    asked = [(*question.split(), "--json") for question in QUESTIONS]
    for question, told in zip(QUESTIONS, ask_all(asked, ROOT), strict=True):
        assert told.code in (0, 1), (question, told)
        validator_of(question.split()[0]).validate(json.loads(told.out))


@pytest.mark.parametrize(
    ("definition", "data"),
    [
        ("check", {"findings": []}),
        ("check", {"version": 2, "findings": []}),
        ("check", {"version": 1, "findings": [], "more": 1}),
        ("dead count", {"version": 1, "channels": {"mail": -1}}),
        ("show", {"version": 1}),
    ],
)
def test_what_is_not_as_the_schema_says_is_refused(definition: str, data: Any) -> None:
    assert not validator_of(definition).is_valid(data)


def test_a_change_of_the_schema_wants_another_version() -> None:
    """What is printed is the file, and the file is the one of its version."""
    Draft202012Validator.check_schema(SCHEMA)
    told = ask("schema")
    assert json.loads(told.out) == SCHEMA
    version = SCHEMA["$defs"]["version"]["const"]
    assert SCHEMA["$id"].endswith(f":{version}")
    assert version == max(DIGESTS)
    compact = json.dumps(SCHEMA, sort_keys=True, separators=(",", ":"))
    assert hashlib.sha256(compact.encode()).hexdigest() == DIGESTS[version]
