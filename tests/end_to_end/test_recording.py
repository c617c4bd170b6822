"""Recording in the page, in a real browser with a test tone as its microphone, up to what the media family hears."""

from __future__ import annotations

import asyncio
import io
import os
import re
import secrets
import time
import wave
from array import array
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import discord
import platformdirs
import pytest
import pytest_asyncio
import yarl
from discord import app_commands
from playwright.async_api import Browser, Locator, Page, WebSocketRoute, async_playwright, expect

import generation
from bot.local.server import ClassServer
from bot.services.probe import UploadProbe
from generation.budget import MemoryBudget
from generation.environments import Environments
from generation.supervisor import Supervisor
from tests.end_to_end.test_page import BROWSER, NARROW, PATIENCE_MS, WIDE, Classroom, SmallBot, silence

DEVICE = "--use-fake-device-for-media-stream"
"""Chromium's own test device: a short beep each second."""
NOT_ASKED = "--use-fake-ui-for-media-stream"
"""Whoever wants the microphone gets it."""

pytestmark = pytest.mark.skipif(BROWSER is None, reason="no browser: see test_page.py")


HAND_IN = "ka:voicegive:1"
"""By such an id the page knows words that are to be read aloud, and the form that takes their recording."""


class HandIn(discord.ui.Modal, title="Aufnahmen abgeben"):
    name: Any = discord.ui.Label(text="Name", component=discord.ui.TextInput(custom_id="name"))
    clips: Any = discord.ui.Label(
        text="Proben", component=discord.ui.FileUpload(custom_id="clips", min_values=1, max_values=3)
    )

    async def on_submit(self, interaction: discord.Interaction) -> None:
        files = [await one.to_file() for one in self.clips.component.values]
        await interaction.response.send_message(
            f"Von {self.name.component.value}", files=files, ephemeral=True
        )


class Open(discord.ui.View):
    @discord.ui.button(label="Abgeben", custom_id=HAND_IN)
    async def hand_in(self, interaction: discord.Interaction, _button: Any) -> None:
        await interaction.response.send_modal(HandIn(custom_id=HAND_IN))


class ListeningBot(SmallBot):
    """Takes sound as an option, in a form and in direct messages, and keeps the bytes."""

    def __init__(self) -> None:
        discord.Client.__init__(
            self, intents=discord.Intents(guilds=True, guild_messages=True, dm_messages=True)
        )
        self.tree = app_commands.CommandTree(self)
        self.synced = asyncio.Event()
        self.heard: asyncio.Queue[tuple[discord.Message, bytes]] = asyncio.Queue()
        self.taken: asyncio.Queue[tuple[discord.Attachment, bytes]] = asyncio.Queue()
        self.shown: list[discord.Interaction] = []
        self.until = 180.0

    async def setup_hook(self) -> None:
        @app_commands.command(name="hoeren", description="Nimmt Ton an")
        async def take(interaction: discord.Interaction, ton: discord.Attachment) -> None:
            self.taken.put_nowait((ton, await ton.read()))
            await interaction.response.send_message(f"{ton.content_type}", ephemeral=True)

        @app_commands.command(name="satz", description="Ein Satz zum Vorlesen")
        async def phrase(interaction: discord.Interaction) -> None:
            end = int(time.time() + self.until)
            text = f"Lies vor: **rot Apfel Wolke**\nDer Satz gilt bis <t:{end}:R>."
            await interaction.response.send_message(text, view=Open(timeout=60), ephemeral=True)

        @app_commands.command(name="zeuge", description="Eine Aufnahme nur für dich")
        async def witness(interaction: discord.Interaction) -> None:
            sound = discord.File(io.BytesIO(silence(3)), "aufnahme.wav")
            await interaction.response.send_message("Hör zu", file=sound, ephemeral=True)
            self.shown.append(interaction)

        for command in (take, phrase, witness):
            self.tree.add_command(command)
        await self.tree.sync()

    async def on_message(self, message: discord.Message) -> None:
        # Private answers reach the bot as its own messages without a guild.
        if message.guild is None and message.attachments and not message.author.bot:
            self.heard.put_nowait((message, await message.attachments[0].read()))


