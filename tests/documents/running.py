"""What runs the blocks of a page, one after the other.

Rule: a page has one namespace, a folder of its own, and nothing else from outside. What a block of Python
shows as ``>>>`` is a doctest; another one is executed, and its functions ``test_…`` are called. One with a
``:caption:`` is also a file of that name in the folder, which commands and imports find. Of a
console, every ``$`` line is a command: those of `make`, pip and Python have to exist, and those of
``asgi-routes`` are run where something is shown below them, as on a terminal of 100 columns, or where
``echo $?`` follows, which shows the exit code. A block
with ``:class: fragment`` is Python, but needs what is not there: it is only compiled.
"""

import ast
import doctest
import inspect
import re
import shlex
import sys
import tomllib
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import anyio
import click
import pytest

from asgi_routes.cli.commands import command as asgi_routes_command
from asgi_routes.patterns import converters
from asgi_routes.testing import Client
from tests.cli.asking import ask_all
from tests.documents.reading import ROOT, Block, blocks

FLAGS = doctest.ELLIPSIS | doctest.IGNORE_EXCEPTION_DETAIL
_TERMINAL = {"FORCE_COLOR": "1", "NO_COLOR": "1", "COLUMNS": "100"}
_TARGETS = set(re.findall(r"^([\w-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
_PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]


def run_page(document: Path, folder: Path, monkeypatch: pytest.MonkeyPatch) -> int:
    """Run all blocks of a page in a folder of its own, and return how many of Python there were."""
    # A page registers a converter for everybody; the other pages are not everybody.
    monkeypatch.setattr(converters, "_REGISTERED", type(converters.get_registered_converters())())
    monkeypatch.chdir(folder)
    monkeypatch.syspath_prepend(str(folder))
    modules = set(sys.modules)
    namespace: dict[str, Any] = {"__name__": document.stem.replace("-", "_")}
    count = 0
    try:
        for block in blocks(document):
            if block.language in ("python", "pycon"):
                count += 1
                _run_python(block, f"{document.name} block {count}", folder, namespace)
            elif block.language == "console":
                _run_console(block, folder)
            elif block.caption:
                _write(block, folder)
    finally:
        for name in set(sys.modules) - modules:
            file = getattr(sys.modules[name], "__file__", None) or ""
            if Path(file).is_relative_to(folder):
                del sys.modules[name]
    return count


def _write(block: Block, folder: Path) -> None:
    file = folder / str(block.caption)
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(block.code + "\n")


def _run_python(block: Block, name: str, folder: Path, namespace: dict[str, Any]) -> None:
    if ">>>" in block.code:
        _run_doctest(block.code, name, namespace)
        return
    if block.caption:
        _write(block, folder)
    code = compile(block.code, name, "exec", ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
    if "fragment" in block.classes:
        return
    known = set(namespace)
    exec(code, namespace)  # noqa: S102
    for test in sorted(set(namespace) - known):
        if test.startswith("test_"):
            _call_test(namespace[test])


def _run_doctest(code: str, name: str, namespace: dict[str, Any]) -> None:
    test = doctest.DocTestParser().get_doctest(code + "\n", namespace, name, None, 0)
    told: list[str] = []
    runner = doctest.DocTestRunner(optionflags=FLAGS)
    failed, _ = runner.run(test, out=told.append, clear_globs=False)
    namespace |= test.globs
    assert not failed, "".join(told)


def _call_test(test: Any) -> None:
    given = [{"asgi_client": Client}[name] for name in inspect.signature(test).parameters]
    if inspect.iscoroutinefunction(test):
        anyio.run(test, *given)
    else:
        test(*given)


def _commands(text: str) -> Iterator[tuple[str, str]]:
    """Yield each command of a console, and what is shown below it."""
    whole = text.replace("\\\n", " ")
    yield from re.findall(r"^\$ (.*)\n?((?:(?!\$ ).*\n?)*)", whole, re.MULTILINE)


def _run_console(block: Block, folder: Path) -> None:
    asked: list[tuple[tuple[str, ...], str, str | None]] = []
    commands = [
        (line, shlex.split(line, comments=True), shown) for line, shown in _commands(block.code)
    ]
    for (line, words, shown), (_, after, code) in pairwise((*commands, ("", [], ""))):
        check_command(line, words, folder)
        is_coded = after == ["echo", "$?"]
        if words[:1] == ["asgi-routes"] and (shown.strip() or is_coded):
            assert "|" not in words, line
            asked.append((tuple(words[1:]), shown, code.strip() if is_coded else None))
    if not asked:
        return
    told = ask_all((words for words, *_ in asked), folder, **_TERMINAL)
    for (words, shown, code), answer in zip(asked, told, strict=True):
        if shown.strip():
            _compare(words, shown, answer.out + answer.err)
        assert code in (None, str(answer.code)), words


def _compare(words: tuple[str, ...], shown: str, told: str) -> None:
    checker = doctest.OutputChecker()
    flags = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE
    is_same = checker.check_output(shown.strip(), told.strip(), flags)
    assert is_same, f"$ asgi-routes {shlex.join(words)}\nshown:\n{shown}\ntold:\n{told}"


def check_command(line: str, words: list[str], folder: Path) -> None:
    """Make sure that what somebody is told to type exists."""
    name, *arguments = words
    stop = next((at for at, word in enumerate(arguments) if word in ("|", "&&", ">")), None)
    arguments = arguments[:stop]
    if name == "make":
        targets = {word for word in arguments if "=" not in word and not word.startswith("-")}
        assert targets <= _TARGETS, line
    elif name == "pip" or words[:3] == ["python", "-m", "pip"]:
        for extras in re.findall(r"asgi-routes\[([\w,-]+)\]", line):
            assert set(extras.split(",")) <= set(_PROJECT["optional-dependencies"]), line
    elif name == "asgi-routes":
        _parse(asgi_routes_command, arguments)
    for module in re.findall(r"\bexamples(?:\.\w+)+", line):
        assert _has_module(module, folder), line


def _parse(group: click.Group, arguments: list[str]) -> None:
    """Make sure that the command line takes the words; nothing is run."""
    context = group.make_context("asgi-routes", [*arguments])
    while isinstance(context.command, click.Group):
        rest = [*context._protected_args, *context.args]
        name, found, rest = context.command.resolve_command(context, rest)
        assert found is not None
        context = found.make_context(name, [*rest], parent=context)


def _has_module(module: str, folder: Path) -> bool:
    file = module.replace(".", "/")
    return any(
        (place / f"{file}.py").exists() or (place / file).is_dir() for place in (ROOT, folder)
    )
