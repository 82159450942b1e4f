"""Request targets that mean a protected path to somebody, and another one to somebody else."""

from collections.abc import Iterator

PROTECTED = ("/admin", "/api/internal")
"""What a proxy lets nobody have, and what is below."""

_PATHS = ("/admin/x", "/admin/", "/admin", "/api/internal/x")
_IN_FRONT = (
    *(
        "/",
        "//",
        "/.",
        "/./",
        "/..",
        "/../..",
        "/x/..",
        "/public/..",
        "/public/../",
        "/public/./..",
    ),
    *("/%2e", "/%2e%2e", "/%2E", "/.%2e", "/public/%2e%2e", "/public/.%2e", "/public%2f..", "/%2f"),
    *(
        "/public/..%2f",
        "/public/..%5c",
        "/public\\..",
        "%2f",
        "%2F",
        "/%2f%2f",
        "%5c",
        "/%5c",
        "\\",
    ),
    *(
        "/\\",
        ";",
        "/;",
        "/;a=b",
        "/public;/..",
        "/public;a=b/..",
        "/public/..;",
        "/..;",
        "/%3b",
        "@",
    ),
    *(
        "/%00",
        "%00",
        "/%20",
        "%20",
        "/%09",
        "/%0a",
        "/%0d%0a",
        "/%c0%af",
        "/%e2%80%8b",
        "%ef%bb%bf",
    ),
    *("/%ef%bc%8f", "/%c0%ae%c0%ae", "/%252e%252e", "/%252f", "?", "/?", "#", "/#", "/*", "*", "~"),
    *(
        "http:",
        "http:/",
        "http://",
        "http://localhost",
        "HTTP://localhost",
        "http://evil.test",
        "x:",
    ),
    *(
        "https://localhost",
        "//localhost",
        "//evil.test",
        "http://localhost:80",
        "http://a@localhost",
    ),
    *(
        "http://localhost/.",
        "http://localhost//",
        "http://localhost/%2e",
        "http://localhost/public/..",
    ),
    *("http:///", "ftp://localhost", "localhost", "localhost:80", "./", "../", ".", "..", ""),
)
_FOR_A_SLASH = (
    *("//", "///", "////", "/./", "/.//", "//./", "/././", "/x/../", "/x/y/../../", "/x/%2e%2e/"),
    *(
        "%2f",
        "%2F",
        "/%2f",
        "%2f/",
        "%2f%2f",
        "/%2f/",
        "%5c",
        "%5C",
        "/%5c",
        "%5c/",
        "\\",
        "/\\",
        "\\/",
    ),
    *("/;/", ";/", "/;a=b/", ";a=b/", ";a=b;c=d/", ";/;", "/..;/x/", "/x;/../", "/x/..;a=b/"),
    *("/%2e/", "/%2E/", "/.%2f", "/%2e%2f", "%2f.%2f", "%2f%2e%2f", "/x%2f..%2f", "/x%2f%2e%2e%2f"),
    *("%252f", "%25252f", "/%252e/", "%c0%af", "%e0%80%af", "%ef%bc%8f", "%e2%81%84", "%e2%88%95"),
    *("%00/", "/%00", "/%00/", "%0a/", "/%0a", "%0d%0a/", "%20/", "/%20", "%09/", "/%09/", "%7f/"),
    *(
        "?/",
        "#/",
        "/?/",
        "%3f/",
        "%23/",
        "/./%2f",
        "//%2f",
        ".%00/",
        "./",
        "../",
        "/.",
        "%2e/",
        "/..../",
    ),
)
_BEHIND = (
    *(
        "/",
        "//",
        "/.",
        "/./",
        "/..",
        "/../",
        "/%2e",
        "/%2e%2e",
        "/x/..",
        "/x/../y",
        "%2f",
        "%2F",
        "%5c",
    ),
    *(
        "\\",
        ";",
        ";a=b",
        "/;",
        "?",
        "?x",
        "?/..",
        "#",
        "#x",
        "%23",
        "%3f",
        "%00",
        "/%00",
        "%20",
        "%09",
    ),
    *(
        "%0a",
        "%0d",
        "%0d%0a",
        ".",
        "%2e",
        "..",
        "%c0%af",
        "%ff",
        "%",
        "%2",
        "%zz",
        "%e2%80%8b",
        "*",
        "~",
    ),
    *(
        "+",
        "&",
        "=",
        ",",
        "!",
        "$",
        "'",
        "%27",
        '"',
        "%22",
        "<",
        "|",
        "^",
        "`",
        "{}",
        ".json",
        ".html",
    ),
)


def list_targets() -> list[str]:
    """Return the targets, each once, in an order that is always the same."""
    return [*dict.fromkeys(one for one in _targets() if not set(one) & set(" \t\r\n"))]


def _targets() -> Iterator[str]:
    for path in _PATHS:
        yield path
        for front in _IN_FRONT:
            yield front + path
            yield front + path[1:]
        for slash in _FOR_A_SLASH:
            yield path.replace("/", slash)
            for number in range(path.count("/")):
                yield _replaced(path, number, slash)
            yield "http://localhost" + path.replace("/", slash)
        for end in _BEHIND:
            yield path + end
        yield from _spelled(path)


def _replaced(path: str, number: int, slash: str) -> str:
    """Return a path with another text for one of its slashes.

    >>> _replaced("/api/internal", 1, "//")
    '/api//internal'
    """
    parts = path.split("/")
    return "/".join(parts[: number + 1]) + slash + "/".join(parts[number + 1 :])


def _spelled(path: str) -> Iterator[str]:
    """Yield a path with its letters written in other ways."""
    for at, letter in enumerate(path):
        if letter == "/":
            continue
        code = ord(letter)
        wide = chr(code + 0xFEE0).encode()
        overlong = bytes([0xC0 | code >> 6, 0x80 | code & 0x3F])
        for other in (
            *(f"%{code:02x}", f"%{code:02X}", f"%25{code:02x}", f"%u00{code:02x}", letter.upper()),
            *("".join(f"%{byte:02x}" for byte in text) for text in (wide, overlong)),
        ):
            yield path[:at] + other + path[at + 1 :]
    letters = "".join(one if one == "/" else f"%{ord(one):02x}" for one in path)
    yield from (letters, letters.replace("/", "%2f"), path.upper(), path.title(), path + path)


def below(root: str) -> list[str]:
    """Return the targets for a proxy that has an application below a root path.

    Some name the root path twice, or not at all.
    """
    double = [root + root + path for path in _PATHS] + [root + "/" + root + p for p in _PATHS]
    inside = [root + one for one in list_targets()]
    mixed = [f"http://localhost{root}{root}/admin/x", f"{root}/..{root}/admin/x", "/admin/x"]
    encoded = [f"{root}%2fadmin/x", f"{root}/%73vc/admin/x", f"{root}/x/..{root}/admin/x"]
    return [*dict.fromkeys([*double, *mixed, *encoded, *inside])]
