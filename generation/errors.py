"""The errors a person may meet, as one small tree. Each carries a code; the sentence stands in `bot/locales`.

AtelierError                    code "internal"
├── InvalidInput                a person gave something that cannot be done; code e.g. "prompt_empty"
├── LimitReached                a person has too much waiting or running; code e.g. "limit_waiting"
├── NotAllowed                  this person may not do this; code "not_allowed"
├── NotFound                    job, picture or model is not there (any more); code e.g. "job_gone"
├── Refused                     a check of `moderation` said no; code "refused_<category>"
│   └── MoveRefused             a job was ended instead of moved; also a NotFound: it has moved on
└── WorkerError                 the work itself went wrong; code "worker_failed"
    ├── EnvironmentFailed       the family's environment could not be made; "environment_failed", "no_compiler"
    ├── ModelMissing            the model's files are not on this machine; "model_missing", damaged: "model_broken"
    ├── WorkerCrashed           the process ended in the middle; "worker_crashed"
    ├── WorkerHung              no sign of life or no progress; "worker_hung"
    ├── WorkerGarbage           something that is not the protocol came; "worker_garbage"
    ├── OutOfMemory             the accelerator's memory did not suffice; "out_of_memory"
    └── TaskCancelled           cancelled on request; "cancelled"

`values` are put into the sentence's placeholders: numbers and short words only, never a prompt.
"""

from __future__ import annotations

from typing import ClassVar

Value = str | int | float


class AtelierError(Exception):
    """An error with a code from the tree above; `values` fill the sentence's placeholders."""

    default_code: ClassVar[str] = "internal"

    def __init__(self, code: str | None = None, /, **values: Value) -> None:
        self.code = code or self.default_code
        self.values = values
        super().__init__(self.code)

    def __str__(self) -> str:
        return " ".join([self.code, *(f"{name}={value}" for name, value in self.values.items())])


class InvalidInput(AtelierError):
    default_code = "invalid_input"


class LimitReached(AtelierError):
    default_code = "limit_waiting"


class NotAllowed(AtelierError):
    default_code = "not_allowed"


class NotFound(AtelierError):
    default_code = "job_gone"


class Refused(AtelierError):
    default_code = "refused"


class MoveRefused(Refused, NotFound):
    """A rule that is read inside a move's transaction sent the job to `refused`; `job_id` is whose. Committed."""

    def __init__(self, code: str, /, *, job_id: str) -> None:
        super().__init__(code)
        self.job_id = job_id


class WorkerError(AtelierError):
    default_code = "worker_failed"


class EnvironmentFailed(WorkerError):
    default_code = "environment_failed"


class ModelMissing(WorkerError):
    default_code = "model_missing"


class WorkerCrashed(WorkerError):
    default_code = "worker_crashed"


class WorkerHung(WorkerError):
    default_code = "worker_hung"


class WorkerGarbage(WorkerError):
    default_code = "worker_garbage"


class OutOfMemory(WorkerError):
    default_code = "out_of_memory"


class TaskCancelled(WorkerError):
    default_code = "cancelled"
