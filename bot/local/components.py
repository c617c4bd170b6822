"""Message components and forms: Discord's limits, and finding one by its custom_id."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from bot.local.errors import Json, Problems

ROW, BUTTON, STRING_SELECT, TEXT_INPUT, USER_SELECT, ROLE_SELECT, MENTIONABLE_SELECT, CHANNEL_SELECT = range(
    1, 9
)
SECTION, TEXT, THUMBNAIL, GALLERY, FILE, SEPARATOR, CONTAINER = 9, 10, 11, 12, 13, 14, 17
LABEL, FILE_UPLOAD, RADIO, CHECKBOXES, CHECKBOX = 18, 19, 21, 22, 23
SELECTS = frozenset({STRING_SELECT, USER_SELECT, ROLE_SELECT, MENTIONABLE_SELECT, CHANNEL_SELECT})
LINK, PREMIUM = 5, 6
_DEFAULTS: dict[int, Json] = {
    **{kind: {"min_values": 1, "max_values": 1} for kind in SELECTS},
    CONTAINER: {"accent_color": None, "spoiler": False},
    THUMBNAIL: {"description": None, "spoiler": False},
    SEPARATOR: {"divider": True, "spacing": 1},
    FILE: {"name": None, "size": None, "spoiler": False},
}
"""What Discord fills in where a component does not say."""
MAX_COMPONENTS, MAX_TEXT, MAX_UPLOADS = 40, 4000, 10


def walk(components: Any) -> Iterator[Json]:
    """Every component of a message or form, outer ones first."""
    for one in components if isinstance(components, list) else []:
        if not isinstance(one, dict):
            continue
        yield one
        yield from walk(one.get("components"))
        for name in ("component", "accessory"):
            if isinstance(one.get(name), dict):
                yield from walk([one[name]])


def find(components: Any, custom_id: str) -> Json | None:
    """The component with this custom_id."""
    return next((one for one in walk(components) if one.get("custom_id") == custom_id), None)


def numbered(components: list[Json]) -> list[Json]:
    """The components with the `id` that Discord gives to each that has none, and Discord's defaults."""
    used = {one["id"] for one in walk(components) if one.get("id")}
    free = (number for number in range(1, 10_000) if number not in used)

    def complete(value: Any) -> Any:
        if isinstance(value, list):
            return [complete(one) for one in value]
        if not isinstance(value, dict) or "type" not in value:
            return value
        own = {"type": value["type"], "id": value.get("id") or next(free), **_defaults(value)}
        for key, inner in value.items():
            if key != "id" and inner is not None:
                own[key] = (
                    complete(inner)
                    if key in ("components", "component", "accessory")
                    else _completed(key, inner)
                )
        return own

    return [complete(one) for one in components]


def _defaults(component: Json) -> Json:
    return _DEFAULTS.get(component["type"], {})


def _completed(key: str, value: Any) -> Any:
    """The entries of a gallery with what Discord adds to each; an emoji without the id it does not have."""
    if key == "emoji" and isinstance(value, dict):
        return {name: part for name, part in value.items() if part is not None}
    if key == "items" and isinstance(value, list):
        return [{"description": None, "spoiler": False, **one} for one in value]
    return value


def check_components(components: Any, problems: Problems, *, v2: bool) -> None:
    """Check a message's components; `v2` allows containers, texts and galleries."""
    if not components:
        return
    at = problems.at("components")
    if not isinstance(components, list):
        at.add("BASE_TYPE_INVALID", "Could not interpret the value.")
        return
    everything = list(walk(components))
    if len(everything) > MAX_COMPONENTS:
        at.add("COMPONENT_MAX_TOTAL_COMPONENTS_EXCEEDED", f"The total may not exceed {MAX_COMPONENTS}.")
    if not v2 and len(components) > 5:
        at.add("BASE_TYPE_BAD_LENGTH", "Must be between 1 and 5 in length.")
    _check_custom_ids(everything, at)
    if sum(len(str(one.get("content", ""))) for one in everything if one.get("type") == TEXT) > MAX_TEXT:
        at.add("COMPONENT_DISPLAYABLE_TEXT_SIZE_EXCEEDED", f"The total of texts may not exceed {MAX_TEXT}.")
    top = {ROW, SECTION, TEXT, GALLERY, FILE, SEPARATOR, CONTAINER} if v2 else {ROW}
    for place, one in enumerate(components):
        if at.at(place, "type").choice(one.get("type"), top):
            _check_nested(one, at.at(place))


def _check_custom_ids(everything: list[Json], at: Problems) -> None:
    seen: set[str] = set()
    for one in everything:
        custom_id = one.get("custom_id")
        if custom_id is not None and custom_id in seen:
            at.add("COMPONENT_CUSTOM_ID_DUPLICATED", f"Component custom id cannot be duplicated: {custom_id}")
        seen.add(str(custom_id))


def _check_nested(component: Json, at: Problems) -> None:
    kind = component.get("type")
    if kind == ROW:
        _check_row(component, at)
    elif kind == BUTTON:
        _check_button(component, at)
    elif kind in SELECTS:
        _check_select(component, at)
    elif kind == SECTION:
        at.at("components").length(component.get("components") or [], 1, 3)
        if isinstance(component.get("accessory"), dict):
            _check_nested(component["accessory"], at.at("accessory"))
        else:
            at.at("accessory").required()
    elif kind == GALLERY:
        at.at("items").length(component.get("items") or [], 1, 10)
    elif kind == TEXT:
        at.at("content").text(component.get("content"), 1, MAX_TEXT)
    elif kind == CONTAINER:
        for place, one in enumerate(component.get("components") or []):
            _check_nested(one, at.at("components", place))


