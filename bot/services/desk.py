"""What the commands call: one object with the services of the bot."""

from __future__ import annotations

from dataclasses import dataclass

from bot.services.cancel import Cancel
from bot.services.care import Care
from bot.services.chain import Chain
from bot.services.chat import Chat
from bot.services.clip import Clip
from bot.services.door import Door
from bot.services.emergency import Emergency
from bot.services.enrolment import Enrol
from bot.services.explain import Explain
from bot.services.gallery import Gallery
from bot.services.gallery_clearing import GalleryClearing
from bot.services.gallery_own import OwnWorks
from bot.services.insight import Insight
from bot.services.insight_votes import InsightVotes
from bot.services.lessons import LessonDesk
from bot.services.music import Music
from bot.services.my_data import MyData
from bot.services.notes import Notes
from bot.services.overview import Overview
from bot.services.prompt_help import PromptHelp
from bot.services.protocol import Protocol
from bot.services.revoke import Revoke
from bot.services.setup import Setup
from bot.services.sound_check import SoundCheck
from bot.services.speak import Speak
from bot.services.standing import LessonBoard
from bot.services.submit import Submit
from bot.services.uploads import Uploads
from bot.services.video import Video
from bot.services.witnessing import Witnessing
from bot.services.write import Write
from generation.catalog import Catalog


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    submit: Submit
    write: Write
    chat: Chat
    explain: Explain
    insight: Insight
    votes: InsightVotes
    music: Music
    notes: Notes
    video: Video
    clip: Clip
    chain: Chain
    uploads: Uploads
    speak: Speak
    enrol: Enrol
    witnessing: Witnessing
    revoke: Revoke
    sound_check: SoundCheck
    setup: Setup
    door: Door
    lessons: LessonDesk
    lesson_board: LessonBoard
    emergency: Emergency
    care: Care
    gallery: Gallery
    gallery_clearing: GalleryClearing
    own_works: OwnWorks
    my_data: MyData
    protocol: Protocol
    cancel: Cancel
    queue: Overview
    prompt_help: PromptHelp
    catalog: Catalog
