"""Map sheets as another reader sees them: poppler's text, fonts and pictures."""

import csv
import re
import subprocess
from concurrent.futures import ThreadPoolExecutor

import pytest

from conftest import run, run_json, tool


def words(path, *options):
    return tool("pdftotext", *options, path, "-")


@pytest.fixture(scope="module")
def sheets(donghua, tmp_path_factory):
    """All sheets of the village, by code."""
    folder = tmp_path_factory.mktemp("sheets")
    made = run_json("sheets", donghua, "--url", "http://map.example", "-o", folder)
    return {sheet["sheet"]: sheet for sheet in made["sheets"]}


@pytest.fixture(scope="module")
def houses(donghua, tmp_path_factory):
    """The register, by building code."""
    path = tmp_path_factory.mktemp("register") / "b.csv"
    run("export", donghua, "--layer", "building", "-o", path)
    with open(path, encoding="utf-8-sig", newline="") as file:
        return {row["code"]: row for row in csv.DictReader(file)}


@pytest.fixture(scope="module")
def texts(sheets):
    with ThreadPoolExecutor(2) as pool:
        read = pool.map(lambda sheet: words(sheet["file"], "-layout"), sheets.values())
        return dict(zip(sheets, read))


def rows(text):
    """The lines of the houses' table: number, code, address, floor area, households, people."""
    line = r"(\d+)\s+(\d{17})\s+(\S+)\s+\S+\s+\d+\s+([\d.]+)(?:\s+是)?\s+(\d+)\s+(\d+)"
    return re.findall(line, text)


def test_fifteen_sheets_hold_every_house_once(sheets, houses, texts):
    assert len(sheets) == 15
    printed = [row[1] for text in texts.values() for row in rows(text)]
    assert sorted(printed) == sorted(houses)
    assert sum(sheet["houses"] for sheet in sheets.values()) == len(houses) == 1495
    assert all(60 <= sheet["houses"] <= 140 for sheet in sheets.values())


def test_the_table_is_the_register(houses, texts):
    people = 0
    for text in texts.values():
        prefix = re.search("地址均以“(.+?)”开头", text)[1]
        for number, code, address, area, _, residents in rows(text):
            house = houses[code]
            assert number == code[-5:].lstrip("0")
            whole = prefix + address.split("（")[0]
            assert whole == house["address"], code
            assert float(area) == float(house["floor_area_m2"]), code
            people += int(residents)
    assert people == 11608


def test_counts_on_the_front_are_those_of_the_table(texts):
    for code, text in texts.items():
        own = rows(text)
        told = re.search(r"居住人员\s+([\d,]+) 人", text)[1].replace(",", "")
        assert int(told) == sum(int(row[5]) for row in own), code
        told = re.search(r"房屋\s+([\d,]+) 栋", text)[1]
        assert int(told.replace(",", "")) == len(own), code


def test_no_name_is_on_a_sheet(donghua, texts):
    """Not even masked: whoever lives or answers there has no place on these sheets."""
    found = run_json("export", donghua, "--layer", "building", "-o", donghua.with_suffix(".csv"))
    assert found["rows"] == 1495
    assert not any("*" in text for text in texts.values())


def test_one_embedded_font_that_reads_as_text(sheets):
    for sheet in list(sheets.values())[:3]:
        fonts = tool("pdffonts", sheet["file"]).splitlines()[2:]
        assert len(fonts) == 1
        assert re.search(r"\+NotoSansSC-Regular\s+CID Type 0C\s+Identity-H\s+yes yes yes", fonts[0])


@pytest.mark.parametrize(
    "paper, points", [("A4", (842, 595)), ("A3", (1191, 842)), ("A2", (1684, 1191))]
)
def test_each_paper_has_its_size_and_ink(donghua, tmp_path, paper, points):
    run("sheets", donghua, "--grid", "440118101224003", "--paper", paper, "-o", tmp_path)
    files = sorted(tmp_path.glob("*.pdf"))
    assert [file.name for file in files] == ["440118101224003-01.pdf", "440118101224003-02.pdf"]
    info = tool("pdfinfo", files[0])
    size = re.search(r"Page size:\s+([\d.]+) x ([\d.]+) pts", info)
    assert (round(float(size[1])), round(float(size[2]))) == points
    picture = subprocess.run(
        ["pdftoppm", "-r", "30", "-f", "1", "-l", "1", "-gray", files[0]],
        capture_output=True, check=True, timeout=60,
    )
    assert picture.stderr == b""
    # A map covers most of the page; an empty one would be white.
    pixels = picture.stdout.split(b"\n", 3)[3]
    inked = sum(pixel < 252 for pixel in pixels) / len(pixels)
    assert inked > 0.3, inked
    # The bar says what the scale is: so long on paper, so many metres on the ground.
    front = words(files[0], "-f", "1", "-l", "1")
    assert re.search(r"1:[\d,]+", front) and "北" in front and "接图表" in front


def test_a_grid_that_is_none_is_named(donghua, tmp_path):
    said = run("sheets", donghua, "--grid", "999", "-o", tmp_path, code=1)
    assert "999" in said and "440118101224003" in said


def test_a_village_without_sheets_is_divided(village, tmp_path):
    import sqlite3

    with sqlite3.connect(village) as database:
        database.execute("DROP TRIGGER IF EXISTS rtree_sheet_geom_delete")
        names = database.execute(
            "SELECT name FROM sqlite_schema WHERE type = 'trigger' AND tbl_name = 'sheet'"
        ).fetchall()
        for (name,) in names:
            database.execute(f'DROP TRIGGER "{name}"')
        database.execute("DELETE FROM sheet")
    made = run_json("sheets", village, "--paper", "A4", "-o", tmp_path)["sheets"]
    assert sum(sheet["houses"] for sheet in made) == 1495
    assert all(40 <= sheet["houses"] <= 160 for sheet in made), made
    assert len(made) == pytest.approx(15, abs=2)
