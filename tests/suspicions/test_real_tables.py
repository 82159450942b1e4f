"""Nothing is suspected of, or found in, tables that others have written."""

import subprocess
import sys
from pathlib import Path

OF_DJANGO = """
import django
from django.conf import settings

settings.configure(
    INSTALLED_APPS=[f"django.contrib.{app}" for app in ("admin", "auth", "contenttypes", "messages")],
    ROOT_URLCONF=__name__,
)
django.setup()

from django.contrib import admin
from django.urls import include, path

from asgi_routes import URLRouter
from asgi_routes.inspection.check import check


async def view(scope, receive, send): ...


def replace_views(patterns):
    for pattern in patterns:
        if hasattr(pattern, "url_patterns"):
            replace_views(pattern.url_patterns)
        else:
            pattern.callback = view


patterns = [path("admin/", admin.site.urls), path("", include("django.contrib.auth.urls"))]
replace_views(patterns)
router = URLRouter(patterns)
found = check(router)
assert router.match("/admin/auth/user/7/change/")
print([(one.id, one.subjects[0].template) for one in found if one.level != "info"])
"""


def test_django() -> None:
    """The routes of its admin, and those for accounts, are right."""
    done = subprocess.run(
        [sys.executable, "-W", "error::UserWarning", "-c", OF_DJANGO],
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert (done.stdout, done.stderr) == ("[]\n", "")
