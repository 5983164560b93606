"""Other programs edit while the server runs, and see what it changes; whoever reads page by
page meanwhile reads one moment, whole."""

import json
import sqlite3
import subprocess
import threading
import time
import urllib.parse
import urllib.request

import pytest
from conftest import binary, run, validate
from osgeo import gdal, ogr
from owslib.ogcapi.features import Features

gdal.UseExceptions()

# What the contract promises in both directions.
SECONDS = 2.0


class Served:
    """A file of its own, served without accounts: whoever asks may change it."""

    def __init__(self, path):
        self.path = path
        with sqlite3.connect(path) as file:
            file.execute("DELETE FROM account")
        self.process = subprocess.Popen(
            [binary(), "serve", path, "--listen", "127.0.0.1:0"],
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        self.url = self.process.stdout.readline().strip().removeprefix("listening on ")

    def ask(self, path, body=None, method=None, **headers):
        data = None if body is None else json.dumps(body).encode()
        headers = {name.replace("_", "-"): value for name, value in headers.items()}
        headers.setdefault("content-type", "application/json")
        request = urllib.request.Request(self.url + path, data, headers, method=method)
        with urllib.request.urlopen(request, timeout=60) as answer:
            said = answer.read()
            return json.loads(said) if said else None

    def stop(self):
        self.process.terminate()
        self.process.wait(timeout=30)


@pytest.fixture
def served(village):
    server = Served(village)
    yield server
    server.stop()


def soon(what):
    """Waits until it holds; not longer than promised, with room for a busy machine."""
    began = time.monotonic()
    while not what():
        assert time.monotonic() - began < SECONDS * 10
        time.sleep(0.05)


def test_gdal_edits_the_file_while_it_is_served(served):
    source = ogr.Open(str(served.path), update=1)
    layer = source.GetLayerByName("building")
    definition = layer.GetLayerDefn()

    feature = layer.GetNextFeature()
    known = feature.GetField("id")
    feature.SetField("floors_up", 17)
    layer.SetFeature(feature)
    soon(lambda: served.ask(f"/collections/building/items/{known}")["properties"]["floors_up"] == 17)

    made = ogr.Feature(definition)
    made.SetField("code", "QGIS-1")
    made.SetGeometry(
        ogr.CreateGeometryFromWkt(
            "MULTIPOLYGON(((113.63 23.13,113.6301 23.13,113.6301 23.1301,113.63 23.13)))"
        )
    )
    layer.CreateFeature(made)
    source.FlushCache()
    found = lambda: served.ask("/collections/building/items?code=QGIS-1")["features"]
    soon(found)
    theirs = found()[0]
    assert theirs["id"]
    at = served.ask("/lookup?point=113.63008,23.13002")["at"]["building"]
    assert [one["id"] for one in at] == [theirs["id"]]
    assert [entry["author"] for entry in served.ask(f"/collections/building/items/{theirs['id']}/history")["entries"]] == [None]

    # What the server changes is seen by a program that opened the file before.
    version = served.ask(f"/collections/building/items/{theirs['id']}/history")["version"]
    served.ask(
        "/changes",
        {"changes": [{"op": "update", "layer": "building", "id": theirs["id"], "version": version,
                      "feature": {"properties": {"floors_up": 5}}}]},
    )
    layer.SetAttributeFilter("code = 'QGIS-1'")
    assert next(iter(layer)).GetField("floors_up") == 5

    layer.DeleteFeature(next(iter(layer)).GetFID())
    source.FlushCache()
    soon(lambda: not found())
    del layer, source
    served.stop()
    validate(served.path)


# Places beside those of the demonstration, so that one layer has more than 100,000.
CROWD = 100_000


@pytest.fixture(scope="module")
def crowded(donghua, tmp_path_factory):
    """A village with a layer of more than 100,000 features."""
    folder = tmp_path_factory.mktemp("crowd")
    path, points = folder / "village.gpkg", folder / "places.geojsonl"
    run("backup", donghua, "-o", path)
    with points.open("w") as lines:
        for number in range(CROWD):
            at = [113.62 + number % 400 * 5e-5, 23.12 + number // 400 * 6e-5]
            lines.write(json.dumps({
                "type": "Feature", "id": f"crowd-{number}", "geometry": {"type": "Point", "coordinates": at},
                "properties": {"name": f"第{number}家", "kind": "园区"}}) + "\n")
    run("import", points, "--into", path, "--layer", "place", "--crs", "EPSG:4490")
    return path


@pytest.fixture(scope="module")
def busy(crowded):
    """Somebody adds, removes and changes places all the time, at both ends of the list."""
    served = Served(crowded)
    stopped = threading.Event()
    edits = []

    def edit():
        while not stopped.is_set():
            number = len(edits)
            made = {"geometry": {"type": "Point", "coordinates": [113.63, 23.13]},
                    "properties": {"name": f"busy-{number}", "kind": "园区"}}
            edits.append(served.ask("/changes", {"changes": [
                {"op": "insert", "layer": "place", "id": f"busy-{number}", "feature": made},
                {"op": "delete", "layer": "place", "id": f"crowd-{number}", "version": versions.pop(f"crowd-{number}")},
            ]}))

    versions = {}
    for page in pages(f"{served.url}/changes?since=0&limit=10000"):
        versions.update({change["id"]: change["sequence"] for change in page["changes"]})
    thread = threading.Thread(target=edit)
    thread.start()
    yield served
    stopped.set()
    thread.join()
    served.stop()
    assert len(edits) > 10


def pages(url):
    while url:
        with urllib.request.urlopen(url, timeout=60) as answer:
            page = json.load(answer)
        yield page
        url = next((link["href"] for link in page["links"] if link["rel"] == "next"), None)


def whole(ids):
    """Neither doubles nor gaps: every edit takes one place away and brings one."""
    assert len(ids) == len(set(ids))
    assert len(ids) > CROWD


def test_pages_are_of_one_moment(busy):
    read = list(pages(f"{busy.url}/collections/place/items?limit=10000"))
    ids = [feature["id"] for page in read for feature in page["features"]]
    whole(ids)
    assert {page["numberMatched"] for page in read} == {len(ids)}


def test_gdal_reads_100_000_features_whole_while_edits_go_on(busy):
    expected = busy.ask("/collections/place/items?limit=1")["numberMatched"]
    source = gdal.OpenEx(f"OAPIF:{busy.url}", gdal.OF_VECTOR, open_options=["PAGE_SIZE=10000"])
    ids = [feature.GetField("id") for feature in source.GetLayerByName("place")]
    whole(ids)
    assert len(ids) == expected


def test_owslib_reads_100_000_features_whole_while_edits_go_on(busy):
    client = Features(busy.url)
    page = client.collection_items("place", limit=10_000)
    expected, ids = page["numberMatched"], []
    while True:
        ids += [feature["id"] for feature in page["features"]]
        following = [link["href"] for link in page["links"] if link["rel"] == "next"]
        if not following:
            break
        # Its own paging counts offsets from the newest state; the link goes on with the same.
        query = dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(following[0]).query))
        page = client.collection_items("place", **query)
    whole(ids)
    assert len(ids) == expected


def test_owslib_reads_pages_filters_and_edits(busy):
    client = Features(busy.url)
    assert "building" in client.feature_collections()
    first = client.collection_items("grid", limit=3)
    assert first["numberReturned"] == 3
    second = client.collection_items("grid", limit=3, offset=3)
    assert not {one["id"] for one in first["features"]} & {one["id"] for one in second["features"]}
    high = client.collection_items("building", filter="floors_up > 5", limit=5)
    assert all(one["properties"]["floors_up"] > 5 for one in high["features"])
    assert client.collection_queryables("building")["properties"]["floors_up"]
    client.headers = {"content-type": "application/geo+json"}
    made = client.collection_item_create(
        "place",
        json.dumps({"type": "Feature", "geometry": {"type": "Point", "coordinates": [113.63, 23.13]},
                    "properties": {"name": "OWSLib", "kind": "园区"}}),
    )
    assert made
    found = client.collection_items("place", filter="name = 'OWSLib'")["features"]
    assert len(found) == 1
