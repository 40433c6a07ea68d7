"""Ending with whoever started us."""

import os
import signal
import threading
import time

LOOK_SECONDS = 0.2
GRACE_SECONDS = 3.0


def end_with_parent(parent: int) -> None:
    """End this process soon after `parent`, its parent, is gone: gracefully at first, then at once.

    A parent that is killed with -9 tells nobody; its children would go on serving and keep the port. A thread that
    looks at the parent's id works on every Unix, unlike PR_SET_PDEATHSIG.
    """

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(LOOK_SECONDS)
        os.kill(os.getpid(), signal.SIGTERM)
        time.sleep(GRACE_SECONDS)
        os._exit(1)

    threading.Thread(target=watch, name="lifeline", daemon=True).start()
