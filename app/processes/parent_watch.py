"""Ending a process when its parent ends."""

import os
import signal
import threading
import time

LOOK_SECONDS = 0.2
GRACE_SECONDS = 3.0


def end_with_parent(parent: int) -> None:
    """End this process soon after `parent`, its parent, is gone: first gracefully, then immediately.

    A parent that is killed with -9 notifies nobody; its children would continue to serve and keep the port. A
    thread that reads the parent's id works on every Unix, unlike PR_SET_PDEATHSIG.
    """

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(LOOK_SECONDS)
        os.kill(os.getpid(), signal.SIGTERM)
        time.sleep(GRACE_SECONDS)
        os._exit(1)

    threading.Thread(target=watch, name="lifeline", daemon=True).start()
