"""What we serve as vector tiles, read by PyPI's mapbox-vector-tile and by GDAL.

Every feature that `/items` counts is in the tiles of the deepest zoom, with its id, its
values and its shape.
"""

import gzip
import json
import math
import random
import shutil
import sqlite3
import subprocess
import sys
import urllib.error
import urllib.request
from pathlib import Path

import mapbox_vector_tile
import pyogrio
import pytest
from conftest import binary, run, serving
from osgeo import ogr, osr

DEEPEST = 17
EXTENT = 4096


def town(path):
    """A town of irregular houses, some with a yard, and a river, as GDAL writes them."""
    chance = random.Random(20261122)
    source = ogr.GetDriverByName("GPKG").CreateDataSource(str(path))
    system = osr.SpatialReference()
    system.ImportFromEPSG(4326)
    system.SetAxisMappingStrategy(osr.OAMS_TRADITIONAL_GIS_ORDER)
    houses = source.CreateLayer("house", system, ogr.wkbPolygon)
    houses.CreateField(ogr.FieldDefn("name", ogr.OFTString))
    for row in range(40):
        for column in range(40):
            x = 113.4 + column * 0.0002 + chance.uniform(0, 0.00003)
            y = 23.1 + row * 0.0002 + chance.uniform(0, 0.00003)
            side = chance.uniform(0.00008, 0.00014)
            rings = [[(x, y), (x + side, y), (x + side, y + side / 2), (x + side / 2, y + side), (x, y + side)]]
            if chance.random() < 0.2:
                yard = side / 4
                rings.append([(x + yard, y + yard), (x + yard, y + 2 * yard), (x + 2 * yard, y + 2 * yard), (x + 2 * yard, y + yard)])
            polygon = ogr.Geometry(ogr.wkbPolygon)
            for corners in rings:
                ring = ogr.Geometry(ogr.wkbLinearRing)
                for place in [*corners, corners[0]]:
                    ring.AddPoint_2D(*place)
                polygon.AddGeometry(ring)
            feature = ogr.Feature(houses.GetLayerDefn())
            feature.SetField("name", f"{row}排{column}号")
            feature.SetGeometry(polygon)
            houses.CreateFeature(feature)
    rivers = source.CreateLayer("river", system, ogr.wkbLineString)
    river = ogr.Geometry(ogr.wkbLineString)
    for step in range(200):
        river.AddPoint_2D(113.399 + step * 0.00005, 23.104 + 0.0003 * math.sin(step / 9))
    feature = ogr.Feature(rivers.GetLayerDefn())
    feature.SetGeometry(river)
    rivers.CreateFeature(feature)
    source = None


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    path = tmp_path_factory.mktemp("tiles") / "town.gpkg"
    town(path)
    process = subprocess.Popen(
        [binary(), "serve", path, "--read-only", "--listen", "127.0.0.1:0"],
        stdout=subprocess.PIPE,
        text=True,
    )
    line = process.stdout.readline()
    assert line.startswith("listening on "), line
    yield line.removeprefix("listening on ").strip()
    process.terminate()
    process.wait()


def fetch(url, **headers):
    request = urllib.request.Request(url, headers=headers)
    with urllib.request.urlopen(request, timeout=60) as answer:
        body = answer.read()
        if answer.headers.get("Content-Encoding") == "gzip":
            body = gzip.decompress(body)
        return answer.status, body


def tile_of(longitude, latitude, z):
    across = (longitude + 180) / 360 * 2**z
    down = (1 - math.asinh(math.tan(math.radians(latitude))) / math.pi) / 2 * 2**z
    return across, down


def tiles_over(bounds, z):
    west, south, east, north = bounds
    left, top = map(int, tile_of(west, north, z))
    right, bottom = map(int, tile_of(east, south, z))
    return [(x, y) for x in range(left, right + 1) for y in range(top, bottom + 1)]


def decoded(server, layer, z, x, y):
    status, body = fetch(f"{server}/tiles/{layer}/{z}/{x}/{y}", **{"Accept-Encoding": "gzip"})
    if status == 204:
        return []
    tile = mapbox_vector_tile.decode(body, default_options={"y_coord_down": True})
    assert list(tile) == [layer]
    assert tile[layer]["version"] == 2
    assert tile[layer]["extent"] == EXTENT
    return tile[layer]["features"]


def document(server, layer):
    return json.loads(fetch(f"{server}/tiles/{layer}.json")[1])


def items(server, layer):
    found = json.loads(fetch(f"{server}/collections/{layer}/items?limit=10000")[1])
    assert len(found["features"]) == found["numberMatched"]
    return {feature["id"]: feature for feature in found["features"]}


def test_every_feature_is_in_the_tiles_with_its_id_and_values(server):
    known = items(server, "house")
    assert len(known) == 1600
    bounds = document(server, "house")["bounds"]
    seen = {}
    for x, y in tiles_over(bounds, DEEPEST):
        for feature in decoded(server, "house", DEEPEST, x, y):
            seen[feature["properties"]["id"]] = feature
    assert seen.keys() == known.keys()
    assert len({feature["id"] for feature in seen.values()}) == len(known)
    for name, feature in seen.items():
        assert feature["properties"]["name"] == known[name]["properties"]["name"]


