"""URLs written from the declarations on the way to a route, and arguments.

A URL that is given leads back, through the very patterns and whatever client asks for it, to the
same texts; where none can be given, the reason is said. What can be said of a way without its
arguments is worked out once.
"""

import contextlib
import functools
import itertools
import re
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Any, NamedTuple, TypeAlias

from asgi_routes.engine import Mode, is_within_segment, make_fits, make_split
from asgi_routes.errors import show
from asgi_routes.patterns import Form, IrreversibleError, Parameter, Slot, list_forms
from asgi_routes.routers.names import NamedPath, Part
from asgi_routes.routers.quoting import URL
from asgi_routes.routers.spellings import SlotKey, Spelled, list_spellings
from asgi_routes.scopes import ENCODED_SLASH, labels_of, parse_host

Arguments: TypeAlias = Sequence[Any] | None
Keywords: TypeAlias = Mapping[str, Any] | None
_FEW_DIGITS = sys.int_info.str_digits_check_threshold
"""So many digits are a number whatever bound is set."""
_OPEN = "\1"
"""Keeps the place for the slash that stands behind the prefix of a router, if more follows."""
_MOUNTED = "\0"
"""The same behind the prefix of a mount."""
_PATH = "path"
"""Below a named mount, the argument that names the rest."""
_TEXTS = frozenset({str, int})
_NO_TEXTS = (type(None), bytes, bytearray, list, tuple, dict, set, frozenset)
"""Types whose values are no texts, though ``str()`` makes one of them."""

_split = functools.lru_cache(maxsize=4096)(make_split)


class MisfitError(ValueError):
    """The arguments do not fit one route; the message says why."""


class Passed(NamedTuple):
    """What the scope that one asks from has passed.

    Attributes:
        declarations: routes, and keys of hosts.
        params: the parameters that they took.
    """

    declarations: Sequence[Any] = ()
    params: Mapping[str, Any] = {}


NOTHING_PASSED = Passed()
_AS_USUAL: Spelled = MappingProxyType({})
_PARAMETER = "<>"
_Values: TypeAlias = dict[SlotKey, Any]


