"""The tables, as SQLAlchemy Core. Migrations are compared with them by test."""

from geogrid.store.tables import (
    audit,
    cells,
    closures,
    disputes,
    doors,
    editions,
    events,
    geography,
    lists,
    matters,
    names,
    outbox,
    people,
    webhooks,
    window,
)
from geogrid.store.tables.metadata import metadata

__all__ = [
    "audit",
    "cells",
    "closures",
    "disputes",
    "doors",
    "editions",
    "events",
    "geography",
    "lists",
    "matters",
    "metadata",
    "names",
    "outbox",
    "people",
    "webhooks",
    "window",
]
