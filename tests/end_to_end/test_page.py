"""The page in a real browser, against the real class server and a small discord.py bot of this test."""

from __future__ import annotations

import asyncio
import io
import json
import os
import secrets
import shutil
import struct
import wave
import zlib
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

import discord
import pytest
import pytest_asyncio
import yarl
from discord import app_commands
from playwright.async_api import Browser, Page, WebSocketRoute, async_playwright, expect

from bot.local.server import ClassServer

CANDIDATES = ("chromium", "chromium-browser", "google-chrome")
BROWSER = os.environ.get("ATELIER_CHROMIUM") or next(filter(None, map(shutil.which, CANDIDATES)), None)
WIDE = {"width": 1280, "height": 800}
NARROW = {"width": 390, "height": 844}
PATIENCE_MS = 8000

pytestmark = pytest.mark.skipif(
    BROWSER is None,
    reason=f"no browser: none of {', '.join(CANDIDATES)} on PATH and ATELIER_CHROMIUM is not set",
)

GERMAN = {
    "image": "bild",
    "Make a picture": "Malt ein Bild nach deiner Beschreibung",
    "What to see": "Was soll zu sehen sein?",
    "count": "anzahl",
    "How many": "Wie viele Bilder?",
    "model": "modell",
    "Which model": "Welches Modell soll malen?",
    "private": "privat",
    "Only for you": "Nur für dich",
    "silent": "stumm",
    "Never answers": "Antwortet nie",
}


