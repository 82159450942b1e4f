"""One table: what is asked, in which situation, the exit code, and the last line that is printed.

0, it is so; 1, it is not; 2, it could not be asked. Where it could not, nothing is on standard output, the
last line on standard error says why, and a traceback has the frames of the program alone.
"""

import json
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.cli.asking import ask_all
from tests.cli.programs import PROGRAMS
from tests.forking import Told

SHOP = "shop.asgi:application"


class Row(NamedTuple):
    """What is asked, the exit code, and what the last line has in it."""

    asked: str
    code: int
    last: str


ANSWERS = [
    Row(f"show {SHOP}", 0, "  mail\t\t\tshop.asgi:page"),
    Row("show shop.asgi", 0, "  mail"),
    Row("show only", 0, "(no routes)"),
    Row("show shop.asgi:create_app --factory", 0, "  mail"),
    Row("show shop.asgi:create_app()", 0, "  mail"),
    Row("show shop.asgi:space.one.two", 0, "/q/…"),
    Row("show inside --app-dir below", 0, "(no routes)"),
    Row("show with-dash", 0, "(no routes)"),
    Row("show prints", 0, "(no routes)"),
    Row("show threads", 0, "(no routes)"),
    Row("check shop.asgi", 0, "0 findings"),
    Row("check faulty", 1, "1 finding"),
    Row("check faulty --select R3", 0, "0 findings"),
    Row("check faulty --ignore R101", 0, "0 findings"),
    Row(f"match {SHOP} /items/7/", 0, "looked through\tshop.asgi:Guard"),
    Row(f"match {SHOP} http://a.example/items/7/?a=1#b -X HEAD", 0, "shop.asgi:Guard"),
    Row(f"match {SHOP} /guarded/inner/", 0, "looked through\tshop.asgi:Guard → shop.asgi:Guard"),
    Row("match shop.asgi:http /layered/", 0, "middleware\tshop.asgi:Guard"),
    Row("match shop.asgi:http /static/a/b.css", 0, "URLRouter 'static'"),
    Row("match shop.asgi:http /q/", 0, "URLRouter 'q'"),
    Row("match shop.asgi:http /caf%C3%A9/", 0, "way"),
    Row("match shop.asgi:http /api/items/7/ --root-path /api", 0, "URLRouter 'items/<int:id>/'"),
    Row(f"match {SHOP} ws://a/ws/x/ -H sec-websocket-protocol:chat", 0, "shop.asgi:Guard"),
    Row(f"match {SHOP} /ws/x/ --websocket -H sec-websocket-protocol:chat", 0, "shop.asgi:Guard"),
    Row(f"match {SHOP} wss://a/ws/x/ -H a:b -H sec-websocket-protocol:chat", 0, "Guard"),
    Row(f"match {SHOP} --channel mail", 0, "looked through\tshop.asgi:Guard"),
    Row(f"match {SHOP} mail --type channel", 0, "looked through\tshop.asgi:Guard"),
    Row("match shop.asgi:hosts http://www.example.com/items/7/", 0, "HostRouter"),
    Row("match shop.asgi:hosts /items/7/ -H host:www.example.com", 0, "HostRouter"),
    Row("match shop.asgi:http /items/7/ -X PUT", 1, "/items/<int:id>/\tonly GET, HEAD"),
    Row("match shop.asgi:http /items/7/ -X PUT --closest 0", 1, "URLRouter 'items/<int:id>/'"),
    Row("match shop.asgi:http /items/7", 1, "/items/<int:id>/\twith the trailing slash"),
    Row("match shop.asgi:hosts /items/7/", 1, "/items/<int:id>/\tanother host: www.example.com"),
    Row("match shop.asgi:with_default /nope", 1, "way\tURLRouter 'default'"),
    Row(f"match {SHOP} --channel mial", 1, "looked through\tshop.asgi:Guard"),
    Row(f"match {SHOP} ws://a/ws/x/", 1, "looked through\tshop.asgi:Guard"),
    Row("match shop.asgi:http items/7/", 1, "way\tURLRouter"),
    Row("migrate shop.asgi:http", 0, "not listed\t0"),
    Row("migrate of_channels", 0, "not listed\t0"),
    Row("schema", 0, "}"),
    Row("--help", 0, "worker "),
    Row("match --help", 0, "--help"),
]
NOT_ASKED = [
    *(
        Row(f"{ask} {said}", 2, last)
        for ask in ("show", "check", "migrate", "worker --broker memory:")
        for said, last in (
            ("nothing_here", "Error: no module named 'nothing_here' in "),
            ("exits", "Error: module 'exits' cannot be imported: it exits with 0"),
            ("nested", "ModuleNotFoundError: No module named 'nothing_of_this_name'"),
            ("./shop/asgi.py", "is a file, not a module: write shop.asgi:app"),
            (
                "plain:PLACE",
                "'plain:PLACE' is not an ASGI application but an instance of PosixPath",
            ),
        )
    ),
    *(Row(f"{ask} plain", 2, "holds no router: it is an instance of") for ask in ("show", "check")),
    Row("match plain /", 2, "Error: 'plain' holds no router"),
    Row("match exits /", 2, "Error: module 'exits' cannot be imported: it exits with 0"),
    Row("migrate plain", 2, "leads to no router, neither of Channels nor of asgi_routes"),
    Row("show exits_with_text", 2, "it exits with 'no /'"),
    Row("show exits_as_click", 2, "cannot be imported: Exit"),
    Row("show interrupts", 2, "Error: module 'interrupts' cannot be imported: KeyboardInterrupt"),
    Row("show unfinished:app", 2, "SyntaxError: '[' was never closed"),
    Row("show mistaken", 2, "ImproperlyConfigured: unknown converter 'nit' in path"),
    Row(
        "show needs_django",
        2,
        "set DJANGO_SETTINGS_MODULE, for example DJANGO_SETTINGS_MODULE=mysite.set",
    ),
    Row("show shop.asgi:aplication", 2, "has no 'aplication'; did you mean 'application'?"),
    Row("show shop.asgi:space.on.two", 2, "has no 'space.on.two'; did you mean 'one'?"),
    Row("show shop.asgi:application:x", 2, "has no 'application:x'"),
    Row("show properties:holder.app", 2, "cannot be read: AttributeError: 'Holder' object has no"),
    Row("show shop.agsi:application", 2, "did you mean 'asgi'?"),
    Row("show shop:app", 2, "has no 'app'"),
    Row("show shop", 2, "has neither 'app' nor 'application', and no router"),
    Row("show maker", 2, "write maker:create_app --factory"),
    Row("show several", 2, "has several routers: choose one of several:one, several:two"),
    Row("show several:", 2, "has several routers: choose one of several:one, several:two"),
    Row("show :app", 2, "':app' is not of the form module:attribute"),
    Row("show .shop:app", 2, "'.shop:app' is not of the form module:attribute"),
    Row("show shop.py", 2, "write shop:app"),
    Row("show shop.py:application", 2, "write shop:application"),
    Row("show ../shop.py:app", 2, "write shop:app with --app-dir .."),
    Row("show /srv/site/shop.py", 2, "write shop:app with --app-dir /srv/site"),
    Row(r"show shop\asgi.py:app", 2, "write shop.asgi:app"),
    Row(r"show C:\site\shop.py:app", 2, r"write shop:app with --app-dir C:\site"),
    Row("show only.routes", 2, "'only' is not a package; write only:routes"),
    Row("show plain:NUMBER", 2, "is not an ASGI application but an instance of int"),
    Row("show plain:Application", 2, "Application is a class, not an application; pass an"),
    Row("show plain:instance", 2, "holds no router"),
    Row("show shop.asgi:create_app", 2, "use --factory if it returns one"),
    Row(
        "show shop.asgi:create_with --factory", 2, "is called without arguments, but requires name"
    ),
    Row("show shop.asgi:create_later --factory", 2, "a factory must be a plain function"),
    Row("show shop.asgi:create_nothing --factory", 2, "is not an ASGI application but None"),
    Row("show shop.asgi:create_badly --factory", 2, "be called: RuntimeError: no database"),
    Row("show plain:NUMBER --factory", 2, "is not a factory but an instance of int"),
    Row(
        "show shop.asgi:hidden",
        2,
        "closes over its router: decorate it with functools.wraps(router)",
    ),
    Row("show of_channels", 2, "use asgi-routes migrate"),
    Row("show only --app-dir nowhere", 2, "Directory 'nowhere' does not exist."),
    Row("show", 2, "Missing argument 'APP'."),
    Row("match", 2, "Missing argument 'APP'."),
    Row("match only", 2, "Missing argument 'URL'."),
    Row("match only / /", 2, "too many arguments: /"),
    Row("match only / --channel mail", 2, "too many arguments: /"),
    Row("match only ftp://a/", 2, "unknown scheme 'ftp://'"),
    Row("match only ws://a/ -X GET", 2, "--method is for HTTP requests"),
    Row("match only ws://a/ --type http", 2, "--type and ws:// cannot be combined"),
    Row("match only http://[::1/", 2, "is not a valid request URL: Invalid IPv6 URL"),
    Row("match only http://a:b/", 2, "is not a valid request URL: Port could not be"),
    Row("match only / -H nothing", 2, "a header must have the form 'name: value', not 'nothing'"),
    Row(
        "match only / --root-path api", 2, "a root path must start with a slash: '/api', not 'api'"
    ),
    Row("match raises /exit/", 2, "inspecting the application failed: it exits with 0"),
    Row("match raises /fail/", 2, "inspecting the application failed: RuntimeError: out of order"),
    Row("check only --ignore R999", 2, "no finding has the id 'R999'"),
    Row(f"worker {SHOP}", 2, "Missing option '--broker'"),
    Row(f"worker {SHOP} --broker kafka://a", 2, "no broker has URLs that start with 'kafka:'"),
    Row(f"worker {SHOP} --broker exits:broker", 2, "'exits:broker' cannot be loaded: it exits"),
    Row(f"worker {SHOP} --broker memory: --status", 2, "exist only in the process of the worker"),
    Row("dead list --broker memory:", 2, "exist only in the process of the worker"),
    Row("dead drop --broker memory:", 2, "give ids of dead letters or --all"),
    Row("dead replay 1 --all --broker memory:", 2, "give ids of dead letters or --all"),
    Row("shwo only", 2, "No such command 'shwo'"),
]
ROWS = ANSWERS + NOT_ASKED


