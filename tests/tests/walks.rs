//! Random ways through the life of a case: whatever is tried, the law's own order holds, a
//! refusal changes nothing, and every figure still tells the same, now and as of then.
//!
//! `YIZHANGTU_ROUNDS=200` walks at length, `YIZHANGTU_SEED=7` elsewhere.

use std::{
    collections::BTreeMap,
    env, fs,
    io::{Cursor, Read as _},
    path::Path,
};

use chrono::{Days, FixedOffset, NaiveDate, Utc};
use rand::{RngExt, SeedableRng, seq::IndexedRandom};
use rand_chacha::ChaCha8Rng;
use rusqlite::Connection;
use serde_json::{Map, Value, json};
use yizhangtu_tests::{
    Asker, Reply, Server,
    steps::{path, photo, standing, take},
    village,
};
use yizhangtu_tiles::mvt::{self, DecodedValue};

const CASE: &str = "violation_case";
/// Whoever has a step in the course of a case.
const ROLES: [&str; 7] = [
    "grid_worker",
    "village_clerk",
    "dispatcher",
    "enforcer",
    "legal_officer",
    "enforcement_lead",
    "planner",
];
/// Where the officer of enforcement stands among them.
const ENFORCER: usize = 3;
/// Steps that leave the road; taken seldom, or no case would come to its end.
const ASIDE: [&str; 9] = [
    "demolish_self",
    "dismiss",
    "remedy",
    "suspend",
    "withdraw",
    "merge",
    "transfer",
    "reject_filing",
    "reopen",
];
/// States in which what is told as demolished is gone.
const GONE: [&str; 5] = ["95", "96", "100", "110", "120"];

fn number(name: &str, usual: u64) -> u64 {
    env::var(name).map_or(usual, |text| text.parse().expect("a whole number"))
}

