"""One frozen ``Settings``, read once at the edge, never at import; one table of name, default and help."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable, Mapping, MutableMapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent


class SettingUnreadable(ValueError):
    """The text of an environment variable is not what its setting takes; the message names both."""


@dataclass(frozen=True)
class Setting:
    """One line of the table: the environment variable, its default as text, what it is, and how its text is read."""

    name: str
    default: str
    help: str
    read: Callable[[str], Any] = str


def _path(text: str) -> Path:
    return Path(text).expanduser().resolve() if text else ROOT


def _time(text: str) -> datetime | None:
    if not text:
        return None
    value = datetime.fromisoformat(text)
    if value.tzinfo is None:
        raise ValueError(f"{text!r} has no offset")
    return value


def _one_of(*words: str) -> Callable[[str], str]:
    def read(text: str) -> str:
        if text not in words:
            raise ValueError(f"{text!r} is not one of {', '.join(words)}")
        return text

    return read


def _count(text: str) -> int:
    if int(text) < 1:
        raise ValueError(f"{text!r} is less than 1")
    return int(text)


TABLE: dict[str, Setting] = {
    "database_url": Setting("GEOGRID_DATABASE_URL", "", "an existing PostGIS; empty: the private cluster under var/"),
    "var_dir": Setting("GEOGRID_VAR", str(ROOT / "var"), "where all state is kept", _path),
    "data_dir": Setting("GEOGRID_DATA", str(ROOT / "data"), "profiles, programmes, calendars", _path),
    "profile": Setting("GEOGRID_PROFILE", "999901", "the district: a file of data/profiles"),
    "host": Setting("GEOGRID_HOST", "127.0.0.1", "the address the web server binds to"),
    "port": Setting("GEOGRID_PORT", "8000", "the port of pages and API", int),
    "stream_port": Setting("GEOGRID_STREAM_PORT", "8001", "the port of the live stream", int),
    "tls_cert": Setting("GEOGRID_TLS_CERT", "", "the file of a certificate (PEM): connections are encrypted with it"),
    "tls_key": Setting("GEOGRID_TLS_KEY", "", "the file of the certificate's key (PEM), readable by its owner alone"),
    "language": Setting(
        "GEOGRID_LANGUAGE",
        "",
        "language of commands and default of pages; empty: the profile's (commands: first a locale in zh or en)",
    ),
    "passwords": Setting(
        "GEOGRID_PASSWORDS",
        "asvs",
        "which passwords are taken: asvs (12 characters, no other rule) or mlps3 (10 of three kinds, new every 90 days)",
        _one_of("asvs", "mlps3"),
    ),
    "login_failures": Setting(
        "GEOGRID_LOGIN_FAILURES", "5", "wrong attempts after which an account is locked for 15 minutes", int
    ),
    "address_failures": Setting(
        "GEOGRID_ADDRESS_FAILURES", "5", "the same for an address; more where many people share one", int
    ),
    "person_a_minute": Setting("GEOGRID_PERSON_A_MINUTE", "1200", "requests a minute of a person, tiles left out", _count),
    "key_a_minute": Setting("GEOGRID_KEY_A_MINUTE", "6000", "requests a minute of a key or a screen, tiles left out", _count),
    "exports_a_minute": Setting("GEOGRID_EXPORTS_A_MINUTE", "30", "sheets and papers a minute of one caller", _count),
    "reveals_a_minute": Setting("GEOGRID_REVEALS_A_MINUTE", "20", "looks at personal details a minute of one caller", _count),
    "as_of": Setting(
        "GEOGRID_AS_OF",
        "",
        "start the clock at this time (ISO 8601 with offset): demo and drills only; empty: the clock of the demo in GEOGRID_VAR",
        _time,
    ),
    "carriers": Setting("GEOGRID_CARRIERS", "", "the file of carriers of notices; empty: carriers.toml in GEOGRID_VAR"),
    "indicators": Setting("GEOGRID_INDICATORS", "", "the file that defines the figures; empty: indicators.toml in GEOGRID_DATA"),
    "clock_start": Setting("GEOGRID_CLOCK_START", "", "the real time at which the clock stood at GEOGRID_AS_OF", _time),
}


@dataclass(frozen=True)
class Settings:
    """What the installation was told; see ``TABLE`` for each field's variable, default and meaning."""

    database_url: str
    var_dir: Path
    data_dir: Path
    profile: str
    host: str
    port: int
    stream_port: int
    tls_cert: str
    tls_key: str
    language: str
    passwords: str
    login_failures: int
    address_failures: int
    person_a_minute: int
    key_a_minute: int
    exports_a_minute: int
    reveals_a_minute: int
    as_of: datetime | None
    carriers: str
    indicators: str
    clock_start: datetime | None

    @property
    def indicators_path(self) -> Path:
        """The file that defines the figures: the one named, else ``indicators.toml`` of the data folder."""
        return Path(self.indicators).expanduser().resolve() if self.indicators else self.data_dir / "indicators.toml"

    def now(self) -> datetime:
        """Return the time, aware: the real one, or, for a demo, the time since ``clock_start`` counted from ``as_of``."""
        real = datetime.now(UTC)
        if self.as_of is None:
            return real
        return self.as_of + (real - (self.clock_start or real))


