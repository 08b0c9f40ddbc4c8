"""``geogrid doctor``: what this installation lacks, and the line that mends each lack."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import tomllib
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path
from typing import Any

import click

from etl.running import running_ports
from geogrid.errors import GeogridError
from geogrid.settings import ROOT, TABLE, Settings, read_settings
from geogrid.texts import translate

FREE_WANTED_MB = 3000
FREE_LEAST_MB = 500
BROWSERS = ("chromium", "chromium-browser", "google-chrome")
FONT_PATTERNS = ("*CJK*", "*SourceHanSans*", "*wqy*")
DURABLE_SETTINGS = ("fsync", "synchronous_commit", "full_page_writes")


class Level(Enum):
    """How bad a finding is: nothing to do, something is less than it could be, or the platform cannot work."""

    WELL = "✓"
    NOTE = "!"
    BAD = "✗"


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at: the message with its values and the line that mends it, or the error that says both."""

    level: Level
    message: str
    values: dict[str, Any] = field(default_factory=dict)
    mend: str = ""
    error: GeogridError | None = None

    def shown(self, language: str) -> str:
        """Return the lines to print in ``language``."""
        said = self.error.message(language) if self.error else translate(self.message, language).format_map(self.values)
        return f"{self.level.value} {said}" + (f"\n    → {translate(self.mend, language)}" if self.mend else "")


def examine(settings: Settings) -> Iterator[Finding]:
    """Look at everything that an installation stands on, the database last."""
    yield from _programs(settings)
    yield from _socket_path(settings)
    yield from _disk(settings)
    yield from _ports(settings)
    yield from _fonts()
    yield from _browser()
    yield from _assets(ROOT / "webmap")
    yield from _database(settings)


def _of_error(error: GeogridError) -> Finding:
    return Finding(Level.BAD, "", error=error)


def _programs(settings: Settings) -> Iterator[Finding]:
    from geogrid.store.binaries import dotted, find_binaries

    if settings.database_url:
        return
    try:
        found = find_binaries()
    except GeogridError as error:
        yield _of_error(error)
        return
    values = {name: dotted(getattr(found, name)) for name in ("postgres", "postgis", "pgrouting")}
    message = "PostgreSQL {postgres}, PostGIS {postgis}, pgRouting {pgrouting} in {folder}"
    yield Finding(Level.WELL, message, {**values, "folder": found.bin_dir})


def _socket_path(settings: Settings) -> Iterator[Finding]:
    from geogrid.store.cluster import SOCKET_NAME, SOCKET_PATH_MOST_BYTES, socket_dir

    if settings.database_url:
        return
    try:
        path = socket_dir(settings.var_dir) / SOCKET_NAME
    except GeogridError as error:
        yield _of_error(error)
        return
    values = {"path": path, "length": len(os.fsencode(path)), "most": SOCKET_PATH_MOST_BYTES}
    yield Finding(Level.WELL, "Socket path {path}: {length} of at most {most} bytes", values)


def _disk(settings: Settings) -> Iterator[Finding]:
    folder = settings.var_dir
    while not folder.exists():
        folder = folder.parent
    free_mb = shutil.disk_usage(folder).free // 1_000_000
    level = Level.WELL if free_mb >= FREE_WANTED_MB else Level.NOTE if free_mb >= FREE_LEAST_MB else Level.BAD
    mend = "" if level is Level.WELL else "Make room, or set GEOGRID_VAR to a folder on another disk."
    yield Finding(level, "Disk of {folder}: {free_mb} MB free", {"folder": folder, "free_mb": free_mb}, mend)
    if not os.access(folder, os.W_OK):
        yield Finding(Level.BAD, "{folder} cannot be written to", {"folder": folder}, "Set GEOGRID_VAR to a folder of yours.")


def _ports(settings: Settings) -> Iterator[Finding]:
    ours, noted = _serves_here(settings), running_ports(settings.var_dir)
    for name in ("port", "stream_port"):
        port, variable = getattr(settings, name), TABLE[name].name
        values = {"port": port, "variable": variable}
        if not _taken(settings.host, port):
            yield Finding(Level.WELL, "Port {port} is free", values)
        elif ours or port in noted:
            yield Finding(Level.WELL, "Port {port}: in use by this installation", values)
        else:
            mend = "Stop what uses it (`./run stop` if it is geogrid), or set the variable to another port."
            yield Finding(Level.BAD, "Port {port} ({variable}) is used by another program", values, mend)


def _taken(host: str, port: int) -> bool:
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as client:
        client.settimeout(1)
        return client.connect_ex((host, port)) == 0


def _serves_here(settings: Settings) -> bool:
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(f"http://{settings.host}:{settings.port}/health", timeout=3) as answer:
            return "platform_time" in json.load(answer)
    except urllib.error.HTTPError as error:  # it is there, and unwell
        return b'"status":"unavailable"' in error.read().replace(b" ", b"")
    except (OSError, ValueError):
        return False


def _fonts() -> Iterator[Finding]:
    if _has_chinese_font(shutil.which("fc-list"), (Path("/usr/share/fonts"), Path.home() / ".fonts")):
        yield Finding(Level.WELL, "A font for Chinese is there")
    else:
        mend = "apt-get install fonts-noto-cjk"
        yield Finding(Level.NOTE, "No font for Chinese: saved pictures will show boxes", mend=mend)


