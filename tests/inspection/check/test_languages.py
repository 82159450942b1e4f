"""The paths that rows match, as languages: what is said of one, and of a few beside each other."""

import pytest

from asgi_routes.engine import Compile, find_compiler
from asgi_routes.inspection.check.comparison import Comparison
from asgi_routes.inspection.check.languages import Language, Undecided, read_language
from tests.inspection.check.languages import common, covering, first_uncovered, language, witness
from tests.spec.rows import row

UUID = "00000000-0000-0000-0000-000000000000"


@pytest.mark.parametrize(
    ("steps", "matched", "missed"),
    [
        (["users/"], ["users/"], ["", "users", "users/\n", "xusers/"]),
        (["<a>/"], ["a/", "\n/", "é/"], ["/", "a/a/", "a"]),
        (["<int:a>"], ["0", "007", "1" * 4300], ["", "-1", "٣", "1" * 4301, "1\n"]),
        (["<slug:a>"], ["a-b_1"], ["é", "", "a b"]),
        (["<path:a>"], ["a/b/", "/"], ["", "\n", "a\n"]),
        (["<uuid:a>"], [UUID], [UUID.replace("0", "A"), UUID[1:]]),
        (["<ab:a>/"], ["a/", "b/a/"], ["b/", "a/b/a/"]),
        (["<a>-<b>-<c>x"], ["a-b-cx", "-----x"], ["-x", "---x", "a-bx", "a-b-c"]),
        (["a{x}/{y:int}"], ["ax/1"], ["a/1", "ax/y", "Ax/1"]),
        (["{{{x}}}"], ["{x}"], ["{}", "x"]),
        # A regex is searched for; `$` at the end of the text asks for all of the path.
        (["^a"], ["a", "ab"], ["ba", ""]),
        (["re:b"], ["b", "abc"], ["", "a"]),
        (["re:"], ["", "a"], []),
        (["^a$"], ["a"], ["a\n", "ab"]),
        (["^(?:a$)"], ["a", "a\n"], ["a\n\n", "ab"]),
        ([r"^a\Z"], ["a"], ["a\n"]),
        (["re:b$"], ["b"], ["ab", "b\n"]),
        (["^a|b"], ["ac", "cb"], ["ca"]),
        (["^a|b$"], ["a", "b"], ["ac", "cb", "b\n"]),
        ([r"^a\$"], ["a$"], ["a$b", "a"]),
        ([r"re:x\Z|^y"], ["ax", "yb"], ["xa", "x\n"]),
        (["re:a^b"], [], ["ab", "a\nb", ""]),
        (["re:(?m)^b$"], ["b"], ["a\nb", "b\n"]),
        (["re:(?m)(?:^b$)"], ["b", "a\nb\nc"], ["ab", "bc"]),
        (["re:(?i)^k$"], ["k", "K", "\N{KELVIN SIGN}"], ["x"]),
        (["re:(?ia)^k$"], ["k", "K"], ["\N{KELVIN SIGN}"]),
        (["re:(?i)^[^s]$"], ["a"], ["s", "S", "\N{LATIN SMALL LETTER LONG S}"]),
        (["^.$"], ["a", "/"], ["\n", ""]),
        (["re:(?s)^.$"], ["\n"], [""]),
        (["re:(?x)^a\tb#c"], ["ab"], ["a\tb"]),
        (["^(?i:a)a$"], ["Aa"], ["aA"]),
        (["re:(?i)^(?-i:a)a$"], ["aA"], ["Aa"]),
        ([r"^\w\d\s$"], ["é٣\u2003"], ["-1 ", "a1\n\n"]),
        ([r"re:(?a)^\w\d\s$"], ["a1\n"], ["é1 ", "a٣ "]),
        ([r"re:\ba\b"], ["a", "é/a", "a-"], ["éa", "aé", ""]),
        ([r"re:(?a)\ba\b"], ["éa"], ["ba"]),
        ([r"^a\B"], ["ab"], ["a", "a/"]),
        (["^a{2,3}$"], ["aa", "aaa"], ["a", "aaaa"]),
        (["^(?:ab|a)(?:c|bcd)$"], ["abc", "abcd", "abbcd", "ac"], ["abd"]),
        # Modes: to the end of the path, of a segment, or anywhere.
        (["prefix a"], ["a", "ab", "a/b"], ["ba"]),
        (["mount a"], ["a", "a/b"], ["ab", "a\n"]),
        (["mount "], ["", "a", "/"], []),
        (["mount <a>"], ["a", "a/b"], ["", "/"]),
        (["mount ^a"], ["a", "ab"], ["b"]),
        # A step is matched on what the one before has left, and never takes another split.
        (["prefix a/", "b"], ["a/b"], ["a//b", "a/"]),
        # A nested router reads on behind a slash, or behind one that is taken off.
        (["level a", "b"], ["a/b"], ["ab", "a", "a/", "a//b"]),
        (["level a", ""], ["a"], ["a/", "a//"]),
        (["level a", "/b"], ["a//b"], ["a/b"]),
        (["level a", "/"], ["a//"], ["a/", "a"]),
        (["level a/", "b"], ["a/b"], ["a//b", "ab"]),
        (["level ", "b"], ["b"], ["/b"]),
        (["level a", "level ", "b"], ["a/b"], ["a//b"]),
        (["level <int:a>", "b"], ["1/b"], ["1b", "1//b"]),
        (["level {a}", "b"], ["x/b"], ["xb", "x//b"]),
        (["level <path:a>", "\nb"], ["a/\nb"], ["a\nb", "a\n/\nb"]),
        (["level <path:a>", ""], ["a", "a/", "/"], ["", "\n"]),
        (["level ^a", "b"], ["ab", "a/b"], ["a//b"]),
        (["level ^a/", "b"], ["a/b"], ["a//b", "ab"]),
        (["level ^a/?", "b"], ["ab", "a/b"], ["a//b"]),
        (["level ^a*", "b"], ["b", "ab", "a/b"], ["/b"]),
        (["level re:a", "^b"], ["ab", "a/b", "/ca/b"], ["a//b", "b"]),
        # So it does where nothing is known of it.
        (["level a"], ["a", "a/x", "a//"], ["a/", "ax"]),
        (["level a/"], ["a/", "a/x", "a//"], ["a"]),
        (["level "], ["", "/", "x"], []),
        (["level <a>"], ["a", "a/x"], ["a/", ""]),
        (["level a/", "level <a>"], ["a/b", "a/b/c"], ["a/b/", "a/"]),
        (["level ^a"], ["a", "a/", "ax"], ["b"]),
        (["prefix <path:p>/", "b/c"], [], ["a/b/c"]),
        (["prefix ^a*", "a"], [], ["a", "aa"]),
        (["prefix ^a*?", "a"], ["a"], ["aa"]),
        (["prefix ^(?:a|ab)", "b"], ["ab"], ["abb"]),
        (["prefix ^(?:ab|a)", "b"], ["abb"], ["ab"]),
        (["prefix re:a", "^b"], ["ab", "cab"], ["aab", "b"]),
        (["prefix ^a", r"^\bb"], ["ab"], ["a-b"]),
        (["prefix ^a$", "re:"], ["a", "a\n"], ["a\nb", "ab"]),
        (["prefix <int:a>", "<int:b>"], [], ["12"]),
        (["prefix <int:a>", "x<int:b>"], ["1x2", "1" * 4300 + "x2"], ["1" * 4301 + "x2"]),
        (["level a/", "level b", "<c>"], ["a/b/c"], ["a//b//c", "a/bc", "a/b//c"]),
    ],
    ids=str,
)
def test_language(steps: list[str], matched: list[str], missed: list[str]) -> None:
    """A language has the paths that the row matches, and no others."""
    known = language(*steps)
    takes = Comparison([known]).takes
    assert [path for path in [*matched, *missed] if takes(0, path)] == matched
    assert [path for path in [*matched, *missed] if known.matches(path)] == matched
    assert (witness(known) is None) is not matched


