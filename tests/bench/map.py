"""``./run bench map``: the first view of ``/`` against plain Folium with the same data, in one run, in Chromium.

Plain Folium: grids inlined as GeoJSON, a CircleMarker with a popup for every event and station; writing its page is its
server time, and the page is opened from a file with Leaflet beside it and without jQuery, which favours it. Ours is
served, measured from the navigation, so that server time is in it, and shown apart as the sum of waiting for each
answer. Writes ``var/bench/map.json``.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click
import folium
import geopandas as gpd
from playwright.sync_api import Page, sync_playwright

from geogrid.settings import ROOT
from geogrid.store.cluster import cluster_home, cluster_url, create_database, start_cluster, stop_cluster
from tests.bench.harness import Gate, at_least, at_most, machine, on_what, report
from tests.browser.browsers import CHROMIUM, FLAGS
from tests.build_installation import HERE, free_port, running, settings_for, wait_until_answers
from webmap.folium_map import local_links
from webmap.offline import rewrite
from webmap.token import read_or_make_token

YEAR_END = "2026-01-01T00:00:00+08:00"
VENDOR = ROOT / "webmap/static/vendor/leaflet/dist"
SIZE = {"width": 1920, "height": 1080}
MOST_REQUESTS, MOST_BYTES, LEAST_RATIO = 10, 350_000, 30
VIEWS = 5
PLAIN_TIMEOUT_MS = 900_000
# The popups of plain Folium ask jQuery for one thing: markup to element.
SHIM = (
    "<script>window.$ = (t) => { const d = document.createElement('div'); d.innerHTML = t; "
    "return [d.firstElementChild]; };</script>"
)
PAINTED = "() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => done(performance.now()))))"


@click.command()
@click.option("--events", type=int, default=None, help="Events of the twin. Without: the twin's own 33,256.")
@click.option("--small", is_flag=True, help="The small twin: to try the bench itself.")
@click.option("--out", type=click.Path(path_type=Path), default=None, help="Where the figures go. Without: var/bench/map.json.")
def main(events: int | None, small: bool, out: Path | None) -> None:
    """Measure the first view of the map and of plain Folium with the same data."""
    with tempfile.TemporaryDirectory(prefix="geogrid-bench-") as folder, installed(Path(folder), events, small) as settings:
        twin = Path(folder) / "twin"
        found: dict[str, Any] = {"machine": machine(), "events": len(gpd.read_parquet(twin / "events.parquet"))}
        found["plain_folium"] = measure_plain(twin, Path(folder))
        found["ours"] = measure_ours(settings)
    ours, plain = found["ours"]["drawn_ms"], found["plain_folium"]["drawn_ms"] + found["plain_folium"]["server_ms"]
    found["ratio"] = round(plain / ours, 1)
    found["ratio_of_first_ever_view"] = round(plain / found["ours"]["first_ever"]["drawn_ms"], 1)
    found["ratio_in_the_browser_alone"] = round(found["plain_folium"]["drawn_ms"] / ours, 1)
    report("map", found, gates(found), lines=table(found), small=small, out=out)


def gates(found: dict[str, Any]) -> list[Gate]:
    """Return the gates of the first view."""
    return [
        *at_least("first view: times faster than plain Folium", found["ratio"], LEAST_RATIO),
        *at_most("first view: requests", found["ours"]["requests"], MOST_REQUESTS),
        *at_most("first view: bytes", found["ours"]["wire_bytes"], MOST_BYTES),
    ]


def table(found: dict[str, Any]) -> list[str]:
    """Return the section of the page."""
    ours, plain = found["ours"], found["plain_folium"]
    bytes_of = {"this platform": ours["wire_bytes"], "plain Folium": plain["html_bytes"]}
    drawn = {"this platform": ours["drawn_ms"], "plain Folium": plain["drawn_ms"] + plain["server_ms"]}
    rows = [
        f"| {name} | {drawn[name]:,} | {requests} | {bytes_of[name] / 1e6:,.2f} |"
        for name, requests in (("this platform", ours["requests"]), ("plain Folium", plain["requests"]))
    ]
    says = f"{found['events']:,} events, 1920 x 1080, fresh browsers; {on_what(found)}."
    return [says, "", "| way | first view, ms | requests | MB |", "|---|--:|--:|--:|", *rows]


@contextmanager
def installed(folder: Path, events: int | None, small: bool, *, durable: bool = False) -> Iterator[Any]:
    """Yield the settings of a server on a fresh database with the twin of the whole year."""
    folder.chmod(0o755)
    start_cluster(folder, durable=durable)
    try:
        create_database(folder, "bench")
        settings = settings_for(
            folder, cluster_url(folder, "bench"), GEOGRID_PORT=str(free_port()), GEOGRID_STREAM_PORT=str(free_port())
        )
        make_twin(folder / "twin", events, small)
        for command in ("db migrate", f"load all {folder / 'twin'} --edition bench --activate --as-of {YEAR_END}", "jobs --once"):
            run(settings, command)
        yield settings
    finally:
        stop_cluster(folder)
        if cluster_home(folder).is_symlink():
            cluster_home(folder).unlink()


def make_twin(folder: Path, events: int | None, small: bool) -> None:
    """Write the twin's files."""
    from etl.synthesise import HULAN, SMALL, build_twin, write_twin
    from geogrid.domain.profiles import parse_profile

    profile = parse_profile((ROOT / "data/profiles/999901.toml").read_text(encoding="utf-8"))
    write_twin(build_twin(profile, 1, size=SMALL if small else HULAN, events=events), folder)


