#!/usr/bin/env python3
"""What a durable change costs, and what ten thousand listeners do to it.

    bench/record.py BINARY [--listeners 10000] [--seconds 10]

Change sets of one new place each, by 1, 8 and 64 clients, beside a bare SQLite insert of the
same row with the same fsync (WAL, synchronous=FULL) in the same folder; then with nobody and with
all on the event stream, and how long after the answer the first and the last of them know.
Python sends and listens on the same machine: read the ratios.
"""

import argparse
import asyncio
import http.client
import json
import multiprocessing
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
    """Listeners of the event stream, in a process of their own: what they do with what they are
    told must not hold up the one who writes."""

    def __init__(self, host, port, count):
        self.count = count
        self.told, theirs = multiprocessing.Pipe()
        self.process = multiprocessing.Process(target=listen, args=(host, port, count, theirs), daemon=True)
        self.process.start()
        assert self.told.poll(300) and self.told.recv() == "ready", "the listeners did not all connect"

    def heard(self, sequence):
        """When the first and the last of all heard of a change; none where it took too long."""
        while self.told.poll(30):
            number, first, last = self.told.recv()
            if number == sequence:
                return first, last
        return None

    def leave(self):
        self.process.kill()


def listen(host, port, count, told):
    """Connects, and tells of each change once all have heard of it."""
    heard = {}

    async def one(reader):
        while line := await reader.readline():
            if line.startswith(b"id: "):
                number, now = int(line[4:]), time.monotonic()
                first, all_of_them = heard.setdefault(number, (now, []))
                all_of_them.append(now)
                if len(all_of_them) == count:
                    told.send((number, first, now))

    async def run():
        gate, streams = asyncio.Semaphore(200), []

        async def connect():
            async with gate:
                reader, writer = await asyncio.open_connection(host, port)
                writer.write(b"GET /changes HTTP/1.1\r\nHost: 127.0.0.1\r\nAccept: text/event-stream\r\n\r\n")
                head = await reader.readuntil(b"\r\n\r\n")
                assert b" 200 " in head.split(b"\r\n")[0], head
                streams.append((reader, writer))

        await asyncio.gather(*(connect() for _ in range(count)))
        listening = [asyncio.ensure_future(one(reader)) for reader, _ in streams]
        told.send("ready")
        await asyncio.gather(*listening, return_exceptions=True)

    asyncio.run(run())


def now_and_then(client, times, crowd=None):
    """Answers in milliseconds of changes that wait for one another, and when the crowd heard."""
    answers, first, last = [], [], []
    for _ in range(times):
        began = time.monotonic()
        sequence = client.change()
        answered = time.monotonic()
        answers.append((answered - began) * 1000)
        if crowd is None:
            time.sleep(0.2)
        elif heard := crowd.heard(sequence):
            first.append((heard[0] - answered) * 1000)
            last.append((heard[1] - answered) * 1000)
    return answers, first, last


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
            client = Client(address, "told")
            alone, _, _ = now_and_then(client, 20)
            print(f"nobody listens, a change now and then         answered in p50 {statistics.median(alone):.1f} ms")
            crowd = Crowd(host, int(port), given.listeners)
            answers, first, last = now_and_then(client, 20, crowd)
            print(f"{given.listeners} listen, a change now and then         answered in p50 {statistics.median(answers):.1f} ms; all of them told {len(last)} of 20 times, the first after {statistics.median(first):.0f} ms, the last after {statistics.median(last):.0f} ms")
            rate, times = sets(address, 1, given.seconds, "busy")
            print(f"{given.listeners} listen to change sets of 1 client          {rate:8.0f} a second   p50 {quantile(times, .5):.1f} ms   p99 {quantile(times, .99):.1f} ms")
            crowd.leave()
        finally:
            server.terminate()
            server.wait(timeout=60)


if __name__ == "__main__":
    main()
