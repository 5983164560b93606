//! Who lives in a building, masked for the viewer.

use std::collections::{HashMap, HashSet};

use serde::Serialize;
use yizhangtu_data::{
    Id, Record, Value,
    store::{GeoPackage, StoreError},
};

use crate::{
    http::{App, Problem},
    policy::{Action, Seen, Viewer},
};

/// One resident as the viewer may see them.
#[derive(Debug, Serialize)]
pub(super) struct Resident {
    id: String,
    name: String,
    /// Kind of registration (`hukou_type`).
    kind: String,
    room: Option<String>,
}

/// The residents of a building, by room and then by id. Each person stands once.
pub(super) async fn of(app: &App, viewer: &Viewer, building: Id) -> Result<Vec<Resident>, Problem> {
    let person = app
        .layer("person")
        .filter(|layer| viewer.may(Action::View, layer));
    let Some(person) = person.cloned() else {
        return Ok(Vec::new());
    };
    if ["residence", "room"]
        .iter()
        .any(|table| app.layer(table).is_none())
    {
        return Ok(Vec::new());
    }
    let found = app.pool().read(move |store| read(store, &building)).await?;
    let mut residents: Vec<Resident> = found
        .iter()
        .map(|(record, room)| {
            let view = viewer.see(&person, record);
            let text = |seen: Seen<'_>| seen.to_text();
            Resident {
                id: record.id.to_string(),
                name: text(view.get("name")),
                kind: text(view.get("hukou_type")),
                room: room.clone(),
            }
        })
        .collect();
    residents.sort_by(|a, b| a.room.cmp(&b.room).then_with(|| a.id.cmp(&b.id)));
    Ok(residents)
}

/// The people with an open residence in a building, and the number of their room. A
/// residence that names no building takes its room's, as the counts do.
fn read(store: &GeoPackage, building: &str) -> Result<Vec<(Record, Option<String>)>, StoreError> {
    let (Some(residence), Some(room)) = (store.layer("residence"), store.layer("room")) else {
        return Ok(Vec::new());
    };
    let rooms = store.find("room", "building", &Value::from(building))?;
    let numbers: HashMap<&str, Option<&str>> = rooms
        .iter()
        .map(|record| (&*record.id, record.get(room, "room_no").as_text()))
        .collect();
    let mut open = store.find("residence", "building", &Value::from(building))?;
    for record in &rooms {
        let here = store.find("residence", "room", &Value::from(&*record.id))?;
        open.extend(
            here.into_iter()
                .filter(|own| own.get(residence, "building").is_null()),
        );
    }
    let mut seen = HashSet::new();
    let mut people = Vec::new();
    for own in open {
        if !own.get(residence, "moved_out").is_null() {
            continue;
        }
        let Some(person) = own.get(residence, "person").as_text() else {
            continue;
        };
        if !seen.insert(person.to_owned()) {
            continue;
        }
        if let Some(record) = store.get("person", person)? {
            let room = own.get(residence, "room").as_text();
            let number = room.and_then(|room| numbers.get(room).copied().flatten());
            people.push((record, number.map(str::to_owned)));
        }
    }
    Ok(people)
}
