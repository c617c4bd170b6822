"""kill -9 at random moments: `python -m tests.process.kill_counts -n 500`.

Each point is a bot that is killed, sometimes again during its recovery, and then started to finish everything.
"""

from __future__ import annotations

import argparse
import asyncio
import logging
import os
import random
import signal
import sys
import tempfile
import time
import traceback
from pathlib import Path

from tests.process.life import Life, complaints

LONGEST_SECONDS = 0.3


def bot(folder: Path, seed: int, new_jobs: int) -> int:
    """Start a bot in a child process; its process id."""
    child = os.fork()
    if child:
        return child
    try:
        asyncio.run(Life(folder, seed).run(new_jobs=new_jobs))
    except BaseException:  # noqa: BLE001  a child must not go on with the parent's work
        traceback.print_exc()
        os._exit(1)
    os._exit(0)


def cut_off(child: int, seconds: float) -> bool:
    """Kill after that time; whether it was still running."""
    time.sleep(seconds)
    os.kill(child, signal.SIGKILL)
    _, status = os.waitpid(child, 0)
    return os.WIFSIGNALED(status)


def point(seed: int) -> tuple[bool, list[str]]:
    """One trial; whether the kill hit a running bot, and what was wrong afterwards."""
    draw = random.Random(seed)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        hit = cut_off(bot(folder, seed, 6), draw.uniform(0, LONGEST_SECONDS))
        wrong = complaints(folder, ended=False)
        if draw.random() < 0.3:
            cut_off(bot(folder, seed + 1, 0), draw.uniform(0, LONGEST_SECONDS / 4))
            wrong += complaints(folder, ended=False)
        _, status = os.waitpid(bot(folder, seed + 2, 1), 0)
        if status:
            wrong.append("the restarted bot failed")
        return hit, wrong + complaints(folder, ended=True)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("-n", type=int, default=500)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    logging.disable()
    hits, bad = 0, 0
    for number in range(options.n):
        hit, wrong = point(options.seed * 1_000_003 + number * 10)
        hits += hit
        bad += bool(wrong)
        for line in wrong:
            print(f"point {number}: {line}")
    print(f"kill -9: {bad} of {options.n} points lost or doubled something ({hits} hit a bot at work)")
    return int(bad > 0)


if __name__ == "__main__":
    sys.exit(main())
