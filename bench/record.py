#!/usr/bin/env python3
"""What a durable change costs, and what ten thousand listeners do to it.

    bench/record.py BINARY [--listeners 10000] [--seconds 10]

Change sets of one new place each, by 1, 8 and 64 clients, beside a bare SQLite insert of the
same row with the same fsync (WAL, synchronous=FULL) in the same folder; then the same with
listeners on the event stream, and how long after the answer the first and the last of them
know. Python sends and listens on the same machine: read the ratios.
"""

import argparse
import asyncio
import http.client
import json
import os
import resource
import sqlite3
import statistics
import subprocess
import tempfile
import threading
import time
from pathlib import Path

PLACE = {"geometry": {"type": "Point", "coordinates": [113.63, 23.13]}, "properties": {"name": "某某", "kind": "园区"}}


def bare(folder, seconds):
    """Inserts of one row, each its own transaction and fsync."""
    file = sqlite3.connect(folder / "bare.db", isolation_level=None)
    file.execute("PRAGMA journal_mode = WAL")
    file.execute("PRAGMA synchronous = FULL")
    file.execute("CREATE TABLE place (id TEXT PRIMARY KEY, name TEXT, kind TEXT, geom BLOB)")
    done, until = 0, time.monotonic() + seconds
    while time.monotonic() < until:
        file.execute("INSERT INTO place VALUES (?, ?, ?, ?)", (f"b{done}", "某某", "园区", bytes(61)))
        done += 1
    file.close()
    return done / seconds


class Client:
    """One who sends change sets over one connection."""

    def __init__(self, address, name):
        self.connection = http.client.HTTPConnection(address, timeout=60)
        self.name, self.done = name, 0

    def change(self):
        change = {"op": "insert", "layer": "place", "id": f"{self.name}-{self.done}", "feature": PLACE}
        self.connection.request("POST", "/changes", json.dumps({"changes": [change]}), {"content-type": "application/json"})
        answer = self.connection.getresponse()
        body = answer.read()
        assert answer.status == 200, body
        self.done += 1
        return json.loads(body)["sequence"]


def sets(address, clients, seconds, name):
    """Change sets a second of some clients, and milliseconds of one."""
    times, until = [], time.monotonic() + seconds

    def work(number):
        client = Client(address, f"{name}-{number}")
        while time.monotonic() < until:
            began = time.monotonic()
            client.change()
            times.append((time.monotonic() - began) * 1000)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(clients)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return len(times) / seconds, times


def quantile(times, part):
    ordered = sorted(times)
    return ordered[min(len(ordered) - 1, int(len(ordered) * part))]


class Crowd:
    """Listeners of the event stream, in a thread with a loop of its own."""

    def __init__(self, host, port, count):
        self.host, self.port, self.count = host, port, count
        self.heard, self.ready = {}, threading.Event()
        self.loop = asyncio.new_event_loop()
        threading.Thread(target=self.loop.run_until_complete, args=(self.run(),), daemon=True).start()
        assert self.ready.wait(300), "the listeners did not all connect"

    async def run(self):
        gate = asyncio.Semaphore(200)
        streams = []

        async def connect():
            async with gate:
                reader, writer = await asyncio.open_connection(self.host, self.port)
                writer.write(b"GET /changes HTTP/1.1\r\nHost: 127.0.0.1\r\nAccept: text/event-stream\r\n\r\n")
                head = await reader.readuntil(b"\r\n\r\n")
                assert b" 200 " in head.split(b"\r\n")[0], head
                streams.append((reader, writer))

        await asyncio.gather(*(connect() for _ in range(self.count)))
        listening = [asyncio.ensure_future(self.listen(reader)) for reader, _ in streams]
        self.ready.set()
        await asyncio.gather(*listening, return_exceptions=True)

    async def listen(self, reader):
        while line := await reader.readline():
            if line.startswith(b"id: "):
                self.heard.setdefault(int(line[4:]), []).append(time.monotonic())


def main():
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("binary")
    options.add_argument("--listeners", type=int, default=10_000)
    options.add_argument("--seconds", type=float, default=10)
    given = options.parse_args()
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, max(soft, given.listeners + 500)), hard))
    with tempfile.TemporaryDirectory(dir=os.environ.get("BENCH_FOLDER")) as name:
        folder = Path(name)
        village = folder / "village.gpkg"
        subprocess.run([given.binary, "demo", "donghua", "-o", village], check=True, capture_output=True)
        with sqlite3.connect(village) as file:
            file.executescript("DELETE FROM account; DELETE FROM api_key;")
        server = subprocess.Popen([given.binary, "serve", village, "--listen", "127.0.0.1:0"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        try:
            address = server.stdout.readline().strip().removeprefix("listening on http://")
            host, port = address.split(":")
            print(f"bare SQLite insert, WAL, synchronous=FULL     {bare(folder, given.seconds):8.0f} a second")
            for clients in (1, 8, 64):
                rate, times = sets(address, clients, given.seconds, f"c{clients}")
                print(f"change sets, {clients:3} clients                      {rate:8.0f} a second   p50 {quantile(times, .5):.1f} ms   p99 {quantile(times, .99):.1f} ms")
            crowd = Crowd(host, int(port), given.listeners)
            client, quiet = Client(address, "told"), []
            first, last, complete = [], [], 0
            for _ in range(20):
                began = time.monotonic()
                sequence = client.change()
                answered = time.monotonic()
                quiet.append((answered - began) * 1000)
                until = answered + 30
                while len(crowd.heard.get(sequence, [])) < given.listeners and time.monotonic() < until:
                    time.sleep(0.01)
                heard = crowd.heard.get(sequence, [])
                complete += len(heard) == given.listeners
                first.append((min(heard) - answered) * 1000)
                last.append((max(heard) - answered) * 1000)
            print(f"{given.listeners} listeners, a change now and then: answered in p50 {statistics.median(quiet):.1f} ms; all told {complete} of 20 times; the first after {statistics.median(first):.0f} ms, the last after {statistics.median(last):.0f} ms (p50)")
        finally:
            server.terminate()
            server.wait(timeout=60)


if __name__ == "__main__":
    main()
