//! From the body of `POST /changes` to one change set.

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
};

use axum::http::StatusCode;
use geo::{Coord, Geometry};
use serde_json::{Map, Value as Json, json};
use yizhangtu_data::{
    Change, ChangeSet, Expected, Id, Layer, Lineage, Operation, Record, Value,
    geometry::snap_coord,
    store::GeoPackage,
    topology::{self, polygons},
};

use super::{
    Draft, Fault,
    draft::ulid,
    refusal::{of_store, unfit},
    touched::lattice,
};
use crate::{
    atlas::{LayerSnapshot, Snapshot},
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
        let layer = Arc::clone(self.seen(id).ok_or_else(|| {
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

    /// Moves a vertex in every feature that has it, or has an edge through it.
    fn move_vertex(
        &mut self,
        layer: &Arc<Layer>,
        members: &Map<String, Json>,
    ) -> Result<(), Problem> {
        let from = self.coordinate(members, "from")?;
        let to = self.coordinate(members, "to")?;
        let only: Option<Vec<Id>> = match members.get("ids") {
            None => None,
            Some(_) => Some(self.ids(members, "ids")?),
        };
        let point = lattice(&geo::Rect::new(from, from));
        let near: Vec<Id> = match (self.mapped(layer)?, point) {
            (features, Some(rect)) => (features.in_box(&rect).into_iter())
                .map(|position| Arc::clone(&features.record(position).id))
                .collect(),
            _ => Vec::new(),
        };
        let mut moved = false;
        for id in near {
            if only.as_ref().is_some_and(|only| !only.contains(&id)) {
                continue;
            }
            let Ok(mut record) = self.base(layer, &id) else {
                continue;
            };
            let Some(geometry) = &mut record.geometry else {
                continue;
            };
            if topology::move_vertex(geometry, from, to) {
                moved = true;
                self.expect_now(layer, &id)?;
                self.redrawn(layer, record)?;
            }
        }
        if moved {
            return Ok(());
        }
        self.fault(
            layer,
            &"".into(),
            "from",
            "no_vertex",
            "此处没有顶点 / there is no vertex here".to_owned(),
            Some([from.x, from.y]),
        );
        Ok(())
    }

    /// Cuts a feature along a line; neighbours get the new vertices of its outline.
    fn split(&mut self, layer: &Arc<Layer>, members: &Map<String, Json>) -> Result<(), Problem> {
        let id: Id = self.text(members, "id")?.into();
        let base = self.base(layer, &id)?;
        self.expect(layer, &id, members.get("version"))?;
        let parts = match members.get("parts") {
            None => Vec::new(),
            Some(Json::Array(parts)) => parts.clone(),
            Some(_) => return Err(self.bad("parts", "应为数组", "must be an array")),
        };
        let line =
            serde_json::from_value::<geojson::Geometry>(self.member(members, "line")?.clone())
                .ok()
                .and_then(|line| Geometry::<f64>::try_from(line).ok());
        let Some(Geometry::LineString(mut line)) = line else {
            return Err(self.bad("line", "应为 LineString", "must be a LineString"));
        };
        line.0.iter_mut().for_each(|at| *at = snap_coord(*at));
        let Some(area) = base.geometry.as_ref().and_then(polygons) else {
            self.fault(
                layer,
                &id,
                "geometry",
                "geometry",
                "只有面可以拆分 / only areas can be split".to_owned(),
                None,
            );
            return Ok(());
        };
        let pieces = topology::cut(&area, &line).unwrap_or_default();
        if pieces.len() < 2 {
            let place = line.0.first().map(|at| [at.x, at.y]);
            let message = "切割线没有把面切开，请从边界外画到边界外 / the line does not cut the area through; draw it from outside to outside";
            self.fault(layer, &id, "line", "no_cut", message.to_owned(), place);
            return Ok(());
        }
        let old = topology::vertices(
            &base
                .geometry
                .clone()
                .unwrap_or(Geometry::MultiPolygon(area)),
        );
        let mut fresh: Vec<Coord> = pieces.iter().flat_map(topology::vertices).collect();
        fresh.retain(|at| !old.contains(at));
        for (number, piece) in pieces.into_iter().enumerate() {
            let given = parts.get(number).and_then(|part| part.get("properties"));
            let mut record = base.clone();
            record.geometry = Some(piece);
            if number > 0 {
                record.id = format!("{}-{}", layer.id, ulid()).into();
                // Another feature of one code is none of the catalog's.
                for (at, field) in layer.fields.iter().enumerate() {
                    if field.unique {
                        record.values[at] = Value::Null;
                    }
                }
                self.set.lineage.push(Lineage {
                    layer: layer.id.as_str().into(),
                    predecessor: Arc::clone(&id),
                    successor: Arc::clone(&record.id),
                });
            }
            let drafted = self.draft(layer).with_properties(&record, given);
            let operation = if number == 0 {
                Operation::Update
            } else {
                Operation::Insert
            };
            self.keep(layer, drafted, operation)?;
        }
        if layer.partition {
            self.node(layer, &id, &fresh)?;
        }
        Ok(())
    }

    /// Gives neighbours the vertices that lie on their edges, so that borders stay one line.
    fn node(&mut self, layer: &Arc<Layer>, id: &Id, fresh: &[Coord]) -> Result<(), Problem> {
        let mut near: Vec<Id> = Vec::new();
        let features = Arc::clone(self.mapped(layer)?);
        for at in fresh {
            // A new vertex lies up to a lattice unit beside the edge that it is on.
            const STEP: f64 = 2e-9;
            let around = geo::Rect::new((at.x - STEP, at.y - STEP), (at.x + STEP, at.y + STEP));
            if let Some(rect) = lattice(&around) {
                near.extend(
                    (features.in_box(&rect).into_iter())
                        .map(|position| Arc::clone(&features.record(position).id)),
                );
            }
        }
        near.sort_unstable();
        near.dedup();
        for neighbour in near.into_iter().filter(|neighbour| neighbour != id) {
            let Ok(mut record) = self.base(layer, &neighbour) else {
                continue;
            };
            let Some(geometry) = &mut record.geometry else {
                continue;
            };
            let mut added = false;
            for at in fresh {
                added |= topology::add_vertex(geometry, *at);
            }
            if added {
                self.expect_now(layer, &neighbour)?;
                self.redrawn(layer, record)?;
            }
        }
        Ok(())
    }

    /// Joins features into the first of them.
    fn merge(&mut self, layer: &Arc<Layer>, members: &Map<String, Json>) -> Result<(), Problem> {
        let ids = self.ids(members, "ids")?;
        let mut unique = HashSet::new();
        if ids.len() < 2 || !ids.iter().all(|id| unique.insert(id)) {
            return Err(self.bad(
                "ids",
                "应有两个以上不同的编号",
                "must name two different features at least",
            ));
        }
        let versions = match members.get("versions") {
            Some(Json::Array(versions)) if versions.len() == ids.len() => versions.clone(),
            None => return Err(self.version_missing()),
            Some(_) => {
                return Err(self.bad(
                    "versions",
                    "应与 ids 一一对应",
                    "must have one version for each of ids",
                ));
            }
        };
        let mut areas = Vec::new();
        let mut records = Vec::new();
        for (id, version) in ids.iter().zip(&versions) {
            let record = self.base(layer, id)?;
            self.expect(layer, id, Some(version))?;
            let Some(area) = record.geometry.as_ref().and_then(polygons) else {
                self.fault(
                    layer,
                    id,
                    "geometry",
                    "geometry",
                    "只有面可以合并 / only areas can be merged".to_owned(),
                    None,
                );
                return Ok(());
            };
            areas.push(area);
            records.push(record);
        }
        let mut whole = records.swap_remove(0);
        match topology::join(&areas) {
            Ok(geometry) => whole.geometry = Some(geometry),
            Err(error) => {
                self.fault(
                    layer,
                    &ids[0],
                    "geometry",
                    "geometry",
                    error.to_string(),
                    None,
                );
                return Ok(());
            }
        }
        for gone in &ids[1..] {
            self.set.lineage.push(Lineage {
                layer: layer.id.as_str().into(),
                predecessor: Arc::clone(gone),
                successor: Arc::clone(&ids[0]),
            });
            self.push(layer, Operation::Delete(Arc::clone(gone)))?;
        }
        let drafted = (self.draft(layer)).with_properties(&whole, members.get("properties"));
        self.keep(layer, drafted, Operation::Update)
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

    /// Takes a feature with a new outline in, held against the catalog.
    fn redrawn(&mut self, layer: &Arc<Layer>, record: Record) -> Result<(), Problem> {
        let checked = record
            .geometry
            .as_ref()
            .map(|geometry| {
                let geometry = geojson::Geometry::new(geojson::GeometryValue::from(geometry));
                let geometry = serde_json::to_value(&geometry).unwrap_or_default();
                super::feature_geometry(&geometry, layer, None)
            })
            .transpose();
        match checked {
            Ok(geometry) => {
                let record = Record { geometry, ..record };
                self.push(layer, Operation::Update(record))?;
            }
            Err((message, place)) => {
                self.fault(layer, &record.id, "geometry", "geometry", message, place);
            }
        }
        Ok(())
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
        let by_others = |place: &String| place.contains('.');
        self.viewer.limits().is_some()
            && self.viewer.is_limited(layer)
            && self.viewer.places(&layer.id).iter().any(by_others)
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

    fn mapped(&self, layer: &Layer) -> Result<&Arc<LayerSnapshot>, Problem> {
        (self.snapshot.layer(&layer.id)).ok_or_else(|| {
            self.bad(
                "layer",
                "没有图形的表没有顶点",
                "a table without geometry has no vertices",
            )
        })
    }

    fn member<'j>(&self, members: &'j Map<String, Json>, name: &str) -> Result<&'j Json, Problem> {
        members
            .get(name)
            .ok_or_else(|| self.bad(name, "不能缺少", "is missing"))
    }

    fn text<'j>(&self, members: &'j Map<String, Json>, name: &str) -> Result<&'j str, Problem> {
        self.member(members, name)?
            .as_str()
            .ok_or_else(|| self.bad(name, "应为文本", "must be a text"))
    }

    fn ids(&self, members: &Map<String, Json>, name: &str) -> Result<Vec<Id>, Problem> {
        let ids = self.member(members, name)?.as_array();
        ids.and_then(|ids| ids.iter().map(|id| id.as_str().map(Id::from)).collect())
            .ok_or_else(|| self.bad(name, "应为编号的数组", "must be an array of ids"))
    }

    fn coordinate(&self, members: &Map<String, Json>, name: &str) -> Result<Coord, Problem> {
        let numbers: Option<Vec<f64>> = (self.member(members, name)?.as_array())
            .and_then(|numbers| numbers.iter().map(Json::as_f64).collect());
        match numbers.as_deref() {
            Some(&[x, y]) if x.abs() <= 180.0 && y.abs() <= 90.0 => Ok(snap_coord(Coord { x, y })),
            _ => Err(self.bad(name, "应为 [经度, 纬度]", "must be [longitude, latitude]")),
        }
    }

    fn version_missing(&self) -> Problem {
        Problem::new(
            StatusCode::PRECONDITION_REQUIRED,
            format!(
                "changes[{place}].version：缺少读到的版本号 / changes[{place}].version: the version that was read is missing",
                place = self.place
            ),
        )
    }

    fn bad(&self, name: &str, zh: &str, en: &str) -> Problem {
        let place = self.place;
        let name = if name.is_empty() {
            format!("changes[{place}]")
        } else {
            format!("changes[{place}].{name}")
        };
        Problem::parameter(&name, zh, en)
    }
}

/// A version as a number, or as the entity tag that holds it.
fn number(version: &Json) -> Option<u64> {
    version
        .as_u64()
        .or_else(|| super::post::version_of(version.as_str()?))
}
