"""Debian's Chromium with every outside name blocked.

GEOGRID_TEST_LATENCY_MS makes every answer that much later: a test that looks before an answer is there fails each time, not now
and then on a loaded machine. Tests that take the page offline take the delay away with it.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from playwright.sync_api import Page, sync_playwright

from tests.build_installation import HERE, Small, running, wait_until_answers

CHROMIUM = "/usr/bin/chromium"
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE localhost, EXCLUDE 127.0.0.1",
]
PHONE = {"width": 360, "height": 740}


@contextmanager
def served(small: Small, *, stream: bool = False) -> Iterator[None]:
    """Serve ``small`` on its port until the block ends, with its stream beside it where it is asked for."""
    with ExitStack() as stack:
        process = stack.enter_context(running("serve --workers 1 --threads 8", small.settings))
        beside = stack.enter_context(running("stream", small.settings)) if stream else None
        wait_until_answers(address(small, "/health"), process)
        if beside:
            wait_until_answers(f"http://{HERE}:{small.settings.stream_port}/health", beside)
        yield


def address(small: Small, path: str) -> str:
    return f"http://{HERE}:{small.settings.port}{path}"


def shot(page: Page, name: str) -> None:
    """Keep a picture where GEOGRID_SHOTS names a folder, for who looks at the pages."""
    folder = os.environ.get("GEOGRID_SHOTS")
    if folder:
        page.screenshot(path=str(Path(folder) / f"{name}.png"))


@dataclass
class Seen:
    """What a page did: requests, those to other hosts, errors of scripts and console, bytes received."""

    requests: list[str] = field(default_factory=list)
    outside: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    received_bytes: int = 0


@contextmanager
def phone(size: dict | None = None, language: str = "zh-CN", **options) -> Iterator[tuple[Page, Seen]]:
    """Yield a page of a touch screen and what it has done so far; ``options`` are those of a browser context."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        context = browser.new_context(viewport=size or PHONE, has_touch=True, is_mobile=True, locale=language, **options)
        page, seen = context.new_page(), Seen()
        protocol = context.new_cdp_session(page)
        protocol.send("Network.enable")
        if late_ms := int(os.environ.get("GEOGRID_TEST_LATENCY_MS", "0")):
            slow = {"offline": False, "latency": late_ms, "downloadThroughput": -1, "uploadThroughput": -1}
            protocol.send("Network.emulateNetworkConditions", slow)
        protocol.on("Network.loadingFinished", lambda event: _add(seen, event["encodedDataLength"]))
        page.on("request", lambda request: _note(seen, request.url))
        page.on("pageerror", lambda error: seen.errors.append(f"page: {error}"))
        page.on("console", lambda line: line.type == "error" and seen.errors.append(f"console: {line.text}"))
        yield page, seen
        context.close()
        browser.close()


def _add(seen: Seen, count: float) -> None:
    seen.received_bytes += int(count)


def _note(seen: Seen, address: str) -> None:
    if address.startswith(("data:", "blob:")):
        return
    seen.requests.append(address)
    if urlsplit(address).hostname not in {"127.0.0.1", "localhost"}:
        seen.outside.append(address)
