"""Nothing of a page is loaded from another host: what is known is rewritten, everything else fails."""

from __future__ import annotations

import re

import folium
import pytest
from branca.colormap import LinearColormap
from folium.plugins import MarkerCluster, TimestampedGeoJson

from webmap.folium_map import Frame, folium_page, local_links, served_page, single_page
from webmap.offline import ExternalLink, is_external, refuse_external, refuse_external_css, rewrite

BOUNDS = (126.0, 45.0, 127.0, 46.0)


def frame(**values) -> Frame:
    return Frame(**{"title": "图", "language": "zh", "bounds": BOUNDS, "markup": "", "config": {}, **values})


def served(made: Frame) -> str:
    return served_page(made, vendor_js="/v.js", map_js="/m.js", map_css="/m.css", nonce="N0nce")


def test_folium_itself_names_other_hosts_and_our_page_names_none():
    assert "https://" in folium_page(frame(), "")
    page = served(frame())
    assert "https://" not in page
    assert '<script src="/v.js"></script>' in page and 'href="/m.css"' in page
    for name in ("jquery", "bootstrap", "awesome", "glyphicons"):
        assert name not in page.lower()


def test_inline_code_carries_the_nonce():
    page = served(frame())
    inline = re.findall(r"<(?:script|style)(?![^>]*src=)[^>]*>", page)
    assert len(inline) >= 4
    assert all('nonce="N0nce"' in tag for tag in inline)
    assert not re.search(r"\son\w+=|\sstyle=", page)


@pytest.mark.parametrize("add", [LinearColormap(["red", "blue"]).add_to, lambda page: MarkerCluster().add_to(page)])
def test_an_element_with_links_of_its_own_fails_the_page(add):
    """branca's ColorMap adds d3 outside of default_js; plugins add theirs: none may slip through."""
    page = folium.Map(tiles=None)
    add(page)
    with pytest.raises(ExternalLink):
        rewrite(page.get_root().render(), local_links("/v.js", "/m.css"))


def test_a_plugin_of_many_links_fails_too():
    page = folium.Map(tiles=None)
    TimestampedGeoJson({"type": "FeatureCollection", "features": []}).add_to(page)
    with pytest.raises(ExternalLink):
        rewrite(page.get_root().render(), local_links("/v.js", "/m.css"))


@pytest.mark.parametrize(
    "markup",
    [
        '<img src="https://host/x.png">',
        "<img src=//host/x.png>",
        '<iframe src="http://host/"></iframe>',
        '<link rel="preload" href="https://host/x">',
        '<object data="//host/x"></object>',
        '<style>@import "//host/x.css";</style>',
        '<div style="background: url(https://host/x.png)"></div>',
        "<style>@font-face { src: url('//host/f.woff') }</style>",
        '<img srcset="https://host/x.png 2x">',
        '<form action="https://host/"></form>',
    ],
)
def test_every_way_to_load_something_is_seen(markup):
    with pytest.raises(ExternalLink):
        refuse_external(f"<html>{markup}</html>")


def test_what_loads_nothing_is_let_be():
    refuse_external('<a href="https://host/">read</a><p>https://host</p><script>var u = "https://host/x";</script>')
    refuse_external('<img src="data:image/png;base64,AA=="><img src="/here.png"><style>a { background: url(#x) }</style>')
    assert not is_external("data:text/plain,x") and not is_external("/x") and is_external("HTTP://x")


def test_css_is_scanned_for_fonts_and_imports():
    with pytest.raises(ExternalLink):
        refuse_external_css("@font-face { src: url(https://cdn/f.woff2) }")
    refuse_external_css("a { background: url(images/x.png) }")


def test_max_zoom_survives_a_map_without_tiles():
    """tiles=None drops max_zoom, and what asks for it fails."""
    page = served(frame(first_zoom=7, last_zoom=19))
    assert '"maxZoom": 19' in page and '"minZoom": 7' in page


def test_leaflet_gets_lat_before_lon_here_and_nowhere_else():
    assert "center: [45.5, 126.5]" in served(frame())


def test_names_are_neither_templates_nor_markup():
    """branca renders what a macro wrote as a template once more: a grid named {{ 7 * 7 }} must stay that."""
    nasty = "{{ 7 * 7 }}</script><script>alert(1)</script><!--part:head-->"
    page = served(frame(title=nasty, markup="<p>{{ 6 * 7 }}</p>", config={"name": nasty}))
    assert "{{ 6 * 7 }}" in page and "49" not in page.split("<body>")[0].split("</title>")[0]
    assert "<script>alert" not in page
    assert page.count('<script type="module"') == 1


def test_the_single_page_holds_its_scripts_and_styles():
    page = single_page(frame(), vendor_js="var a = '</script>';", map_js="const b = 1;", map_css="p { color: red }")
    assert "src=" not in re.sub(r"<script[^>]*>.*?</script>", "", page, flags=re.DOTALL)
    assert "<\\/script>" in page and "const b = 1;" in page and "p { color: red }" in page
