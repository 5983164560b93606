"""Every way in which small shapes can lie to one another, as we say it and as GEOS says it.

Classical cases for predicates - touching in a vertex, along an edge, in part of one, a vertex on an
edge, nested, equal, holes that touch, parts that touch - are what small shapes on a small lattice run
into again and again. So all of them are asked: each triangle and each quadrangle on 4 × 4 places,
many pentagons, squares with each hole, pairs that touch; lines and points there.
"""

import itertools
import json
import urllib.parse
import urllib.request

import numpy as np
import pyogrio
import pytest
import shapely

from conftest import serving

SIDE = 4
# Multiples of 1/512 degree are exact both as doubles and in what is kept.
ORIGIN = np.array([113.5, 23.0])
STEP = 1 / 128
RELATIONS = ["intersects", "disjoint", "within", "contains", "equals", "touches", "crosses", "overlaps"]
PLACES = np.array(list(itertools.product(range(SIDE), range(SIDE))), float)


def rings(corners):
    """All simple rings of so many corners, each once: its least corner first, one way round."""
    ways = np.array(
        [way for way in itertools.permutations(range(SIDE * SIDE), corners) if way[0] == min(way) and way[1] < way[-1]]
    )
    made = shapely.polygons(PLACES[ways])
    return made[shapely.is_valid(made) & (shapely.area(made) > 0)]


def shapes():
    """Areas, lines and points, in steps of the lattice."""
    random = np.random.default_rng(5)
    some = lambda of, count: of[np.sort(random.choice(len(of), min(count, len(of)), replace=False))]
    triangles, quadrangles, pentagons = rings(3), rings(4), rings(5)
    whole = PLACES[[0, 12, 15, 3]]
    holes = np.concatenate([triangles, quadrangles])
    holed = shapely.polygons([whole] * len(holes), [[ring] for ring in shapely.get_exterior_ring(holes)])
    holed = holed[shapely.is_valid(holed)]
    pairs = random.choice(holes, (60_000, 2))
    pairs = pairs[shapely.touches(pairs[:, 0], pairs[:, 1])]
    several = shapely.multipolygons(pairs)
    several = several[shapely.is_valid(several)]
    areas = np.concatenate([triangles, quadrangles, some(pentagons, 1000), some(holed, 400), some(several, 400)])
    two = shapely.linestrings(PLACES[list(itertools.combinations(range(SIDE * SIDE), 2))])
    three = shapely.linestrings(PLACES[some(np.array(list(itertools.permutations(range(SIDE * SIDE), 3))), 400)])
    points = shapely.points(np.array(list(itertools.product(np.arange(-0.5, SIDE, 0.5), repeat=2))))
    return {"areas": areas, "lines": np.concatenate([two, three]), "points": points}


def placed(geometries):
    """Lattice steps as longitudes and latitudes."""
    return shapely.transform(geometries, lambda at: ORIGIN + at * STEP)


@pytest.fixture(scope="module")
def lattice(tmp_path_factory):
    """The shapes, and a server of a file of them: its address, and the ids in their order."""
    path = tmp_path_factory.mktemp("lattice") / "lattice.gpkg"
    all_shapes = shapes()
    kinds = {"areas": "MultiPolygon", "lines": "LineString", "points": "Point"}
    for at, (layer, geometries) in enumerate(all_shapes.items()):
        given = placed(geometries)
        if layer == "areas":
            given = np.array([shapely.multipolygons([g]) if g.geom_type == "Polygon" else g for g in given])
        names = np.array([f"{layer}-{at}" for at in range(len(given))], dtype=object)
        pyogrio.raw.write(
            path,
            geometry=shapely.to_wkb(given),
            field_data=[names],
            fields=["name"],
            layer=layer,
            geometry_type=kinds[layer],
            crs="EPSG:4326",
            driver="GPKG",
            append=at > 0,
        )
    with serving(path, "--read-only") as address:
        ids = {}
        for layer, geometries in all_shapes.items():
            body = ask(address, layer, limit=len(geometries))
            ids[layer] = {str(feature["id"]): int(feature["properties"]["name"].split("-")[1]) for feature in body["features"]}
            assert len(ids[layer]) == len(geometries)
        yield address, all_shapes, ids


