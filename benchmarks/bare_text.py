"""The baseline of `text.py`: llama-cpp-python's own completion, in the text family's environment.

Started with the model's file; for each line {"prompt", "length", "seed"} it prints {"first", "seconds", "tokens"}.
"""

from __future__ import annotations

import json
import sys
import time

from llama_cpp import Llama


def main(path: str, threads: int) -> None:
    model = Llama(path, n_ctx=0, n_threads=threads, n_threads_batch=threads, verbose=False)
    for line in sys.stdin:
        wanted = json.loads(line)
        model.reset()
        began, first, tokens = time.perf_counter(), 0.0, 0
        parts = model.create_completion(
            wanted["prompt"], max_tokens=wanted["length"], seed=wanted["seed"], temperature=0.8, stream=True
        )
        for _ in parts:
            first = first or time.perf_counter() - began
            tokens += 1
        print(
            json.dumps({"first": first, "seconds": time.perf_counter() - began, "tokens": tokens}), flush=True
        )


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
