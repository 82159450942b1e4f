"""Whether every link within the built site leads somewhere: ``python -m docs.links docs/_build/html``.

Sphinx checks what is written as a reference. This reads what came of it: every ``href`` and ``src``, with its
anchor, also of what a theme, a docstring or an included document has.
"""

import sys
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit


class _Page(HTMLParser):
    """What a page links to, and the anchors that it has."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.anchors = {""}
        self.links: set[str] = set()
        self.feed(text)

    def handle_starttag(self, _tag: str, attrs: list[tuple[str, str | None]]) -> None:
        for name, value in attrs:
            if value and name in ("id", "name"):
                self.anchors.add(value)
            elif value and name in ("href", "src"):
                self.links.add(value)


def find_dead_links(site: Path) -> list[str]:
    """Return the links that lead nowhere, each with its page."""
    pages = {file.resolve(): _Page(file.read_text()) for file in site.rglob("*.html")}
    return sorted(
        f"{file.relative_to(site.resolve())}: {link}"
        for file, page in pages.items()
        for link in page.links
        if not _leads_somewhere(file, link, pages)
    )


def _leads_somewhere(file: Path, link: str, pages: dict[Path, _Page]) -> bool:
    parts = urlsplit(link)
    if parts.scheme or parts.netloc:
        return True
    target = (file.parent / unquote(parts.path)).resolve() if parts.path else file
    if target in pages:
        return unquote(parts.fragment) in pages[target].anchors
    return target.is_file()


if __name__ == "__main__":
    dead = find_dead_links(Path(sys.argv[1]))
    print("\n".join(dead) or "no link within the site is dead")  # noqa: T201 - the answer
    sys.exit(bool(dead))
