"""What land lies in an outline: as GEOS cuts it and as geodesics enclose it.

`YIZHANGTU_GROUND=dayuan,baiyun` compares other villages than the small one, 250 outlines each and more; a
name is one of `yizhangtu demo`, or a file.
"""

import json
import os
import re
import urllib.request
from pathlib import Path

import numpy as np
import pyogrio
import pytest
import shapely

from conftest import run
from geodesic import measured
from test_geos import served

ASKED = os.environ.get("YIZHANGTU_GROUND")
MANY = 250 if ASKED else 30
NEAR = 1e-9
# GEOS puts a crossing on the nearest doubles, 10^-9 m away: along an edge of a kilometre that is a
# square millimetre, which is more than NEAR of what is hardly there.
NOTHING_M2 = 1e-6


@pytest.fixture(scope="module", params=(ASKED or "donghua").split(","))
def village(request, tmp_path_factory):
    if request.param == "donghua":
        return request.getfixturevalue("donghua")
    path = Path(request.param)
    if not path.exists():
        path = tmp_path_factory.mktemp("ground") / f"{request.param}.gpkg"
        run("demo", request.param, "-o", path, timeout=7200)
    return path


class Layer:
    """Areas of a layer, as GDAL reads them."""

    def __init__(self, path, layer, *columns):
        wanted = ["id", *columns]
        _, _, wkb, fields = pyogrio.raw.read(path, layer=layer, columns=wanted)
        names = [name for name in pyogrio.read_info(path, layer=layer)["fields"] if name in wanted]
        self.of = dict(zip(names, fields))
        self.areas = shapely.from_wkb(wkb)
        self.tree = shapely.STRtree(self.areas)
        self.whole = {}

    def inside(self, area):
        """Positions of what lies in an area, what of each, and its square metres.

        Every operation takes edges as straight in longitude and latitude; a measure runs along the
        geodesic between two corners, which leaves that line by 0.3 mm in the middle of 200 m here.
        So an edge that is cut measures otherwise than the whole of it, by 1 part in 10^8 of a unit:
        what is compared must have the same corners. GEOS's union of all patches of a class has not,
        for it forgets where the border between two of them met the outline's.
        """
        at = np.sort(self.tree.query(area))
        pieces = self.areas[at]
        covered = shapely.covers(area, pieces)
        pieces[~covered] = shapely.intersection(pieces[~covered], area)
        sizes = np.zeros(len(at), np.longdouble)
        if (~covered).any():
            sizes[~covered] = measured(pieces[~covered])
        new = [one for one in at[covered] if one not in self.whole]
        if new:
            self.whole.update(zip(new, measured(self.areas[new])))
        sizes[covered] = [self.whole[one] for one in at[covered]]
        return at, pieces, sizes


def together(pieces, sizes):
    """What pieces cover: ground under two of them counts once."""
    real = sizes > 0
    pieces, sizes = pieces[real], sizes[real]
    one, other = shapely.STRtree(pieces).query(pieces, predicate="intersects")
    pairs = one < other
    shared = shapely.intersection(pieces[one[pairs]], pieces[other[pairs]])
    if shapely.area(shared).sum() == 0:
        return sizes.sum()
    return measured(shapely.union_all(pieces))[0]


def ask(address, path, body=None):
    request = urllib.request.Request(
        f"{address}{path}",
        data=None if body is None else json.dumps(body).encode(),
        headers={"content-type": "application/json"},
    )
    with urllib.request.urlopen(request, timeout=600) as answer:
        return json.load(answer)


def outlines(address, grids, villages, random):
    """Layers with ids: the grids of every unit, some villages, then grids with some of their neighbours."""
    units = ask(address, "/collections/renewal_unit/items?limit=1000&f=json")["features"]
    assert units
    yield from (("grid", unit["properties"]["grids"]) for unit in units)
    yield from (("village", [id]) for id in random.permutation(villages.of["id"])[:6])
    for _ in range(max(MANY - len(units), 10)):
        seed = random.integers(len(grids.areas))
        many = random.choice([1, 1, 2, 5, 12])
        near = np.argsort(shapely.distance(grids.areas, grids.areas[seed]), kind="stable")[:many]
        yield "grid", list(grids.of["id"][near])


class Worst:
    """The greatest difference of a kind, in parts of what it should be."""

    def __init__(self):
        self.parts = {}

    def hold(self, kind, ours, theirs, nothing, what):
        off = abs(float(ours - theirs))
        if off > nothing:
            part = off / abs(float(theirs))
            self.parts[kind] = max(self.parts.get(kind, 0), part)
            assert part <= NEAR, f"{what}: {ours} and {theirs}, {part:.1e} of it"