def test_every_vertex_is_within_half_a_unit(server):
    known = items(server, "house")
    bounds = document(server, "house")["bounds"]
    compared = 0
    for x, y in tiles_over(bounds, DEEPEST):
        for feature in decoded(server, "house", DEEPEST, x, y):
            rings = feature["geometry"]["coordinates"]
            corners = [corner for ring in rings for corner in ring]
            if any(not 0 <= number <= EXTENT for corner in corners for number in corner):
                continue
            truth = known[feature["properties"]["id"]]["geometry"]["coordinates"]
            assert len(rings) == len(truth)
            exact = []
            for place in (place for ring in truth for place in ring):
                across, down = tile_of(*place, DEEPEST)
                exact.append(((across - x) * EXTENT, (down - y) * EXTENT))
            for corner in corners:
                assert any(
                    abs(corner[0] - at[0]) <= 0.51 and abs(corner[1] - at[1]) <= 0.51 for at in exact
                ), (corner, exact)
            compared += 1
    assert compared > 1000


def test_a_line_hangs_together_over_tiles(server):
    bounds = document(server, "river")["bounds"]
    pieces = 0
    for x, y in tiles_over(bounds, 16):
        for feature in decoded(server, "river", 16, x, y):
            assert feature["geometry"]["type"] in ("LineString", "MultiLineString")
            pieces += 1
    assert pieces > 1


def test_gdal_reads_a_tile(server, tmp_path):
    bounds = document(server, "house")["bounds"]
    x, y = tiles_over(bounds, 16)[0]
    path = tmp_path / "tile.mvt"
    path.write_bytes(fetch(f"{server}/tiles/house/16/{x}/{y}.mvt")[1])
    # The layer lives as long as its source.
    source = ogr.Open(str(path))
    layer = source.GetLayerByName("house")
    assert layer.GetFeatureCount() == len(decoded(server, "house", 16, x, y))
    for feature in layer:
        assert feature.GetGeometryRef().IsValid()


def test_what_is_missing_is_not_a_tile(server):
    assert fetch(f"{server}/tiles/house/10/0/0")[0] == 204
    for path, status in [("castle/3/0/0", 404), ("house/3/9/0", 404), ("house/3/x/0", 400)]:
        with pytest.raises(urllib.error.HTTPError) as refused:
            fetch(f"{server}/tiles/{path}")
        assert refused.value.code == status


def test_gdal_reads_an_archive(server, tmp_path):
    """GDAL's PMTiles driver finds the layers and every feature of the deepest zoom."""
    source = tmp_path / "town.gpkg"
    town(source)
    archive = tmp_path / "town.pmtiles"
    run("tiles", source, "--zoom", "14-17", "-o", archive)
    layers = {name for name, _ in pyogrio.list_layers(archive)}
    assert layers == {"house", "river"}
    _, _, _, values = pyogrio.raw.read(archive, layer="house", columns=["id"])
    assert set(values[0]) == set(items(server, "house"))


def flat(packed, path):
    """tippecanoe keeps equal tiles once behind a view; others, such as `martin-cp`, in one table."""
    shutil.copy(packed, path)
    file = sqlite3.connect(path)
    file.executescript(
        """
        CREATE TABLE plain AS SELECT zoom_level, tile_column, tile_row, tile_data FROM tiles;
        DROP VIEW tiles;
        DROP TABLE map;
        DROP TABLE images;
        ALTER TABLE plain RENAME TO tiles;
        """
    )
    file.close()


def test_archives_of_tippecanoe_are_served_as_base_maps(server, tmp_path):
    """PMTiles and MBTiles that tippecanoe wrote of what we gave, and MBTiles without a view."""
    source = tmp_path / "house.geojson"
    source.write_bytes(fetch(f"{server}/collections/house/items?limit=10000")[1])
    tippecanoe = shutil.which("tippecanoe", path=str(Path(sys.executable).parent)) or "tippecanoe"
    archives = [tmp_path / name for name in ["clustered.pmtiles", "view.mbtiles", "flat.mbtiles"]]
    for archive in archives[:2]:
        words = ["--quiet", "-Z14", "-z16", "-l", "house", "-y", "name", "-o", archive, source]
        subprocess.run([tippecanoe, *map(str, words)], check=True)
    flat(archives[1], archives[2])
    names = {feature["properties"]["name"] for feature in items(server, "house").values()}
    bounds = document(server, "house")["bounds"]
    town(tmp_path / "town.gpkg")
    given = [word for archive in archives for word in ("--basemap", archive)]
    with serving(tmp_path / "town.gpkg", "--read-only", *given) as ours:
        listed = {one["id"]: one for one in json.loads(fetch(f"{ours}/basemaps")[1])}
        for archive in archives:
            assert (listed[archive.stem]["kind"], listed[archive.stem]["maxzoom"]) == ("vector", 16)
            found = set()
            for x, y in tiles_over(bounds, 16):
                address = f"{ours}/basemaps/{archive.stem}/16/{x}/{y}"
                status, body = fetch(address, **{"Accept-Encoding": "gzip"})
                if status == 200:
                    features = mapbox_vector_tile.decode(body)["house"]["features"]
                    found |= {feature["properties"]["name"] for feature in features}
            assert found == names, archive.name
