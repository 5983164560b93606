"""Every kind of document, issued where its case has come to, as poppler and a word processor read it."""

import io
import re
import zipfile
from collections import Counter
from datetime import date, timedelta
from xml.etree import ElementTree

import pytest

from conftest import ROOT, serving, tool
from office import CASE, Person

WORD = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
PARTY = {"name": "欧阳测试", "id_number": "11010119900307109X", "phone": "13800001234", "address": "某镇某路9号"}
#: Long enough ago that every time for statements and remedies is over.
LONG_AGO = date.today() - timedelta(days=300)
OFFICE = {"address": "某镇办公路1号", "phone": "020-12345678", "court": "某区人民法院", "review": "某区人民政府"}


def on_paper(day):
    return f"{day.year}年{day.month}月{day.day}日"


def squeezed(text):
    return re.sub(r"\s", "", text)


def paragraphs(docx):
    """The paragraphs of a DOCX, line by line."""
    with zipfile.ZipFile(io.BytesIO(docx)) as archive:
        root = ElementTree.fromstring(archive.read("word/document.xml"))
    for paragraph in root.iter(f"{WORD}p"):
        for text in paragraph.iter(f"{WORD}t"):
            if squeezed(text.text or ""):
                yield squeezed(text.text)


class Case:
    """A case on its way, and what was issued in it."""

    def __init__(self, people, house, kind):
        self.people, self.kind, self.issued = people, kind, {}
        self.shape, self.place = house["geometry"], house["geometry"]["coordinates"][0][0]
        self.address = f"某巷{kind}1号"
        enforcer = people["enforcer"]
        properties = {
            "kind": kind, "state": "10", "source": "巡查", "spot_no": "TB1", "address": self.address,
            "found_on": str(LONG_AGO), "land_area_m2": 88.5, "floor_area_m2": 240.25, "violation_area_m2": 120.5,
            "farmland_m2": 0 if kind == "违法建设" else 30.75, "floors": 3, "building_count": 1,
            "buildings": [house["id"]], "build_state": "在建",
        }  # fmt: skip
        feature = {"type": "Feature", "geometry": self.shape, "properties": properties}
        made = enforcer.ask("POST", f"/collections/{CASE}/items", feature, content_type="application/geo+json")
        self.id = made["id"]
        party = {"type": "Feature", "geometry": None, "properties": {CASE: self.id, "role": "建设人", **PARTY}}
        enforcer.ask("POST", "/collections/violation_party/items", party, content_type="application/geo+json")

    def take(self, who, step, papers=(), **fields):
        return self.people[who].take(self.id, step, self.place, self.shape, papers, **fields)

    def issue(self, who, form, *words, **fields):
        """Issues a form; it must say `words` of the case, whose answers it must say too."""
        path = f"/enforcement/cases/{self.id}/documents"
        told = self.people[who].ask("POST", f"{path}/{form}", {"fields": fields})["issued"][-1]
        assert told["form"].split("@")[0] == form
        days = [on_paper(date.fromisoformat(value)) for name, value in fields.items() if name in ("until", "on")]
        answers = [value for value in fields.values() if isinstance(value, str) and not re.fullmatch(r"[\d-]+", value)]
        self.issued[told["kind"]] = told | {"says": [told["number"], *words, *answers, *days]}
        return told["number"]

    def begin(self, finding="属实"):
        self.take("dispatcher", "accept", handlers=["甲某", "乙某"])
        self.take(
            "enforcer", "inspect", finding=finding, handlers=["甲某", "乙某"], permit="未报建", is_new=False
        )  # fmt: skip

    def file(self):
        self.take("enforcer", "request_filing", title="擅自建设案", kind=self.kind)
        self.take("legal_officer", "review_filing")
        self.issue("enforcer", "filing_approval", PARTY["name"], self.address, "88.50", "120.50", "未报建", facts="擅自加建。", opinion="建议立案。")
        self.take("enforcement_lead", "approve_filing")

    def decide(self, form, *words, **fields):
        """To the decision, by whichever of its two forms."""
        self.issue("enforcer", "inspection_record", self.address, "88.50", "240.25", "甲某、乙某", **{"from": "2026年1月5日9时", "findings": "现场为三层建筑。"})
        self.issue("enforcer", "interview_record", PARTY["name"], PARTY["id_number"], **{"from": "2026年1月6日9时", "place": "村委会", "statement": "问：何时动工？\n答：去年。"})
        farmland = 0 if self.kind == "违法建设" else 30.75
        self.take("enforcer", "propose", violation_area_m2=120.5, plan_conform="不符合", farmland_m2=farmland)
        self.issue("enforcer", "notice_rights", PARTY["name"], f"{farmland:.2f}", "不符合", facts="擅自加建。", proposal="责令限期拆除。")
        self.take("enforcer", "notify", served_on=str(LONG_AGO))
        rights = self.issued["权利告知书"]["number"]
        if form == "penalty_decision":
            self.issue("legal_officer", "penalty_approval", rights, on_paper(LONG_AGO), facts="擅自加建属实。", opinion="建议处罚。")
        self.issue("enforcement_lead", form, PARTY["id_number"], "120.50", rights, on_paper(LONG_AGO), *words, **fields)
        self.take("enforcement_lead", "decide", statement="未提出陈述申辩")
        self.take("enforcer", "serve", served_on=str(LONG_AGO), receipt="直接送达")

    def exhort(self, decision):
        """To the end of the exhortation; gives what later forms name the decision by."""
        named = {"decision_kind": decision, "decision_no": self.issued[decision]["number"]}
        self.issue("enforcer", "exhortation", on_paper(LONG_AGO), "120.50", **named)
        self.issue("enforcer", "public_notice", "88.50", **named, until="2026-12-31", posted_at="村口")
        self.take("enforcer", "exhort", posted_on=str(LONG_AGO))
        return named

    def demolish(self):
        self.take("enforcer", "demolish_forced", measure="强拆")
        self.take("enforcer", "finish_demolition", demolished_area_m2=120.5, demolished_footprint_m2=60.25, demolished_on=str(LONG_AGO))
        self.take("legal_officer", "verify", remaining_m2=0)

    def court(self, decision):
        named = self.exhort(decision)
        exhortation = self.issued["拆除催告通知书"]["number"]
        self.issue("legal_officer", "court_application", OFFICE["court"], exhortation, "88.50", PARTY["id_number"], **named)
        self.take("legal_officer", "court", ["法院裁定书"], court=OFFICE["court"], risk="低风险")


