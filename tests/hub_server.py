"""A hub on loopback: the part of its protocol that downloads need, with faults on request.

Large files are redirected to a second address, as the real hub sends one to its content network.
"""

from __future__ import annotations

import hashlib
import json
import threading
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, ClassVar
from urllib.parse import unquote, urlsplit

FOR_EVER = -1
LARGE = (".safetensors", ".gguf")


@dataclass
class Repository:
    """`claims`: sizes that the hub tells instead of the true ones; `spoilt`: names whose bytes come changed;
    `gated`: the status with which files are refused.
    """

    commit: str
    files: dict[str, bytes]
    gated: int | None = None
    claims: dict[str, int] = field(default_factory=dict)
    spoilt: set[str] = field(default_factory=set)

    def listing(self, name: str) -> dict[str, Any]:
        siblings = []
        for file, body in self.files.items():
            size = self.claims.get(file, len(body))
            one: dict[str, Any] = {"rfilename": file, "size": size, "blobId": git_sha1(body)}
            if file.endswith(LARGE):
                one["lfs"] = {"sha256": sha256(body), "size": size, "pointerSize": 135}
            siblings.append(one)
        return {"id": name, "modelId": name, "sha": self.commit, "siblings": siblings, "private": False}

    def body(self, name: str) -> bytes:
        body = self.files[name]
        return body[:-1] + bytes([body[-1] ^ 1]) if name in self.spoilt else body


@dataclass(frozen=True)
class Call:
    """A request: `start` of its range, `sent` bytes of the body, whether it carried a token."""

    method: str
    path: str
    start: int
    sent: int
    token: str | None


class HubServer:
    """`cuts[name]`: after how many bytes the connection ends, one number a request; FOR_EVER: at once, from then on.

    `pause` seconds are waited for after each 64 KiB. `listing` stands in place of every list of files.
    """

    def __init__(self) -> None:
        self.repositories: dict[str, Repository] = {}
        self.cuts: dict[str, list[int]] = defaultdict(list)
        self.calls: list[Call] = []
        self.pause: float = 0
        self.listing: bytes | None = None
        self._stop = threading.Event()
        self._servers = [
            ThreadingHTTPServer(("127.0.0.1", 0), type("Handler", (_Handler,), {"hub": self, "cdn": cdn}))
            for cdn in (False, True)
        ]

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self._servers[0].server_port}"

    def sent(self, name: str) -> int:
        """Bytes of `name` that have gone out."""
        return sum(call.sent for call in self.calls if call.path.endswith(f"/{name}"))

    @contextmanager
    def running(self) -> Iterator[HubServer]:
        threads = [
            threading.Thread(target=one.serve_forever, args=(0.02,), daemon=True) for one in self._servers
        ]
        for thread in threads:
            thread.start()
        try:
            yield self
        finally:
            self.stop()

    def stop(self) -> None:
        self._stop.set()
        for server in self._servers:
            server.shutdown()
            server.server_close()

    @property
    def cdn_port(self) -> int:
        return self._servers[1].server_port

    def wait(self) -> bool:
        """The pause; true when the server is being stopped."""
        return self._stop.wait(self.pause)


class _Handler(BaseHTTPRequestHandler):
    hub: ClassVar[HubServer]
    cdn: ClassVar[bool]
    protocol_version = "HTTP/1.1"

    def log_message(self, *_: Any) -> None:
        return

    def do_HEAD(self) -> None:
        self.do_GET()

    def do_GET(self) -> None:
        parts = unquote(urlsplit(self.path).path).strip("/").split("/")
        if self.cdn:
            self._body("/".join(parts[:2]), "/".join(parts[2:]))
        elif parts[:2] == ["api", "models"]:
            self._listing("/".join(parts[2:4]), parts[5] if len(parts) > 5 else "main")
        else:
            self._resolve("/".join(parts[:2]), parts[3], "/".join(parts[4:]))

    def _listing(self, name: str, revision: str) -> None:
        repository = self.hub.repositories.get(name)
        if repository is None:
            # the real one does not tell strangers what does not exist
            return self._answer(401, {"X-Error-Code": "RepoNotFound"})
        if revision not in (repository.commit, "main"):
            return self._answer(404, {"X-Error-Code": "RevisionNotFound"})
        body = self.hub.listing or json.dumps(repository.listing(name)).encode()
        return self._answer(200, {"Content-Type": "application/json"}, body)

    def _resolve(self, name: str, _revision: str, file: str) -> None:
        repository = self.hub.repositories[name]
        if repository.gated is not None:
            return self._answer(
                repository.gated, {"X-Error-Code": "GatedRepo"} if repository.gated < 500 else {}
            )
        if not file.endswith(LARGE):
            return self._body(name, file)
        place = f"http://127.0.0.1:{self.hub.cdn_port}/{name}/{file}"
        return self._answer(302, {"Location": place, "X-Repo-Commit": repository.commit})

    def _body(self, name: str, file: str) -> None:
        body = self.hub.repositories[name].body(file)
        start = int(self.headers.get("Range", "bytes=0-").removeprefix("bytes=").split("-")[0])
        headers = {"Accept-Ranges": "bytes", "ETag": f'"{sha256(body)}"'}
        if start:
            headers["Content-Range"] = f"bytes {start}-{len(body) - 1}/{len(body)}"
        limit = _next_cut(self.hub.cuts[file])
        self._answer(206 if start else 200, headers, body[start:], limit=limit, start=start)

    def _answer(
        self,
        status: int,
        headers: dict[str, str],
        body: bytes = b"",
        *,
        limit: int | None = None,
        start: int = 0,
    ) -> None:
        self.send_response(status)
        for key, value in {**headers, "Content-Length": str(len(body))}.items():
            self.send_header(key, value)
        self.end_headers()
        sent = 0
        if self.command != "HEAD":
            sent = self._send(body if limit is None else body[:limit])
        token = self.headers.get("Authorization")
        self.hub.calls.append(Call(self.command, urlsplit(self.path).path, start, sent, token))
        if limit is not None:
            self.close_connection = True

    def _send(self, body: bytes) -> int:
        for at in range(0, len(body), 65536):
            try:
                self.wfile.write(body[at : at + 65536])
            except OSError:  # whoever asked is gone
                self.close_connection = True
                return at
            if self.hub.pause and self.hub.wait():
                return at
        return len(body)


def _next_cut(cuts: list[int]) -> int | None:
    if not cuts:
        return None
    return 0 if cuts[0] == FOR_EVER else cuts.pop(0)


def sha256(body: bytes) -> str:
    return hashlib.sha256(body).hexdigest()


def git_sha1(body: bytes) -> str:
    return hashlib.sha1(b"blob %d\0" % len(body) + body, usedforsecurity=False).hexdigest()
