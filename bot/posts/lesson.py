"""What the teacher's commands say: the lesson as it begins, stands and ends, a pause, the emergency stop."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import discord

from bot.buttons import ButtonId
from bot.i18n import Sentences
from bot.services.emergency import Stopped
from bot.services.lesson_ports import Ended, Paused
from bot.services.lesson_rules import GROUPS
from bot.services.standing import Standing
from bot.texts import cut, plain, shown
from data.lesson_voices import EndedVoices
from data.lessons import GALLERY_RULES, Lesson, Rules, Task
from data.spendings import Spent
from data.stops import Stop
from generation.job import Job, JobState

ROWS: Final = 6
PEOPLE: Final = 12
"""Lines of a list, and people who are named, before the rest is only counted: all of it is to fit a message."""
CONTENT: Final = 2000
WHAT: Final = 40
CLASS: Final = "class"
"""What the id of the button under a stop names: there is at most one stop in a class."""
_ENDS: Final = (JobState.POSTED, JobState.REFUSED, JobState.FAILED, JobState.CANCELLED)
_HELD: Final = {Stop.PAUSE: "held_pause", Stop.EMERGENCY: "held_emergency"}


class LessonWords:
    """Sentences of the lesson in one language."""

    def __init__(self, sentences: Sentences, locale: object) -> None:
        self._sentences = sentences
        self._locale = locale

    def started(self, lesson: Lesson, held: Stop | None = None) -> str:
        """`held`: what somebody has forgotten to lift."""
        lines = [self._say("started", when=_time(lesson.ends_at)), self.rules(lesson.rules)]
        return "\n".join([*lines, *self._held(held)])

    def _held(self, held: Stop | None, ready: int = 0) -> list[str]:
        if held is None:
            return []
        said = self._say(_HELD[held])
        return [f"{said} {self._say('held_ready', n=ready)}" if ready and held is Stop.PAUSE else said]

    def rules(self, rules: Rules) -> str:
        """One line each."""
        lines = [self._say("rule_media", media=", ".join(self.group(one) for one in rules.media))]
        if rules.models:
            lines.append(self._say("rule_models", models=", ".join(rules.models)))
        lines.append(self._say("rule_budget", limits=self._limits(rules)))
        lines.append(self._say("rule_private" if rules.private else "rule_open"))
        names = self._say("names_shown" if rules.gallery_names else "names_hidden")
        lines.append(self._say("rule_gallery", rule=self.gallery(rules.gallery), names=names))
        return "\n".join(lines)

    def _limits(self, rules: Rules) -> str:
        limits = []
        if rules.items is not None:
            limits.append(self._say("items", n=rules.items))
        if rules.gpu_seconds is not None:
            limits.append(self._say("seconds", n=rules.gpu_seconds))
        return ", ".join(limits) or self._say("no_limit")

    def group(self, name: str) -> str:
        return self._sentences.text(f"lesson.group_{name}", self._locale)

    def gallery(self, rule: str) -> str:
        return self._sentences.text(f"lesson.gallery_{rule}", self._locale)

    def task(self, task: Task | None) -> str:
        """For the whole class."""
        if task is None:
            return self._say("task_none")
        lines = [self._say("task", medium=self.group(task.medium))]
        if task.words:
            lines.append(self._say("task_words", words=", ".join(shown(one, 80) for one in task.words)))
        if task.style:
            lines.append(self._say("task_style", style=shown(task.style, 80)))
        if task.model is not None:
            lines.append(self._say("task_model", model=task.model))
        if task.until is not None:
            lines.append(self._say("task_until", when=_time(task.until)))
        return "\n".join([*lines, self._say("task_once")])

    def paused(self, paused: Paused) -> str:
        said = self._say("paused" if paused.is_new else "paused_before")
        if paused.running:
            said += " " + self._say("paused_running", n=paused.running)
        if paused.waiting:
            said += " " + self._say("paused_waiting", n=paused.waiting)
        return said

    def resumed(self, ready: int | None) -> str:
        if ready is None:
            return self._say("not_paused")
        said = self._say("resumed")
        return f"{said} {self._say('resumed_ready', n=ready)}" if ready else said

    def ended(self, ended: Ended) -> str:
        """The summary, for the teacher."""
        lesson = ended.lesson
        over = lesson.ended_at or lesson.ends_at
        lines = [self._say("ended", n=max(1, round((over - lesson.started_at) / 60)))]
        if ended.by_itself:
            lines = [self._say("ended_by_itself", when=_time(over))]
        lines += self._done(ended) if ended.people or ended.jobs else [self._say("sum_nothing")]
        if ended.voices is not None:
            lines += self._gone(ended.voices)
        return "\n".join([*lines, *self._held(ended.held, ended.ready)])

    def _done(self, ended: Ended) -> list[str]:
        work = {
            "items": self._say("items", n=ended.items),
            "seconds": self._say("seconds", n=round(ended.seconds)),
        }
        lines = [
            self._say("sum_people", n=ended.people),
            self._counts(ended.jobs),
            self._say("sum_work", **work),
        ]
        if ended.cancelled:
            lines.append(self._say("sum_cancelled", n=ended.cancelled))
        if ended.running:
            lines.append(self._say("sum_running", n=ended.running))
        if ended.hand_ins:
            lines.append(self._say("sum_hand_ins", n=ended.hand_ins))
        return lines

    def _gone(self, voices: EndedVoices) -> list[str]:
        lines = [self._say("sum_voices", n=len(voices.ended))] if voices.ended else []
        if voices.kept:
            lines.append(self._say("sum_voices_kept", n=voices.kept))
        return lines or [self._say("sum_voices_none")]

    def stopped(self, stopped: Stopped) -> str:
        lines = [self._say("stopped" if stopped.is_new else "stopped_before")]
        lines.append(
            self._say("stopped_jobs", n=stopped.ended) if stopped.ended else self._say("stopped_idle")
        )
        if stopped.deleted:
            lines.append(self._say("stopped_deleted", n=stopped.deleted))
        if stopped.left:
            jobs = ", ".join(f"`{one}`" for one in stopped.left[:ROWS])
            lines.append(self._say("stopped_left", n=len(stopped.left), jobs=jobs))
        return "\n".join([*lines, self._say("stopped_until" if stopped.is_kept else "stopped_unkept")])

    def standing(self, now: Standing) -> str:
        """Who waits, what runs, budgets, refusals: as much as a message holds."""
        parts = [*self._state(now), *self._queue(now), *self._budgets(now), *self._refused(now)]
        return cut("\n".join(parts), CONTENT)

    def _state(self, now: Standing) -> list[str]:
        lesson = now.lesson
        lines = [self._say("stand_none" if lesson is None else "stand", **_times(lesson))]
        if now.emergency_since is not None:
            lines.append(self._say("stand_emergency", when=_time(now.emergency_since)))
        if now.paused_since is not None:
            lines.append(self._say("stand_paused", when=_time(now.paused_since)))
        if lesson is not None and lesson.task is not None:
            people = [f"<@{one.person}>" for one in now.hand_ins]
            lines.append(self._say("stand_task", n=len(people)) if people else self._say("stand_task_none"))
            if people:
                lines[-1] += " " + ", ".join(people[:PEOPLE]) + (" …" if len(people) > PEOPLE else "")
        return lines

    def _queue(self, now: Standing) -> list[str]:
        lines = []
        for row in now.rows:
            key = "stand_waits" if row.place else "stand_runs"
            if row.job.state is JobState.POSTING and now.paused_since is not None:
                key = "stand_ready"
            what = {"owner": f"<@{row.job.owner_id}>", "what": self._medium(row.job)}
            lines.append(self._say(key, place=row.place, **what))
        return ["", self._say("stand_queue", n=len(now.rows)), *self._first(lines, ROWS)]

    def _budgets(self, now: Standing) -> list[str]:
        def used(one: tuple[str, Spent]) -> tuple[int, float]:
            return one[1].items, one[1].seconds

        lines = []
        for person, spent in sorted(now.spent.items(), key=used, reverse=True):
            items, seconds = self._say("items", n=spent.items), self._say("seconds", n=round(spent.seconds))
            lines.append(self._say("stand_spent", owner=f"<@{person}>", items=items, seconds=seconds))
        lines = self._first(lines, PEOPLE) or [self._say("stand_unspent")]
        return ["", self._say("stand_budgets", limits=self._limits(now.rules)), *lines]

    def _refused(self, now: Standing) -> list[str]:
        lines = []
        for job in now.refusals:
            code = (job.error_code or "").removeprefix("refused_")
            category = f"category.{code if self._sentences.has(f'category.{code}') else 'other'}"
            lines.append(
                self._sentences.text(
                    "queue.refusal",
                    self._locale,
                    when=_time(job.finished_at or job.created_at),
                    owner=f"<@{job.owner_id}>",
                    category=self._sentences.text(category, self._locale),
                )
            )
        return ["", self._say("stand_refusals", n=now.refused), *self._first(lines, ROWS, of=now.refused)]

    def _first(self, lines: Sequence[str], most: int, *, of: int | None = None) -> list[str]:
        """At most so many lines, and how many there are besides."""
        left = (len(lines) if of is None else max(of, len(lines))) - min(most, len(lines))
        return [*lines[:most], *([self._say("stand_more", n=left)] if left else [])]

    def _medium(self, job: Job) -> str:
        group = next((name for name, media in GROUPS.items() if job.medium in media), None)
        return job.medium if group is None else self.group(group)

    def _counts(self, jobs: Mapping[JobState, int]) -> str:
        return self._say("sum_jobs", **{str(state): jobs.get(state, 0) for state in _ENDS})

    def _say(self, key: str, **values: Any) -> str:
        return self._sentences.text(f"lesson.{key}", self._locale, **values)


def names_of(sentences: Sentences, kind: str, names: Sequence[str]) -> dict[str, str]:
    """What a teacher may type for each of `names`, in any language, in small letters."""
    typed = {name: name for name in names}
    for language in ("de", "en"):
        typed |= {sentences.text(f"lesson.{kind}_{name}", language).casefold(): name for name in names}
    return typed


GROUP_NAMES: Final = ("group", tuple(GROUPS))
GALLERY_NAMES: Final = ("gallery", GALLERY_RULES)


def lift_row(sentences: Sentences, locale: object) -> discord.ui.View:
    """The button under an emergency stop."""
    view = discord.ui.View(timeout=None)
    view.add_item(
        discord.ui.Button(
            label=sentences.text("button.lift_stop", locale),
            style=discord.ButtonStyle.danger,
            custom_id=str(ButtonId(action="liftstop", subject=CLASS)),
        )
    )
    return view


def told(job: Job) -> str:
    """What was typed for a job, as a choice in a list shows it."""
    keys = job.params.get("keys") or [{}]
    written = job.params.get("original") or job.params.get("prompt") or job.params.get("text")
    return cut(plain(str(written or keys[0].get("prompt", "") or job.medium)), WHAT)


def _times(lesson: Lesson | None) -> dict[str, str]:
    return {} if lesson is None else {"start": _time(lesson.started_at), "when": _time(lesson.ends_at)}


def _time(at: float) -> str:
    return f"<t:{round(at)}:t>"
