"""What `/check` answers: the mark, what the file says of itself, and how much each of them proves."""

from __future__ import annotations

from bot.i18n import Sentences
from bot.services.probe import OwnTags
from bot.services.sound_check import SoundReport
from bot.texts import cut, shown

CONTENT_LIMIT = 2000
NAME_SHOWN = 60


def compose_sound_check(report: SoundReport, name: str, sentences: Sentences, locale: object) -> str:
    """`name` is the file's name as it was sent. A private message: the file is somebody's own affair."""
    title = sentences.text(
        "sound_check.title", locale, name=shown(name, NAME_SHOWN), seconds=round(report.seconds, 1)
    )
    mark = sentences.text("sound_check.found" if report.marked else "sound_check.none", locale)
    proves = sentences.text("sound_check.found_means" if report.marked else "sound_check.none_means", locale)
    lines = [title, f"**{mark}** {proves}", *_tags(report.tags, sentences, locale)]
    lines.append(sentences.text("sound_check.gone", locale))
    return cut("\n\n".join(lines), CONTENT_LIMIT)


def _tags(tags: OwnTags, sentences: Sentences, locale: object) -> list[str]:
    said = []
    if tags.job is not None and tags.seed is not None:
        said.append(sentences.text("sound_check.recipe", locale, job=tags.job, seed=tags.seed))
    elif tags.job is not None:
        said.append(sentences.text("sound_check.recipe_job", locale, job=tags.job))
    if tags.machine:
        said.append(sentences.text("sound_check.machine", locale))
    if not said:
        return [sentences.text("sound_check.no_tags", locale)]
    return [" ".join([*said, sentences.text("sound_check.tags_mean", locale)])]
