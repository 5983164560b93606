"""Other programs read what we write, and we read what they write.

A program that a test needs and that is missing fails the test: scripts/install brings it.
"""

import json
import os
import subprocess
from contextlib import contextmanager
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


def binary() -> Path:
    """The binary under test: YIZHANGTU_BINARY, or the debug build."""
    named = os.environ.get("YIZHANGTU_BINARY")
    path = Path(named) if named else ROOT / "target/debug/yizhangtu"
    assert path.exists(), f"{path} is not built; run make test-programs"
    return path


def run(*arguments, code=0, timeout=600) -> str:
    """Runs the command; the exit code must be as expected. Gives standard output, or
    standard error where a failure was expected."""
    done = subprocess.run(
        [binary(), *map(str, arguments)], capture_output=True, text=True, timeout=timeout
    )
    assert done.returncode == code, f"{arguments}: exit {done.returncode}\n{done.stderr}"
    return done.stderr if code else done.stdout


@contextmanager
def serving(path, *arguments):
    """The file served on a free port; gives the address."""
    server = subprocess.Popen(
        [binary(), "serve", path, "--listen", "127.0.0.1:0", *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    try:
        line = server.stdout.readline().strip()
        assert line.startswith("listening on "), line
        yield line.removeprefix("listening on ")
    finally:
        server.terminate()
        server.wait(timeout=30)


def run_json(*arguments):
    return json.loads(run("--json", *arguments))


def tool(*arguments) -> str:
    """Runs another program that must succeed without a word on standard error."""
    done = subprocess.run(list(map(str, arguments)), capture_output=True, text=True, timeout=600)
    assert done.returncode == 0, f"{arguments}: exit {done.returncode}\n{done.stderr}{done.stdout}"
    assert done.stderr == "", f"{arguments}: {done.stderr}"
    return done.stdout


def validate(path):
    """GDAL's validator must have nothing to say."""
    said = tool(
        "/usr/bin/python3", "-W", "ignore", "-m", "osgeo_utils.samples.validate_gpkg", "--extra", path
    )
    assert said == "", said


@pytest.fixture(scope="session")
def donghua(tmp_path_factory) -> Path:
    """The demonstration village, made once. Copy it (`yizhangtu backup`) to change it."""
    path = tmp_path_factory.mktemp("village") / "donghua.gpkg"
    run("demo", "donghua", "-o", path)
    return path


@pytest.fixture
def village(donghua, tmp_path) -> Path:
    """A copy of the demonstration village, to be changed."""
    path = tmp_path / "村 copy.gpkg"
    run("backup", donghua, "-o", path)
    return path
