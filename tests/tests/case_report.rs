//! 日报, 周报, 月报, 年报 of 两违: the same numbers as the panel's, from the same moment.

use serde_json::Value;
use yizhangtu_tests::{Asker, Server, village};

/// The value of a row and column of a table, found by the row's first words.
fn cell<'a>(report: &'a Value, section: &str, row: &str, column: usize) -> &'a Value {
    let sections = report["sections"].as_array().expect("sections");
    let own = (sections.iter())
        .find(|own| own["id"] == section)
        .unwrap_or_else(|| panic!("no section {section}"));
    let rows = own["rows"].as_array().expect("rows").iter();
    let found = rows.chain(own.get("total")).find(|cells| {
        let first = &cells[0];
        first == row
            || first["zh"]
                .as_str()
                .is_some_and(|words| words.starts_with(row))
    });
    found.map_or(&Value::Null, |cells| &cells[column])
}

fn totals(lead: &Asker, date: &str, report: &Value, more: &str) -> Value {
    let [from, to] = ["from", "to"].map(|end| report[end].as_str().expect("a day"));
    let asked = format!("/enforcement/totals?date={date}&from={from}&to={to}{more}");
    lead.get(&asked).json()["total"].clone()
}

#[test]
fn a_report_tells_what_the_panel_tells_of_any_period() {
    let server = Server::start(&village("dayuan"));
    let lead = server.sign_in("enforcement_lead");
    let now = lead.get("/enforcement/totals").json();
    let mut cases = 0;
    for (period, day) in [
        ("year", "2017-08-15"),
        ("year", "2018-02-28"),
        ("month", "2018-05-31"),
        ("month", "2019-12-01"),
        ("week", "2018-12-31"),
        ("day", "2018-07-03"),
        ("day", "1999-01-01"),
    ] {
        let reply = lead.get(&format!("/enforcement/report?period={period}&day={day}"));
        assert_eq!(reply.status, 200, "{}", reply.text());
        let report = reply.json();
        let of = |date| totals(&lead, date, &report, "");
        let [found, filed, gone, closed] = ["found", "filed", "demolished", "closed"].map(of);
        for (row, expected) in [
            ("新发现", &found["cases"]),
            ("立案", &filed["filed"]),
            ("拆除", &gone["demolished"]),
            ("结案", &closed["closed"]),
            ("新发现违建面积", &found["violation_area_m2"]),
            ("拆除建筑面积", &gone["demolished_area_m2"]),
        ] {
            // The first row of that beginning would be another's.
            let rows = report["sections"][0]["rows"].as_array().expect("rows");
            let own = rows.iter().find(|cells| cells[0]["zh"] == row).expect(row);
            assert_eq!(own[2].as_f64(), expected.as_f64(), "{period} {day} {row}");
        }
        assert_eq!(cell(&report, "standing", "在办", 2), &now["total"]["open"]);
        assert_eq!(
            cell(&report, "standing", "超期（含待核线索）", 2),
            &now["total"]["overdue"]
        );
        assert_eq!(cell(&report, "standing", "小产权房", 2), 36);
        // All tables of one report add up to one number.
        for section in ["places", "kind", "source"] {
            assert_eq!(
                cell(&report, section, "合计", 4),
                &gone["demolished_area_m2"]
            );
            assert_eq!(cell(&report, section, "合计", 1), &found["cases"]);
        }
        let named = |id: &str| {
            let sections = report["sections"].as_array().expect("sections");
            let own = sections.iter().find(|own| own["id"] == id).expect("a list");
            own["rows"].as_array().expect("rows").len() as u64
        };
        assert_eq!(
            named("demolished"),
            gone["demolished"].as_u64().unwrap().min(500)
        );
        assert_eq!(named("found"), found["cases"].as_u64().unwrap().min(500));
        cases += named("demolished");
        // The same moment gives the same report.
        let sequence = report["sequence"].as_u64().expect("a number");
        let again = lead.get(&format!("/enforcement/report?period={period}&day={day}"));
        assert_eq!(again.json()["hash"], report["hash"], "{sequence}");
    }
    assert!(cases > 50, "the periods are not empty: {cases}");
    let report = lead
        .get("/enforcement/report?period=year&day=2018-01-01")
        .json();
    assert_eq!(cell(&report, "standing", "累计拆除", 2), 969);
    assert_eq!(cell(&report, "standing", "累计拆除建筑面积", 2), 800_000.0);
}

#[test]
fn a_report_asked_for_amiss_says_how_to_ask() {
    let server = Server::start(&village("donghua"));
    let lead = server.sign_in("enforcement_lead");
    for (query, word) in [
        ("period=fortnight", "week"),
        ("day=2026-02-30", "2026-01-31"),
        ("from=2026-01-01", "period"),
        ("f=docx", "pdf"),
        ("by=colour", "co_op"),
        ("colour=red", "colour"),
    ] {
        let refused = lead.get(&format!("/enforcement/report?{query}"));
        assert_eq!(refused.status, 400, "{query}");
        assert!(refused.text().contains(word), "{query}: {}", refused.text());
    }
    // Who may not count cases has no report of them.
    let clerk = server.sign_in("asset_manager");
    assert_eq!(
        clerk.get("/enforcement/report").status,
        clerk.get("/enforcement/totals").status
    );
}
