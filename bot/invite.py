"""The link with which a teacher brings the bot onto a server, with the smallest permissions that suffice."""

from __future__ import annotations

import base64
import binascii
from urllib.parse import urlencode

PERMISSIONS = {
    "view_channel": 1 << 10,
    "send_messages": 1 << 11,
    "embed_links": 1 << 14,
    "attach_files": 1 << 15,
    "read_message_history": 1 << 16,
    "create_public_threads": 1 << 35,
    "send_messages_in_threads": 1 << 38,
}
"""Discord's permission bits. History is read so that nothing is posted twice after a crash. A conversation has a
thread of its own; to lock it at its end would take "manage threads", which reaches into everybody's threads."""

SETUP_PERMISSIONS = {"manage_channels": 1 << 4, "manage_roles": 1 << 28}
"""Only for `/set-up` to make channels and roles by itself; can be taken away afterwards."""


def application_id_of(token: str) -> str | None:
    """The application's id, which is the first part of its bot token in base64; None if it is not a token."""
    first = token.split(".", 1)[0]
    try:
        decoded = base64.urlsafe_b64decode(first + "=" * (-len(first) % 4)).decode("ascii")
    except (binascii.Error, ValueError):
        return None
    return decoded if decoded.isdigit() and 15 <= len(decoded) <= 20 else None


def invite_link(application_id: str, *, for_setup: bool = False) -> str:
    """`for_setup`: with the permissions to make channels and roles. Opened again, a link changes what the bot may."""
    wanted = {**PERMISSIONS, **(SETUP_PERMISSIONS if for_setup else {})}
    query = {
        "client_id": application_id,
        "scope": "bot applications.commands",
        "permissions": str(sum(wanted.values())),
    }
    return f"https://discord.com/oauth2/authorize?{urlencode(query)}"