def test_outlines_land_lines_and_indicators_are_those_of_geos(village):
    random = np.random.default_rng(12)
    grids, villages = Layer(village, "grid"), Layer(village, "village")
    houses = Layer(village, "building")
    land = Layer(village, "land_use", "class_code", "class_std")
    plan = Layer(village, "plan_land", "class_code", "class_std")
    lines = Layer(village, "control_line", "kind")
    worst = Worst()
    compared = 0
    with served(village) as address:
        for name, ids in outlines(address, grids, villages, random):
            made = ask(address, "/renewal/outline", {"steps": [{"add": {"layer": name, "ids": ids}}]})
            ours = shapely.from_geojson(json.dumps(made["geometry"]))
            assert ours.is_valid
            layer = {"grid": grids, "village": villages}[name]
            theirs = shapely.union_all(layer.areas[np.isin(layer.of["id"], ids)])
            assert measured(shapely.symmetric_difference(ours, theirs))[0] < 0.01
            shapely.prepare(ours)
            figures = made["figures"]
            area = measured(ours)[0]
            worst.hold("area", figures["area_m2"], area, 0, ids)

            known = {"area_m2": area}
            for layer, name, head in [(land, "land_use", "现状"), (plan, "plan_land", "规划")]:
                at, _, sizes = layer.inside(ours)
                classes = {}
                for position, size in zip(at, sizes):
                    code = layer.of["class_std"][position], layer.of["class_code"][position]
                    classes[code] = classes.get(code, 0) + size
                said = {(own["class_std"], own["code"]): own["area_m2"] for own in figures[name]}
                assert set(said) <= set(classes)
                for (standard, code), size in classes.items():
                    told = said.get((standard, code), 0)
                    worst.hold(name, told, size, NOTHING_M2, (ids, name, code))
                    share = told / figures["area_m2"]
                    worst.hold(f"{name}, share", share, size / area, NOTHING_M2 / area, (ids, name, code))
                    for long in range(1, len(code) + 1) if standard == "用地用海" else []:
                        under = f"{head}{code[:long]}_m2"
                        known[under] = known.get(under, 0) + size
            at, pieces, sizes = lines.inside(ours)
            for line in figures["control_lines"]:
                same = lines.of["kind"][at] == line["kind"]
                size = known[f"{line['kind']}_m2"] = together(pieces[same], sizes[same])
                worst.hold("control lines", line["area_m2"], size, NOTHING_M2, (ids, line["kind"]))

            buildings = figures["buildings"]
            at = houses.tree.query(ours)
            within = shapely.contains_properly(ours, shapely.point_on_surface(houses.areas[at])).sum()
            # A house on the border is counted by its own point; a few may differ from GEOS's point.
            assert abs(within - buildings["count"]) <= max(2, 0.01 * buildings["count"])
            # Every indicator is its own formula over figures that GEOS measured.
            known |= {
                "people": figures["people"]["total"],
                "households": figures["households"],
                "rentals": buildings["rental"],
                "buildings": buildings["count"],
                "footprint_m2": buildings["footprint_m2"],
                "floor_area_m2": buildings["floor_area_m2"],
                "cases": figures["violations"]["count"],
            }
            for own in made["indicators"]:
                value = reckoned(own["formula"], known)
                if value is None:
                    assert own["value"] is None, own
                else:
                    worst.hold(own["code"], own["value"], value, NOTHING_M2 / area, (ids, own["code"]))
            compared += 1
    print(f"{village.name}: {compared} outlines; " + ", ".join(f"{kind} {part:.1e}" for kind, part in worst.parts.items()))
    assert compared >= MANY


def reckoned(formula, known):
    """A formula's value; none where it divides by zero."""
    # Names in braces are those of land, of which there may be none.
    names = dict(known)
    plain = formula.replace("^", "**")
    for at, name in enumerate(dict.fromkeys(re.findall(r"\{(.+?)\}", formula))):
        names[f"land_{at}"] = known.get(name, np.longdouble(0))
        plain = plain.replace("{" + name + "}", f"land_{at}")
    names |= {"min": min, "max": max, "abs": abs}
    with np.errstate(all="ignore"):
        try:
            value = eval(plain, {"__builtins__": {}}, names)  # noqa: S307
        except ZeroDivisionError:
            return None
    return value if np.isfinite(value) else None
