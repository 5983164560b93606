//! An hour of everybody's work, and then a search for what nobody may find: no identity number
//! and no telephone of the village lies in clear in the file, its journals, the attachments,
//! the log, the temporary folder or the process's arguments, and none is in any answer but
//! that of an unmasking.
//!
//! `YIZHANGTU_MINUTES=60` gives it its hour; without, it works through some hundred requests.

use std::{
    collections::HashSet,
    env,
    ffi::OsStr,
    fs,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use rand::{RngExt, SeedableRng, seq::IndexedRandom};
use rand_chacha::ChaCha8Rng;
use rusqlite::{Connection, OpenFlags};
use serde_json::{Value, json};
use yizhangtu_tests::{Asker, ROLES, Reply, Server, root, run, village};

/// Requests of the short form.
const SHORT: u32 = 500;
/// Between two requests of the long form: some twenty a second.
const PAUSE: Duration = Duration::from_millis(40);
/// Requests between two looks at the disk.
const LOOK: u32 = 250;

/// The fields that hold numbers, by layer, as the catalog says.
fn sealed_fields() -> Vec<(String, String)> {
    let mut found = Vec::new();
    for entry in fs::read_dir(root().join("data/catalog/layers")).expect("the catalog") {
        let text = fs::read_to_string(entry.expect("a layer").path()).expect("text");
        let mut lines = text.lines().map(str::trim);
        let value = |line: &str| line.split('"').nth(1).unwrap_or_default().to_owned();
        let layer = lines.find(|line| line.starts_with("id = ")).map(value);
        let mut name = String::new();
        for line in lines {
            if line.starts_with("name = ") {
                name = value(line);
            }
            if matches!(line, "mask = \"id_number\"" | "mask = \"phone\"") {
                found.push((layer.clone().expect("an id"), name.clone()));
            }
        }
    }
    assert!(found.len() >= 4, "{found:?}");
    found
}

/// Every number of the village, from its twin that lies in clear.
fn numbers() -> HashSet<Vec<u8>> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY;
    let twin = Connection::open_with_flags(village("donghua"), flags).expect("the file");
    let mut all = HashSet::new();
    for (layer, field) in sealed_fields() {
        let sql = format!("SELECT DISTINCT {field} FROM {layer} WHERE length({field}) >= 11");
        let Ok(mut select) = twin.prepare(&sql) else {
            continue;
        };
        let rows = select.query_map([], |row| row.get::<_, String>(0));
        all.extend(rows.expect("rows").flatten().map(String::into_bytes));
    }
    assert!(all.len() > 5_000, "{}", all.len());
    all
}

/// Numbers that stand in some bytes, wherever they begin.
fn found(numbers: &HashSet<Vec<u8>>, bytes: &[u8]) -> Vec<String> {
    let mut all = Vec::new();
    for length in [11, 15, 18] {
        for window in bytes.windows(length) {
            if window[..10].iter().all(u8::is_ascii_digit) && numbers.contains(window) {
                all.push(String::from_utf8_lossy(window).into_owned());
            }
        }
    }
    all
}

/// Where the service leaves anything.
struct Place {
    folder: tempfile::TempDir,
    keys: PathBuf,
    file: PathBuf,
    log: PathBuf,
    temporary: PathBuf,
}

impl Place {
    fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let at = |name: &str| folder.path().join(name);
        let (keys, file) = (at("keys.toml"), at("village.gpkg"));
        let temporary = at("tmp");
        fs::create_dir(&temporary).expect("a folder");
        let made = run([OsStr::new("key"), "make".as_ref(), keys.as_ref()]);
        assert!(made.status.success());
        let demo = std::process::Command::new(yizhangtu_tests::binary())
            .args(["demo", "donghua", "-o"])
            .arg(&file)
            .env("YIZHANGTU_KEY_FILE", &keys)
            .output()
            .expect("the binary runs");
        assert!(demo.status.success());
        Self {
            log: at("log.txt"),
            folder,
            keys,
            file,
            temporary,
        }
    }

    /// Searches whatever lies there, and what the system tells of the process.
    fn search(&self, numbers: &HashSet<Vec<u8>>, process: u32) -> usize {
        let mut files = Vec::new();
        walk(self.folder.path(), &mut files);
        for name in ["cmdline", "environ"] {
            files.push(PathBuf::from(format!("/proc/{process}/{name}")));
        }
        let mut bytes_read = 0;
        for path in files.iter().filter(|path| **path != self.keys) {
            // A temporary file may be gone since.
            let Ok(bytes) = fs::read(path) else { continue };
            bytes_read += bytes.len();
            let clear = found(numbers, &bytes);
            assert!(
                clear.is_empty(),
                "{} numbers in clear in {}",
                clear.len(),
                path.display()
            );
        }
        bytes_read
    }
}