def png(size: int = 64) -> bytes:
    """A picture of one colour."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", size, size, 8, 2, 0, 0, 0)
    rows = b"".join(b"\x00" + b"\x30\x80\xc0" * size for _ in range(size))
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + chunk(b"IDAT", zlib.compress(rows))
        + chunk(b"IEND", b"")
    )


def silence(seconds: int) -> bytes:
    """A sound file in which there is nothing to hear."""
    made = io.BytesIO()
    with wave.open(made, "wb") as file:
        file.setparams((1, 2, 8000, 0, "NONE", ""))
        file.writeframes(bytes(2 * 8000 * seconds))
    return made.getvalue()


class German(app_commands.Translator):
    async def translate(
        self,
        string: app_commands.locale_str,
        locale: discord.Locale,
        context: app_commands.TranslationContextTypes,
    ) -> str | None:
        return GERMAN.get(string.message) if locale is discord.Locale.german else None


class Change(discord.ui.Modal, title="Bild ändern"):
    prompt: discord.ui.Label[Change] = discord.ui.Label(
        text="Neuer Prompt", component=discord.ui.TextInput(min_length=3, max_length=100)
    )

    async def on_submit(self, interaction: discord.Interaction) -> None:
        field = self.prompt.component
        assert isinstance(field, discord.ui.TextInput)
        await interaction.response.send_message(f"Geändert: {field.value}")


class Buttons(discord.ui.View):
    @discord.ui.button(label="Ändern", style=discord.ButtonStyle.primary)
    async def change(self, interaction: discord.Interaction, _button: Any) -> None:
        await interaction.response.send_modal(Change())

    @discord.ui.button(label="Geheim", style=discord.ButtonStyle.secondary)
    async def secret(self, interaction: discord.Interaction, _button: Any) -> None:
        await interaction.response.send_message("Das bleibt unter uns", ephemeral=True)


class SmallBot(discord.Client):
    """`/bild`, which answers late and with a picture, and `/stumm`, which never answers."""

    def __init__(self) -> None:
        super().__init__(intents=discord.Intents(guilds=True, guild_messages=True))
        self.tree = app_commands.CommandTree(self)
        self.asked: list[str] = []
        self.synced = asyncio.Event()

    async def setup_hook(self) -> None:
        @app_commands.command(name="image", description="Make a picture")
        @app_commands.describe(
            prompt="What to see", count="How many", model="Which model", private="Only for you"
        )
        async def image(
            interaction: discord.Interaction,
            prompt: app_commands.Range[str, 3, 100],
            count: app_commands.Range[int, 1, 4] = 1,
            model: str = "mini",
            private: bool = False,
        ) -> None:
            await interaction.response.defer(ephemeral=private)
            await asyncio.sleep(0.2)
            files = [
                discord.File(io.BytesIO(png()), f"bild-{n}.png", description=f"{prompt} ({n})")
                for n in range(1, count + 1)
            ]
            text = f"**{prompt}** · Modell {model}"
            await interaction.edit_original_response(
                content=text, attachments=files, view=Buttons(timeout=60)
            )

        @image.autocomplete("model")
        async def models(_interaction: discord.Interaction, text: str) -> list[app_commands.Choice[str]]:
            self.asked.append(text)
            known = ("mini-bild", "deliberate")
            return [app_commands.Choice(name=one.title(), value=one) for one in known if text.lower() in one]

        @app_commands.command(name="silent", description="Never answers")
        async def silent(_interaction: discord.Interaction) -> None:
            return

        @app_commands.context_menu(name="Erkläre das")
        async def explain(interaction: discord.Interaction, message: discord.Message) -> None:
            await interaction.response.send_message(f"Es geht um „{message.content}“.")

        self.tree.add_command(explain)
        self.tree.add_command(image)
        self.tree.add_command(silent)
        await self.tree.set_translator(German())
        await self.tree.sync()

    async def on_ready(self) -> None:
        self.synced.set()


@dataclass
class Classroom:
    """A running server, its bot, a browser, what the browser complained about, and the guild of this test."""

    server: ClassServer
    bot: SmallBot
    browser: Browser
    guild: str = ""
    complaints: list[str] = field(default_factory=list)

    async def open(self, viewport: Any = WIDE) -> Page:
        """The first screen in a browser of its own."""
        context = await self.browser.new_context(viewport=viewport, locale="de-DE", reduced_motion="reduce")
        page = await context.new_page()
        page.set_default_timeout(PATIENCE_MS)
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on("console", self._note)
        await page.goto(f"{self.server.base_url}/w/{secrets.token_hex(8)}/?guild={self.guild}")
        return page

    def _note(self, message: Any) -> None:
        # Asking for the state without a session is how the page finds out that nobody sits here yet.
        nobody_yet = "401" in message.text and str(message.location.get("url")).endswith("api/state")
        if message.type in ("error", "warning") and not nobody_yet:
            self.complaints.append(message.text)

    async def sit_down(self, name: str, viewport: Any = WIDE) -> Page:
        """Choose a card and wait for the class."""
        page = await self.open(viewport)
        await page.get_by_role("button", name=name).click()
        await expect(page.locator("#composer-input")).to_be_focused()
        return page


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def running() -> AsyncIterator[Classroom]:
    base, gateway = discord.http.Route.BASE, discord.gateway.DiscordWebSocket.DEFAULT_GATEWAY
    expect.set_options(timeout=PATIENCE_MS)
    async with ClassServer() as server, async_playwright() as playwright:
        server.limits.answer_within = 1.0
        discord.http.Route.BASE = server.api_base
        discord.gateway.DiscordWebSocket.DEFAULT_GATEWAY = yarl.URL(server.gateway_url)
        bot = SmallBot()
        task = asyncio.create_task(bot.start(server.token))
        browser = await playwright.chromium.launch(executable_path=BROWSER, args=["--no-sandbox"])
        try:
            await asyncio.wait_for(bot.synced.wait(), 20)
            yield Classroom(server, bot, browser)
        finally:
            await browser.close()
            await bot.close()
            await asyncio.gather(task, return_exceptions=True)
            discord.http.Route.BASE, discord.gateway.DiscordWebSocket.DEFAULT_GATEWAY = base, gateway


@pytest_asyncio.fixture(loop_scope="session")
async def classroom(running: Classroom) -> AsyncIterator[Classroom]:
    """The shared server with a class of this test's own; its windows are closed afterwards."""
    running.guild = running.server.add_guild("Klasse 9c")
    yield running
    await asyncio.gather(*(context.close() for context in running.browser.contexts))


