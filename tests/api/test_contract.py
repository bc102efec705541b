"""What the OpenAPI document promises is kept, whatever is asked: schemathesis asks."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.errors import Unsatisfiable
from schemathesis import GenerationMode
from schemathesis.specs.openapi import checks

from mma.api import create_app
from mma.api.server import Server, bound
from mma.config.settings import Api, Settings
from mma.store import Store
from tests.api.filling import fill

EXAMPLES = 20
ENDLESS = "/api/stream"
"""It has tests of its own."""

LEFT_OUT: dict[str, list[Any]] = {
    # what other tools write is read, too: numbers as text, milliseconds, a value within "query"
    **{f"POST /api/search/{what}": [checks.negative_data_rejection] for what in ("candidates", "objects")},
    "GET /api/cone": [checks.positive_data_acceptance],  # one of two ways to say where: OpenAPI cannot say so
    "POST /api/search/region": [checks.positive_data_acceptance],  # the file must be a map
    "GET /vo/conesearch": [checks.negative_data_rejection],  # errors have status 200 there
    "GET /vo/candidates": [checks.negative_data_rejection],
}


@pytest.fixture(scope="module")
def operations(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """Operations of an application on a filled store, by method and path."""
    store = Store(str(tmp_path_factory.mktemp("contract") / "mma.sqlite"))
    fill(store)
    server = Server(create_app(store, replace(Settings(), api=Api(rate_limit=0.0))), bound("127.0.0.1", 0))
    server.begin()
    schema = schemathesis.openapi.from_url(f"{server.url}/openapi.json")
    found = [result.ok() for result in schema.get_all_operations()]
    yield {f"{o.method.upper()} {o.path}": o for o in found if o.path != ENDLESS}
    server.shutdown()
    store.close()


def names() -> list[str]:
    """Of all operations, as the document has them."""
    store = Store("sqlite://")
    paths = create_app(store, Settings()).openapi()["paths"]
    store.close()
    return [f"{method.upper()} {path}" for path, of in paths.items() for method in of if path != ENDLESS]


@pytest.mark.parametrize("mode", list(GenerationMode))
@pytest.mark.parametrize("name", names())
def test_every_answer_is_as_promised(operations, name, mode):
    left_out = LEFT_OUT.get(name, [])
    strategy = operations[name].as_strategy(generation_mode=mode)

    @settings(
        max_examples=EXAMPLES,
        phases=[Phase.explicit, Phase.generate],
        suppress_health_check=list(HealthCheck),
        deadline=None,
    )
    @given(case=strategy)
    def ask(case: Any) -> None:
        case.call_and_validate(excluded_checks=left_out)

    try:
        ask()
    except Unsatisfiable:
        assert mode is GenerationMode.NEGATIVE  # nothing can be wrong with this question
