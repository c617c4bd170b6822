"""A small bot of every kind of command, for the tests of the class server. It is unmodified discord.py."""

from __future__ import annotations

import asyncio
import io
from typing import Any

import discord
from discord import app_commands

PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000002000000030802000000368849d6"
    "0000000c49444154789c63606060000000040001274c1b2d0000000049454e44ae426082"
)
GERMAN = {"bild": "gemälde", "prompt": "beschreibung"}


class German(app_commands.Translator):
    """Localises a few words, so that localisations pass through registration."""

    async def translate(
        self, string: app_commands.locale_str, locale: discord.Locale, context: Any
    ) -> str | None:
        return GERMAN.get(string.message) if locale is discord.Locale.german else None


class Buttons(discord.ui.View):
    """Buttons and a menu that answer in every way a component can."""

    def __init__(self) -> None:
        super().__init__(timeout=None)

    @discord.ui.button(label="Form", custom_id="form")
    async def form(self, interaction: discord.Interaction, _button: Any) -> None:
        await interaction.response.send_modal(Form())

    @discord.ui.button(label="Later", custom_id="later")
    async def later(self, interaction: discord.Interaction, _button: Any) -> None:
        await interaction.response.defer()
        await interaction.edit_original_response(content="edited later")

    @discord.ui.button(label="Private", custom_id="private")
    async def private(self, interaction: discord.Interaction, _button: Any) -> None:
        await interaction.response.defer(ephemeral=True, thinking=True)
        await interaction.followup.send("first follow-up")
        await interaction.followup.send("second follow-up")

    @discord.ui.button(label="Off", custom_id="off", disabled=True)
    async def off(self, interaction: discord.Interaction, _button: Any) -> None:
        raise AssertionError("cannot be pressed")

    @discord.ui.select(
        custom_id="menu",
        options=[discord.SelectOption(label="One", value="1"), discord.SelectOption(label="Two", value="2")],
        min_values=1,
        max_values=2,
    )
    async def menu(self, interaction: discord.Interaction, select: discord.ui.Select[Any]) -> None:
        await interaction.response.edit_message(content=f"chosen {select.values}", view=None)


class Form(discord.ui.Modal, title="A form"):
    """A text, and a menu in a label."""

    text: Any = discord.ui.TextInput(label="Text", custom_id="text", max_length=20)
    colour: Any = discord.ui.Label(
        text="Colour",
        component=discord.ui.Select(
            custom_id="colour",
            options=[discord.SelectOption(label="Red", value="red")],
            required=False,
            min_values=0,
        ),
    )

    async def on_submit(self, interaction: discord.Interaction) -> None:
        content = f"{self.text.value} {self.colour.component.values}"
        await interaction.response.send_message(content, ephemeral=True)


class Upload(discord.ui.Modal, title="Files"):
    """A form that takes files, and a name."""

    name: Any = discord.ui.Label(
        text="Name", component=discord.ui.TextInput(custom_id="name", required=False)
    )
    clips: Any = discord.ui.Label(
        text="Clips",
        description="One to three",
        component=discord.ui.FileUpload(custom_id="clips", min_values=1, max_values=3),
    )
    extra: Any = discord.ui.Label(
        text="Extra", component=discord.ui.FileUpload(custom_id="extra", required=False, min_values=0)
    )

    async def on_submit(self, interaction: discord.Interaction) -> None:
        clips: list[discord.Attachment] = self.clips.component.values
        told = [f"{one.filename} {one.content_type} {len(await one.read())} {one.ephemeral}" for one in clips]
        extra = [one.filename for one in self.extra.component.values]
        await interaction.response.send_message(
            f"{self.name.component.value}: {told} {extra}", ephemeral=True
        )