/// Who walks, where, by which dice.
struct Walk<'a> {
    askers: Vec<(&'static str, Asker)>,
    lead: &'a Asker,
    machine: &'a Value,
    dice: ChaCha8Rng,
    id: String,
    shape: Value,
    corner: Value,
    /// Cases that one may go into.
    others: Vec<String>,
    /// Houses of the case.
    houses: Vec<Value>,
    /// How often each step was taken.
    steps: BTreeMap<String, u32>,
    /// Cases that a visit opened.
    opened: u32,
    /// Steps that were taken, that were refused, and that others tried.
    counts: [u32; 3],
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

impl Walk<'_> {
    fn day(&mut self) -> String {
        // Today, or long enough ago that every time for remedies is over.
        let back = if self.dice.random_bool(0.3) { 0 } else { 300 };
        let china = FixedOffset::east_opt(8 * 3600).expect("an offset");
        let today = Utc::now().with_timezone(&china).date_naive();
        (today - Days::new(back)).to_string()
    }

    fn answer(&mut self, field: &Value) -> Value {
        let name = text(&field["name"]);
        if name == "finding" && self.dice.random_bool(0.8) {
            return json!("属实");
        }
        if name == "farmland_m2" {
            return json!(0);
        }
        let choices = list(&field["choices"]);
        if let Some(choice) = choices.choose(&mut self.dice) {
            return choice["code"].clone();
        }
        match text(&field["type"]) {
            "boolean" => json!(self.dice.random_bool(0.5)),
            "integer" => json!(self.dice.random_range(1..=20)),
            "decimal" | "real" => json!(f64::from(self.dice.random_range(1..90_000)) / 100.0),
            "date" => json!(self.day()),
            _ if name == "handlers" => json!(["甲某", "乙某"]),
            // Into another case, or one that is not there.
            _ if name == "merged_into" => self.others.choose(&mut self.dice).cloned().into(),
            _ => json!("随机办理"),
        }
    }

    /// All that a step asks for.
    fn filled(&mut self, who: usize, step: &Value) -> Value {
        let mut fields = Map::new();
        for field in list(&step["fields"]) {
            let officers = field["name"] == step["officers"]["field"];
            if officers || field["required"] == true || self.dice.random_bool(0.3) {
                fields.insert(text(&field["name"]).to_owned(), self.answer(field));
            }
        }
        let mut given = json!({ "fields": fields, "note": "随机办理", "place": self.corner });
        if step["geometry"] == true {
            given["geometry"] = self.shape.clone();
        }
        let mut photos = Vec::new();
        for wanted in list(&step["photos"]) {
            for _ in 0..wanted["least"].as_u64().unwrap_or(0) {
                let asker = &self.askers[who].1;
                photos.push(photo(asker, CASE, &self.id, text(&wanted["shows"])));
            }
        }
        given["photos"] = json!(photos);
        let documents = list(&step["documents"]).iter();
        given["documents"] = documents
            .map(|wanted| json!({ "kind": wanted["any"][0], "number": "测〔2026〕1号" }))
            .collect();
        given
    }

    /// What each may do now: who, and the step as it was told to them.
    fn open(&self) -> Vec<(usize, Value)> {
        let mut open = Vec::new();
        for (who, (_, asker)) in self.askers.iter().enumerate() {
            // A worker of another grid does not see the case at all.
            let stood = asker.get(&path(CASE, &self.id));
            if stood.status == 404 {
                continue;
            }
            let stood = stood.json();
            let steps = list(&stood["transitions"]).iter();
            open.extend(
                steps
                    .filter(|step| step["allowed"] == true)
                    .map(|step| (who, step.clone())),
            );
        }
        open
    }

    /// One step that may be taken; whether there was one.
    fn on(&mut self) -> bool {
        let open = self.open();
        let straight: Vec<_> = (open.iter())
            .filter(|(_, step)| !ASIDE.contains(&text(&step["id"])) && step["id"] != "extend")
            .cloned()
            .collect();
        let from = if straight.is_empty() || self.dice.random_bool(0.06) {
            &open
        } else {
            &straight
        };
        let Some((who, step)) = from.choose(&mut self.dice).cloned() else {
            return false;
        };
        let (before, tag) = standing(&self.askers[who].1, CASE, &self.id);
        let given = self.filled(who, &step);
        let id = text(&step["id"]);
        let reply = take(&self.askers[who].1, CASE, &self.id, id, &given);
        let (after, now) = standing(&self.askers[who].1, CASE, &self.id);
        if reply.status == 200 {
            self.counts[0] += 1;
            self.opened += u32::from(given["fields"]["outcome"] == "复发");
            *self.steps.entry(id.to_owned()).or_default() += 1;
            assert_eq!(after["state"], step["to"], "{id}");
            let [was, is] = [&before, &after].map(|stood| list(&stood["log"]));
            assert_eq!(is.len(), was.len() + 1, "{id}: one row of the log");
            assert_eq!(&is[..was.len()], was, "{id}: what was logged stays");
            let last = &is[was.len()];
            assert_eq!(
                (text(&last["step"]), text(&last["actor"])),
                (id, self.askers[who].0)
            );
            self.lawful(is);
        } else {
            // What was filled in at random may contradict itself; then nothing has changed.
            assert!([409, 422].contains(&reply.status), "{id}: {}", reply.text());
            assert_eq!((after, now), (before, tag), "{id}: {}", reply.text());
            self.counts[1] += 1;
        }
        true
    }

    /// A step that may not be taken, with all that it asks for.
    fn astray(&mut self) {
        let who = self.dice.random_range(0..self.askers.len());
        let machine = self.machine;
        let step = list(&machine["transitions"])
            .choose(&mut self.dice)
            .expect("steps")
            .clone();
        let id = text(&step["id"]).to_owned();
        let asker = &self.askers[who].1;
        let stood = asker.get(&path(CASE, &self.id)).json();
        let may = list(&stood["transitions"])
            .iter()
            .any(|own| own["id"] == id && own["allowed"] == true);
        if may {
            return;
        }
        let (before, tag) = standing(self.lead, CASE, &self.id);
        // What was photographed is another's evidence: the step is not theirs all the same.
        let given = self.filled(ENFORCER, &step);
        let headers = [
            ("content-type", "application/json"),
            ("if-match", tag.as_str()),
        ];
        let place = format!("{}/{id}", path(CASE, &self.id));
        let reply = self.askers[who]
            .1
            .send("POST", &place, &headers, given.to_string().as_bytes());
        assert!(
            [403, 404, 409, 422].contains(&reply.status),
            "{id}: {} {}",
            reply.status,
            reply.text()
        );
        let (after, now) = standing(self.lead, CASE, &self.id);
        assert_eq!((after, now), (before, tag), "{id}");
        self.counts[2] += 1;
    }

    /// Something about the case is put right by hand, where nothing locks it: figures follow it.
    fn edit(&mut self) {
        let area = f64::from(self.dice.random_range(1..90_000)) / 100.0;
        let source = *["巡查", "卫片", "其他"]
            .choose(&mut self.dice)
            .expect("one");
        let properties =
            json!({ "land_area_m2": area, "source": source, "is_new": self.dice.random_bool(0.5) });
        let enforcer = &self.askers[ENFORCER].1;
        let (_, tag) = standing(self.lead, CASE, &self.id);
        let reply = enforcer.send(
            "PATCH",
            &format!("/collections/{CASE}/items/{}", self.id),
            &[
                ("content-type", "application/merge-patch+json"),
                ("if-match", tag.as_str()),
            ],
            json!({ "properties": properties }).to_string().as_bytes(),
        );
        assert_eq!(reply.status, 200, "{}", reply.text());
    }

    /// The last step of a log, held against the rules of the machine by reading the log alone.
    fn lawful(&self, log: &[Value]) {
        let (last, past) = log.split_last().expect("a row");
        let step = list(&self.machine["transitions"])
            .iter()
            .find(|step| step["id"] == last["step"])
            .expect("a step of the machine");
        let id = text(&last["step"]);
        assert!(
            list(&step["roles"])
                .iter()
                .any(|role| role["id"] == last["role"]),
            "{id} by {}",
            last["role"]
        );
        for other in list(&step["other_than"]) {
            let taken = past.iter().rev().find(|row| row["step"] == *other);
            assert!(
                taken.is_none_or(|row| row["actor"] != last["actor"]),
                "{id} by whoever took {other}"
            );
        }
        for earlier in list(&step["after"]) {
            assert!(
                past.iter().any(|row| row["step"] == *earlier),
                "{id} without {earlier}"
            );
        }
        for wait in list(&step["waits"]) {
            let (since, field) = text(&wait["since"])
                .split_once('.')
                .expect("a step and its day");
            let told = past
                .iter()
                .rev()
                .find(|row| row["step"] == since)
                .expect(since);
            let day = text(&told["data"][field]);
            // The shortest of all limits is ten days: a day of today is never enough.
            assert!(day < &text(&last["at"])[..10], "{id}: {day} has not passed");
        }
    }
}

