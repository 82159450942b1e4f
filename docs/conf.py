"""Sphinx's settings: ``make docs`` builds the site.

The inventories of other projects are fetched only where ``DOCS_INVENTORIES`` is set, as it is where
the site is published: everybody else builds it without a network.
"""

import importlib
import importlib.metadata
import os
import re
import sys
from pathlib import Path
from typing import Any

from docutils import nodes
from sphinx.addnodes import pending_xref
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment
from sphinx.util.typing import stringify_annotation

sys.path.insert(0, str(Path(__file__).parents[1]))

from asgi_routes import types

project = "asgi_routes"
author = "the asgi_routes maintainers"
copyright = author  # noqa: A001 - this is what Sphinx calls it
release = importlib.metadata.version("asgi-routes")
version = ".".join(release.split(".")[:2])

extensions = [
    "sphinx.ext.autodoc",
    "sphinx.ext.intersphinx",
    "sphinx.ext.napoleon",
    "sphinx_copybutton",
    "sphinx_click",
]
exclude_patterns = ["_build"]
default_role = "py:obj"
nitpicky = True

autodoc_member_order = "bysource"
autodoc_typehints = "signature"
autodoc_typehints_format = "short"
autodoc_preserve_defaults = True
python_use_unqualified_type_names = True
python_maximum_signature_line_length = 80
napoleon_google_docstring = True
napoleon_numpy_docstring = False
napoleon_use_ivar = True
copybutton_prompt_text = r">>> |\.\.\. |\$ "
copybutton_prompt_is_regexp = True
copybutton_only_copy_prompt_lines = True

intersphinx_timeout = 10
intersphinx_mapping = {
    "python": ("https://docs.python.org/3", None),
    "asgiref": ("https://asgi.readthedocs.io/en/latest", None),
    "anyio": ("https://anyio.readthedocs.io/en/stable", None),
    "channels": ("https://channels.readthedocs.io/en/stable", None),
    "django": (
        "https://docs.djangoproject.com/en/stable",
        "https://docs.djangoproject.com/en/stable/_objects",
    ),
}
if not os.environ.get("DOCS_INVENTORIES"):
    intersphinx_mapping = {}

# What others document may be looked up, but is not held to be there, nor are attributes that stand in a list.
nitpick_ignore_regex = [
    (r"py:obj", r"(?!asgi_routes\b)\w+\..+|parse|re|logging|fnmatch|lifespan|match|place|send"),
    (r"py:(class|exc)", r"(?!asgi_routes\b).*"),
]

toc_object_entries_show_parents = "hide"
pygments_dark_style = "github-dark"

html_theme = "furo"
html_title = "asgi_routes"
html_static_path = ["_static"]
html_css_files = ["site.css"]
html_copy_source = False
html_theme_options = {
    "source_repository": "https://github.com/asgi-routes/asgi-routes/",
    "source_branch": "main",
    "source_directory": "docs/",
}
linkcheck_ignore = [
    r"https?://(127\.0\.0\.1|localhost|acme\.example\.com)",
    # Not there before the first release.
    r"https://(github\.com/asgi-routes|asgi-routes\.readthedocs\.io|pypi\.org/project/asgi-routes)",
]

PUBLIC = ("asgi_routes", *(f"asgi_routes.{name}" for name in ("testing", "inspection", "worker")))
"""The modules whose names may be written without the module, the first one that has it."""


def find_public_name(
    app: Sphinx, env: BuildEnvironment, node: pending_xref, text: nodes.TextElement
) -> nodes.Node | None:
    """Resolve a name by the module that offers it to the public, wherever it is defined.

    A type in a signature that is not public is plain text.
    """
    if node.get("refdomain") != "py":
        return None
    target = node["reftarget"]
    is_full = target.startswith("asgi_routes.")
    name, _, attribute = (target.rpartition(".")[2] if is_full else target).partition(".")
    for module in PUBLIC:
        full = f"{module}.{name}" + ("." + attribute if attribute else "")
        if full == target or name not in importlib.import_module(module).__all__:
            continue
        domain: Any = env.domains["py"]
        place = (env, node["refdoc"], app.builder)
        if found := domain.resolve_xref(*place, "obj", full, node, text):
            return found  # type: ignore[no-any-return]
    return text if is_full and node["reftype"] == "class" else None


def name_types(
    _app: Sphinx,
    _what: str,
    _name: str,
    _obj: Any,
    _options: Any,
    shown: str | None,
    back: str | None,
) -> tuple[str | None, str | None]:
    """Write the names of our types in signatures, instead of what they stand for."""
    return tuple(  # type: ignore[return-value]
        text and re.sub(re.escape(APP), "~asgi_routes.types.App", text) for text in (shown, back)
    )


APP = stringify_annotation(types.App, "smart")


def setup(app: Sphinx) -> dict[str, bool]:
    """Add what is no setting."""
    app.connect("missing-reference", find_public_name, priority=400)
    app.connect("autodoc-process-signature", name_types)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
