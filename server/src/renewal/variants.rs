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

use super::{
    indicators::Definitions,
    outline::Outline,
    steps::{Step, unfit},
};
use crate::{
    changes::{self, Done, Draft},
    http::{App, Parameters, Problem},
    policy::{Action, Viewer},
};

const LAYER: &str = "unit_variant";
const UNITS: &str = "renewal_unit";

/// States of a variant: codes of `variant_state`.
const DRAFT: &str = "草稿";
const SENT: &str = "送审";
const RETURNED: &str = "退回";
const ADOPTED: &str = "已采用";

/// The first stage: where a new unit begins.
const FIRST_STAGE: &str = "0";

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

    /// A variant that the viewer sees, with its version.
    fn find(
        &self,
        viewer: &Viewer,
        store: &GeoPackage,
        id: &str,
    ) -> Result<(Record, u64), Problem> {
        let (record, version) = store.get_versioned(LAYER, id).map_err(Problem::internal)?;
        (record.filter(|record| self.shows(viewer, record)))
            .map(|record| (record, version))
            .ok_or_else(|| Problem::not_found(format!("没有方案 {id} / there is no variant {id}")))
    }
}

/// `GET /renewal/variants?unit=`: those that the viewer sees, the latest first.
pub(super) async fn list(
    State(app): State<App>,
    viewer: Viewer,
    mut given: Parameters,
) -> Result<Json<Vec<Told>>, Problem> {
    let unit = given.take("unit")?;
    given.finish()?;
    let layers = Layers::of(&app)?;
    viewer.require(Action::View, &layers.units)?;
    let mut all = app
        .pool()
        .read(move |store| {
            let mut all = Vec::new();
            store.scan(LAYER, |record| {
                let about = layers.text(&record, "renewal_unit");
                let asked = unit.as_deref().is_none_or(|unit| unit == about);
                if asked && layers.shows(&viewer, &record) {
                    all.push(record);
                }
            })?;
            all.into_iter()
                .map(|record| {
                    let (_, version) = store.get_versioned(LAYER, &record.id)?;
                    Ok(layers.told(&viewer, &record, version))
                })
                .collect::<Result<Vec<_>, _>>()
        })
        .await?;
    all.sort_by(|a, b| b["made_at"].as_str().cmp(&a["made_at"].as_str()));
    Ok(Json(all))
}

