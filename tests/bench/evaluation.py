"""`keyart evaluate` over a long log: seconds of processor time, and the most memory.

python -m tests.bench.evaluation --examples 1000000 logistic
"""

import argparse
import asyncio
import os
import random
import resource
import sys
import tempfile
from pathlib import Path
from subprocess import run

from app.records import Kind, encode
from app.store.protocol import Event
from app.store.sqlite import SqliteStore
from bandit.reward import RewardRules
from tests.builders import Clock, a_decision, a_draft, a_film, a_shelf

FILMS = [a_film(f"film-{number}", 6) for number in range(200)]
PAGE = 100
VIEWERS = 50_000


async def fill(folder: Path, examples: int) -> None:
    """Log so many decisions, on pages of a hundred, of which one in twenty is clicked."""
    clock, rng = Clock(), random.Random(1)
    store = SqliteStore(folder, clock)
    await a_shelf(store.log, folder / "catalogue", *FILMS)
    await store.log.declare(encode(RewardRules(600_000)))
    for _ in range(examples // PAGE):
        profile = f"{rng.randrange(VIEWERS):032x}"
        seen = {
            "country": rng.choice(["DE", "FR", "JP"]),
            "device": rng.choice(["tv", "phone"]),
            "hour": "evening",
        }
        drafts = [
            a_draft(a_decision(film, rng.randrange(6), profile=profile, attributes=seen))
            for film in rng.choices(FILMS, k=PAGE)
        ]
        holds = await store.log.log_decisions(drafts)
        clicked = [hold for hold in holds if rng.random() < 0.05]
        await store.log.log_feedback([Event(Kind.CLICK, hold.decision, hold.nonce, False) for hold in clicked])
        clock.now += 1_000
    clock.now += 1_000_000
    await store.log.tick(1)
    await store.close()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--examples", type=int, default=1_000_000)
    parser.add_argument("policies", nargs="*")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(fill(Path(folder), asked.examples))
        command = [sys.executable, "-m", "app", "evaluate", *asked.policies]
        before = resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime
        run(command, env={**os.environ, "KEYART_DATA": folder}, check=True)
        used = resource.getrusage(resource.RUSAGE_CHILDREN)
        seconds, megabytes = used.ru_utime - before, used.ru_maxrss >> 10
        sys.stdout.write(f"{asked.examples} examples: {seconds:.1f} s of processor time, {megabytes} MB\n")


if __name__ == "__main__":
    main()
