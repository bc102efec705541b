"""Write an event's candidates in a format that others read. Drafts only: nothing is ever sent."""

from __future__ import annotations

import re
import sys
from argparse import Namespace
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

from ..errors import ConfigError
from ..export import FORMATS, Wanted, read
from ..streams import check_writable
from ..text import did_you_mean
from .show import as_it_is, as_json, console, open_store, table

NOT_IN_A_NAME = re.compile(r"[^\w.+-]")


def export(options: Namespace) -> None:
    """Write one format to a file or the standard output; without a format list them."""
    if options.format is None:
        _list(as_document=options.json)
        return
    form = FORMATS.get(options.format)
    if form is None:
        raise ConfigError(f"no format {options.format!r}; {did_you_mean(options.format, FORMATS)}")
    if options.event is None:
        raise ConfigError(f"which event? mma export {options.format} EVENT; 'mma events' lists them")
    output = None if options.output in (None, "-") else Path(options.output)
    if output is not None and options.output.endswith("/"):
        _make(output)
    if output is not None and not output.is_dir():
        check_writable(output)
    wanted = Wanted(
        event=options.event,
        limit=options.limit,
        min_probability=options.min_probability,
        everything=options.all,
        object_id=options.object,
        level=options.level,
        test=options.test,
        raw=options.raw,
    )
    with closing(open_store(options)) as store:
        event, candidates, more = read(store, form, wanted, datetime.now(UTC))
    document = form.write(event, candidates, more)
    content = document.encode() if isinstance(document, str) else document
    if output is None:
        _print(content, options.format)
        return
    path = output
    if path.is_dir():
        path /= NOT_IN_A_NAME.sub("_", f"{event['id']}.{form.extension}")
    _save(path, content)
    if options.json:
        as_json({"event": event["id"], "format": options.format, "file": str(path), "bytes": len(content)})
    else:
        console().print(str(path), markup=False, soft_wrap=True)


def _list(*, as_document: bool) -> None:
    if as_document:
        as_json({name: form.text for name, form in FORMATS.items()})
    else:
        columns = [("format", "left"), ("", "wrap")]
        console().print(table("", columns, ((name, form.text) for name, form in FORMATS.items())))


def _print(content: bytes, name: str) -> None:
    if sys.stdout.isatty() and b"\0" in content:
        raise ConfigError(f"{name} is not text: name a file with -o FILE")
    as_it_is(content)


def _make(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ConfigError(f"cannot make {folder}: {error.strerror}") from error


def _save(path: Path, content: bytes) -> None:
    try:
        path.write_bytes(content)
    except OSError as error:
        raise ConfigError(f"cannot write to {path}: {error.strerror}") from error
