//! What refers to a feature that goes: it goes too where the catalog says so, follows where
//! the feature was merged into another, and stands in the way everywhere else.

use std::{
    collections::{BTreeMap, HashMap, HashSet},
    sync::Arc,
};

use serde_json::Value as Json;
use yizhangtu_data::{
    Change, ChangeSet, Field, FieldKind, Id, Layer, Operation, Record, Value,
    store::{GeoPackage, StoreError},
};

use super::Fault;

/// Ids of those that refer which a refusal names.
const NAMED: usize = 3;

/// A feature: its layer and id.
type Key = (Arc<str>, Id);

/// Completes a set by what goes and what follows with the features that it removes, and says
/// what stands in the way. `origin` are the places of its changes in the request.
///
/// # Errors
/// When the file cannot be read.
pub(super) fn settle(
    store: &GeoPackage,
    set: &mut ChangeSet,
    origin: &mut Vec<usize>,
) -> Result<Vec<Fault>, StoreError> {
    let mut settling = Settling::new(store, set, origin);
    let mut faults = BTreeMap::new();
    let mut round: Vec<Key> = settling.removed();
    let mut seen: HashSet<Key> = round.iter().cloned().collect();
    while !round.is_empty() {
        let mut next = Vec::new();
        for (layer, field) in referring(store, &round) {
            let gone: Vec<&Id> = (round.iter())
                .filter(|(of, _)| field.reference.as_deref() == Some(&**of))
                .map(|(_, id)| id)
                .collect();
            for (row, id) in rows(store, &layer, &field, &gone)? {
                let target: Key = (field.reference.as_deref().unwrap_or_default().into(), id);
                let own: Key = (layer.id.as_str().into(), row);
                let Some(record) = settling.still_refers(&layer, &field, &own, &target.1)? else {
                    continue;
                };
                if let Some(heir) = settling.heirs.get(&target).cloned() {
                    settling.follow(&layer, &field, record, &target, &heir);
                } else if field.cascade || is_of_log(store, &layer, &field) {
                    if seen.insert(own.clone()) {
                        settling.push(own.clone(), Operation::Delete(Arc::clone(&own.1)), &target);
                        next.push(own);
                    }
                } else {
                    let by: &mut Vec<(Arc<Layer>, Id)> = faults.entry(target).or_default();
                    by.push((Arc::clone(&layer), own.1));
                }
            }
        }
        round = next;
    }
    Ok(faults
        .into_iter()
        .map(|(target, by)| settling.fault(&target, &by))
        .collect())
}

/// What still refers to features that are gone from the file: what stands in the way of an
/// undoing that took them away.
///
/// # Errors
/// When the file cannot be read.
pub(super) fn left_behind(
    store: &GeoPackage,
    gone: &[(Arc<str>, Id)],
) -> Result<Vec<Fault>, StoreError> {
    let mut set = ChangeSet {
        changes: gone
            .iter()
            .map(|(layer, id)| Change {
                layer: Arc::clone(layer),
                operation: Operation::Delete(Arc::clone(id)),
            })
            .collect(),
        ..ChangeSet::default()
    };
    let settled = set.changes.len();
    let mut faults = settle(store, &mut set, &mut Vec::new())?;
    // What would go by itself is not what was asked to be undone: it stands in the way too.
    for change in &set.changes[settled..] {
        let id = Arc::clone(change.operation.id());
        let message = "有后来添加的记录，请先处理 / was added since; see to it first".to_owned();
        faults.push(fault(None, &change.layer, &id, message));
    }
    Ok(faults)
}

struct Settling<'a> {
    store: &'a GeoPackage,
    set: &'a mut ChangeSet,
    origin: &'a mut Vec<usize>,
    /// What the set leaves of the features that it touches.
    left: HashMap<Key, Option<Record>>,
    /// What a feature was merged into.
    heirs: HashMap<Key, Id>,
    /// Places in the request of the changes that take features away.
    places: HashMap<Key, usize>,
}

impl<'a> Settling<'a> {
    fn new(store: &'a GeoPackage, set: &'a mut ChangeSet, origin: &'a mut Vec<usize>) -> Self {
        let mut left = HashMap::new();
        let mut places = HashMap::new();
        for (at, change) in set.changes.iter().enumerate() {
            let key = (Arc::clone(&change.layer), Arc::clone(change.operation.id()));
            if let Some(place) = origin.get(at) {
                places.insert(key.clone(), *place);
            }
            left.insert(key, change.operation.record().cloned());
        }
        let heirs = (set.lineage.iter())
            .map(|kin| {
                let key = (Arc::clone(&kin.layer), Arc::clone(&kin.predecessor));
                (key, Arc::clone(&kin.successor))
            })
            .collect();
        Self {
            store,
            set,
            origin,
            left,
            heirs,
            places,
        }
    }

    /// The features that the set takes away.
    fn removed(&self) -> Vec<Key> {
        let gone = self.left.iter().filter(|(_, record)| record.is_none());
        let mut gone: Vec<Key> = gone.map(|(key, _)| key.clone()).collect();
        gone.sort();
        gone
    }

