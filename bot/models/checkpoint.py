"""Whether a torch checkpoint is numbers and settings only: looked at opcode by opcode, never rebuilt.

It is an archive with one pickle and the numbers beside it. A pickle can name any function to be called; these may
name what rebuilds numbers and nodes of settings. Workers read it as strictly again (torch's `weights_only`).
"""

from __future__ import annotations

import pickletools
import zipfile
from pathlib import Path

_PICKLE = "data.pkl"
_LIMIT = 64 * 1024 * 1024
"""Bytes of a pickle; the numbers are not in it."""
_STORAGES = frozenset(
    f"torch {kind}Storage" for kind in ("BFloat16", "Bool", "Double", "Float", "Half", "Int", "Long")
)
_NODES = frozenset(
    f"omegaconf.nodes {kind}Node" for kind in ("Any", "Boolean", "Bytes", "Float", "Integer", "String")
)
_BUILTINS = frozenset(
    f"{module} {kind}"
    for module in ("builtins", "__builtin__")
    for kind in ("bool", "dict", "float", "int", "list", "long", "str", "unicode")
)
_NAMES = (
    _STORAGES
    | _NODES
    | _BUILTINS
    | {
        "collections OrderedDict",
        "collections defaultdict",
        "omegaconf.base ContainerMetadata",
        "omegaconf.base Metadata",
        "omegaconf.dictconfig DictConfig",
        "omegaconf.listconfig ListConfig",
        "torch._utils _rebuild_parameter",
        "torch._utils _rebuild_tensor_v2",
        "typing Any",
    }
)
_OTHER_WAYS = frozenset({"EXT1", "EXT2", "EXT4", "INST", "OBJ", "STACK_GLOBAL"})
"""Opcodes that name something without saying it in one piece; torch writes none of them."""


def is_plain(file: Path) -> bool:
    """Raises OSError."""
    try:
        with zipfile.ZipFile(file) as archive:
            # torch looks names up without regard to small and capital letters
            pickles = [one for one in archive.infolist() if one.filename.lower().endswith(".pkl")]
            if len(pickles) != 1 or pickles[0].filename.rpartition("/")[2] != _PICKLE:
                return False
            if pickles[0].file_size > _LIMIT:
                return False
            return _names_nothing_else(archive.read(pickles[0]))
    except (zipfile.BadZipFile, ValueError, KeyError, IndexError, RuntimeError, NotImplementedError):
        return False  # not an archive, or not a pickle


def _names_nothing_else(pickle: bytes) -> bool:
    for opcode, argument, _ in pickletools.genops(pickle):
        if opcode.name in _OTHER_WAYS or (opcode.name == "GLOBAL" and argument not in _NAMES):
            return False
    return True