fn totals(asker: &Asker, query: &str) -> Value {
    let reply = asker.get(&format!("/enforcement/totals{query}"));
    assert_eq!(reply.status, 200, "{}", reply.text());
    let mut told = reply.json()["total"].clone();
    // Clocks are those of now.
    told.as_object_mut().expect("figures").remove("overdue");
    told
}

/// All groups of a total together: cases, demolished, m² in hundredths.
fn summed(asker: &Asker, by: &str) -> [i64; 3] {
    let told = asker.get(&format!("/enforcement/totals?by={by}")).json();
    let mut sum = [0; 3];
    for group in list(&told["groups"]) {
        let area = group["demolished_area_m2"].as_f64().expect("an area");
        for (sum, own) in sum.iter_mut().zip([
            group["cases"].as_i64().expect("a count"),
            group["demolished"].as_i64().expect("a count"),
            #[expect(
                clippy::cast_possible_truncation,
                reason = "hundredths of a village's area"
            )]
            {
                (area * 100.0).round() as i64
            },
        ]) {
            *sum += own;
        }
    }
    sum
}

/// What some cases count by one way of counting or showing them: 宗, those demolished, and their
/// 拆除建筑面积 in hundredths of a square metre.
type Counted = (u64, u64, i64);

#[expect(
    clippy::cast_possible_truncation,
    reason = "hundredths of a village's area"
)]
fn hundredths(m2: &Value) -> i64 {
    (m2.as_f64().unwrap_or(0.0) * 100.0).round() as i64
}

/// Cases as features: what counts follows from the state and the area alone.
fn of_features<'a>(cases: impl Iterator<Item = (&'a str, i64)>) -> Counted {
    cases.fold((0, 0, 0), |(all, gone, area), (state, own)| {
        let counts = GONE.contains(&state) && own > 0;
        let own = if counts { own } else { 0 };
        (all + 1, gone + u64::from(counts), area + own)
    })
}

