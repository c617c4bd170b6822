"""What a person chose in a message's menus or wrote into a form, checked against what the bot offered."""

from __future__ import annotations

from typing import Any

from bot.local import components, options
from bot.local.errors import Json, Problems
from bot.local.options import Filled

_LOOK_UP = {
    components.USER_SELECT: options.user,
    components.ROLE_SELECT: options.role,
    components.MENTIONABLE_SELECT: options.mentionable,
    components.CHANNEL_SELECT: options.channel,
    components.FILE_UPLOAD: options.file,
}
_MAX_TEXT = 4000


def chosen(filled: Filled, component: Json, values: Any, problems: Problems) -> list[str]:
    """The values of a menu: as many as it asks for, and only what it offers. Fills in what ids stand for."""
    wanted = [str(one) for one in values] if isinstance(values, list) else []
    at = problems.at("values")
    kind = component["type"]
    required = component.get("required", kind != components.CHECKBOXES)
    low = component.get("min_values", 1) if required or wanted else 0
    if not low <= len(wanted) <= _most(component):
        at.add("BASE_TYPE_BAD_LENGTH", f"Must be between {low} and {_most(component)} in length.")
    offered = component.get("options")
    if offered is not None:
        for one in wanted:
            at.choice(one, {entry["value"] for entry in offered})
        return wanted
    look_up = _LOOK_UP[kind]
    return [str(look_up(filled, component, one, at)) for one in wanted]


def _most(component: Json) -> int:
    if component["type"] == components.CHECKBOXES:
        return int(component.get("max_values") or len(component["options"]))
    return int(component.get("max_values", 1))


def submitted(filled: Filled, rows: list[Json], given: Any, problems: Problems) -> list[Json]:
    """A form's rows as the bot gets them; `given` are components in any nesting, found by custom_id."""
    values = {str(one["custom_id"]): one for one in components.walk(given) if "custom_id" in one}
    return [_row(filled, row, values, problems) for row in rows]


def _row(filled: Filled, row: Json, values: dict[str, Json], problems: Problems) -> Json:
    shape: Json = {"type": row["type"], "id": row["id"]}
    if row["type"] == components.ROW:
        shape["components"] = [_field(filled, one, values, problems) for one in row["components"]]
    elif row["type"] == components.LABEL:
        shape["component"] = _field(filled, row["component"], values, problems)
    return shape


def _field(filled: Filled, field: Json, values: dict[str, Json], problems: Problems) -> Json:
    given = values.get(field["custom_id"], {})
    at = problems.at("components", field["custom_id"])
    shape: Json = {"type": field["type"], "id": field["id"], "custom_id": field["custom_id"]}
    if field["type"] == components.TEXT_INPUT:
        shape["value"] = _text(field, given.get("value"), at)
    elif field["type"] == components.CHECKBOX:
        shape["value"] = bool(given.get("value"))
    elif field["type"] == components.RADIO:
        shape["value"] = _radio(field, given.get("value"), at)
    else:
        shape["values"] = chosen(filled, field, given.get("values") or [], at)
    return shape


def _text(field: Json, value: Any, at: Problems) -> str:
    text = "" if value is None else str(value)
    if not text:
        if field.get("required", True):
            at.required()
        return text
    at.text(text, field.get("min_length") or 0, field.get("max_length") or _MAX_TEXT)
    return text


def _radio(field: Json, value: Any, at: Problems) -> str | None:
    if value is None:
        if field.get("required", True):
            at.required()
        return None
    at.choice(value, {one["value"] for one in field["options"]})
    return str(value)
