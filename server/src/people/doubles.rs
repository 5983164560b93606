//! `GET /people/doubles`: records that may be one person, side by side, as the viewer may see
//! them.

use std::{
    collections::BTreeSet,
    sync::{Arc, Mutex, PoisonError},
};

use axum::{Json, extract::State};
use chrono::SecondsFormat;
use serde::Serialize;
use serde_json::{Map, Value as Json_};
use yizhangtu_data::{
    Id, Layer, Record, Value,
    check::{Likeness, Twins, twins, twins_in},
    clock,
    store::{GeoPackage, StoreError},
};

use super::house::seen_fields;
use crate::{
    atlas::Snapshot,
    audit::Entry,
    http::{App, Parameters, Problem},
    policy::{Action, Viewer, rows},
};

/// Fields of a person that are compared, where the viewer may see them.
const PERSON: &[&str] = &[
    "name",
    "sex",
    "birth",
    "hukou_type",
    "hukou_address",
    "id_type",
    "id_number",
    "phone",
    "ethnic",
    "education",
    "occupation",
    "verify_state",
];
const RESIDENCE: &[&str] = &["kind", "moved_in", "moved_out", "verified_on", "source"];

/// Groups in one answer, unless fewer are asked for.
const PAGE: usize = 20;
const MOST: usize = 100;

/// The doubles of the whole register, of one sequence number: it is read through for them.
#[derive(Default)]
pub(crate) struct Doubles(Mutex<Option<(u64, Arc<Vec<Twins>>)>>);

impl Doubles {
    fn of(&self, store: &GeoPackage) -> Result<Arc<Vec<Twins>>, StoreError> {
        let sequence = store.sequence()?;
        // Whoever asks meanwhile waits for the one reading.
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((of, found)) = &*kept
            && *of == sequence
        {
            return Ok(Arc::clone(found));
        }
        let found = Arc::new(twins(store)?);
        *kept = Some((sequence, Arc::clone(&found)));
        Ok(found)
    }
}

/// The answer of `GET /people/doubles`.
#[derive(Serialize)]
pub(super) struct Answer {
    sequence: u64,
    as_of: String,
    /// Groups in all that the viewer may see.
    total: usize,
    /// Whether the viewer may merge them.
    may_merge: bool,
    doubles: Vec<Group>,
}

/// Records that may be one person.
#[derive(Serialize)]
struct Group {
    by: Likeness,
    /// Fields that are filled differently: which value stays is to be chosen.
    differs: Vec<String>,
    people: Vec<Person>,
}

#[derive(Serialize)]
struct Person {
    #[serde(flatten)]
    person: Map<String, Json_>,
    /// Where the person lives and lived.
    homes: Vec<Map<String, Json_>>,
    /// Records that were merged into this one before.
    merged: Vec<String>,
}

/// `GET /people/doubles?house=&limit=&offset=`
pub(super) async fn doubles(
    State(app): State<App>,
    viewer: Viewer,
    mut given: Parameters,
) -> Result<Json<Answer>, Problem> {
    let house = given.take("house")?;
    let limit = given.parse::<usize>("limit", "数", "a number")?;
    let offset = given.parse::<usize>("offset", "数", "a number")?;
    given.finish()?;
    let limit = limit.unwrap_or(PAGE);
    if !(1..=MOST).contains(&limit) {
        return Err(Problem::parameter(
            "limit",
            format_args!("应为 1 到 {MOST}"),
            format_args!("must be 1 to {MOST}"),
        ));
    }
    let layers = app.layer("person").zip(app.layer("residence"));
    let (person, residence) = layers.ok_or_else(|| viewer.refused())?;
    viewer.require(Action::View, person)?;
    viewer.require(Action::View, residence)?;
    let (person, residence) = (Arc::clone(person), Arc::clone(residence));
    tokio::task::spawn_blocking(move || {
        let snapshot = app.seen_by(&viewer);
        let store = app.pool().reader().map_err(Problem::internal)?;
        let page = Page {
            app: &app,
            viewer: &viewer,
            store: &store,
            snapshot: &snapshot,
            person: &person,
            residence: &residence,
        };
        store
            .moment(|| page.answer(house.as_deref(), offset.unwrap_or(0), limit))
            .map(Json)
            .map_err(Problem::internal)
    })
    .await
    .map_err(Problem::internal)?
}

struct Page<'a> {
    app: &'a App,
    viewer: &'a Viewer,
    store: &'a GeoPackage,
    /// The map that the viewer may see.
    snapshot: &'a Arc<Snapshot>,
    person: &'a Arc<Layer>,
    residence: &'a Arc<Layer>,
}