def _has_chinese_font(fc_list: str | None, folders: tuple[Path, ...]) -> bool:
    if fc_list and subprocess.run([fc_list, ":lang=zh", "family"], capture_output=True, check=False).stdout.strip():
        return True
    return any(next(folder.rglob(pattern), None) for folder in folders if folder.is_dir() for pattern in FONT_PATTERNS)


def _browser() -> Iterator[Finding]:
    found = next(filter(None, map(shutil.which, BROWSERS)), None)
    if found:
        yield Finding(Level.WELL, "Chromium for the tests: {path}", {"path": found})
    else:
        yield Finding(Level.NOTE, "No Chromium: only the tests need it", mend="./run test")


def _assets(webmap: Path) -> Iterator[Finding]:
    """Compare the pins with what is unpacked; the room of pages itself lies above this one and is not imported."""
    wanted = tomllib.loads((webmap / "assets.toml").read_text(encoding="utf-8"))["package"]
    absent = [package["name"] for package in wanted if _unpacked(webmap, package["name"]) != package["integrity"]]
    if absent:
        yield Finding(Level.BAD, "Browser packages missing: {names}", {"names": ", ".join(absent)}, "geogrid assets")
    else:
        yield Finding(Level.WELL, "Browser packages: {count} as pinned", {"count": len(wanted)})


def _unpacked(webmap: Path, name: str) -> str:
    pin = webmap / "static" / "vendor" / name / ".pin.json"
    return str(json.loads(pin.read_text(encoding="utf-8"))["integrity"]) if pin.is_file() else ""


# -- the database -----------------------------------------------------------------------------------------------------


def _database(settings: Settings) -> Iterator[Finding]:
    from sqlalchemy.exc import SQLAlchemyError
    from sqlalchemy.orm import Session

    from geogrid.store.cluster import cluster_status
    from geogrid.store.session import make_engine

    if not settings.database_url:
        status = cluster_status(settings.var_dir)
        if not status.running:
            values = {"folder": status.home}
            yield Finding(
                Level.NOTE,
                "The private cluster in {folder} is not running; its settings were not looked at",
                values,
                "./run demo",
            )
            return
    engine = make_engine(settings)
    try:
        with Session(engine) as session:
            for look in (_extensions, _durability, _schema, _sorting):
                yield from _looked_at(look, session)
    except SQLAlchemyError as error:
        reason = str(getattr(error, "orig", error)).strip().splitlines()[0]
        yield Finding(Level.BAD, "The database does not answer: {reason}", {"reason": reason}, "./run demo")
    finally:
        engine.dispose()


def _looked_at(look: Callable[[Any], Iterator[Finding]], session: Any) -> Iterator[Finding]:
    try:
        yield from look(session)
    except GeogridError as error:
        yield _of_error(error)


def _extensions(session: Any) -> Iterator[Finding]:
    from sqlalchemy import text

    from geogrid.store.cluster import EXTENSIONS
    from geogrid.store.schema import EXTENSIONS as NEEDED

    query = text("SELECT name, installed_version, default_version FROM pg_available_extensions WHERE name = ANY(:names)")
    found = {row.name: row for row in session.execute(query, {"names": list(EXTENSIONS)})}
    for name in EXTENSIONS:
        row = found.get(name)
        if row is None or row.installed_version is None:
            level = Level.BAD if name in NEEDED else Level.NOTE
            yield Finding(level, "The extension {name} is missing in the database", {"name": name}, f"CREATE EXTENSION {name};")
        elif row.installed_version != row.default_version:
            values = {"name": name, "old": row.installed_version, "new": row.default_version}
            mend = "SELECT postgis_extensions_upgrade();" if name == "postgis" else f"ALTER EXTENSION {name} UPDATE;"
            yield Finding(Level.NOTE, "The extension {name} is at {old}; the programs bring {new}", values, mend)
        else:
            yield Finding(Level.WELL, "Extension {name} {version}", {"name": name, "version": row.installed_version})


def _durability(session: Any) -> Iterator[Finding]:
    from sqlalchemy import text

    for name in DURABLE_SETTINGS:
        value = session.scalar(text("SELECT current_setting(:name)"), {"name": name})
        if value == "off":
            mend = f"ALTER SYSTEM SET {name} = on; SELECT pg_reload_conf();"
            yield Finding(Level.BAD, "{name} is off: an acknowledged report could be lost", {"name": name}, mend)
        else:
            yield Finding(Level.WELL, "{name} is {value}", {"name": name, "value": value})


def _schema(session: Any) -> Iterator[Finding]:
    from geogrid.store.schema import check_schema, newest_revision

    check_schema(session, durable=False)
    yield Finding(Level.WELL, "Schema {revision}", {"revision": newest_revision()})


def _sorting(session: Any) -> Iterator[Finding]:
    from sqlalchemy import text

    if session.scalar(text("SELECT count(*) FROM pg_collation WHERE collname = 'zh-x-icu'")):
        yield Finding(Level.WELL, "Chinese sorting (ICU) is there")
    else:
        yield Finding(Level.NOTE, "This PostgreSQL was built without ICU: Chinese names sort by code point")


@click.command("doctor")
def doctor() -> None:
    """Say what is missing and the line that mends it; exit code 1 when the platform cannot work."""
    from geogrid.cli import command_language

    settings = read_settings(os.environ)
    language = settings.language or command_language(os.environ)
    findings = []
    for finding in examine(settings):
        findings.append(finding)
        click.echo(finding.shown(language))
    if any(finding.level is Level.BAD for finding in findings):
        raise SystemExit(1)
