//! From the body of `POST /changes` to one change set.

mod border;
mod members;

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
};

use axum::http::StatusCode;
use serde_json::{Map, Value as Json, json};
use yizhangtu_data::{
    Change, ChangeSet, Expected, Id, Layer, Operation, Record, store::GeoPackage,
};

use self::members::number;
use super::{
    Draft, Fault,
    refusal::{of_store, unfit},
};
use crate::{
    atlas::Snapshot,
    http::{App, Problem},
    policy::{Action, Viewer},
};

/// Changes in one request at most.
const MOST: usize = 10_000;

/// A change set, and the place in the request that each of its changes came from.
pub(super) struct Composed {
    pub(super) set: ChangeSet,
    pub(super) origin: Vec<usize>,
}

/// Reads the changes of a request against what the file holds now.
///
/// # Errors
/// A problem that names every fault.
pub(super) fn compose(
    app: &App,
    store: &GeoPackage,
    viewer: &Viewer,
    changes: &[Json],
) -> Result<Composed, Problem> {
    if changes.len() > MOST {
        return Err(Problem::new(
            StatusCode::PAYLOAD_TOO_LARGE,
            format!(
                "一次最多 {MOST} 项修改，请分批 / at most {MOST} changes at once; send them in parts"
            ),
        ));
    }
    let mut composer = Composer {
        app,
        store,
        viewer,
        snapshot: app.snapshot(),
        set: ChangeSet::default(),
        origin: Vec::new(),
        left: HashMap::new(),
        expected: HashSet::new(),
        unplaced: Vec::new(),
        faults: Vec::new(),
        place: 0,
    };
    for (place, change) in changes.iter().enumerate() {
        composer.place = place;
        composer.change(change)?;
    }
    composer.place_all()?;
    if !composer.faults.is_empty() {
        return Err(unfit(&composer.faults));
    }
    Ok(Composed {
        set: composer.set,
        origin: composer.origin,
    })
}

type Key = (Arc<str>, Id);

struct Composer<'a> {
    app: &'a App,
    store: &'a GeoPackage,
    viewer: &'a Viewer,
    snapshot: Arc<Snapshot>,
    set: ChangeSet,
    origin: Vec<usize>,
    /// What the changes so far leave of the features that they touch.
    left: HashMap<Key, Option<Record>>,
    expected: HashSet<Key>,
    /// New rows that lie where rows naming them lie, and that none named yet.
    unplaced: Vec<Key>,
    faults: Vec<Fault>,
    /// The place of the change that is being read.
    place: usize,
}