    /// The row as the set leaves it, where it is still there and still refers to a feature.
    fn still_refers(
        &self,
        layer: &Layer,
        field: &Field,
        own: &Key,
        id: &Id,
    ) -> Result<Option<Record>, StoreError> {
        let record = match self.left.get(own) {
            Some(left) => left.clone(),
            None => self.store.get(&layer.id, &own.1)?,
        };
        let at = layer.position(&field.name);
        Ok(record.filter(|record| {
            at.is_some_and(|at| super::rules::referred(field, &record.values[at]).contains(id))
        }))
    }

    /// Lets a row refer to what a feature was merged into.
    fn follow(&mut self, layer: &Layer, field: &Field, mut record: Record, from: &Key, to: &Id) {
        let Some(at) = layer.position(&field.name) else {
            return;
        };
        record.values[at] = match &record.values[at] {
            Value::Json(list) => {
                let mut ids: Vec<Json> = Vec::new();
                for id in list.as_array().into_iter().flatten() {
                    let id = if id.as_str() == Some(&*from.1) {
                        Json::from(&**to)
                    } else {
                        id.clone()
                    };
                    if !ids.contains(&id) {
                        ids.push(id);
                    }
                }
                Value::Json(Box::new(ids.into()))
            }
            _ => Value::from(&**to),
        };
        let own = (Arc::from(layer.id.as_str()), Arc::clone(&record.id));
        self.push(own, Operation::Update(record), from);
    }

    fn push(&mut self, own: Key, operation: Operation, because: &Key) {
        let place = self.places.get(because).copied();
        if let Some(place) = place {
            self.origin.push(place);
            self.places.insert(own.clone(), place);
        }
        self.left.insert(own.clone(), operation.record().cloned());
        self.set.changes.push(Change {
            layer: own.0,
            operation,
        });
    }

    fn fault(&self, target: &Key, by: &[(Arc<Layer>, Id)]) -> Fault {
        let mut layers: Vec<&Arc<Layer>> = by.iter().map(|(layer, _)| layer).collect();
        layers.dedup_by(|a, b| a.id == b.id);
        let (mut zh, mut en) = (Vec::new(), Vec::new());
        for layer in layers {
            let ids: Vec<&str> = by
                .iter()
                .filter(|(own, _)| own.id == layer.id)
                .map(|(_, id)| &**id)
                .collect();
            // How many people belong to one house is not told by the way.
            if layer.personal {
                zh.push(layer.title.zh.clone());
                en.push(layer.title.en.clone());
                continue;
            }
            let more = if ids.len() > NAMED { "…" } else { "" };
            let named = ids[..ids.len().min(NAMED)].join(", ");
            let count = ids.len();
            zh.push(format!("{} {count} 条（{named}{more}）", layer.title.zh));
            en.push(format!("{} × {count} ({named}{more})", layer.title.en));
        }
        let message = format!(
            "仍被引用，不能删除：{}；请先改正或删除它们 / still referred to by {}; correct or remove them first",
            zh.join("、"),
            en.join(", ")
        );
        fault(
            self.places.get(target).copied(),
            &target.0,
            &target.1,
            message,
        )
    }
}

fn fault(change: Option<usize>, layer: &Arc<str>, id: &Id, message: String) -> Fault {
    Fault {
        change,
        layer: Arc::clone(layer),
        id: Arc::clone(id),
        field: "id".to_owned(),
        code: "referred",
        message,
        place: None,
    }
}

/// The fields that may refer to some features.
fn referring(store: &GeoPackage, to: &[Key]) -> Vec<(Arc<Layer>, Field)> {
    let layers: HashSet<&str> = to.iter().map(|(layer, _)| &**layer).collect();
    let own = store.layers().iter().flat_map(|layer| {
        let fields = layer.fields.iter();
        fields.map(move |field| (Arc::clone(layer), field))
    });
    own.filter(|(_, field)| {
        (field.reference.as_deref()).is_some_and(|reference| layers.contains(reference))
    })
    .map(|(layer, field)| (layer, field.clone()))
    .collect()
}

/// Whether a field names the feature that a log is of: the log goes with it, where rules let
/// it go at all.
fn is_of_log(store: &GeoPackage, layer: &Layer, field: &Field) -> bool {
    let process = store.catalog().process_of_log(&layer.id);
    process.is_some_and(|process| field.reference.as_deref() == Some(&process.layer))
}

/// Rows that refer to one of some ids: the row's id, and the one that it refers to.
fn rows(
    store: &GeoPackage,
    layer: &Layer,
    field: &Field,
    ids: &[&Id],
) -> Result<Vec<(Id, Id)>, StoreError> {
    let (table, column) = (quoted(&layer.id), quoted(&field.name));
    let sql = if field.kind == FieldKind::Json {
        format!(
            "SELECT t.id, j.value FROM {table} t, \
               json_each(CASE WHEN json_valid(t.{column}) THEN t.{column} ELSE '[]' END) j \
             WHERE j.value IN (SELECT value FROM json_each(?1))"
        )
    } else {
        format!(
            "SELECT t.id, t.{column} FROM json_each(?1) g \
             CROSS JOIN {table} t ON t.{column} = g.value"
        )
    };
    let ids = Json::from_iter(ids.iter().map(|id| id.to_string())).to_string();
    store.query(&sql, [ids], |row| {
        Ok((
            Id::from(row.get::<_, String>(0)?),
            Id::from(row.get::<_, String>(1)?),
        ))
    })
}

fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}
