"""Voice messages (flag 8192): one sound with its length and wave form, nothing beside it, never edited."""

from __future__ import annotations

import base64
import binascii
from typing import Any

from bot.local.errors import Json, Problems, Refusal
from bot.local.permissions import Permission, in_channel
from bot.local.uploads import Upload, media_type
from bot.local.world import World

VOICE = 1 << 13
LONGEST, WAVEFORM = 2_147_483_647, 400
"""The largest `duration_secs`, and how many characters `waveform` may have (base64, one byte for each point)."""
_ADDITIONAL = ("content", "embeds", "components", "poll", "sticker_ids", "message_snapshots")


def is_voice_message(body: Json) -> bool:
    """Whether a request for a message, or a message's record, is about a voice message."""
    return bool((body.get("flags") or 0) & VOICE)


def check_voice_message(
    world: World, channel: Json, author_id: str, body: Json, uploads: list[Upload]
) -> None:
    """Refuse with 50173 (not allowed here), 50159 (more than sound), 50160 (not one sound), 50161 (no metadata)."""
    if not in_channel(world.state, channel, author_id) & Permission.SEND_VOICE_MESSAGES:
        raise Refusal(403, 50173, "You cannot send voice messages in this channel.")
    if any(body.get(name) for name in _ADDITIONAL):
        raise Refusal(400, 50159, "Voice messages do not support additional content.")
    if len(uploads) != 1 or not media_type(uploads[0]).startswith("audio/"):
        raise Refusal(400, 50160, "Voice messages must have a single audio attachment.")
    described = [one for one in body.get("attachments") or [] if str(one.get("id")) == uploads[0].index]
    if not described or any(described[0].get(name) is None for name in ("duration_secs", "waveform")):
        raise Refusal(400, 50161, "Voice messages must have supporting metadata.")
    _check_metadata(described[0])


def refuse_edit(record: Json) -> None:
    """Refuse with 50162 where the message is a voice message."""
    if is_voice_message(record):
        raise Refusal(400, 50162, "Voice messages cannot be edited.")


def _check_metadata(described: Json) -> None:
    problems = Problems()
    at = problems.at("attachments", 0)
    seconds = described["duration_secs"]
    if isinstance(seconds, bool) or not isinstance(seconds, int | float):
        at.at("duration_secs").add("NUMBER_TYPE_COERCE", f'Value "{seconds}" is not float.')
    elif not 0 <= seconds <= LONGEST:
        at.at("duration_secs").add("NUMBER_TYPE_MAX", f"float value should be between 0 and {LONGEST}.")
    waveform = described["waveform"]
    if at.at("waveform").text(waveform, 0, WAVEFORM) and not _is_base64(waveform):
        at.at("waveform").add("BASE64_TYPE_INVALID", "The value is no base64.")
    problems.refuse()


def _is_base64(text: Any) -> bool:
    try:
        base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return False
    return True
