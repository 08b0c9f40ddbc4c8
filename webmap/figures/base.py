"""The blueprint of the pages of figures."""

from __future__ import annotations

from flask import Blueprint

blueprint = Blueprint("figures", __name__)
