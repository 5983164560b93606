"""The OpenAPI document is true: a fuzzing client finds no 500 and no undocumented answer."""

import subprocess
import sys

import pytest
from test_edits import Served


@pytest.fixture
def served(village):
    server = Served(village)
    yield server
    server.stop()


def test_a_fuzzing_client_finds_no_fault(served):
    done = subprocess.run(
        [
            sys.executable, "-m", "schemathesis.cli", "run", f"{served.url}/api",
            "--checks",
            "not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance",
            "--max-examples", "8", "--seed", "7", "--workers", "2",
            "--exclude-path-regex", "^/basemaps",
        ],
        capture_output=True,
        text=True,
        timeout=1200,
    )
    assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-2000:]
