"""``mma`` in a group that soon does without a member who asks for nothing; the rest of a batch waits sooner as well."""

from __future__ import annotations

import sys

from mma import cli
from mma.engine import ingest
from mma.streams import kafka_settings

POLL_S = 12
READING_S = 2.0

if __name__ == "__main__":
    kafka_settings.READ["max.poll.interval.ms"] = POLL_S * 1000
    ingest.READING_S = READING_S
    sys.exit(cli.main())
