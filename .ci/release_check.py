"""Build the release, and try it as somebody who installs it would.

``make release-check`` runs this in an environment of its own. What is built is what is committed,
twice, in folders of different names; what is tried is the wheel, in fresh environments, from outside
the repository. What has passed is left in ``dist/``: ``dist/packages/`` is what is uploaded, and
``dist/sbom.cdx.json`` is the bill of materials of the package and its dependencies.
"""

import argparse
import email
import email.message
import hashlib
import os
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from pathlib import Path

ROOT = Path(__file__).parents[1]
CORE = {"anyio", "asgi-routes", "asgiref", "idna", "parse", "sniffio", "typing-extensions"}
EXTRAS = {
    "cli": "from asgi_routes.cli.commands import command",
    "nats": "from asgi_routes.worker.nats import NatsBroker",
    "otel": "from asgi_routes.worker.telemetry import TracedBroker",
    "re2": "from asgi_routes import URLRouter; URLRouter([], regex='re2').match('/')",
    "redis": "from asgi_routes.worker.redis import RedisBroker",
}
ASK = """
import sys
import anyio
import asgi_routes
from asgi_routes.testing import Client
from quickstart import app
from tries import TRIES

assert asgi_routes.__file__.startswith(sys.prefix), asgi_routes.__file__
asked = [one for one in TRIES if not one.options]

async def ask() -> None:
    for one in asked:
        answer = await Client(app).get(one.path)
        assert (answer.status, answer.text.rstrip("\\n")) == (one.status, one.body), one

anyio.run(ask)
print(f"   {len(asked)} requests answered as examples/tries.py says")
"""
SERVE = """
import sys
import urllib.error
import urllib.request
from tries import TRIES

opener = urllib.request.build_opener()
for one in TRIES:
    if one.options:
        continue
    try:
        answer = opener.open(sys.argv[1] + one.path)
    except urllib.error.HTTPError as error:
        answer = error
    assert (answer.status, answer.read().decode().rstrip("\\n")) == (one.status, one.body), one
"""


def main() -> None:
    """Run every check; the first that fails ends the program."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--output", type=Path, default=ROOT / "dist")
    tag = os.environ.get("RELEASE_TAG")
    parser.add_argument("--tag", default=tag, help="what has to be the version; else RELEASE_TAG")
    options = parser.parse_args()
    output: Path = options.output
    if run("git", "status", "--porcelain", cwd=ROOT):
        say("what is not committed is not in what is built")
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        packages = build_twice(place)
        check_packages(packages)
        (sdist,) = packages.glob("*.tar.gz")
        (wheel,) = packages.glob("*.whl")
        check_contents(sdist, wheel)
        check_metadata(wheel, options.tag)
        try_core(wheel, place)
        try_extras(wheel, place)
        shutil.rmtree(output, ignore_errors=True)
        shutil.copytree(packages, output / "packages")
        write_sbom(place / "core", output / "sbom.cdx.json")
    say(f"all is well: {output}")


def say(text: str) -> None:
    """Print what has been found."""
    print(f"== {text}", flush=True)


def run(*command: object, cwd: Path, **variables: str) -> str:
    """Run a command and return its output; exit with everything that it has said if it fails."""
    done = subprocess.run(
        [str(part) for part in command],
        cwd=cwd,
        env={**_without_paths(), **variables},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        sys.exit(
            f"{done.stdout}{done.stderr}\n{' '.join(map(str, command))}: exit code {done.returncode}"
        )
    return done.stdout


def _without_paths() -> dict[str, str]:
    """Return the environment without what leads back to a checkout."""
    return {name: text for name, text in os.environ.items() if name != "PYTHONPATH"}


def build_twice(place: Path) -> Path:
    """Build the sdist, and from it the wheel, from two clones, and compare them bit for bit."""
    epoch = run("git", "log", "-1", "--format=%ct", cwd=ROOT).strip()
    made = []
    for name, mask in (("first", 0o022), ("second-time", 0o077)):
        before = os.umask(mask)
        clone, output = place / name / "asgi-routes", place / name / "packages"
        run("git", "clone", "--quiet", "--no-hardlinks", ROOT, clone, cwd=place)
        build = (sys.executable, "-m", "build", "--no-isolation", "--outdir", output)
        run(*build, cwd=clone, SOURCE_DATE_EPOCH=epoch)
        os.umask(before)
        made.append(output)
    first, second = ({file.name: _digest(file) for file in folder.iterdir()} for folder in made)
    if first != second:
        sys.exit(f"two builds differ: {first} and {second}")
    for name, digest in sorted(first.items()):
        say(f"twice the same: {name} sha256:{digest}")
    return made[0]


def _digest(file: Path) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()


def check_packages(packages: Path) -> None:
    """Ask the tools that know what an index refuses."""
    files = sorted(packages.iterdir())
    say("twine check --strict")
    run(sys.executable, "-m", "twine", "check", "--strict", *files, cwd=packages)
    say("check-wheel-contents")
    top = "asgi_routes,asgi_routes_pytest.py"
    run(sys.executable, "-m", "check_wheel_contents", "--toplevel", top, packages, cwd=packages)


def check_contents(sdist: Path, wheel: Path) -> None:
    """The wheel has the package, the sdist all that is tracked; neither has anything else."""
    tracked = set(run("git", "ls-files", cwd=ROOT).splitlines())
    package = {one for one in tracked if one.startswith(("asgi_routes/", "asgi_routes_pytest.py"))}
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
    about = {one for one in names if one.partition("/")[0].endswith(".dist-info")}
    _compare("the wheel", names - about, package)
    told = {one.partition("/")[2] for one in about}
    files = {"METADATA", "RECORD", "WHEEL", "entry_points.txt", "licenses/LICENSE"}
    _compare("the wheel's metadata", told, files)
    with tarfile.open(sdist) as packed:
        names = {one.name.partition("/")[2] for one in packed.getmembers() if one.isfile()}
    _compare("the sdist", names, tracked | {"PKG-INFO"})
    say(f"the wheel has the {len(package)} files of the package, the sdist all {len(tracked)}")


def _compare(what: str, found: set[str], wanted: set[str]) -> None:
    if found != wanted:
        sys.exit(f"{what} lacks {sorted(wanted - found)} and has {sorted(found - wanted)} too much")


def check_metadata(wheel: Path, tag: str | None) -> None:
    """The version is the tag's; links and pictures work on the page of an index as well."""
    about = _read_metadata(wheel)
    if tag and tag != about["Version"]:
        sys.exit(f"the tag is {tag}, the version {about['Version']}")
    text = str(about.get_payload())
    links = r"`[^`]*?<([^`<>]+)>`__?|^\.\. (?:_[^:]+|\|\w+\| image|image|figure):: ?(\S+)"
    targets = [one for pair in re.findall(links, text, re.MULTILINE) for one in pair if one]
    relative = [one for one in targets if not one.startswith(("https://", "#")) and one[-1] != "_"]
    if relative:
        sys.exit(f"these links of the README lead nowhere on the page of an index: {relative}")
    say(f"version {about['Version']}; the README has {len(targets)} links, all of them absolute")


