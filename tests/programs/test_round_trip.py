"""Out of one file, through each format that can also come in, into another."""

import sqlite3
import tomllib

import pytest
import shapely

from conftest import ROOT, run_json, validate


def fields():
    """Fields of a building that leave unmasked."""
    layer = tomllib.loads((ROOT / "data/catalog/layers/building.toml").read_text())
    return [
        field["name"]
        for field in layer["fields"]
        if field.get("sensitivity", "public") in ("public", "internal")
    ]


def content(path, names):
    columns = ", ".join(f'"{name}"' for name in names)
    rows = sqlite3.connect(path).execute(f"SELECT code, geom, {columns} FROM building").fetchall()
    return {
        # 8 bytes of header and 32 of envelope stand before the WKB.
        row[0]: (shapely.normalize(shapely.from_wkb(row[1][40:])), row[2:])
        for row in rows
    }


@pytest.mark.parametrize("name", ["a.geojson", "a.geojsonl", "a.gpkg", "a.shp", "a.zip", "a.csv", "a.xlsx"])
def test_houses_come_back(donghua, tmp_path, name):
    report = run_json("export", donghua, "--layer", "building", "-o", tmp_path / name)
    back = tmp_path / "back.gpkg"
    done = run_json("import", tmp_path / name, "--into", back, "--layer", "building")
    assert done["counts"]["added"] == report["rows"], done["counts"]
    lost = {loss["field"] for loss in report["losses"] if loss["count"]}
    names = [field for field in fields() if field not in lost]
    before, after = content(donghua, names), content(back, names)
    assert before.keys() == after.keys()
    for code, (shape, values) in before.items():
        assert shapely.equals_exact(shape, after[code][0], tolerance=1e-9), code
        assert dict(zip(names, values)) == dict(zip(names, after[code][1])), code
    validate(back)
