"""PostGIS: a table with a GiST index joined with a table of points, in a server of its own.

    postgis.py FOLDER    reads points.f64, grids.wkb and houses.wkb; writes postgis-*.json

The server runs in FOLDER/postgres on a Unix socket and is stopped and removed afterwards.
"""

import json
import os
import re
import shutil
import statistics
import struct
import subprocess
import sys
from pathlib import Path

ROUNDS = 3


def binary(name: str) -> str:
    places = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"), reverse=True)
    if not places:
        sys.exit(f"postgis: no {name}; install postgresql-15-postgis-3 (bench/run does)")
    return str(places[0])


def as_owner(command: list[str]) -> list[str]:
    """PostgreSQL refuses to be run by root."""
    return ["runuser", "-u", "postgres", "--", *command] if os.getuid() == 0 else command


def main(folder: Path) -> None:
    place = (folder / "postgres").resolve()
    shutil.rmtree(place, ignore_errors=True)
    place.mkdir()
    if os.getuid() == 0:
        shutil.chown(place, "postgres")
        # The server's user must reach the folder.
        for parent in place.parents:
            if not os.stat(parent).st_mode & 0o001:
                sys.exit(f"postgis: {parent} may not be entered by the user postgres; choose another folder")
    data, log = place / "data", place / "log"
    run = lambda command, **more: subprocess.run(as_owner(command), check=True, cwd=place, **more)
    run([binary("initdb"), "-D", str(data), "-A", "trust", "-U", "bench"], stdout=subprocess.DEVNULL)
    settings = "shared_buffers=1GB work_mem=256MB max_parallel_workers_per_gather=0 jit=off fsync=off max_wal_size=4GB"
    options = f"-k {place} -c listen_addresses='' " + " ".join(f"-c {one}" for one in settings.split())
    run([binary("pg_ctl"), "-D", str(data), "-l", str(log), "-w", "-o", options, "start"], stdout=subprocess.DEVNULL)
    try:
        ask(folder, place)
    finally:
        run([binary("pg_ctl"), "-D", str(data), "-m", "immediate", "stop"], stdout=subprocess.DEVNULL)
        shutil.rmtree(place, ignore_errors=True)


def ask(folder: Path, place: Path) -> None:
    psql = [binary("psql"), "-h", str(place), "-U", "bench", "-d", "postgres", "-qAtX", "-v", "ON_ERROR_STOP=1"]

    def sql(text: str, lines=None) -> str:
        given = None if lines is None else "".join(lines)
        if given is None:
            done = subprocess.run([*psql, "-c", text], capture_output=True, text=True)
        else:
            done = subprocess.run([*psql, "-c", text], input=given, capture_output=True, text=True)
        if done.returncode:
            sys.exit(f"postgis: {done.stderr}")
        return done.stdout

    sql("CREATE EXTENSION postgis")
    points = struct.iter_unpack("<dd", (folder / "points.f64").read_bytes())
    sql("CREATE TABLE point (key int, geom geometry(Point))")
    lines = (f"{key}\tPOINT({x!r} {y!r})\n" for key, (x, y) in enumerate(points))
    sql("COPY point FROM STDIN", lines)
    sql("ANALYZE point")
    count = int(sql("SELECT count(*) FROM point"))
    version = sql("SELECT postgis_lib_version()").strip()
    for name in ["grids", "houses"]:
        data, at, lines = (folder / f"{name}.wkb").read_bytes(), 0, []
        while at < len(data):
            (length,) = struct.unpack_from("<I", data, at)
            lines.append(f"{len(lines)}\t{data[at + 4 : at + 4 + length].hex()}\n")
            at += 4 + length
        sql(f"CREATE TABLE {name} (key int, geom geometry(Polygon))")
        sql(f"COPY {name} FROM STDIN", lines)
        sql(f"CREATE INDEX ON {name} USING gist (geom)")
        sql(f"VACUUM ANALYZE {name}")
        join = f"FROM point p LEFT JOIN {name} a ON ST_Contains(a.geom, p.geom)"
        nested = "SET enable_hashjoin = off; SET enable_mergejoin = off; SET enable_seqscan = on; "
        times = []
        for _ in range(ROUNDS):
            plan = sql(f"{nested} EXPLAIN (ANALYZE, TIMING OFF, FORMAT TEXT) SELECT p.key, min(a.key) {join} GROUP BY 1")
            milliseconds = re.search(r"Execution Time: ([0-9.]+) ms", plan)
            times.append(float(milliseconds[1]) * 1e6 / count)
        rows = sql(f"SELECT p.key, min(a.key) {join} GROUP BY 1 ORDER BY 1").split()
        keys = [int(key) if (key := row.split("|")[1]) else None for row in rows]
        answer = {
            "what": f"PostGIS {version}, join on GiST, wall time",
            "nanoseconds": statistics.median(times),
            "keys": keys,
        }
        (folder / f"postgis-{name}.json").write_text(json.dumps(answer))


main(Path(sys.argv[1]))