/// `GET /renewal/variants/{id}`: with its outline and figures as the map is now.
pub(super) async fn one(
    State(app): State<App>,
    Path(id): Path<String>,
    viewer: Viewer,
    given: Parameters,
) -> Result<Json<Told>, Problem> {
    given.finish()?;
    let layers = Layers::of(&app)?;
    tokio::task::spawn_blocking(move || {
        let store = app.pool().reader().map_err(Problem::internal)?;
        let (record, version) = layers.find(&viewer, &store, &id)?;
        let definitions = Definitions::of_store(&store)?;
        let unit = record.get(&layers.variants, "renewal_unit").as_text();
        let steps = steps_of(&layers, &record)?;
        let outline = Outline::of(&app, &viewer, &definitions, &steps, unit)?;
        let mut told = layers.told(&viewer, &record, version);
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
    let (maker, by, asked) = (app.clone(), viewer.clone(), id.clone());
    let (record, version) = tokio::task::spawn_blocking(move || {
        let store = maker.pool().reader().map_err(Problem::internal)?;
        let (mut record, version) = layers.find(&by, &store, &asked)?;
        let open = matches!(layers.text(&record, "state"), DRAFT | RETURNED);
        own(&by, &layers, &record)?;
        if !open {
            return Err(stands(
                "已送审或采用的方案不能改 / a variant that was sent in or adopted stays as it is",
            ));
        }
        fill(&maker, &by, &layers, &mut record, given)?;
        Ok((record, version))
    })
    .await
    .map_err(Problem::internal)??;
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
    let (maker, by) = (app.clone(), viewer.clone());
    let (record, version) = tokio::task::spawn_blocking(move || {
        let store = maker.pool().reader().map_err(Problem::internal)?;
        let (record, version) = layers.find(&by, &store, &id)?;
        own(&by, &layers, &record)?;
        if layers.text(&record, "state") == ADOPTED {
            return Err(stands(
                "已采用的方案要留存，不能删除 / an adopted variant is kept",
            ));
        }
        Ok((record, version))
    })
    .await
    .map_err(Problem::internal)??;
    let gone = Operation::Delete(record.id);
    write(&app, &viewer, gone, Some(version), "删除比选方案").await?;
    Ok(StatusCode::NO_CONTENT)
}

/// What moves a variant on.
#[derive(Clone, Copy)]
enum Act {
    Send,
    Recall,
    Return,
    Adopt,
}

/// `POST /renewal/variants/{id}/{act}` with `{"note"}`: send, recall, return, adopt.
pub(super) async fn act(
    State(app): State<App>,
    Path((id, act)): Path<(String, String)>,
    viewer: Viewer,
    parameters: Parameters,
    body: Bytes,
) -> Result<Response, Problem> {
    parameters.finish()?;
    app.writable()?;
    let layers = Layers::of(&app)?;
    let act = match act.as_str() {
        "send" => Act::Send,
        "recall" => Act::Recall,
        "return" => Act::Return,
        "adopt" => Act::Adopt,
        other => {
            return Err(Problem::not_found(format!(
                "方案没有步骤 {other} / a variant has no step {other}"
            )));
        }
    };
    let note = if body.is_empty() {
        None
    } else {
        read(&body)?.note
    };
    let (maker, by) = (app.clone(), viewer.clone());
    let set = tokio::task::spawn_blocking(move || {
        let store = maker.pool().reader().map_err(Problem::internal)?;
        let (record, version) = layers.find(&by, &store, &id)?;
        moved(&maker, &by, &layers, (record, version), act, note)
    })
    .await
    .map_err(Problem::internal)??;
    let id = Arc::clone(set.changes[0].operation.id());
    apply(&app, &viewer, set).await?;
    answer(app, viewer, id, StatusCode::OK).await
}

/// The changes that an act makes.
fn moved(
    app: &App,
    viewer: &Viewer,
    layers: &Layers,
    (mut record, version): (Record, u64),
    act: Act,
    note: Option<String>,
) -> Result<ChangeSet, Problem> {
    let state = layers.text(&record, "state").to_owned();
    let now = Value::DateTime(clock::now());
    let variants = &layers.variants;
    let mut set = ChangeSet {
        expects: vec![expected(LAYER, &record.id, version)],
        ..ChangeSet::default()
    };
    match act {
        Act::Send | Act::Recall => {
            own(viewer, layers, &record)?;
            let (from, to): (&[&str], &str) = match act {
                Act::Send => (&[DRAFT, RETURNED], SENT),
                _ => (&[SENT], DRAFT),
            };
            if !from.contains(&state.as_str()) {
                return Err(stands(&format!(
                    "方案现在是“{state}”，不能这样办 / the variant is “{state}”: this cannot be done now"
                )));
            }
            record
                .set(variants, "state", to)
                .set(variants, "sent_at", now);
            if to == SENT && record.geometry.is_none() {
                return Err(unfit(
                    "steps",
                    "还没有范围，不能送审 / there is no outline yet to send in",
                ));
            }
            set.reason = if to == SENT {
                "方案送审"
            } else {
                "撤回送审"
            }
            .to_owned();
        }
        Act::Return | Act::Adopt => {
            viewer.require(Action::Approve, &layers.units)?;
            if layers.text(&record, "author") == viewer.author() {
                return Err(Problem::new(
                    StatusCode::FORBIDDEN,
                    "本人拟定的方案须由另一人审核 / a variant is reviewed by somebody other than its author",
                ));
            }
            if state != SENT {
                return Err(stands(&format!(
                    "方案现在是“{state}”，只有送审的方案可以审核 / the variant is “{state}”: only one that was sent in is reviewed"
                )));
            }
            let word = note.clone().unwrap_or_default();
            if matches!(act, Act::Return) && word.trim().is_empty() {
                return Err(unfit("note", "退回时请写明意见 / say why it is returned"));
            }
            let to = if matches!(act, Act::Adopt) {
                ADOPTED
            } else {
                RETURNED
            };
            if matches!(act, Act::Adopt) {
                let (operation, expects) = adopted(app, viewer, layers, &record)?;
                record.set(variants, "renewal_unit", operation.id().to_string());
                set.expects.extend(expects);
                set.changes.push(Change {
                    layer: UNITS.into(),
                    operation,
                });
            }
            record
                .set(variants, "state", to)
                .set(variants, "reviewer", viewer.author())
                .set(variants, "reviewed_at", now)
                .set(variants, "review_note", word);
            let name = layers.text(&record, "name");
            set.reason = if to == ADOPTED {
                format!("采用比选方案“{name}”")
            } else {
                format!("退回比选方案“{name}”")
            };
        }
    }
    set.changes.insert(
        0,
        Change {
            layer: LAYER.into(),
            operation: Operation::Update(record),
        },
    );
    Ok(set)
}

/// The unit that a variant becomes, and the version of it that the variant was drawn from.
fn adopted(
    app: &App,
    viewer: &Viewer,
    layers: &Layers,
    variant: &Record,
) -> Result<(Operation, Option<Expected>), Problem> {
    let store = app.pool().reader().map_err(Problem::internal)?;
    let unit = variant.get(&layers.variants, "renewal_unit").as_text();
    let definitions = Definitions::of_store(&store)?;
    let outline = Outline::of(app, viewer, &definitions, &steps_of(layers, variant)?, unit)?;
    if let Some(conflict) = outline.conflicts.first() {
        return Err(unfit(
            "geometry",
            &format!(
                "与“{}”重叠 {:.2} 平方米，不能采用 / overlaps “{}” by {:.2} m²",
                conflict.name, conflict.area_m2, conflict.name, conflict.area_m2
            ),
        )
        .beside("place", json!(conflict.place)));
    }
    let ids = |members: &[super::outline::Member]| -> Told {
        members.iter().map(|own| own.id.as_str()).collect()
    };
    let mut properties = match variant.get(&layers.variants, "properties") {
        Value::Json(own) => own.as_object().cloned().unwrap_or_default(),
        _ => serde_json::Map::new(),
    };
    properties.insert("grids".to_owned(), ids(&outline.grids));
    properties.insert("co_ops".to_owned(), ids(&outline.co_ops));
    let draft = Draft {
        layer: &layers.units,
        catalog: app.catalog(),
        viewer,
        change: None,
        from: None,
    };
    let unfit_fields = |faults: Vec<changes::Fault>| changes::unfit(&faults);
    let geometry = serde_json::to_value(&outline.geometry).map_err(Problem::internal)?;
    match unit {
        None => {
            properties.insert("stage".to_owned(), FIRST_STAGE.into());
            let feature =
                json!({ "type": "Feature", "geometry": geometry, "properties": properties });
            let record = draft.insert(None, &feature).map_err(unfit_fields)?;
            Ok((Operation::Insert(record), None))
        }
        Some(unit) => {
            let base = store.get(UNITS, unit).map_err(Problem::internal)?;
            let base = base.ok_or_else(|| {
                stands(
                    "原更新单元已不存在，请退回另拟 / the renewal unit is gone; return the variant",
                )
            })?;
            let patch = json!({ "geometry": geometry, "properties": properties });
            let record = draft.patch(&base, &patch).map_err(unfit_fields)?;
            let version = variant.get(&layers.variants, "unit_version").as_integer();
            let version = version.unwrap_or(0).cast_unsigned();
            Ok((
                Operation::Update(record),
                Some(expected(UNITS, &base.id, version)),
            ))
        }
    }
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
