"""Fields of a record: read from the answer when they are asked for, with their unit, time scale or type."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Generic, TypeVar, overload

from astropy import units as u
from astropy.time import Time

Row = dict[str, Any]
T = TypeVar("T")


class Record:
    """An answer, as JSON has it, with typed fields over it. What is not known is None."""

    __slots__ = ("row",)
    row: Row
    """The whole answer: names, numbers in the units that their names tell, times as ISO 8601."""

    def __init__(self, row: Row) -> None:
        object.__setattr__(self, "row", row)

    def __setattr__(self, name: str, value: Any) -> None:
        raise AttributeError(f"a {type(self).__name__} is what was answered, and cannot be changed")

    def __getitem__(self, name: str) -> Any:
        """A field of the answer by its own name: a plain number or text."""
        return self.row[name]

    def __eq__(self, other: object) -> bool:
        return isinstance(other, type(self)) and self.row == other.row

    def __hash__(self) -> int:
        return hash((type(self), *(str(self.row.get(name)) for name in self._named())))

    def __repr__(self) -> str:
        return f"{type(self).__name__}({', '.join(repr(self.row.get(name)) for name in self._named())})"

    @classmethod
    def _named(cls) -> list[str]:
        """Keys that say which one it is."""
        return [field.key for field in fields(cls).values() if field.names]


class Known(Generic[T]):
    """A field of a record."""

    def __init__(
        self,
        of: Callable[[Any], T],
        text: str,
        *,
        key: str | Callable[[Row], Any] | None = None,
        unit: u.UnitBase | None = None,
        kind: type = str,
        names: bool = False,
    ) -> None:
        self._of, self.__doc__ = of, text
        self._key = key
        self.unit = unit
        self.kind = kind
        """Type of the values in a table: str, float, int, bool, Time; dict and list have no place in one."""

        self.names = names
        """It tells which record this is."""

    def __set_name__(self, owner: type[Record], name: str) -> None:
        self.key = self._key if isinstance(self._key, str) else name

    @overload
    def __get__(self, record: None, owner: type[Record]) -> Known[T]: ...
    @overload
    def __get__(self, record: Record, owner: type[Record]) -> T: ...
    def __get__(self, record: Record | None, owner: type[Record]) -> Known[T] | T:
        return self if record is None else self._of(self.plain(record.row))

    def plain(self, row: Row) -> Any:
        """The value as the answer has it; None where it is not known."""
        return self._key(row) if callable(self._key) else row.get(self.key)


def fields(of: type[Record]) -> dict[str, Known[Any]]:
    """A record's fields by name, in their order."""
    return {name: field for name, field in vars(of).items() if isinstance(field, Known)}


def text(about: str, *, names: bool = False, key: str | Callable[[Row], Any] | None = None) -> Known[str | None]:
    """Text that may be unknown."""
    return Known(_same, about, key=key, names=names)


def name(about: str, *, key: str | None = None) -> Known[str]:
    """Text that is always known, and says which record this is."""
    return Known(_same, about, key=key, names=True)


def number(about: str, *, key: str | Callable[[Row], Any] | None = None) -> Known[float | None]:
    """A number without a unit."""
    return Known(_same, about, key=key, kind=float)


def integer(about: str, *, key: str | None = None) -> Known[int | None]:
    """A whole number."""
    return Known(_whole, about, key=key, kind=int)


def flag(about: str, *, key: str | None = None) -> Known[bool]:
    """Yes or no."""
    return Known(bool, about, key=key, kind=bool)


def quantity(about: str, unit: u.UnitBase, key: str | Callable[[Row], Any]) -> Known[u.Quantity | None]:
    """A number with a unit, which in the answer is part of the name."""
    return Known(lambda value: None if value is None else value * unit, about, key=key, unit=unit, kind=float)


def moment(about: str, *, key: str | Callable[[Row], Any] | None = None) -> Known[Time | None]:
    """A time, UTC."""
    return Known(as_time, about, key=key, kind=Time)


def part(about: str) -> Known[Any]:
    """A list or an object of the answer, as it is."""
    return Known(_same, about, kind=dict)


def as_time(value: str | None) -> Time | None:
    """A time of an answer."""
    return None if value is None else Time(value.removesuffix("Z"), format="isot", scale="utc")


def _same(value: Any) -> Any:
    return value


def _whole(value: Any) -> int | None:
    return None if value is None else int(value)
