//! `GET /houses/{id}`: a house with everything that its page shows, in one answer: who lives
//! there by room, whose it is, what happened there.

use std::collections::{BTreeMap, HashMap, HashSet};
use yizhangtu_data::clock;

use axum::{
    Json,
    extract::{Path, State},
};
use serde::Serialize;
use serde_json::{Map, Value as Json_, json};
use yizhangtu_data::{
    Layer, Record, Value,
    store::{GeoPackage, StoreError},
};
use yizhangtu_index::{Rule, Shape};

use super::{Terms, register::counted_in};
use crate::{
    atlas::{LayerSnapshot, Snapshot},
    audit::Entry,
    contracts::Standing,
    http::{App, Parameters, Problem},
    lookup::Lookup,
    policy::{Action, Viewer},
};

/// Fields of each layer that the page shows, where the viewer may see them.
const HOUSE: &[&str] = &[
    "code",
    "std_code",
    "address",
    "alias",
    "use",
    "structure",
    "floors_up",
    "floor_area_m2",
    "built_year",
    "rental",
    "owner",
    "right_doc",
    "building_head",
    "building_leader",
    "access_control",
    "danger_grade",
    "fire_risk",
    "small_title",
    "illegal_state",
    "disposal_class",
    "surveyed_on",
    "verify_state",
    "remark",
];
const ROOM: &[&str] = &[
    "code",
    "unit_no",
    "floor",
    "room_no",
    "area_m2",
    "use_mode",
    "format",
    "landlord",
    "capacity",
    "verified_on",
];
const PERSON: &[&str] = &[
    "name",
    "sex",
    "birth",
    "hukou_type",
    "id_type",
    "id_number",
    "phone",
    "verify_state",
];
const RESIDENCE: &[&str] = &[
    "kind",
    "relation_to_head",
    "moved_in",
    "moved_out",
    "source",
    "verified_on",
    "household",
];
const HOUSEHOLD: &[&str] = &["number", "room"];
const VISIT: &[&str] = &["round", "visited_at", "outcome", "visitor", "found"];
const DECLARATION: &[&str] = &[
    "number",
    "room",
    "landlord",
    "tenant",
    "start_on",
    "end_on",
    "state",
    "declared_on",
    "verified_on",
];
const CASE: &[&str] = &["code", "title", "kind", "state", "found_on"];
const CONTRACT: &[&str] = &["code", "name", "start_on", "end_on"];
const EVENT: &[&str] = &["code", "title", "type", "state", "reported_at"];

/// Rows of the past that are given: who moved out last, the last visits.
const LATEST: usize = 30;

/// Longer lists of people than this are on record.
const MANY: usize = 50;

/// The answer of `GET /houses/{id}`. Every record is seen through the policy.
#[derive(Serialize)]
pub(super) struct House {
    sequence: u64,
    id: String,
    version: u64,
    properties: Map<String, Json_>,
    /// Longitude and latitude of a point in the house.
    point: Option<[f64; 2]>,
    /// What lies at that point, as `GET /lookup` has it.
    at: Json_,
    #[serde(skip_serializing_if = "Option::is_none")]
    figures: Option<Json_>,
    #[serde(flatten)]
    tables: Tables,
    cases: Vec<Map<String, Json_>>,
    contracts: Vec<Map<String, Json_>>,
    events: Vec<Map<String, Json_>>,
    /// What counts as people here: Chinese, English.
    basis: Json_,
    /// What this viewer may do here.
    may: BTreeMap<&'static str, bool>,
}

/// What comes of the tables. A list is left out where it may not be seen.
#[derive(Default, Serialize)]
struct Tables {
    #[serde(skip_serializing_if = "Option::is_none")]
    rooms: Option<Vec<Room>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    households: Option<Vec<Map<String, Json_>>>,
    /// Who moved out, the last first.
    #[serde(skip_serializing_if = "Option::is_none")]
    former: Option<Vec<Resident>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    visits: Option<Vec<Map<String, Json_>>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    declarations: Option<Vec<Map<String, Json_>>>,
}

/// A room, or the place of those whose room is not known (`id` null), and who lives in it.
#[derive(Serialize)]
struct Room {
    #[serde(flatten)]
    room: Map<String, Json_>,
    residents: Vec<Resident>,
}

/// Somebody in a room.
#[derive(Serialize)]
struct Resident {
    person: Map<String, Json_>,
    residence: Map<String, Json_>,
    /// Whether the person counts here: somebody whose main residence is elsewhere does not.
    counted: bool,
}

