"""Whose fault it is where a database refuses something: the data's, the database's, or ours."""

from __future__ import annotations

from typing import Any

import orjson

OF_DATA = ("22", "23", "54")
"""SQLSTATE classes: a value that cannot be, a rule that it breaks, and one row that is too large."""

TOO_MANY = (
    "too many SQL variables",
    "Expression tree is too large",
    "parser stack overflow",
    "number of parameters must be",
)
"""What SQLite and PostgreSQL's driver say, without a code for it, of a statement that is too large."""

BEFORE_SENDING = (UnicodeError, OverflowError, orjson.JSONEncodeError)
"""What a driver, or the writing of JSON, says of text with lone surrogates and of numbers beyond 64 bit."""


def is_of_data(error: BaseException, driver: Any) -> bool:
    """Whether what was to be stored is at fault, and would be on any day.

    Parameters
    ----------
    driver
        The database driver's module.
    """
    cause = getattr(error, "orig", None) or error
    state = getattr(cause, "sqlstate", None)
    if state is not None:
        return str(state).startswith(OF_DATA)
    is_too_much = isinstance(cause, driver.Error) and any(text in str(cause) for text in TOO_MANY)
    return is_too_much or isinstance(cause, (driver.DataError, driver.IntegrityError, *BEFORE_SENDING))


def is_outage(error: BaseException, driver: Any) -> bool:
    """Whether the database is at fault: away, read-only, locked, full, damaged, or without a table or a permission.

    The same will succeed once that is over. What its driver refuses to send is a fault of ours.
    """
    cause = getattr(error, "orig", None) or error
    if not isinstance(cause, driver.Error) or is_of_data(cause, driver):
        return False
    is_sent = getattr(cause, "sqlstate", None) is not None
    return is_sent or not isinstance(cause, driver.ProgrammingError | driver.NotSupportedError)
