//! Variants of a unit's outline: a planner's own until sent in, compared side by side, and
//! adopted by somebody else.
//!
//! They are rows of a layer that no role is granted: these paths alone decide who sees what.
//! Adopting writes the variant and the unit in one change set, so the unit's history says
//! which variant it came from, and a unit that was changed meanwhile is not overwritten.

use std::sync::Arc;
use yizhangtu_data::clock;

use axum::{
    Json,
    body::Bytes,
    extract::{Path, State},
    http::StatusCode,
    response::{IntoResponse, Response},
};
use serde::Deserialize;
use serde_json::{Value as Told, json};
use yizhangtu_data::{
    Change, ChangeSet, Expected, Id, Layer, Operation, Record, Value, store::GeoPackage,
};

mod past;
mod review;

pub(super) use past::history;
pub(super) use review::act;

use super::{
    UNITS,
    indicators::Definitions,
    outline::Outline,
    steps::{Step, unfit},
};
use crate::{
    changes::Done,
    collections::AsOf,
    http::{App, Parameters, Problem},
    policy::{Action, Viewer},
};

const LAYER: &str = "unit_variant";

/// States of a variant: codes of `variant_state`.
const DRAFT: &str = "草稿";
const SENT: &str = "送审";
const RETURNED: &str = "退回";
const ADOPTED: &str = "已采用";

/// What is sent of a variant.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Given {
    name: Option<String>,
    /// The unit that it is another outline of; none for a new one.
    unit: Option<String>,
    steps: Option<Vec<Step>>,
    /// Fields of the unit that it shall set.
    properties: Option<serde_json::Map<String, Told>>,
    note: Option<String>,
}

/// The two layers that variants are about.
struct Layers {
    variants: Arc<Layer>,
    units: Arc<Layer>,
}

impl Layers {
    fn of(app: &App) -> Result<Self, Problem> {
        match (app.layer(LAYER), app.layer(UNITS)) {
            (Some(variants), Some(units)) => Ok(Self {
                variants: Arc::clone(variants),
                units: Arc::clone(units),
            }),
            _ => Err(Problem::not_found(
                "这个文件没有更新单元和比选方案，请用新版程序打开一次 / this file has no renewal units and variants",
            )),
        }
    }

    fn text<'r>(&self, record: &'r Record, field: &str) -> &'r str {
        record
            .get(&self.variants, field)
            .as_text()
            .unwrap_or_default()
    }

    /// Whether a viewer sees a variant: its author always, a reviewer once it was sent in, and
    /// everyone who sees units once it became one.
    fn shows(&self, viewer: &Viewer, record: &Record) -> bool {
        self.text(record, "author") == viewer.author()
            || match self.text(record, "state") {
                ADOPTED => viewer.may(Action::View, &self.units),
                SENT | RETURNED => viewer.may(Action::Approve, &self.units),
                _ => false,
            }
    }

    /// A variant as told: who made it, what it is, and its steps where asked for.
    fn told(&self, viewer: &Viewer, record: &Record, version: u64) -> Told {
        let view = viewer.see(&self.variants, record);
        let of = |field: &str| serde_json::to_value(view.get(field)).unwrap_or(Told::Null);
        let state = self.text(record, "state");
        let own = self.text(record, "author") == viewer.author();
        let open = matches!(state, DRAFT | RETURNED);
        let reviews = !own && state == SENT && viewer.may(Action::Approve, &self.units);
        let acts: Vec<&str> = [
            ("edit", own && open),
            ("send", own && open),
            ("recall", own && state == SENT),
            ("delete", own && state != ADOPTED),
            ("adopt", reviews),
            ("return", reviews),
        ]
        .into_iter()
        .filter_map(|(act, may)| may.then_some(act))
        .collect();
        json!({
            "id": &*record.id, "version": version,
            "name": of("name"), "unit": of("renewal_unit"), "author": of("author"),
            "state": of("state"), "steps": of("steps"), "properties": of("properties"),
            "note": of("note"), "made_at": of("made_at"), "sent_at": of("sent_at"),
            "reviewer": of("reviewer"), "reviewed_at": of("reviewed_at"),
            "review_note": of("review_note"),
            "geometry": record.geometry.as_ref().map(geojson::Geometry::from),
            "own": own,
            "acts": acts,
        })
    }

    /// A variant that the viewer sees, with its version; as it was then where a moment is given.
    fn find(
        &self,
        viewer: &Viewer,
        store: &GeoPackage,
        id: &str,
        as_of: Option<&AsOf>,
    ) -> Result<(Record, u64), Problem> {
        let found = match as_of {
            None => store.get_versioned(LAYER, id),
            Some(as_of) => as_of
                .sequence(store)
                .and_then(|sequence| past::one(store, id, sequence)),
        };
        let (record, version) = found.map_err(Problem::internal)?;
        (record.filter(|record| self.shows(viewer, record)))
            .map(|record| (record, version))
            .ok_or_else(|| Problem::not_found(format!("没有方案 {id} / there is no variant {id}")))
    }
}

