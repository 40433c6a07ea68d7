"""Load one module after another in processes of their own, and print which libraries each of them loads."""

import json
import os
import sys


def loaded(module: str) -> list[str]:
    """Return the packages outside the standard library that are there once a module is; a fork loads it."""
    source, sink = os.pipe()
    if os.fork() == 0:
        __import__(module)
        os.write(sink, json.dumps(sorted({name.partition(".")[0] for name in sys.modules})).encode())
        os._exit(0)
    os.close(sink)
    with os.fdopen(source) as read:
        found = set(json.load(read))
    return sorted(found - sys.stdlib_module_names)


if __name__ == "__main__":
    sys.stdout.write(json.dumps({name: loaded(name) for name in sys.argv[1:]}))
