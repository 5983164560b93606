"""A GeoPackage that we never wrote is served as it is found."""

import json
import subprocess
import urllib.request

import numpy
import pyogrio
import pytest
import shapely

from conftest import binary, run, run_json

# Points of Guangzhou in EPSG:4547 and in longitude, latitude, by PROJ through GDAL.
HOUSES = [(445_000.0, 2_560_000.0), (446_000.5, 2_561_000.25)]


@pytest.fixture
def foreign(tmp_path):
    """As a surveyor's program may write it: metres, its own names, no string ids."""
    path = tmp_path / "测量.gpkg"
    squares = shapely.box(*numpy.array([[x, y, x + 20, y + 10] for x, y in HOUSES]).T)
    pyogrio.raw.write(
        path,
        shapely.to_wkb(squares),
        [numpy.array(["甲楼", "乙楼"], dtype=object), numpy.array([3, 8], dtype="int32")],
        numpy.array(["名称", "层数"]),
        layer="房屋 现状",
        driver="GPKG",
        geometry_type="Polygon",
        crs="EPSG:4547",
        layer_options={"GEOMETRY_NAME": "the_geom", "FID": "ogc_fid"},
    )
    return path


def test_its_features_come_out_in_longitude_and_latitude(foreign, tmp_path):
    out = tmp_path / "out.geojson"
    report = run_json("export", foreign, "--layer", "房屋_现状", "-o", out)
    assert report["rows"] == 2
    features = json.loads(out.read_text())["features"]
    assert [feature["id"] for feature in features] == ["1", "2"]
    assert [feature["properties"]["名称"] for feature in features] == ["甲楼", "乙楼"]
    assert [feature["properties"]["层数"] for feature in features] == [3, 8]
    said = subprocess.run(
        ["gdaltransform", "-s_srs", "EPSG:4547", "-t_srs", "EPSG:4490", "-output_xy"],
        input="\n".join(f"{x} {y}" for x, y in HOUSES),
        capture_output=True,
        text=True,
        check=True,
    )
    for feature, line in zip(features, said.stdout.splitlines()):
        lon, lat = map(float, line.split())
        ring = feature["geometry"]["coordinates"][0]
        # The lattice is 1e-9 of a degree: a tenth of a millimetre.
        assert min(abs(x - lon) + abs(y - lat) for x, y in ring) < 3e-9


def test_it_is_not_changed_by_being_read(foreign, tmp_path):
    before = foreign.read_bytes()
    run("export", foreign, "--layer", "房屋_现状", "-o", tmp_path / "out.csv")
    assert foreign.read_bytes() == before


def test_it_is_served(foreign):
    server = subprocess.Popen(
        [binary(), "serve", foreign, "--listen", "127.0.0.1:0", "--read-only"],
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        first = server.stdout.readline().strip()
        assert first.startswith("listening on http://"), first
        address = first.removeprefix("listening on ")
        ask = lambda path: json.load(urllib.request.urlopen(address + path, timeout=30))
        catalog = ask("/catalog")
        (layer,) = catalog["layers"]
        assert layer["theme"] == "other"
        assert layer["title"]["zh"] == "房屋 现状"
        assert layer["count"] == 2
        items = ask(f"/collections/{urllib.request.quote(layer['id'])}/items?f=geojson")
        assert [item["properties"]["名称"] for item in items["features"]] == ["甲楼", "乙楼"]
    finally:
        server.terminate()
        server.wait(timeout=30)


def test_an_unknown_system_is_refused_by_name(tmp_path):
    path = tmp_path / "local.gpkg"
    pyogrio.raw.write(
        path,
        shapely.to_wkb(numpy.array([shapely.Point(1, 2)])),
        [numpy.array([1])],
        numpy.array(["n"]),
        layer="pts",
        driver="GPKG",
        geometry_type="Point",
        crs=None,
    )
    said = run("export", path, "--layer", "pts", "-o", tmp_path / "out.csv", code=1)
    assert "pts" in said and "EPSG:4490" in said
    assert not (tmp_path / "out.csv").exists()


@pytest.mark.parametrize("content", [b"", b"not a database" * 40, b"SQLite format 3\0" + b"\0" * 400])
def test_what_is_no_geopackage_is_refused(tmp_path, content):
    path = tmp_path / "bad.gpkg"
    path.write_bytes(content)
    said = run("export", path, "--layer", "x", "-o", tmp_path / "out.csv", code=1)
    assert "bad.gpkg" in said
    assert "/" in said, "both languages"
    assert [entry.name for entry in tmp_path.iterdir()] == ["bad.gpkg"]
