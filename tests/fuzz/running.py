"""The fuzzer's own process: ``python -m tests.fuzz.running routes`` and options of libFuzzer."""

import sys

import atheris

with atheris.instrument_imports(include=["asgi_routes"]):
    from tests.fuzz.targets import TARGETS

if __name__ == "__main__":
    _, name, *options = sys.argv
    # To merge, libFuzzer has a shell start its program again.
    program = f"{sys.executable} -W ignore -m tests.fuzz.running {name}"
    atheris.Setup([program, *options], TARGETS[name])
    atheris.Fuzz()
