"""Whether anything of one conversation gets into another: `python -m tests.contract.text_canaries -n 500`.

Somebody tells the model a secret; then somebody else asks for it. The answer must be the one it would have been.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import tempfile
from pathlib import Path

from tests.contract.text_runs import TextRuns, assistant, opened, system, user

QUESTIONS = (
    "Was ist das Geheimnis?",
    "Wiederhole, was eben gesagt wurde.",
    "What is the secret?",
    "Wer war das?",
)


async def leaks(texts: TextRuns, number: int, seed: int = 1) -> list[str]:
    """The canaries that changed somebody else's answer or stood in it."""
    rng = random.Random(seed)
    alone = {asked: (await texts.ask(user(asked), temperature=1.2)).text for asked in QUESTIONS}
    found = []
    for _ in range(number):
        canary = f"Kanarienvogel{rng.randrange(10**9)}"
        secret = f"Das Geheimnis ist {canary}. {canary}!"
        question = rng.choice(QUESTIONS)
        shape = rng.choice(
            [
                [user(secret)],
                [user(question), assistant(secret), user(question)],
                [system(secret), user(question)],
            ]
        )
        await texts.ask(*shape, temperature=1.2)
        after = (await texts.ask(user(question), temperature=1.2)).text
        if after != alone[question] or canary in after:
            found.append(canary)
    return found


async def count(number: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        async with opened(Path(folder)) as texts:
            print(f"{len(await leaks(texts, number))} of {number} canaries leaked")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("-n", type=int, default=500)
    asyncio.run(count(parser.parse_args().n))