/// `GET /renewal/variants?unit=&as-of=`: those that the viewer sees, the latest first.
pub(super) async fn list(
    State(app): State<App>,
    viewer: Viewer,
    mut given: Parameters,
) -> Result<Json<Vec<Told>>, Problem> {
    let (unit, as_of) = (given.take("unit")?, AsOf::take(&mut given)?);
    given.finish()?;
    let layers = Layers::of(&app)?;
    viewer.require(Action::View, &layers.units)?;
    let mut all = app
        .pool()
        .read(move |store| {
            let then = as_of.map(|as_of| as_of.sequence(store)).transpose()?;
            past::all(store, then)?
                .into_iter()
                .filter(|record| {
                    let about = layers.text(record, "renewal_unit");
                    unit.as_deref().is_none_or(|unit| unit == about)
                        && layers.shows(&viewer, record)
                })
                .map(|record| match then {
                    Some(sequence) => {
                        let version = store.version_at(LAYER, &record.id, sequence)?;
                        Ok(layers.past(&viewer, &record, version))
                    }
                    None => {
                        let version = store.version(LAYER, &record.id)?;
                        Ok(layers.told(&viewer, &record, version))
                    }
                })
                .collect::<Result<Vec<_>, _>>()
        })
        .await?;
    all.sort_by(|a, b| b["made_at"].as_str().cmp(&a["made_at"].as_str()));
    Ok(Json(all))
}

/// `GET /renewal/variants/{id}?as-of=`: with its outline and figures as the map is now, so that
/// versions can be compared.
pub(super) async fn one(
    State(app): State<App>,
    Path(id): Path<String>,
    viewer: Viewer,
    mut given: Parameters,
) -> Result<Json<Told>, Problem> {
    let as_of = AsOf::take(&mut given)?;
    given.finish()?;
    let layers = Layers::of(&app)?;
    tokio::task::spawn_blocking(move || {
        let store = app.pool().reader().map_err(Problem::internal)?;
        let (record, version) = layers.find(&viewer, &store, &id, as_of.as_ref())?;
        let definitions = Definitions::of_store(&store)?;
        let unit = record.get(&layers.variants, "renewal_unit").as_text();
        let steps = steps_of(&layers, &record)?;
        let outline = Outline::of(&app, &viewer, &definitions, &steps, unit)?;
        let mut told = match as_of {
            Some(_) => layers.past(&viewer, &record, version),
            None => layers.told(&viewer, &record, version),
        };
        told["outline"] = serde_json::to_value(&outline).map_err(Problem::internal)?;
        Ok(Json(told))
    })
    .await
    .map_err(Problem::internal)?
}

fn steps_of(layers: &Layers, record: &Record) -> Result<Vec<Step>, Problem> {
    match record.get(&layers.variants, "steps") {
        Value::Json(steps) => serde_json::from_value((**steps).clone()).map_err(Problem::internal),
        _ => Ok(Vec::new()),
    }
}