class Writer:
    """Writes the URLs of one way."""

    def __init__(self, way: NamedPath) -> None:
        self._way = way
        self._parts = way.hosts + way.parts
        self._defaults: dict[str, Any] = {}
        for part in self._parts:
            self._defaults |= part.kwargs
        last = self._parts[-1]
        names = (one.name for part in self._parts for one in part.pattern.parameters)
        self._takes_rest = last.mode is Mode.MOUNT and _PATH not in names
        self._forms: list[_Form] = []
        self._mistake: str | None = None
        try:
            choices = [list_forms(part.pattern) for part in self._parts]
        except IrreversibleError as error:
            self._mistake = f"it cannot be reversed: {error}"
        else:
            self._forms = [_Form(way, form) for form in itertools.product(*choices)]

    @property
    def template(self) -> str:
        """What was declared, for messages."""
        path = "/"
        for part in self._way.parts:
            source = part.pattern.source
            if path[-1:] != "/" and part.is_level and source[:1] != "/":
                path += "/"
            path += source
        hosts = [part.pattern.source.replace("/", ".") for part in self._way.hosts]
        return f"//{hosts[-1]}{path}" if hosts else path

    @property
    def declared(self) -> object:
        """Where the route was declared."""
        return getattr(self._parts[-1].passed, "declared", None)

    def write(self, args: Sequence[Any], kwargs: Mapping[str, Any], passed: Passed) -> URL:
        """Return the URL.

        Raises:
            MisfitError: the arguments do not fit.
        """
        rest = None
        if self._takes_rest and _PATH in kwargs:
            kwargs = dict(kwargs)
            rest = str(kwargs.pop(_PATH)).removeprefix("/")
        misfit: MisfitError | None = None
        for form in self._forms:
            try:
                values = self._assign(form, args, kwargs, passed)
                url = form.fill(values)
            except MisfitError as error:
                misfit = misfit or error
                continue
            if rest is not None:
                url = URL(url.host, f"{url.path}/{rest}" if url.path else rest)
            _check_segments(url.path)
            return url
        raise misfit or MisfitError(self._mistake or "it has no form")

    def _assign(
        self, form: "_Form", args: Sequence[Any], kwargs: Mapping[str, Any], passed: Passed
    ) -> _Values:
        """Return the value of each slot."""
        slots, defaults = form.slots, self._defaults
        if args:
            return self._assign_in_order(form, args, passed)
        if not defaults and kwargs.keys() == form.keys:
            return {slot: kwargs[slot[1]] for slot in slots}  # type: ignore[index]
        if form.has_numbers:
            raise MisfitError(f"it takes {len(slots)} arguments, by position")
        missing = form.keys - kwargs.keys() - defaults.keys()
        given = self._given_by(passed, form) if missing and passed.declarations else {}
        if missing := missing - given.keys():
            raise MisfitError(f"missing {_list_keys(missing)}")
        if unknown := kwargs.keys() - form.keys - defaults.keys():
            raise MisfitError(f"it does not take {_list_keys(unknown)}")
        for key, value in defaults.items():
            if key not in form.keys and kwargs.get(key, value) != value:
                raise MisfitError(f"{key!r} is always {show(value)}, not {show(kwargs[key])}")
        values: dict[Any, Any] = {**given, **defaults, **kwargs}
        return {slot: values[slot[1]] for slot in slots}

    def _assign_in_order(self, form: "_Form", args: Sequence[Any], passed: Passed) -> _Values:
        slots = form.slots
        if len(args) == len(slots):
            return dict(zip(slots, args, strict=True))
        given = self._given_by(passed, form) if passed.declarations else {}
        asked = [slot for slot in slots if slot[1] not in given]
        if len(args) != len(asked):
            raise MisfitError(f"it takes {len(slots)} arguments, not {len(args)}")
        values = {slot: given[slot[1]] for slot in slots if slot[1] in given}
        return values | dict(zip(asked, args, strict=True))

    def _given_by(self, passed: Passed, form: "_Form") -> dict[str, Any]:
        """Return the parameters of hosts and prefixes that one is below, from where one is."""
        last = len(self._parts) - 1
        return {
            key: passed.params[key]
            for number, key in form.slots
            if isinstance(key, str)
            and key in passed.params
            and number != last
            and any(self._parts[number].passed is one for one in passed.declarations)
        }


