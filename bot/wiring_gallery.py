"""What the composition root hands on for the gallery: who decides, what hangs, and the pages that follow it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bot.i18n import system_language
from bot.services.finishing import Finisher
from bot.services.gallery import Gallery
from bot.services.gallery_approval import GalleryApproval
from bot.services.gallery_clearing import GalleryClearing
from bot.services.gallery_hanging import GalleryHanging
from bot.services.gallery_own import OwnWorks
from bot.services.gallery_pages import Collection, Projector
from bot.services.gallery_ports import Approves, GalleryWall
from bot.services.gallery_rules import LessonGalleryRules
from bot.services.posting import Posting
from bot.wiring_lesson import Entrance
from data.audit import Audit
from data.gallery import GalleryEntries
from data.setup import Setups
from moderation.consent import judge_job, needs_consent

if TYPE_CHECKING:
    from bot.wiring import Parts


@dataclass(frozen=True, slots=True, kw_only=True)
class Exhibition:
    """The gallery, how it is shown, and everybody's own results."""

    gallery: Gallery
    hanging: GalleryHanging
    clearing: GalleryClearing
    entries: GalleryEntries
    own: OwnWorks
    approval: Approves


def exhibition_of(
    parts: Parts,
    *,
    entrance: Entrance,
    finishers: Mapping[str, Finisher],
    posting: Posting,
    wall: GalleryWall,
    audit: Audit,
) -> Exhibition:
    """`finishers`: one a medium, as for the delivery. What hangs is asked about the voice's consent like any job."""
    database, jobs, artifacts = parts.database, parts.jobs, parts.artifacts
    entries = GalleryEntries(database, gate=parts.consents.gate(needs_consent, judge_job))
    approval = GalleryApproval(jobs=jobs, artifacts=artifacts, finishers=finishers, posting=posting)
    folder = parts.settings.data_dir
    projector = Projector(
        collection=Collection(
            entries=entries, jobs=jobs, artifacts=folder / "artifacts", allowed=entries.is_allowed
        ),
        folder=folder / "projector",
        sentences=parts.sentences,
        language=system_language(),
    )
    rules = LessonGalleryRules(entrance.lessons)

    async def wants_review(guild: str) -> bool:
        return (await rules.gallery(guild)).review

    hanging = GalleryHanging(
        entries=entries,
        jobs=jobs,
        approval=approval,
        wall=wall,
        places=Setups(database),
        seen=[projector],
        may_show=entrance.door.may_post,
        wants_review=wants_review,
    )
    clearing = GalleryClearing(entries=entries, hanging=hanging)
    gallery = Gallery(
        entries=entries,
        jobs=jobs,
        approval=approval,
        hanging=hanging,
        clearing=clearing,
        rules=rules,
        notes=audit,
        demand=entrance.door.demand_person,
    )
    own = OwnWorks(jobs=jobs, artifacts=artifacts, approval=gallery, work_dir=parts.work_dir)
    return Exhibition(
        gallery=gallery, hanging=hanging, clearing=clearing, entries=entries, own=own, approval=gallery
    )
