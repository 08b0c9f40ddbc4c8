"""Settings of carriers: one TOML file, each carrier a table. Secrets stand in files of their own, or in the environment."""

from __future__ import annotations

import os
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from geogrid.errors import CarriersInvalid
from geogrid.settings import Settings

NAME = "carriers.toml"
FILE = "file"
WEBHOOK = "webhook"
OUTSIDE = "outside"
KNOWN: dict[str, dict[str, type]] = {
    "message": {
        "url": str, "method": str, "headers": dict, "body": str, "encode": str, "accepted": list, "answer": str,
        "timeout_s": int, "language": str, "allow_private": bool,
    },
    "mail": {
        "host": str, "port": int, "security": str, "user": str, "password": str, "sender": str, "subject": str,
        "timeout_s": int, "language": str,
    },
    "webhook": {"secret": str, "timeout_s": int, "allow_private": bool},
    OUTSIDE: {"allow_private": bool},
    FILE: {},
}  # fmt: skip
NEEDED = {"message": ("url",), "mail": ("host", "sender"), "webhook": (), OUTSIDE: (), FILE: ()}
TOP = {"everything_to"}


@dataclass(frozen=True)
class CarrierSettings:
    """What one carrier was told, where secrets and files are, and whether the whole district is made up."""

    name: str
    values: Mapping[str, Any]
    var_dir: Path
    synthetic_district: bool = False
    environ: Mapping[str, str] = field(default_factory=lambda: os.environ, repr=False)

    def get(self, name: str, default: Any) -> Any:
        """Return a value, ``default`` where it was not told."""
        return self.values.get(name, default)

    def secret(self, name: str) -> str:
        """Return a secret: ``GEOGRID_SECRET_<NAME>``, or the text of ``var/secrets/<name>``.

        Raises
        ------
        CarriersInvalid
            where there is neither
        """
        told = self.environ.get(f"GEOGRID_SECRET_{name.upper()}")
        if told:
            return told
        path = self.var_dir / "secrets" / name
        if name.isidentifier() and path.is_file():
            return path.read_text(encoding="utf-8").strip()
        raise CarriersInvalid(name=NAME, reason=f"neither GEOGRID_SECRET_{name.upper()} nor {path} is there")


@dataclass(frozen=True)
class CarriersTold:
    """All carriers that are set up, by name; ``everything_to`` takes what is for any of them ("" for none).

    Outside channels have addresses of their own: with a table ``[outside]`` they are told themselves in any case.
    """

    by_name: Mapping[str, CarrierSettings]
    everything_to: str = ""

    def name_for(self, carrier: str) -> str:
        """Return the carrier that takes what is for ``carrier``."""
        outside = self.by_name.get(OUTSIDE)
        if carrier == OUTSIDE and outside is not None and outside.values:
            return carrier
        return self.everything_to or carrier


def carriers_path(settings: Settings) -> Path:
    """Return the file of carriers of this installation."""
    return Path(settings.carriers).expanduser() if settings.carriers else settings.var_dir / NAME


def read_carriers(settings: Settings, *, synthetic: bool) -> CarriersTold:
    """Read the file of carriers; without one a made-up district writes everything to a file, a real one has no carrier.

    Raises
    ------
    CarriersInvalid
        that names what is unknown, missing or of another kind
    """
    path = carriers_path(settings)
    if not path.is_file():
        told: dict[str, Any] = {"everything_to": FILE, FILE: {}} if synthetic else {}
    else:
        try:
            told = tomllib.loads(path.read_text(encoding="utf-8"))
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            raise CarriersInvalid(name=path.name, reason=str(error)) from error
    _check(told, path.name)
    by_name = {
        name: CarrierSettings(name, values, settings.var_dir, synthetic) for name, values in told.items() if name not in TOP
    }
    for name in (WEBHOOK, OUTSIDE):  # receivers have addresses and secrets of their own
        by_name.setdefault(name, CarrierSettings(name, {}, settings.var_dir, synthetic))
    everything_to = told.get("everything_to", "")
    if everything_to and everything_to not in by_name:
        raise CarriersInvalid(name=path.name, reason=f"everything_to names {everything_to}, which has no table")
    return CarriersTold(by_name, everything_to)


def _check(told: Mapping[str, Any], name: str) -> None:
    for carrier, values in told.items():
        if carrier in TOP:
            continue
        if carrier not in KNOWN or not isinstance(values, dict):
            raise CarriersInvalid(name=name, reason=f"{carrier} is no carrier; known: {', '.join(KNOWN)}")
        for key, value in values.items():
            if type(value) is not KNOWN[carrier].get(key):
                known = ", ".join(f"{k} ({kind.__name__})" for k, kind in KNOWN[carrier].items())
                raise CarriersInvalid(name=name, reason=f"{carrier}.{key} is unknown or of another kind; known: {known}")
        for key in NEEDED[carrier]:
            if not values.get(key):
                raise CarriersInvalid(name=name, reason=f"{carrier}.{key} is missing")