/// The sums that stand under the ledger, held against its rows.
fn of_ledger(book: &[u8]) -> Counted {
    let mut zip = zip::ZipArchive::new(Cursor::new(book)).expect("a workbook");
    let mut read = |name: &str| {
        let mut text = String::new();
        let mut part = zip.by_name(name).expect(name);
        part.read_to_string(&mut text).expect("text");
        text
    };
    let words = read("xl/sharedStrings.xml");
    let (_, foot) = words.split_once("合计 ").expect("what stands under it");
    let mut counts = foot
        .split(|letter: char| !letter.is_ascii_digit())
        .filter(|number| !number.is_empty())
        .map(|number| number.parse().expect("a count"));
    let (all, gone) = (counts.next().expect("宗"), counts.next().expect("拆除宗"));
    // The column of 拆除建筑面积, the last of them the sum.
    let sheet = read("xl/worksheets/sheet1.xml");
    let mut areas: Vec<i64> = (sheet.split("<c r=\"Q").skip(1))
        .filter_map(|cell| {
            let (cell, _) = cell.split_once("</c>")?;
            // What is a text, as the heading, is no area.
            let value = cell
                .split_once("<v>")
                .filter(|(head, _)| !head.contains("t=\""))?;
            let number: f64 = value.1.split_once('<')?.0.parse().ok()?;
            Some(hundredths(&number.into()))
        })
        .collect();
    let sum = areas.pop().expect("a sum");
    assert_eq!(areas.len() as u64, all, "a row a case");
    assert_eq!(areas.iter().sum::<i64>(), sum);
    (all, gone, sum)
}

/// Each number of the panel opens the cases that it counts, and no others; of a past moment, which
/// takes its time to read, one number stands for all.
fn behind(at: &impl Fn(&str) -> Reply, total: &Value, moment: &str) {
    let list = |name: &str| at(&format!("/enforcement/cases?counts={name}&limit=1")).json();
    if !moment.is_empty() {
        assert_eq!(list("filed")["matched"], total["filed"], "{moment}");
        return;
    }
    for name in [
        "void",
        "clues",
        "open",
        "filed",
        "demolished",
        "closed",
        "struck",
        "overdue",
    ] {
        assert_eq!(list(name)["matched"], total[name], "{name}");
    }
    for name in [
        "land_area_m2",
        "violation_area_m2",
        "demolished_area_m2",
        "restored_m2",
    ] {
        assert_eq!(list(name)["total"][name], total[name], "{name}");
    }
}

/// Panel, list, map, table, export, ledger and report tell the same of one moment, to the last
/// hundredth of a square metre; `moment` is a day, the number of a change, or empty for now.
fn agree(asker: &Asker, moment: &str) -> Counted {
    let at = |path: &str| {
        let mark = if path.contains('?') { '&' } else { '?' };
        let path = match moment {
            "" => path.to_owned(),
            moment => format!("{path}{mark}as-of={moment}"),
        };
        let reply = asker.get(&path);
        assert!(reply.status == 200, "{path}: {}", reply.text());
        reply
    };
    let of_total = |total: &Value| -> Counted {
        let count = |name: &str| total[name].as_u64().expect(name);
        let area = hundredths(&total["demolished_area_m2"]);
        (count("cases"), count("demolished"), area)
    };
    let total = at("/enforcement/totals").json()["total"].clone();
    let panel = of_total(&total);
    behind(&at, &total, moment);
    let listed = at("/enforcement/cases?limit=10000").json();
    assert_eq!(
        of_total(&listed["total"]),
        panel,
        "the list's total, {moment}"
    );
    let rows = listed["rows"].as_array().expect("rows");
    let rows = rows.iter().map(of_total);
    let sum = rows.fold((0, 0, 0), |sum, row| {
        (sum.0 + row.0, sum.1 + row.1, sum.2 + row.2)
    });
    assert_eq!(sum, panel, "the list, {moment}");
    let items = at(&format!("/collections/{CASE}/items?limit=10000")).json();
    let shown = list(&items["features"]).iter().map(|case| {
        let own = &case["properties"];
        (text(&own["state"]), hundredths(&own["demolished_area_m2"]))
    });
    assert_eq!(of_features(shown), panel, "the table, {moment}");
    let numbered = |filter: &str| -> u64 {
        let tile = at(&format!(
            "/tiles/{CASE}/0/0/0.mvt?aggregate=cluster{filter}"
        ));
        let layers = mvt::decode(&tile.body).expect("a tile");
        let points = layers.iter().flat_map(|layer| &layer.features);
        let counts = points.map(|point| match point.get("count") {
            Some(DecodedValue::Integer(count)) => u64::try_from(*count).expect("a count"),
            other => panic!("a numbered point: {other:?}"),
        });
        counts.sum()
    };
    let gone = GONE.map(|state| format!("'{state}'")).join(",");
    let gone = format!("&filter=demolished_area_m2%3E0%20AND%20state%20IN%20({gone})");
    assert_eq!(
        (numbered(""), numbered(&gone)),
        (panel.0, panel.1),
        "the map, {moment}"
    );
    let csv = at(&format!("/collections/{CASE}/export?f=csv")).text();
    assert_eq!(
        of_features(
            cells(&csv)
                .iter()
                .map(|(state, area)| (state.as_str(), *area))
        ),
        panel,
        "the export, {moment}"
    );
    assert_eq!(
        of_ledger(&at("/enforcement/cases?f=xlsx").body),
        panel,
        "the ledger, {moment}"
    );
    let report = at("/enforcement/report?period=month").json();
    let standing = (report["sections"].as_array().expect("sections").iter())
        .find(|section| section["id"] == "standing")
        .expect("how things stand");
    let told = |name: &str| {
        let mut rows = list(&standing["rows"]).iter();
        rows.find(|row| row[0]["zh"] == name).expect(name)[2].clone()
    };
    let count = |name: &str| told(name).as_u64().expect(name);
    let told = (
        count("案件总数"),
        count("累计拆除"),
        hundredths(&told("累计拆除建筑面积")),
    );
    assert_eq!(told, panel, "the report, {moment}");
    panel
}

