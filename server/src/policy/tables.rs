//! Which rows of a table lie in a viewer's territory, or are a viewer's own: by what they say
//! themselves, or by the features that they name.

use std::{
    collections::{BTreeSet, HashMap},
    sync::Arc,
};

use yizhangtu_data::{
    FieldKind, Layer, Record, Value,
    store::{GeoPackage, StoreError, Walk},
};

use super::{
    Action, Cuts, Reach, Viewer,
    cut::{names, past},
};
use crate::atlas::{LayerSnapshot, Snapshot};

/// Longest chain of tables that name one another.
const DEEPEST: usize = 4;

/// The ids of the rows of a table that a viewer may do an action on; none where all.
///
/// `then` is the moment whose rows are asked for, the number of a change; now where there is
/// none. What a territory held then is told by where things were then.
///
/// # Errors
/// When the file cannot be read.
pub(crate) fn rows(
    cuts: &Cuts,
    viewer: &Viewer,
    snapshot: &Arc<Snapshot>,
    store: &GeoPackage,
    layer: &Layer,
    then: Option<u64>,
) -> Result<Option<BTreeSet<String>>, StoreError> {
    // Where things are, and whose, does not depend on whether the viewer may see them.
    let everything = match viewer.reach(layer) {
        Reach::Everywhere => return Ok(None),
        Reach::Territory(_) => viewer.everywhere(),
        Reach::Own => viewer.holding(),
    };
    let mut rows = Rows {
        viewer: &everything,
        cut: cuts.of(&everything, Action::View, snapshot),
        snapshot,
        store,
        then,
        read: HashMap::new(),
    };
    store.moment(|| rows.ids(layer, 0)).map(Some)
}

/// What a territory holds at a moment.
struct Rows<'a> {
    viewer: &'a Viewer,
    /// The map as it is now, cut to the territory.
    cut: Arc<Snapshot>,
    snapshot: &'a Snapshot,
    store: &'a GeoPackage,
    then: Option<u64>,
    /// The tables that are asked, by name.
    read: HashMap<String, Walk<'a>>,
}

impl<'a> Rows<'a> {
    fn ids(&mut self, layer: &Layer, depth: usize) -> Result<BTreeSet<String>, StoreError> {
        if let Some(found) = self.on_the_map(layer)? {
            return Ok(found);
        }
        let mut found = BTreeSet::new();
        let viewer = self.viewer;
        if viewer.reach(layer) == Reach::Own && viewer.has_owners(layer) {
            self.table(&layer.id)?.each(|row| {
                if viewer.owns(layer, &row) {
                    found.insert(row.id.to_string());
                }
            })?;
            return Ok(found);
        }
        let places = viewer.places(&layer.id);
        if depth == DEEPEST {
            return Ok(found);
        }
        for (rank, place) in places.iter().enumerate() {
            if let Some((table, field)) = place.split_once('.') {
                let Some(naming) = self.store.layer(table).cloned() else {
                    continue;
                };
                for id in self.ids(&naming, depth + 1)? {
                    let row = self.table(table)?.get(&id)?;
                    let row = row.filter(|row| is_open(&naming, row));
                    let named =
                        row.and_then(|row| row.get(&naming, field).as_text().map(str::to_owned));
                    found.extend(named);
                }
                continue;
            }
            let Some(field) = layer.field(place) else {
                continue;
            };
            let target = field.reference.as_deref();
            let Some(target) = target.and_then(|target| self.store.layer(target)).cloned() else {
                continue;
            };
            let ids = self.ids(&target, depth + 1)?;
            let table = self.table(&layer.id)?;
            let mut rows = Vec::new();
            if field.kind == FieldKind::Json {
                // A list of names is in no index.
                table.each(|row| {
                    if ids.iter().any(|id| names(row.get(layer, place), id)) {
                        rows.push(row);
                    }
                })?;
            } else {
                for id in ids {
                    rows.extend(table.find(place, &Value::from(id.as_str()))?);
                }
            }
            let rows = rows.into_iter().filter(|row| {
                // A row is where the first of its places that is filled says.
                places[..rank]
                    .iter()
                    .all(|before| row.get(layer, before).is_null())
            });
            found.extend(rows.map(|row| row.id.to_string()));
        }
        Ok(found)
    }

    /// The features of a layer that the atlas holds, as they were; none of a table.
    fn on_the_map(&self, layer: &Layer) -> Result<Option<BTreeSet<String>>, StoreError> {
        let ids = |mapped: &LayerSnapshot| {
            let ids = mapped.rows().map(|(_, row)| row.id().to_string());
            Some(ids.collect())
        };
        let Some(then) = self.then else {
            let contracts = (self.cut.contracts.as_ref()).filter(|own| own.layer.id == layer.id);
            return Ok((self.cut.layer(&layer.id).or(contracts)).and_then(|own| ids(own)));
        };
        let Some(now) = self.snapshot.layer(&layer.id) else {
            return Ok(None);
        };
        let was = now.as_of(self.store, then)?;
        Ok(ids(&past(self.viewer, self.snapshot, was)))
    }

    fn table(&mut self, name: &str) -> Result<&mut Walk<'a>, StoreError> {
        if !self.read.contains_key(name) {
            let table = (self.store).walk(name, self.then.unwrap_or(u64::MAX), None)?;
            self.read.insert(name.to_owned(), table);
        }
        Ok(self.read.get_mut(name).expect("it was put there"))
    }
}

/// Whether a residence still holds: who moved out is no longer there.
fn is_open(layer: &Layer, row: &Record) -> bool {
    row.get(layer, "moved_out").is_null()
}
