"""What the tests of the client ask, of both ways and of the store itself."""

from __future__ import annotations

EVENT = "CBC0000"


def rows(results):
    return [record.row for record in results]


def ask(both, question, *arguments, **named):
    with both.store.read() as connection:
        return question(connection, *arguments, **named)
