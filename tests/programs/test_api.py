"""The description of the interface is true: a program that makes up requests from it finds no
fault of the server's and no answer that it does not tell of."""

import os
import shutil
import sqlite3
import time
import subprocess
import sys
from pathlib import Path

import pytest
import requests
import schemathesis

from conftest import ROOT, run, serving

CHECKS = "not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance"

# Ids of the demonstration, so that most requests meet something.
KNOWN = """
[parameters]
"path.hash" = "{hash}"
"path.batch" = "none"

[[operations]]
include-path-regex = "^/collections/.layer./items/.id."
parameters = {{ layer = "building", id = "{building}" }}
"""


@pytest.fixture(scope="module")
def village(donghua, tmp_path_factory) -> Path:
    """A copy without accounts: whoever asks has all rights."""
    path = tmp_path_factory.mktemp("api") / "village.gpkg"
    run("backup", donghua, "-o", path)
    with sqlite3.connect(path) as file:
        file.executescript("DELETE FROM account; DELETE FROM api_key;")
    return path


def test_a_program_that_makes_up_requests_finds_no_fault(village, tmp_path):
    with sqlite3.connect(village) as file:
        building = file.execute("SELECT id FROM building LIMIT 1").fetchone()[0]
    known = tmp_path / "schemathesis.toml"
    known.write_text(KNOWN.format(hash="0" * 64, building=building))
    # Beside the Python that runs this, as pip puts it there.
    program = Path(sys.executable).with_name("schemathesis")
    with serving(village) as url:
        done = subprocess.run(
            [
                program, "--config-file", known, "run", f"{url}/api", "--max-examples", "8", "--seed", "7",
                "--phases", "examples,coverage,fuzzing", "--checks", CHECKS, "--exclude-path-regex", "^/(basemaps|registers)",
                # Two threads that parse at once bring CPython 3.11 down: "AST constructor recursion depth mismatch".
                "--workers", "1", "--no-color",
            ],
            capture_output=True, text=True, timeout=300, cwd=tmp_path,
            env={**os.environ, "HOME": str(tmp_path)},
        )
    assert done.returncode == 0, done.stdout[-8000:] + done.stderr[-2000:]


# Who asks what, of the demonstration with its accounts; {names} stand for ids that are looked up.
ASKED = [
    ("data_manager", "GET", "/catalog", {}),
    ("data_manager", "GET", "/basemaps", {}),
    ("data_manager", "GET", "/session", {}),
    ("data_manager", "GET", "/lookup", {"point": "{point}"}),
    ("data_manager", "GET", "/search", {"q": "榕"}),
    ("data_manager", "GET", "/collections/{layer}/items", {"layer": "building", "limit": 20}),
    ("data_manager", "GET", "/collections/{layer}/items", {"layer": "residence", "limit": 20}),
    ("data_manager", "GET", "/collections/{layer}/items/{id}", {"layer": "building", "id": "{building}"}),
    ("data_manager", "GET", "/collections/{layer}/items/{id}/history", {"layer": "building", "id": "{building}"}),
    ("data_manager", "GET", "/collections/{layer}/items/{id}/history", {"layer": "building", "id": "{building}", "from": 0}),
    ("data_manager", "GET", "/changes", {}),
    ("data_manager", "POST", "/statistics", {"layer": "grid", "id": "{grid}"}),
    ("planner", "POST", "/statistics", {"layer": "grid", "id": "{grid}", "by": "co_op"}),
    ("village_clerk", "GET", "/houses/{id}", {"id": "{building}"}),
    ("village_clerk", "GET", "/coverage", {}),
    ("village_clerk", "GET", "/quality", {}),
    ("village_clerk", "GET", "/sheets", {}),
    ("village_clerk", "GET", "/sheets/{sheet}", {"sheet": "{sheet}", "at": 0}),
    ("enforcement_lead", "GET", "/enforcement/totals", {"by": "grid"}),
    ("enforcement_lead", "GET", "/enforcement/cases", {}),
    ("enforcement_lead", "GET", "/enforcement/cases/{id}/facts", {"id": "{violation_case}"}),
    ("enforcement_lead", "GET", "/enforcement/difference", {"as-of": "2026-01-01"}),
    ("enforcement_lead", "GET", "/processes", {}),
    ("enforcement_lead", "GET", "/processes/{layer}", {"layer": "violation_case"}),
    ("enforcement_lead", "GET", "/processes/{layer}/queue", {"layer": "violation_case"}),
    ("enforcement_lead", "GET", "/collections/{layer}/items/{id}/process", {"layer": "violation_case", "id": "{violation_case}"}),
    ("asset_manager", "GET", "/contracts", {}),
    ("asset_manager", "GET", "/contracts/{id}/rent", {"id": "{contract}"}),
    ("system_admin", "GET", "/accounts", {}),
    ("security_admin", "GET", "/rights", {}),
    ("auditor", "GET", "/audit", {"limit": 20}),
    ("auditor", "GET", "/audit/state", {}),
    ("auditor", "GET", "/audit/alarms", {}),
    ("dispatcher", "GET", "/events/totals", {"by": "type", "from": "2023-01-01", "to": "2023-12-31"}),
    ("dispatcher", "GET", "/events", {"limit": 20}),
    ("dispatcher", "GET", "/processes/{layer}/queue", {"layer": "grid_event", "show": "type,department"}),
    ("enforcement_lead", "GET", "/enforcement/visits", {}),
    ("enforcement_lead", "GET", "/enforcement/report", {"period": "month", "day": "2024-05-01"}),
    ("enforcement_lead", "GET", "/enforcement/patrol", {"from": "{point}", "limit": 40}),
    ("enforcement_lead", "GET", "/enforcement/cases/{id}/documents", {"id": "{violation_case}"}),
    ("enforcement_lead", "POST", "/enforcement/comparison?as-of=2026-01-01", {}),
    ("enforcement_lead", "GET", "/enforcement/comparison/{token}", {"token": "{token}"}),
    ("planner", "GET", "/renewal/units", {}),
    ("planner", "GET", "/renewal/units/{id}/report", {"id": "{renewal_unit}"}),
    ("planner", "GET", "/renewal/indicators", {}),
    ("planner", "GET", "/renewal/disposal", {}),
    ("planner", "POST", "/renewal/outline", {"steps": [{"add": {"layer": "grid", "ids": ["{grid}"]}}]}),
    ("planner", "POST", "/renewal/variants", {"name": "甲", "steps": [{"add": {"layer": "grid", "ids": ["{grid}"]}}]}),
    ("planner", "GET", "/renewal/variants", {}),
    ("planner", "POST", "/renewal/suggest", {"seed": "{seed}", "target_area_m2": 30000}),
]