/// State and 拆除建筑面积 of the rows of a CSV.
fn cells(csv: &str) -> Vec<(String, i64)> {
    let mut lines = csv.trim_start_matches('\u{feff}').lines();
    let split = |line: &str| -> Vec<String> {
        // Fields with commas within are in quotes.
        let parts = line.split('"').enumerate();
        let parts = parts.map(|(at, part)| {
            if at % 2 == 0 {
                part.replace(',', "\u{1f}")
            } else {
                part.to_owned()
            }
        });
        parts
            .collect::<String>()
            .split('\u{1f}')
            .map(str::to_owned)
            .collect()
    };
    let head = split(lines.next().expect("a heading"));
    let at = |name: &str| {
        head.iter()
            .position(|own| own == name)
            .unwrap_or_else(|| panic!("{name} in {head:?}"))
    };
    let (state, area) = (at("state"), at("demolished_area_m2"));
    lines
        .map(|line| {
            let cells = split(line);
            let area = cells[area].parse::<f64>().unwrap_or(0.0);
            (cells[state].clone(), hundredths(&area.into()))
        })
        .collect()
}

/// The tile of zoom 17 that a place lies in.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a tile's number"
)]
fn tile_of(place: &Value) -> (u32, u32) {
    let [lon, lat] = [0, 1].map(|axis| place[axis].as_f64().expect("degrees").to_radians());
    let tiles = f64::from(1 << 17);
    let across = (lon / std::f64::consts::TAU + 0.5) * tiles;
    let down = (0.5 - lat.tan().asinh() / std::f64::consts::TAU) * tiles;
    (across as u32, down as u32)
}

/// Moves what was done between the moments to days of their own, as if it had gone on for weeks;
/// gives the days.
fn spread(file: &Path, moments: &[u64]) -> Vec<NaiveDate> {
    let store = Connection::open(file).expect("the file");
    let today = Utc::now().date_naive();
    let mut from = 0;
    (moments.iter().zip(1..))
        .map(|(&until, number)| {
            // Every third day, the last one some days ago.
            let day = today - Days::new(3 * (moments.len() as u64 + 1 - number) + 2);
            let noon = format!("{day}T04:00:00.000Z");
            let changed = store.execute(
                "UPDATE change_log SET at = ?1 WHERE sequence > ?2 AND sequence <= ?3",
                (&noon, from, until),
            );
            assert!(changed.expect("the history") > 0);
            from = until;
            day
        })
        .collect()
}

