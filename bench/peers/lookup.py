"""Grid and house of each point, by programs that are asked without HTTP.

    lookup.py FOLDER    reads points.f64, grids.wkb and houses.wkb; writes lookup.json

PostGIS is asked set by set, with the answers written, and point by point over prepared
statements; GEOS (shapely) and DuckDB give keys alone.
"""

import json
import os
import re
import statistics
import subprocess
import sys
import time
from pathlib import Path

import numpy
import shapely

import geos
import postgis

ROUNDS = 3

#: Seconds that each round of single questions takes.
SINGLES = 5


def least(asked, found, count: int) -> list:
    """The least key of each point."""
    keys = [None] * count
    for at, key in zip(asked, found):
        keys[at] = key if keys[at] is None else min(key, keys[at])
    return keys


def of_geos(folder: Path, points: numpy.ndarray) -> dict:
    made = shapely.points(points)
    trees = {name: shapely.STRtree(geos.polygons(folder / f"{name}.wkb")) for name in ["grids", "houses"]}
    times, answer = [], {}
    for tree in trees.values():
        shapely.prepare(tree.geometries)
    for _ in range(ROUNDS):
        began = time.perf_counter()
        found = {name: tree.query(made, predicate="within") for name, tree in trees.items()}
        times.append(time.perf_counter() - began)
    for name, (asked, keys) in found.items():
        answer[name] = least(asked.tolist(), keys.tolist(), len(points))
    return {
        "what": f"GEOS {shapely.geos_version_string}, STRtree, prepared, keys only",
        "seconds": statistics.median(times),
        **answer,
    }


def of_duckdb(folder: Path, points: numpy.ndarray) -> dict | None:
    try:
        import duckdb
        from duckdb_extensions import import_extension

        import_extension("spatial")
        base = duckdb.connect()
        base.load_extension("spatial")
    except Exception as reason:  # whatever kept it away is told
        print(f"DuckDB could not be had: {reason}", file=sys.stderr)
        return None
    base.execute("SET threads = 1")
    tables = {"point": [shapely.to_wkb(one) for one in shapely.points(points)]}
    tables |= {name: shapely.to_wkb(geos.polygons(folder / f"{name}.wkb")).tolist() for name in ["grids", "houses"]}
    import pyarrow

    for name, geometries in tables.items():
        given = pyarrow.table({"key": numpy.arange(len(geometries), dtype="int32"), "wkb": pyarrow.array(geometries, pyarrow.binary())})
        base.register("given", given)
        base.execute(f"CREATE TABLE {name} AS SELECT key, ST_GeomFromWKB(wkb) AS geom FROM given")
        base.unregister("given")
    times, answer = [], {}
    for _ in range(ROUNDS):
        began = time.perf_counter()
        for name in ["grids", "houses"]:
            join = f"SELECT p.key, a.key FROM point p JOIN {name} a ON ST_Within(p.geom, a.geom)"
            answer[name] = base.execute(join).fetchnumpy()
        times.append(time.perf_counter() - began)
    for name, columns in answer.items():
        asked, keys = columns.values()
        answer[name] = least(asked.tolist(), keys.tolist(), len(points))
    return {
        "what": f"DuckDB {duckdb.__version__} spatial, spatial join, one thread, keys only",
        "seconds": statistics.median(times),
        **answer,
    }


def of_postgis(folder: Path, place: Path, count: int) -> tuple[list, list]:
    names = {"grids": ("G", "第{}号"), "houses": ("B", "示范大道{}号")}
    values = lambda name, key: f"\t{names[name][0]}{key:09}\t{names[name][1].format(key)}"
    postgis.fill(folder, place, ", code text, name text", values)
    version = postgis.sql(place, "SELECT postgis_lib_version()").strip()
    columns = "p.key, g.code, g.name, h.code, h.name"
    join = (
        "FROM point p LEFT JOIN grids g ON ST_Contains(g.geom, p.geom)"
        " LEFT JOIN houses h ON ST_Contains(h.geom, p.geom)"
    )
    nested = "SET enable_hashjoin = off; SET enable_mergejoin = off; "
    keys = {}
    for name, letter in [("grids", "g"), ("houses", "h")]:
        rows = postgis.sql(place, f"{nested} SELECT p.key, min({letter}.key) {join} GROUP BY 1 ORDER BY 1").split()
        keys[name] = [int(key) if (key := row.split("|")[1]) else None for row in rows]
    joins = []
    for workers in [0, 2]:
        settings = f"{nested} SET max_parallel_workers_per_gather = {workers}; SET min_parallel_table_scan_size = 0; SET parallel_setup_cost = 0; "
        times = []
        for _ in range(ROUNDS):
            began = time.perf_counter()
            written = postgis.sql(place, f"{settings} COPY (SELECT {columns} {join}) TO STDOUT")
            times.append(time.perf_counter() - began)
            assert written.count("\n") >= count
        joins.append({
            "what": f"PostGIS {version}, join on GiST, answers written, {workers or 'no'} parallel workers",
            "seconds": statistics.median(times),
            **keys,
        })
    script = folder / "single.sql"
    script.write_text(f"\\set k random(0, {count - 1})\nSELECT {columns} {join} WHERE p.key = :k;\n")
    singles = []
    for clients in [1, os.cpu_count() or 1]:
        rates = []
        for _ in range(ROUNDS):
            command = [
                postgis.binary("pgbench"), "-h", str(place), "-U", "bench", "-n", "-M", "prepared",
                "-c", str(clients), "-j", str(clients), "-T", str(SINGLES), "-f", str(script), "postgres",
            ]  # fmt: skip
            told = subprocess.run(command, check=True, capture_output=True, text=True).stdout
            rates.append(float(re.search(r"tps = ([0-9.]+)", told)[1]))
        plural = "connection" if clients == 1 else "connections"
        singles.append({"what": f"PostGIS {version}, {clients} {plural}", "a_second": statistics.median(rates)})
    return joins, singles


def main(folder: Path) -> None:
    points = numpy.fromfile(folder / "points.f64").reshape(-1, 2)
    joins = [of_geos(folder, points), of_duckdb(folder, points)]
    with postgis.serving(folder) as place:
        more, singles = of_postgis(folder, place, len(points))
    told = {"joins": [one for one in joins if one] + more, "singles": singles}
    (folder / "lookup.json").write_text(json.dumps(told))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
