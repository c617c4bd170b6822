"""How fast the text family writes, and how much of a thread it reads again.

In turns with llama-cpp-python's own completion on the same file, one thread each (`--threads`): tokens a second and the
time to the first token, which for a second question in a thread is compared with the same question to a model that has
just read something else. A family's worker, no bot. `python -m benchmarks.text`, with `--model` for another GGUF file.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import statistics
import tempfile
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from bot.families import environments_of
from bot.settings import Settings
from generation.budget import MemoryBudget
from generation.catalog import Catalog, ModelInfo
from generation.errors import AtelierError
from generation.supervisor import Request, Supervisor

ROOT = Path(__file__).parents[1]
BARE = Path(__file__).with_name("bare_text.py")
STORY = "Erzähl mir eine Geschichte von einem Fuchs und einer Eule im Wald. "
OPENING = ({"role": "system", "text": "Antworte freundlich."}, {"role": "user", "text": STORY * 4})
QUESTION = {"role": "user", "text": "Welche Farbe hat der Fuchs?"}
OTHER = {"role": "user", "text": "Was kommt nach drei? " * 4}


@dataclass(frozen=True)
class Measured:
    """Tokens a second; seconds to the first token of a second question, remembered and read anew; its tokens."""

    speed: float
    bare_speed: float
    first: float
    bare_first: float
    remembered: float
    anew: float
    again: float
    """Share of the thread's old tokens that the second question computed again."""


class Worker:
    """Answers of the family's worker."""

    def __init__(self, supervisor: Supervisor, model: ModelInfo, folder: Path) -> None:
        self._supervisor, self._model, self._folder, self._number = supervisor, model, folder, 0

    async def ask(
        self, *messages: Mapping[str, str], length: int, seed: int
    ) -> tuple[str, Mapping[str, Any]]:
        self._number += 1
        request = Request(
            family="text", task="text", params={"messages": list(messages), "temperature": 0.8, "length": length},
            job=f"bench{self._number}", attempt=1, seed=seed, out=self._folder / str(self._number), model=self._model,
        )  # fmt: skip
        outcome = await self._supervisor.run(request)
        return (outcome.out / "1.txt").read_text("utf-8"), outcome.facts


class Bare:
    """The baseline's process, its model loaded."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process

    async def call(self, **wanted: Any) -> dict[str, float]:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(wanted).encode() + b"\n")
        answer: dict[str, float] = json.loads(await self._process.stdout.readline())
        return answer


@asynccontextmanager
async def opened(file: Path | None, threads: int) -> AsyncIterator[tuple[Worker, Bare]]:
    os.environ["ATELIER_THREADS"] = str(threads)
    environments = environments_of(Settings(_env_file=None), report=print)  # type: ignore[call-arg]
    python = await environments.ensure("text")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        model = Catalog.read(ROOT / "generation" / "families", folder).get("mini-text")
        model = model if file is None else replace(model, id="given", path=file)
        supervisor = Supervisor(environments=environments, budget=MemoryBudget(64_000), lock_dir=folder)
        assert model.path is not None
        gguf = model.path if model.path.is_file() else next(model.path.glob("*.gguf"))
        process = await asyncio.create_subprocess_exec(
            str(python), str(BARE), str(gguf), str(threads),
            stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL,
        )  # fmt: skip
        try:
            yield Worker(supervisor, model, folder), Bare(process)
        finally:
            process.kill()
            await process.wait()
            await supervisor.close()
            await environments.close()


async def pair(worker: Worker, bare: Bare, *, length: int, seed: int) -> Measured:
    await worker.ask(OTHER, length=1, seed=seed)
    text, first = await worker.ask(*OPENING, length=length, seed=seed)
    thread = (*OPENING, {"role": "assistant", "text": text}, QUESTION)
    _, second = await worker.ask(*thread, length=length, seed=seed)
    await worker.ask(OTHER, length=1, seed=seed)
    _, anew = await worker.ask(*thread, length=length, seed=seed)
    _, alone = await worker.ask(QUESTION, length=1, seed=seed)
    plain = await bare.call(prompt="\n".join(one["text"] for one in OPENING), length=length, seed=seed)
    old = first["prompt_tokens"] + first["tokens"]
    return Measured(
        speed=first["tokens_per_second"],
        bare_speed=(plain["tokens"] - 1) / max(1e-9, plain["seconds"] - plain["first"]),
        first=first["first_token_seconds"],
        bare_first=plain["first"],
        remembered=second["first_token_seconds"],
        anew=anew["first_token_seconds"],
        again=max(0, second["evaluated_tokens"] - alone["prompt_tokens"]) / old,
    )


async def measure(*, pairs: int, length: int, file: Path | None, threads: int) -> None:
    async with opened(file, threads) as (worker, bare):
        await pair(worker, bare, length=length, seed=0)  # loads the model
        found = [await pair(worker, bare, length=length, seed=seed) for seed in range(1, pairs + 1)]
    line("tokens a second", [(one.speed, one.bare_speed) for one in found], "")
    line("first token of a thread", [(one.first * 1000, one.bare_first * 1000) for one in found], " ms")
    line(
        "first token of a second question, remembered / anew",
        [(o.remembered * 1000, o.anew * 1000) for o in found],
        " ms",
    )
    print(f"text old tokens computed again: {max(one.again for one in found):.1%} at most (aim 5 %)")


def line(name: str, figures: list[tuple[float, float]], unit: str) -> None:
    ours, baseline = (statistics.median(column) for column in zip(*figures, strict=True))
    ratio = statistics.median(mine / other for mine, other in figures)
    print(f"text {name}: {ours:.1f}{unit} / {baseline:.1f}{unit} = {ratio:.2f}", flush=True)


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pairs", type=int, default=9)
    parser.add_argument("--length", type=int, default=120)
    parser.add_argument("--model", type=Path, help="a GGUF file instead of the mini model")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--quick", action="store_true", help="one pair, ten tokens")
    options = parser.parse_args(arguments)
    pairs, length = (1, 10) if options.quick else (options.pairs, options.length)
    if options.model is not None and not options.model.is_file():
        parser.error(f"there is no file {options.model}")
    try:
        asyncio.run(measure(pairs=pairs, length=length, file=options.model, threads=options.threads))
    except AtelierError as error:
        parser.error(str(error))


if __name__ == "__main__":
    main()
