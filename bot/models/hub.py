"""The hub, through its own client. The only place that imports it; it is imported by `atelier models` alone.

A token is read by the client from its own environment variable or file: it is never seen, kept or logged here.
"""

from __future__ import annotations

import contextlib
import errno
import os
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

# before the import: nobody is to be told who fetches what with which program
os.environ.setdefault("HF_HUB_DISABLE_TELEMETRY", "1")

import httpx2
from huggingface_hub import HfApi, ModelInfo, constants, hf_hub_url
from huggingface_hub.errors import (
    EntryNotFoundError,
    GatedRepoError,
    HfHubHTTPError,
    OfflineModeIsEnabled,
    RepositoryNotFoundError,
    RevisionNotFoundError,
)
from huggingface_hub.file_download import http_get
from huggingface_hub.utils import (  # type: ignore[attr-defined]
    build_hf_headers,
    disable_progress_bars,
    logging,
)

from bot.models.errors import PullFailed
from generation.model_entries import is_commit

_FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
_CODES: Mapping[type[Exception], str] = {
    GatedRepoError: "pull_gated",  # a kind of the next
    RepositoryNotFoundError: "pull_no_repository",
    RevisionNotFoundError: "pull_no_revision",
    EntryNotFoundError: "pull_file_missing",
}
_NO_ENTRY = frozenset({401, 403})
_DIGESTS = {"sha256": re.compile(r"[0-9a-f]{64}"), "git_sha1": re.compile(r"[0-9a-f]{40}")}
_NOT_A_HUB = (ValueError, TypeError, LookupError, AttributeError)
"""With these the client stumbles over answers of another shape, such as the log-in page of a school's network."""


@dataclass(frozen=True, slots=True)
class RemoteFile:
    """What the hub says of a file: `sha256` of large ones, `git_sha1` (of git's blob) of the others.

    Raises ValueError for what is no size and no hash: hashes become names of files here.
    """

    size: int
    sha256: str | None
    git_sha1: str | None

    def __post_init__(self) -> None:
        if type(self.size) is not int or self.size < 0:
            raise ValueError("no size")
        for name, form in _DIGESTS.items():
            digest = getattr(self, name)
            if digest is not None and not form.fullmatch(digest):
                raise ValueError(f"no {name}")


@dataclass(frozen=True, slots=True)
class Listing:
    commit: str
    files: Mapping[str, RemoteFile]


class Hub:
    """Speaks to the hub at `endpoint` (None: the client's own setting, `HF_ENDPOINT`). Blocking."""

    def __init__(self, endpoint: str | None = None) -> None:
        disable_progress_bars()
        # what a broken connection had not filled up yet is lost; the client's own 10 MB are a minute on a slow line
        constants.DOWNLOAD_CHUNK_SIZE = 1024 * 1024
        # its warnings would come on top of our sentences
        logging.set_verbosity_error()  # type: ignore[no-untyped-call]
        self._endpoint = endpoint

    @property
    def address(self) -> str:
        return self._endpoint or constants.ENDPOINT

    def listing(self, repository: str, revision: str) -> Listing:
        """The files of a revision. Raises PullFailed."""
        with self._explained(repository):
            try:
                info = HfApi(endpoint=self._endpoint).model_info(
                    repository, revision=revision, files_metadata=True
                )
                return _listing(info)
            except HfHubHTTPError:
                raise
            except _NOT_A_HUB as error:
                raise PullFailed("pull_no_hub", address=self.address) from error

    def fetch(
        self, repository: str, commit: str, name: str, size: int, part: Path, on_size: Callable[[int], None]
    ) -> None:
        """Bring `part` to `size` bytes: what is there already is not fetched again. Raises PullFailed, OSError.

        `on_size` hears how long the file is by now. A connection that breaks is taken up again while bytes come.
        """
        url = hf_hub_url(repository, name, revision=commit, endpoint=self._endpoint)
        # compressed answers could not be resumed in the middle
        headers = {**build_hf_headers(), "Accept-Encoding": "identity"}
        with self._explained(repository, name), part.open("ab") as file:
            if file.tell() > size:
                file.truncate(0)
            counted: Any = _Counted(file, on_size, size, PullFailed("pull_wrong_size", file=name))
            http_get(url, counted, resume_size=file.tell(), headers=headers, expected_size=size)
            file.flush()
            os.fsync(file.fileno())

    @contextlib.contextmanager
    def _explained(self, repository: str, name: str = "") -> Iterator[None]:
        try:
            yield
        except (httpx2.HTTPError, OfflineModeIsEnabled, EntryNotFoundError) as error:
            raise self._failure(error, repository, name) from error
        except OSError as error:
            if error.errno is not None:
                raise  # the disk's
            raise PullFailed("pull_cut", address=self.address) from error  # the client: too few bytes came

    def _failure(self, error: Exception, repository: str, name: str) -> PullFailed:
        if isinstance(error, HfHubHTTPError | EntryNotFoundError):
            code = next((code for kind, code in _CODES.items() if isinstance(error, kind)), "pull_hub")
            status = error.response.status_code if isinstance(error, HfHubHTTPError) else 404
            if code == "pull_hub" and status in _NO_ENTRY:
                code = "pull_gated"
            return PullFailed(code, repository=repository, file=name, status=status)
        offline = isinstance(error, httpx2.ConnectError | OfflineModeIsEnabled)
        return PullFailed("pull_offline" if offline else "pull_cut", address=self.address)


def _listing(info: ModelInfo) -> Listing:
    """Raises ValueError and the like for what no hub says."""
    if not isinstance(info.sha, str) or not is_commit(info.sha):
        raise ValueError("no commit")
    files = {
        one.rfilename: RemoteFile(one.size, one.lfs.sha256 if one.lfs else None, one.blob_id)
        for one in info.siblings or []
        if one.size is not None
    }
    return Listing(info.sha, files)


class _Counted:
    """A file that tells its length after every write and takes `limit` bytes: nobody fills the disk with more."""

    def __init__(
        self, file: IO[bytes], on_size: Callable[[int], None], limit: int, beyond: PullFailed
    ) -> None:
        self._file = file
        self._on_size = on_size
        self._limit = limit
        self._beyond = beyond

    def write(self, data: bytes) -> int:
        if self._file.tell() + len(data) > self._limit:
            self._file.truncate(0)
            raise self._beyond
        written = self._file.write(data)
        self._on_size(self._file.tell())
        return written

    def seek(self, offset: int) -> int:
        return self._file.seek(offset)

    def truncate(self) -> int:
        size = self._file.truncate()
        self._on_size(size)
        return size

    def tell(self) -> int:
        return self._file.tell()


def is_full(error: OSError) -> bool:
    """Whether the disk, a quota or a limit has no room left."""
    return error.errno in _FULL