async def draw(page: Page, text: str) -> None:
    """Give `/bild` with a prompt, keyboard only."""
    await page.keyboard.type("/bi")
    await page.keyboard.press("Tab")
    await page.keyboard.type(text)
    await page.keyboard.press("Enter")


async def test_a_command_from_the_palette_to_the_picture_in_both_windows(classroom: Classroom) -> None:
    ada, ben = await asyncio.gather(classroom.sit_down("Ada"), classroom.sit_down("Ben"))
    await ada.keyboard.type("/")
    commands = ada.get_by_role("listbox", name="Befehle")
    await expect(commands.get_by_role("option")).to_have_count(2)
    await expect(commands.get_by_role("option").first).to_contain_text(
        "Malt ein Bild nach deiner Beschreibung"
    )

    await ada.keyboard.press("Enter")
    await ada.keyboard.press("Enter")
    await expect(ada.get_by_role("alert").filter(has_text="prompt")).to_contain_text("erforderlich")
    await ada.keyboard.type("ein roter Drache anzahl:")
    await ada.keyboard.type("9")
    await ada.keyboard.press("Enter")
    await expect(ada.get_by_role("alert").filter(has_text="anzahl")).to_contain_text("4")
    await ada.keyboard.press("Control+A")
    await ada.keyboard.type("2")

    await ada.keyboard.press("Tab")
    await ada.keyboard.type("modell:")
    await ada.keyboard.type("del")
    choice = ada.get_by_role("option", name="Deliberate")
    await expect(choice).to_be_visible()
    await expect(ada.get_by_role("option", name="Mini-Bild")).to_have_count(0)
    assert "del" in classroom.bot.asked
    await ada.keyboard.press("ArrowDown")
    await ada.keyboard.press("Enter")
    await ada.keyboard.press("Enter")

    for page in (ada, ben):
        article = page.get_by_role("article").filter(has_text="ein roter Drache · Modell deliberate")
        await expect(article).to_contain_text("Ada hat /bild verwendet")
        await expect(article.get_by_role("img")).to_have_count(2)
        first = article.get_by_role("img", name="ein roter Drache (1)")
        await expect(first).to_be_visible()
        assert await first.evaluate("image => image.decode().then(() => image.naturalWidth)") == 64
        assert await article.locator("strong").first.inner_text() == "ein roter Drache"

    await ben.get_by_role("img", name="ein roter Drache (1)").click()
    await expect(ben.get_by_role("dialog")).to_contain_text("Bild 1 von 2")
    await ben.keyboard.press("ArrowRight")
    await expect(ben.get_by_role("dialog")).to_contain_text("Bild 2 von 2")
    await ben.keyboard.press("Escape")
    await expect(ben.get_by_role("dialog")).to_have_count(0)


async def test_private_answers_buttons_forms_and_silence(classroom: Classroom) -> None:
    ada, ben = await asyncio.gather(classroom.sit_down("Ada"), classroom.sit_down("Ben"))
    await draw(ada, "ein Haus am See")
    article = ada.get_by_role("article").filter(has_text="ein Haus am See")
    await article.get_by_role("button", name="Geheim").click()
    private = ada.get_by_role("article").filter(has_text="Das bleibt unter uns")
    await expect(private).to_contain_text("Nur du kannst das sehen")

    await article.get_by_role("button", name="Ändern").click()
    form = ada.get_by_role("dialog", name="Bild ändern")
    await expect(form).to_be_visible()
    await ada.keyboard.type("ab")
    await form.get_by_role("button", name="Absenden").click()
    await expect(form).to_contain_text("Mindestens 3 Zeichen")
    await form.get_by_label("Neuer Prompt").fill("ein Haus bei Nacht")
    await form.get_by_role("button", name="Absenden").click()
    for page in (ada, ben):
        await expect(
            page.get_by_role("article").filter(has_text="Geändert: ein Haus bei Nacht")
        ).to_be_visible()
    await expect(form).to_have_count(0)
    await expect(ben.get_by_text("Das bleibt unter uns")).to_have_count(0)

    await private.get_by_role("button", name="Nachricht verwerfen").click()
    await expect(private).to_have_count(0)

    await ada.keyboard.type("/stumm")
    await ada.keyboard.press("Enter")
    await ada.keyboard.press("Enter")
    silence = ada.get_by_role("article").filter(has_text="Die Anwendung reagiert nicht")
    await expect(silence).to_contain_text("Ada hat /stumm verwendet")
    await expect(ben.get_by_text("Die Anwendung reagiert nicht")).to_have_count(0)


