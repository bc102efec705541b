"""Questions as FastAPI reads them: filters, order and pages, made of the table of fields; unknown names are refused."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Annotated, Any, Literal

import orjson
import pybase64
from fastapi import Path, Query
from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, create_model
from pydantic import Field as About

from skymaps import positions, times

from ..answers import Field, Order, Place, search, unix
from .problems import ProblemError

FORMATS = ("json", "csv", "ndjson", "votable", "parquet")
Form = Literal["json", "csv", "ndjson", "votable", "parquet"]
LARGEST_PAGE = 1000


def _time(value: Any) -> datetime:
    """A time in any writing that we read; a date alone is its first moment. pydantic would take a number, too."""
    try:
        return times.read(value, day_part=0.0)
    except (AttributeError, ValueError):
        raise ValueError("write an ISO 8601 time, such as 2027-03-01T02:00:00Z") from None


def _is_text(value: str) -> str:
    try:
        return search.printable(value, "text")
    except search.SearchError as error:
        raise ValueError(error.text) from error


Time = Annotated[datetime, BeforeValidator(_time)]
NO_NUL = "^[^\\x00]*$"
Text = Annotated[str, About(max_length=200, pattern=NO_NUL), AfterValidator(_is_text)]
Name = Annotated[str, Path(max_length=200, pattern=NO_NUL), AfterValidator(_is_text)]
Number = Annotated[float, About(allow_inf_nan=False)]


def _angle(value: Any, read: Callable[[str], float]) -> Any:
    """A number is left to the other checks; other text is an angle."""
    try:
        return float(value)
    except (TypeError, ValueError):
        return read(value) if isinstance(value, str) else value


RA = Annotated[Number, BeforeValidator(lambda value: _angle(value, positions.right_ascension))]
Dec = Annotated[Number, BeforeValidator(lambda value: _angle(value, positions.declination))]

Radius = Annotated[Number, BeforeValidator(lambda value: _angle(value, positions.radius))]


class Asked(BaseModel):
    """What every question may say."""

    model_config = ConfigDict(extra="forbid")

    format: Annotated[Form | None, About(description="Instead of the header Accept")] = None
    raw: Annotated[bool, About(description="CSV for programs: texts that begin with = + - @ as they are")] = False


class Paged(Asked):
    """A question with pages."""

    limit: Annotated[
        int | None,
        About(ge=1, le=LARGEST_PAGE, description="Rows of a page: 100 in JSON; other formats are whole without it"),
    ] = None
    cursor: Annotated[str | None, About(max_length=2000, description="The answer's next: the page after it")] = None


def model(
    name: str, fields: Mapping[str, Field], sort: str, sortable: Mapping[str, Field], **more: tuple[Any, Any]
) -> type[Paged]:
    """A model with ``NAME_min`` and ``NAME_max`` for each number and time, and ``NAME`` for each text."""
    found: dict[str, Any] = {}
    for key, field in fields.items():
        text = field.text + (f", {field.unit}" if field.unit else "")
        if field.kind in ("number", "time"):
            kind = Number if field.kind == "number" else Time
            found[f"{key}_min"] = (Annotated[kind | None, About(description=f"{text}: at least")], None)
            found[f"{key}_max"] = (Annotated[kind | None, About(description=f"{text}: at most")], None)
        elif field.kind == "flag":
            found[key] = (Annotated[bool | None, About(description=text)], None)
        else:
            several = About(max_length=50, description=f"{text}; again for another: either will do")
            one: Any = Annotated[Text, About(json_schema_extra={"enum": list(field.usual)})] if field.usual else Text
            found[key] = (Annotated[list[one], several], About(default_factory=list))
    names = tuple(sign + key for key in sortable for sign in ("", "-"))
    order = About(description="Field to sort by, with a minus from the largest on; unknown last")
    found["sort"] = (Annotated[Literal[names], order], sort)
    made: type[Paged] = create_model(name, __base__=Paged, **(found | more))
    return made


def query(of: type[BaseModel]) -> Callable[..., Any]:
    """A dependency that reads the model from the query."""

    def read(asked: Any) -> Any:
        return asked

    read.__annotations__["asked"] = Annotated[of, Query()]
    return read


def conditions(asked: BaseModel, fields: Mapping[str, Field]) -> list[search.Condition]:
    """What a question's filters say."""
    found = []
    for name, field in fields.items():
        for how, end in (("gte", "min"), ("lte", "max")):
            value = getattr(asked, f"{name}_{end}", None)
            if value is not None:
                found.append(search.limited(field, how, unix(value) if field.kind == "time" else value))
        value = getattr(asked, name, None)
        if value not in (None, []):
            found.append(search.chosen(field, value if isinstance(value, list) else [value], f"query.{name}"))
    return found


def order(asked: Any, sortable: Mapping[str, Field]) -> Order:
    """The order that a question names."""
    name = asked.sort.removeprefix("-")
    return Order(field=sortable[name], falling=asked.sort.startswith("-"))


def cursor(asked: BaseModel, about: str, place: Place | None) -> str | None:
    """A page's place as text; it fits no other question."""
    if place is None:
        return None
    return pybase64.urlsafe_b64encode(orjson.dumps([_question(asked, about), *place])).decode().rstrip("=")


def place(asked: Paged, about: str, field: Field) -> Place | None:
    """The place that a cursor tells."""
    if asked.cursor is None:
        return None
    wrong = ProblemError(404, "no such page: not a cursor of this question; begin without one", field="query.cursor")
    try:
        padded = asked.cursor + "=" * (-len(asked.cursor) % 4)
        question, value, key = orjson.loads(pybase64.b64decode(padded, altchars=b"-_", validate=True))
    except (ValueError, TypeError) as error:
        raise wrong from error
    kind = str if field.kind == "text" else (int, float)
    fits = value is None or (isinstance(value, kind) and not isinstance(value, bool))
    if question != _question(asked, about) or not fits or not isinstance(key, str) or "\0" in key:
        raise wrong
    return value, key


def _question(asked: BaseModel, about: str) -> str:
    """What must be the same on all pages."""
    said = asked.model_dump(mode="json", exclude={"cursor", "limit", "format", "raw"}, exclude_defaults=True)
    text = orjson.dumps([about, getattr(asked, "sort", None), said], option=orjson.OPT_SORT_KEYS)
    return hashlib.blake2b(text, digest_size=8).hexdigest()