@pytest.fixture(scope="module")
def walked(donghua, tmp_path_factory):
    """Six cases, each to the end of its road, with every kind of document."""
    folder = tmp_path_factory.mktemp("documents")
    file = folder / "village.gpkg"
    file.write_bytes(donghua.read_bytes())
    forms = folder / "catalog/documents"
    forms.mkdir(parents=True)
    office = (ROOT / "data/catalog/documents/office.toml").read_text()
    for name, value in OFFICE.items():
        office = re.sub(rf'(?m)^{name} = ".*"$', f'{name} = "{value}"', office)
    (forms / "office.toml").write_text(office)
    with serving(file, "--catalog", folder / "catalog") as address:
        roles = ["dispatcher", "enforcer", "legal_officer", "enforcement_lead", "planner", "village_clerk"]
        people = {role: Person(address, role) for role in roles}
        found = people["enforcer"].get("/collections/building/items?limit=20&f=json")["features"]
        house = next(one for one in found if one["geometry"]["type"] == "Polygon")
        built, land, both, unfounded, moved, dropped = cases = [
            Case(people, house, kind) for kind in ["违法建设", "违法用地", "兼有", "违法建设", "违法用地", "违法建设"]
        ]  # fmt: skip

        built.begin()
        built.issue("enforcer", "order_stop", "城乡规划法", PARTY["name"], OFFICE["phone"], until="2026-12-01")
        built.take("enforcer", "order_stop", served_on=str(LONG_AGO))
        built.file()
        built.decide("penalty_decision", "城乡规划法", facts="擅自加建。", evidence="勘验检查笔录、询问笔录。", decision="责令限期拆除，并处罚款。")
        named = built.exhort("行政处罚决定书")
        papers = [built.issued[kind]["number"] for kind in ("拆除催告通知书", "拆除公告通知书")]
        built.issue("enforcement_lead", "forced_demolition", *papers, on_paper(LONG_AGO), "120.50", "行政强制法", **named, on="2026-12-20")
        built.take("enforcement_lead", "enforce", plan="强拆方案已审定", risk="低风险")
        built.demolish()
        built.take("enforcer", "request_closing")
        built.take("legal_officer", "review_closing")
        built.issue("enforcer", "closing_record", "120.50", "60.25", "强拆", on_paper(LONG_AGO), execution="已全部拆除。")
        built.take("enforcement_lead", "close")

        land.begin()
        land.issue("enforcer", "order_correct", "土地管理法", until="2026-12-01", correct="停止占用耕地。")
        land.take("enforcer", "order_stop", served_on=str(LONG_AGO))
        land.file()
        land.decide("demolition_order", "土地管理法", "十五日内", OFFICE["court"], until="2026-12-01")
        land.court("责令限期拆除决定书")
        land.demolish()

        # On both lanes: both laws are named, and only the court's order opens the way.
        both.begin()
        both.issue("enforcer", "order_stop", "城乡规划法", "土地管理法", until="2026-12-01")
        both.take("enforcer", "order_stop", served_on=str(LONG_AGO))
        both.file()
        both.decide("penalty_decision", "城乡规划法", "土地管理法", "十五日内起诉", facts="占用耕地加建。", evidence="笔录。", decision="责令限期拆除。")
        both.court("行政处罚决定书")
        both.demolish()
        both.take("legal_officer", "restore")
        both.take("enforcer", "restored", restored_m2=30.75)
        both.take("village_clerk", "season_check", crop="已复耕")
        both.take("enforcer", "request_closing")
        both.take("legal_officer", "review_closing")
        both.issue("legal_officer", "closing_record", "30.75", "120.50", execution="已拆除并复耕。")
        both.take("enforcement_lead", "close_restored")

        unfounded.begin(finding="不属实")
        unfounded.issue("legal_officer", "dismissal", "不属实", "未报建", reason="经核查无违法建设。")
        unfounded.take("legal_officer", "dismiss")

        moved.begin()
        moved.file()
        moved.issue("legal_officer", "transfer", PARTY["name"], "擅自建设案", target="某区公安分局", reason="涉嫌非法占用农用地。", pages=36)
        moved.take("legal_officer", "transfer", target="公安", office="某区公安分局", basis="涉嫌犯罪", files="案卷一册", sent_on=str(LONG_AGO))

        dropped.begin()
        dropped.file()
        dropped.issue("legal_officer", "withdrawal", "擅自建设案", reason="当事人死亡")
        dropped.take("legal_officer", "withdraw")

        states = [people["legal_officer"].get(f"/collections/{CASE}/items/{case.id}/process")["state"] for case in cases]
        assert states == ["100", "95", "100", "31", "移送", "撤销"]
        papers = [(case, one) for case in cases for one in case.issued.values()]
        legal, enforcer = people["legal_officer"], people["enforcer"]
        for start in range(0, len(papers), 5):
            some = papers[start : start + 5]
            paths = [one[kind]["href"] for _, one in some for kind in ("docx", "pdf")]
            files = enforcer.take_away(legal, paths)
            for (_, one), docx, pdf in zip(some, files[::2], files[1::2], strict=True):
                path = folder / f"{one['number']}.pdf"
                path.write_bytes(pdf)
                path.with_suffix(".docx").write_bytes(docx)
                one |= {"text": list(paragraphs(docx)), "path": path}
        yield papers