def _check_row(row: Json, at: Problems) -> None:
    inner = row.get("components") or []
    if not at.at("components").length(inner, 1, 5):
        return
    selects = sum(one.get("type") in SELECTS for one in inner)
    if selects and len(inner) > 1:
        at.at("components").add("COMPONENT_LAYOUT_WIDTH_EXCEEDED", "Cannot fit components in this row")
    for place, one in enumerate(inner):
        if at.at("components", place, "type").choice(one.get("type"), {BUTTON, *SELECTS}):
            _check_nested(one, at.at("components", place))


def _check_button(button: Json, at: Problems) -> None:
    style = button.get("style")
    if not at.at("style").choice(style, {1, 2, 3, 4, LINK, PREMIUM}):
        return
    if button.get("label") is not None:
        at.at("label").text(button["label"], 0, 80)
    elif button.get("emoji") is None and style != PREMIUM:
        at.add("BUTTON_COMPONENT_LABEL_OR_EMOJI_REQUIRED", "A button needs a label or an emoji.")
    if style == LINK:
        if not button.get("url"):
            at.at("url").required()
    elif style != PREMIUM:
        _check_custom_id(button, at)


def _check_custom_id(component: Json, at: Problems) -> None:
    if component.get("custom_id") is None:
        at.at("custom_id").required()
    else:
        at.at("custom_id").text(component["custom_id"], 1, 100)


def _check_select(select: Json, at: Problems) -> None:
    _check_custom_id(select, at)
    if select.get("placeholder") is not None:
        at.at("placeholder").text(select["placeholder"], 0, 150)
    _check_range(select, at, 25)
    if select.get("type") == STRING_SELECT:
        _check_options(select.get("options") or [], at.at("options"))


def _check_range(component: Json, at: Problems, most: int) -> None:
    """`min_values` and `max_values`; what is missing or null counts as 1."""
    low, high = (
        1 if component.get(name) is None else component[name] for name in ("min_values", "max_values")
    )
    if not 0 <= low <= most:
        at.at("min_values").add("NUMBER_TYPE_MAX", f"int value should be between 0 and {most}.")
    if not max(1, low) <= high <= most:
        at.at("max_values").add("NUMBER_TYPE_MAX", f"int value should be between 1 and {most}.")


def _check_options(options: list[Json], at: Problems) -> None:
    if not at.length(options, 1, 25):
        return
    seen: set[str] = set()
    for place, one in enumerate(options):
        for name, needed in (("label", True), ("value", True), ("description", False)):
            value = one.get(name)
            if value is None and not needed:
                continue
            at.at(place, name).text(value, 1 if needed else 0, 100)
        if one.get("value") in seen:
            at.at(place, "value").add("SELECT_COMPONENT_OPTION_VALUE_DUPLICATED", "The value is not unique.")
        seen.add(str(one.get("value")))


def check_modal(data: Json) -> None:
    """Check a form: title 1-45, custom_id 1-100, 1 to 5 components."""
    problems = Problems()
    at = problems.at("data")
    at.at("title").text(data.get("title") or "", 1, 45)
    at.at("custom_id").text(data.get("custom_id") or "", 1, 100)
    rows = data.get("components") or []
    if at.at("components").length(rows, 1, 5):
        _check_custom_ids(list(walk(rows)), at.at("components"))
        for place, one in enumerate(rows):
            _check_form_row(one, at.at("components", place))
    problems.refuse()


def _check_form_row(row: Json, at: Problems) -> None:
    if not at.at("type").choice(row.get("type"), {ROW, TEXT, LABEL}):
        return
    if row["type"] == LABEL:
        at.at("label").text(row.get("label") or "", 1, 45)
        if row.get("description") is not None:
            at.at("description").text(row["description"], 0, 100)
        inner = row.get("component")
        if isinstance(inner, dict):
            _check_input(inner, at.at("component"), labelled=True)
        else:
            at.at("component").required()
    elif row["type"] == ROW:
        at.at("components").length(row.get("components") or [], 1, 1)
        for place, one in enumerate(row.get("components") or []):
            _check_input(one, at.at("components", place), labelled=False)


def _check_input(component: Json, at: Problems, *, labelled: bool) -> None:
    kinds = {TEXT_INPUT, *SELECTS, FILE_UPLOAD, RADIO, CHECKBOXES, CHECKBOX} if labelled else {TEXT_INPUT}
    if not at.at("type").choice(component.get("type"), kinds):
        return
    _check_custom_id(component, at)
    if component["type"] != TEXT_INPUT:
        if component["type"] == STRING_SELECT:
            _check_options(component.get("options") or [], at.at("options"))
        elif component["type"] == FILE_UPLOAD:
            _check_range(component, at, MAX_UPLOADS)
        return
    at.at("style").choice(component.get("style"), {1, 2})
    if not labelled:
        at.at("label").text(component.get("label") or "", 1, 45)
    for name, limit in (("placeholder", 100), ("value", 4000)):
        if component.get(name) is not None:
            at.at(name).text(component[name], 0, limit)
    for name, low in (("min_length", 0), ("max_length", 1)):
        if component.get(name) is not None and not low <= component[name] <= 4000:
            at.at(name).add("NUMBER_TYPE_MAX", f"int value should be between {low} and 4000.")
