"""Fuzz one target, guided by coverage: ``python -m tests.fuzz routes 200``; see `make fuzz`.

The corpus is a file of hexadecimal lines. It is unpacked for the fuzzer, and packed again with what was found,
less what reaches nothing that the rest does not.
"""

import subprocess
import sys
import tempfile
from pathlib import Path

from tests.fuzz.corpus import pack, unpack

_OPTIONS = ["-timeout=60", "-rss_limit_mb=1024"]
_LONGEST = {"trees": 1024}
"""How many bytes it takes to say what is wanted; 64 where nothing else is said."""


def main() -> int:
    """Run for so many seconds; what fails is printed, with the bytes that show it."""
    name, seconds = sys.argv[1], sys.argv[2]
    with tempfile.TemporaryDirectory() as folder:
        found, fewer = Path(folder, "found"), Path(folder, "fewer")
        unpack(name, found)
        fewer.mkdir()
        run = _fuzz(name, f"-max_total_time={seconds}", "-print_final_stats=1", found)
        merged = _fuzz(name, "-merge=1", "-verbosity=0", fewer, found)
        if merged == 0:
            pack(name, fewer)
    return run


def _fuzz(name: str, *options: str | Path) -> int:
    longest = f"-max_len={_LONGEST.get(name, 64)}"
    command = [sys.executable, "-W", "ignore", "-m", "tests.fuzz.running", name, longest, *_OPTIONS]
    return subprocess.run([*command, *map(str, options)], check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
