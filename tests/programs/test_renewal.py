"""Units of grids as GEOS makes and measures them: outlines, land, control lines, indicators."""

import json
import re
import urllib.request

import numpy as np
import openpyxl
import pyogrio
import pytest
import shapely
from pyproj import Geod

from test_geos import served

GEOD = Geod(ellps="WGS84")
NEAR = 1e-9
# 1 part in 10^9 of ten hectares, as much as a unit has.
NOTHING_M2 = 1e-4


def measured(geometry):
    """Square metres on the ellipsoid."""
    return abs(GEOD.geometry_area_perimeter(shapely.orient_polygons(geometry))[0])


def inside(patches, area):
    """Square metres of some areas within another, patch by patch.

    Every operation takes edges as straight in longitude and latitude; a measure runs along the
    geodesic between two corners, which leaves that line by 0.3 mm in the middle of 200 m here. So
    an edge that is cut measures otherwise than the whole of it, by 1 part in 10^8 of a unit:
    what is compared must have the same corners. GEOS's union of all patches of a class has not,
    for it forgets where the border between two of them met the unit's.
    """
    parts = shapely.get_parts(shapely.intersection(patches, area))
    parts = shapely.get_parts(parts)
    return sum(measured(part) for part in parts[shapely.get_type_id(parts) == 3])


def areas(path, layer, *columns):
    """Columns and geometries of a layer, as GDAL reads them."""
    _, _, wkb, fields = pyogrio.raw.read(path, layer=layer, columns=["id", *columns])
    order = {name: at for at, name in enumerate(_columns(path, layer, ["id", *columns]))}
    geometries = shapely.from_wkb(wkb)
    return {name: fields[order[name]] for name in ["id", *columns]}, geometries


def _columns(path, layer, wanted):
    return [name for name in pyogrio.read_info(path, layer=layer)["fields"] if name in wanted]


def ask(address, path, body=None):
    request = urllib.request.Request(
        f"{address}{path}",
        data=None if body is None else json.dumps(body).encode(),
        headers={"content-type": "application/json"},
    )
    with urllib.request.urlopen(request, timeout=120) as answer:
        return answer.read()


@pytest.fixture(scope="module")
def address(donghua):
    with served(donghua) as url:
        yield url


def test_an_outline_and_its_figures_are_what_geos_says(donghua, address):
    units = json.loads(ask(address, "/collections/renewal_unit/items?limit=50&f=json"))["features"]
    grids, outlines = areas(donghua, "grid")
    houses, footprints = areas(donghua, "building", "floor_area_m2", "footprint_m2")
    land, patches = areas(donghua, "land_use", "class_code", "class_std")
    lines, under = areas(donghua, "control_line", "kind")
    assert units
    for unit in units:
        ids = unit["properties"]["grids"]
        made = json.loads(
            ask(address, "/renewal/outline", {"steps": [{"add": {"layer": "grid", "ids": ids}}]})
        )
        ours = shapely.from_geojson(json.dumps(made["geometry"]))
        theirs = shapely.union_all(outlines[np.isin(grids["id"], ids)])
        assert ours.is_valid
        assert measured(shapely.symmetric_difference(ours, theirs)) < 0.01
        figures = made["figures"]
        assert figures["area_m2"] == pytest.approx(measured(ours), rel=NEAR)

        for use in figures["land_use"]:
            same = (land["class_code"] == use["code"]) & (land["class_std"] == use["class_std"])
            whole = inside(patches[same], ours)
            assert use["area_m2"] == pytest.approx(whole, rel=NEAR, abs=NOTHING_M2), use
        for line in figures["control_lines"]:
            same = under[(lines["kind"] == line["kind"])]
            whole = inside(same, ours)
            assert line["area_m2"] == pytest.approx(whole, rel=NEAR, abs=NOTHING_M2), line

        indicators = {own["code"]: own["value"] for own in made["indicators"]}
        within = shapely.contains_properly(ours, shapely.point_on_surface(footprints))
        count = figures["buildings"]["count"]
        # A house on the border is counted by its own point; a few may differ from GEOS's point.
        assert abs(within.sum() - count) <= max(2, 0.01 * count)
        buildings = figures["buildings"]
        assert indicators["far_now"] == pytest.approx(
            buildings["floor_area_m2"] / measured(ours), rel=NEAR
        )
        assert indicators["density"] == pytest.approx(
            100 * buildings["footprint_m2"] / measured(ours), rel=NEAR
        )
        assert indicators["area_ha"] == pytest.approx(measured(ours) / 1e4, rel=NEAR)

        # Every indicator is its own formula over figures that GEOS measured.
        known = {
            "area_m2": measured(ours),
            "people": figures["people"]["total"],
            "households": figures["households"],
            "rentals": buildings["rental"],
            "buildings": count,
            "footprint_m2": buildings["footprint_m2"],
            "floor_area_m2": buildings["floor_area_m2"],
            "cases": figures["violations"]["count"],
        }
        for own in made["indicators"]:
            formula = own["formula"].replace("^", "**")
            for name in re.findall(r"\{(.+?)_m2\}", formula):
                head = name.removeprefix("现状")
                if head != name:
                    same = [code.startswith(head) for code in land["class_code"]]
                    ground = patches[np.array(same) & (land["class_std"] == "用地用海")]
                else:
                    ground = under[lines["kind"] == name]
                area = inside(ground, ours)
                formula = formula.replace("{" + name + "_m2}", repr(area))
            expected = eval(formula, {"min": min, "max": max, "abs": abs}, known)  # noqa: S307
            assert own["value"] == pytest.approx(expected, rel=NEAR, abs=NEAR), own["code"]


def test_the_workbook_opens_and_its_rows_add_up_to_its_totals(address, tmp_path):
    unit = json.loads(ask(address, "/renewal/units"))["units"][0]
    path = tmp_path / "report.xlsx"
    path.write_bytes(ask(address, f"/renewal/units/{unit['id']}/report?f=xlsx"))
    book = openpyxl.load_workbook(path)
    assert book.sheetnames[0] == "概况"
    summed = 0
    for sheet in book.worksheets[1:]:
        rows = list(sheet.iter_rows(min_row=2, values_only=True))
        ends = [at for at, row in enumerate(rows) if row[0] == "合计"]
        if not ends:
            continue
        total, rows = rows[ends[0]], rows[: ends[0]]
        for column, expected in enumerate(total):
            if column > 0 and isinstance(expected, (int, float)):
                values = [row[column] for row in rows if isinstance(row[column], (int, float))]
                assert sum(values) == pytest.approx(expected, rel=1e-9, abs=1e-6), sheet.title
                summed += 1
    assert summed > 20
    houses = [sheet for sheet in book.worksheets if sheet.title.startswith("房屋按")]
    counts = {[row for row in sheet.iter_rows(values_only=True) if row[0] == "合计"][0][1] for sheet in houses}
    assert counts == {unit["buildings"]["count"]}
