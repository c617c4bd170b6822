"""The environment variables a worker gets: an allow-list, so that no secret reaches model code."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from generation import voice_token

# fmt: off
_NAMES = frozenset({
    "APPDATA", "ATELIER_THREADS", "COMSPEC", "DYLD_LIBRARY_PATH", "HF_HOME", "HOME", "LANG",
    "LANGUAGE", "LD_LIBRARY_PATH", "LOCALAPPDATA", "NUMBER_OF_PROCESSORS", "PATH", "PATHEXT",
    "SYSTEMDRIVE", "SYSTEMROOT", "TEMP", "TMP", "TMPDIR", "TZ", "USERPROFILE", "WINDIR",
    "XDG_CACHE_HOME",
})
# fmt: on
_PREFIXES = (
    "LC_",
    "CUDA_",
    "CUBLAS_",
    "NVIDIA_",
    "HIP_",
    "HSA_",
    "ROCR_",
    "ROCM_",
    "MIOPEN_",
    "ZE_",
    "SYCL_",
    "PYTORCH_",
)
_SECRET = ("TOKEN", "SECRET", "PASSWORD", "KEY")
_SECRETS_OF: Mapping[str, frozenset[str]] = {voice_token.FAMILY: frozenset({voice_token.KEY_VARIABLE})}
"""The one secret that a worker gets: what it checks the tokens of consents with."""


def worker_environment(
    inherited: Mapping[str, str], *, family: str, heartbeat: float, family_lock: Path | None
) -> dict[str, str]:
    """What of `inherited` a worker of `family` may see, plus what it needs to know.

    ATELIER_THREADS also bounds the threads of numerical libraries, which read their variable when they are
    loaded.
    """
    own = _SECRETS_OF.get(family, frozenset())
    allowed = {name: value for name, value in inherited.items() if name in own or _is_allowed(name)}
    if threads := inherited.get("ATELIER_THREADS"):
        allowed |= {"OMP_NUM_THREADS": threads, "MKL_NUM_THREADS": threads, "OPENBLAS_NUM_THREADS": threads}
    if family_lock is not None:
        allowed["ATELIER_FAMILY_LOCK"] = str(family_lock)
    return allowed | {
        "ATELIER_PARENT": str(os.getpid()),
        "ATELIER_HEARTBEAT": str(heartbeat),
        # A missing file would otherwise be looked for on the network for minutes.
        "HF_HUB_OFFLINE": "1",
        "TRANSFORMERS_OFFLINE": "1",
        "PYTHONNOUSERSITE": "1",
        "PYTHONUTF8": "1",
    }


def _is_allowed(name: str) -> bool:
    upper = name.upper()
    if any(word in upper for word in _SECRET):
        return False
    return upper in _NAMES or upper.startswith(_PREFIXES)
