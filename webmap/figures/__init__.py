"""``/figures``: what the district does in numbers, each of which opens its list; to XLSX, CSV and PDF."""

from webmap.figures import events_page, files, page
from webmap.figures.base import blueprint

__all__ = ["blueprint", "events_page", "files", "page"]
