"""A person of the class as a program: what the page does, over real sockets, for the demo's lessons and for tests.

ada = await Visitor.enter(server.base_url, person="Ada", locale="de")
messages = await ada.command("bild", prompt="ein roter Kreis", anzahl=4)      # waits until nothing is loading
await ada.press(messages[0], label="Noch einmal")
await ada.say(f"{ada.mention()} erzähl mir etwas", channel=await ada.thread("Gespräch"))
await ada.menu("Erkläre das", messages[0])
await ada.leave()
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from bot.local.errors import Json
from bot.local.visitor_chat import VisitorChat
from bot.local.visitor_handle import Handle, InteractionFailed
from bot.local.visitor_line import Place, VisitError
from bot.local.visitor_lookup import by_name, filled_field, find_component, form_fields

__all__ = ["Handle", "InteractionFailed", "VisitError", "Visitor"]


class Visitor(VisitorChat):
    """One person at one window. Make it with `enter`; call `leave` at the end (or use it with `async with`)."""

    # Commands

    def command(
        self, name: str, *, channel: Place | None = None, target: str | None = None, **options: Any
    ) -> Handle:
        """Give a slash command (`"bild"`, or `"unterricht start"` with a sub-command).

        Options by their name or its localisation in the visitor's language; a `Path` becomes an upload; a person,
        channel or role is given by name or id. `target` is the id that a context menu's command is about.
        """
        return Handle(self, lambda: self._send_command(2, name, channel, target, options), self.timeout)

    def menu(self, name: str, target: Json) -> Handle:
        """Choose a command of the context menu of a message, or of a member (an entry of `state["members"]`)."""
        place = target.get("channel_id")
        return Handle(self, lambda: self._send_command(2, name, place, str(target["id"]), {}), self.timeout)

    async def autocomplete(
        self, name: str, focused: str, value: str = "", *, channel: Place | None = None, **options: Any
    ) -> list[Json]:
        """What the bot offers for an option while it is typed: a list of {name, value}."""
        chosen = {**options, focused: _Focused(value)}
        answer = await self._send_command(4, name, channel, None, chosen)
        choices: list[Json] = answer
        return choices

    async def _send_command(
        self, kind: int, name: str, channel: Place | None, target: str | None, options: Json
    ) -> Any:
        command, subs = self._find_command(name, in_menus=target is not None)
        uploads: list[Path] = []
        definitions = subs[-1]["options"] if subs else command.get("options") or []
        given = [
            self._option(definitions, key, value, uploads)
            for key, value in options.items()
            if value is not None
        ]
        for sub in reversed(subs):
            given = [{"name": sub["name"], "type": sub["type"], "options": given}]
        body: Json = {
            "type": kind,
            "channel_id": self.channel_id(channel or self.channel),
            "command_id": command["id"],
            "name": command["name"],
            "options": given,
        }
        if target is not None:
            body["target_id"] = target
        answer = await self._post("/interactions", body, uploads)
        return answer["choices"] if kind == 4 else answer["interaction_id"]

    def _find_command(self, name: str, *, in_menus: bool) -> tuple[Json, list[Json]]:
        """A command and the sub-commands that lead into it; those of context menus have names with spaces."""
        there = [one for one in self.state["commands"] if (one["type"] != 1) == in_menus]
        if in_menus:
            return by_name(there, name, str(self.me["locale"])), []
        words = name.removeprefix("/").split(" ")
        found = by_name(there, words[0], str(self.me["locale"]))
        subs: list[Json] = []
        for word in words[1:]:
            inside = (subs[-1] if subs else found).get("options") or []
            subs.append({"options": [], **by_name(inside, word, str(self.me["locale"]))})
        return found, subs

    def _option(self, definitions: list[Json], name: str, value: Any, uploads: list[Path]) -> Json:
        definition = by_name(definitions, name, str(self.me["locale"]))
        shape: Json = {"name": definition["name"], "type": definition["type"], "value": value}
        if isinstance(value, _Focused):
            return {**shape, "value": value.text, "focused": True}
        if isinstance(value, Path):
            uploads.append(value)
            shape["value"] = len(uploads) - 1
        elif definition["type"] in (6, 7, 8, 9):
            shape["value"] = self._thing(definition["type"], str(value))
        return shape

    def _thing(self, kind: int, name: str) -> str:
        """The id of a person, channel or role given by name."""
        if kind == 7:
            return self.channel_id(name)
        places = {6: ("members",), 8: ("roles",), 9: ("members", "roles")}[kind]
        for one in [entry for place in places for entry in self.state[place]]:
            if name in (one["name"], one["id"]):
                return str(one["id"])
        raise KeyError(name)

    # Components and forms

    def press(self, message: Json, *, label: str | None = None, custom_id: str | None = None) -> Handle:
        """Press a message's button, named by its label or custom_id."""
        button = find_component(message, {2}, label, custom_id)
        return self._use(message, button)

    def select(
        self, message: Json, *values: str, custom_id: str | None = None, placeholder: str | None = None
    ) -> Handle:
        """Choose in a message's menu (the only one, or the one named), by the entries' value or label."""
        menu = find_component(message, {3, 5, 6, 7, 8}, placeholder, custom_id)
        labels = {one["label"]: one["value"] for one in menu.get("options") or []}
        return self._use(message, menu, [labels.get(one, one) for one in values])

    def _use(self, message: Json, component: Json, values: list[str] | None = None) -> Handle:
        body: Json = {
            "type": 3,
            "message_id": message["id"],
            "custom_id": component["custom_id"],
            "component_type": component["type"],
        }
        if values is not None:
            body["values"] = values
        return Handle(self, lambda: self._begin(body, []), self.timeout)

    async def _begin(self, body: Json, uploads: list[Path]) -> str:
        return str((await self._post("/interactions", body, uploads))["interaction_id"])

    async def open_form(self, handle: Handle) -> Json:
        """The form that a command or press opens."""
        await handle
        if handle.modal is None:
            raise LookupError(f"no form was opened. {self.story()}")
        return handle.modal

    def fill_in(self, modal: Json, **values: Any) -> Handle:
        """Send a form. Fields by custom_id or label; what is not named keeps what the bot filled in.

        A text, a list of values for a menu, a bool for a check box, a `Path` or a list of them for files.
        """
        uploads: list[Path] = []
        fields = []
        unknown = set(values)
        for label, field in form_fields(modal):
            key = field["custom_id"] if field["custom_id"] in values else label
            unknown.discard(str(key))
            fields.append(filled_field(field, values.get(str(key)), uploads))
        if unknown:
            raise KeyError(f"the form has no field {', '.join(sorted(unknown))}")
        body = {
            "type": 5,
            "modal_id": modal["modal_id"],
            "custom_id": modal["custom_id"],
            "components": fields,
        }
        return Handle(self, lambda: self._begin(body, uploads), self.timeout)


class _Focused:
    """The option that is being typed."""

    def __init__(self, text: str) -> None:
        self.text = text
