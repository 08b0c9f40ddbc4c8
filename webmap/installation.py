"""What a request handler may reach: settings, engine, district and token of this installation."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from flask import Flask, current_app
from sqlalchemy import Engine

from geogrid.actions.district import District
from geogrid.settings import Settings

EXTENSION = "geogrid"


@dataclass(frozen=True)
class Installation:
    """The values of ``app.extensions["geogrid"]``: made once by ``create_app``, never changed.

    ``token`` is the key that set-up made; ``factor_key`` seals second factors.
    """

    settings: Settings
    engine: Engine
    district: District
    token: str
    factor_key: bytes = b""

    def now(self) -> datetime:
        """Return the time of the platform's clock, aware."""
        return self.settings.now()


def installation(app: Flask | None = None) -> Installation:
    """Return the installation of ``app``, or of the application that serves the current request."""
    found: Installation = (app or current_app).extensions[EXTENSION]
    return found
