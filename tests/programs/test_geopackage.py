"""The file is ours and theirs: GDAL and its validator read it, list it and edit it."""

import json
import sqlite3
import subprocess

import pyogrio

from conftest import run, tool, validate


def layers(path):
    return [name for name, _ in pyogrio.list_layers(path)]


def test_the_validator_is_silent(donghua, village):
    validate(donghua)
    validate(village)


def test_ogrinfo_reads_every_layer_with_its_chinese_title(donghua):
    titles = dict(
        sqlite3.connect(donghua).execute("SELECT table_name, identifier FROM gpkg_contents")
    )
    said = tool("ogrinfo", "-so", "-al", donghua)
    for table, title in titles.items():
        assert f"Layer name: {table}\n" in said
        assert f"IDENTIFIER={title}\n" in said
    assert titles["building"] == "建筑物"


def test_fields_have_chinese_titles_and_choices(donghua):
    file = sqlite3.connect(donghua)
    columns = {
        (table, column): (title, constraint)
        for table, column, title, constraint in file.execute(
            "SELECT table_name, column_name, title, constraint_name FROM gpkg_data_columns"
        )
    }
    assert columns["building", "floors_up"][0] == "地上层数"
    constraint = columns["grid_event", "state"][1]
    choices = file.execute(
        "SELECT count(*) FROM gpkg_data_column_constraints"
        " WHERE constraint_name = ? AND constraint_type = 'enum' AND description <> ''",
        [constraint],
    ).fetchone()[0]
    assert choices > 5
    said = tool("ogrinfo", "-so", donghua, "building")
    assert "structure: String (0.0), domain name=list_building_structure" in said


def test_every_layer_of_the_catalog_can_be_read(donghua):
    found = layers(donghua)
    for layer in ["village", "grid", "building", "person", "residence", "violation_case", "road"]:
        assert layer in found
    for layer in found:
        info = pyogrio.read_info(donghua, layer=layer)
        assert info["encoding"] == "UTF-8"
        if info["geometry_type"]:
            assert info["crs"] == "EPSG:4490"
    assert pyogrio.read_info(donghua, layer="building")["features"] == 1495


def test_the_rtree_finds_what_a_scan_finds(donghua):
    bounds = [float(edge) for edge in pyogrio.read_bounds(donghua, layer="grid")[1][:, 0]]
    box = tuple(bounds)
    _, edges = pyogrio.read_bounds(donghua, layer="building")
    west, south, east, north = edges
    inside = ((east >= box[0]) & (west <= box[2]) & (north >= box[1]) & (south <= box[3])).sum()
    fids, _ = pyogrio.read_bounds(donghua, layer="building", bbox=box)
    assert 0 < len(fids) == inside


def test_an_edit_by_gdal_is_in_our_history(village):
    file = sqlite3.connect(village)
    id, floors = file.execute("SELECT id, floors_up FROM building ORDER BY fid LIMIT 1").fetchone()
    file.close()
    tool("ogrinfo", "-q", village, "-sql", f"UPDATE building SET floors_up = 77 WHERE id = '{id}'")
    file = sqlite3.connect(village)
    rows = file.execute(
        "SELECT change_set, layer, feature, operation, before FROM change_log"
    ).fetchall()
    assert [row[:4] for row in rows] == [(None, "building", id, "update")]
    assert json.loads(rows[0][4])["floors_up"] == floors
    validate(village)


def test_a_feature_drawn_by_gdal_gets_an_id(village, tmp_path):
    drawn = tmp_path / "drawn.geojson"
    square = [[113.6, 23.1], [113.601, 23.1], [113.601, 23.101], [113.6, 23.1]]
    drawn.write_text(
        json.dumps(
            {
                "type": "FeatureCollection",
                "features": [
                    {
                        "type": "Feature",
                        "properties": {"code": "新画的"},
                        "geometry": {"type": "Polygon", "coordinates": [square]},
                    }
                ],
            }
        )
    )
    tool("ogr2ogr", "-append", "-nln", "building", "-nlt", "PROMOTE_TO_MULTI", village, drawn)
    file = sqlite3.connect(village)
    (id,) = file.execute("SELECT id FROM building WHERE code = '新画的'").fetchone()
    assert len(id) == 32
    assert file.execute("SELECT feature, operation FROM change_log").fetchall() == [(id, "insert")]
    validate(village)


def test_a_backup_taken_during_a_foreign_write_is_whole(village, tmp_path):
    writer = sqlite3.connect(village, isolation_level=None)
    # As the server has it.
    writer.execute("PRAGMA journal_mode = WAL")
    for name in ["ST_IsEmpty", "ST_MinX", "ST_MaxX", "ST_MinY", "ST_MaxY"]:
        writer.create_function(name, 1, lambda _: None)
    writer.execute("BEGIN IMMEDIATE")
    writer.execute("UPDATE building SET floors_up = 99")
    copy = tmp_path / "copy.gpkg"
    run("backup", village, "-o", copy)
    writer.execute("ROLLBACK")
    read = sqlite3.connect(copy)
    assert read.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    assert read.execute("SELECT count(*) FROM building WHERE floors_up = 99").fetchone() == (0,)
    assert "copy.gpkg" in run("backup", village, "-o", copy, code=1)


def test_a_full_disk_leaves_no_half_export(donghua, tmp_path):
    """A limit on file size stands for a full disk: the write fails half-way."""
    import resource

    from conftest import binary

    target = tmp_path / "out.geojson"
    target.write_text("before")

    def limit():
        import signal

        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (50_000, 50_000))

    done = subprocess.run(
        [binary(), "export", donghua, "--layer", "building", "-o", target],
        capture_output=True,
        text=True,
        preexec_fn=limit,
    )
    assert done.returncode == 1, done.stderr
    assert done.stderr.strip()
    assert target.read_text() == "before"
    assert [path.name for path in tmp_path.iterdir()] == ["out.geojson"]