@pytest.mark.parametrize(
    ("steps", "reason"),
    [
        ([r"^(\w)\1$"], "a back-reference"),
        ([r"^(?P<a>\w)(?P=a)$"], "a back-reference"),
        (["^(a)?(?(1)b|c)"], "a conditional group"),
        (["^a(?=b)"], "look-around"),
        (["^a(?!b)"], "look-around"),
        (["re:(?<=a)b"], "look-around"),
        (["re:(?<!a)b"], "look-around"),
        (["^a*+b"], "a possessive repeat"),
        (["^(?>a|ab)c"], "an atomic group"),
        (["^(a*)*$"], "a repeat of something that may be empty"),
        (["^(?:a|){2}$"], "a repeat of something that may be empty"),
        (["^a{5000}$"], "it is too large"),
        (["a" * 5000], "it is too large"),
        (["<even:a>"], "the converter of 'a' may refuse what its regex matches"),
        (["{a:%Y%m%d%H%M}"], "the calendar's texts of 'a' are too subtle"),
        (["<twice:a>"], "a back-reference"),
        (["<ahead:a>"], "look-around"),
        (["prefix ^a(?=b)", "b"], "look-around"),
    ],
    ids=lambda value: str(value)[:40],
)
def test_undecided(steps: list[str], reason: str) -> None:
    """What is not understood to the last detail is said to be so."""
    found = read_language(row(*steps))
    assert found == Undecided(reason)
    assert not found


