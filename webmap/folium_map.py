"""The only file that knows Folium, and the one place where lon/lat becomes Leaflet's lat/lon.

A page is a real ``folium.Map``. It holds no data: our own element hands the map to the module that draws vector tiles.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from html import escape
from typing import Any

import folium
from branca.element import Figure, MacroElement
from folium.template import Template

from webmap.offline import rewrite


@dataclass(frozen=True)
class Frame:
    """What stands around and in a map page.

    Parameters
    ----------
    title, language : of the page
    bounds : west, south, east, north in degrees: what the map shows first
    markup : HTML of the page's own parts (panel, search, ribbon), already escaped
    config : plain data for the module that draws
    first_zoom, last_zoom : the zooms of the map
    """

    title: str
    language: str
    bounds: tuple[float, float, float, float]
    markup: str
    config: Mapping[str, Any]
    first_zoom: int = 7
    last_zoom: int = 19


class _Parts(MacroElement):
    """Marks where the page's own parts stand, and hands Folium's map to the module that draws vector tiles.

    Only marks, because branca renders what a macro wrote as a template once more: a grid named ``{{ ... }}`` would be
    evaluated. The parts replace the marks when all rendering is done.
    """

    _template = Template(
        "{% macro header(this, kwargs) %}<!--part:head-->{% endmacro %}"
        "{% macro html(this, kwargs) %}<!--part:markup-->"
        '<script type="application/json" id="geogrid-config"><!--part:config--></script>{% endmacro %}'
        "{% macro script(this, kwargs) %}window.geogridMap = {{ this._parent.get_name() }};{% endmacro %}"
    )

    def __init__(self) -> None:
        super().__init__()
        self._name = "Parts"


PART = re.compile("<!--part:(title|head|markup|config)-->")


def embedded_json(value: Any) -> str:
    """Return JSON that can stand inside ``<script>``: nothing in it can close the element or open a comment."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    return text.replace("&", "\\u0026").replace("<", "\\u003c").replace(">", "\\u003e").replace("\u2028", "\\u2028")


def folium_page(frame: Frame, head: str) -> str:
    """Return the page as Folium renders it, external links and all; ``head`` are further lines for its head."""
    parts = {"title": escape(frame.title), "head": head, "markup": frame.markup, "config": embedded_json(frame.config)}
    return PART.sub(lambda mark: parts[mark[1]], _rendered(frame.bounds, frame.first_zoom, frame.last_zoom))


@lru_cache(maxsize=64)
def _rendered(bounds: tuple[float, float, float, float], first_zoom: int, last_zoom: int) -> str:
    """Return Folium's own rendering with marks where the parts go: the same for every reader, and slow to make."""
    west, south, east, north = bounds
    figure = Figure(title="<!--part:title-->")
    page = folium.Map(
        location=((south + north) / 2, (west + east) / 2),
        zoom_start=10,
        tiles=None,
        zoom_control=False,
        prefer_canvas=True,
        attribution_control=False,
        fade_animation=False,
        # without a tile layer Folium writes no min_zoom and max_zoom of its own, and plugins that ask for them fail
        minZoom=first_zoom,
        maxZoom=last_zoom,
        max_bounds_viscosity=0.5,
    )
    figure.add_child(page)
    _Parts().add_to(page)
    rendered: str = figure.render()
    return rendered


def local_links(leaflet_js: str | None, leaflet_css: str | None) -> dict[str, str | None]:
    """Return what to do with each link that Folium's map names: Leaflet from the given addresses, the rest dropped."""
    links: dict[str, str | None] = {}
    for name, link in (*folium.Map.default_js, *folium.Map.default_css):
        links[link] = {"leaflet": leaflet_js, "leaflet_css": leaflet_css}.get(name)
    return links


def served_page(frame: Frame, *, vendor_js: str, map_js: str, map_css: str, nonce: str) -> str:
    """Return the page for a server: scripts and styles by local addresses, inline code by ``nonce``."""
    head = f'<link rel="icon" href="data:,"><script type="module" src="{map_js}"></script>'
    return rewrite(folium_page(frame, head), local_links(vendor_js, map_css), nonce=nonce, language=frame.language)


def single_page(frame: Frame, *, vendor_js: str, map_js: str, map_css: str) -> str:
    """Return one self-contained page: the texts of scripts and styles stand in it, and it asks nobody for anything."""
    head = '<link rel="icon" href="data:,"><!--vendor-->'
    page = rewrite(folium_page(frame, head), local_links(None, None), language=frame.language)
    inlined = f"<style>{_closed(map_css)}</style><script>{_closed(vendor_js)}</script>"
    page = page.replace("<!--vendor-->", inlined, 1)
    return page.replace("</html>", f'<script type="module">{_closed(map_js)}</script></html>', 1)


def _closed(code: str) -> str:
    """Return ``code`` such that it cannot close its own element."""
    return code.replace("</script", "<\\/script").replace("</style", "<\\/style")
