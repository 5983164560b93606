"""GDAL reads every collection through its OAPIF driver, complete."""

import json
import urllib.request

import pytest
from conftest import serving, tool
from osgeo import gdal, ogr

gdal.UseExceptions()


@pytest.fixture(scope="module")
def served(donghua):
    """The demonstration, served on a free port."""
    with serving(donghua, "--read-only") as url:
        yield url


def document(url):
    request = urllib.request.Request(url, headers={"accept": "application/json"})
    with urllib.request.urlopen(request, timeout=60) as answer:
        return json.load(answer)


def test_every_collection_is_read_whole(served):
    catalog = document(f"{served}/catalog")
    source = gdal.OpenEx(f"OAPIF:{served}", gdal.OF_VECTOR)
    assert source.GetLayerCount() == len(catalog["layers"])
    for described in catalog["layers"]:
        if described["count"] > 20_000:
            continue
        layer = source.GetLayerByName(described["id"])
        assert layer is not None, described["id"]
        ids = {feature.GetField("id") or feature.GetFID() for feature in layer}
        assert len(ids) == described["count"], described["id"]


def test_places_arrive_in_the_right_order_of_axes(served, donghua):
    file = ogr.Open(str(donghua))
    # GDAL's layers die with their source.
    source = gdal.OpenEx(f"OAPIF:{served}", gdal.OF_VECTOR)
    theirs = source.GetLayerByName("grid")
    ours = file.GetLayerByName("grid").GetExtent()
    west, east, south, north = theirs.GetExtent()
    for one, other in zip(ours, (west, east, south, north)):
        assert abs(one - other) < 1e-8
    for feature in theirs:
        box = feature.GetGeometryRef().GetEnvelope()
        assert west - 1e-8 <= box[0] and box[1] <= east + 1e-8
        assert south - 1e-8 <= box[2] and box[3] <= north + 1e-8


def test_filters_reach_the_server(served):
    source = gdal.OpenEx(f"OAPIF:{served}", gdal.OF_VECTOR)
    layer = source.GetLayerByName("building")
    whole = layer.GetFeatureCount()
    layer.SetAttributeFilter("floors_up > 5")
    high = layer.GetFeatureCount()
    layer.SetAttributeFilter("NOT (floors_up > 5)")
    low = layer.GetFeatureCount()
    layer.SetAttributeFilter("floors_up IS NULL")
    assert 0 < high < whole and high + low + layer.GetFeatureCount() == whole


def test_ogrinfo_reads_without_a_complaint(served):
    said = tool("ogrinfo", "-ro", "-so", f"OAPIF:{served}", "village")
    assert "Feature Count: 1" in said