impl Page<'_> {
    fn answer(
        &self,
        house: Option<&str>,
        offset: usize,
        limit: usize,
    ) -> Result<Answer, StoreError> {
        let all = match house {
            None => self.app.doubles().of(self.store)?,
            // A house that the viewer does not see has nobody.
            Some(house) if !self.sees_house(house) => Arc::default(),
            Some(house) => Arc::new(twins_in(self.store, house)?),
        };
        let own = rows(
            self.app.cuts(),
            self.viewer,
            &self.app.snapshot(),
            self.store,
            self.person,
            None,
        )?;
        let seen: Vec<(Likeness, Vec<&Id>)> = (all.iter())
            .map(|twins| (twins.by, visible(&twins.ids, own.as_ref())))
            .filter(|(_, ids)| ids.len() > 1)
            .collect();
        let mut doubles = Vec::new();
        for (by, ids) in seen.iter().skip(offset).take(limit) {
            doubles.push(self.group(*by, ids)?);
        }
        let people: usize = doubles.iter().map(|group| group.people.len()).sum();
        if people > 0 {
            let object = house.map_or_else(|| "doubles".to_owned(), |id| format!("doubles/{id}"));
            self.app.note(
                self.viewer,
                Entry::of("list", object).counting(people as u64),
            );
        }
        let may = |layer: &Layer| self.viewer.may(Action::Edit, layer);
        Ok(Answer {
            sequence: self.store.sequence()?,
            as_of: clock::now().to_rfc3339_opts(SecondsFormat::Secs, false),
            total: seen.len(),
            may_merge: self.app.writable().is_ok() && may(self.person) && may(self.residence),
            doubles,
        })
    }

    fn sees_house(&self, id: &str) -> bool {
        let houses = self.snapshot.layer("building");
        houses.is_some_and(|houses| houses.get(id).is_some())
    }

    fn group(&self, by: Likeness, ids: &[&Id]) -> Result<Group, StoreError> {
        let mut records = Vec::new();
        for id in ids {
            records.extend(self.store.get(&self.person.id, id)?);
        }
        let mut people = Vec::new();
        for record in &records {
            people.push(self.one(record)?);
        }
        Ok(Group {
            by,
            differs: differing(self.person, &records),
            people,
        })
    }

    fn one(&self, record: &Record) -> Result<Person, StoreError> {
        let mut person = seen_fields(self.viewer, self.person, record, PERSON);
        let version = self.store.version(&self.person.id, &record.id)?;
        person.insert("version".to_owned(), version.into());
        let stays = (self.store).find("residence", "person", &Value::from(&*record.id))?;
        let mut homes = Vec::new();
        for stay in &stays {
            homes.push(self.home(stay)?);
        }
        let (merged, _) = self.store.ancestry(&self.person.id, &record.id)?;
        let mut gone = Vec::new();
        for one in merged {
            // A merging that was taken back is none.
            if !self.store.exists(&self.person.id, &one.id)? {
                gone.push(one.id.to_string());
            }
        }
        Ok(Person {
            person,
            homes,
            merged: gone,
        })
    }

    fn home(&self, stay: &Record) -> Result<Map<String, Json_>, StoreError> {
        let mut home = seen_fields(self.viewer, self.residence, stay, RESIDENCE);
        let room = match stay.get(self.residence, "room").as_text() {
            Some(id) => self.store.get("room", id)?,
            None => None,
        };
        let rooms = self.app.layer("room");
        if let Some((layer, room)) = rooms.zip(room.as_ref()) {
            home.extend(seen_fields(self.viewer, layer, room, &["room_no"]));
        }
        let named = stay.get(self.residence, "building").as_text();
        let of_room = rooms.zip(room.as_ref());
        let building = named
            .or_else(|| of_room.and_then(|(layer, room)| room.get(layer, "building").as_text()));
        // A home outside the viewer's territory is told by nothing but that it is there.
        let house = self.snapshot.layer("building").zip(building);
        if let Some((houses, id)) = house
            && let Some(record) = houses.get(id)
        {
            home.extend(seen_fields(
                self.viewer,
                &houses.layer,
                record,
                &["address", "code"],
            ));
        }
        home.remove("id");
        home.insert("residence".to_owned(), (*stay.id).into());
        Ok(home)
    }
}

/// The ids that a viewer may see.
fn visible<'i>(ids: &'i [Id], own: Option<&BTreeSet<String>>) -> Vec<&'i Id> {
    (ids.iter())
        .filter(|id| own.is_none_or(|own| own.contains(&***id)))
        .collect()
}

/// Fields of which some records hold different values. Lists are joined and need no choice.
pub(super) fn differing(layer: &Layer, records: &[Record]) -> Vec<String> {
    let differs = |at: usize| {
        let mut values = (records.iter())
            .map(|record| &record.values[at])
            .filter(|value| !value.is_null() && value.as_text() != Some(""));
        match values.next() {
            None | Some(Value::Json(_)) => false,
            Some(first) => values.any(|value| value != first),
        }
    };
    let fields = layer.fields.iter().enumerate();
    fields
        .filter(|(at, _)| differs(*at))
        .map(|(_, field)| field.name.clone())
        .collect()
}