/// `GET /houses/{id}`
pub(super) async fn house(
    State(app): State<App>,
    Path(id): Path<String>,
    viewer: Viewer,
    parameters: Parameters,
) -> Result<Json<House>, Problem> {
    parameters.finish()?;
    tokio::task::spawn_blocking(move || answer(&app, &viewer, &id))
        .await
        .map_err(Problem::internal)?
        .map(Json)
}

fn answer(app: &App, viewer: &Viewer, id: &str) -> Result<House, Problem> {
    let absent = || Problem::not_found(format!("没有房屋 {id} / there is no house {id}"));
    let snapshot = app.seen_by(viewer);
    let buildings = snapshot.layer("building").ok_or_else(absent)?;
    let at = buildings.position(id).ok_or_else(absent)?;
    let record = buildings.record(at);
    let store = app.pool().reader().map_err(Problem::internal)?;
    let page = Page {
        app,
        viewer,
        store: &store,
    };
    let (version, tables) = store
        .moment(|| Ok::<_, StoreError>((store.version("building", id)?, page.tables(id)?)))
        .map_err(Problem::internal)?;
    let people = tables
        .rooms
        .iter()
        .flatten()
        .map(|room| room.residents.len())
        .sum::<usize>();
    if people > MANY {
        app.note(
            viewer,
            Entry::of("list", format!("building/{id}")).counting(people as u64),
        );
    }
    let shape = buildings.shape(at);
    let place = shape.as_ref().map(Shape::representative);
    let lookup = Lookup::all(&snapshot, viewer.clone());
    let basis = Terms::current().basis();
    Ok(House {
        sequence: snapshot.sequence,
        id: id.to_owned(),
        version,
        properties: page.fields(&buildings.layer, record, HOUSE),
        point: place.map(|place| [place.lon(), place.lat()]),
        at: match place {
            Some(place) => serde_json::to_value(lookup.find(&[place]).at(0)).map_err(Problem::internal)?,
            None => json!({}),
        },
        figures: viewer.may_see_people().then(|| {
            let tally = &snapshot.houses.at(at).tally;
            json!({
                "residents": tally.residents(), "households": tally.households,
                "rooms": tally.rooms, "rooms_let": tally.rooms_let, "rooms_vacant": tally.rooms_vacant,
                "unverified": tally.unverified, "overdue": tally.overdue,
            })
        }),
        cases: page.mapped(&snapshot, "violation_case", "buildings", (id, shape.as_ref()), CASE),
        contracts: page.contracts(&snapshot, (id, shape.as_ref())),
        events: page.mapped(&snapshot, "grid_event", "building", (id, None), EVENT),
        basis: json!({ "zh": basis[0], "en": basis[1] }),
        may: page.may(),
        tables,
    })
}

struct Page<'a> {
    app: &'a App,
    viewer: &'a Viewer,
    store: &'a GeoPackage,
}

