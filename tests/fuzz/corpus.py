"""The inputs that the fuzzer has kept, one in each line of a file."""

import hashlib
from pathlib import Path

_FOLDER = Path(__file__).parent / "kept"


def inputs(name: str) -> list[bytes]:
    """Return what was kept for a target."""
    return [bytes.fromhex(line) for line in _file(name).read_text().splitlines()]


def unpack(name: str, folder: Path) -> None:
    """Write each input to a file of its own, as the fuzzer wants them."""
    folder.mkdir()
    for data in inputs(name):
        (folder / hashlib.sha1(data, usedforsecurity=False).hexdigest()).write_bytes(data)


def pack(name: str, folder: Path) -> None:
    """Keep what is in the files of a folder, and nothing else."""
    lines = {file.read_bytes().hex() for file in folder.iterdir()} - {""}
    _file(name).write_text("".join(f"{line}\n" for line in sorted(lines)))


def _file(name: str) -> Path:
    return _FOLDER / f"{name}.txt"