/// `POST /renewal/variants`.
pub(super) async fn make(
    State(app): State<App>,
    viewer: Viewer,
    parameters: Parameters,
    body: Bytes,
) -> Result<Response, Problem> {
    parameters.finish()?;
    app.writable()?;
    let layers = Layers::of(&app)?;
    viewer.require(Action::Create, &layers.units)?;
    let given = read(&body)?;
    let (maker, by) = (app.clone(), viewer.clone());
    let record = tokio::task::spawn_blocking(move || {
        let store = maker.pool().reader().map_err(Problem::internal)?;
        let mut record = Record::new(
            &layers.variants,
            format!("{LAYER}-{}", ulid::Ulid::generate()),
        );
        record
            .set(&layers.variants, "author", by.author())
            .set(&layers.variants, "state", DRAFT)
            .set(&layers.variants, "made_at", Value::DateTime(clock::now()));
        if let Some(unit) = &given.unit {
            let (found, version) = store
                .get_versioned(UNITS, unit)
                .map_err(Problem::internal)?;
            if found.is_none() {
                return Err(unfit(
                    "unit",
                    &format!("没有更新单元 {unit} / there is no renewal unit {unit}"),
                ));
            }
            record
                .set(&layers.variants, "renewal_unit", unit.as_str())
                .set(&layers.variants, "unit_version", version.cast_signed());
        }
        if given
            .name
            .as_deref()
            .is_none_or(|name| name.trim().is_empty())
        {
            return Err(unfit("name", "请给方案起个名称 / give the variant a name"));
        }
        fill(&maker, &by, &layers, &mut record, given)?;
        Ok(record)
    })
    .await
    .map_err(Problem::internal)??;
    let id = Arc::clone(&record.id);
    write(
        &app,
        &viewer,
        Operation::Insert(record),
        None,
        "拟定比选方案",
    )
    .await?;
    answer(app, viewer, id, StatusCode::CREATED).await
}

/// `PATCH /renewal/variants/{id}`: by its author, while it is a draft.
pub(super) async fn change(
    State(app): State<App>,
    Path(id): Path<String>,
    viewer: Viewer,
    parameters: Parameters,
    body: Bytes,
) -> Result<Response, Problem> {
    parameters.finish()?;
    app.writable()?;
    let layers = Layers::of(&app)?;
    let given = read(&body)?;
    if given.unit.is_some() {
        return Err(unfit(
            "unit",
            "方案所属的单元不能改，请另拟方案 / the unit of a variant stays; make another variant",
        ));
    }
    let (maker, by) = (app.clone(), viewer.clone());
    let (record, version) = found(&app, &viewer, layers, id, move |layers, mut record, version| {
        own(&by, layers, &record)?;
        if !matches!(layers.text(&record, "state"), DRAFT | RETURNED) {
            return Err(stands(
                "已送审或采用的方案不能改 / a variant that was sent in or adopted stays as it is",
            ));
        }
        fill(&maker, &by, layers, &mut record, given)?;
        Ok((record, version))
    })
    .await?;
    let id = Arc::clone(&record.id);
    write(
        &app,
        &viewer,
        Operation::Update(record),
        Some(version),
        "修改比选方案",
    )
    .await?;
    answer(app, viewer, id, StatusCode::OK).await
}

