"""What a check says, and what may be shown because every check allowed it.

`Verdict` is the answer of one check. `Approved[T]` is a value that passed the pipeline: the publisher takes
nothing else, and `moderation.pipeline` alone can make one. The seal below stops accidents and shortcuts, not
somebody who rewrites this file: the tests look for its name in every package.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final, Generic, NoReturn, TypeVar, final

T_co = TypeVar("T_co", covariant=True)
U = TypeVar("U")

CHECK_FAILED: Final = "check_failed"
IMAGE_FLAGGED: Final = "image_flagged"

_SEAL: Final = object()


@final
@dataclass(frozen=True, slots=True)
class Verdict:
    """The answer of one check: allowed, or refused with a code that names the sentence for the pupil.

    `matches` are the word list entries that matched. They are for the teacher and never hold pupils' text.
    """

    allowed: bool
    check: str
    code: str = ""
    matches: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        # "allowed" decides what thirty pupils see: 1, None or a numpy bool is an error here, not a yes.
        if not isinstance(self.allowed, bool):
            raise TypeError("a verdict is True or False")
        if not self.check:
            raise ValueError("a verdict names its check")
        if self.allowed == bool(self.code):
            raise ValueError("a refusal has a code, an allowance has none")

    @classmethod
    def allow(cls, check: str) -> "Verdict":
        return cls(allowed=True, check=check)

    @classmethod
    def refuse(cls, check: str, code: str, matches: tuple[str, ...] = ()) -> "Verdict":
        return cls(allowed=False, check=check, code=code, matches=matches)


@final
class Approved(Generic[T_co]):
    """A value that may be shown, with the verdicts that say why. Immutable; made by the pipeline alone.

    It cannot be copied, pickled or subclassed, and one that came into being without the seal gives up neither
    its value nor its verdicts.
    """

    __slots__ = ("_seal", "_value", "_verdicts")

    _value: T_co
    _verdicts: tuple[Verdict, ...]
    _seal: object

    def __init__(self, value: T_co, verdicts: tuple[Verdict, ...], *, seal: object) -> None:
        if seal is not _SEAL:
            raise TypeError("only moderation.pipeline makes an Approved")
        if not verdicts or not all(verdict.allowed for verdict in verdicts):
            raise ValueError("an Approved needs verdicts, and every one of them allows")
        object.__setattr__(self, "_value", value)
        object.__setattr__(self, "_verdicts", verdicts)
        object.__setattr__(self, "_seal", seal)

    @property
    def value(self) -> T_co:
        self._demand_seal()
        return self._value

    @property
    def verdicts(self) -> tuple[Verdict, ...]:
        self._demand_seal()
        return self._verdicts

    def map(self, fn: Callable[[T_co], U]) -> "Approved[U]":
        """Approve what `fn` composes from this value and nothing else; its errors pass through."""
        return Approved(fn(self.value), self.verdicts, seal=self._seal)

    async def compose(self, fn: Callable[[T_co], Awaitable[U]]) -> "Approved[U]":
        """Like `map`, for work that has to be awaited, such as a sheet put together by the media family."""
        return Approved(await fn(self.value), self.verdicts, seal=self._seal)

    def _demand_seal(self) -> None:
        if getattr(self, "_seal", None) is not _SEAL:
            raise TypeError("this Approved was not made by moderation.pipeline")

    def __setattr__(self, name: str, value: object) -> NoReturn:
        raise AttributeError("an Approved does not change")

    def __delattr__(self, name: str) -> NoReturn:
        raise AttributeError("an Approved does not change")

    def __init_subclass__(cls) -> NoReturn:
        raise TypeError("Approved has no subclasses")

    def __reduce_ex__(self, protocol: object) -> NoReturn:
        # Serves pickle, copy and deepcopy: an approval is worth something only in the process that checked.
        raise TypeError("an Approved is neither copied nor stored: check again")

    def __repr__(self) -> str:
        return f"<Approved {len(self._verdicts)} verdicts>"  # never the value: it may be a pupil's text