@dataclass
class Room(Classroom):
    """Also a browser without a microphone (`deaf`) and one that gives it to nobody (`strict`)."""

    bot: ListeningBot
    deaf: Browser = field(kw_only=True)
    strict: Browser = field(kw_only=True)


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def running() -> AsyncIterator[Room]:
    base, gateway = discord.http.Route.BASE, discord.gateway.DiscordWebSocket.DEFAULT_GATEWAY
    expect.set_options(timeout=PATIENCE_MS)
    async with ClassServer() as server, async_playwright() as playwright:
        discord.http.Route.BASE = server.api_base
        discord.gateway.DiscordWebSocket.DEFAULT_GATEWAY = yarl.URL(server.gateway_url)
        bot = ListeningBot()
        task = asyncio.create_task(bot.start(server.token))
        launch = playwright.chromium.launch
        browser = await launch(executable_path=BROWSER, args=["--no-sandbox", DEVICE, NOT_ASKED])
        deaf = await launch(executable_path=BROWSER, args=["--no-sandbox"])
        strict = await launch(executable_path=BROWSER, args=["--no-sandbox", DEVICE])
        try:
            await asyncio.wait_for(bot.synced.wait(), 20)
            yield Room(server, bot, browser, deaf=deaf, strict=strict)
        finally:
            await asyncio.gather(*(one.close() for one in (browser, deaf, strict)))
            await bot.close()
            await asyncio.gather(task, return_exceptions=True)
            discord.http.Route.BASE, discord.gateway.DiscordWebSocket.DEFAULT_GATEWAY = base, gateway


@pytest_asyncio.fixture(loop_scope="session")
async def classroom(running: Room) -> AsyncIterator[Room]:
    running.guild = running.server.add_guild("Klasse 9d")
    yield running
    await asyncio.gather(*(context.close() for context in running.browser.contexts))


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def probe(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[UploadProbe]:
    """The media family itself, in its own environment."""
    cache_dir = Path(os.environ.get("ATELIER_CACHE_DIR") or platformdirs.user_cache_path("klassenatelier"))
    root = Path(generation.__file__).parents[1]
    environments = Environments(cache_dir=cache_dir, source_root=root, report=lambda _line: None)
    supervisor = Supervisor(
        environments=environments, budget=MemoryBudget(64_000), lock_dir=tmp_path_factory.mktemp("locks")
    )
    yield UploadProbe(supervisor=supervisor, work_dir=tmp_path_factory.mktemp("work"))
    await supervisor.close()
    await environments.close()


async def loudest(probe: UploadProbe, content: bytes) -> tuple[float, float]:
    """Seconds and the loudest sample (from 0 to 1) of what the media family makes of a file."""
    async with probe.probed("audio", content) as found:
        assert found.clean is not None
        with wave.open(str(found.clean), "rb") as file:
            samples = array("h", file.readframes(file.getnframes()))
        return found.seconds, max(map(abs, samples)) / 32768


def panel(page: Page | Locator) -> Locator:
    return page.get_by_role("group", name="Aufnahme", exact=True)


async def record(page: Page | Locator, seconds: float = 2.3) -> None:
    """Once the recorder is open: speak and stop."""
    await expect(panel(page)).to_contain_text("Aufnahme läuft")
    await asyncio.sleep(seconds)
    await panel(page).get_by_role("button", name="Stopp").click()
    await expect(panel(page).get_by_role("status").first).to_contain_text("Aufnahme fertig")


async def phrase_given(page: Page) -> None:
    """Words to read aloud, in the class's first channel."""
    if not await page.get_by_role("heading", name="atelier", exact=True).is_visible():
        await page.get_by_role("button", name="Klasse 9d").click()
    await page.locator("#composer-input").focus()
    await page.keyboard.type("/satz")
    await page.keyboard.press("Enter")
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("article").filter(has_text="rot Apfel Wolke").last).to_be_visible()


async def to_the_bot(page: Page) -> None:
    await page.get_by_role("button", name="Direktnachrichten").click()
    await expect(page.get_by_role("heading", name="Klassenatelier").first).to_be_visible()


async def test_a_voice_message_reaches_the_bot_as_sound(classroom: Room, probe: UploadProbe) -> None:
    page = await classroom.sit_down("Ada")
    await to_the_bot(page)
    await page.get_by_role("button", name="Sprachnachricht aufnehmen").click()
    await expect(panel(page)).to_contain_text("Aufnahme läuft")
    meter = panel(page).get_by_role("meter", name="Lautstärke")
    await expect(meter).not_to_have_attribute("aria-valuenow", "0")
    await record(page)
    await panel(page).get_by_role("button", name="Anhören").click()
    await expect(panel(page).get_by_role("button", name="Anhalten")).to_be_visible()
    await expect(panel(page).locator("progress")).not_to_have_js_property("value", 0)
    await panel(page).get_by_role("button", name="An Klassenatelier senden").click()
    await expect(panel(page)).to_have_count(0)
    await expect(page.locator("#composer-input")).to_be_focused()

    async with asyncio.timeout(10):
        message, content = await classroom.bot.heard.get()
    assert message.flags.voice
    assert message.content == ""
    (sound,) = message.attachments
    assert sound.content_type == "audio/webm"
    assert sound.waveform is not None
    assert max(sound.waveform) > 100
    seconds, peak = await loudest(probe, content)
    assert sound.duration == pytest.approx(seconds, abs=0.4)
    assert seconds == pytest.approx(2.5, abs=1.2)
    assert peak > 0.05

    article = page.get_by_role("article").filter(has_text="Sprachnachricht")
    player = article.locator("audio")
    # a recording of the browser says only at its end how long it is
    await page.wait_for_function("() => document.querySelector('article audio').duration < 10")
    await player.evaluate("player => player.play()")
    await expect(player).to_have_js_property("paused", False)


