"""Where a point is, as we say it and as GEOS says it, polygon for polygon.

On a boundary the two may differ: GEOS gives a point on a shared edge to nobody, we give it
to exactly one. Everywhere else the answers must be equal.
"""

import json
import subprocess
import urllib.request
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pyogrio
import pytest
import shapely

from conftest import ROOT, binary, run

POINTS = 100_000
# What is kept lies on a lattice of 1e-9 degrees, so this near a boundary GEOS, which takes
# the doubles as they are, may see the other side.
NEAR = 2e-9
REAL = ROOT.parent / "shared/data"
SETS = ["osm-shanghai/buildings", "osm-shanghai/landuse", "osm-wuhan/buildings", "osm-shamian/buildings"]


@contextmanager
def served(path):
    """The file served on a free port; gives the address."""
    server = subprocess.Popen(
        [binary(), "serve", path, "--read-only", "--listen", "127.0.0.1:0"],
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        line = server.stdout.readline().strip()
        assert line.startswith("listening on "), line
        yield line.removeprefix("listening on ")
    finally:
        server.kill()
        server.wait()


def polygons(path, layer):
    """Ids and geometries of a layer's areas, as GDAL reads them."""
    meta, _, wkb, fields = pyogrio.raw.read(path, layer=layer, columns=["id"])
    geometries = shapely.from_wkb(wkb)
    areal = np.isin(shapely.get_type_id(geometries), [3, 6])
    return fields[0][areal], geometries[areal]


def lookup(address, points, layer):
    """The ids that POST /lookup gives for each point."""
    body = "".join(f"[{x!r},{y!r}]\n" for x, y in points.tolist())
    request = urllib.request.Request(
        f"{address}/lookup?layers={layer}",
        data=body.encode(),
        headers={"content-type": "application/x-ndjson"},
    )
    with urllib.request.urlopen(request) as answer:
        lines = [json.loads(line) for line in answer]
    assert len(lines) == len(points)
    return [frozenset(found["id"] for found in line["at"][layer]) for line in lines]


def some_points(geometries, random):
    """Points all over, and as many near the areas, on the lattice."""
    west, south, east, north = shapely.total_bounds(geometries)
    spread = random.uniform([west, south], [east, north], (POINTS // 2, 2))
    boxes = shapely.bounds(geometries)[random.integers(len(geometries), size=POINTS - len(spread))]
    near = random.uniform(boxes[:, :2], boxes[:, 2:])
    return np.round(np.concatenate([spread, near]), 9)


def compare(address, layer, ids, geometries, points):
    """Asserts equal answers; says how many points lie on a boundary."""
    ours = lookup(address, points, layer)
    places = shapely.points(points)
    tree = shapely.STRtree(geometries)
    theirs = [set() for _ in places]
    for point, polygon in zip(*tree.query(places, predicate="within")):
        theirs[point].add(ids[polygon])
    edges = shapely.STRtree(shapely.boundary(geometries))
    on_boundary = np.unique(edges.query(places, predicate="dwithin", distance=NEAR)[0])
    clear = np.ones(len(places), bool)
    clear[on_boundary] = False
    different = [at for at in np.flatnonzero(clear) if ours[at] != theirs[at]]
    assert not different, [(points[at], ours[at], theirs[at]) for at in different[:5]]
    hits = sum(bool(found) for found in ours)
    assert hits > len(points) // 20, "the points must be where the areas are"
    return len(on_boundary)


@pytest.mark.parametrize("layer", ["building", "grid", "co_op", "land_use", "parcel", "violation_case"])
def test_the_demonstration_village_answers_as_geos_does(donghua, layer):
    ids, geometries = polygons(donghua, layer)
    points = some_points(geometries, np.random.default_rng(7))
    with served(donghua) as address:
        compare(address, layer, ids, geometries, points)


@pytest.mark.parametrize("name", SETS)
def test_real_data_answers_as_geos_does(name, tmp_path):
    source = REAL / f"{name}.geojson"
    if not source.exists():
        pytest.skip(f"real data {source} is not here")
    path = tmp_path / "real.gpkg"
    # As another program writes it: valid areas only, the rest is what imports mend.
    meta, _, wkb, _ = pyogrio.raw.read(source, columns=[])
    geometries = shapely.from_wkb(wkb)
    areal = np.isin(shapely.get_type_id(geometries), [3, 6]) & shapely.is_valid(geometries)
    geometries = np.array([shapely.multipolygons([g]) if g.geom_type == "Polygon" else g for g in geometries[areal]])
    ids = np.array([f"f{at}" for at in range(len(geometries))], dtype=object)
    pyogrio.raw.write(
        path,
        geometry=shapely.to_wkb(geometries),
        field_data=[ids],
        fields=["id"],
        layer="areas",
        geometry_type="MultiPolygon",
        crs="EPSG:4326",
        driver="GPKG",
    )
    points = some_points(geometries, np.random.default_rng(8))
    with served(path) as address:
        body = json.load(urllib.request.urlopen(f"{address}/collections/areas/items?limit=10000"))
        named = {feature["properties"]["id"]: str(feature["id"]) for feature in body["features"]}
        own = np.array([named[name] for name in ids], dtype=object)
        compare(address, "areas", own, geometries, points)


def test_a_point_on_a_shared_edge_is_in_exactly_one_grid(donghua):
    ids, grids = polygons(donghua, "grid")
    _, villages = polygons(donghua, "village")
    village = shapely.union_all(villages)
    corners = np.unique(shapely.get_coordinates(grids), axis=0)
    lines = shapely.get_coordinates(shapely.segmentize(shapely.boundary(grids), 2e-5))
    points = np.round(np.unique(np.concatenate([corners, lines]), axis=0), 9)
    inside = shapely.distance(shapely.boundary(village), shapely.points(points)) > 1e-7
    points = points[inside]
    assert len(points) > 500
    with served(donghua) as address:
        found = lookup(address, points, "grid")
    assert [len(grid) for grid in found] == [1] * len(points)


def test_statistics_of_drawn_areas_are_a_plain_count(donghua):
    """People, houses and square metres of random areas, against SQL and GEOS."""
    import sqlite3

    random = np.random.default_rng(9)
    ids, buildings = polygons(donghua, "building")
    west, south, east, north = shapely.total_bounds(buildings)
    database = sqlite3.connect(f"file:{donghua}?mode=ro", uri=True)
    people = dict(
        database.execute(
            "SELECT building, count(DISTINCT person) FROM residence WHERE moved_out IS NULL GROUP BY 1"
        )
    )
    floor = {
        id: round(area * 100) for id, area in database.execute("SELECT id, floor_area_m2 FROM building")
    }
    with served(donghua) as address:
        for _ in range(40):
            middle = random.uniform([west, south], [east, north])
            turns = np.sort(random.uniform(0, 2 * np.pi, random.integers(5, 60)))
            reach = random.uniform(0.0005, 0.006, len(turns))
            ring = np.round(middle + np.stack([np.cos(turns), np.sin(turns)], 1) * reach[:, None], 9)
            area = shapely.Polygon(ring)
            if not area.is_valid:
                continue
            shapely.prepare(area)
            for rule, test in [("intersects", shapely.intersects), ("within", shapely.covers)]:
                chosen = ids[test(area, buildings)]
                body = {"area": json.loads(shapely.to_geojson(area)), "rule": rule}
                request = urllib.request.Request(
                    f"{address}/statistics",
                    data=json.dumps(body).encode(),
                    headers={"content-type": "application/json"},
                )
                answer = json.load(urllib.request.urlopen(request))
                assert answer["buildings"]["count"] == len(chosen)
                assert answer["people"]["total"] == sum(people.get(id, 0) for id in chosen)
                assert round(answer["buildings"]["floor_area_m2"] * 100) == sum(floor[id] for id in chosen)
