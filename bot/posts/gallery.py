"""What a work looks like: the teachers' card, the post in the gallery, the question before it is sent in, a list.

Below its first lines a work looks as its post did, without that one's buttons.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Sequence
from typing import Final

import discord

from bot.buttons import ButtonId
from bot.i18n import Sentences
from bot.posts import compose_post
from bot.posts.care import with_report
from bot.posts.shared import CONTENT_LIMIT, REQUEST_LIMIT, ComposedPost, Fill, PostArchive, PostFile
from bot.posts.text import text_file
from bot.services.clip_ports import ClipPost
from bot.services.door import PRIVATE
from bot.services.gallery import NAME_LIMIT, Offer
from bot.services.gallery_ports import Work
from bot.services.ports import Post, TextPost
from bot.services.speech_ports import SpeechPost
from bot.texts import cut, plain, shown
from data.gallery_records import Entry, Filter, GalleryDecision, GalleryState, Listed

HISTORY_SHOWN: Final = 4
REASON_SHOWN: Final = 160
LISTED_REASON: Final = 80
HEAD_LIMIT: Final = 1100
MEDIA: Final = ("image", "text", "music", "sound", "notes", "speech", "video", "clip")
"""Those that can be looked for, in this order; what explains a model is among "other"."""


def medium_name(medium: str, sentences: Sentences, locale: object) -> str:
    known = f"gallery.medium_{medium}"
    return sentences.text(known if sentences.has(known) else "gallery.medium_other", locale)


def compose_card(work: Work, sentences: Sentences, *, file_limit: int, fill: Fill = Fill.ALL) -> ComposedPost:
    """For the teachers: whose it is, whether the name may appear, what was decided before, and the work itself."""
    entry, locale = work.entry, work.post.job.locale
    naming = "gallery.card_named" if entry.named else "gallery.card_nameless"
    lines = [
        sentences.text("gallery.card", locale, person=f"<@{entry.person}>", round=entry.round),
        sentences.text(naming, locale),
        *history_lines(work.history, entry.job, sentences, locale),
    ]
    made = compose_post(
        _seen_by_others(work.post), sentences, file_limit=file_limit, fill=fill, buttons=False
    )
    view = review_rows(entry, sentences, locale)
    return dataclasses.replace(made, content=_headed(lines, made.content), view=view)


def compose_work(work: Work, sentences: Sentences, *, file_limit: int, fill: Fill = Fill.ALL) -> ComposedPost:
    """For the class. The pupil is named only where the entry says so, and whose voice it is only where that is they."""
    entry, locale = work.entry, work.post.job.locale
    if entry.named:
        head = sentences.text("gallery.hangs_named", locale, person=f"<@{entry.person}>")
    else:
        head = sentences.text("gallery.hangs", locale)
    post = _unnamed(_seen_by_others(work.post), entry)
    made = compose_post(post, sentences, file_limit=file_limit, fill=fill, buttons=False)
    view = work_rows(entry.job, work.stars, sentences, locale)
    return dataclasses.replace(made, content=_headed([head], made.content), view=view)


def _seen_by_others(post: Post) -> Post:
    """Without the notice that only its owner sees it."""
    notices = tuple(one for one in post.job.notices if one != PRIVATE)
    return dataclasses.replace(post, job=dataclasses.replace(post.job, notices=notices))


def _unnamed(post: Post, entry: Entry) -> Post:
    """Without whose voice was copied, and what they called it, unless that is who wants to be named."""
    if not isinstance(post, SpeechPost | ClipPost) or post.owner is None:
        return post
    if entry.named and post.owner == entry.person:
        return post
    if isinstance(post, SpeechPost):
        return dataclasses.replace(post, owner="", voice_name="")
    return dataclasses.replace(post, owner="")


def files_shown(work: Work, sentences: Sentences) -> Sequence[PostFile | PostArchive]:
    """All that is to be seen of a work; of a text its file, which most messages do without."""
    if isinstance(work.post, TextPost):
        return [text_file(work.post, sentences)]
    return compose_post(work.post, sentences, file_limit=REQUEST_LIMIT, buttons=False).files


def thread_name(work: Work, sentences: Sentences) -> str:
    """Of a forum's post: it may stay when the post is deleted, so it tells neither prompt nor name."""
    return f"{medium_name(work.entry.medium, sentences, work.post.job.locale)} · {work.entry.job}"


def history_lines(
    history: Sequence[GalleryDecision], job: str, sentences: Sentences, locale: object
) -> list[str]:
    """The latest decisions, each with its reason, and which work it was about where that was an earlier one."""
    lines = []
    for one in history[-HISTORY_SHOWN:]:
        line = decision_line(one, sentences, locale)
        lines.append(line if one.job == job else f"`{one.job}` · {line}")
    return [sentences.text("gallery.before", locale), *(f"- {line}" for line in lines)] if lines else []


def decision_line(decision: GalleryDecision, sentences: Sentences, locale: object) -> str:
    said = sentences.text(f"gallery.said_{decision.state}", locale)
    parts = [f"<t:{round(decision.at)}:d>", said]
    if decision.by:
        parts.append(f"<@{decision.by}>")
    line = " · ".join(parts)
    return f"{line}: {shown(decision.reason, REASON_SHOWN)}" if decision.reason else line


