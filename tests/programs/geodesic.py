"""Ground within geodesics, by the equations of geodesics in 80 bits.

What the server measures in doubles is held to this. It shares no formula with it: every edge is
found by shooting from its start, `dφ = cos α ds / ρ`, `dλ = sin α ds / r`, `dα = sin φ dλ`, until it
meets its end, and the ground below it is integrated along the way. GeographicLib, which PROJ
measures with, adds differences of 10^11 m² in doubles and is off by up to 10^-4 m², however small
the ground: too much for a part of a plot.
"""

import numpy as np
import shapely

WIDE = np.longdouble
assert np.finfo(WIDE).nmant >= 63, "needs a processor with more than doubles"

AXIS = WIDE(6378137)
FLATTENING = 1 / WIDE("298.257223563")
SQUARED = FLATTENING * (2 - FLATTENING)
DEGREE = WIDE("3.14159265358979323846264338327950288") / 180
# Nodes and weights of Gauss and Legendre to 80 bits: exact to the ninth power.
NODES = np.array([0, "0.538469310105683091036314420700208805", "0.906179845938663992797626878299392965"], WIDE)
WEIGHTS = np.array(["0.568888888888888888888888888888888889", "0.478628670499366468041291514835638193", "0.236926885056189087514264040719917363"], WIDE)
# Runge and Kutta's steps along an edge: each errs by the fifth power of what it turns on the globe.
STEPS = 2
SHOTS = 8


def radii(latitude):
    """Of the meridian, and of the parallel, in m."""
    flat = 1 - SQUARED * np.sin(latitude) ** 2
    across = AXIS / np.sqrt(flat)
    return across * (1 - SQUARED) / flat, across * np.cos(latitude)


def between(low, high):
    """Square metres between two parallels, for each radian of longitude."""
    middle, half = (low + high) / 2, (high - low) / 2
    total = 0
    for node, weight in zip(NODES, WEIGHTS):
        for side in [node] if node == 0 else [-node, node]:
            along, around = radii(middle + side * half)
            total = total + weight * along * around
    return total * half


def areas(rings):
    """Square metres of closed rings of degrees, less than 0 where they run clockwise."""
    counts = [len(ring) - 1 for ring in rings]
    starts = np.concatenate([ring[:-1] for ring in rings]).astype(WIDE) * DEGREE
    ends = np.concatenate([ring[1:] for ring in rings]).astype(WIDE) * DEGREE
    base = np.repeat(np.array([ring[0][1] for ring in rings]).astype(WIDE) * DEGREE, counts)
    turn = ends - starts

    def rates(latitude, bearing, ground):
        along, around = radii(latitude)
        east = np.sin(bearing) / around
        below = between(base, latitude) * east if ground else np.zeros_like(east)
        return np.array([np.cos(bearing) / along, east, east * np.sin(latitude), below])

    def shot(east, north, ground=False):
        state = np.array([starts[:, 1], np.zeros_like(east), np.arctan2(east, north), np.zeros_like(east)])
        step = np.hypot(east, north) / STEPS
        for _ in range(STEPS):
            one = rates(*state[[0, 2]], ground)
            two = rates(*(state + step / 2 * one)[[0, 2]], ground)
            three = rates(*(state + step / 2 * two)[[0, 2]], ground)
            four = rates(*(state + step * three)[[0, 2]], ground)
            state = state + step / 6 * (one + 2 * two + 2 * three + four)
        return state

    along, around = radii((starts[:, 1] + ends[:, 1]) / 2)
    east, north = turn[:, 0] * around, turn[:, 1] * along
    for _ in range(SHOTS):
        reached = shot(east, north)
        missed = np.array([(turn[:, 0] - reached[1]) * around, (ends[:, 1] - reached[0]) * along])
        east, north = east + missed[0], north + missed[1]
        if np.abs(missed).max() < 1e-11:
            break
    else:
        raise AssertionError(f"{np.abs(missed).max()} m beside an end")
    reached = shot(east, north, ground=True)
    firsts = np.concatenate([[0], np.cumsum(counts)[:-1]])
    return -np.add.reduceat(reached[3], firsts)


def rings_of(geometries):
    """All rings of some geometries, with the position of each one's geometry, and its sign."""
    parts, of_part = shapely.get_parts(geometries, return_index=True)
    while (shapely.get_type_id(parts) > 3).any():
        parts, at = shapely.get_parts(parts, return_index=True)
        of_part = of_part[at]
    areal = shapely.get_type_id(parts) == 3
    parts, of_part = parts[areal], of_part[areal]
    rings, of_ring = shapely.get_rings(parts, return_index=True)
    outer = np.ones(len(rings), int)
    outer[1:][of_ring[1:] == of_ring[:-1]] = -1
    return [shapely.get_coordinates(ring) for ring in rings], of_part[of_ring], outer


def measured(geometries):
    """Square metres of each of some areas; their holes count as nothing."""
    geometries = np.atleast_1d(geometries)
    totals = np.zeros(len(geometries), WIDE)
    rings, owners, signs = rings_of(geometries)
    if rings:
        np.add.at(totals, owners, np.abs(areas(rings)) * signs)
    return totals
