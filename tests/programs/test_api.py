"""The description of the interface is true: a program that makes up requests from it finds no
fault of the server's and no answer that it does not tell of."""

import os
import shutil
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

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
                "--workers", "2", "--no-color",
            ],
            capture_output=True, text=True, timeout=300, cwd=tmp_path,
            env={**os.environ, "HOME": str(tmp_path)},
        )
    assert done.returncode == 0, done.stdout[-8000:] + done.stderr[-2000:]


def test_the_types_of_the_page_are_what_the_server_says(village):
    with serving(village, "--read-only") as url:
        done = subprocess.run(
            [shutil.which("node"), "scripts/api-types.js", url, "--check"],
            capture_output=True, text=True, timeout=120, cwd=ROOT / "frontend",
        )
    assert done.returncode == 0, done.stderr
