"""The picture of a programme as SVG: states as boxes, steps as arrows with the roles that take them, clocks in a table below."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from html import escape

from geogrid.domain.clocks import Duration, Limit, TimeOut
from geogrid.domain.events import EventState
from geogrid.domain.people import Role
from geogrid.domain.programmes import BUILT_IN_STEPS, Programme, StateRule, StepRule
from geogrid.rules.picture_layout import (
    MARGIN,
    Arrow,
    Box,
    Layout,
    Line,
    block_height,
    block_width,
    lay_out,
    wrapped,
)  # fmt: skip
from geogrid.texts import translate

TITLE, NAME, SMALL = 20.0, 14.0, 11.0
MOST_WORDS, MOST_BOX = 170.0, 190.0
CORNER, CLEAR = 8.0, 24.0  # of arrows: how round they turn, how far above the boxes the nearest runs
STAGES = {  # quiet fills, by stage
    EventState.REPORTED: "#f2f4f7",
    EventState.OPENED: "#e4edf7",
    EventState.DISPATCHED: "#fbf1dd",
    EventState.HANDLED: "#e9f3e6",
    EventState.VERIFIED: "#dcefe6",
    EventState.CLOSED: "#ececec",
    EventState.ARCHIVED: "#e0e0e0",
}
STYLE = """
text{font-family:"PingFang SC","Microsoft YaHei","Noto Sans CJK SC",sans-serif;fill:#222}
.quiet{fill:#5b6470}.strong{font-weight:600}
.box{stroke:#6b7480;stroke-width:1.2}.arrow{fill:none;stroke:#52606d;stroke-width:1.3}.rule{stroke:#d5dae0;stroke-width:1}
"""


def svg(programme: Programme, language: str) -> str:
    """Return the picture; ``language`` zh, en or mn (roles in zh where a language has no words for them)."""
    words = Words(language, programme)
    states = sorted(programme.states, key=lambda state: list(EventState).index(state.stage))
    places = {state.code: i for i, state in enumerate(states)}
    boxes = [_box(programme, state, words) for state in states]
    layout = lay_out(boxes, _arrows(programme, places, words))
    table = list(_clock_rows(programme, words))
    return "\n".join(_drawn(programme, states, layout, table, words))


class Words:
    """What the picture says, in a language; roles by the names that they have in the place."""

    def __init__(self, language: str, programme: Programme) -> None:
        self.language = language
        self.programme = programme
        self.tongue = language if language == "en" else "zh"

    def role(self, role: Role) -> str:
        """Return the name of a role."""
        named = self.programme.role_title(role)
        return named.text(self.language) if named else translate(role.label, self.tongue, "Role")

    def say(self, message: str, **values: object) -> str:
        """Return a text of ours with its values."""
        return translate(message, self.tongue).format(**values)

    def length(self, length: Duration) -> str:
        """Return a length of time in words."""
        unit = translate(length.unit.label, self.tongue, "DurationUnit")
        return f"{length.amount} {unit.removesuffix('s') if length.amount == 1 else unit}"

    def listed(self, names: Sequence[str]) -> str:
        """Return names one after another."""
        return (", " if self.tongue == "en" else "、").join(names)


# -- states and steps -------------------------------------------------------------------------------------------------


def _box(programme: Programme, state: StateRule, words: Words) -> Box:
    """Return a state with the steps that keep it."""
    lines = [Line(state.title.text(words.language), NAME, "strong")]
    for step in programme.leaving[state.code]:
        if step.to in {"", state.code}:
            lines += _words_of(step, words, "↻ ", MOST_BOX)
    return Box(tuple(lines), block_width(lines) + MARGIN, block_height(lines) + MARGIN)


def _arrows(programme: Programme, places: dict[str, int], words: Words) -> list[Arrow]:
    steps: dict[tuple[int, int], list[StepRule]] = {}
    for step in programme.steps:
        for state in step.from_states:
            if step.to and step.to != state:
                steps.setdefault((places[state], places[step.to]), []).append(step)
    return [
        Arrow(source, target, tuple(line for step in found for line in _words_of(step, words, "", MOST_WORDS)))
        for (source, target), found in steps.items()
    ]


def _words_of(step: StepRule, words: Words, before: str, most: float) -> list[Line]:
    """Return a step's name, and below it who takes it, and whose approval it needs."""
    roles = words.listed([words.role(role) for role in step.roles])
    if step.approver:
        roles += words.say(" (approved by {role})", role=words.role(step.approver))
    names = [Line(text, NAME - 1) for text in wrapped(before + step.title.text(words.language), NAME - 1, most)]
    return names + [Line(text, SMALL, "quiet") for text in wrapped(roles, SMALL, most)]


# -- clocks -----------------------------------------------------------------------------------------------------------


def _clock_rows(programme: Programme, words: Words) -> Iterator[list[str]]:
    """Give one row a clock: name and calendar, what starts it, what stops it, limits, what happens when it runs out."""
    titles = {step.code: step.title.text(words.language) for step in programme.steps}
    titles |= {code: words.say(code) for code in BUILT_IN_STEPS}
    for clock in programme.clocks:
        calendar = translate(clock.calendar.label, words.tongue, "ClockCalendar")
        end = translate(clock.time_out.label, words.tongue, "TimeOut")
        if clock.time_out in {TimeOut.ESCALATE, TimeOut.APPROVE} and clock.time_out_step:
            end += f" ({titles[clock.time_out_step]})"
        yield [
            f"{clock.title.text(words.language)} ({calendar})",
            words.listed([titles[code] for code in clock.starts_on]),
            words.listed([titles[code] for code in clock.stops_on]),
            "; ".join(_limit(programme, limit, words) for limit in clock.limits),
            end,
        ]


def _limit(programme: Programme, limit: Limit, words: Words) -> str:
    titles = {rule.code: rule.title for rule in programme.handling_types}
    titles |= {rule.code: rule.title for rule in programme.categories}
    titles |= {rule.code: rule.title for rule in programme.levels}
    titles |= {rule.code: rule.title for rule in programme.channels}
    when = limit.when
    asked = [*(titles[code].text(words.language) for code in (*when.handling, *when.categories, *when.levels, *when.channels))]
    asked += [translate(one.label, words.tongue, "Complexity") for one in when.complexities]
    told = " ".join([words.listed(asked), words.length(limit.promised)]).strip()
    return told + (words.say(" (by law {limit})", limit=words.length(limit.legal)) if limit.legal else "")


# -- drawing ----------------------------------------------------------------------------------------------------------


def _drawn(
    programme: Programme, states: Sequence[StateRule], layout: Layout, table: list[list[str]], words: Words
) -> Iterator[str]:
    top = MARGIN + TITLE * 2 + CLEAR + sum(layout.tracks[True])
    bottom = top + max(box.height for box in layout.boxes)
    below = bottom + sum(layout.tracks[False]) + 2 * MARGIN
    columns = _columns(words)
    width = max(layout.boxes[-1].x + layout.boxes[-1].width + MARGIN, sum(part for _, part in columns) + 2 * MARGIN)
    rows = list(_table(columns, table, below))
    height = rows[-1][0] + MARGIN
    title = f"{programme.title.text(words.language)} ({programme.code} {programme.version})"
    name = escape(title)
    size = f'width="{width:.0f}" height="{height:.0f}" viewBox="0 0 {width:.0f} {height:.0f}"'
    yield f'<svg xmlns="http://www.w3.org/2000/svg" {size}'
    yield f' role="img" aria-label="{name}"><title>{name}</title><style>{STYLE}</style>'
    yield '<defs><marker id="head" markerWidth="8" markerHeight="8" refX="7" refY="4" orient="auto">'
    yield '<path d="M0,0 L8,4 L0,8 z" fill="#52606d"/></marker></defs>'
    yield f'<rect width="100%" height="100%" fill="#fff"/>{_text(Line(title, TITLE, "strong"), MARGIN, MARGIN + TITLE)}'
    for arrow in layout.arrows:
        yield from _arrow(arrow, layout, top, bottom)
    for state, box in zip(states, layout.boxes, strict=True):
        yield from _state(state, box, top, bottom)
    for _, drawn in rows:
        yield drawn
    yield "</svg>"


def _state(state: StateRule, box: Box, top: float, bottom: float) -> Iterator[str]:
    """Draw a box; one in which nothing follows has a double border."""
    place = f'x="{box.x:.1f}" y="{top:.1f}" width="{box.width:.1f}" height="{bottom - top:.1f}" rx="6"'
    yield f'<rect class="box" {place} fill="{STAGES[state.stage]}"/>'
    if state.final:
        inner = f'x="{box.x + 4:.1f}" y="{top + 4:.1f}" width="{box.width - 8:.1f}" height="{bottom - top - 8:.1f}" rx="4"'
        yield f'<rect class="box" {inner} fill="none"/>'
    yield from _block(box.lines, box.x + MARGIN / 2, top + MARGIN / 2)


def _arrow(arrow: Arrow, layout: Layout, top: float, bottom: float) -> Iterator[str]:
    heights = layout.tracks[arrow.is_forward]
    if arrow.is_forward:
        edge, y, turn = top, top - sum(heights[: arrow.track]) - CLEAR, CORNER
    else:
        edge, y, turn = bottom, bottom + sum(heights[: arrow.track + 1]), -CORNER
    start, end = (arrow.left_x, arrow.right_x) if arrow.is_forward else (arrow.right_x, arrow.left_x)
    side = CORNER if end > start else -CORNER
    path = f"M{start:.1f},{edge:.1f} V{y + turn:.1f} Q{start:.1f},{y:.1f} {start + side:.1f},{y:.1f}"
    path += f" H{end - side:.1f} Q{end:.1f},{y:.1f} {end:.1f},{y + turn:.1f} V{edge:.1f}"
    yield f'<path class="arrow" d="{path}" marker-end="url(#head)"/>'
    left, right = layout.gaps[arrow.gap]
    yield from _block(arrow.lines, (left + right - block_width(arrow.lines)) / 2, y - block_height(arrow.lines) - 3)


def _block(lines: Sequence[Line], x: float, y: float) -> Iterator[str]:
    for line in lines:
        y += line.size * 1.35
        yield _text(line, x, y - line.size * 0.35)


def _text(line: Line, x: float, y: float) -> str:
    return f'<text class="{line.style}" x="{x:.1f}" y="{y:.1f}" font-size="{line.size:g}">{escape(line.text, quote=False)}</text>'


def _columns(words: Words) -> list[tuple[str, float]]:
    heads = ("Clock", "Starts with", "Stops with", "Limits", "When it runs out")
    return [(words.say(head), width) for head, width in zip(heads, (230.0, 230.0, 260.0, 400.0, 170.0), strict=True)]


def _table(columns: list[tuple[str, float]], rows: list[list[str]], y: float) -> Iterator[tuple[float, str]]:
    """Give (where the row ends, the row drawn); the widths of the columns hold, texts are broken."""
    for number, row in enumerate([[head for head, _ in columns], *rows]):
        x, ends, drawn = MARGIN, y, []
        for text, (_, width) in zip(row, columns, strict=True):
            lines = [Line(part, NAME - 2, "" if number else "strong") for part in wrapped(text, NAME - 2, width - MARGIN)]
            drawn += list(_block(lines, x, y))
            ends, x = max(ends, y + block_height(lines)), x + width
        ends += 6
        drawn.append(f'<path class="rule" d="M{MARGIN:.0f},{ends:.1f} H{x:.0f}"/>')
        yield ends, "".join(drawn)
        y = ends + 2