async def test_what_people_write_is_text_and_never_markup(classroom: Classroom) -> None:
    ada, ben = await asyncio.gather(classroom.sit_down("Ada"), classroom.sit_down("Ben"))
    await ada.keyboard.type("<img src=x onerror=alert(1)> **fett** [weg](javascript:alert(1)) ||Geheimnis||")
    await ada.keyboard.press("Enter")
    article = ben.get_by_role("article").filter(has_text="<img src=x onerror=alert(1)>")
    await expect(article.locator("strong", has_text="fett")).to_be_visible()
    await expect(article.locator("img")).to_have_count(0)
    await expect(article.locator("a")).to_have_count(0)
    await article.get_by_role("button", name="Spoiler anzeigen").press("Enter")
    await expect(article.locator(".spoiler.shown")).to_have_text("Geheimnis")


MARKDOWN = {
    "**a** *b* _c_": "<strong>a</strong> <em>b</em> <em>c</em>",
    "__d__ ~~e~~ ***f***": "<u>d</u> <s>e</s> <strong><em>f</em></strong>",
    "snake_case_name 2*3*4 \\*kein\\*": "snake_case_name 2<em>3</em>4 *kein*",
    "`**x**` ``a`b``": "<code>**x**</code> <code>a`b</code>",
    "```py\n<b>\n```": '<pre><code data-language="py">&lt;b&gt;</code></pre>',
    "# Groß\n-# klein": '<h3>Groß</h3><small class="small-print">klein</small>',
    "> a\n> b\nc": "<blockquote>a\nb</blockquote>c",
    "- a\n  - b\n- c": "<ul><li>a<ul><li>b</li></ul></li><li>c</li></ul>",
    "3. a\n4. b": '<ol start="3"><li>a</li><li>b</li></ol>',
    "<script>alert(1)</script>": "&lt;script&gt;alert(1)&lt;/script&gt;",
    "[weg](javascript:alert(1))": "[weg](javascript:alert(1))",
    "**offen ||halb": "**offen ||halb",
}
"""Text and the elements that it becomes; checked in the browser, because that is where they are made."""


async def test_markdown_becomes_elements_and_stays_harmless(classroom: Classroom) -> None:
    page = await classroom.open()
    made = await page.evaluate(
        """async texts => {
            const { markdown } = await import('/static/markdown.js');
            const html = nodes => { const p = document.createElement('p'); p.append(...nodes); return p.innerHTML; };
            return texts.map(text => html(markdown(text)));
        }""",
        list(MARKDOWN),
    )
    assert dict(zip(MARKDOWN, made, strict=True)) == MARKDOWN


async def test_the_keyboard_alone_is_enough(classroom: Classroom) -> None:
    page = await classroom.open()
    await page.get_by_role("button", name="Ada").focus()
    await page.keyboard.press("Enter")
    await expect(page.locator("#composer-input")).to_be_focused()
    await draw(page, "ein Wald im Nebel")
    article = page.get_by_role("article").filter(has_text="ein Wald im Nebel · Modell")
    await expect(article).to_be_visible()
    button = article.get_by_role("button", name="Geheim")
    for _ in range(12):
        await page.keyboard.press("Shift+Tab")
        if await button.evaluate("button => button === document.activeElement"):
            break
    assert await button.evaluate("button => getComputedStyle(button).outlineStyle") == "solid"
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("article").filter(has_text="Das bleibt unter uns")).to_be_visible()
    await page.keyboard.press("Alt+ArrowDown")
    await expect(page.get_by_role("heading", name="plauderecke", exact=True)).to_be_visible()
    await expect(page.locator("#announcer")).to_contain_text("Das bleibt unter uns")


