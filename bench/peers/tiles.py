"""Martin on PostGIS, for as long as somebody listens.

    tiles.py FOLDER MARTIN    reads houses.wkb and houses.tsv; prints Martin's address

The table has what our tiles carry, in the projection that tiles are in, clustered by place: the
best case. Martin keeps no tiles. Both are stopped when standard input ends.
"""

import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

from postgis import serving, sql, wkb


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def fill(folder: Path, place: Path) -> None:
    sql(place, "CREATE EXTENSION postgis")
    sql(place, 'CREATE TABLE raw (id text, "use" text, geom geometry(Polygon))')
    words = (folder / "houses.tsv").read_text().splitlines()
    rows = (f"{word}\t{geom}\n" for word, geom in zip(words, wkb(folder / "houses.wkb"), strict=True))
    sql(place, "COPY raw FROM STDIN", rows)
    sql(
        place,
        """CREATE TABLE building AS
           SELECT id, "use", ST_Transform(ST_SetSRID(geom, 4326), 3857)::geometry(Polygon, 3857) AS geom
           FROM raw ORDER BY ST_GeoHash(geom, 9)""",
    )
    sql(place, "DROP TABLE raw")
    sql(place, "CREATE INDEX ON building USING gist (geom)")
    sql(place, "VACUUM ANALYZE building")


def main(folder: Path, martin: str) -> None:
    with serving(folder) as place:
        fill(folder, place)
        port = free_port()
        config = folder / "martin.yaml"
        config.write_text(
            f"""
listen_addresses: 127.0.0.1:{port}
cache_size_mb: 0
postgres:
  connection_string: postgres://bench@localhost/postgres?host={place}
  pool_size: 8
  auto_publish: false
  tables:
    building:
      schema: public
      table: building
      srid: 3857
      geometry_column: geom
      geometry_type: POLYGON
      extent: 4096
      buffer: 64
      clip_geom: true
      properties: {{id: text, use: text}}
"""
        )
        log = (folder / "martin.log").open("w")
        server = subprocess.Popen([martin, "--config", str(config)], stdout=log, stderr=log)
        try:
            for _ in range(300):
                try:
                    urllib.request.urlopen(f"http://127.0.0.1:{port}/building").read()
                    break
                except OSError:
                    if server.poll() is not None:
                        sys.exit(f"martin ended: {folder / 'martin.log'}")
                    time.sleep(0.1)
            version = sql(place, "SELECT postgis_lib_version()").strip()
            print(f"127.0.0.1:{port} {server.pid} PostGIS {version}", flush=True)
            sys.stdin.read()
        finally:
            server.terminate()
            server.wait()


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2])