/// What a case says was demolished is what its rows say, building by building, and whoever
/// recorded one never measured it.
fn by_building(asker: &Asker, id: &str) {
    let case = asker.get(&format!("/collections/{CASE}/items/{id}")).json();
    let told = asker.get(&format!("/enforcement/cases/{id}/facts")).json();
    let rows = list(&told["demolition"]);
    let pulled: Vec<&Value> = rows.iter().filter(|row| row["act"] == "拆除").collect();
    let sum = |name: &str| -> f64 { pulled.iter().filter_map(|row| row[name].as_f64()).sum() };
    for (field, column) in [
        ("demolished_area_m2", "floor_area_m2"),
        ("demolished_footprint_m2", "footprint_m2"),
    ] {
        let held = case["properties"][field].as_f64().unwrap_or(0.0);
        assert!((held - sum(column)).abs() < 0.005, "{field}: {rows:?}");
    }
    let mut about: Vec<&str> = pulled
        .iter()
        .map(|row| text(&row["building"]["id"]))
        .collect();
    about.sort_unstable();
    about.dedup();
    let held = case["properties"]["demolished_buildings"].as_u64();
    assert_eq!(held.unwrap_or(0), about.len() as u64);
    for row in rows.iter().filter(|row| row["act"] == "复测") {
        let own = |other: &&Value| other["building"]["id"] == row["building"]["id"];
        let mut before = pulled.iter().copied().filter(own);
        assert!(
            before.all(|other| other["officer"] != row["officer"]),
            "{rows:?}"
        );
    }
}