class _Form:
    """One form of a way, with all that can be said of it without arguments."""

    __slots__ = ("_flat", "_flat_host", "_forms", "_way", "has_numbers", "keys", "slots")

    def __init__(self, way: NamedPath, forms: tuple[Form, ...]) -> None:
        self._way = way
        self._forms = forms  # Of the hosts first, then of the path.
        pieces = [
            (number, piece)
            for number, form in enumerate(forms)
            for piece in form
            if isinstance(piece, Slot)
        ]
        self.slots: tuple[SlotKey, ...] = tuple(
            dict.fromkeys((number, piece.key) for number, piece in pieces)
        )
        self.keys = frozenset(key for _, key in self.slots)
        self.has_numbers = any(isinstance(key, int) for key in self.keys)
        self._flat = _flatten(way.parts, len(way.hosts))
        last = len(way.hosts) - 1
        self._flat_host = _flatten(way.hosts[-1:], last) if last == 0 else None

    def fill(self, values: _Values) -> URL:
        """Return the URL with these values.

        Raises:
            MisfitError: one of them does not fit, or the URL would not lead back.
        """
        if self._flat is not None:
            host = self._host(values) if self._way.hosts else None
            return URL(host, _fill_flat(self._flat, values))
        parts = self._way.parts
        try:
            return self._fill_and_check(parts, values, marks=False)
        except MisfitError:
            for marks, spelled in self._list_other_ways(parts, values):
                with contextlib.suppress(MisfitError):
                    return self._fill_and_check(parts, values, marks=marks, spelled=spelled)
            raise

    def _list_other_ways(
        self, parts: Sequence[Part], values: _Values
    ) -> Iterator[tuple[bool, Spelled]]:
        """Yield what else may lead back: slashes that are kept, and other texts in formats."""
        if any(part.keeps_slashes for part in parts):
            yield True, _AS_USUAL
        slots = {
            (number, piece.key): piece
            for number, form in enumerate(self._forms)
            for piece in form
            if isinstance(piece, Slot)
        }
        for spelled in list_spellings(slots, values):
            yield False, spelled

    def _host(self, values: _Values) -> str | None:
        """Return the innermost host."""
        host = None
        if self._flat_host is not None:
            slashed = _fill_flat(self._flat_host, values)
            host = slashed.replace("/", ".")
            if "." in slashed or not _is_host(host, self._way.hosts[-1]):
                raise MisfitError(f"{host!r} is not a host")
            return host
        for number, part in enumerate(self._way.hosts):
            own = self._texts(number, part, values, marks=False)
            host = self._put_together(number, own).replace("/", ".")
            if not _is_host(host, part):
                raise MisfitError(f"{host!r} is not a host")
            _check_part(part, host.replace(".", "/"), own)
        return host

    def _texts(
        self, number: int, part: Part, values: _Values, *, marks: bool, spelled: Spelled = _AS_USUAL
    ) -> dict[str | int, str]:
        keeps = marks and part.keeps_slashes
        pieces = (piece for piece in self._forms[number] if isinstance(piece, Slot))
        return {
            piece.key: spelled.get((number, piece.key))
            or _text(piece, values[number, piece.key], keeps)
            for piece in pieces
        }

    def _put_together(self, number: int, own: Mapping[str | int, str]) -> str:
        form = self._forms[number]
        return "".join(one if isinstance(one, str) else own[one.key] for one in form)

    def _fill_and_check(
        self, parts: Sequence[Part], values: _Values, *, marks: bool, spelled: Spelled = _AS_USUAL
    ) -> URL:
        texts = []
        path = ""
        for number, part in enumerate(parts, len(self._way.hosts)):
            own = self._texts(number, part, values, marks=marks, spelled=spelled)
            texts.append(own)
            path = _join(path, self._put_together(number, own), part)
        path = path.removesuffix(_OPEN).removesuffix(_MOUNTED).replace(_MOUNTED, "/")
        rest, is_mounted = path, False
        for part, own in zip(parts, texts, strict=True):
            text = rest[1:] if part.is_level and is_mounted and rest[:1] == "/" else rest
            rest = _check_part(part, text, own)
            is_mounted = part.mode is Mode.MOUNT
        return URL(self._host(values), path)


_Fits: TypeAlias = Callable[[str], object]
_Flat: TypeAlias = list[str | tuple[SlotKey, Slot, bool, _Fits]]


def _fill_flat(flat: _Flat, values: _Values) -> str:
    texts = [
        one if isinstance(one, str) else _text(one[1], values[one[0]], one[2], one[3])
        for one in flat
    ]
    return "".join(texts)


def _flatten(parts: Sequence[Part], first: int) -> _Flat | None:
    """Return the texts and slots of a way whose every segment has one parameter at most.

    Such a URL leads back, if each text fits its parameter. None where that has to be tried.

    Args:
        parts: those of the path.
        first: the number of the first.
    """
    flat: _Flat = []
    before, has_slot, mode = "/", False, Mode.PREFIX
    for number, part in enumerate(parts, first):
        if part.pattern.syntax != "path":
            return None
        nodes = part.pattern.nodes
        is_behind = mode is Mode.MOUNT or (mode is Mode.LEVEL and bool(nodes))
        if is_behind and before != "/":
            flat.append("/")
            before, has_slot = "/", False
        # A declaration takes what it can: of two in one segment, the first may take too much.
        if before == _PARAMETER and part.pattern.source[:1] not in ("", "/"):
            return None
        for node, piece in zip(nodes, list_forms(part.pattern)[0], strict=True):
            if isinstance(piece, str):
                flat.append(piece)
                before, has_slot = piece[-1:], has_slot and "/" not in piece
                continue
            regex = piece.regex or ""
            if has_slot or not isinstance(node, Parameter) or not is_within_segment(regex):
                return None
            fits = make_fits(regex)
            flat.append(((number, piece.key), piece, part.keeps_slashes, fits))
            before, has_slot = _PARAMETER, True
        mode = part.mode
    keys = [one[0][1] for one in flat if not isinstance(one, str)]
    return _join_texts(flat) if len({*keys}) == len(keys) else None


def _join_texts(flat: _Flat) -> _Flat:
    """Return the same with texts that stand side by side as one."""
    joined: _Flat = []
    for one in flat:
        if joined and isinstance(one, str) and isinstance(joined[-1], str):
            joined[-1] += one
        else:
            joined.append(one)
    return joined


