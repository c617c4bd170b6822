"""Uploaded files: streamed to a private folder, looked at just enough to say type and size in pixels, served back.

A file lies as `<files>/<attachment id>`; the id is unguessable and is all that is needed to read it.
"""

from __future__ import annotations

import asyncio
import re
import struct
import unicodedata
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

import aiohttp
from aiohttp import web

from bot.local.errors import Json, Refusal
from bot.local.ids import unguessable
from bot.local.world import World

TYPES = {
    "png": "image/png",
    "jpg": "image/jpeg",
    "jpeg": "image/jpeg",
    "gif": "image/gif",
    "webp": "image/webp",
    "mp3": "audio/mpeg",
    "wav": "audio/wav",
    "ogg": "audio/ogg",
    "opus": "audio/ogg",
    "flac": "audio/flac",
    "m4a": "audio/mp4",
    "mid": "audio/midi",
    "midi": "audio/midi",
    "mp4": "video/mp4",
    "webm": "video/webm",
    "mov": "video/quicktime",
    "txt": "text/plain; charset=utf-8",
    "md": "text/plain; charset=utf-8",
    "json": "application/json",
    "srt": "text/plain; charset=utf-8",
    "vtt": "text/vtt; charset=utf-8",
    "zip": "application/zip",
    "pdf": "application/pdf",
}
"""What a browser may show. Everything else is `application/octet-stream` and can only be saved."""


@dataclass(frozen=True)
class Upload:
    """A file that has arrived; `field` is the form's name for it, e.g. `files[0]`."""

    field: str
    attachment_id: str
    filename: str
    path: Path
    size: int

    @property
    def index(self) -> str:
        """`0` for `files[0]`; for a plain `file` the same."""
        found = re.search(r"\[(\d+)\]", self.field)
        return found[1] if found else "0"


@dataclass(frozen=True)
class Form:
    """A multipart request: the JSON part as text and the files."""

    payload: str | None
    uploads: list[Upload]

    def discard(self) -> None:
        """Remove the files again, after a refusal."""
        for one in self.uploads:
            one.path.unlink(missing_ok=True)


async def read_form(world: World, request: web.Request) -> Form:
    """Read a multipart request to its end. Refuses with 40005 what is too large, nothing of it is kept then."""
    form = Form(None, [])
    payload: str | None = None
    total, too_large = 0, False
    reader = await request.multipart()
    async for part in reader:
        if not isinstance(part, aiohttp.BodyPartReader):
            continue
        if part.filename is None:
            text = await part.text()
            payload = text if part.name == "payload_json" else payload
            continue
        upload = await _store(world, part)
        form.uploads.append(upload)
        total += upload.size
        too_large |= upload.size > world.limits.file_bytes or total > world.limits.request_bytes
    if too_large:
        form.discard()
        raise Refusal(413, 40005, "Request entity too large")
    return Form(payload, form.uploads)


async def _store(world: World, part: aiohttp.BodyPartReader) -> Upload:
    """Write one part to disk. Past the limit the rest is read and thrown away, so that the refusal arrives."""
    attachment_id = unguessable()
    path = world.files / attachment_id
    size = 0
    limit = world.limits.file_bytes
    file = await asyncio.to_thread(path.open, "wb")
    try:
        while chunk := await part.read_chunk(1 << 18):
            if size <= limit:
                await asyncio.to_thread(file.write, chunk)
            size += len(chunk)
    finally:
        await asyncio.to_thread(file.close)
    return Upload(part.name or "", attachment_id, clean_name(part.filename or "file"), path, size)


def clean_name(name: str) -> str:
    """A file name as Discord keeps it: no folders, no spaces, plain letters, digits, `.`, `-` and `_`."""
    plain = unicodedata.normalize("NFKD", PurePosixPath(name.replace("\\", "/")).name)
    kept = re.sub(r"[^A-Za-z0-9._-]", "", plain.replace(" ", "_")).lstrip(".")
    return kept[-200:] or "file"