fn walk(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() {
            walk(&path, files);
        } else {
            files.push(path);
        }
    }
}

/// Everybody at work.
struct Work {
    dice: ChaCha8Rng,
    server: Server,
    askers: Vec<Asker>,
    layers: Vec<String>,
    people: Vec<String>,
    houses: Vec<String>,
    sheets: Vec<String>,
    /// Numbers that are typed in searches and forms.
    typed: Vec<String>,
    hashes: Vec<String>,
    /// West, south, east, north of the village.
    bounds: [f64; 4],
}

impl Work {
    fn begin(place: &Place, numbers: &HashSet<Vec<u8>>) -> Self {
        let variables = [
            ("YIZHANGTU_KEY_FILE", place.keys.as_os_str()),
            ("YIZHANGTU_LOG", OsStr::new("debug")),
            ("TMPDIR", place.temporary.as_os_str()),
        ];
        let server = Server::start_logged(&place.file, &[], &variables, &place.log);
        let askers: Vec<Asker> = ROLES.iter().map(|role| server.sign_in(role)).collect();
        let manager = &askers[13];
        let ids_of = |asker: &Asker, layer: &str| -> Vec<String> {
            let items = asker.get(&format!("/collections/{layer}/items?limit=300"));
            let items = items.json();
            let features = items["features"].as_array().expect("features");
            let id = |feature: &Value| feature["id"].as_str().map(str::to_owned);
            features.iter().filter_map(id).collect()
        };
        let ids = |layer: &str| ids_of(manager, layer);
        // As many of the grid whose worker may look at numbers as of everywhere.
        let people = [ids("person"), ids_of(&askers[0], "person")].concat();
        let collections = manager.get("/collections").json();
        let layers = collections["collections"].as_array().expect("collections");
        let village = manager.get("/collections/village").json();
        let bounds = [0, 1, 2, 3].map(|at| {
            let edge = &village["extent"]["spatial"]["bbox"][0][at];
            edge.as_f64().expect("a degree")
        });
        let mut typed: Vec<String> = (numbers.iter())
            .map(|own| String::from_utf8_lossy(own).into_owned())
            .collect();
        // A set has no order of its own.
        typed.sort();
        Self {
            layers: (layers.iter())
                .filter_map(|layer| layer["id"].as_str().map(str::to_owned))
                .collect(),
            people,
            houses: ids("building"),
            sheets: ids("sheet"),
            typed,
            hashes: Vec::new(),
            bounds,
            dice: ChaCha8Rng::seed_from_u64(5),
            askers,
            server,
        }
    }

