"""Reports of cases as a spreadsheet program and poppler read them."""

import json
import urllib.request

import openpyxl
import pytest

from conftest import tool
from test_geos import served


@pytest.fixture(scope="module")
def address(donghua):
    with served(donghua) as url:
        yield url


def fetch(address, what="report", **asked):
    query = "&".join(f"{name}={value}" for name, value in asked.items())
    with urllib.request.urlopen(f"{address}/enforcement/{what}?{query}", timeout=60) as answer:
        return answer.read()


def words(cell):
    return cell["zh"] if isinstance(cell, dict) else cell


def test_workbook_and_paper_show_what_is_answered(address, tmp_path):
    with urllib.request.urlopen(f"{address}/enforcement/totals?by=year&date=demolished") as answer:
        years = json.load(answer)["groups"]
    year = max(years, key=lambda group: group["demolished"])["key"]
    asked = {"period": "year", "day": f"{year}-01-01"}
    report = json.loads(fetch(address, **asked))
    assert report["sections"][0]["rows"][2][2] > 0
    path = tmp_path / "report.xlsx"
    path.write_bytes(fetch(address, **asked, f="xlsx"))
    book = openpyxl.load_workbook(path)
    stamp = [row[0] for row in book.worksheets[0].iter_rows(values_only=True)]
    assert f"SHA-256 {report['hash']}" in [words.strip() for words in stamp if words]
    assert book.sheetnames[1:] == [words(section["title"]) for section in report["sections"]]
    for sheet, section in zip(book.worksheets[1:], report["sections"]):
        rows = [list(row) for row in sheet.iter_rows(min_row=2, values_only=True)]
        told = section["rows"] + ([section["total"]] if "total" in section else [])
        wide = len(section["columns"])
        for row, expected in zip(rows, told, strict=False):
            assert row[:wide] == [words(cell) for cell in expected], sheet.title
        # The rows of what is summed add up to what stands under them.
        if section["id"] in ("places", "kind", "source", "demolitions"):
            for column in range(1, wide):
                own = sum(row[column] for row in section["rows"])
                assert own == pytest.approx(section["total"][column], abs=1e-6)

    paper = tmp_path / "report.pdf"
    paper.write_bytes(fetch(address, **asked, f="pdf"))
    text = tool("pdftotext", "-layout", paper, "-")
    squeezed = "".join(text.split())
    assert f"两违年报（{year}年）" in squeezed
    assert report["hash"] in squeezed
    for section in report["sections"]:
        assert words(section["title"]) in squeezed
    demolished = next(row for row in report["sections"][0]["rows"] if words(row[0]) == "拆除建筑面积")
    assert f"{demolished[2]:.2f}" in squeezed


def test_ledger_names_every_case_once_in_workbook_and_on_paper(address, tmp_path):
    told = json.loads(fetch(address, "cases", limit=10000))
    codes = sorted(row["code"] for row in told["rows"])
    total = told["total"]
    book, paper = tmp_path / "ledger.xlsx", tmp_path / "ledger.pdf"
    book.write_bytes(fetch(address, "cases", f="xlsx"))
    _, _, head, *rows, foot = openpyxl.load_workbook(book).active.iter_rows(values_only=True)
    assert sorted(row[0] for row in rows) == codes
    for title, name in (("违建面积（平方米）", "violation_area_m2"), ("拆除建筑面积（平方米）", "demolished_area_m2")):
        at = head.index(title)
        assert foot[at] == total[name]
        assert sum(round(row[at] * 100) for row in rows) == round(total[name] * 100)
    paper.write_bytes(fetch(address, "cases", f="pdf"))
    squeezed = "".join(tool("pdftotext", "-raw", paper, "-").split())
    assert all(squeezed.count(code) == 1 for code in codes)
    assert f"合计{total['cases']}宗，其中拆除{total['demolished']}宗" in squeezed
    assert f"{total['demolished_area_m2']:.2f}" in squeezed
