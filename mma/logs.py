"""What is logged, as lines for people or as JSON for machines."""

from __future__ import annotations

import json
import logging
import math
import sys
from collections import Counter
from datetime import UTC, datetime

from .text import printable

FORMATS = ("text", "json")
PEOPLE = "%(asctime)s %(levelname)s %(name)s %(message)s"

GONE = "socket.send() raised exception"
"""What asyncio says of a listener that hung up: nothing is wrong."""

OF_STRANGERS = ("asyncio", "uvicorn", "mma.api")
"""Loggers whose lines are about what is asked of the interface."""

LINES, PERIOD_S = 10, 60.0
"""Lines of one kind in so many seconds."""


class JsonLines(logging.Formatter):
    """One JSON object a line: time, level, name, message, and a traceback where there is one."""

    def format(self, record: logging.LogRecord) -> str:
        """The line."""
        line = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "name": record.name,
            "message": record.getMessage(),
        }
        if record.exc_info:
            line["traceback"] = self.formatException(record.exc_info)
        return json.dumps(line)


class Lines(logging.Formatter):
    """Lines for people; what others wrote cannot steer the screen."""

    def format(self, record: logging.LogRecord) -> str:
        """The line."""
        return printable(super().format(record))


class Seldom(logging.Filter):
    """Of what strangers can bring about, a few lines a minute: a flood of requests is no flood of lines."""

    def __init__(self) -> None:
        super().__init__()
        self._since = -math.inf
        self._said = Counter[tuple[str, str]]()

    def filter(self, record: logging.LogRecord) -> bool:
        """Whether a line is written."""
        if not record.name.startswith(OF_STRANGERS):
            return True
        if str(record.msg).startswith(GONE):
            return False
        if record.created - self._since >= PERIOD_S:
            self._since = record.created
            self._said.clear()
        about = record.name, str(record.msg)[:100]
        self._said[about] += 1
        if self._said[about] == LINES:
            record.msg, record.args = f"{record.getMessage()} (more of this within a minute is not logged)", ()
        return self._said[about] <= LINES


def begin(form: str, *, verbose: bool) -> None:
    """Log to the standard error: errors, or everything of interest."""
    handler = logging.StreamHandler(sys.stderr)
    handler.addFilter(Seldom())
    handler.setFormatter(JsonLines() if form == "json" else Lines(PEOPLE))
    logging.basicConfig(handlers=[handler])
    logging.getLogger("mma").setLevel(logging.INFO if verbose else logging.ERROR)