def _read_metadata(wheel: Path) -> email.message.Message:
    with zipfile.ZipFile(wheel) as archive:
        (name,) = (one for one in archive.namelist() if one.endswith(".dist-info/METADATA"))
        return email.message_from_bytes(archive.read(name))


def make_environment(folder: Path, *wanted: object) -> Path:
    """Make an environment, install something, and return its Python."""
    run(sys.executable, "-m", "uv", "venv", "--quiet", "--python", sys.executable, folder, cwd=ROOT)
    python = folder / ("Scripts" if os.name == "nt" else "bin") / "python"
    install(python, *wanted)
    return python


def install(python: Path, *wanted: object) -> None:
    """Install something into an environment."""
    run(
        sys.executable,
        "-m",
        "uv",
        "pip",
        "install",
        "--quiet",
        "--python",
        python,
        *wanted,
        cwd=ROOT,
    )


def try_core(wheel: Path, place: Path) -> None:
    """Run the quickstart with the core dependencies alone, then under a server."""
    python = make_environment(place / "core", wheel)
    outside = place / "outside"
    outside.mkdir()
    for name in ("quickstart.py", "tries.py"):
        shutil.copy(ROOT / "examples" / name, outside)
    listed = run(
        sys.executable,
        "-m",
        "uv",
        "pip",
        "list",
        "--format",
        "freeze",
        "--python",
        python,
        cwd=ROOT,
    )
    names = {one.partition("==")[0] for one in listed.splitlines()}
    if not names <= CORE:
        sys.exit(f"the core alone brings {sorted(names - CORE)}")
    say(f"installed: {', '.join(listed.split())}")
    print(run(python, "-c", ASK, cwd=outside), end="")
    version = run(python, "-c", "import asgi_routes; print(asgi_routes.__version__)", cwd=outside)
    if version.strip() != _read_metadata(wheel)["Version"]:
        sys.exit(f"__version__ is {version.strip()}")
    if "asgi-routes[cli]" not in _fail(python.with_name("asgi-routes"), cwd=outside):
        sys.exit("the command does not say that it needs an extra")
    serve(make_environment(place / "served", wheel, "hypercorn"), outside)


def _fail(*command: object, cwd: Path) -> str:
    """Run a command that has to fail, and return what it prints."""
    parts = [str(part) for part in command]
    done = subprocess.run(parts, cwd=cwd, capture_output=True, text=True, check=False)
    if not done.returncode:
        sys.exit(f"{parts} has not failed")
    return done.stdout + done.stderr


def serve(python: Path, outside: Path) -> None:
    """Serve the quickstart under Hypercorn, and ask over HTTP."""
    command = [str(python), "-m", "hypercorn", "--bind", "127.0.0.1:0", "quickstart:app"]
    with subprocess.Popen(
        command, cwd=outside, env=_without_paths(), stderr=subprocess.PIPE, text=True
    ) as server:
        assert server.stderr
        found = None
        for line in server.stderr:
            if found := re.search(r"Running on (http://\S+:\d+)", line):
                break
        try:
            if not found:
                sys.exit("Hypercorn does not start")
            run(python, "-c", SERVE, found[1], cwd=outside)
        finally:
            server.terminate()
    say(f"served by Hypercorn at {found[1]}")


def try_extras(wheel: Path, place: Path) -> None:
    """Import what each extra is for, with that extra alone; ``all`` has them all."""
    extras = {*_read_metadata(wheel).get_all("Provides-Extra", ())}
    _compare("the list of extras", extras, {*EXTRAS, "all"})
    for extra, code in (*EXTRAS.items(), ("all", "\n".join(EXTRAS.values()))):
        python = make_environment(place / extra, f"{wheel}[{extra}]")
        run(python, "-c", code, cwd=place / "outside")
        if extra in ("cli", "all"):
            command = python.with_name("asgi-routes")
            run(command, "match", "quickstart:app", "/users/7/", cwd=place / "outside")
            run(command, "check", "quickstart:app", cwd=place / "outside")
        say(f"asgi-routes[{extra}] works")


def write_sbom(environment: Path, file: Path) -> None:
    """Write the bill of materials of what the core brings."""
    command = (sys.executable, "-m", "cyclonedx_py", "environment", "--output-reproducible")
    run(*command, "--output-file", file, environment, cwd=ROOT)
    say(f"wrote {file.name}")


if __name__ == "__main__":
    main()