@pytest.fixture(scope="module")
def programs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the programs."""
    folder = tmp_path_factory.mktemp("programs")
    for name, text in PROGRAMS.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    return folder


@pytest.fixture(scope="module")
def told(programs: Path) -> dict[str, Told]:
    """What each row of the table is told."""
    questions = [tuple(row.asked.split()) for row in ROWS]
    answers = ask_all(questions, programs)
    return {row.asked: answer for row, answer in zip(ROWS, answers, strict=True)}


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.asked)
def test_exit_code_and_last_line(row: Row, told: dict[str, Told]) -> None:
    code, out, err = told[row.asked]
    assert code == row.code, (out, err)
    assert row.last in (err if code == 2 else out).splitlines()[-1], (out, err)


@pytest.mark.parametrize("row", NOT_ASKED, ids=lambda row: row.asked)
def test_frames_are_the_programs(row: Row, told: dict[str, Told], programs: Path) -> None:
    """Nothing is on standard output, and no file of ours, of click or of Python in a traceback."""
    _, out, err = told[row.asked]
    files = [line.split('"')[1] for line in err.splitlines() if line.strip().startswith('File "')]
    assert out == ""
    assert all(str(programs) in file or "/django/" in file for file in files), err
    assert "asgi_routes/" not in err
    assert "click/" not in err


def test_standard_output_is_the_answers(told: dict[str, Told]) -> None:
    """What a module prints is on standard error, all of it."""
    _, out, err = told["show prints"]
    assert out.count("\n") == 2
    assert len(err) > 3_000_000
    assert "no end of line" in err


def test_what_was_chosen_is_named(told: dict[str, Told]) -> None:
    assert "APP is only:routes\n" in told["show only"].err
    assert "APP is shop.asgi:application\n" in told["show shop.asgi"].err


def test_the_application_in_the_environment(programs: Path) -> None:
    """It stands for APP, with a URL and without; an argument goes before it."""
    questions = [
        ("show",),
        ("match", "/items/7/"),
        ("match", "--channel", "mail"),
        ("match", "only", "/items/7/"),
        ("match",),
        ("match", "/items/7/", "--json"),
    ]
    answers = ask_all(questions, programs, ASGI_ROUTES_APP=SHOP)
    assert [answer.code for answer in answers] == [0, 0, 0, 1, 2, 0]
    assert json.loads(answers[-1].out)["template"] == "/items/<int:id>/"