#[test]
fn no_random_way_through_a_case_leaves_the_law_or_the_figures() {
    let rounds = number("YIZHANGTU_ROUNDS", 5);
    let seed = number("YIZHANGTU_SEED", 20_261_122);
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("village.gpkg");
    fs::copy(village("donghua"), &file).expect("a copy");
    let server = Server::start_with(&file, &[]);
    let lead = server.sign_in("enforcement_lead");
    let machine = lead.get(&format!("/processes/{CASE}")).json();
    let house = lead.get("/collections/building/items?limit=1").json()["features"][0].clone();
    let (shape, corner) = (
        house["geometry"].clone(),
        house["geometry"]["coordinates"][0][0].clone(),
    );
    let houses = lead.get("/collections/building/items?limit=2").json()["features"].clone();
    let houses: Vec<Value> = list(&houses)
        .iter()
        .map(|house| house["id"].clone())
        .collect();
    let began = totals(&lead, "");
    let mut walk = Walk {
        askers: ROLES.map(|role| (role, server.sign_in(role))).into(),
        lead: &lead,
        machine: &machine,
        dice: ChaCha8Rng::seed_from_u64(seed),
        id: String::new(),
        shape,
        corner,
        others: vec!["nowhere".to_owned()],
        houses,
        steps: BTreeMap::new(),
        opened: 0,
        counts: [0; 3],
    };
    let mut moments = Vec::new();
    let mut ids = Vec::new();
    for round in 0..rounds {
        println!("seed {seed}, round {round}");
        let kind = ["违法建设", "违法用地", "兼有"][usize::try_from(round % 3).expect("small")];
        let made = walk.askers[ENFORCER].1.send(
            "POST",
            &format!("/collections/{CASE}/items"),
            &[("content-type", "application/geo+json")],
            json!({ "type": "Feature", "geometry": walk.shape, "properties": {
                "code": format!("SJ{round:05}"), "kind": kind, "state": "10", "source": "巡查",
                "is_new": round % 2 == 0, "spot_no": "TB1", "farmland_m2": 0,
                "buildings": walk.houses,
            } })
            .to_string()
            .as_bytes(),
        );
        assert_eq!(made.status, 201, "{}", made.text());
        walk.id = text(&made.json()["id"]).to_owned();
        ids.push(walk.id.clone());
        if round > 0 {
            walk.others = ids[..ids.len() - 1].to_vec();
        }
        for _ in 0..30 {
            if walk.dice.random_bool(0.4) {
                walk.astray();
            }
            if !walk.on() {
                break;
            }
        }
        walk.edit();
        let sequence = lead.get("/enforcement/totals").json()["sequence"].clone();
        moments.push((sequence, totals(&lead, "")));
    }
    let [taken, refused, tried] = walk.counts;
    println!(
        "taken {taken}, refused {refused}, tried astray {tried}: {:?}",
        walk.steps
    );
    assert!(
        u64::from(taken) > 6 * rounds && u64::from(tried) > rounds,
        "hardly anything was done"
    );

    // What is demolished, by the cases alone.
    let (mut demolished, mut area, mut buildings) = (0, 0.0, 0);
    for id in &ids {
        by_building(&lead, id);
        let case = lead.get(&format!("/collections/{CASE}/items/{id}")).json();
        let own = &case["properties"];
        let gone = own["demolished_area_m2"].as_f64().unwrap_or(0.0);
        if GONE.contains(&text(&own["state"])) && gone > 0.0 {
            demolished += 1;
            area += gone;
            buildings += own["demolished_buildings"].as_u64().expect("a count");
        }
    }
    let now = totals(&lead, "");
    let grew = |name: &str| now[name].as_f64().expect(name) - began[name].as_f64().expect(name);
    let cases = f64::from(walk.opened) + f64::from(u32::try_from(ids.len()).expect("few"));
    assert!((grew("cases") - cases).abs() < 1e-9);
    assert!((grew("demolished") - f64::from(demolished)).abs() < 1e-9);
    assert!((grew("demolished_area_m2") - area).abs() < 0.005);
    let pulled = grew("demolished_buildings");
    assert!((pulled - f64::from(u32::try_from(buildings).expect("few"))).abs() < 1e-9);
    let all = summed(&lead, "state");
    for by in ["year", "month", "grid", "co_op", "kind", "source", "is_new"] {
        assert_eq!(summed(&lead, by), all, "{by}");
    }
    let listed = lead.get("/enforcement/cases?limit=10000").json();
    assert_eq!(
        listed["total"]["demolished_area_m2"],
        now["demolished_area_m2"]
    );
    assert_eq!(
        list(&listed["rows"]).len() as u64,
        now["cases"].as_u64().expect("a count")
    );
    // The figure of any past moment comes out again, and everything tells the same of it.
    agree(&lead, "");
    for (sequence, then) in &moments {
        assert_eq!(
            totals(&lead, &format!("?as-of={sequence}")),
            *then,
            "as of {sequence}"
        );
    }
    // So it does of past days, where what was done was done over weeks.
    let sequences: Vec<u64> = moments
        .iter()
        .map(|(at, _)| at.as_u64().expect("a number"))
        .collect();
    let mut dice = walk.dice;
    drop(server);
    let days = spread(&file, &sequences);
    let server = Server::start_with(&file, &[]);
    let lead = server.sign_in("enforcement_lead");
    let first = *days.first().expect("a day");
    // The page asks for outlines and their names in one: a case is in both on its day, and in
    // neither before.
    let drawn = |day: NaiveDate| -> Vec<String> {
        let (x, y) = tile_of(&walk.corner);
        let path = format!("/tiles/{CASE},{CASE}.labels/17/{x}/{y}.mvt?as-of={day}");
        let reply = lead.get(&path);
        assert!([200, 204].contains(&reply.status), "{}", reply.text());
        let layers = mvt::decode(&reply.body).expect("a tile");
        let own = |layer: &&mvt::DecodedLayer| {
            let mut drawn = layer.features.iter().filter_map(|one| one.get("id"));
            drawn.any(|id| *id == DecodedValue::Text(ids[0].clone()))
        };
        layers
            .iter()
            .filter(own)
            .map(|layer| layer.name.clone())
            .collect()
    };
    assert_eq!(drawn(first - Days::new(1)), Vec::<String>::new());
    assert_eq!(drawn(first), [CASE.to_owned(), format!("{CASE}.labels")]);
    for _ in 0..4 {
        let day = first - Days::new(2) + Days::new(dice.random_range(0..3 * days.len() as u64 + 4));
        let past = days
            .iter()
            .zip(&moments)
            .rev()
            .find(|(own, _)| **own <= day);
        let then = past.map_or(&began, |(_, (_, then))| then);
        assert_eq!(
            totals(&lead, &format!("?as-of={day}")),
            *then,
            "as of {day}"
        );
        let counted = agree(&lead, &day.to_string());
        assert_eq!(
            counted.2,
            hundredths(&then["demolished_area_m2"]),
            "as of {day}"
        );
    }
}