def keep_compiled_code(environ: MutableMapping[str, str]) -> None:
    """Tell numba, by ``environ``, to keep its machine code under the folder of state, unless told where already.

    To be called at the edge, before anything is compiled; it neither loads numba nor makes the folder.
    """
    var_dir = _path(environ.get(TABLE["var_dir"].name, "").strip() or TABLE["var_dir"].default)
    environ.setdefault("NUMBA_CACHE_DIR", str(var_dir / "numba"))


def read_settings(environ: Mapping[str, str]) -> Settings:
    """Read the settings from ``environ``; raises SettingUnreadable that names the variable whose text cannot be read.

    Where ``environ`` names no clock, the one that ``keep_clock`` wrote for this database counts: every command then has the
    time of the demo that it works on.
    """
    values: dict[str, Any] = {}
    for field, setting in TABLE.items():
        text = environ.get(setting.name, "").strip() or setting.default
        try:
            values[field] = setting.read(text)
        except ValueError as error:
            raise SettingUnreadable(f"{setting.name}: {error} ({setting.help})") from error
    if values["as_of"] is None and (kept := kept_clock(values["var_dir"], values["database_url"])):
        values["as_of"], values["clock_start"] = kept
    return Settings(**values)


# -- the clock of an installation that is not served at the real time -------------------------------------------------


def clock_path(var_dir: Path) -> Path:
    """Return the file of the running, or last, clock of the installation in ``var_dir``."""
    return var_dir / "clock.json"


def keep_clock(settings: Settings, as_of: datetime, clock_start: datetime) -> None:
    """Write down that the clock of this installation stood at ``as_of`` at the real time ``clock_start``; whole or not at all."""
    path = clock_path(settings.var_dir)
    kept = {"as_of": as_of.isoformat(), "clock_start": clock_start.isoformat(), "database": _database_mark(settings.database_url)}
    fresh = path.with_suffix(".new")
    fresh.write_text(json.dumps(kept, indent=1) + "\n", encoding="utf-8")
    fresh.replace(path)


def drop_clock(var_dir: Path) -> None:
    """Forget the clock of the installation in ``var_dir``: its time is the real one."""
    clock_path(var_dir).unlink(missing_ok=True)


def kept_clock(var_dir: Path, database_url: str) -> tuple[datetime, datetime] | None:
    """Return (as_of, clock_start) that were kept for this database, or None; raises SettingUnreadable for a broken file."""
    path = clock_path(var_dir)
    try:
        kept = json.loads(path.read_text(encoding="utf-8"))
        if kept["database"] != _database_mark(database_url):
            return None
        as_of, clock_start = _time(kept["as_of"]), _time(kept["clock_start"])
    except (FileNotFoundError, NotADirectoryError):
        return None
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise SettingUnreadable(f"{path}: {error!r} (the clock of the demo; delete the file for the real time)") from error
    if as_of is None or clock_start is None:
        raise SettingUnreadable(f"{path}: a time is empty (the clock of the demo; delete the file for the real time)")
    return as_of, clock_start


def _database_mark(database_url: str) -> str:
    """Return what tells two databases apart without showing a password; empty for the private cluster."""
    return hashlib.sha256(os.fsencode(database_url)).hexdigest()[:12] if database_url else ""
