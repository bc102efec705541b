"""Messages that could not be handled: list, look at, try again."""

from __future__ import annotations

from argparse import Namespace
from contextlib import closing
from pathlib import Path

from ..engine import Engine, additions
from ..errors import ConfigError, NotFoundError
from ..store import Store, message_log
from ..streams import check_writable
from . import tables
from .ask import show_rows
from .replay import bar
from .show import as_json, console, reading, settings_of


def dead_letters(options: Namespace) -> None:
    """List them, show one, or handle them again."""
    if options.again:
        _again(options)
    elif options.id is None:
        with reading(options) as connection:
            rows = message_log.dead_letters(connection)
        show_rows(options, rows, tables.dead_letters, "no dead letters")
    else:
        _show(options)


def _show(options: Namespace) -> None:
    if options.save:
        check_writable(Path(options.save))
    with reading(options) as connection:
        letter = message_log.dead_letter(connection, options.id)
    if letter is None:
        raise NotFoundError(f"no dead letter {options.id}")
    payload, key = letter.pop("payload"), letter.pop("key")
    letter["key"] = None if key is None else key.decode("utf-8", "replace")
    if options.save:
        _save(Path(options.save), payload)
    if options.json:
        as_json(letter | {"bytes": len(payload), "payload": payload.decode("utf-8", "replace")[:65536]})
        return
    out = console()
    place = f"{letter['topic']}[{letter['partition']}]@{letter['offset']}"
    out.print(f"{place}  {letter['name'] or ''}", markup=False)
    out.print(f"reason: {letter['reason']}", markup=False)
    if letter["traceback"]:
        out.print(letter["traceback"], markup=False)
    out.print(payload[:2000].decode("utf-8", "replace"), markup=False)


def _again(options: Namespace) -> None:
    """Handle one or all once more. What they lead to is published by the worker that runs on this database."""
    settings = settings_of(options)
    with closing(Store(settings.database, create=False)) as store:
        engine = Engine(
            store,
            parameters=settings.score,
            prefix=settings.prefix,
            tells=settings.publish is not None,
            additions=additions(settings),
        )
        with store.read() as connection:
            ids = [row["id"] for row in message_log.dead_letters(connection)]
        if options.id is not None and options.id not in ids:
            raise NotFoundError(f"no dead letter {options.id}")
        handled, still = _handled(store, engine, ids if options.id is None else [options.id])
    if options.json:
        as_json({"handled": handled, "still": still})
        return
    console().print(f"{handled} handled, {len(still)} set aside again", markup=False)
    for row in still:
        console().print(f"  {row['topic']}@{row['offset']}: {row['reason']}", markup=False)


def _handled(store: Store, engine: Engine, ids: list[int]) -> tuple[int, list[dict[str, object]]]:
    """How many were handled, and what is wrong with the others."""
    handled, still = 0, []
    with bar() as progress:
        for letter in progress.track(ids, description="again"):
            with store.read() as connection:
                message = message_log.message(connection, letter)
            if message is None:
                continue  # another fault of a message that was handled meanwhile
            reason = engine.handle_again(message)
            if reason is None:
                handled += 1
            else:
                still.append({"topic": message.topic, "offset": message.offset, "reason": reason})
    return handled, still


def _save(path: Path, payload: bytes) -> None:
    try:
        path.write_bytes(payload)
    except OSError as error:
        raise ConfigError(f"cannot write to {path}: {error.strerror}") from error
