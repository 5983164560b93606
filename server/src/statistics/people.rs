//! `GET /statistics/people`: the people who are counted in an area, as a list that leaves as a
//! file. It holds as many as the panel counts: each stands in the house of the main residence.

use std::{collections::HashMap, path::Path, sync::Arc};

use axum::{extract::State, response::Response};
use serde_json::{Map, Value as Json, json};
use yizhangtu_data::{
    Field, FieldKind, Id, Layer, Text, Value,
    crs::Crs,
    export::{Encoding, Export, ExportError, Options},
    store::StoreError,
};

use super::{area::Subject, request::Request};
use crate::{
    audit::Entry,
    exports::{Leave, file},
    http::{App, Parameters, Problem},
    people::{Dweller, dwellers},
    policy::{Action, Channel, Viewer},
};

/// Formats by name, which is the ending too, with their media types.
const FORMATS: [(&str, &str); 2] = [
    (
        "xlsx",
        "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    ),
    ("csv", "text/csv; charset=utf-8"),
];

/// What of a house stands beside each person, where its layer has it.
const OF_HOUSE: [&str; 2] = ["code", "address"];

/// What is asked, as `POST /statistics` asks it, in a query.
struct Asked {
    request: Request,
    format: (&'static str, &'static str),
}

impl Asked {
    fn take(mut given: Parameters) -> Result<Self, Problem> {
        let named = given.take("f")?.unwrap_or_else(|| "xlsx".to_owned());
        let format = (FORMATS.into_iter().find(|(name, _)| *name == named))
            .ok_or_else(|| Problem::one_of("f", "xlsx, csv"))?;
        let mut body = Map::new();
        if let Some(area) = given.take("area")? {
            let area: Json = serde_json::from_str(&area).map_err(|error| {
                Problem::parameter(
                    "area",
                    format_args!("不是 GeoJSON：{error}"),
                    format_args!("is no GeoJSON: {error}"),
                )
            })?;
            body.insert("area".to_owned(), area);
        }
        for name in ["layer", "id", "rule"] {
            if let Some(text) = given.take_named(name)? {
                body.insert(name.to_owned(), text.into());
            }
        }
        if let Some(ids) = given.take("ids")? {
            let ids: Vec<&str> = ids.split(',').map(str::trim).collect();
            body.insert("ids".to_owned(), json!(ids));
        }
        let buffer: Option<f64> = given.parse("buffer_m", "数字", "a number")?;
        body.insert("buffer_m".to_owned(), buffer.unwrap_or(0.0).into());
        given.finish()?;
        Ok(Self {
            request: Request::parse(Json::Object(body).to_string().as_bytes())?,
            format,
        })
    }
}

/// The people of an area, with their houses.
struct Found {
    person: Arc<Layer>,
    building: Arc<Layer>,
    /// In the order of the houses, as they stand in their layer.
    dwellers: Vec<Dweller>,
    /// What is told of each house, in the order of [`OF_HOUSE`].
    houses: HashMap<Id, Vec<Value>>,
    area_m2: f64,
}

impl Found {
    /// # Errors
    /// When the viewer may not take people away, or the area is none.
    fn of(app: &App, viewer: &Viewer, request: &Request) -> Result<Self, Problem> {
        let layer = |name: &str| app.layer(name).cloned().ok_or_else(|| viewer.refused());
        let (person, building) = (layer("person")?, layer("building")?);
        viewer.require(Action::View, &building)?;
        viewer.require(Action::View, &person)?;
        viewer.require(Action::Export, &person)?;
        let seen = app.seen_by(viewer);
        let subject = Subject::of(&seen, request)?;
        let mut houses = HashMap::new();
        if let Some(layer) = seen.layer("building") {
            for at in layer.within(&subject.area, request.rule) {
                let record = layer.record(at);
                let view = viewer.see(&building, record).to_record();
                let told = OF_HOUSE.map(|field| view.get(&building, field).clone());
                houses.insert(record.id.clone(), told.to_vec());
            }
        }
        let store = app.pool().reader().map_err(Problem::internal)?;
        let mut dwellers =
            dwellers(&store, &houses.keys().cloned().collect()).map_err(Problem::internal)?;
        dwellers.sort_by(|one, other| {
            (&one.building, &one.room, &one.person).cmp(&(
                &other.building,
                &other.room,
                &other.person,
            ))
        });
        Ok(Self {
            person,
            building,
            dwellers,
            houses,
            area_m2: subject.area_m2,
        })
    }

    /// Writes the list and gives its rows.
    fn write(
        &self,
        app: &App,
        viewer: &Viewer,
        mark: Option<String>,
        path: &Path,
    ) -> Result<u64, Refused> {
        let options = Options {
            crs: None::<Crs>,
            encoding: Encoding::Utf8,
            about: app.about().clone(),
        };
        let mut shown = viewer.describe(&self.person);
        for name in OF_HOUSE {
            let own = self.building.field(name);
            let title = |half: fn(&Text) -> &str| {
                let label = own.map(|field| half(&field.label)).unwrap_or(name);
                label.to_owned()
            };
            shown.fields.push(Field {
                name: format!("building_{name}"),
                label: Text {
                    zh: format!("房屋{}", title(|label| &label.zh)),
                    en: format!("House: {}", title(|label| &label.en)),
                },
                kind: FieldKind::Text,
                ..Field::default()
            });
        }
        shown.fields.push(Field {
            name: "room_no".to_owned(),
            label: Text {
                zh: "房号".to_owned(),
                en: "Room".to_owned(),
            },
            kind: FieldKind::Text,
            ..Field::default()
        });
        let mark = mark.map(Value::from);
        if mark.is_some() {
            shown.fields.push(file::mark_field());
        }
        let mut out = Export::start(path, &Arc::new(shown), app.catalog(), &options)?;
        let store = app.pool().reader()?;
        for dweller in &self.dwellers {
            let Some(record) = store.get("person", &dweller.person)? else {
                continue;
            };
            let mut seen = viewer.see(&self.person, &record).to_record();
            let house = self.houses.get(&dweller.building);
            seen.values.extend(house.into_iter().flatten().cloned());
            seen.values
                .push(dweller.room.as_deref().map_or(Value::Null, Value::from));
            seen.values.extend(mark.clone());
            out.write(&seen)?;
        }
        Ok(out.finish()?.rows)
    }
}

/// Why the list could not be written.
#[derive(Debug, thiserror::Error)]
enum Refused {
    #[error(transparent)]
    Export(#[from] ExportError),
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// `GET /statistics/people?area=|layer=&id=|ids=[&buffer_m=][&rule=][&f=xlsx|csv]&approval=`.
pub(super) async fn people(
    State(app): State<App>,
    viewer: Viewer,
    mut given: Parameters,
) -> Result<Response, Problem> {
    let leave = Leave::take(&app, &viewer, "/statistics/people", &mut given).await?;
    let Asked { request, format } = Asked::take(given)?;
    let (ending, media) = format;
    let name = leave.file_name("划定区域居住人员", ending);
    let file_name = name.clone();
    let (folder, rows) = tokio::task::spawn_blocking(move || {
        let shown = viewer.clone().through(Channel::Export);
        let found = Found::of(&app, &shown, &request)?;
        leave.require()?;
        let folder = file::folder(&app)?;
        let path = folder.path().join(file_name);
        let rows =
            (found.write(&app, &shown, leave.mark(&viewer), &path)).map_err(Problem::internal)?;
        let hash = file::hash_of(&path).map_err(Problem::internal)?;
        let object = format!("person {ending} {:.0} m²", found.area_m2);
        let act = Entry::of("export", object).counting(rows);
        leave.hand_over(&app, &viewer, act, &hash)?;
        Ok::<_, Problem>((folder, rows))
    })
    .await
    .map_err(Problem::internal)??;
    file::answer(folder, &name, media, rows).await
}

/// What a viewer asks to take away: its title and how many people are in it.
///
/// # Errors
/// As the list itself.
pub(crate) async fn people_asked_for(
    app: &App,
    viewer: &Viewer,
    given: Parameters,
) -> Result<(Option<Text>, u64), Problem> {
    let asked = Asked::take(given)?;
    let (app, viewer) = (app.clone(), viewer.clone());
    tokio::task::spawn_blocking(move || {
        let found = Found::of(&app, &viewer, &asked.request)?;
        let (format, m2) = (asked.format.0, found.area_m2);
        let title = Text {
            zh: format!("划定区域居住人员名单（{m2:.0} 平方米，{format}）"),
            en: format!("People living in a drawn area ({m2:.0} m², {format})"),
        };
        Ok((Some(title), found.dwellers.len() as u64))
    })
    .await
    .map_err(Problem::internal)?
}