    fn pick<'a>(dice: &mut ChaCha8Rng, all: &'a [String]) -> &'a str {
        all.choose(dice).map_or("none", String::as_str)
    }

    /// One request of somebody; whether it may have shown a number.
    fn step(&mut self) -> (bool, String, Reply) {
        // Half of the work is done by those who work with people and cases.
        let busy = [0, 0, 3, 6, 13];
        let who = if self.dice.random_bool(0.5) {
            *busy.choose(&mut self.dice).expect("somebody")
        } else {
            self.dice.random_range(0..self.askers.len())
        };
        let [west, south, east, north] = self.bounds;
        let (lon, lat) = (
            west + self.dice.random::<f64>() * (east - west),
            south + self.dice.random::<f64>() * (north - south),
        );
        let person = Self::pick(&mut self.dice, &self.people).to_owned();
        let house = Self::pick(&mut self.dice, &self.houses).to_owned();
        let layer = Self::pick(&mut self.dice, &self.layers).to_owned();
        let number = Self::pick(&mut self.dice, &self.typed).to_owned();
        let asker = &self.askers[who];
        let get = |path: String| (false, path.clone(), asker.get(&path));
        match self.dice.random_range(0..30) {
            0..=2 => get(format!("/collections/{layer}/items?limit=40")),
            3 => get(format!("/collections/person/items/{person}")),
            4 => get(format!("/collections/person/items/{person}/history")),
            5 => get(format!("/houses/{house}")),
            6 => get(format!("/lookup?point={lon},{lat}")),
            7 => get(format!("/search?q={number}")),
            8 => get(format!(
                "/search?q={}&kinds=person",
                &number[number.len() - 4..]
            )),
            9 => get(format!("/collections/person/items?phone={number}")),
            10 => get(format!(
                "/collections/person/items?filter=id_number%3D%27{number}%27"
            )),
            11 => get(format!("/collections/{layer}/items/{number}")),
            12 => get(format!("/collections/{layer}/export?f=csv")),
            13 => get("/collections/building/tiles/WebMercatorQuad/15/14223/26720".into()),
            14 => get(format!("/tiles/building,grid/16/{}/{}", 53_446, 28_439)),
            15 => get("/enforcement/cases?f=xlsx".into()),
            16 => {
                let sheet = Self::pick(&mut self.dice, &self.sheets).to_owned();
                get(format!("/sheets/{sheet}.pdf"))
            }
            17 => get("/changes?since=0&limit=50".into()),
            18 => get("/audit?limit=100".into()),
            19 => get("/exports".into()),
            20 => {
                let ring = [
                    [lon, lat],
                    [lon + 0.003, lat],
                    [lon + 0.003, lat + 0.003],
                    [lon, lat],
                ];
                let body = json!({ "area": { "type": "Polygon", "coordinates": [ring] } });
                (
                    false,
                    "/statistics".into(),
                    asker.post("/statistics", &body),
                )
            }
            21 => {
                let path = format!("/collections/person/items/{person}/unmask");
                let body = json!({ "reason": "核对租住登记" });
                (true, path.clone(), asker.post(&path, &body))
            }
            22 => self.correct(who, &person),
            23 => self.report(who, lon, lat, &number),
            24 => self.photograph(who, &house),
            25 => {
                let hash = Self::pick(&mut self.dice, &self.hashes).to_owned();
                let path = format!("/attachments/{hash}/thumbnail");
                (false, path.clone(), self.askers[who].get(&path))
            }
            26 => self.take_away(who),
            // What is typed into the wrong field goes no further either.
            27 => {
                let body = json!({ "user": number, "password": number });
                (
                    false,
                    "/session".into(),
                    self.server.post("/session", &body),
                )
            }
            28 => {
                let body = format!("lon,lat,phone\n{lon},{lat},138\n");
                (
                    false,
                    "/lookup".into(),
                    asker.post_as("/lookup", "text/csv", body.as_bytes()),
                )
            }
            _ => {
                let body =
                    json!({ "type": "Feature", "properties": { "phone": number, "age": "x" } });
                let path = "/collections/person/items";
                let reply =
                    asker.post_as(path, "application/geo+json", body.to_string().as_bytes());
                (false, path.into(), reply)
            }
        }
    }

    /// Somebody corrects a telephone, to another of the village's.
    fn correct(&mut self, who: usize, person: &str) -> (bool, String, Reply) {
        let path = format!("/collections/person/items/{person}");
        let read = self.askers[who].get(&path);
        let tag = read.header("etag").unwrap_or("\"0\"").to_owned();
        let phones: Vec<&String> = self.typed.iter().filter(|own| own.len() == 11).collect();
        let phone = phones.choose(&mut self.dice).expect("a telephone");
        let body = json!({ "properties": { "phone": phone } }).to_string();
        let headers = [
            ("content-type", "application/merge-patch+json"),
            ("if-match", &*tag),
        ];
        let reply = self.askers[who].send("PATCH", &path, &headers, body.as_bytes());
        (false, path, reply)
    }

    /// Somebody reports an event, with the telephone of whoever told them.
    fn report(&self, who: usize, lon: f64, lat: f64, number: &str) -> (bool, String, Reply) {
        let body = json!({
            "type": "Feature",
            "geometry": { "type": "Point", "coordinates": [lon, lat] },
            "properties": { "reporter_phone": number, "description": "巷口积水" },
        });
        let path = "/collections/grid_event/items";
        let body = body.to_string();
        let reply = self.askers[who].post_as(path, "application/geo+json", body.as_bytes());
        (false, path.into(), reply)
    }

    /// Somebody hangs a photograph on a house.
    fn photograph(&mut self, who: usize, house: &str) -> (bool, String, Reply) {
        let path = format!("/collections/building/items/{house}/attachments?kind=现状&name=a.png");
        let path = path.replace("现状", "%E7%8E%B0%E7%8A%B6");
        let mut png = PNG.to_vec();
        // What follows the end of a picture is no part of it, and makes another file of it.
        png.extend(self.dice.random::<[u8; 8]>());
        let reply = self.askers[who].post_as(&path, "image/png", &png);
        if reply.status == 201
            && let Some(hash) = reply.json()["hash"].as_str()
        {
            self.hashes.push(hash.to_owned());
        }
        (false, path, reply)
    }

    /// Somebody asks for a file with people in it, another agrees, and it is fetched.
    fn take_away(&self, who: usize) -> (bool, String, Reply) {
        let paths = [
            "/collections/violation_party/export?f=csv",
            "/collections/building/export?f=geojson",
            "/collections/person/export?f=csv",
            "/enforcement/cases?f=xlsx",
        ];
        let path = paths[who % paths.len()];
        let wish = json!({ "paths": [path], "reason": "移送材料，核对" });
        let asked = self.askers[who].post("/exports", &wish);
        if asked.status != 201 {
            return (false, "/exports".into(), asked);
        }
        let id = asked.json()["id"].as_str().expect("a number").to_owned();
        let security = &self.askers[15];
        let approval = json!({ "state": "approved" }).to_string();
        let headers = [("content-type", "application/json")];
        security.send(
            "PATCH",
            &format!("/exports/{id}"),
            &headers,
            approval.as_bytes(),
        );
        let path = format!("{path}&approval={id}");
        let reply = self.askers[who].get(&path);
        (false, path, reply)
    }
}