def writer_of(way: NamedPath) -> Writer:
    """Return the writer of a way; made once."""
    if way.writer is None:
        way.writer = Writer(way)
    return way.writer  # type: ignore[no-any-return]


def _list_keys(keys: Iterable[object]) -> str:
    return ", ".join(sorted(map(repr, keys)))


def _text(slot: Slot, value: Any, keeps_slashes: bool, fits: _Fits | None = None) -> str:  # noqa: FBT001
    """Return the text of a parameter, with `ENCODED_SLASH` where only that makes it fit."""
    is_text = type(value) in _TEXTS or not isinstance(value, _NO_TEXTS)
    if not is_text and (slot.converter is None or _is_ours(slot)):
        raise MisfitError(f"{show(value)} is no {slot.kind or 'text'} for {slot.key!r}")
    try:
        text = str(value) if slot.converter is None else str(slot.converter.to_url(value))
    except ValueError:
        raise MisfitError(f"{show(value)} is no {slot.kind or 'text'} for {slot.key!r}") from None
    if slot.regex is None:
        return text.replace("/", ENCODED_SLASH) if keeps_slashes else text
    fits = fits or make_fits(slot.regex)
    if fits(text):
        if len(text) > _FEW_DIGITS and _is_refused(slot, text):
            raise MisfitError(f"{slot.key!r} has more digits than a path can have")
        return text
    marked = text.replace("/", ENCODED_SLASH)
    if keeps_slashes and fits(marked):
        return marked
    raise MisfitError(f"{show(value)} is no {slot.kind} for {slot.key!r}")


def _is_refused(slot: Slot, text: str) -> bool:
    """Tell whether a built-in converter makes nothing of a text: it has too many digits."""
    if slot.converter is None or not _is_ours(slot):
        return False
    try:
        slot.converter.to_python(text)
    except ValueError:
        return True
    return False


def _is_ours(slot: Slot) -> bool:
    return type(slot.converter).__module__.startswith("asgi_routes.")


def _join(path: str, text: str, part: Part) -> str:
    # Below a mount, a slash stands before whatever follows.
    path = path.replace(_MOUNTED, "/")
    if path.endswith(_OPEN):
        path = path[:-1] + ("/" + text if text else "")
    else:
        path += text
    is_open = part.mode is Mode.LEVEL and text and not text.endswith("/")
    if is_open and part.pattern.syntax != "regex":
        return path + _OPEN
    is_mount = part.mode is Mode.MOUNT and path and not path.endswith("/")
    return path + _MOUNTED if is_mount else path


def _is_host(text: str, part: Part) -> bool:
    """Tell whether a text can be asked for as a host, and be matched by the pattern of one."""
    return parse_host(text) == text and (labels_of(text) is not None or part.pattern.is_literal)


def _check_part(part: Part, text: str, own: dict[str | int, str]) -> str:
    """Return what a declaration leaves of a text that leads to the same parameters.

    Raises:
        MisfitError: it does not.
    """
    found = _split(part.pattern, part.mode)(text)
    if found is None:
        raise MisfitError(f"{text!r} does not match it")
    captured, left = found
    if part.pattern.syntax == "regex":
        group = re.compile(part.pattern.regex, part.pattern.flags).groupindex
        expected = {group[key] if isinstance(key, str) else key: own[key] for key in own}
        is_same = all(captured[number - 1] == one for number, one in expected.items())
    else:
        names = (parameter.name for parameter in part.pattern.parameters)
        is_same = all(own[str(name)] == one for name, one in zip(names, captured, strict=True))
    if not is_same:
        raise MisfitError(f"{text!r} leads to other arguments")
    return left


def _check_segments(path: str) -> None:
    """Raise where clients change a path (WHATWG URL, 4.4), or cannot write it."""
    if "." in path and not {".", ".."}.isdisjoint(path.split("/")):
        segment = ".." if ".." in path.split("/") else "."
        raise MisfitError(f"clients remove a segment {segment!r} from URLs")
    if not path.isascii():
        try:
            path.replace(ENCODED_SLASH, "").encode()
        except UnicodeEncodeError:
            raise MisfitError(f"{path!r} cannot be written in UTF-8") from None