def test_what_the_page_reads_is_what_its_types_say(donghua, tmp_path):
    """Every answer that the types of the page are made for, held against its schema."""
    village = tmp_path / "village.gpkg"
    run("backup", donghua, "-o", village)
    with sqlite3.connect(village) as file:
        known = {
            layer: file.execute(f"SELECT id FROM {layer} LIMIT 1").fetchone()[0]
            for layer in ("building", "grid", "violation_case", "contract", "sheet", "renewal_unit")
        }
    with serving(village) as url:
        people = {}

        def asker(role):
            if role not in people:
                people[role] = requests.Session()
                body = {"user": role, "password": "yizhangtu-demo"}
                assert people[role].post(f"{url}/session", json=body).status_code == 200, role
            return people[role]

        house = asker("data_manager").get(f"{url}/collections/building/items/{known['building']}").json()
        known["point"] = ",".join(map(str, house["geometry"]["coordinates"][0][0]))
        # A unit is grown where none is yet.
        houses = asker("data_manager").get(f"{url}/collections/building/items", params={"limit": 200}).json()["features"]
        corners = (house["geometry"]["coordinates"][0][0] for house in houses)
        known["seed"] = next(
            at for at in corners
            if not asker("planner").get(f"{url}/lookup", params={"point": f"{at[0]},{at[1]}", "layers": "renewal_unit"})
            .json()["at"].get("renewal_unit")
        )

        def filled(value):
            if isinstance(value, dict):
                return {name: filled(inner) for name, inner in value.items()}
            if isinstance(value, list):
                return [filled(inner) for inner in value]
            if isinstance(value, str) and value[:1] == "{":
                return known.get(value[1:-1], value)
            return value

        # A version to tell of.
        changed = {"op": "update", "layer": "building", "id": known["building"], "version": 0,
                   "feature": {"properties": {"floors_up": 3}}}
        answer = asker("data_manager").post(f"{url}/changes", json={"changes": [changed]})
        assert answer.status_code == 200, answer.text
        schema = schemathesis.openapi.from_url(f"{url}/api")
        schema["/changes"]["POST"].validate_response(answer)
        for role, method, path, asked in ASKED:
            given = filled(asked)
            address = path.format(**given)
            rest = {name: value for name, value in given.items() if f"{{{name}}}" not in path}
            sent = {"params": {"f": "json", **rest}} if path == "/audit" else {"params": rest}
            if method == "POST":
                sent = {"json": rest}
            answer = asker(role).request(method, url + address, **sent)
            assert answer.status_code in (200, 201, 202), f"{role} {address}: {answer.text}"
            if answer.status_code == 202:
                known["token"] = answer.json()["token"]
                while asker(role).get(url + answer.headers["location"]).json()["state"] == "comparing":
                    time.sleep(0.05)
            schema[path.partition("?")[0]][method].validate_response(answer)


def test_the_types_of_the_page_are_what_the_server_says(village):
    with serving(village, "--read-only") as url:
        done = subprocess.run(
            [shutil.which("node"), "scripts/api-types.js", url, "--check"],
            capture_output=True, text=True, timeout=120, cwd=ROOT / "frontend",
        )
    assert done.returncode == 0, done.stderr
