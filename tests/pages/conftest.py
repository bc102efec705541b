"""The pages on a real server, and a real Chromium to read them; one line says so where there is none."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright
from playwright.sync_api import Error as BrowserError

from mma.api import create_app
from mma.api.server import Server, bound
from mma.config.settings import Api, Settings
from mma.store import Store
from tests.mma.conftest import small_world
from tests.mma.world import HERE, World, burst, detection, superevent

__all__ = ["small_world"]

Serve = Callable[..., str]
NAMES = ("chromium", "chromium-browser", "google-chrome")
EVENT, BEST = "S270301ab", "ZTF27aaaaaaa"


@pytest.fixture
def serve() -> Iterator[Serve]:
    """A function that serves a store and gives the address; ``api`` are settings of the interface."""
    servers: list[Server] = []

    def start(store: Store, **api: Any) -> str:
        app = create_app(store, Settings(api=Api(**({"rate_limit": 0.0} | api))))
        servers.append(Server(app, bound("127.0.0.1", 0)))
        servers[-1].begin()
        return servers[-1].url

    yield start
    for server in servers:
        server.shutdown()


@pytest.fixture
def night(small_world: World) -> World:
    """A merger with a burst beside it, and a few transients; the one in the middle, just after, comes first."""
    places = [(HERE[0] + 0.4 * i, HERE[1] - 0.3 * i) for i in range(6)]
    small_world.hears(superevent(mpc=(120.0, 30.0)), burst(seconds=2.0))
    small_world.hears(
        detection(BEST, HERE, 10.0, unseen_hours=-14.0, mag=18.5),
        detection(BEST, HERE, 34.0, first_hours=10.0, mag=19.5),
        *(detection(f"ZTF27aaaaab{chr(97 + i)}", place, 60.0 + i) for i, place in enumerate(places)),
    )
    return small_world


@pytest.fixture
def site(night: World, serve: Serve) -> Iterator[httpx.Client]:
    """A client that asks for pages."""
    with httpx.Client(base_url=serve(night.store), headers={"Accept": "text/html"}, timeout=60.0) as client:
        yield client


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """A browser; tests are left out where there is none, unless ``MMA_BROWSER=required``."""
    path = next(filter(None, map(shutil.which, NAMES)), None)
    with sync_playwright() as playwright:
        try:
            browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        except BrowserError as error:
            if os.environ.get("MMA_BROWSER") == "required":
                raise
            pytest.skip(f"no Chromium: {str(error).splitlines()[0]}")
        yield browser
        browser.close()


@dataclass
class Visit:
    """A tab, and what it did that it should not have: errors, requests to elsewhere."""

    page: Page
    base: str
    wrong: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.page.on("console", lambda m: self.wrong.append(f"{m.type}: {m.text}") if m.type != "log" else None)
        self.page.on("pageerror", lambda error: self.wrong.append(str(error)))
        self.page.on("request", lambda r: None if r.url.startswith(self.base) else self.wrong.append(r.url))
        self.page.on("response", lambda r: self.wrong.append(f"{r.status} {r.url}") if r.status >= 400 else None)

    def to(self, path: str) -> Page:
        """Go there."""
        self.page.goto(self.base + path)
        return self.page


@pytest.fixture
def visit(chromium: Browser) -> Iterator[Callable[..., Visit]]:
    """A function that opens a tab on a server; whatever went wrong in it fails the test at its end."""
    opened: list[tuple[BrowserContext, Visit]] = []

    def start(base: str, **how: Any) -> Visit:
        context = chromium.new_context(viewport={"width": how.pop("width", 1280), "height": 900}, **how)
        opened.append((context, Visit(context.new_page(), base)))
        return opened[-1][1]

    yield start
    for context, _ in opened:
        context.close()
    assert [wrong for _, one in opened for wrong in one.wrong] == []


@pytest.fixture(scope="session")
def screenshots() -> Path | None:
    """Where pictures of the pages go, if somebody wants to look at them: ``MMA_SCREENSHOTS``."""
    folder = os.environ.get("MMA_SCREENSHOTS")
    if folder is None:
        return None
    Path(folder).mkdir(parents=True, exist_ok=True)
    return Path(folder)
