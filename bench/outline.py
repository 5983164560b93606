#!/usr/bin/env python3
"""How soon after an outline changed its totals are there.

    bench/outline.py BINARY dayuan|baiyun|FILE.gpkg [--rounds 200] [--seed 1]

What the drawing table asks while the pointer moves: an outline of so many neighbouring grids with
one of them taken in or out, and everything that it holds. Then a lasso around as many, a line
through them, and the totals of all units by village and by grid. Milliseconds from the question to
the last byte of the answer, over one kept connection; a figure that the server keeps of an outline
would show in the second column, where the same outline is asked again.
"""

import argparse
import http.client
import json
import random
import statistics
import subprocess
import tempfile
import time
from pathlib import Path


class Table:
    """One who draws, over one connection."""

    def __init__(self, address):
        self.connection = http.client.HTTPConnection(address.removeprefix("http://"), timeout=600)

    def ask(self, path, body=None):
        """The answer, and after how many milliseconds it was all there."""
        began = time.perf_counter()
        sent = None if body is None else json.dumps(body)
        headers = {"content-type": "application/json"}
        self.connection.request("GET" if body is None else "POST", path, sent, headers)
        answer = self.connection.getresponse()
        read = answer.read()
        took = (time.perf_counter() - began) * 1000
        assert answer.status == 200, read[:500]
        return json.loads(read), took

    def outline(self, steps):
        return self.ask("/renewal/outline", {"steps": steps})


def middle(geometry):
    """The middle of an area's box, and the box."""
    points = geometry["coordinates"]
    while isinstance(points[0][0], list):
        points = [point for ring in points for point in ring]
    xs, ys = [point[0] for point in points], [point[1] for point in points]
    return (min(xs) + max(xs)) / 2, (min(ys) + max(ys)) / 2, (min(xs), min(ys), max(xs), max(ys))


def shown(title, times):
    times = sorted(times)
    p95 = times[min(len(times) - 1, int(len(times) * 0.95))]
    print(f"| {title} | {statistics.median(times):.1f} | {p95:.1f} | {times[-1]:.1f} | {len(times)} |", flush=True)


def adding(grids):
    return [{"add": {"layer": "grid", "ids": [grid["id"] for grid in grids]}}]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("binary")
    parser.add_argument("village")
    parser.add_argument("--rounds", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    chance = random.Random(asked.seed)
    with tempfile.TemporaryDirectory() as folder:
        file = Path(asked.village)
        if not file.exists():
            file = Path(folder) / f"{asked.village}.gpkg"
            subprocess.run([asked.binary, "demo", asked.village, "-o", file], check=True, stdout=subprocess.DEVNULL)
        serve = [asked.binary, "serve", file, "--read-only", "--listen", "127.0.0.1:0"]
        server = subprocess.Popen(serve, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        try:
            line = server.stdout.readline().strip()
            measure(Table(line.removeprefix("listening on ")), asked, chance)
        finally:
            server.terminate()
            server.wait()


def measure(table, asked, chance):
    grids, offset = [], 0
    while True:
        page, _ = table.ask(f"/collections/grid/items?f=json&limit=5000&offset={offset}&properties=code")
        grids += page["features"]
        offset += 5000
        if len(page["features"]) < 5000:
            break
    for grid in grids:
        grid["x"], grid["y"], grid["box"] = middle(grid["geometry"])
    print(f"{len(grids)} grids\n")
    print("| | median ms | p95 | most | asked |\n|---|---|---|---|---|")
    for many in (1, 5, 20, 50):
        if many >= len(grids):
            continue
        first, again = [], []
        for _ in range(asked.rounds):
            seed = chance.choice(grids)
            near = sorted(grids, key=lambda grid: (grid["x"] - seed["x"]) ** 2 + (grid["y"] - seed["y"]) ** 2)
            # One of the neighbours in or out, as the pointer goes over it.
            picked = near[:many] if chance.random() < 0.5 else near[: many - 1] + [near[many]]
            first.append(table.outline(adding(picked))[1])
            again.append(table.outline(adding(picked))[1])
        shown(f"{many} grids, one changed", first)
        shown(f"{many} grids, asked again", again)
    lassos, cuts = [], []
    for _ in range(asked.rounds // 4):
        seed = chance.choice(grids)
        near = sorted(grids, key=lambda grid: (grid["x"] - seed["x"]) ** 2 + (grid["y"] - seed["y"]) ** 2)[:20]
        west, south = min(grid["box"][0] for grid in near), min(grid["box"][1] for grid in near)
        east, north = max(grid["box"][2] for grid in near), max(grid["box"][3] for grid in near)
        ring = [[west, south], [east, south], [east, north], [west, north], [west, south]]
        around = {"type": "Polygon", "coordinates": [ring]}
        lassos.append(table.outline([{"add": {"layer": "grid", "lasso": around}}])[1])
        knife = {"type": "LineString", "coordinates": [[west - 0.001, seed["y"]], [east + 0.001, seed["y"]]]}
        for drop in ([seed["x"], seed["y"] + 1e-4], [seed["x"], seed["y"] - 1e-4]):
            body = {"steps": [*adding(near), {"cut": {"line": knife, "drop": drop}}]}
            began = time.perf_counter()
            table.connection.request("POST", "/renewal/outline", json.dumps(body), {"content-type": "application/json"})
            answer = table.connection.getresponse()
            answer.read()
            if answer.status == 200:
                cuts.append((time.perf_counter() - began) * 1000)
                break
    shown("a lasso around 20", lassos)
    if cuts:
        shown("20 grids cut by a line", cuts)
    for level in ("village", "grid"):
        shown(f"all units by {level}", [table.ask(f"/renewal/totals?by={level}")[1] for _ in range(3)])
    shown("all units with maturity", [table.ask("/renewal/units")[1] for _ in range(3)])


if __name__ == "__main__":
    main()
