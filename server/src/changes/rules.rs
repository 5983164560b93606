//! Rules that need more than the record: who may set a field, and whether what it refers to
//! is there.

use std::{collections::HashMap, sync::Arc};

use yizhangtu_data::{
    Catalog, ChangeSet, Field, Id, Layer, Operation, Record, Value,
    course::{BEGIN, reference},
    store::{GeoPackage, StoreError},
};

use super::Fault;

/// What a set leaves of the features that it touches.
type Left<'s> = HashMap<(&'s str, &'s str), Option<&'s Record>>;

/// Everything that is wrong with a set by the rules of the catalog; `origin` are the places
/// of its changes in the request.
///
/// # Errors
/// When the file cannot be read.
pub(super) fn check(
    store: &GeoPackage,
    set: &ChangeSet,
    origin: &[usize],
) -> Result<Vec<Fault>, StoreError> {
    let mut left: Left<'_> = HashMap::new();
    for change in &set.changes {
        let key = (&*change.layer, &**change.operation.id());
        left.insert(key, change.operation.record());
    }
    let mut before: HashMap<(&str, &str), Record> = HashMap::new();
    let mut faults = Vec::new();
    for (place, change) in set.changes.iter().enumerate() {
        let Some(layer) = store.layer(&change.layer) else {
            continue;
        };
        let origin = origin.get(place).copied();
        if !set.step {
            faults.extend(guarded(store, layer, &change.operation, &left, origin)?);
        }
        let Some(record) = change.operation.record() else {
            continue;
        };
        let key = (&*change.layer, &*record.id);
        let base = match (&change.operation, before.get(&key)) {
            (_, Some(earlier)) => Some(earlier.clone()),
            (Operation::Update(_), None) => store.get(&layer.id, &record.id)?,
            _ => None,
        };
        let check = Check {
            store,
            layer,
            record,
            base: base.as_ref(),
            left: &left,
            step: set.step,
            change: origin,
        };
        for (at, field) in layer.fields.iter().enumerate() {
            faults.extend(check.field(at, field)?);
        }
        faults.extend(check.shape());
        before.insert(key, record.clone());
    }
    Ok(faults)
}

struct Check<'a> {
    store: &'a GeoPackage,
    layer: &'a Arc<Layer>,
    record: &'a Record,
    base: Option<&'a Record>,
    left: &'a Left<'a>,
    /// Whether the set is a step of a process.
    step: bool,
    change: Option<usize>,
}

impl Check<'_> {
    fn field(&self, at: usize, field: &Field) -> Result<Option<Fault>, StoreError> {
        let value = &self.record.values[at];
        let old = self.base.map(|base| &base.values[at]);
        if old == Some(value) || (old.is_none() && value.is_null()) {
            return Ok(None);
        }
        let began = || old.is_none() && begins(self.store.catalog(), self.layer, field, value);
        if !self.step && (self.is_locked(&field.name) || (field.workflow && !began())) {
            return Ok(Some(self.fault(
                field,
                "workflow",
                "只能由办理流程改变，请用相应的步骤",
                "is set by the steps of its workflow only",
            )));
        }
        for id in referred(field, value) {
            if !self.is_there(field.reference.as_deref().unwrap_or_default(), &id)? {
                return Ok(Some(self.fault(
                    field,
                    "reference",
                    &format!("没有编号为“{id}”的要素"),
                    &format!("there is no feature “{id}”"),
                )));
            }
        }
        Ok(None)
    }

    /// Whether a shape that is locked was redrawn.
    fn shape(&self) -> Option<Fault> {
        let redrawn = self
            .base
            .is_some_and(|base| base.geometry != self.record.geometry);
        (redrawn && !self.step && self.is_locked("geometry")).then(|| Fault {
            change: self.change,
            layer: self.layer.id.as_str().into(),
            id: Arc::clone(&self.record.id),
            field: "geometry".to_owned(),
            code: "workflow",
            message: "图形：在此状态下只能由办理流程改变 / geometry: in this state only a step of the process changes it".to_owned(),
            place: None,
        })
    }

    /// Whether the state that the feature is in locks a field.
    fn is_locked(&self, field: &str) -> bool {
        let process = self.store.catalog().process(&self.layer.id);
        let locked = process.zip(self.base).and_then(|(process, base)| {
            let state = process.state(base.get(self.layer, &process.state).as_text()?)?;
            Some(state.locks.iter().any(|lock| lock == field))
        });
        locked.unwrap_or(false)
    }

    fn is_there(&self, layer: &str, id: &str) -> Result<bool, StoreError> {
        if let Some(left) = self.left.get(&(layer, id)) {
            return Ok(left.is_some());
        }
        // A file of an older catalog may lack the layer: nothing can be said then.
        if self.store.layer(layer).is_none() {
            return Ok(true);
        }
        self.store.exists(layer, id)
    }

    fn fault(&self, field: &Field, code: &'static str, zh: &str, en: &str) -> Fault {
        Fault {
            change: self.change,
            layer: self.layer.id.as_str().into(),
            id: Arc::clone(&self.record.id),
            field: field.name.clone(),
            code,
            message: format!(
                "{}（{name}）：{zh} / {name}: {en}",
                field.label.zh,
                name = field.name
            ),
            place: None,
        }
    }
}

