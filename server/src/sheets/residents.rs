//! Who lives in the houses of a sheet: the pages that leave only when a second person agrees.

use std::collections::{BTreeMap, HashSet};

use yizhangtu_data::{Id, Layer, store::GeoPackage};

use super::{
    compose::{Listing, label, listing},
    furniture::Look,
    press::Press,
    set::Sheet,
};
use crate::{
    http::Problem,
    people::dwellers,
    policy::{Action, View, Viewer},
    print::{Align, Column, Document},
};

/// What of a person stands on paper beside the name.
const FIELDS: [&str; 2] = ["sex", "hukou_type"];

/// Refuses a viewer who may not take people away.
///
/// # Errors
/// 403 without the right, 401 for a guest.
pub(super) fn require(press: &Press) -> Result<(), Problem> {
    let viewer = &press.viewer;
    let person = person(press).ok_or_else(|| viewer.refused())?;
    viewer.require(Action::View, person)?;
    viewer.require(Action::Export, person)
}

fn person(press: &Press) -> Option<&Layer> {
    press.app.layer("person").map(|layer| &**layer)
}

/// Sets the residents of a sheet, house by house, masked as on any paper, and gives how many.
///
/// # Errors
/// Without the right, or when the file cannot be read.
pub(super) fn pages(
    press: &Press,
    document: &mut Document,
    sheet: &Sheet,
    look: &Look,
    houses: &[(u32, String)],
) -> Result<usize, Problem> {
    require(press)?;
    let Some((layer, person)) = press.shown.layer("building").zip(person(press)) else {
        return Ok(0);
    };
    let store = press.app.pool().reader().map_err(Problem::internal)?;
    let ids: HashSet<Id> = (houses.iter())
        .map(|(at, _)| layer.record(*at).id.clone())
        .collect();
    let mut of_house: BTreeMap<Id, Vec<(String, Id)>> = BTreeMap::new();
    for dweller in dwellers(&store, &ids).map_err(Problem::internal)? {
        let room = dweller.room.unwrap_or_default();
        let own = of_house.entry(dweller.building).or_default();
        own.push((room, dweller.person));
    }
    let mut rows = Vec::new();
    for (at, number) in houses {
        let mut living = of_house.remove(&layer.record(*at).id).unwrap_or_default();
        // Rooms as they are counted: 201 before 1001.
        living.sort_by_key(|(room, person)| {
            let number = room.parse::<u64>().unwrap_or(u64::MAX);
            (number, room.clone(), person.clone())
        });
        for (room, id) in living {
            rows.extend(row(
                press,
                &store,
                person,
                &press.viewer,
                [number, &room],
                &id,
            )?);
        }
    }
    let residents = rows.len();
    let listed = Listing {
        title: "居住人员表",
        note: format!(
            "图幅 {} · {residents} 人 · 姓名已脱敏，图上号与房屋表一致",
            sheet.code
        ),
        columns: vec![
            Column::new("图上号", 11.0, Align::End),
            Column::new("房号", 14.0, Align::Start),
            Column::new("姓名", 24.0, Align::Start),
            Column::new("性别", 10.0, Align::Middle),
            Column::new("户籍类型", 22.0, Align::Start),
        ],
        rows,
        blocks: look.blocks * 2,
    };
    listing(document, sheet, look, listed);
    Ok(residents)
}

/// One person's row; none where the record is gone since.
fn row(
    press: &Press,
    store: &GeoPackage,
    person: &Layer,
    viewer: &Viewer,
    [number, room]: [&str; 2],
    id: &str,
) -> Result<Option<Vec<String>>, Problem> {
    let record = store.get(&person.id, id).map_err(Problem::internal)?;
    Ok(record.map(|record| {
        let view = viewer.see(person, &record);
        let mut row = vec![
            number.to_owned(),
            room.to_owned(),
            view.get("name").to_text(),
        ];
        row.extend(FIELDS.map(|field| told(press, person, &view, field)));
        row
    }))
}

fn told(press: &Press, person: &Layer, view: &View<'_>, field: &str) -> String {
    let text = view.get(field).to_text();
    (person.position(field)).map_or_else(String::new, |at| label(press, person, at, &text))
}
