"""The workbook of a unit, opened again by another program and summed."""

import json
import urllib.request

import openpyxl
import pytest

from test_geos import served


@pytest.fixture(scope="module")
def address(donghua):
    with served(donghua) as url:
        yield url


def ask(address, path):
    with urllib.request.urlopen(f"{address}{path}", timeout=120) as answer:
        return answer.read()


def test_the_workbook_opens_and_its_rows_add_up_to_its_totals(address, tmp_path):
    unit = json.loads(ask(address, "/renewal/units"))["units"][0]
    path = tmp_path / "report.xlsx"
    path.write_bytes(ask(address, f"/renewal/units/{unit['id']}/report?f=xlsx"))
    book = openpyxl.load_workbook(path)
    assert book.sheetnames[0] == "概况"
    summed = 0
    for sheet in book.worksheets[1:]:
        rows = list(sheet.iter_rows(min_row=2, values_only=True))
        ends = [at for at, row in enumerate(rows) if row[0] == "合计"]
        if not ends:
            continue
        total, rows = rows[ends[0]], rows[: ends[0]]
        for column, expected in enumerate(total):
            if column > 0 and isinstance(expected, (int, float)):
                values = [row[column] for row in rows if isinstance(row[column], (int, float))]
                assert sum(values) == pytest.approx(expected, rel=1e-9, abs=1e-6), sheet.title
                summed += 1
    assert summed > 20
    houses = [sheet for sheet in book.worksheets if sheet.title.startswith("房屋按")]
    counts = {[row for row in sheet.iter_rows(values_only=True) if row[0] == "合计"][0][1] for sheet in houses}
    assert counts == {unit["buildings"]["count"]}
