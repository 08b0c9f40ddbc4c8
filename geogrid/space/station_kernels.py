"""The inner loops of the stations, compiled: which may be nearest to a cell, which is nearest to a point."""

from __future__ import annotations

import numpy as np

from geogrid.space.kernels import Floats, Int32s, Int64s, compiled

RADIAN = np.pi / 180.0
CHORD_MARGIN = 1.0 + 1e-4  # of the square of a chord
SPARE_M2 = 1e-3  # and this much more: the squares of a centimetre's distances are too near to rounding


@compiled
def near_lists(centre_m: Floats, radius_m: Floats, stations_m: Floats, spare_m: float, begins: Int64s, station: Int32s) -> int:
    """Write for each cell the stations that may be nearest to a point in it; return how many pairs there are.

    ``centre_m`` (n, 3) and ``stations_m`` (m, 3) are Earth-centred; a cell lies within ``radius_m`` of its centre. By the
    triangle inequality no station farther from the centre than the nearest by twice the radius can be nearest.
    """
    count = 0
    squares = np.empty(len(stations_m))
    for c in range(len(centre_m)):
        least = np.inf
        for s in range(len(stations_m)):
            x, y, z = (centre_m[c, 0] - stations_m[s, 0], centre_m[c, 1] - stations_m[s, 1], centre_m[c, 2] - stations_m[s, 2])
            squares[s] = x * x + y * y + z * z
            least = min(least, squares[s])
        reach = np.sqrt(least) + 2.0 * radius_m[c] + spare_m
        begins[c] = count
        for s in range(len(stations_m)):
            if squares[s] <= reach * reach:
                if count < len(station):
                    station[count] = s
                count += 1
    begins[len(centre_m)] = count
    return count


@compiled
def nearest_by_chord(x: float, y: float, z: float, near: Int32s, begin: int, end: int, places: Floats) -> tuple[int, int]:
    """Return the part of begin..end that has to be measured: the nearest by the chord alone, where no other is nearly so."""
    least, runner, first = np.inf, np.inf, begin
    for k in range(begin, end):
        s = near[k]
        dx, dy, dz = places[s, 0] - x, places[s, 1] - y, places[s, 2] - z
        square_m = dx * dx + dy * dy + dz * dz
        runner = min(runner, max(square_m, least))
        if square_m < least:
            least, first = square_m, k
    if runner > least * CHORD_MARGIN + SPARE_M2:
        return first, first + 1
    return begin, end


@compiled
def metres_to(
    place: Floats, x: float, y: float, z: float, lon: float, lat: float, sine: float, cosine: float, a: float, e2: float
) -> float:
    """Return the geodesic from a point to a station, a row of ``places``; see :func:`find_stations`."""
    dx, dy, dz = place[0] - x, place[1] - y, place[2] - z
    chord2 = dx * dx + dy * dy + dz * dz
    mean = 1.0 - e2 * (0.5 * (sine + place[5])) ** 2
    north = a * (1.0 - e2) / (mean * np.sqrt(mean)) * (place[3] - lat) * RADIAN
    east = a / np.sqrt(mean) * 0.5 * (cosine + place[6]) * (place[4] - lon) * RADIAN
    towards = north * north / (north * north + east * east + 1e-30)
    curved = (towards * mean / (1.0 - e2) + (1.0 - towards)) * np.sqrt(mean) / a
    bend = chord2 * curved * curved
    return float(np.sqrt(chord2) * (1.0 + bend / 24.0 + 3.0 * bend * bend / 640.0))


@compiled
def find_stations(
    lon: Floats,
    lat: Floats,
    frame: Floats,
    rows: Floats,
    columns: Floats,
    begins: Int64s,
    near: Int32s,
    places: Floats,
    limits: Floats,
    found: Int32s,
    distance_m: Floats,
) -> int:
    """Write the nearest station of each point and the geodesic metres to it; return how many (-2) the plain way has to answer.

    ``frame`` as in ``find_labels``. ``rows`` (n, 3: degrees, sine, cosine) and ``columns`` are the middles of the cells;
    ``places`` (m, 7) the stations: Earth-centred x, y, z, latitude and longitude in degrees, sine and cosine of the
    latitude. ``limits``: equatorial radius, squared eccentricity, the longest distance, the tie, in metres.

    The geodesic is made from the chord c: s = c (1 + c^2 / 24 R^2 + 3 c^4 / 640 R^4), R the radius of curvature towards the
    station (Euler) at the mean latitude; to 50 km it is right to a tenth of a micrometre. Where the nearest by the
    chord is that by ``CHORD_MARGIN``, it alone is measured: up to 50 km, the two differ by less than 3e-6 of their length.
    """
    left = 0
    a, e2, longest_m, tie_m = limits[0], limits[1], limits[2], limits[3]
    for i in range(len(lon)):
        u, v = (lon[i] - frame[0]) * frame[2], (lat[i] - frame[1]) * frame[3]
        if not (u >= 0.0 and v >= 0.0 and u < len(columns) and v < len(rows)):
            found[i] = -2
            left += 1
            continue
        column, row = int(u), int(v)
        d, f = (lat[i] - rows[row, 0]) * RADIAN, (lon[i] - columns[column, 0]) * RADIAN
        sine_d, sine_f = d - d * d * d / 6.0 + d**5 / 120.0, f - f * f * f / 6.0 + f**5 / 120.0
        cosine_d, cosine_f = 1.0 - d * d / 2.0 + d**4 / 24.0, 1.0 - f * f / 2.0 + f**4 / 24.0
        sine = rows[row, 1] * cosine_d + rows[row, 2] * sine_d
        cosine = rows[row, 2] * cosine_d - rows[row, 1] * sine_d
        square = 1.0 - e2 * sine * sine
        normal = a / np.sqrt(square)
        x = normal * cosine * (columns[column, 2] * cosine_f - columns[column, 1] * sine_f)
        y = normal * cosine * (columns[column, 1] * cosine_f + columns[column, 2] * sine_f)
        z = normal * (1.0 - e2) * sine
        cell = row * len(columns) + column
        begin, end = nearest_by_chord(x, y, z, near, begins[cell], begins[cell + 1], places)
        best, second, chosen = np.inf, np.inf, -2
        for k in range(begin, end):
            s = near[k]
            metres = metres_to(places[s], x, y, z, lon[i], lat[i], sine, cosine, a, e2)
            if metres < best:
                best, second, chosen = metres, best, s
            elif metres < second:
                second = metres
        if best > longest_m or second - best <= tie_m:
            chosen = -2
            left += 1
        found[i] = chosen
        distance_m[i] = np.floor(best * 1e6 + 0.5) / 1e6
    return left