impl Page<'_> {
    /// A layer of the file that the viewer may see.
    fn layer(&self, id: &str) -> Option<&Layer> {
        (self.app.layer(id))
            .map(|layer| &**layer)
            .filter(|layer| self.viewer.may(Action::View, layer))
    }

    fn may(&self) -> BTreeMap<&'static str, bool> {
        let may = |action, layer: &str| {
            self.app.writable().is_ok()
                && (self.app.layer(layer)).is_some_and(|layer| self.viewer.may(action, layer))
        };
        BTreeMap::from([
            (
                "move_in",
                may(Action::Create, "residence") && may(Action::Create, "person"),
            ),
            ("move_out", may(Action::Edit, "residence")),
            (
                "correct",
                may(Action::Edit, "person") && may(Action::Edit, "residence"),
            ),
            ("visit", may(Action::Create, "visit")),
            ("unmask", may(Action::Unmask, "person")),
        ])
    }

    fn fields(&self, layer: &Layer, record: &Record, names: &[&str]) -> Map<String, Json_> {
        seen_fields(self.viewer, layer, record, names)
    }

    /// As [`Page::fields`], of a row of a table, with its version.
    fn row(
        &self,
        layer: &Layer,
        record: &Record,
        names: &[&str],
    ) -> Result<Map<String, Json_>, StoreError> {
        let mut map = self.fields(layer, record, names);
        map.insert(
            "version".to_owned(),
            json!(self.store.version(&layer.id, &record.id)?),
        );
        Ok(map)
    }

    fn tables(&self, building: &str) -> Result<Tables, StoreError> {
        let mut tables = Tables::default();
        let of = |table: &str| self.store.find(table, "building", &Value::from(building));
        let (rooms, room_layer) = match self.layer("room") {
            Some(layer) => (of("room")?, Some(layer)),
            None => (Vec::new(), None),
        };
        if let (Some(person), Some(residence)) = (self.layer("person"), self.layer("residence")) {
            let stays = self.stays(building, &rooms, residence)?;
            let (open, closed): (Vec<_>, Vec<_>) = stays
                .into_iter()
                .partition(|stay| stay.get(residence, "moved_out").is_null());
            let counted = counted_in(self.store, building, clock::today())?;
            let layers = (person, residence);
            tables.rooms = Some(self.rooms(&rooms, room_layer, open, layers, &counted)?);
            tables.former = Some(self.former(closed, layers)?);
        }
        if let Some(layer) = self.layer("household") {
            let households = of("household")?;
            let seen = households
                .iter()
                .map(|record| self.row(layer, record, HOUSEHOLD));
            tables.households = Some(seen.collect::<Result<_, _>>()?);
        }
        if let Some(layer) = self.layer("visit") {
            let mut visits = of("visit")?;
            visits.sort_by_key(|visit| std::cmp::Reverse(instant(visit.get(layer, "visited_at"))));
            let seen = visits
                .iter()
                .take(LATEST)
                .map(|record| self.row(layer, record, VISIT));
            tables.visits = Some(seen.collect::<Result<_, _>>()?);
        }
        if let Some(layer) = self.layer("rental_declaration") {
            let declarations = of("rental_declaration")?;
            let seen = declarations
                .iter()
                .map(|record| self.row(layer, record, DECLARATION));
            tables.declarations = Some(seen.collect::<Result<_, _>>()?);
        }
        Ok(tables)
    }

    /// The residences in a building. One that names no building is in its room's, as it is
    /// counted.
    fn stays(
        &self,
        building: &str,
        rooms: &[Record],
        residence: &Layer,
    ) -> Result<Vec<Record>, StoreError> {
        let mut stays = self
            .store
            .find("residence", "building", &Value::from(building))?;
        for room in rooms {
            let here = self
                .store
                .find("residence", "room", &Value::from(&*room.id))?;
            stays.extend(
                here.into_iter()
                    .filter(|stay| stay.get(residence, "building").is_null()),
            );
        }
        Ok(stays)
    }

    fn rooms(
        &self,
        rooms: &[Record],
        layer: Option<&Layer>,
        open: Vec<Record>,
        layers: (&Layer, &Layer),
        counted: &HashSet<std::sync::Arc<str>>,
    ) -> Result<Vec<Room>, StoreError> {
        let mut by_room: HashMap<Option<String>, Vec<Record>> = HashMap::new();
        for stay in open {
            let room = stay.get(layers.1, "room").as_text().map(str::to_owned);
            // A room of another building is none of this one's.
            let room = room.filter(|room| rooms.iter().any(|own| *own.id == **room));
            by_room.entry(room).or_default().push(stay);
        }
        let mut seen = Vec::new();
        for record in rooms {
            let room = match layer {
                Some(layer) => self.row(layer, record, ROOM)?,
                None => continue,
            };
            let residents = by_room
                .remove(&Some(record.id.to_string()))
                .unwrap_or_default();
            seen.push(Room {
                room,
                residents: self.residents(residents, layers, counted)?,
            });
        }
        // By storey and number, as one walks through the house.
        seen.sort_by(|a, b| {
            let floor = |room: &Room| room.room.get("floor").and_then(Json_::as_i64);
            let number = |room: &Room| {
                room.room
                    .get("room_no")
                    .and_then(Json_::as_str)
                    .map(str::to_owned)
            };
            (floor(a), number(a)).cmp(&(floor(b), number(b)))
        });
        let elsewhere: Vec<Record> = by_room.into_values().flatten().collect();
        if !elsewhere.is_empty() {
            seen.push(Room {
                room: Map::from_iter([("id".to_owned(), Json_::Null)]),
                residents: self.residents(elsewhere, layers, counted)?,
            });
        }
        Ok(seen)
    }

    fn residents(
        &self,
        stays: Vec<Record>,
        (person, residence): (&Layer, &Layer),
        counted: &HashSet<std::sync::Arc<str>>,
    ) -> Result<Vec<Resident>, StoreError> {
        let mut residents = Vec::with_capacity(stays.len());
        for stay in stays {
            let Some(id) = stay.get(residence, "person").as_text() else {
                continue;
            };
            let Some(record) = self.store.get("person", id)? else {
                continue;
            };
            residents.push(Resident {
                person: self.row(person, &record, PERSON)?,
                counted: counted.contains(id),
                residence: self.row(residence, &stay, RESIDENCE)?,
            });
        }
        // The head of a household first, then as they came.
        residents.sort_by(|a, b| {
            let key = |resident: &Resident| {
                let text = |name| {
                    resident
                        .residence
                        .get(name)
                        .and_then(Json_::as_str)
                        .map(str::to_owned)
                };
                (
                    text("household"),
                    text("relation_to_head"),
                    text("moved_in"),
                    text("id"),
                )
            };
            key(a).cmp(&key(b))
        });
        Ok(residents)
    }

    fn former(
        &self,
        mut closed: Vec<Record>,
        layers: (&Layer, &Layer),
    ) -> Result<Vec<Resident>, StoreError> {
        closed.sort_by_key(|stay| std::cmp::Reverse(stay.get(layers.1, "moved_out").as_date()));
        closed.truncate(LATEST);
        let mut former = self.residents(closed, layers, &HashSet::new())?;
        former.sort_by(|a, b| {
            let out = |resident: &Resident| {
                resident
                    .residence
                    .get("moved_out")
                    .and_then(Json_::as_str)
                    .map(str::to_owned)
            };
            out(b).cmp(&out(a))
        });
        Ok(former)
    }

    /// Features of a layer that name the house, or lie on it where a shape is given.
    fn on<'s>(
        &self,
        layer: &'s LayerSnapshot,
        field: &str,
        (id, shape): (&str, Option<&Shape>),
    ) -> Vec<&'s std::sync::Arc<Record>> {
        let lie: HashSet<u32> = match shape {
            Some(Shape::Area(area)) => layer.within(area, Rule::Intersects).into_iter().collect(),
            _ => HashSet::new(),
        };
        let of = |record: &Record| names(record.get(&layer.layer, field), id);
        (layer
            .records()
            .filter(|(at, record)| lie.contains(at) || of(record)))
        .map(|(_, record)| record)
        .collect()
    }

    fn mapped(
        &self,
        snapshot: &Snapshot,
        layer: &str,
        field: &str,
        house: (&str, Option<&Shape>),
        names: &[&str],
    ) -> Vec<Map<String, Json_>> {
        let Some(layer) = snapshot.layer(layer) else {
            return Vec::new();
        };
        let found = self.on(layer, field, house);
        found
            .into_iter()
            .map(|record| self.fields(&layer.layer, record, names))
            .collect()
    }

    /// The contracts of the assets that are this house, or in it.
    fn contracts(
        &self,
        snapshot: &Snapshot,
        house: (&str, Option<&Shape>),
    ) -> Vec<Map<String, Json_>> {
        let (Some(contracts), Some(assets)) = (&snapshot.contracts, snapshot.layer("asset")) else {
            return Vec::new();
        };
        let own = self.on(assets, "building", house);
        let layer = &contracts.layer;
        (contracts.records())
            .filter(|(_, record)| {
                own.iter()
                    .any(|asset| names(record.get(layer, "asset"), &asset.id))
            })
            .map(|(_, record)| {
                let mut fields = self.fields(layer, record, CONTRACT);
                let standing = Standing::of(layer, record, clock::today());
                fields.insert("state".to_owned(), json!(standing.state.code()));
                fields
            })
            .collect()
    }
}

/// Some fields of a record as a viewer sees them, with its id.
pub(super) fn seen_fields(
    viewer: &Viewer,
    layer: &Layer,
    record: &Record,
    names: &[&str],
) -> Map<String, Json_> {
    let view = viewer.see(layer, record);
    let mut map = Map::from_iter([("id".to_owned(), json!(view.id()))]);
    for name in names {
        if let Some(at) = layer.position(name) {
            let seen = serde_json::to_value(view.at(at)).unwrap_or_default();
            map.insert((*name).to_owned(), seen);
        }
    }
    map
}

fn instant(value: &Value) -> Option<i64> {
    match value {
        Value::DateTime(at) => Some(at.timestamp()),
        _ => None,
    }
}

/// Whether a reference names a feature: as its text, or in its list.
fn names(reference: &Value, id: &str) -> bool {
    match reference {
        Value::Text(text) => **text == *id,
        Value::Json(json) => match &**json {
            Json_::Array(ids) => ids.iter().any(|own| own.as_str() == Some(id)),
            json => json.as_str() == Some(id),
        },
        _ => false,
    }
}
