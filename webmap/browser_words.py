"""What a browser calls itself, in two words that its owner knows again: the program and where it runs."""

from __future__ import annotations

# By what stands in the line that a browser sends, the first that fits: most name themselves after others as well.
PROGRAMS = (
    ("MicroMessenger", "WeChat"),
    ("DingTalk", "DingTalk"),
    ("Edg", "Edge"),
    ("QQBrowser", "QQ Browser"),
    ("360SE", "360"),
    ("360EE", "360"),
    ("UCBrowser", "UC"),
    ("OPR/", "Opera"),
    ("Firefox", "Firefox"),
    ("Chrome", "Chrome"),
    ("Safari", "Safari"),
)
SYSTEMS = (
    ("HarmonyOS", "HarmonyOS"),
    ("OpenHarmony", "HarmonyOS"),
    ("Android", "Android"),
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Windows", "Windows"),
    ("Mac OS", "macOS"),
    ("Linux", "Linux"),
)


def browser_words(line: str) -> str:
    """Return program and system of a ``User-Agent``; the line itself where neither is known."""
    told = [next((name for mark, name in known if mark in line), "") for known in (PROGRAMS, SYSTEMS)]
    return " · ".join(filter(None, told)) or line