def run(settings: Any, command: str) -> None:
    """Run one command to its end."""
    environ = {**os.environ, "GEOGRID_VAR": str(settings.var_dir), "GEOGRID_DATABASE_URL": settings.database_url}
    code = "from geogrid.cli import main; main()"
    subprocess.run([sys.executable, "-c", code, *command.split()], env=environ, check=True, stdout=subprocess.DEVNULL)


# -- plain Folium -----------------------------------------------------------------------------------------------------


def plain_page(twin: Path) -> str:
    """Return the page that one writes with Folium at first."""
    page = folium.Map(location=(45.9, 126.6), zoom_start=10, tiles=None)
    grids = gpd.read_parquet(twin / "base_grids.parquet")[["code", "name", "geometry"]]
    folium.GeoJson(grids.to_json(), popup=folium.GeoJsonPopup(["code", "name"])).add_to(page)
    for row in gpd.read_parquet(twin / "stations.parquet").itertuples():
        folium.CircleMarker((row.geometry.y, row.geometry.x), radius=5, color="black", popup=row.name).add_to(page)
    for row in gpd.read_parquet(twin / "events.parquet").itertuples():
        if row.geometry is not None:
            folium.CircleMarker((row.geometry.y, row.geometry.x), radius=4, popup=f"{row.kind} {row.reported_at}").add_to(page)
    html = rewrite(page.get_root().render(), local_links("leaflet.js", "leaflet.css"))
    return html.replace("<head>", f"<head>{SHIM}", 1)


def measure_plain(twin: Path, folder: Path) -> dict[str, Any]:
    """Measure writing and opening the plain page."""
    start = time.perf_counter()
    html = plain_page(twin)
    server_ms = (time.perf_counter() - start) * 1000
    for name in ("leaflet.js", "leaflet.css"):
        (folder / name).write_bytes((VENDOR / name).read_bytes())
    path = folder / "plain.html"
    path.write_text(html, encoding="utf-8")
    with browser() as (page, seen):
        page.goto(path.as_uri(), wait_until="load", timeout=PLAIN_TIMEOUT_MS)
        drawn_ms = page.evaluate(PAINTED)
    if seen["errors"]:
        raise RuntimeError(f"plain Folium failed: {seen['errors'][:3]}")
    return {
        "html_bytes": len(html.encode()),
        "server_ms": round(server_ms),
        "drawn_ms": round(drawn_ms),
        "requests": seen["requests"],
    }


# -- ours -------------------------------------------------------------------------------------------------------------


def measure_ours(settings: Any) -> dict[str, Any]:
    """Measure first views in fresh browsers, which keep nothing: the first ever of a server, and the middle of the next ones."""
    address = f"http://{HERE}:{settings.port}/"
    with running("serve --workers 1 --threads 8", settings) as process:
        wait_until_answers(f"{address}health", process)
        key = read_or_make_token(settings.var_dir)
        first_ever = first_view(address, key)
        views = sorted((first_view(address, key) for _ in range(VIEWS)), key=lambda view: view["drawn_ms"])
    middle = views[len(views) // 2]
    return {**middle, "first_ever": {name: first_ever[name] for name in ("drawn_ms", "server_ms")}}


def first_view(address: str, key: str) -> dict[str, Any]:
    """Open the map in a fresh browser that shows ``key``; ``server_ms``: the sum of waiting for answers, as it saw it."""
    with browser() as (page, seen):
        page.set_extra_http_headers({"Authorization": f"Bearer {key}"})
        page.goto(address)
        page.wait_for_function("() => document.documentElement.dataset.mapReady")
        drawn_ms = page.evaluate(PAINTED)
        waited = page.evaluate(
            "() => [...performance.getEntriesByType('navigation'), ...performance.getEntriesByType('resource')]"
            ".map((e) => Math.max(0, e.responseStart - e.requestStart)).reduce((a, b) => a + b, 0)"
        )
        page.wait_for_timeout(1500)
    if seen["errors"] or seen["outside"]:
        raise RuntimeError(f"the map failed: {seen}")
    return {
        "drawn_ms": round(drawn_ms),
        "server_ms": round(waited),
        "requests": seen["requests"],
        "wire_bytes": int(seen["bytes"]),
    }


@contextmanager
def browser() -> Iterator[tuple[Page, dict[str, Any]]]:
    """Yield a page of 1920 by 1080 and what it cost."""
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        page = chromium.new_page(viewport=SIZE, locale="zh-CN")
        seen: dict[str, Any] = {"requests": 0, "bytes": 0, "outside": [], "errors": []}
        protocol = page.context.new_cdp_session(page)
        protocol.send("Network.enable")
        protocol.on(
            "Network.loadingFinished", lambda event: seen.__setitem__("bytes", seen["bytes"] + event["encodedDataLength"])
        )
        page.on("request", lambda request: _note(seen, request.url))
        page.on("pageerror", lambda error: seen["errors"].append(str(error)))
        yield page, seen
        chromium.close()


def _note(seen: dict[str, Any], address: str) -> None:
    if address.startswith(("data:", "blob:")):
        return
    seen["requests"] += 1
    if not address.startswith((f"http://{HERE}", "file://")):
        seen["outside"].append(address)


if __name__ == "__main__":
    main()
