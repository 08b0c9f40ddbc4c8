"""Where boxes, arrows and words stand in the picture of a programme: states in one row, arrows on tracks above and below it.

Arrows to the right run above the row, arrows back below it, each on a track of its own wherever two would meet. Words stand on
the tracks between two boxes; ends of arrows stand over boxes only: so no line runs through a word. Lengths are pixels.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

WIDE = 0x2E80  # from here on characters are as wide as they are high
NARROW = 0.56  # how wide others are, of their height, taken generously
PORT_APART, TRACK_PAD, LEAST_GAP, MARGIN = 14.0, 12.0, 36.0, 24.0


@dataclass(frozen=True)
class Line:
    """A line of words with its size and role in the picture's style sheet."""

    text: str
    size: float
    style: str = ""


@dataclass(frozen=True)
class Box:
    """A state: its lines, and where it stands."""

    lines: tuple[Line, ...]
    width: float
    height: float
    x: float = 0.0


@dataclass(frozen=True)
class Arrow:
    """All steps from one box to another: their words, the gap these stand in, both ends, the track (0 is next to the row)."""

    source: int
    target: int
    lines: tuple[Line, ...]
    gap: int = 0
    left_x: float = 0.0
    right_x: float = 0.0
    track: int = 0

    @property
    def is_forward(self) -> bool:
        """Whether it runs to the right, above the row."""
        return self.target > self.source


@dataclass(frozen=True)
class Layout:
    """Boxes and arrows in their places; ``tracks`` are the heights of the tracks above and below the row, the nearest first."""

    boxes: tuple[Box, ...]
    arrows: tuple[Arrow, ...]
    gaps: tuple[tuple[float, float], ...]
    tracks: dict[bool, list[float]] = field(default_factory=dict)


def text_width(text: str, size: float) -> float:
    """Return about how wide a text is."""
    return sum(1.0 if ord(character) >= WIDE else NARROW for character in text) * size


def block_width(lines: Sequence[Line]) -> float:
    """Return how wide the widest of the lines is."""
    return max((text_width(line.text, line.size) for line in lines), default=0.0)


def block_height(lines: Sequence[Line]) -> float:
    """Return how high lines are, one below the other."""
    return sum(line.size * 1.35 for line in lines)


def wrapped(text: str, size: float, most: float) -> list[str]:
    """Return the text in lines of at most ``most`` wide: broken at blanks and after Chinese commas, else between characters."""
    lines, rest = [""], text
    while rest:
        end = next((i + 1 for i, character in enumerate(rest) if character in " 、，；"), len(rest))
        word, rest = rest[:end], rest[end:]
        if lines[-1] and text_width((lines[-1] + word).rstrip(), size) > most:
            lines.append("")
        lines[-1] += word
    return [line.strip() for line in lines if line.strip()]


def lay_out(boxes: Sequence[Box], arrows: Sequence[Arrow]) -> Layout:
    """Return boxes and arrows in their places."""
    arrows, widths = _in_gaps(arrows, len(boxes) - 1)
    placed, gaps, x = [], [], MARGIN
    for i, box in enumerate(boxes):
        ports = _most_ports(arrows, i)
        width = max(box.width, ports * PORT_APART + 2 * PORT_APART)
        placed.append(replace(box, x=x, width=width))
        x += width
        if i < len(boxes) - 1:
            gaps.append((x, x + widths[i]))
            x += widths[i]
    ended = _with_ends(arrows, placed)
    tracked = [*_on_tracks([a for a in ended if a.is_forward]), *_on_tracks([a for a in ended if not a.is_forward])]
    heights = {side: _heights([a for a in tracked if a.is_forward is side]) for side in (True, False)}
    return Layout(tuple(placed), tuple(tracked), tuple(gaps), heights)


def _in_gaps(arrows: Sequence[Arrow], count: int) -> tuple[list[Arrow], list[float]]:
    """Give the words of every arrow a gap that it crosses: the one that is widest already; return the widths gaps need."""
    widths, chosen = [LEAST_GAP] * count, []
    for arrow in sorted(arrows, key=lambda a: abs(a.target - a.source)):
        crossed = range(min(arrow.source, arrow.target), max(arrow.source, arrow.target))
        gap = max(crossed, key=lambda i: (widths[i], -i))
        widths[gap] = max(widths[gap], block_width(arrow.lines) + MARGIN)
        chosen.append(replace(arrow, gap=gap))
    return chosen, widths


def _most_ports(arrows: Sequence[Arrow], box: int) -> int:
    sides = [[a for a in arrows if box in {a.source, a.target} and a.is_forward is side] for side in (True, False)]
    return max(len(side) for side in sides)


def _with_ends(arrows: Sequence[Arrow], boxes: Sequence[Box]) -> list[Arrow]:
    """Give every arrow its two ends over its boxes.

    Arrows from the left end on a box's left half, the longest innermost; those to the right begin on its right half, the longest
    innermost: so an arrow on a farther track comes down beside, not through, those on nearer ones.
    """
    found = list(arrows)
    for side in (True, False):
        for i, box in enumerate(boxes):
            coming = _by_length([k for k, a in enumerate(found) if a.is_forward is side and max(a.source, a.target) == i], found)
            going = _by_length([k for k, a in enumerate(found) if a.is_forward is side and min(a.source, a.target) == i], found)
            apart = box.width / (len(coming) + len(going) + 1)
            for place, k in enumerate([*coming, *reversed(going)], start=1):
                x = box.x + place * apart
                found[k] = replace(found[k], right_x=x) if place <= len(coming) else replace(found[k], left_x=x)
    return found


def _by_length(which: list[int], arrows: Sequence[Arrow]) -> list[int]:
    return sorted(which, key=lambda k: abs(arrows[k].target - arrows[k].source))


def _on_tracks(arrows: Sequence[Arrow]) -> list[Arrow]:
    """Give every arrow the nearest track on which it meets no other, the shortest first."""
    taken: list[list[Arrow]] = []
    placed = []
    for arrow in sorted(arrows, key=lambda a: (a.right_x - a.left_x, a.left_x)):
        free = (i for i, track in enumerate(taken) if all(_apart(arrow, other) for other in track))
        number = next(free, len(taken))
        if number == len(taken):
            taken.append([])
        taken[number].append(arrow)
        placed.append(replace(arrow, track=number))
    return placed


def _apart(one: Arrow, other: Arrow) -> bool:
    return one.right_x + PORT_APART / 2 < other.left_x or other.right_x + PORT_APART / 2 < one.left_x


def _heights(arrows: Sequence[Arrow]) -> list[float]:
    count = max((arrow.track for arrow in arrows), default=-1) + 1
    return [max(block_height(a.lines) for a in arrows if a.track == i) + TRACK_PAD for i in range(count)]
