"""PostGIS: a table with a GiST index joined with a table of points, in a server of its own.

    postgis.py FOLDER    reads points.f64, grids.wkb and houses.wkb; writes postgis-*.json

The server runs in FOLDER/postgres on a Unix socket and is stopped and removed afterwards.
"""

import contextlib
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


@contextlib.contextmanager
def serving(folder: Path):
    """A server; gives the folder of its socket."""
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
        yield place
    finally:
        run([binary("pg_ctl"), "-D", str(data), "-m", "immediate", "stop"], stdout=subprocess.DEVNULL)
        shutil.rmtree(place, ignore_errors=True)


def sql(place: Path, text: str, lines=None) -> str:
    """What a statement answers; `lines` are what it copies from."""
    psql = [binary("psql"), "-h", str(place), "-U", "bench", "-d", "postgres", "-qAtX", "-v", "ON_ERROR_STOP=1"]
    given = None if lines is None else "".join(lines)
    done = subprocess.run([*psql, "-c", text], input=given, capture_output=True, text=True)
    if done.returncode:
        sys.exit(f"postgis: {done.stderr}")
    return done.stdout


def wkb(path: Path):
    """Polygons in hexadecimal, each with the length of its WKB before it in the file."""
    data, at = path.read_bytes(), 0
    while at < len(data):
        (length,) = struct.unpack_from("<I", data, at)
        yield data[at + 4 : at + 4 + length].hex()
        at += 4 + length


def fill(folder: Path, place: Path, more: str = "", values=lambda name, key: "") -> None:
    """Makes the tables `point`, `grids` and `houses`; those with further columns where asked."""
    sql(place, "CREATE EXTENSION postgis")
    points = struct.iter_unpack("<dd", (folder / "points.f64").read_bytes())
    sql(place, "CREATE TABLE point (key int, geom geometry(Point))")
    lines = (f"{key}\tPOINT({x!r} {y!r})\n" for key, (x, y) in enumerate(points))
    sql(place, "COPY point FROM STDIN", lines)
    sql(place, "CREATE UNIQUE INDEX ON point (key)")
    sql(place, "VACUUM ANALYZE point")
    for name in ["grids", "houses"]:
        lines = (f"{key}\t{geom}{values(name, key)}\n" for key, geom in enumerate(wkb(folder / f"{name}.wkb")))
        sql(place, f"CREATE TABLE {name} (key int, geom geometry(Polygon){more})")
        sql(place, f"COPY {name} FROM STDIN", lines)
        sql(place, f"CREATE INDEX ON {name} USING gist (geom)")
        sql(place, f"VACUUM ANALYZE {name}")


def main(folder: Path) -> None:
    with serving(folder) as place:
        fill(folder, place)
        count = int(sql(place, "SELECT count(*) FROM point"))
        version = sql(place, "SELECT postgis_lib_version()").strip()
        for name in ["grids", "houses"]:
            join = f"FROM point p LEFT JOIN {name} a ON ST_Contains(a.geom, p.geom)"
            nested = "SET enable_hashjoin = off; SET enable_mergejoin = off; SET enable_seqscan = on; "
            times = []
            for _ in range(ROUNDS):
                query = f"{nested} EXPLAIN (ANALYZE, TIMING OFF, FORMAT TEXT) SELECT p.key, min(a.key) {join} GROUP BY 1"
                milliseconds = re.search(r"Execution Time: ([0-9.]+) ms", sql(place, query))
                times.append(float(milliseconds[1]) * 1e6 / count)
            rows = sql(place, f"SELECT p.key, min(a.key) {join} GROUP BY 1 ORDER BY 1").split()
            keys = [int(key) if (key := row.split("|")[1]) else None for row in rows]
            answer = {
                "what": f"PostGIS {version}, join on GiST, wall time",
                "nanoseconds": statistics.median(times),
                "keys": keys,
            }
            (folder / f"postgis-{name}.json").write_text(json.dumps(answer))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