impl Composer<'_> {
    fn change(&mut self, change: &Json) -> Result<(), Problem> {
        let Json::Object(members) = change else {
            return Err(self.bad("", "应为对象", "must be an object"));
        };
        let op = self.text(members, "op")?;
        let known: &[&str] = match op {
            "insert" => &["id", "feature"],
            "update" | "replace" => &["id", "version", "feature"],
            "delete" => &["id", "version"],
            "move_vertex" => &["from", "to", "ids"],
            "split" => &["id", "version", "line", "parts"],
            "merge" => &["ids", "versions", "properties"],
            _ => {
                return Err(self.bad(
                    "op",
                    &format!("没有操作“{op}”"),
                    &format!("there is no operation “{op}”"),
                ));
            }
        };
        if let Some(name) = (members.keys()).find(|name| {
            !["op", "layer"].contains(&name.as_str()) && !known.contains(&name.as_str())
        }) {
            return Err(self.bad(name, "没有这个成员", "no such member"));
        }
        let id = self.text(members, "layer")?;
        // Who may only report makes what is not theirs to read.
        let reports =
            |layer: &&Arc<Layer>| op == "insert" && self.viewer.may(Action::Create, layer);
        let layer = self.seen(id).or_else(|| self.app.layer(id).filter(reports));
        let layer = Arc::clone(layer.ok_or_else(|| {
            Problem::not_found(format!(
                "changes[{}]：没有图层 {id} / there is no layer {id}",
                self.place
            ))
        })?);
        match op {
            "insert" => self.insert(&layer, members),
            "update" | "replace" => self.update(&layer, members, op == "replace"),
            "delete" => self.delete(&layer, members),
            "move_vertex" => self.move_vertex(&layer, members),
            "split" => self.split(&layer, members),
            _ => self.merge(&layer, members),
        }
    }

    /// A layer that the viewer may see.
    fn seen(&self, id: &str) -> Option<&Arc<Layer>> {
        (self.app.layer(id)).filter(|layer| self.viewer.may(Action::View, layer))
    }

    fn insert(&mut self, layer: &Arc<Layer>, members: &Map<String, Json>) -> Result<(), Problem> {
        let feature = self.member(members, "feature")?;
        let id = match members.get("id") {
            None => None,
            Some(Json::String(id)) => Some(id.as_str()),
            Some(_) => return Err(self.bad("id", "应为文本", "must be a text")),
        };
        let drafted = self.draft(layer).insert(id, feature);
        self.keep(layer, drafted, Operation::Insert)
    }

    fn update(
        &mut self,
        layer: &Arc<Layer>,
        members: &Map<String, Json>,
        whole: bool,
    ) -> Result<(), Problem> {
        let id: Id = self.text(members, "id")?.into();
        let feature = self.member(members, "feature")?;
        let base = self.base(layer, &id)?;
        self.expect(layer, &id, members.get("version"))?;
        let draft = self.draft(layer);
        let drafted = if whole {
            draft.replace(&base, feature)
        } else {
            draft.patch(&base, feature)
        };
        self.keep(layer, drafted, Operation::Update)
    }

    fn delete(&mut self, layer: &Arc<Layer>, members: &Map<String, Json>) -> Result<(), Problem> {
        let id: Id = self.text(members, "id")?.into();
        self.base(layer, &id)?;
        self.expect(layer, &id, members.get("version"))?;
        self.push(layer, Operation::Delete(id))
    }

    fn draft<'d>(&'d self, layer: &'d Arc<Layer>) -> Draft<'d> {
        Draft {
            layer,
            catalog: self.app.catalog(),
            viewer: self.viewer,
            change: Some(self.place),
            from: None,
        }
    }

    /// A feature as the changes so far leave it.
    fn base(&self, layer: &Layer, id: &Id) -> Result<Record, Problem> {
        let missing = || {
            Problem::not_found(format!(
                "changes[{place}]：图层 {layer} 没有要素 {id} / the layer {layer} has no feature {id}",
                place = self.place,
                layer = layer.id
            ))
        };
        match self.left.get(&(layer.id.as_str().into(), Arc::clone(id))) {
            Some(left) => left.clone().ok_or_else(missing),
            None => (self.store.get(&layer.id, id))
                .map_err(|error| of_store(&error))?
                .ok_or_else(missing),
        }
    }

    /// The version that the author saw; needed once for each feature.
    fn expect(&mut self, layer: &Layer, id: &Id, version: Option<&Json>) -> Result<(), Problem> {
        let key: Key = (layer.id.as_str().into(), Arc::clone(id));
        let known = self.left.contains_key(&key) || self.expected.contains(&key);
        let version = match version {
            None | Some(Json::Null) if known => return Ok(()),
            None | Some(Json::Null) => return Err(self.version_missing()),
            Some(version) => number(version).ok_or_else(|| {
                self.bad("version", "应为版本号", "must be the number of a version")
            })?,
        };
        if self.expected.insert(key.clone()) && !self.left.contains_key(&key) {
            self.set.expects.push(Expected {
                layer: key.0,
                id: key.1,
                version,
            });
        }
        Ok(())
    }

    /// The version that there is, for a feature that the request did not name.
    fn expect_now(&mut self, layer: &Layer, id: &Id) -> Result<(), Problem> {
        let version = (self.store.version(&layer.id, id)).map_err(|error| of_store(&error))?;
        self.expect(layer, id, Some(&json!(version)))
    }

    fn keep(
        &mut self,
        layer: &Layer,
        drafted: Result<Record, Vec<Fault>>,
        operation: fn(Record) -> Operation,
    ) -> Result<(), Problem> {
        match drafted {
            Ok(record) => self.push(layer, operation(record))?,
            Err(faults) => self.faults.extend(faults),
        }
        Ok(())
    }

    /// Takes an operation in, where the viewer may do it.
    fn push(&mut self, layer: &Layer, operation: Operation) -> Result<(), Problem> {
        let id: &str = operation.id();
        // What an earlier change of this request made is there for it alone.
        let key = (Arc::from(layer.id.as_str()), Arc::clone(operation.id()));
        let there = (!self.left.contains_key(&key)).then_some(id);
        let (action, on) = match &operation {
            Operation::Insert(record) => (Action::Create, (None, Some(record))),
            Operation::Update(record) => (Action::Edit, (there, Some(record))),
            Operation::Delete(_) => (Action::Delete, (there, None)),
        };
        if action == Action::Create && self.is_placed_by_others(layer) {
            super::may(self.app, self.viewer, action, layer)?;
            self.unplaced.push(key);
        } else {
            super::may_on(self.app, self.viewer, self.store, action, layer, on)?;
        }
        let layer: Arc<str> = layer.id.as_str().into();
        self.left.insert(
            (Arc::clone(&layer), Arc::clone(operation.id())),
            operation.record().cloned(),
        );
        self.set.changes.push(Change { layer, operation });
        self.origin.push(self.place);
        Ok(())
    }

    /// Whether a layer's rows lie where rows of another table that name them lie, as people
    /// do where they reside, and the viewer's right ends at a territory.
    fn is_placed_by_others(&self, layer: &Layer) -> bool {
        self.viewer.ground(layer).is_some()
            && super::rights::is_placed_by_others(self.viewer, layer)
    }

    /// Refuses new rows that nothing in the set places in the viewer's territory. What does
    /// was checked when it was read.
    fn place_all(&self) -> Result<(), Problem> {
        for (layer, id) in &self.unplaced {
            let naming =
                (self.viewer.places(layer).iter()).filter_map(|place| place.split_once('.'));
            let placed = naming.into_iter().any(|(table, field)| {
                let Some(table) = self.app.layer(table) else {
                    return false;
                };
                (self.set.changes.iter())
                    .filter(|change| *change.layer == *table.id)
                    .filter_map(|change| change.operation.record())
                    .any(|record| record.get(table, field).as_text() == Some(&**id))
            });
            if !placed {
                return Err(super::rights::outside());
            }
        }
        Ok(())
    }

    fn fault(
        &mut self,
        layer: &Layer,
        id: &Id,
        field: &str,
        code: &'static str,
        message: String,
        place: Option<[f64; 2]>,
    ) {
        self.faults.push(Fault {
            change: Some(self.place),
            layer: layer.id.as_str().into(),
            id: Arc::clone(id),
            field: field.to_owned(),
            code,
            message,
            place,
        });
    }
}