/// A picture of one pixel.
const PNG: &[u8] = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x01\0\0\0\x01\x08\x06\0\0\0\x1f\x15\xc4\x89\0\0\0\rIDATx\x9cc\xf8\xcf\xc0\xf0\x1f\0\x05\0\x01\xff\x89\x99=\x1d\0\0\0\0IEND\xaeB`\x82";

#[test]
fn random_use_by_everybody_leaves_no_number_in_clear() {
    let minutes: Option<u64> = (env::var("YIZHANGTU_MINUTES").ok()).map(|text| {
        text.parse()
            .expect("YIZHANGTU_MINUTES is a number of minutes")
    });
    let numbers = numbers();
    let place = Place::new();
    let mut work = Work::begin(&place, &numbers);
    let began = Instant::now();
    let (mut requests, mut answered, mut unmasked) = (0_u32, 0_usize, 0_usize);
    let mut by_status = std::collections::BTreeMap::<u16, u32>::new();
    let goes_on = |requests: u32| match minutes {
        Some(minutes) => began.elapsed() < Duration::from_secs(60 * minutes),
        None => requests < SHORT,
    };
    while goes_on(requests) {
        let (shows, path, reply) = work.step();
        *by_status.entry(reply.status).or_default() += 1;
        assert!(reply.status < 500, "{path}: {}", reply.text());
        let clear = found(&numbers, &reply.body);
        // What was typed comes back in words about it, such as the id that nothing has.
        let typed = clear.iter().all(|own| path.contains(&**own));
        if shows && reply.status == 200 {
            unmasked += clear.len();
        } else {
            assert!(typed, "{path}: {} numbers in clear", clear.len());
        }
        answered += reply.body.len();
        requests += 1;
        if requests.is_multiple_of(LOOK) {
            place.search(&numbers, work.server.process());
        }
        if minutes.is_some() {
            std::thread::sleep(PAUSE);
        }
    }
    let read = place.search(&numbers, work.server.process());
    assert!(unmasked > 0, "nobody looked at a number: {by_status:?}");
    drop(work.server);
    place.search(&numbers, 0);
    println!(
        "{requests} requests in {} s, {answered} bytes answered, {read} bytes searched, {unmasked} numbers unmasked, by status {by_status:?}",
        began.elapsed().as_secs()
    );
}
