"""`python -m app` is the command `keyart`."""

import signal
from importlib import import_module


def main() -> None:
    """Run the command. While its modules are imported, which takes a second, Ctrl-C ends it without a message."""
    handler = signal.getsignal(signal.SIGINT)
    if handler is signal.default_int_handler:
        signal.signal(signal.SIGINT, signal.SIG_DFL)
    cli = import_module("app.cli")
    signal.signal(signal.SIGINT, handler)
    cli.main()


if __name__ == "__main__":
    main()
