//! Rules that need more than the record: who may set a field, and whether what it refers to
//! is there.

use std::{collections::HashMap, sync::Arc};

use yizhangtu_data::{
    Catalog, ChangeSet, Field, Id, Layer, Operation, Record, Value,
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
            change: origin.get(place).copied(),
        };
        for (at, field) in layer.fields.iter().enumerate() {
            faults.extend(check.field(at, field)?);
        }
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
    change: Option<usize>,
}

impl Check<'_> {
    fn field(&self, at: usize, field: &Field) -> Result<Option<Fault>, StoreError> {
        let value = &self.record.values[at];
        let old = self.base.map(|base| &base.values[at]);
        if old == Some(value) || (old.is_none() && value.is_null()) {
            return Ok(None);
        }
        if field.workflow && !(old.is_none() && begins(self.store.catalog(), field, value)) {
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

/// Whether a new feature may begin with a value: the first state of its list.
fn begins(catalog: &Catalog, field: &Field, value: &Value) -> bool {
    let list = field
        .code_list
        .as_ref()
        .and_then(|list| catalog.code_list(list));
    list.and_then(|list| list.codes.first())
        .is_some_and(|first| value.as_text() == Some(first.code.as_str()))
}

/// The ids that a value refers to.
fn referred(field: &Field, value: &Value) -> Vec<Id> {
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
