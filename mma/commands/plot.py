"""An event as a picture."""

from __future__ import annotations

import re
from argparse import Namespace
from pathlib import Path

from ..errors import ConfigError
from ..streams import check_writable
from .show import as_json, console, settings_of


def plot(options: Namespace) -> None:
    """Draw one event into a file."""
    from .. import plots
    from ..client import Client

    if options.limit < 1:
        raise ConfigError(f"--limit {options.limit}: not a number of candidates")
    if not 10.0 <= options.dpi <= 1200.0:
        raise ConfigError(f"--dpi {options.dpi:g}: from 10 to 1200 it can be")
    if options.output:
        check_writable(Path(options.output))
    with Client(settings_of(options).database) as client:
        content = plots.load(client, options.event, limit=options.limit)
    name = re.sub(r"[^\w.+-]", "_", f"{content.event.id}-{options.kind}.png")
    path = Path(options.output or name)
    plots.save(plots.draw(content, options.kind), path, options.dpi)
    if options.json:
        as_json({"event": content.event.id, "kind": options.kind, "file": str(path), "bytes": path.stat().st_size})
    else:
        console().print(str(path), markup=False, soft_wrap=True)