/// `DELETE /renewal/variants/{id}`: by its author, unless it was adopted.
pub(super) async fn forget(
    State(app): State<App>,
    Path(id): Path<String>,
    viewer: Viewer,
    parameters: Parameters,
) -> Result<StatusCode, Problem> {
    parameters.finish()?;
    app.writable()?;
    let layers = Layers::of(&app)?;
    let by = viewer.clone();
    let (record, version) = found(&app, &viewer, layers, id, move |layers, record, version| {
        own(&by, layers, &record)?;
        if layers.text(&record, "state") == ADOPTED {
            return Err(stands(
                "已采用的方案要留存，不能删除 / an adopted variant is kept",
            ));
        }
        Ok((record, version))
    })
    .await?;
    let gone = Operation::Delete(record.id);
    write(&app, &viewer, gone, Some(version), "删除比选方案").await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Sets what was sent, with the geometry of the steps as the map is now.
fn fill(
    app: &App,
    viewer: &Viewer,
    layers: &Layers,
    record: &mut Record,
    given: Given,
) -> Result<(), Problem> {
    let variants = &layers.variants;
    if let Some(name) = given.name {
        let name = name.trim();
        if name.is_empty() || name.chars().count() > 80 {
            return Err(unfit(
                "name",
                "名称应为 1 至 80 字 / the name must have 1 to 80 characters",
            ));
        }
        record.set(variants, "name", name);
    }
    if let Some(note) = given.note {
        if note.chars().count() > 1000 {
            return Err(unfit("note", "说明最多 1000 字 / at most 1000 characters"));
        }
        record.set(variants, "note", note);
    }
    if let Some(properties) = given.properties {
        let known = |name: &str| {
            layers
                .units
                .field(name)
                .is_some_and(|field| !field.workflow)
        };
        if let Some(name) = properties.keys().find(|name| !known(name)) {
            return Err(unfit(
                &format!("properties.{name}"),
                "更新单元没有这个可填的字段 / units have no such field to fill in",
            ));
        }
        record.set(
            variants,
            "properties",
            Value::Json(Box::new(properties.into())),
        );
    }
    if let Some(steps) = given.steps {
        let seen = app.seen_by(viewer);
        let done = super::steps::walk(&seen, &steps)?;
        let steps = serde_json::to_value(done.steps).map_err(Problem::internal)?;
        record.set(variants, "steps", Value::Json(Box::new(steps)));
        record.geometry = (!done.ground.0.is_empty()).then(|| super::outline::single(done.ground));
    }
    Ok(())
}

fn read(body: &[u8]) -> Result<Given, Problem> {
    serde_json::from_slice(body).map_err(|error| Problem::not_json(&error))
}

fn own(viewer: &Viewer, layers: &Layers, record: &Record) -> Result<(), Problem> {
    if layers.text(record, "author") == viewer.author() {
        return Ok(());
    }
    Err(viewer.refused())
}

/// What is made of a variant that the viewer sees, beside those who wait for answers.
///
/// # Errors
/// 404 where the viewer sees none of this id; those of `make`.
async fn found<T: Send + 'static>(
    app: &App,
    viewer: &Viewer,
    layers: Layers,
    id: String,
    make: impl FnOnce(&Layers, Record, u64) -> Result<T, Problem> + Send + 'static,
) -> Result<T, Problem> {
    let (reader, by) = (app.clone(), viewer.clone());
    tokio::task::spawn_blocking(move || {
        let store = reader.pool().reader().map_err(Problem::internal)?;
        let (record, version) = layers.find(&by, &store, &id, None)?;
        make(&layers, record, version)
    })
    .await
    .map_err(Problem::internal)?
}

/// 409: not in this state.
fn stands(detail: &str) -> Problem {
    Problem::new(StatusCode::CONFLICT, detail)
}

fn expected(layer: &str, id: &Id, version: u64) -> Expected {
    Expected {
        layer: layer.into(),
        id: Arc::clone(id),
        version,
    }
}

async fn write(
    app: &App,
    viewer: &Viewer,
    operation: Operation,
    version: Option<u64>,
    reason: &str,
) -> Result<Done, Problem> {
    let expects = version.map(|version| expected(LAYER, operation.id(), version));
    let set = ChangeSet {
        reason: reason.to_owned(),
        expects: expects.into_iter().collect(),
        changes: vec![Change {
            layer: LAYER.into(),
            operation,
        }],
        ..ChangeSet::default()
    };
    apply(app, viewer, set).await
}

async fn apply(app: &App, viewer: &Viewer, mut set: ChangeSet) -> Result<Done, Problem> {
    set.author = viewer.author().to_owned();
    let origin = (0..set.changes.len()).collect();
    match app.keeper().apply(set, origin, false).await {
        Ok(done) => Ok(done),
        Err(refusal) => Err(refusal.problem(app, viewer).await),
    }
}

async fn answer(app: App, viewer: Viewer, id: Id, status: StatusCode) -> Result<Response, Problem> {
    let layers = Layers::of(&app)?;
    let told = app
        .pool()
        .read(move |store| {
            let (record, version) = store.get_versioned(LAYER, &id)?;
            Ok(record.map(|record| layers.told(&viewer, &record, version)))
        })
        .await?;
    let told = told.ok_or_else(|| Problem::internal("a variant that was just written"))?;
    Ok((status, Json(told)).into_response())
}
