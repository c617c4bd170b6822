"""The token without which the worker speaks with nobody's voice: made by the bot, checked by the worker.

It is signed with a key that the bot makes at each start and hands to the one family that copies voices, so that
neither a job's row nor a file can stand in for a living consent. Standard library only.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
import math
import re
import secrets
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any, Final

KEY_VARIABLE: Final = "ATELIER_VOICE_KEY"
"""Environment variable of the bot and of the worker of `FAMILY`; a new value at each start of the bot."""
FAMILY: Final = "speech"
PURPOSE: Final = "speech"
MOST_CLIPS: Final = 3
LONGEST_S: Final = 4 * 3600.0
"""No token is good for longer, whatever the consent says: each job gets a fresh one when it starts."""
_VERSION: Final = 1
_KEY_BYTES: Final = 32
_LIMIT: Final = 2000
_SHA256: Final = re.compile(r"[0-9a-f]{64}")


class TokenCheck(StrEnum):
    """The check that refused. For tests and counts; people read one sentence for all of them."""

    KEY = "token.key"
    NONE = "token.none"
    FORM = "token.form"
    SIGNATURE = "token.signature"
    JOB = "token.job"
    VOICE = "token.voice"
    SAMPLES = "token.samples"
    MODEL = "token.model"
    PURPOSE = "token.purpose"
    LATE = "token.late"
    LONG = "token.long"


class TokenRefused(Exception):
    """Nobody's consent; `check` says why. Holds nothing of the token."""

    def __init__(self, check: TokenCheck) -> None:
        self.check = check
        super().__init__(check.value)


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """What a token is good for: one job, with these very clips, on one model.

    `samples`: SHA-256 in hex of every clip of the voice, in any order; `until` in seconds since 1970.
    """

    job: str
    voice: str
    samples: frozenset[str]
    model: str
    until: float
    purpose: str = PURPOSE


def new_key() -> str:
    """A fresh key in the form that the environment carries."""
    return secrets.token_hex(_KEY_BYTES)


def hash_sample(contents: bytes) -> str:
    return hashlib.sha256(contents).hexdigest()


def make_token(claim: Claim, key: str, *, now: float) -> str:
    """A token for `claim`, good until then, but for `LONGEST_S` at most. Raises ValueError."""
    if not are_samples(claim.samples) or not all((claim.job, claim.voice, claim.model, claim.purpose)):
        raise ValueError("a token needs a job, a voice, a model, a purpose and one to three clips")
    if not math.isfinite(claim.until) or claim.until <= now:
        raise ValueError("a token needs a time that is still to come")
    plain = asdict(claim) | {
        "samples": sorted(claim.samples),
        "until": min(claim.until, now + LONGEST_S),
        "version": _VERSION,
    }
    body = json.dumps(plain, sort_keys=True, separators=(",", ":")).encode()
    return f"{_text(body)}.{_text(_sign(body, key))}"


def check_token(token: object, key: str | None, wanted: Claim, *, now: float) -> float:
    """Until when `token` allows `wanted`, whose own `until` does not count. Raises TokenRefused."""
    if not is_key(key) or key is None:
        raise TokenRefused(TokenCheck.KEY)
    claim = _read(token, key)
    checks = {
        TokenCheck.JOB: claim.job == wanted.job,
        TokenCheck.VOICE: claim.voice == wanted.voice,
        TokenCheck.SAMPLES: are_samples(wanted.samples) and claim.samples == wanted.samples,
        TokenCheck.MODEL: claim.model == wanted.model,
        TokenCheck.PURPOSE: claim.purpose == wanted.purpose,
        TokenCheck.LATE: now < claim.until,
        TokenCheck.LONG: claim.until - now <= LONGEST_S,
    }
    for check, passed in checks.items():
        if not passed:
            raise TokenRefused(check)
    return claim.until


def is_key(key: object) -> bool:
    return isinstance(key, str) and re.fullmatch(r"[0-9a-f]{64}", key) is not None


def are_samples(hashes: Iterable[object]) -> bool:
    """One to three different SHA-256 in hex."""
    found = list(hashes)
    texts = {one for one in found if isinstance(one, str) and _SHA256.fullmatch(one)}
    return 1 <= len(found) == len(texts) <= MOST_CLIPS


def _read(token: object, key: str) -> Claim:
    """Nothing in a token is looked at before its signature is right."""
    if not isinstance(token, str) or not token:
        raise TokenRefused(TokenCheck.NONE)
    body, _, signature = token.partition(".")
    if len(token) > _LIMIT or not body or not signature:
        raise TokenRefused(TokenCheck.FORM)
    try:
        # one way only to write a token: bits beside the bytes do not count as another
        plain, signed = _bytes(body), _bytes(signature)
        exact = (_text(plain), _text(signed)) == (body, signature)
    except (binascii.Error, ValueError):
        exact = False
    if not exact:
        raise TokenRefused(TokenCheck.FORM)
    if not hmac.compare_digest(signed, _sign(plain, key)):
        raise TokenRefused(TokenCheck.SIGNATURE)
    return _claim(plain)


def _claim(body: bytes) -> Claim:
    try:
        plain: Mapping[str, Any] = json.loads(body)
        claim = Claim(
            **{name: plain[name] for name in ("job", "voice", "model", "purpose", "until")},
            samples=frozenset(plain["samples"]),
        )
        whole = plain["version"] == _VERSION and _is_time(claim.until)
    except (ValueError, KeyError, TypeError):
        whole = False
    if not whole:
        raise TokenRefused(TokenCheck.FORM)
    return claim


def _is_time(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value)


def _sign(body: bytes, key: str) -> bytes:
    return hmac.digest(bytes.fromhex(key), b"klassenatelier voice\0" + body, "sha256")


def _text(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode("ascii")


def _bytes(text: str) -> bytes:
    return base64.urlsafe_b64decode(text.encode("ascii") + b"=" * (-len(text) % 4))