async def test_on_a_phone_the_channels_are_a_drawer(classroom: Classroom) -> None:
    page = await classroom.sit_down("Ben", NARROW)
    channel = page.get_by_role("button", name="plauderecke")
    await expect(channel).to_be_hidden()
    await page.get_by_role("button", name="Kanalliste öffnen").click()
    await channel.click()
    await expect(channel).to_be_hidden()
    await draw(page, "ein sehr langes Bild von einem Schiff auf hoher See bei Sturm")
    await expect(page.get_by_role("article").filter(has_text="Schiff").get_by_role("img")).to_be_visible()
    assert await page.evaluate("document.documentElement.scrollWidth") == NARROW["width"]


async def test_english_new_commands_and_switching_the_person(classroom: Classroom) -> None:
    page = await classroom.open()
    await page.get_by_role("button", name="English").click()
    await page.get_by_role("button", name="Ada").click()
    await expect(page.locator("#composer-input")).to_be_focused()
    await page.keyboard.type("/")
    commands = page.get_by_role("listbox", name="Commands")
    await expect(commands).to_contain_text("Make a picture")
    classroom.bot.tree.remove_command("silent")
    await classroom.bot.tree.sync()
    await expect(commands.get_by_role("option")).to_have_count(1)
    await expect(commands).to_contain_text("Make a picture")
    await page.keyboard.press("Escape")
    await page.get_by_role("button", name="Switch person").click()
    await expect(page.get_by_role("heading", name="Who are you?")).to_be_visible()


async def test_the_page_says_who_is_away_and_comes_back_by_itself(classroom: Classroom) -> None:
    page = await classroom.open()
    away = False
    sockets: list[WebSocketRoute] = []

    async def route(socket: WebSocketRoute) -> None:
        if away:
            await socket.close()
            return
        socket.connect_to_server()
        sockets.append(socket)

    await page.route_web_socket("**/api/socket", route)
    await page.get_by_role("button", name="Chiara").click()
    status = page.get_by_role("status")
    await expect(page.locator("#composer-input")).to_be_focused()
    sockets[-1].send(json.dumps({"t": "BOT_STATUS", "d": {"online": False}}))
    await expect(status.filter(has_text="ist gerade offline")).to_be_visible()

    away = True
    await sockets[-1].close()
    await expect(status.filter(has_text="antwortet nicht")).to_be_visible()
    ada = await classroom.sit_down("Ada")
    await ada.keyboard.type("Bist du da?")
    await ada.keyboard.press("Enter")
    await expect(ada.get_by_role("article").filter(has_text="Bist du da?")).to_be_visible()
    await expect(page.get_by_text("Bist du da?")).to_have_count(0)
    away = False
    await page.get_by_role("button", name="Jetzt versuchen").click()
    await expect(status.filter(has_text="antwortet nicht")).to_have_count(0)
    await expect(status.filter(has_text="ist gerade offline")).to_have_count(0)
    await expect(page.get_by_role("article").filter(has_text="Bist du da?")).to_be_visible()

    await page.evaluate("fetch('api/session', {method: 'DELETE'})")
    await expect(page.get_by_role("heading", name="Wer bist du?")).to_be_visible()


async def begin_thread(classroom: Classroom, name: str, text: str = "Hier geht es los") -> discord.Thread:
    """A thread that the bot begins on a message in the channel of this test's class."""
    async with asyncio.timeout(5):
        while (guild := classroom.bot.get_guild(int(classroom.guild))) is None:
            await asyncio.sleep(0.01)
    channel = discord.utils.get(guild.text_channels, name="atelier")
    assert channel is not None
    return await (await channel.send(text)).create_thread(name=name)


