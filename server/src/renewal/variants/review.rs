//! The way of a variant: sent in by its author, and adopted or returned by somebody else.

use std::sync::Arc;

use axum::{
    body::Bytes,
    extract::{Path, State},
    http::StatusCode,
    response::Response,
};
use serde_json::{Value as Told, json};
use yizhangtu_data::{Change, ChangeSet, Expected, Operation, Record, Value, clock};

use super::{
    ADOPTED, DRAFT, LAYER, Layers, RETURNED, SENT, UNITS, answer, apply, expected, found, own,
    read, stands, steps_of,
};
use crate::{
    changes::{self, Draft},
    http::{App, Parameters, Problem},
    policy::{Action, Viewer},
    renewal::{
        indicators::Definitions,
        outline::{Member, Outline},
        steps::unfit,
    },
};

/// The first stage: where a new unit begins.
const FIRST_STAGE: &str = "0";

/// What moves a variant on.
#[derive(Clone, Copy)]
enum Act {
    Send,
    Recall,
    Return,
    Adopt,
}

/// `POST /renewal/variants/{id}/{act}` with `{"note"}`: send, recall, return, adopt.
pub(in crate::renewal) async fn act(
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
    let set = found(&app, &viewer, layers, id, move |layers, record, version| {
        moved(&maker, &by, layers, (record, version), act, note)
    })
    .await?;
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
    let ids = |members: &[Member]| -> Told { members.iter().map(|own| own.id.as_str()).collect() };
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
