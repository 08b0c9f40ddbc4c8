"""Debian's Chromium with every outside name blocked."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from playwright.sync_api import Page, sync_playwright

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