async def test_a_thread_is_opened_written_in_and_answered(classroom: Classroom) -> None:
    ada, ben = await asyncio.gather(classroom.sit_down("Ada"), classroom.sit_down("Ben"))
    thread = await begin_thread(classroom, "Der kleine Mond", "Ein Gespräch beginnt")
    below = ada.get_by_role("list", name="Threads in atelier").get_by_role("button", name="Der kleine Mond")
    await expect(below).to_be_visible()
    card = ada.get_by_role("article").get_by_role("button", name="Thread ansehen")
    await card.press("Enter")
    await expect(ada.get_by_role("heading", name="Der kleine Mond").first).to_be_visible()
    await expect(ada.get_by_role("article").filter(has_text="Ein Gespräch beginnt")).to_have_count(1)

    await ada.keyboard.type("@klas")
    await expect(ada.get_by_role("option", name="Klassenatelier")).to_be_visible()
    await ada.keyboard.press("Tab")
    await ada.keyboard.type("erzähl")
    await ada.keyboard.press("Shift+Enter")
    await ada.keyboard.type("und frag @Frau Sommer oder `@Ben`")
    await ada.keyboard.press("Enter")
    sent = ada.get_by_role("article").filter(has_text="erzähl")
    await expect(sent.locator(".mention")).to_have_text(["@Klassenatelier", "@Frau Sommer"])
    state = classroom.server.state
    record = state.messages[str(state.message_ids(str(thread.id))[-1])]
    sommer = classroom.server.person_id("Frau Sommer", classroom.guild)
    assert record["content"] == f"<@{classroom.server.bot_id}> erzähl\nund frag <@{sommer}> oder `@Ben`"

    unread = ben.get_by_role("button", name="Der kleine Mond, ungelesen")
    await unread.click()
    await expect(ben.get_by_role("button", name="Der kleine Mond, ungelesen")).to_have_count(0)
    question = ben.get_by_role("article").filter(has_text="erzähl")
    await question.hover()
    await question.get_by_role("button", name="Antworten").click()
    await expect(ben.get_by_text("Antwort an Ada")).to_be_visible()
    await ben.get_by_role("button", name="Ada beim Antworten erwähnen").click()
    await ben.locator("#composer-input").focus()
    await ben.keyboard.type("ich")
    await expect(ada.get_by_text("Ben schreibt …")).to_be_visible()
    await ben.keyboard.type(" will auch")
    await ben.keyboard.press("Enter")
    answer = ada.get_by_role("article").filter(has_text="ich will auch")
    await expect(answer.get_by_role("button", name="erzähl")).to_be_visible()
    await expect(ben.get_by_text("Antwort an Ada")).to_have_count(0)
    assert state.messages[str(state.message_ids(str(thread.id))[-1])]["pinged"] == []

    await ada.get_by_role("button", name="Zurück zu #atelier").click()
    await expect(ada.get_by_role("heading", name="atelier", exact=True)).to_be_visible()


async def test_archived_and_locked_threads_on_a_narrow_window(classroom: Classroom) -> None:
    thread = await begin_thread(classroom, "Altes Gespräch")
    await thread.edit(archived=True)
    page = await classroom.sit_down("Ada", NARROW)
    await page.get_by_role("button", name="Altes Gespräch").click()
    note = page.get_by_text("Dieser Thread ist archiviert")
    await expect(note).to_be_visible()
    await page.keyboard.type("Noch eine Frage")
    await page.keyboard.press("Enter")
    await expect(note).to_have_count(0)
    record = classroom.server.state.channels[str(thread.id)]
    assert record["thread_metadata"]["archived"] is False
    locked = {**record["thread_metadata"], "locked": True}
    classroom.server.commit({"type": "channels.put", "value": {**record, "thread_metadata": locked}})
    await expect(page.get_by_placeholder("Dieser Thread ist geschlossen.")).to_be_disabled()
    assert await page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")