def test_another_engine() -> None:
    """What a regex matches is the same on every engine."""
    engine: Compile = find_compiler("re2")
    for steps in (["^a$"], ["prefix a/", "^a$"], ["a/<b>"]):
        found = read_language(row(*steps), engine)
        assert isinstance(found, Language)
        assert found.programs == read_language(row(*steps)).programs  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("steps", "path"),
    [
        (["users/<name>/"], "users/x/"),
        (["<int:a>-<slug:b>-<path:c>"], "1-x-x"),
        (["<uuid:a>"], "aaaaaaaa-aaaa-aaaa-aaaa-aaaaaaaaaaaa"),
        (["^[^a-zA-Z0-9]$"], "-"),
        (["^(?:a$)"], "a"),
        (["^a\n"], "a\n"),
        (["re:"], ""),
        (["re:a^"], None),
        ([r"^a\Bb$"], "ab"),
        ([r"^a\bb$"], None),
        ([r"^\w{3}(?:\d|/)$"], "xxx1"),
        (["^[\n]$"], "\n"),
        (["level a", "<b>"], "a/x"),
        (["level a"], "a"),
    ],
    ids=str,
)
def test_witness(steps: list[str], path: str | None) -> None:
    """The path that is shown is short, and reads well."""
    assert witness(language(*steps)) == path


@pytest.mark.parametrize(
    ("one", "other", "path"),
    [
        (["<int:a>/"], ["<a>/"], "1/"),
        (["<int:a>"], ["^[a-z]+$"], None),
        (["<a>/b"], ["a/<b>"], "a/b"),
        (["a/<path:b>"], ["<path:a>/b"], "a/b"),
        (["a"], ["^(?:a$)"], "a"),
        (["^a\n"], ["^(?:a$)"], "a\n"),
        (["^a\n"], ["^a$"], None),
        (["mount a"], ["ab"], None),
        (["mount a"], ["prefix a/"], "a/"),
        (["^.$"], ["re:\n"], None),
        (["re:(?i)^A$"], ["a"], "a"),
        (["prefix ^a*", "b"], ["ab"], "ab"),
        (["<int:a>"], [f"^1{'1' * 3000}"], "1" * 3001),
        (["level a", "<b>/"], ["level a/", "b/"], "a/b/"),
        (["level a", "b"], ["ab"], None),
        (["level a"], ["a/"], None),
        (["level a"], ["ab"], None),
        (["level a"], ["<x>/b"], "a/b"),
    ],
    ids=lambda value: str(value)[:40],
)
def test_common(one: list[str], other: list[str], path: str | None) -> None:
    """A path that both match, the other way round as well."""
    assert common(language(*one), language(*other)) == path
    assert common(language(*other), language(*one)) == path


@pytest.mark.parametrize(
    ("target", "earlier", "path", "those"),
    [
        ("<int:a>", ["<a>"], None, (0,)),
        ("<a>", ["<int:a>"], "x", None),
        ("<int:a>", [r"^\d+$"], None, (0,)),
        # A number that is too long for Python is none.
        ("^[0-9]+$", ["<int:a>"], "1" * 4301, None),
        ("^(?:a$)", ["a"], "a\n", None),
        ("^(?:a$)", ["a", "^a\n$"], None, (0, 1)),
        ("a", ["^(?:a$)"], None, (0,)),
        ("^[abc]$", ["a", "x", "b", "c"], None, (0, 2, 3)),
        ("^[abc]$", ["a", "b"], "c", None),
        ("^[abc]$", ["a", "b", "^[a-z]$"], None, (2,)),
        ("re:a^", ["b"], None, ()),
        ("mount a", ["a", "prefix a/"], None, (0, 1)),
        ("mount a", ["level a"], "a/", None),
        ("mount a", ["level a", "a/"], None, (0, 1)),
        ("level a", ["mount a"], None, (0,)),
        ("a/<b>", ["level a"], None, (0,)),
        ("<path:a>", ["<a>", "<a>/<path:b>"], "/", None),
        ("<path:a>", ["<a>", "<a>/<path:b>", "prefix /", "re:/$"], "x/", None),
    ],
    ids=lambda value: str(value)[:40],
)
def test_covering(
    target: str, earlier: list[str], path: str | None, those: tuple[int, ...] | None
) -> None:
    """What is left, and who takes it where nothing is."""
    languages = [*map(language, earlier)]
    assert first_uncovered(language(target), languages) == path
    assert covering(language(target), languages) == those
