"""The page of all settings, from the file that holds their defaults."""

from __future__ import annotations

import re
from pathlib import Path

DEFAULTS = Path(__file__).parents[1] / "configs" / "default.toml"
ENVIRONMENT = """
## Environment

| variable | meaning |
| --- | --- |
| `MMA_DATABASE` | `database`: SQLite file or URL |
| `MMA_PREFIX` | `prefix` |
| `MMA_GROUP` | `group` |
| `MMA_LSST_SCHEMAS` | `lsst_schemas` |
| `GCN_CLIENT_ID`, `GCN_CLIENT_SECRET` | credentials for GCN, from <https://gcn.nasa.gov> |
| `PGPASSWORD` | password for PostgreSQL; or use `~/.pgpass` |

A command-line option goes before the environment, and the environment goes before the file.
"""
INTRO = """# Settings

Settings are one TOML file. Write only what you change, and name the file with `-c FILE`:

```toml
database = "postgresql://mma@db.example.org/mma"
listen = ["gcn://gcn.nasa.gov/igwn.gwalert", "kafka://localhost:9092/ztf"]

[api]
port = 8000
```

```sh
mma config check -c my.toml    # names the setting that is wrong, and the nearest right one
mma config show -c my.toml     # every setting in force; passwords are hidden
```

No secret belongs in the file: passwords and tokens come from the environment or from the stores of hop and GCN.
Numbers that are our own choice, and not a measurement, are marked `(ours)`. A hash of everything under `[score]` is
stamped on every score.
"""


def page() -> str:
    """The whole page as Markdown: each table of the file under a heading of its own."""
    parts = [INTRO, ENVIRONMENT]
    for name, text in sections(DEFAULTS.read_text()):
        title = f"`[{name}]`" if name else "General"
        parts.append(f"\n## {title}\n\n```toml\n{text}\n```\n")
    return "".join(parts)


def sections(text: str) -> list[tuple[str, str]]:
    """Name and lines of each table; comments directly above a table are its own."""
    found: list[tuple[str, list[str]]] = [("", [])]
    above: list[str] = []
    for line in text.splitlines():
        named = re.match(r"\[([\w.]+)\]", line)
        if named:
            found.append((named[1], [*above, line]))
            above = []
        elif line.startswith("#"):
            above.append(line)
        else:
            found[-1][1].extend([*above, line])
            above = []
    found[-1][1].extend(above)
    return [(name, "\n".join(lines).strip()) for name, lines in found]
