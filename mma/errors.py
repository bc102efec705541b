"""Every error of ours.

MmaError
├── ConfigError        a setting that is unknown or cannot be
├── ConflictError      another worker was quicker: begin the transaction again
├── CostlyError        more than is read of one message within the loop: it is read apart
├── DecodeError        bytes that are not what they claim: the message goes to the dead letters
├── FetchError         a file that a notice points to cannot be had, or is not what it should be
├── Ignored            understood, and of no use to us: counted with its reason, not an error
├── NotFoundError      no such event, object or dead letter
│   ├── DamagedError   something stored is not what was stored
│   └── NoRoomError    a map that would take more memory than the maps of all followed events may
├── OutageError        a broker or database that is away: stop before the commit, try again
│   └── UndeliveredError   the broker has not confirmed some of the messages
└── TrippingError      so many messages in a row trip us that something else is wrong: nothing more of this source
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence


class MmaError(Exception):
    """Anything that mma reports on purpose."""


class ConfigError(MmaError):
    """A setting that is unknown or cannot be."""


class ConflictError(MmaError):
    """Another worker changed the same rows meanwhile. Nothing was committed; at once again."""


class CostlyError(MmaError):
    """A message that may cost more time or memory than the loop spends on one: it is read in a process of its own."""


class DecodeError(MmaError):
    """Bytes that are not what they claim. The text names the field and what was found there."""


class FetchError(MmaError):
    """A file that a notice points to cannot be had, or is not what it should be. The text tells why."""


class Ignored(MmaError):  # noqa: N818 - not an error, an outcome
    """A message that was understood and that has nothing for us; the text is the counted reason."""


class NotFoundError(MmaError):
    """No such event, object or dead letter."""


class DamagedError(NotFoundError):
    """Something stored is not what was stored, or is gone. The text names it."""


class NoRoomError(NotFoundError):
    """A map is not taken into memory: it is too large beside those of the other followed events."""


class OutageError(MmaError):
    """Broker or database away. Nothing was committed; the same messages will come again."""


class UndeliveredError(OutageError):
    """The broker did not confirm some of the messages; it has the others, and will never take some."""

    def __init__(self, text: str, missing: Collection[int], refused: Mapping[int, str]) -> None:
        super().__init__(text)
        self.missing = missing
        """Which of those that were written since the last time, counted from 0."""
        self.refused = refused
        """Which of them the broker refuses for good, and why."""


class UnfinishedError(MmaError):
    """Some messages of a batch are left, for later."""

    def __init__(self, text: str, rest: Sequence[object] = ()) -> None:
        super().__init__(text)
        self.rest = rest
        """Those, which come after all that was handled."""


class LongError(UnfinishedError):
    """Reading a batch takes long: what was read until now is handled, so that nobody takes us for dead."""


class TrippingError(UnfinishedError):
    """Too many messages in a row could not be handled, for reasons that nobody foresaw. They are set aside."""