async def test_an_option_is_recorded_with_the_keyboard_alone(classroom: Room, probe: UploadProbe) -> None:
    page = await classroom.sit_down("Ben")
    await page.keyboard.type("/hoeren")
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("button", name="ton aufnehmen")).to_be_visible()
    await page.keyboard.press("Tab")
    await expect(page.get_by_role("button", name="ton aufnehmen")).to_be_focused()
    await page.keyboard.press("Enter")
    await expect(panel(page).get_by_role("button", name="Stopp")).to_be_focused()
    await page.keyboard.press("Escape")
    await expect(panel(page)).to_have_count(0)
    await expect(page.get_by_role("button", name="ton aufnehmen")).to_be_focused()

    await page.keyboard.press("Enter")
    await expect(panel(page).get_by_role("button", name="Stopp")).to_be_focused()
    await asyncio.sleep(1.6)
    await page.keyboard.press("Enter")
    await expect(panel(page).get_by_role("button", name="Aufnahme verwenden")).to_be_focused()
    await page.keyboard.press("Enter")
    await expect(page.locator(".option-file")).to_contain_text("aufnahme-")
    await expect(page.locator(".option-file")).to_be_focused()
    await page.keyboard.press("Enter")
    async with asyncio.timeout(10):
        sound, content = await classroom.bot.taken.get()
    assert (sound.filename.startswith("aufnahme-"), sound.content_type) == (True, "audio/webm")
    assert (await loudest(probe, content))[1] > 0.05


async def test_a_form_takes_recordings(classroom: Room, probe: UploadProbe) -> None:
    page = await classroom.sit_down("Ada", NARROW)
    await phrase_given(page)
    phrase = page.get_by_role("article").filter(has_text="rot Apfel Wolke")
    await expect(phrase).to_contain_text("Nur du kannst das sehen")
    await expect(page.locator(".composer-slot .countdown")).to_contain_text("2:5")
    await phrase.get_by_role("button", name="Abgeben").click()
    form = page.get_by_role("dialog", name="Aufnahmen abgeben")
    await expect(form.get_by_role("timer").first).to_contain_text("2:5")
    # the form lies over the message, so it repeats the words
    await expect(form.get_by_text("rot Apfel Wolke")).to_be_visible()
    await form.get_by_label("Name").fill("Ada")
    for place in (1, 2):
        await form.get_by_role("button", name="Aufnehmen", exact=True).click()
        if place == 2:
            await expect(panel(form)).to_contain_text("Aufnahme läuft")
            await form.get_by_role("button", name="Absenden").click()
            await expect(form).to_contain_text("Die Aufnahme läuft noch")
        await record(form, 1.5)
        assert await page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
        if place == 1:
            await panel(form).get_by_role("button", name="Aufnahme verwenden").click()
            await expect(form.get_by_role("listitem")).to_have_count(1)
    # a finished recording goes along without being asked for
    await form.get_by_role("button", name="Absenden").click()
    await expect(form).to_have_count(0)
    answer = page.get_by_role("article").filter(has_text="Von Ada")
    await expect(answer.locator("audio")).to_have_count(2)
    address = await answer.locator("audio").last.get_attribute("src")
    content = await (await page.request.get(f"{classroom.server.base_url}{address}")).body()
    assert (await loudest(probe, content))[1] > 0.05


async def test_a_browser_without_webm_records_mp4(classroom: Room, probe: UploadProbe) -> None:
    page = await classroom.sit_down("Ada")
    supported = await page.evaluate(
        """() => {
            const original = MediaRecorder.isTypeSupported.bind(MediaRecorder);
            MediaRecorder.isTypeSupported = type => !type.includes('webm') && original(type);
            return original('audio/mp4');
        }"""
    )
    if not supported:
        pytest.skip("this browser writes no mp4")
    await to_the_bot(page)
    await page.get_by_role("button", name="Sprachnachricht aufnehmen").click()
    await record(page)
    await panel(page).get_by_role("button", name="An Klassenatelier senden").click()
    async with asyncio.timeout(10):
        message, content = await classroom.bot.heard.get()
    assert message.attachments[0].filename.endswith(".m4a")
    assert message.attachments[0].content_type == "audio/mp4"
    assert (await loudest(probe, content))[1] > 0.05


