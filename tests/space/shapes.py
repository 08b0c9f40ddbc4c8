"""A zoo of geometries on the datum of record (lon/lat, snapped), and makers of frames and random tilings."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import shapely
from shapely import LinearRing, MultiPolygon, Point, Polygon

WEST, SOUTH = 126.6, 45.9
SRID = 4551


def square(x=0.0, y=0.0, width=0.01, height=None):
    """A square of about 776 x 1111 m; ``x`` and ``y`` in degrees from the south-west corner of the zoo."""
    height = width if height is None else height
    corners = [(x, y), (x + width, y), (x + width, y + height), (x, y + height)]
    return Polygon([(round(WEST + a, 9), round(SOUTH + b, 9)) for a, b in corners])


def at(x, y):
    return round(WEST + x, 9), round(SOUTH + y, 9)


DONUT = Polygon(square(0, 0, 0.03).exterior, [square(0.01, 0.01).exterior])
TWO_PARTS = MultiPolygon([square(0, 0), square(0.02, 0)])
BOW_TIE = Polygon([at(0, 0), at(0.01, 0.01), at(0.01, 0), at(0, 0.01)])
SPIKE = Polygon([at(0, 0), at(0.01, 0), at(0.02, 0), at(0.01, 0), at(0.01, 0.01), at(0, 0.01)])
HOLE_OUTSIDE = Polygon(square(0, 0).exterior, [square(0.05, 0.05).exterior])
HOLE_ALONG_SHELL = Polygon(square(0, 0, 0.03).exterior, [[at(0, 0.01), at(0.01, 0.01), at(0.01, 0.02), at(0, 0.02)]])
TWO_VERTICES = Polygon([at(0, 0), at(0.01, 0), at(0, 0), at(0, 0)])
NO_AREA = Polygon([at(0, 0), at(0.01, 0), at(0.02, 0)])
REPEATED_VERTICES = Polygon([at(0, 0), at(0, 0), at(0.01, 0), at(0.01, 0.01), at(0.01, 0.01), at(0, 0.01)])
CLOCKWISE = shapely.reverse(square())
WITH_Z = shapely.force_3d(square(), 120.0)
RAW_RING = LinearRing(square().exterior.coords)
STAR = Polygon([at(0.01 * r * np.cos(a), 0.01 * r * np.sin(a)) for a, r in zip(np.linspace(0, 6, 12), [1, 0.4] * 6, strict=True)])


def frame(shapes, codes=None, crs=4490, **columns):
    """A GeoDataFrame with codes "g0", "g1", ... unless given, and further columns."""
    codes = [f"g{i}" for i in range(len(shapes))] if codes is None else codes
    return gpd.GeoDataFrame({"code": codes, **columns}, geometry=list(shapes), crs=crs)


def points_frame(lonlat, codes=None, **columns):
    return frame([Point(*place) for place in lonlat], codes, **columns)


def lattice(rng, columns, rows, jitter=0.4, cell=0.004):
    """Quadrilaterals of a jittered lattice: an exact coverage. Vertices on the rim stay on the rectangle."""
    x, y = np.meshgrid(np.arange(columns + 1.0), np.arange(rows + 1.0))
    inner_x, inner_y = (x > 0) & (x < columns), (y > 0) & (y < rows)
    x = np.round(WEST + cell * (x + jitter * inner_x * rng.uniform(-1, 1, x.shape)), 9)
    y = np.round(SOUTH + cell * (y + jitter * inner_y * rng.uniform(-1, 1, y.shape)), 9)
    corner = np.stack([x, y], axis=-1)
    quads = [
        Polygon([corner[j, i], corner[j, i + 1], corner[j + 1, i + 1], corner[j + 1, i]])
        for j in range(rows)
        for i in range(columns)
    ]
    return [quad for quad in quads if quad.is_valid], [quad for quad in quads if not quad.is_valid]


def tiling(rng, columns=5, rows=4, labels=6, jitter=0.3):
    """A random exact tiling of a rectangle by ``labels`` polygons with holes and several parts, vertices shared."""
    quads, invalid = lattice(rng, columns, rows, jitter)
    assert not invalid
    label = rng.integers(0, labels, len(quads))
    return [shapely.coverage_union_all(np.array(quads)[label == k]) for k in range(labels) if (label == k).any()]


def probes(rng, shapes, count=20, margin=0.003):
    """Points to ask about: random, vertices, points on edges, points that share an x or y with a vertex. Snapped."""
    vertices = np.unique(shapely.get_coordinates(shapes), axis=0)
    west, south, east, north = shapely.total_bounds(shapes)
    spread = rng.uniform([west - margin, south - margin], [east + margin, north + margin], (count, 2))
    edges = edge_midpoints(rng, shapes)
    picked = vertices[rng.integers(0, len(vertices), count)]
    level = np.column_stack([spread[:, 0], picked[:, 1]])
    upright = np.column_stack([picked[:, 0], spread[:, 1]])
    some = edges[rng.integers(0, len(edges), count)]
    return np.round(np.vstack([spread, vertices, some, level, upright]), 9)


def edge_midpoints(rng, shapes):
    """A point of each edge, at a random share of its length."""
    found = []
    for ring in shapely.get_rings(shapely.get_parts(shapes)):
        ends = shapely.get_coordinates(ring)
        share = rng.uniform(0, 1, (len(ends) - 1, 1))
        found.append(ends[:-1] + share * (ends[1:] - ends[:-1]))
    return np.vstack(found)
