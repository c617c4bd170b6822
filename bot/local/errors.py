"""Discord's refusals.

Every refusal the class server gives to the bot or to a window is a `Refusal`: an HTTP status, Discord's
numeric code and its sentence, and for code 50035 the tree of errors per field.
"""

from __future__ import annotations

from typing import Any

Json = dict[str, Any]


class Refusal(Exception):
    """An answer with a status of 400 or above and Discord's body `{message, code, errors?}`."""

    def __init__(self, status: int, code: int, message: str, errors: Json | None = None) -> None:
        super().__init__(f"{status} {code}: {message}")
        self.status = status
        self.code = code
        self.message = message
        self.errors = errors

    def body(self) -> Json:
        """The JSON body, `errors` only where there are some."""
        body: Json = {"message": self.message, "code": self.code}
        if self.errors:
            body["errors"] = self.errors
        return body


class Problems:
    """Collects what is wrong with a body, field by field, as Discord's error tree.

    `at` extends the path: `problems.at("embeds", 0).add("BASE_TYPE_MAX_LENGTH", …)` ends up under
    `errors.embeds.0._errors`. All children share one tree; `refuse` raises it, if it is not empty.
    """

    def __init__(self, tree: Json | None = None, path: tuple[str, ...] = ()) -> None:
        self._tree: Json = {} if tree is None else tree
        self._path = path

    def __bool__(self) -> bool:
        return bool(self._tree)

    def at(self, *steps: str | int) -> Problems:
        """The same tree, one or more levels deeper."""
        return Problems(self._tree, (*self._path, *(str(step) for step in steps)))

    def add(self, code: str, message: str) -> None:
        """Note one error at this place."""
        node = self._tree
        for step in self._path:
            node = node.setdefault(step, {})
        node.setdefault("_errors", []).append({"code": code, "message": message})

    def refuse(self) -> None:
        """Raise 50035 Invalid Form Body when anything was noted."""
        if self._tree:
            raise Refusal(400, 50035, "Invalid Form Body", self._tree)

    def required(self) -> None:
        self.add("BASE_TYPE_REQUIRED", "This field is required")

    def text(self, value: Any, low: int, high: int) -> bool:
        """Check that it is a text with so many characters."""
        return self._size(value, str, low, high)

    def length(self, value: Any, low: int, high: int) -> bool:
        """Check that it is a list with so many entries."""
        return self._size(value, list, low, high)

    def _size(self, value: Any, kind: type[str] | type[list[Any]], low: int, high: int) -> bool:
        if not isinstance(value, kind):
            self.add("BASE_TYPE_INVALID", "Could not interpret the value.")
            return False
        size = len(value)
        if low <= size <= high:
            return True
        if low == 0:
            self.add("BASE_TYPE_MAX_LENGTH", f"Must be {high} or fewer in length.")
        else:
            self.add("BASE_TYPE_BAD_LENGTH", f"Must be between {low} and {high} in length.")
        return False

    def choice(self, value: Any, allowed: set[Any] | frozenset[Any]) -> bool:
        """Check membership; True when the value is allowed."""
        if any(value == one for one in allowed):
            return True
        listed = ", ".join(sorted(str(one) for one in allowed))
        self.add("BASE_TYPE_CHOICES", f"Value must be one of ({listed}).")
        return False


def invalid_form(field: str, code: str, message: str) -> Refusal:
    """50035 with one error at one top-level field."""
    return Refusal(
        400, 50035, "Invalid Form Body", {field: {"_errors": [{"code": code, "message": message}]}}
    )


def unknown(code: int) -> Refusal:
    """404 with one of the 100xx codes."""
    return Refusal(404, code, _UNKNOWN[code])


def missing_access() -> Refusal:
    return Refusal(403, 50001, "Missing Access")


def missing_permissions() -> Refusal:
    return Refusal(403, 50013, "Missing Permissions")


_UNKNOWN = {
    10003: "Unknown Channel",
    10004: "Unknown Guild",
    10007: "Unknown Member",
    10008: "Unknown Message",
    10009: "Unknown permission overwrite",
    10011: "Unknown Role",
    10013: "Unknown User",
    10014: "Unknown Emoji",
    10015: "Unknown Webhook",
    10062: "Unknown interaction",
    10063: "Unknown application command",
}