async def test_what_was_read_goes_to_the_bot_alone(classroom: Room) -> None:
    ada, ben = await asyncio.gather(classroom.sit_down("Ada"), classroom.sit_down("Ben"))
    await phrase_given(ada)
    await expect(ada.locator(".composer-slot .countdown")).to_be_visible()
    await ada.get_by_role("button", name="Sprachnachricht aufnehmen").click()
    await record(ada, 1.2)
    await panel(ada).get_by_role("button", name="Nur an Klassenatelier senden").click()
    async with asyncio.timeout(10):
        message, _content = await classroom.bot.heard.get()
    assert isinstance(message.channel, discord.DMChannel)
    await expect(ada.get_by_role("article").filter(has_text="Sprachnachricht")).to_have_count(1)
    await expect(ada.get_by_role("heading", name="Klassenatelier").first).to_be_visible()
    # sent is sent: no time runs any more
    await expect(ada.locator(".composer-slot .countdown")).to_be_hidden()
    await expect(ada.locator("#announcer")).not_to_contain_text("Die Zeit ist um")
    await phrase_given(ada)
    await to_the_bot(ada)
    await ada.get_by_role("button", name="Sprachnachricht aufnehmen").click()
    await expect(panel(ada)).to_contain_text("rot Apfel Wolke")
    await ben.get_by_role("button", name="Sprachnachricht aufnehmen").click()
    await record(ben, 1.2)
    await panel(ben).get_by_role("button", name="An #atelier senden").click()
    await expect(ben.get_by_role("article").filter(has_text="Sprachnachricht")).to_have_count(1)


async def test_closing_a_form_lets_go_of_the_microphone(classroom: Room) -> None:
    page = await classroom.sit_down("Ada")
    await page.evaluate(
        """() => {
            const original = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);
            window.streams = [];
            navigator.mediaDevices.getUserMedia = async wants => {
                const stream = await original(wants);
                window.streams.push(stream);
                return stream;
            };
        }"""
    )
    await phrase_given(page)
    await page.get_by_role("button", name="Abgeben").click()
    form = page.get_by_role("dialog", name="Aufnahmen abgeben")
    await form.get_by_role("button", name="Aufnehmen", exact=True).click()
    await expect(panel(form)).to_contain_text("Aufnahme läuft")
    await form.get_by_role("button", name="Abbrechen").click()
    await expect(form).to_have_count(0)
    await page.get_by_role("button", name="Sprachnachricht aufnehmen").click()
    await expect(panel(page)).to_contain_text("Aufnahme läuft")
    await page.get_by_role("button", name="plauderecke").click()
    await expect(panel(page)).to_have_count(0)
    live = "() => window.streams.flatMap(one => one.getTracks()).map(one => one.readyState)"
    assert await page.evaluate(live) == ["ended", "ended"]


async def test_the_time_runs_out(classroom: Room) -> None:
    page = await classroom.sit_down("Ada")
    classroom.bot.until = 5.0
    try:
        await page.keyboard.type("/satz")
        await page.keyboard.press("Enter")
        await page.keyboard.press("Enter")
        left = page.locator(".composer-slot .countdown")
        await expect(left).to_have_attribute("aria-label", re.compile(r"Noch 0:0[345] Zeit"))
        await expect(left).to_be_hidden()
        await expect(page.locator("#announcer")).to_contain_text("Die Zeit ist um.")
    finally:
        classroom.bot.until = 180.0


async def test_what_is_deleted_stops_and_is_gone(classroom: Room) -> None:
    page = await classroom.sit_down("Frau Sommer")
    await page.keyboard.type("/zeuge")
    await page.keyboard.press("Enter")
    await page.keyboard.press("Enter")
    article = page.get_by_role("article").filter(has_text="Hör zu")
    player = await article.locator("audio").element_handle()
    assert player is not None
    await player.evaluate("player => player.play()")
    assert await player.evaluate("player => !player.paused && player.duration === 3")
    await classroom.bot.shown[-1].delete_original_response()
    await expect(article).to_have_count(0)
    assert await player.evaluate("player => player.paused")
    answer = await page.request.get(await player.evaluate("player => player.src"))
    assert answer.status == 404
    assert (
        await page.evaluate("src => fetch(src).then(one => one.status)", await player.evaluate("p => p.src"))
        == 404
    )