class ExampleBot(discord.Client):
    """Registers its commands, then keeps what it hears in lists."""

    def __init__(self) -> None:
        intents = discord.Intents(
            guilds=True, guild_messages=True, dm_messages=True, guild_reactions=True, guild_typing=True
        )
        super().__init__(intents=intents, allowed_mentions=discord.AllowedMentions.none())
        self.tree = app_commands.CommandTree(self)
        self.heard: list[discord.Message] = []
        self.typed: list[discord.RawTypingEvent] = []
        self.threads_seen: list[tuple[str, discord.Thread]] = []
        self.resumed = asyncio.Event()
        self.connected = asyncio.Event()
        self.errors: list[BaseException] = []

    async def setup_hook(self) -> None:
        self.add_view(Buttons())
        await self.tree.set_translator(German())
        for command in (
            bild,
            hidden,
            silent,
            slow,
            echo,
            gruppe,
            form,
            abgeben,
            teacher,
            parts,
            erklaere,
            wer,
        ):
            self.tree.add_command(command)
        self.tree.error(self._keep_error)
        await self.tree.sync()

    async def _keep_error(
        self, _interaction: discord.Interaction, error: app_commands.AppCommandError
    ) -> None:
        self.errors.append(error.__cause__ or error)

    async def before_identify_hook(self, shard_id: int | None, *, initial: bool = False) -> None:
        """Without the 5 seconds that discord.py waits before it identifies again."""

    async def on_connect(self) -> None:
        self.connected.set()

    async def on_resumed(self) -> None:
        self.resumed.set()

    async def on_message(self, message: discord.Message) -> None:
        self.heard.append(message)

    async def on_raw_typing(self, payload: discord.RawTypingEvent) -> None:
        self.typed.append(payload)

    async def on_thread_create(self, thread: discord.Thread) -> None:
        self.threads_seen.append(("create", thread))

    async def on_thread_join(self, thread: discord.Thread) -> None:
        self.threads_seen.append(("join", thread))

    async def on_thread_update(self, _before: discord.Thread, after: discord.Thread) -> None:
        self.threads_seen.append(("archived" if after.archived else "update", after))

    async def on_thread_delete(self, thread: discord.Thread) -> None:
        self.threads_seen.append(("delete", thread))

    def told(self, thread_id: int) -> list[str]:
        """What was heard of a thread, in order."""
        return [what for what, thread in self.threads_seen if thread.id == thread_id]


@app_commands.command(description="Draws")
@app_commands.describe(prompt="What to draw")
async def bild(
    interaction: discord.Interaction,
    prompt: app_commands.Range[str, 1, 50],
    anzahl: app_commands.Range[int, 1, 4] = 1,
    stil: str | None = None,
    datei: discord.Attachment | None = None,
    wen: discord.Member | None = None,
) -> None:
    await interaction.response.defer()
    read = len(await datei.read()) if datei else 0
    files = [
        discord.File(io.BytesIO(PNG), f"bild{place}.png", description="a dot") for place in range(anzahl)
    ]
    embed = discord.Embed(title=prompt).set_image(url="attachment://bild0.png")
    who = wen.display_name if wen else None
    content = f"{prompt} {stil} {read} {who}"
    await interaction.edit_original_response(content=content, attachments=files, embed=embed, view=Buttons())


@bild.autocomplete("stil")
async def _stil(_interaction: discord.Interaction, current: str) -> list[app_commands.Choice[str]]:
    return [app_commands.Choice(name=f"{current}!", value=current or "none")]


@app_commands.command(description="Answers one person")
async def hidden(interaction: discord.Interaction) -> None:
    await interaction.response.send_message("only you", ephemeral=True)
    await interaction.followup.send("everybody", ephemeral=False)


@app_commands.command(description="Never answers")
async def silent(_interaction: discord.Interaction) -> None:
    return


@app_commands.command(description="Answers late")
async def slow(interaction: discord.Interaction, seconds: float) -> None:
    await asyncio.sleep(seconds)
    await interaction.response.send_message("late")


@app_commands.command(description="Says it again")
async def echo(interaction: discord.Interaction, text: str) -> None:
    await interaction.response.send_message(text)


@app_commands.command(description="Opens a form")
async def form(interaction: discord.Interaction) -> None:
    await interaction.response.send_modal(Form())


@app_commands.command(description="Opens a form for files")
async def abgeben(interaction: discord.Interaction) -> None:
    await interaction.response.send_modal(Upload())


@app_commands.command(description="For teachers")
@app_commands.default_permissions(manage_guild=True)
async def teacher(interaction: discord.Interaction) -> None:
    await interaction.response.send_message("yes", ephemeral=True)


@app_commands.command(description="Answers with parts of the new kind")
async def parts(interaction: discord.Interaction) -> None:
    view = discord.ui.LayoutView()
    container: discord.ui.Container[Any] = discord.ui.Container(discord.ui.TextDisplay("in a box"))
    gallery: discord.ui.MediaGallery[Any] = discord.ui.MediaGallery()
    gallery.add_item(media="attachment://a.png", description="a dot")
    view.add_item(container)
    view.add_item(gallery)
    await interaction.response.send_message(view=view, file=discord.File(io.BytesIO(PNG), "a.png"))


@app_commands.context_menu(name="Erkläre das!")
async def erklaere(interaction: discord.Interaction, message: discord.Message) -> None:
    answered = message.reference.resolved if message.reference else None
    before = answered.content if isinstance(answered, discord.Message) else "nothing"
    await interaction.response.send_message(f"{message.content} / {before} / {len(message.attachments)}")


@app_commands.context_menu(name="Wer ist das")
async def wer(interaction: discord.Interaction, member: discord.Member) -> None:
    await interaction.response.send_message(member.display_name, ephemeral=True)


gruppe = app_commands.Group(name="gruppe", description="A group")


@gruppe.command(name="eins", description="The first")
async def _eins(interaction: discord.Interaction, wert: bool) -> None:
    await interaction.response.send_message(f"eins {wert}")
