"""What we write, other programs read; what comes back in is what the format can hold."""

import csv
import io
import zipfile

import numpy
import pyogrio
import pytest
import shapely

from conftest import run, run_json, tool, validate

# Ten-byte names and the like are the format's own; these survive in all of them.
COMMON = ["id", "floors_up", "height_m"]


def read(path, **options):
    meta, _, geometry, fields = pyogrio.raw.read(path, **options)
    return dict(zip(meta["fields"], fields)), shapely.from_wkb(geometry), meta


def same(ours, theirs):
    """Equal ids, numbers and shapes, whatever the order of the rows."""
    (a, shapes_a), (b, shapes_b) = ours, theirs
    order_a, order_b = numpy.argsort(a["id"].astype(str)), numpy.argsort(b["id"].astype(str))
    assert (a["id"][order_a].astype(str) == b["id"][order_b].astype(str)).all()
    for name in COMMON[1:]:
        left = a[name][order_a].astype(float)
        right = b[name][order_b].astype(float)
        assert numpy.array_equal(left, right, equal_nan=True), name
    left = shapely.normalize(shapes_a[order_a])
    right = shapely.normalize(shapes_b[order_b])
    single = lambda shapes: numpy.array(
        [s.geoms[0] if s.geom_type == "MultiPolygon" and len(s.geoms) == 1 else s for s in shapes]
    )
    assert shapely.equals_exact(single(left), single(right), tolerance=1e-12).all()


@pytest.fixture(scope="module")
def buildings(donghua):
    fields, shapes, _ = read(donghua, layer="building")
    return fields, shapes


@pytest.mark.parametrize("name", ["a.geojson", "a.geojsonl", "a.gpkg", "a.shp", "a.fgb"])
def test_gdal_reads_the_same_houses(donghua, buildings, tmp_path, name):
    report = run_json("export", donghua, "--layer", "building", "-o", tmp_path / name)
    assert report["rows"] == len(buildings[1])
    fields, shapes, meta = read(tmp_path / name)
    same(buildings, (fields, shapes))
    if name in ("a.gpkg", "a.shp", "a.fgb"):
        assert meta["crs"] == "EPSG:4490"
    if name == "a.gpkg":
        validate(tmp_path / name)


def test_a_zip_of_gbk_texts_is_read(donghua, buildings, tmp_path):
    target = tmp_path / "楼.zip"
    run("export", donghua, "--layer", "building", "-o", target, "--encoding", "gbk")
    assert "楼.cpg" in zipfile.ZipFile(target).namelist()
    fields, shapes, _ = read(f"/vsizip/{target}/楼.shp")
    same(buildings, (fields, shapes))
    ours = sorted(text for text in buildings[0]["address"] if text)
    theirs = sorted(text for text in fields["address"] if text)
    assert ours == theirs


def test_a_drawing_in_metres_is_read(donghua, buildings, tmp_path):
    run("export", donghua, "--layer", "building", "-o", tmp_path / "a.dxf")
    fields, shapes, _ = read(tmp_path / "a.dxf", encoding="UTF-8")
    # Shapes that the map colours by a code have a layer a class, and labels one of their own.
    labels = fields["Layer"] == "建筑物_注记"
    assert labels.any()
    assert {"住宅", "商住", "商业", "办公"} <= set(fields["Layer"][~labels])
    lines = shapes[~labels]
    rings = sum(
        1 + len(part.interiors)
        for shape in buildings[1]
        for part in getattr(shape, "geoms", [shape])
    )
    assert len(lines) == rings
    bounds = shapely.total_bounds(lines)
    # Guangzhou in its zone of three degrees: 400 to 500 km east, 2,400 to 2,700 km north.
    assert 300_000 < bounds[0] < bounds[2] < 600_000
    assert 2_400_000 < bounds[1] < bounds[3] < 2_700_000


def test_metres_agree_with_gdal(donghua, tmp_path):
    ours, theirs = tmp_path / "ours.shp", tmp_path / "theirs.gpkg"
    run("export", donghua, "--layer", "grid", "-o", ours, "--crs", "EPSG:4547")
    tool("ogr2ogr", "-t_srs", "EPSG:4547", theirs, donghua, "grid")
    a, shapes_a, meta = read(ours)
    b, shapes_b, _ = read(theirs)
    assert "4547" in str(meta["crs"]) or "CM_114E" in str(meta["crs"])
    order_a, order_b = numpy.argsort(a["id"]), numpy.argsort(b["id"])
    for left, right in zip(shapes_a[order_a], shapes_b[order_b]):
        assert shapely.hausdorff_distance(left, right) < 1e-3


def test_a_spreadsheet_has_every_row_and_no_personal_value(donghua, tmp_path):
    run("export", donghua, "--layer", "person", "-o", tmp_path / "a.csv")
    text = (tmp_path / "a.csv").read_bytes()
    assert text.startswith(b"\xef\xbb\xbf")
    rows = list(csv.DictReader(io.StringIO(text.decode("utf-8-sig"))))
    fields, _, _ = read(donghua, layer="person", read_geometry=False)
    assert len(rows) == len(fields["id"])
    stored = {name for name in fields["name"] if name}
    numbers = {number for number in fields["id_number"] if number}
    assert stored and numbers
    assert not stored & {row["name"] for row in rows}
    assert not numbers & {row["id_number"] for row in rows}


def test_losses_are_named(donghua, tmp_path):
    report = run_json("export", donghua, "--layer", "building", "-o", tmp_path / "a.shp")
    assert any("10" in loss["message"]["zh"] for loss in report["losses"])
    assert run_json("export", donghua, "--layer", "building", "-o", tmp_path / "a.gpkg")["losses"] == []


def test_bad_calls_are_refused(donghua, tmp_path):
    said = run("export", donghua, "--layer", "building", "-o", tmp_path / "a.doc", code=2)
    assert "a.doc" in said
    said = run("export", donghua, "--layer", "nothing", "-o", tmp_path / "a.csv", code=1)
    assert "nothing" in said and "building" in said
    said = run("export", donghua, "--layer", "building", "--crs", "EPSG:1", "-o", tmp_path / "a.csv", code=1)
    assert "EPSG:1" in said
    assert list(tmp_path.iterdir()) == []
