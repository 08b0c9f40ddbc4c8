"""A slow, exact witness: point in polygon in rational numbers, straight from the definition; shares nothing with GEOS."""

from __future__ import annotations

from fractions import Fraction
from itertools import pairwise

import shapely

BORDER, INSIDE, OUTSIDE = "border", "inside", "outside"


def where_in(shape, lon, lat):
    """Return where the point is in the polygon or multipolygon: border, inside or outside, exactly."""
    x, y = Fraction(lon), Fraction(lat)
    inside = False
    for ring in shapely.get_rings(shapely.get_parts(shape)):
        ends = [(Fraction(a), Fraction(b)) for a, b in shapely.get_coordinates(ring).tolist()]
        for (ax, ay), (bx, by) in pairwise(ends):
            side = (bx - ax) * (y - ay) - (x - ax) * (by - ay)
            if side == 0 and min(ax, bx) <= x <= max(ax, bx) and min(ay, by) <= y <= max(ay, by):
                return BORDER
            if (ay > y) != (by > y) and (side > 0) == (by > ay):
                inside = not inside
    return INSIDE if inside else OUTSIDE


def answer(shapes, codes, lon, lat):
    """Return (grid code or None, rule) by the rules of the house, for a point that no gap or district concerns."""
    found = {code: where_in(shape, lon, lat) for code, shape in zip(codes, shapes, strict=True)}
    covering = sorted(code for code, place in found.items() if place != OUTSIDE)
    if not covering:
        return None, None
    inside = any(found[code] == INSIDE for code in covering)
    rule = "border" if not inside else "inside" if len(covering) == 1 else "overlap"
    return covering[0], rule