def content_type(filename: str) -> str:
    return TYPES.get(filename.rsplit(".", 1)[-1].lower(), "application/octet-stream")


def media_type(upload: Upload, filename: str | None = None) -> str:
    """The type of a file that has arrived: by its name, and whether a container of films holds sound alone."""
    kind = content_type(filename or upload.filename)
    if kind not in ("video/webm", "video/mp4"):
        return kind
    with upload.path.open("rb") as file:
        head = file.read(1 << 16)
    sound, pictures = (b"A_", b"V_") if kind == "video/webm" else (b"soun", b"vide")
    return kind.replace("video", "audio") if sound in head and pictures not in head else kind


def attachment_record(upload: Upload, wanted: Json | None = None) -> Json:
    """The stored description of a file; `wanted` is the request's entry in `attachments`."""
    wanted = wanted or {}
    record: Json = {
        "id": upload.attachment_id,
        "filename": clean_name(wanted.get("filename") or upload.filename),
        "size": upload.size,
    }
    record["content_type"] = media_type(upload, record["filename"])
    for name in ("description", "title", "duration_secs", "waveform"):
        if wanted.get(name) is not None:
            record[name] = wanted[name]
    with upload.path.open("rb") as file:
        pixels = picture_size(file.read(1 << 16))
    if pixels is not None:
        record["width"], record["height"] = pixels
    return record


def picture_size(head: bytes) -> tuple[int, int] | None:
    """Width and height from the first bytes of a PNG, GIF, WebP or JPEG file."""
    if head.startswith(b"\x89PNG\r\n\x1a\n") and len(head) >= 24:
        return struct.unpack(">II", head[16:24])
    if head[:6] in (b"GIF87a", b"GIF89a") and len(head) >= 10:
        return struct.unpack("<HH", head[6:10])
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP" and len(head) >= 30:
        return _webp_size(head)
    return _jpeg_size(head) if head.startswith(b"\xff\xd8") else None


def _webp_size(head: bytes) -> tuple[int, int] | None:
    kind = head[12:16]
    if kind == b"VP8 ":
        width, height = struct.unpack("<HH", head[26:30])
        return width & 0x3FFF, height & 0x3FFF
    if kind == b"VP8L":
        bits = int.from_bytes(head[21:25], "little")
        return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
    if kind == b"VP8X":
        return int.from_bytes(head[24:27], "little") + 1, int.from_bytes(head[27:30], "little") + 1
    return None


def _jpeg_size(head: bytes) -> tuple[int, int] | None:
    place = 2
    while place + 9 <= len(head) and head[place] == 0xFF:
        marker = head[place + 1]
        if 0xC0 <= marker <= 0xCF and marker not in (0xC4, 0xC8, 0xCC):
            height, width = struct.unpack(">HH", head[place + 5 : place + 9])
            return width, height
        place += 2 + int.from_bytes(head[place + 2 : place + 4], "big")
    return None


async def serve(world: World, request: web.Request) -> web.StreamResponse:
    """`/attachments/<channel>/<id>/<filename>`: the file, in parts where a Range is asked for."""
    attachment_id, filename = request.match_info["id"], request.match_info["filename"]
    path = world.files / attachment_id
    if not attachment_id.isdigit() or not await asyncio.to_thread(path.is_file):
        return web.Response(status=404, text="This content is no longer available.")
    kind = content_type(filename)
    shown = kind.split("/")[0] in ("image", "audio", "video") or kind.startswith("text/plain")
    headers: dict[str, Any] = {
        "Content-Type": kind,
        "X-Content-Type-Options": "nosniff",
        "Content-Security-Policy": "default-src 'none'; sandbox",
        "Content-Disposition": f'{"inline" if shown else "attachment"}; filename="{clean_name(filename)}"',
        # A voice whose message was deleted must not go on playing from the browser's own store.
        "Cache-Control": "private, no-store"
        if kind.startswith(("audio", "video"))
        else "private, max-age=3600",
        "Cross-Origin-Resource-Policy": "same-origin",
    }
    return web.FileResponse(path, headers=headers)
