"""GEOS through shapely: a tree over the polygons, all points at once.

    geos.py FOLDER    reads points.f64, grids.wkb and houses.wkb; writes geos-*.json
"""

import json
import statistics
import struct
import sys
import time
from pathlib import Path

import numpy
import shapely

ROUNDS = 5


def polygons(path: Path) -> numpy.ndarray:
    """Polygons, each with the length of its WKB before it."""
    data, at, found = path.read_bytes(), 0, []
    while at < len(data):
        (length,) = struct.unpack_from("<I", data, at)
        found.append(data[at + 4 : at + 4 + length])
        at += 4 + length
    return shapely.from_wkb(found)


def main(folder: Path) -> None:
    points = shapely.points(numpy.fromfile(folder / "points.f64").reshape(-1, 2))
    for name in ["grids", "houses"]:
        tree = shapely.STRtree(polygons(folder / f"{name}.wkb"))
        times = []
        for _ in range(ROUNDS):
            began = time.thread_time_ns()
            asked, found = tree.query(points, predicate="within")
            times.append((time.thread_time_ns() - began) / len(points))
        keys = [None] * len(points)
        for at, key in zip(asked.tolist(), found.tolist()):
            keys[at] = key if keys[at] is None else min(key, keys[at])
        answer = {
            "what": f"GEOS {shapely.geos_version_string}, STRtree",
            "nanoseconds": statistics.median(times),
            "keys": keys,
        }
        (folder / f"geos-{name}.json").write_text(json.dumps(answer))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