def ask(address, layer, **parameters):
    url = f"{address}/collections/{layer}/items?{urllib.parse.urlencode(parameters)}"
    with urllib.request.urlopen(url) as answer:
        return json.load(answer)


def test_points_are_in_what_they_are_in_when_moved_a_little(lattice):
    """At every place of the lattice, half way between, and a unit of what is kept beside."""
    address, all_shapes, ids = lattice
    areas = all_shapes["areas"]
    unit = 1e-9 / STEP
    beside = [PLACES + np.array(way) * unit for way in [(1, 0), (-1, 0), (0, 1), (0, -1), (1, 1), (-1, 1)]]
    halves = shapely.get_coordinates(all_shapes["points"])
    steps = np.concatenate([halves, *beside])
    points = np.round(ORIGIN + steps * STEP, 9)
    body = "".join(f"[{x!r},{y!r}]\n" for x, y in points.tolist())
    request = urllib.request.Request(
        f"{address}/lookup?layers=areas", data=body.encode(), headers={"content-type": "application/x-ndjson"}
    )
    with urllib.request.urlopen(request) as answer:
        ours = [{ids["areas"][str(found["id"])] for found in json.loads(line)["at"]["areas"]} for line in answer]
    # The half-open rule: east by nothing that matters, north by less. No edge here is so flat
    # that the one could outweigh the other, and no corner so near.
    moved = shapely.points(steps + np.array([2**-34, 2**-42]))
    theirs = [set() for _ in points]
    for point, area in zip(*shapely.STRtree(areas).query(moved, predicate="within")):
        theirs[point].add(int(area))
    wrong = [at for at in range(len(points)) if ours[at] != theirs[at]]
    assert not wrong, [(steps[at], [areas[found] for found in sorted(ours[at] ^ theirs[at])][:3]) for at in wrong[:5]]
    assert sum(map(len, theirs)) > 20_000


def by_overlay(relation, one, other):
    """What is left of two areas says of a relation; none where it says nothing.

    Where a hole or a second part touches an edge between its ends, GEOS 3.14 takes another area's
    edge along that one for outside: it denies contains although difference leaves nothing."""
    if min(shapely.get_dimensions([one, other])) < 2:
        return None
    left = shapely.area(shapely.difference(other, one)) > 0
    over = shapely.area(shapely.difference(one, other)) > 0
    meet = shapely.area(shapely.intersection(one, other)) > 0
    said = {"contains": not left, "within": not over, "equals": not (left or over), "overlaps": left and over and meet}
    return said.get(relation)


def test_relations_of_small_shapes_are_those_of_geos(lattice):
    address, all_shapes, ids = lattice
    random = np.random.default_rng(6)
    asked = [
        *random.choice(all_shapes["areas"], 24, replace=False),
        *all_shapes["areas"][-6:],
        *random.choice(all_shapes["lines"], 6, replace=False),
        *random.choice(all_shapes["points"], 4, replace=False),
    ]
    seen = dict.fromkeys(RELATIONS, 0)
    for layer, (at, other) in itertools.product(all_shapes, enumerate(asked)):
        geometries = all_shapes[layer]
        written = shapely.to_wkt(placed(other), rounding_precision=-1)
        # The last four are asked of another library, slowly, and less often.
        for relation in RELATIONS if at % 12 == 0 else RELATIONS[:4]:
            theirs = getattr(shapely, relation)(geometries, other)
            seen[relation] += int(theirs.sum())
            relates = f"S_{relation.upper()}(geom,{written})"
            if ask(address, layer, filter=relates, limit=1)["numberMatched"] == theirs.sum():
                continue
            every = ask(address, layer, filter=relates, limit=len(geometries))
            ours = {ids[layer][str(feature["id"])] for feature in every["features"]}
            other_said = ours ^ set(np.flatnonzero(theirs).tolist())
            wrong = [at for at in other_said if by_overlay(relation, geometries[at], other) != (at in ours)]
            assert not wrong, (relation, str(other), [str(geometries[at]) for at in sorted(wrong)][:5])
    assert all(count > 0 for count in seen.values()), seen
