"""The folder in which a person at a terminal wants their files."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path


async def writable_folder(folder: Path) -> bool:
    """Make it if need be; False if nothing can be put there. Asked before minutes of work, not after."""
    try:
        await asyncio.to_thread(folder.mkdir, parents=True, exist_ok=True)
    except OSError:
        return False
    return await asyncio.to_thread(os.access, folder, os.W_OK | os.X_OK)
