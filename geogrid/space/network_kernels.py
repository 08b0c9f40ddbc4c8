"""Compiled: the nearest straight piece of a road by a grid of cells. Import it only to bring points to roads; see ``kernels``."""

from __future__ import annotations

import numpy as np

from geogrid.space.kernels import Floats, Int32s, Int64s, compiled

NONE, UNSURE = -1, -2
NEARLY_M = 1e-6  # two lines nearer to each other's distance than this are told apart by the plain way
MARGIN = 1e-6  # in cells: a piece on the border of two cells stands in both


@compiled
def near_piece(ax: float, ay: float, bx: float, by: float, x: float, y: float) -> tuple[float, float]:
    """Return where on a-b (0 to 1) the point is nearest, and the square of the distance; as ``Segments`` does it."""
    dx, dy, ex, ey = bx - ax, by - ay, x - ax, y - ay
    square = dx * dx + dy * dy
    part = 0.0
    if square > 0:
        part = (ex * dx + ey * dy) / square
    if part <= 0:
        return 0.0, ex * ex + ey * ey
    if part >= 1:
        fx, fy = x - bx, y - by
        return 1.0, fx * fx + fy * fy
    cross = ex * dy - ey * dx
    return part, cross * cross / square


@compiled
def look_in_cell(
    x: float,
    y: float,
    pieces: Int32s,
    line_of: Int32s,
    xy: Floats,
    best: float,
    second: float,
    line: int,
    at_x: float,
    at_y: float,
) -> tuple[float, float, int, float, float]:
    """Return the nearest line after the pieces of one more cell.

    That is: the square of its distance, that of the next other line, its number, and the vertex at which it is nearest (NaN
    where it is nearest between two). Another line that is nearest at that same vertex is a tie: the lowest.
    """
    for p in pieces:
        part, square = near_piece(xy[p, 0], xy[p, 1], xy[p + 1, 0], xy[p + 1, 1], x, y)
        if square > second:
            continue
        other = line_of[p]
        vx, vy = np.nan, np.nan
        if not 0.0 < part < 1.0:
            vertex = p + int(part)
            vx, vy = xy[vertex, 0], xy[vertex, 1]
        if square < best:
            if other != line:
                second = best
            best, line, at_x, at_y = square, other, vx, vy
        elif other != line:
            if square == best and vx == at_x and vy == at_y:
                line = min(line, other)
            else:
                second = square
    return best, second, line, at_x, at_y


@compiled
def nearest_line(
    x: float, y: float, frame: Floats, begins: Int32s, pieces: Int32s, line_of: Int32s, xy: Floats, within_m: float
) -> tuple[float, float, int]:
    """Return the square of the distance of the nearest line, that of the next one, and its number (NONE).

    Rings of cells around the point's own are searched until none beyond can hold a nearer piece.
    """
    cell, columns, rows = frame[2], int(frame[3]), int(frame[4])
    u, v = (x - frame[0]) / cell, (y - frame[1]) / cell
    best, second, line, at_x, at_y = np.inf, np.inf, NONE, np.nan, np.nan
    if not (u >= 0.0 and v >= 0.0 and u < columns and v < rows):
        return best, second, line
    column, row = int(u), int(v)
    inner = min(u - column, column + 1 - u, v - row, row + 1 - v)
    ring = 0
    while True:
        for r in range(max(row - ring, 0), min(row + ring, rows - 1) + 1):
            step = 1 if abs(r - row) == ring else 2 * ring
            for c in range(column - ring, column + ring + 1, step):
                if c < 0 or c >= columns:
                    continue
                own = pieces[begins[r * columns + c] : begins[r * columns + c + 1]]
                best, second, line, at_x, at_y = look_in_cell(x, y, own, line_of, xy, best, second, line, at_x, at_y)
        bound = max((inner + ring) * cell - 2 * NEARLY_M, 0.0)
        if best < bound * bound or bound > within_m:
            return best, second, line
        ring += 1


@compiled
def nearest_lines(
    x_m: Floats,
    y_m: Floats,
    frame: Floats,
    begins: Int32s,
    pieces: Int32s,
    line_of: Int32s,
    xy: Floats,
    within_m: float,
    found: Int64s,
) -> None:
    """Write the nearest line of each point: NONE beyond ``within_m``, UNSURE where another is all but equally near.

    ``frame`` is (west, south, cell in metres, columns, rows); the pieces of cell ``c`` are ``begins[c]`` to ``begins[c + 1]``
    of ``pieces``, each named by its first vertex in ``xy``; ``line_of`` is the line of a vertex.
    """
    for i in range(len(x_m)):
        best, second, line = nearest_line(x_m[i], y_m[i], frame, begins, pieces, line_of, xy, within_m)
        distance = np.sqrt(best)
        if line == NONE or distance > within_m + NEARLY_M:
            found[i] = NONE
        elif np.sqrt(second) - distance > NEARLY_M and distance < within_m - NEARLY_M:
            found[i] = line
        else:
            found[i] = UNSURE


@compiled
def cells_of_pieces(u: Floats, v: Floats, columns: int, cell: Int64s, piece: Int64s) -> int:
    """Return how many (cell, piece) pairs there are where a piece may touch a cell; write them where the arrays have room.

    ``u``, ``v`` (n, 2) are the ends in cells from the west and south, all of them well inside the grid.
    """
    count = 0
    for p in range(len(u)):
        low, high = (0, 1) if v[p, 0] <= v[p, 1] else (1, 0)
        slope = (u[p, high] - u[p, low]) / (v[p, high] - v[p, low]) if v[p, high] > v[p, low] else 0.0
        west, east = min(u[p, 0], u[p, 1]), max(u[p, 0], u[p, 1])
        for row in range(int(v[p, low] - MARGIN), int(v[p, high] + MARGIN) + 1):
            first, last = west, east
            if slope != 0.0:
                one = u[p, low] + (row - MARGIN - v[p, low]) * slope
                other = u[p, low] + (row + 1 + MARGIN - v[p, low]) * slope
                first, last = max(west, min(one, other)), min(east, max(one, other))
            for column in range(int(first - MARGIN), int(last + MARGIN) + 1):
                if count < len(cell):
                    cell[count], piece[count] = row * columns + column, p
                count += 1
    return count


@compiled
def place_on_lines(
    x_m: Floats, y_m: Floats, line: Int64s, begins: Int64s, xy: Floats, before_m: Floats, share: Floats, away_m: Floats
) -> None:
    """Write the share of its line at which each point is nearest to it, and the distance; as ``Segments.place``."""
    for i in range(len(x_m)):
        best, along = np.inf, 0.0
        last = begins[line[i] + 1] - 1
        for p in range(begins[line[i]], last):
            part, square = near_piece(xy[p, 0], xy[p, 1], xy[p + 1, 0], xy[p + 1, 1], x_m[i], y_m[i])
            if square < best:
                best, along = square, before_m[p] + part * (before_m[p + 1] - before_m[p])
        length = before_m[last]
        share[i] = along / length if length > 0 else 0.0
        away_m[i] = np.sqrt(best)