def told_text(entry: Entry, decision: GalleryDecision, sentences: Sentences, locale: object) -> str:
    """What its pupil hears in private."""
    what = medium_name(entry.medium, sentences, locale)
    # what no teacher decided nobody wrote a reason for
    key = "gone" if decision.state is GalleryState.TAKEN_DOWN and not decision.reason else decision.state
    lines = [sentences.text(f"gallery.told_{key}", locale, what=what, job=entry.job)]
    if decision.reason:
        lines.append(f"> {shown(decision.reason, 900)}")
    if decision.state is GalleryState.CHANGE:
        lines.append(sentences.text("gallery.told_how", locale))
    return "\n".join(lines)


# -- rows of buttons --


def review_rows(entry: Entry, sentences: Sentences, locale: object) -> discord.ui.View:
    """The round stands in the ids: a card of an earlier one decides nothing."""
    styles = {
        "galaccept": ("button.gallery_accept", "✅", discord.ButtonStyle.success),
        "galchange": ("button.gallery_change", "✏️", discord.ButtonStyle.secondary),
        "galdecline": ("button.gallery_decline", "✖️", discord.ButtonStyle.danger),
    }
    return _view(
        _button(
            ButtonId(action=action, subject=entry.job, index=entry.round),
            sentences.text(key, locale),
            emoji,
            style,
        )
        for action, (key, emoji, style) in styles.items()
    )


def work_rows(job_id: str, stars: int, sentences: Sentences, locale: object) -> discord.ui.View:
    star = sentences.text("button.gallery_star", locale, n=stars, stars=stars)
    down = sentences.text("button.gallery_down", locale)
    view = _view(
        [
            _button(ButtonId(action="galstar", subject=job_id), star, "⭐"),
            _button(ButtonId(action="galdown", subject=job_id), down, "🗑️"),
        ]
    )
    return with_report(view, job_id, sentences, locale)


def offer_card(
    offer: Offer, sentences: Sentences, locale: object, *, name: str = ""
) -> tuple[str, discord.ui.View]:
    """With the `name` or without, or what has been sent in already may be withdrawn."""
    if offer.entry is not None and offer.entry.state is not GalleryState.CHANGE:
        text = sentences.text(f"gallery.offer_{offer.entry.state}", locale)
        down = sentences.text("button.gallery_withdraw", locale)
        return text, _view([_button(ButtonId(action="galdown", subject=offer.job), down, "🗑️")])
    review = "gallery.offer_review" if offer.rule.review else "gallery.offer_open"
    lines = [sentences.text("gallery.offer", locale), sentences.text(review, locale)]
    naming = "gallery.offer_names" if offer.rule.names else "gallery.offer_no_names"
    lines.append(sentences.text(naming, locale, name=shown(name, NAME_LIMIT)))
    buttons = []
    if offer.rule.names:
        named = sentences.text("button.gallery_named", locale)
        buttons.append(_button(ButtonId(action="galnamed", subject=offer.job), named, "🙋"))
    nameless = sentences.text("button.gallery_send", locale)
    buttons.append(_button(ButtonId(action="galsend", subject=offer.job), nameless, "🖼️"))
    return "\n".join(lines), _view(buttons)


# -- the list --


def list_text(
    found: Sequence[Listed], wanted: Filter, guild: str, sentences: Sentences, locale: object
) -> str:
    """Works with links to where they hang; of one's own, and for teachers, where they stand. More than were `wanted`
    say that there is another page."""
    more, found = len(found) > wanted.limit, found[: wanted.limit]
    if not found:
        return sentences.text("gallery.nothing", locale)
    first = wanted.offset + 1
    lines = [sentences.text("gallery.list", locale, first=first, last=wanted.offset + len(found))]
    lines += [_line(one, wanted, guild, sentences, locale) for one in found]
    if more:
        lines.append(sentences.text("gallery.list_more", locale, page=wanted.offset // wanted.limit + 2))
    return cut("\n".join(lines), CONTENT_LIMIT)


def _line(one: Listed, wanted: Filter, guild: str, sentences: Sentences, locale: object) -> str:
    entry = one.entry
    parts = [
        medium_name(entry.medium, sentences, locale),
        f"`{entry.job}`",
        f"<t:{round(entry.changed_at)}:d>",
    ]
    if entry.named:
        parts.append(f"<@{entry.person}>")
    if one.stars:
        parts.append(f"⭐ {one.stars}")
    if wanted.states != {GalleryState.ACCEPTED}:
        parts.append(sentences.text(f"gallery.state_{entry.state}", locale))
    if wanted.own and one.reason and entry.state is not GalleryState.ACCEPTED:
        parts.append(shown(one.reason, LISTED_REASON))
    if one.message is not None and one.message.message is not None:
        parts.append(f"https://discord.com/channels/{guild}/{one.message.channel}/{one.message.message}")
    return "- " + " · ".join(parts)


def _headed(lines: Sequence[str], content: str) -> str:
    return cut(cut("\n".join(lines), HEAD_LIMIT) + "\n" + content, CONTENT_LIMIT)


def _button(
    custom_id: ButtonId,
    label: str,
    emoji: str,
    style: discord.ButtonStyle = discord.ButtonStyle.secondary,
) -> discord.ui.Button[discord.ui.View]:
    return discord.ui.Button(custom_id=str(custom_id), label=cut(plain(label), 80), emoji=emoji, style=style)


def _view(buttons: Iterable[discord.ui.Button[discord.ui.View]]) -> discord.ui.View:
    view = discord.ui.View(timeout=None)
    for button in buttons:
        view.add_item(button)
    view.stop()  # presses are read from their ids: see `bot.buttons`
    return view
