"""The slash commands, one file a medium. `EXTENSIONS` is the list by hand of what the bot loads."""

EXTENSIONS = (
    "cogs.image",
    "cogs.text",
    "cogs.chat",
    "cogs.next_word",
    "cogs.tokens",
    "cogs.likely",
    "cogs.book",
    "cogs.music",
    "cogs.music_kit",
    "cogs.notes",
    "cogs.video",
    "cogs.clip",
    "cogs.speech",
    "cogs.check",
    "cogs.consent",
    "cogs.prompt_help",
    "cogs.models",
    "cogs.revoke",
    "cogs.queue",
    "cogs.help",
)