def test_every_form_is_issued_on_its_way_and_says_what_the_case_says(walked):
    forms = {path.stem for path in (ROOT / "data/catalog/documents").glob("*.toml")} - {"office"}
    assert {one["form"].split("@")[0] for _, one in walked} == forms
    for case, one in walked:
        text = "".join(one["text"])
        for words in one["says"]:
            assert all(squeezed(line) in text for line in words.split("\n")), f"{one['kind']}: {words}: {text}"
        # No place is left open: a name in braces, or a unit without its number.
        assert not re.search(r"[{}]|null|None", text), f"{one['kind']}: {text}"
        assert not re.search(r"(?<!\d)平方米", text), f"{one['kind']}: {text}"
        laws = {"违法建设": "土地管理法", "违法用地": "城乡规划法"}
        assert laws.get(case.kind, "{") not in text, f"{one['kind']} names the other lane's law: {text}"


def test_numbers_run_on_within_a_form_and_leave_none_out(walked):
    serials = Counter()
    for _, one in walked:
        word, year, number = re.fullmatch(r"(.+字)〔(\d{4})〕(\d+)号", one["number"]).groups()
        assert year == str(date.today().year)
        serials[word] += int(number)
    kinds = Counter(one["kind"] for _, one in walked)
    # One after another from 1 on: their sum is that of the first whole numbers.
    assert sorted(serials.values()) == sorted(many * (many + 1) // 2 for many in kinds.values())


def test_paper_and_word_say_the_same(walked):
    for _, one in walked:
        paper = squeezed(tool("pdftotext", "-raw", one["path"], "-"))
        for line in one["text"]:
            assert line in paper, f"{one['kind']}: {line}\n{paper}"
