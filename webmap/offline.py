"""Make a page that Folium wrote need nobody else: every external link is replaced, dropped, or the page is refused.

Folium's elements name their scripts and styles on CDNs, some of them hidden in templates or in CSS. So links are not
trusted by name alone: what is known is rewritten, and whatever external link is left afterwards fails the page.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from geogrid.errors import SetupError

SCRIPT = re.compile(r"<script\b(?P<attributes>[^>]*)\bsrc=\"(?P<link>[^\"]*)\"[^>]*>\s*</script>", re.IGNORECASE)
STYLESHEET = re.compile(r"<link\b[^>]*\bhref=\"(?P<link>[^\"]*)\"[^>]*>", re.IGNORECASE)
VIEWPORT = re.compile(r"<meta\s+name=\"viewport\"[^>]*>", re.IGNORECASE)
INLINE = re.compile(r"<(?P<tag>script|style)(?P<attributes>(?:\s[^>]*)?)>", re.IGNORECASE)

# What loads something: attributes, CSS url(), @import. A plain <a href> loads nothing until somebody follows it.
EXTERNAL_IN_HTML = re.compile(
    r"<(?!a\b)[a-z][^>]*?\b(?:src|href|srcset|data|poster|action|background|manifest)\s*=\s*[\"']?\s*(?:[a-z][a-z0-9+.-]*:)?//[^\s\"'>]+",
    re.IGNORECASE,
)
EXTERNAL_IN_CSS = re.compile(r"(?:url\(\s*[\"']?|@import\s+[\"']?)\s*(?:[a-z][a-z0-9+.-]*:)?//[^\s\"')]+", re.IGNORECASE)
CSS_BLOCK = re.compile(
    r"<style\b[^>]*>(.*?)</style>|\bstyle\s*=\s*\"([^\"]*)\"|\bstyle\s*=\s*'([^']*)'", re.IGNORECASE | re.DOTALL
)
SCRIPT_BLOCK = re.compile(r"(<script\b[^>]*>).*?</script>", re.IGNORECASE | re.DOTALL)


class ExternalLink(SetupError):
    """The page still loads {link} from another host. Pin it in webmap/assets.toml and name its local copy."""

    code = "setup.external_link"


def rewrite(html: str, local: Mapping[str, str | None], *, nonce: str = "", language: str = "zh") -> str:
    """Return ``html`` with external scripts and styles replaced by ``local`` ones, and a nonce on all inline code.

    Parameters
    ----------
    html : a page as Folium renders it
    local : external link -> local address, or None to drop the link
    nonce : for ``<script>`` and ``<style>``; empty for a page that is opened from a file
    language : of the page

    Raises
    ------
    ExternalLink
        for a link that ``local`` does not name, in HTML or in CSS.
    """
    html = SCRIPT.sub(lambda m: _replaced(m, local, '<script src="{}"></script>'), html)
    html = STYLESHEET.sub(lambda m: _replaced(m, local, '<link rel="stylesheet" href="{}"/>'), html)
    html = VIEWPORT.sub('<meta name="viewport" content="width=device-width, initial-scale=1"/>', html)
    html = html.replace("<html>", f'<html lang="{language}">', 1)
    if nonce:
        html = INLINE.sub(lambda m: _with_nonce(m, nonce), html)
    refuse_external(html)
    return html


def _replaced(match: re.Match[str], local: Mapping[str, str | None], tag: str) -> str:
    link = match["link"]
    if not is_external(link):
        return match[0]
    if link not in local:
        raise ExternalLink(link=link)
    target = local[link]
    return tag.format(target) if target else ""


def is_external(link: str) -> bool:
    """Whether ``link`` names another host: with a scheme, or as ``//host``; ``data:`` names none."""
    return re.match(r"\s*(?:[a-z][a-z0-9+.-]*:)?//", link, re.IGNORECASE) is not None


def _with_nonce(match: re.Match[str], nonce: str) -> str:
    if "src=" in match["attributes"] or "nonce=" in match["attributes"]:
        return match[0]
    return f'<{match["tag"]} nonce="{nonce}"{match["attributes"]}>'


def refuse_external(html: str) -> None:
    """Raise ExternalLink for anything in the page that would be loaded from another host; text of scripts is not markup."""
    markup = SCRIPT_BLOCK.sub(r"\1</script>", html)
    found = EXTERNAL_IN_HTML.search(markup)
    if found:
        raise ExternalLink(link=found[0][-120:])
    for block in CSS_BLOCK.finditer(markup):
        refuse_external_css("".join(part or "" for part in block.groups()))


def refuse_external_css(css: str) -> None:
    """Raise ExternalLink for a ``url()`` or ``@import`` of another host."""
    found = EXTERNAL_IN_CSS.search(css)
    if found:
        raise ExternalLink(link=found[0][-120:])
