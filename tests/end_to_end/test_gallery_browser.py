"""The gallery's pages in a real browser, as files and without a network: what is seen, what comes, what goes."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Page, async_playwright, expect

from bot.services.gallery_pages import export
from data.database import Database
from data.gallery_records import GalleryState
from tests.end_to_end.test_page import BROWSER, PATIENCE_MS, png, pytestmark
from tests.unit.bot.test_gallery_pages import SENTENCES, House

__all__ = ["pytestmark"]
POLLED_MS = 5000
TURNS = 12
DRAWN = "() => document.images.length > 0 && [...document.images].every(one => one.naturalWidth > 0)"


@pytest_asyncio.fixture(loop_scope="session")
async def house(tmp_path: Path) -> AsyncIterator[House]:
    async with await Database.open(tmp_path / "data") as database:
        yield House(database, tmp_path)


@pytest_asyncio.fixture(loop_scope="session")
async def page() -> AsyncIterator[Page]:
    """Without a network; whatever asks for one, or fails, fails the test."""
    wrong: list[str] = []
    asked: list[str] = []
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=BROWSER, args=["--no-sandbox"])
        context = await browser.new_context(offline=True)
        opened = await context.new_page()
        opened.set_default_timeout(PATIENCE_MS)
        opened.on("request", lambda one: asked.append(one.url))
        opened.on("pageerror", lambda error: wrong.append(str(error)))
        yield opened
        await browser.close()
    assert wrong == []
    assert {url.partition(":")[0] for url in asked} == {"file"}


async def turn(page: Page, pictures: int) -> None:
    """Let time pass until the work with so many pictures has its turn: which comes first is the page's affair."""
    for _ in range(TURNS):
        if await page.locator(".seen img").count() == pictures:
            break
        await page.clock.run_for(POLLED_MS)
    await expect(page.locator(".seen img")).to_have_count(pictures)


@pytest.mark.asyncio(loop_scope="session")
async def test_the_projector_shows_what_comes_and_forgets_what_goes(house: House, page: Page) -> None:
    projector, address = house.projector(), (house.folder / "p" / "77" / "index.html").as_uri()
    await projector.refresh("77")
    await page.clock.install()
    await page.goto(address)
    await expect(page.locator("#stage")).to_have_text(SENTENCES.text("page.waiting", "de"))

    picture = await house.hang("image", {"image-1.png": png(), "image-2.png": png()}, named=True)
    await projector.refresh("77")
    await page.clock.run_for(POLLED_MS)
    await expect(page.locator(".seen img")).to_have_count(2)
    await expect(page.locator("#who")).to_have_text("Änna <b>")
    await page.wait_for_function(DRAWN)

    sounds = {f"audio-{number}.ogg": b"x" for number in range(1, 7)}
    await house.hang("notes", {"sheet-0.png": png(), **sounds})
    await projector.refresh("77")
    await page.clock.run_for(POLLED_MS)
    await expect(page.locator(".heard audio")).to_have_count(6)
    box = await page.locator(".seen img").bounding_box()
    assert box is not None
    assert box["height"] > 50, "the picture is not pushed away by the players"

    await turn(page, 2)
    await house.entries.end(picture.id, GalleryState.TAKEN_DOWN, by="9")
    await projector.refresh("77")
    await page.clock.run_for(POLLED_MS)
    await expect(page.locator("#who")).to_have_text("")
    await expect(page.locator(".seen img")).to_have_count(1)

    (house.folder / "p" / "77" / "works.js").unlink()
    await page.clock.run_for(POLLED_MS)
    await expect(page.locator("#stage")).to_have_text(SENTENCES.text("page.waiting", "de"))


@pytest.mark.asyncio(loop_scope="session")
async def test_the_export_is_a_page_by_itself(house: House, page: Page, tmp_path: Path) -> None:
    await house.hang("image", {"image-1.png": png()}, named=True)
    await house.hang("text", {"text-1.txt": "Der Igel <schläft>.".encode()})
    index, _ = export(await house.collection.of_class("77", names=True), tmp_path / "out", SENTENCES, "de")
    moved = tmp_path / "elsewhere"
    index.parent.rename(moved)
    await page.goto((moved / "index.html").as_uri())
    await expect(page.locator("article")).to_have_count(2)
    await expect(page.locator("pre")).to_have_text("Der Igel <schläft>.")
    await page.wait_for_function(DRAWN)
    assert await page.locator("img").evaluate("one => one.naturalWidth") == 64
    await expect(page.locator(".facts").first).to_have_text(re.compile(SENTENCES.text("post.label", "de")))
    await expect(page.locator("article script")).to_have_count(0)
