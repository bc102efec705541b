"""Search documents within all limits do not fill the memory, and one that is beyond them is refused, not an outage."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import psutil
import pytest
from sqlalchemy.exc import DBAPIError

from mma.answers.search import LARGEST, MOST_VALUES
from mma.store import Store
from tests.api.filling import fill
from tests.api.serving import serving

N = 88
MOST_BYTES = 150 << 20
"""What the server may grow by."""


@pytest.fixture
def served(database: str, tmp_path: Path) -> Iterator[tuple[httpx.Client, psutil.Process]]:
    """The interface as a process of its own on each database, without limit of rate; a client of it."""
    store = Store(database)
    fill(store)
    store.close()
    with serving(database, tmp_path) as server, httpx.Client(base_url=server.url, timeout=120.0) as client:
        yield client, psutil.Process(server.pid)


def terms(n_clauses: int, n_values: int, field: str, start: float = 0.0) -> dict[str, Any]:
    """A document of so many lists of so many values, all different."""
    text = field in ("object", "survey")
    lists = [
        [f"o{start + i * n_values + j}" if text else start + i * n_values + j + 0.5 for j in range(n_values)]
        for i in range(n_clauses)
    ]
    return {"query": {"bool": {"should": [{"terms": {field: values}} for values in lists]}}}


def test_documents_as_large_as_they_may_be_leave_nothing_behind(served: tuple[httpx.Client, psutil.Process]):
    client, process = served
    fields = ("mag", "object", "log_odds", "survey")
    for i in range(4):
        assert client.post("/api/search/candidates", json=terms(10, 10, fields[i])).status_code == 200
    before = process.memory_info().rss
    for i in range(N):  # no two of one form
        n_clauses = LARGEST - 2 - i
        document = terms(n_clauses, MOST_VALUES // n_clauses, fields[i % len(fields)], start=1e5 * i)
        got = client.post("/api/search/candidates", json=document)
        assert got.status_code == 200, got.text[:300]
    assert process.memory_info().rss - before < MOST_BYTES


@pytest.mark.parametrize("field", ["mag", "object"])
def test_more_values_than_may_be_are_refused(served: tuple[httpx.Client, psutil.Process], field: str):
    client, process = served
    before = process.memory_info().rss
    for _ in range(20):
        got = client.post("/api/search/candidates", json=terms(199, 40, field))
        assert got.status_code == 422
        assert f"more than {MOST_VALUES} values in all" in got.json()["detail"]
    assert process.memory_info().rss - before < MOST_BYTES


def test_too_many_variables_are_no_outage(database: str):
    store = Store(database)
    mark, n = ("?" if database.startswith("sqlite") else "%s"), 300_000  # both take fewer
    with pytest.raises(DBAPIError) as caught, store.read() as connection:
        connection.exec_driver_sql(f"SELECT 1 WHERE 1 IN ({', '.join([mark] * n)})", (1,) * n)
    assert store.is_of_data(caught.value)
    store.close()
