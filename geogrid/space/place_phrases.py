"""What words around a name say about where: a crossing of two streets, a stretch between two, so far in a direction, beside.

All patterns are of normalised text (:func:`geogrid.space.place_text.normalised`). What is not one of them says nothing.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np

_AND = r"(?:与|和|同|跟|及|、|/|&|\+|-|—|,| and )?"
_MEET = r"(?:的|之)?\s?(?:交叉|交汇|交会|相交|交接|十字|丁字|三岔)?(?:路口|处|口|点|转角|拐角|街角|道口)"
_JOIN = re.compile(rf"\s*{_AND}\s*$")
_MEETING = re.compile(rf"\s?(?:{_MEET}|(?:的|之)?(?:交叉|交汇|交会|相交))|\s?(?:corner|crossing|intersection|junction)\b")
_BEFORE = re.compile(r"(?:corner|crossing|intersection|junction)(?: of)?(?: the)? ?$|(?:^|\s)cnr\.? $")
_SPELLED_AND = re.compile(r"\s*(?:and|&|/|yu|he)\s*$")
_STRETCH = re.compile(r"\s?(?:之间|中间|间|路段|段)|(?= |$)")
_TO = re.compile(r"\s*(?:与|和|至|到|-|—|~|and|to)\s*$")
_FROM = re.compile(r"\s*(?:\(|,|在|位于|从|由)?\s*(?:between )?\s*$")

DIRECTIONS = {"东": 90, "西": 270, "南": 180, "北": 0, "东北": 45, "东南": 135, "西南": 225, "西北": 315}
ENGLISH = {"north": 0, "east": 90, "south": 180, "west": 270}
ENGLISH |= {"northeast": 45, "southeast": 135, "southwest": 225, "northwest": 315}
_WAY = "东北|东南|西南|西北|东|南|西|北"
_METRES = r"(?P<far>\d{1,5}(?:\.\d+)?)\s?(?P<unit>公里|千米|km|里|米|m)(?![a-z])"
_SIDE_FAR = re.compile(rf"(?:的|以|之|往|向|朝|偏|正)*(?P<way>{_WAY})(?:侧|边|面|方向|方|部)?(?:约|大约|大概|处|的)*{_METRES}")
_SIDE = re.compile(rf"(?:的|之)?(?:以(?={_WAY})|(?=(?:{_WAY})(?:侧|边|面|方向|方)))(?P<way>{_WAY})(?:侧|边|面|方向|方)?")
_FAR_FIRST = re.compile(rf"(?:的|往|向|朝|约)*{_METRES}(?:处|的)?(?:以|之)?(?P<way>{_WAY})")
_ENGLISH_OF = re.compile(rf"(?:{_METRES} )?(?P<way>{'|'.join(sorted(ENGLISH, key=len, reverse=True))})(?: side)? of ?$")
UNIT_M = {"公里": 1000.0, "千米": 1000.0, "km": 1000.0, "里": 500.0, "米": 1.0, "m": 1.0}

AT_M, AROUND_M = 100.0, 250.0
_AT = ("旁", "对面", "对过", "门口", "门前", "隔壁", "楼下", "院内", "后面", "前面")
_AROUND = ("周边", "附近", "一带", "周围")
SIDE_M = 100.0  # "north of" without a distance: within this, on that side
LONGEST_M = 5000.0
DISTANCE_SHARE = 0.3  # people's metres: how far off a stated distance is, as a share of it (our choice)
TURN_SHARE = 0.4  # people's north is good to an eighth of a turn: the sideways part of the radius


@dataclass(frozen=True)
class Offset:
    """So far (metres) east and north of what is named, and the radius that is added to its own."""

    east_m: float
    north_m: float
    more_m: float
    said: str


def meet(text: str, first: tuple[int, int], second: tuple[int, int]) -> bool:
    """Whether two names, one after the other, are said to meet: 清河路与新风街交叉口, "corner of A and B"."""
    between = text[first[1] : second[0]]
    if _MEETING.match(text, second[1]) and (_JOIN.fullmatch(between) or _SPELLED_AND.fullmatch(between)):
        return True
    return bool(_BEFORE.search(text[: first[0]]) and (_SPELLED_AND.fullmatch(between) or _JOIN.fullmatch(between)))


def stretches(text: str, street: tuple[int, int], first: tuple[int, int], second: tuple[int, int]) -> bool:
    """Whether a street is said to be meant between two others: 清河路(新风街至前进街段), "A between B and C"."""
    lead, joined = text[street[1] : first[0]], text[first[1] : second[0]]
    if not (_FROM.fullmatch(lead) and _TO.fullmatch(joined)):
        return False
    said = _STRETCH.match(text, second[1])
    return "between" in lead or (said is not None and bool(said.group()))


def offset_at(text: str, start: int, end: int) -> Offset | None:
    """Return the distance and direction that follow a name ending at ``end`` (or, in English, stand before ``start``)."""
    found = _SIDE_FAR.match(text, end) or _FAR_FIRST.match(text, end) or _SIDE.match(text, end)
    if found is not None:
        return _offset(found, DIRECTIONS)
    before = _ENGLISH_OF.search(text[:start])
    return None if before is None else _offset(before, ENGLISH)


def _offset(found: re.Match[str], bearings: dict[str, int]) -> Offset | None:
    far = found.groupdict().get("far")
    metres = SIDE_M / 2 if far is None else float(far) * UNIT_M[found["unit"]]
    if metres > LONGEST_M:
        return None
    angle = np.radians(bearings[found["way"]])
    more = SIDE_M / 2 if far is None else float(np.hypot(DISTANCE_SHARE, TURN_SHARE)) * metres
    return Offset(float(np.sin(angle)) * metres, float(np.cos(angle)) * metres, more, found.group().strip())


def around_m(text: str, end: int) -> float:
    """Return how far around a name its words reach: 旁, 对面 a little, 附近, 周边 farther; 0 where nothing is said."""
    if text.startswith(_AROUND, end):
        return AROUND_M
    return AT_M if text.startswith(_AT, end) else 0.0