/// What no edit may do to a feature as a whole: a log is only written by steps, the plan in force
/// only changes by publication, and what is under way is ended by its process. What has taken no
/// step may go, and the row that began its log with it.
fn guarded(
    store: &GeoPackage,
    layer: &Arc<Layer>,
    operation: &Operation,
    left: &Left<'_>,
    change: Option<usize>,
) -> Result<Option<Fault>, StoreError> {
    let catalog = store.catalog();
    let fault = |zh: &str, en: &str| Fault {
        change,
        layer: layer.id.as_str().into(),
        id: Arc::clone(operation.id()),
        field: String::new(),
        code: "workflow",
        message: format!("{zh} / {en}"),
        place: None,
    };
    if let Some(why) = catalog.held(layer) {
        let goes_along = goes_with_its_feature(store, layer, operation, left)?;
        return Ok((!goes_along).then(|| fault(&why.zh, &why.en)));
    }
    let Some(process) = catalog.process(&layer.id) else {
        return Ok(None);
    };
    if let Operation::Delete(id) = operation
        && let Some(base) = store.get(&layer.id, id)?
        && let Some(state) = base.get(layer, &process.state).as_text()
        && (!process.initial.iter().any(|initial| initial == state)
            || has_taken_steps(store, layer, id)?)
    {
        return Ok(Some(fault(
            "已在办理，不能删除，请按流程撤销或作废",
            "is under way and can't be deleted; end it by its process",
        )));
    }
    Ok(None)
}

/// Whether a feature's log has more than the row that began it.
fn has_taken_steps(store: &GeoPackage, layer: &Layer, id: &Id) -> Result<bool, StoreError> {
    let Some((log, of)) = store.catalog().log_of(&layer.id) else {
        return Ok(false);
    };
    // A file of an older catalog may lack it.
    if store.layer(&log.id).is_none() {
        return Ok(false);
    }
    let rows = store.find(&log.id, of, &Value::from(&**id))?;
    let mut steps = rows.iter().map(|row| row.get(log, "step").as_text());
    Ok(steps.any(|step| step != Some(BEGIN)))
}

/// Whether a row of a log goes with the feature that it is of.
fn goes_with_its_feature(
    store: &GeoPackage,
    log: &Layer,
    operation: &Operation,
    left: &Left<'_>,
) -> Result<bool, StoreError> {
    let (Operation::Delete(id), Some(process)) =
        (operation, store.catalog().process_of_log(&log.id))
    else {
        return Ok(false);
    };
    let row = store.get(&log.id, id)?;
    let of = reference(log, &process.layer).and_then(|of| row.as_ref()?.get(log, of).as_text());
    Ok(of.is_some_and(|of| matches!(left.get(&(process.layer.as_str(), of)), Some(None))))
}

/// Whether a new feature may begin with a value: an initial state of its process, or the first
/// of its list where it has none.
fn begins(catalog: &Catalog, layer: &Layer, field: &Field, value: &Value) -> bool {
    if let Some(process) = catalog.process(&layer.id)
        && process.state == field.name
    {
        let initial = process.initial.iter();
        return value
            .as_text()
            .is_some_and(|state| initial.clone().any(|one| one == state));
    }
    let list = field
        .code_list
        .as_ref()
        .and_then(|list| catalog.code_list(list));
    list.and_then(|list| list.codes.first())
        .is_some_and(|first| value.as_text() == Some(first.code.as_str()))
}

/// The ids that a value refers to.
pub(super) fn referred(field: &Field, value: &Value) -> Vec<Id> {
    if field.reference.is_none() {
        return Vec::new();
    }
    match value {
        Value::Text(id) if !id.is_empty() => vec![Id::from(&**id)],
        Value::Json(list) => (list.as_array().into_iter().flatten())
            .filter_map(|id| id.as_str().map(Id::from))
            .collect(),
        _ => Vec::new(),
    }
}