async def test_a_text_file_is_read_right_here(classroom: Classroom) -> None:
    page = await classroom.sit_down("Ada")
    thread = await begin_thread(classroom, "Lange Antworten")
    story = "\n".join(f"Zeile {number} <b>&" for number in range(40))
    await thread.send(file=discord.File(io.BytesIO(story.encode()), "geschichte.txt"))
    await page.get_by_role("list", name="Threads in atelier").get_by_role("button").click()
    preview = page.get_by_role("region", name="Vorschau von geschichte.txt")
    await expect(preview).to_contain_text("Zeile 3 <b>&")
    await expect(preview).not_to_contain_text("Zeile 39")
    await page.get_by_role("button", name="Alles zeigen").press("Enter")
    await expect(preview).to_contain_text("Zeile 39")
    await page.get_by_role("button", name="Weniger zeigen").press("Enter")
    await expect(preview).not_to_contain_text("Zeile 39")
    async with page.expect_download() as download:
        await page.get_by_role("link", name="geschichte.txt herunterladen").click()
    assert (await download.value).suggested_filename == "geschichte.txt"


async def test_several_players_stand_in_a_message_and_one_plays_at_a_time(classroom: Classroom) -> None:
    page = await classroom.sit_down("Ada", NARROW)
    sounds = [
        discord.File(
            io.BytesIO(silence(seconds=3)),
            f"atelier-0123456789-{n}-seed-4183572151.wav",
            description=f"Stück {n}",
        )
        for n in (1, 2)
    ]
    notes = discord.File(io.BytesIO(b"MThd"), "atelier-0123456789-1-seed-4183572151.mid")
    guild = classroom.bot.get_guild(int(classroom.guild))
    assert guild is not None
    (channel,) = [one for one in guild.text_channels if one.name == "atelier"]
    await channel.send("Zwei Stücke", files=[*sounds, notes])
    article = page.get_by_role("article").filter(has_text="Zwei Stücke")
    players = article.locator("audio")
    await expect(players).to_have_count(2)
    await expect(article.locator(".file-card")).to_have_count(1)
    # a name that is too long for a telephone keeps its ending
    for ending in (".wav", ".mid"):
        await expect(
            article.locator(".file-name", has_text=ending).last.locator("span").last
        ).to_be_in_viewport()
    assert await page.evaluate("() => document.documentElement.scrollWidth <= window.innerWidth")
    await players.nth(0).evaluate("player => player.play()")
    await players.nth(1).evaluate("player => player.play()")
    await expect(players.nth(0)).to_have_js_property("paused", True)
    await expect(players.nth(1)).to_have_js_property("paused", False)
    assert await players.nth(1).get_attribute("aria-label") == "Stück 2"


async def test_the_menu_of_a_message_lists_the_apps(classroom: Classroom) -> None:
    page = await classroom.sit_down("Ada")
    await page.keyboard.type("Was ist ein Token?")
    await page.keyboard.press("Enter")
    question = page.get_by_role("article").filter(has_text="Was ist ein Token?")
    await question.click(button="right")
    apps = page.get_by_role("menu").get_by_role("group", name="Apps")
    await expect(apps.get_by_role("menuitem")).to_have_text(["Erkläre das"])
    await page.keyboard.press("Escape")
    await expect(page.get_by_role("menu")).to_have_count(0)
    await question.get_by_role("button", name="Mehr").focus()
    await page.keyboard.press("Enter")
    for _ in range(2):
        await page.keyboard.press("ArrowDown")
    await page.keyboard.press("Enter")
    answer = page.get_by_role("article").filter(has_text="Es geht um")
    await expect(answer).to_contain_text("Es geht um „Was ist ein Token?“.")
    await expect(answer).to_contain_text("Ada hat Erkläre das verwendet")


async def test_the_browser_had_nothing_to_complain_about(running: Classroom) -> None:
    """Runs last: no error of a script, nothing that the content security policy kept out."""
    assert running.complaints == []