async def test_what_was_deleted_while_the_page_was_away_is_gone(classroom: Room) -> None:
    page = await classroom.open()
    sockets: list[WebSocketRoute] = []
    away = False

    async def route(socket: WebSocketRoute) -> None:
        if away:
            await socket.close()
            return
        socket.connect_to_server()
        sockets.append(socket)

    await page.route_web_socket("**/api/socket", route)
    await page.get_by_role("button", name="Frau Sommer").click()
    await expect(page.locator("#composer-input")).to_be_focused()
    await page.keyboard.type("/zeuge")
    await page.keyboard.press("Enter")
    await page.keyboard.press("Enter")
    article = page.get_by_role("article").filter(has_text="Hör zu")
    await expect(article.locator("audio")).to_have_count(1)
    away = True
    await sockets[-1].close()
    await expect(page.get_by_role("status").filter(has_text="antwortet nicht")).to_be_visible()
    await classroom.bot.shown[-1].delete_original_response()
    away = False
    await page.get_by_role("button", name="Jetzt versuchen").click()
    await expect(article).to_have_count(0)


async def page_in(browser: Browser, room: Room, **how: Any) -> Page:
    """Ada's page in another browser."""
    context = await browser.new_context(viewport=WIDE, reduced_motion="reduce", **how)
    page = await context.new_page()
    await page.goto(f"{room.server.base_url}/w/{secrets.token_hex(8)}/?guild={room.guild}")
    await page.get_by_role("button", name="Ada").click()
    await expect(page.locator("#composer-input")).to_be_focused()
    return page


@pytest.mark.parametrize(
    ("locale", "button", "sentence"),
    [
        ("de-DE", "Sprachnachricht aufnehmen", "Dein Browser darf das Mikrofon nicht benutzen"),
        ("en-GB", "Record a voice message", "Your browser may not use the microphone"),
    ],
)
async def test_a_refused_microphone_is_said_plainly(
    classroom: Room, locale: str, button: str, sentence: str
) -> None:
    page = await page_in(classroom.strict, classroom, locale=locale)
    await page.get_by_role("button", name=button).click()
    await expect(page.locator(".recorder").get_by_role("status").first).to_contain_text(sentence)
    retry = page.locator(".recorder").get_by_role("button").first
    await expect(retry).to_be_focused()
    await page.keyboard.press("Escape")
    await expect(page.locator(".recorder")).to_have_count(0)
    await page.context.close()


async def test_an_address_without_a_microphone_is_explained(classroom: Room) -> None:
    """What a browser does at http addresses of other machines: there is no `mediaDevices` at all."""
    page = await classroom.sit_down("Ada")
    await page.evaluate("Object.defineProperty(navigator, 'mediaDevices', {value: undefined})")
    await page.get_by_role("button", name="Sprachnachricht aufnehmen").click()
    await expect(page.locator(".recorder")).to_contain_text(
        "Unter dieser Adresse gibt der Browser kein Mikrofon"
    )


async def test_too_short_a_take_is_no_recording(classroom: Room) -> None:
    page = await classroom.sit_down("Ada")
    await page.get_by_role("button", name="Sprachnachricht aufnehmen").click()
    await panel(page).get_by_role("button", name="Stopp").click()
    await expect(panel(page)).to_contain_text("Das war zu kurz")
    await panel(page).get_by_role("button", name="Noch einmal versuchen").click()
    await record(page, 1.0)
    # the button of the message box sends what is finished as well
    await page.get_by_role("button", name="Senden", exact=True).click()
    await expect(page.get_by_role("article").filter(has_text="Sprachnachricht")).to_have_count(1)


async def test_without_a_microphone_one_is_told(classroom: Room) -> None:
    page = await page_in(classroom.deaf, classroom, locale="de-DE")
    if await page.evaluate(
        "navigator.mediaDevices.enumerateDevices().then(all => all.some(one => one.kind === 'audioinput'))"
    ):
        pytest.skip("this machine has a microphone")
    await page.get_by_role("button", name="Sprachnachricht aufnehmen").click()
    await expect(page.locator(".recorder")).to_contain_text("Es ist kein Mikrofon da")
    await page.context.close()


async def test_the_browser_had_nothing_to_complain_about(running: Room) -> None:
    """Runs last: no error of a script, nothing that the content security policy kept out."""
    expected = ("404 (Not Found)",)
    assert [one for one in running.complaints if not any(part in one for part in expected)] == []
