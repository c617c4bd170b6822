"""What can go wrong with the files of a model; the sentence of each code stands in `bot/locales`."""

from __future__ import annotations

from generation.errors import AtelierError


class PullFailed(AtelierError):
    """Nothing was installed; what was fetched so far waits for the next try unless the sentence says otherwise."""

    default_code = "pull_failed"


class ModelFilesWrong(AtelierError):
    """Files of an installed model are missing or not those that belong there, or it cannot be removed."""

    default_code = "verify_failed"
