"""Writes the tables of the documentation that the code knows best: vocabulary and settings. Run by ``./run docs``."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
from pathlib import Path

import geogrid.domain
from geogrid import settings
from geogrid.domain.labelled import LabelledEnum
from geogrid.texts import translate

DOCS = Path(__file__).resolve().parent
TERMS = (
    ("基础网格", "base grid", "`BaseGrid`, table `base_grids`"),
    ("专属网格", "exclusive grid", "`GridKind.EXCLUSIVE`"),
    ("部门网格", "department grid", "table `department_grids`"),
    ("网格码", "grid code", "`grid_code`"),
    ("版本", "edition", "table `editions`"),
    ("区、乡镇街道、村社区", "district, township, village", "`Level`"),
    ("解纷中心、站、点", "centre, station, point", "`StationLevel`"),
    ("10分钟服务圈", "service circle", "`space.circles`"),
    ("上报", "report", "`Report`"),
    ("事件", "event (after acceptance)", "`Event`, table `events`"),
    ("渠道", "channel", "`Channel`"),
    ("落格", "assign", "`Assignment`, table `assignments`"),
    ("待落格", "unplaced", "`grid_code` empty, with a rule that says why"),
    ("网格员、网格长", "grid worker, grid leader", "`WorkerRole`"),
    ("规程", "programme", "`Programme`, table `programmes` (versions in use)"),
    ("大类", "kind: what who reports chooses, one of ten, the same everywhere", "`EventKind`"),
    ("类别", "category: the class that a programme gives a matter (`E01`, ...)", "`Matter.category`"),
    (
        "阶段",
        "stage: how far an event has come, one of seven, the same everywhere (map, counts, figures)",
        "`EventState`",
    ),
    (
        "状态",
        "state: where a matter stands in its programme's words; each has its stage",
        "`Matter.state`, `StateRule`",
    ),
    ("办理记录", "matter", "`Matter`, table `matters`"),
    ("时限", "clock", "`ClockRun`, table `clocks`"),
    ("首问责任", "first-asked owner", "`Matter.first_owner`"),
    ("主责、协办", "lead, assisting", "`Matter.lead`, `Matter.assisting`"),
    ("环节、步骤", "step", "`Step`, table `steps`"),
)


def vocabulary() -> str:
    """Return the page of words: terms, then every enum with code, English and Chinese."""
    lines = ["# Vocabulary", "", "One English word a Chinese term, the same in table, class, URL, button and guide.", ""]
    lines += ["| zh | en | in the code |", "|---|---|---|", *(f"| {zh} | {en} | {code} |" for zh, en, code in TERMS)]
    for info in pkgutil.iter_modules(geogrid.domain.__path__):
        module = importlib.import_module(f"geogrid.domain.{info.name}")
        for name, cls in inspect.getmembers(module, inspect.isclass):
            if issubclass(cls, LabelledEnum) and cls.__module__ == module.__name__ and cls is not LabelledEnum:
                summary = inspect.getdoc(cls).splitlines()[0] if cls.__doc__ else ""
                lines += ["", f"## {name}", "", summary, "", "| code | en | zh |", "|---|---|---|"]
                lines += [f"| `{m.value}` | {m.label} | {translate(m.label, 'zh', name)} |" for m in cls]
    return "\n".join(lines) + "\n"


def settings_page() -> str:
    """Return the page of settings: the one table of name, default and help."""
    root = str(settings.ROOT)
    lines = ["# Settings", "", "Read once at the edge from the environment; see `geogrid/settings.py`.", ""]
    lines += ["| variable | default | what it is |", "|---|---|---|"]
    lines += [f"| `{s.name}` | `{s.default.replace(root, '.') or '(empty)'}` | {s.help} |" for s in settings.TABLE.values()]
    return "\n".join(lines) + "\n"


def main() -> None:
    """Write both pages."""
    (DOCS / "vocabulary.md").write_text(vocabulary(), encoding="utf-8")
    (DOCS / "settings.md").write_text(settings_page(), encoding="utf-8")


if __name__ == "__main__":
    main()
