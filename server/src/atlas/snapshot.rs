//! Every mapped layer at one sequence number.

use std::sync::Arc;

use yizhangtu_data::ChangeSet;
use yizhangtu_index::Rect;

use super::{Houses, LayerSnapshot, Layers};
use crate::people::Tallies;

/// The whole map as it was after one change. It never changes itself.
pub(crate) struct Snapshot {
    /// Number of the last change that it shows.
    pub(crate) sequence: u64,
    /// The layers of the file that have a place on the map, the catalog's first.
    pub(crate) layers: Layers,
    /// The contracts: a table, but small, and placed by its assets.
    pub(crate) contracts: Option<Arc<LayerSnapshot>>,
    /// What each building counts, at the positions of the building layer.
    pub(crate) houses: Arc<Houses>,
}

impl Snapshot {
    /// Brings layers and registers together.
    pub(crate) fn new(
        sequence: u64,
        layers: Vec<Arc<LayerSnapshot>>,
        contracts: Option<Arc<LayerSnapshot>>,
        tallies: Tallies,
    ) -> Self {
        let buildings = layers.iter().find(|layer| layer.layer.id == "building");
        let houses = Arc::new(Houses::new(buildings.map(|layer| &**layer), tallies));
        Self {
            sequence,
            layers: Layers::new(layers),
            contracts,
            houses,
        }
    }

    /// A part of the map: other layers in the place of its own. What the houses count is
    /// shared where all houses are there.
    pub(crate) fn part(
        &self,
        layers: Vec<Arc<LayerSnapshot>>,
        contracts: Option<Arc<LayerSnapshot>>,
    ) -> Self {
        let buildings = layers.iter().find(|layer| layer.layer.id == "building");
        let whole = match (buildings, self.layer("building")) {
            (Some(part), Some(own)) => Arc::ptr_eq(part, own),
            (None, None) => true,
            _ => false,
        };
        let houses = if whole {
            Arc::clone(&self.houses)
        } else {
            Arc::new(self.houses.part(buildings.map(|layer| &**layer)))
        };
        Self {
            sequence: self.sequence,
            layers: Layers::new(layers),
            contracts,
            houses,
        }
    }

    /// The same map with other counts of its houses.
    pub(crate) fn with_houses(&self, houses: Arc<Houses>) -> Self {
        Self {
            sequence: self.sequence,
            layers: self.layers.clone(),
            contracts: self.contracts.clone(),
            houses,
        }
    }

    /// A mapped layer by its identifier.
    pub(crate) fn layer(&self, id: &str) -> Option<&Arc<LayerSnapshot>> {
        self.layers.get(id)
    }

    /// The smallest rectangle around everything on the map.
    pub(crate) fn bounds(&self) -> Option<Rect> {
        self.layers.bounds()
    }

    /// The same map again: layers are shared.
    pub(crate) fn shared(&self) -> Self {
        self.after(self.sequence, &ChangeSet::default(), None)
    }

    /// The map after a committed change. `tallies` are the registers' new ones where the
    /// change touched them; layers that it did not touch are shared.
    pub(crate) fn after(
        &self,
        sequence: u64,
        change: &ChangeSet,
        tallies: Option<Tallies>,
    ) -> Self {
        let next = |layer: &Arc<LayerSnapshot>| {
            let mut operations = (change.changes.iter())
                .filter(|change| *change.layer == *layer.layer.id)
                .map(|change| &change.operation)
                .peekable();
            if operations.peek().is_none() {
                return Arc::clone(layer);
            }
            Arc::new(layer.after(operations))
        };
        let layers = Layers::new(self.layers.iter().map(next).collect());
        let of = |layers: &Layers| layers.get("building").cloned();
        let houses = match (of(&self.layers), of(&layers)) {
            (Some(before), Some(after)) if tallies.is_some() || !Arc::ptr_eq(&before, &after) => {
                let changed = (change.changes.iter()).filter(|change| &*change.layer == "building");
                let ids: Vec<_> = changed
                    .map(|change| Arc::clone(change.operation.id()))
                    .collect();
                Arc::new(self.houses.after(&before, &after, &ids, tallies))
            }
            _ => Arc::clone(&self.houses),
        };
        Self {
            sequence,
            layers,
            contracts: self.contracts.as_ref().map(next),
            houses,
        }
    }
}

#[cfg(test)]
mod tests {
    use geo::{Polygon, polygon};
    use yizhangtu_data::{Catalog, Change, Layer, Operation, Record};
    use yizhangtu_index::{Area, Point, Rule};

    use super::*;
    use crate::{atlas::Atlas, people::Tally};

    fn square(west: f64) -> Polygon<f64> {
        let (south, side) = (23.0, 0.001);
        polygon![(x: west, y: south), (x: west + side, y: south), (x: west + side, y: south + side), (x: west, y: south + side)]
    }

    fn house(layer: &Layer, id: &str, west: f64) -> Record {
        let mut record = Record::new(layer, id);
        record.geometry = Some(square(west).into());
        record
            .set(layer, "rental", true)
            .set(layer, "footprint_m2", 100.25)
            .set(layer, "floor_area_m2", 300.7);
        record
    }

    fn change(layer: &str, operation: Operation) -> Change {
        Change {
            layer: layer.into(),
            operation,
        }
    }

    #[test]
    fn a_change_makes_the_next_snapshot_and_leaves_the_last_as_it_was() {
        let catalog = Catalog::embedded();
        let layer = catalog.layer("building").unwrap();
        let records = vec![house(layer, "a", 113.0), house(layer, "b", 113.1)];
        let mut tallies = Tallies {
            kinds: vec!["来穗".into()],
            ..Tallies::default()
        };
        let tally = Tally {
            people: vec![7],
            households: 2,
            rooms: 3,
            ..Tally::default()
        };
        tallies.of.insert("b".into(), tally.clone());
        let buildings = Arc::new(LayerSnapshot::new(Arc::clone(layer), records));
        let atlas = Atlas::new(Snapshot::new(1, vec![buildings], None, tallies));
        let before = atlas.snapshot();

        let mut plain = house(layer, "b", 113.1);
        plain.set(layer, "rental", false);
        let changes = ChangeSet {
            changes: vec![
                change("building", Operation::Delete("a".into())),
                change("building", Operation::Update(plain)),
                change("building", Operation::Insert(house(layer, "c", 113.2))),
            ],
            ..ChangeSet::default()
        };
        let after = atlas.publish(atlas.snapshot().after(2, &changes, None));
        assert_eq!(
            (before.sequence, after.sequence, atlas.snapshot().sequence),
            (1, 2, 2)
        );

        let ids = |snapshot: &Snapshot, lon: f64| {
            let layer = snapshot.layer("building").unwrap();
            let positions = layer.at(Point::snap(lon, 23.0005).unwrap());
            positions
                .iter()
                .map(|&at| layer.record(at).id.to_string())
                .collect::<Vec<_>>()
        };
        assert_eq!(ids(&before, 113.0005), ["a"]);
        assert!(ids(&after, 113.0005).is_empty());
        assert!(ids(&before, 113.2005).is_empty());
        assert_eq!(ids(&after, 113.2005), ["c"]);

        // Positions moved, and the tallies moved with the ids.
        let layer = after.layer("building").unwrap();
        let b = layer.position("b").unwrap();
        let house = after.houses.at(b);
        assert_eq!((house.tally.clone(), house.rental), (tally, false));
        assert_eq!((house.footprint, house.floor_area), (10_025, 30_070));
        let everything = Area::from_rect(after.bounds().unwrap());
        assert_eq!(layer.within(&everything, Rule::Within).len(), 2);
        assert_eq!(layer.len(), 2);
        assert!(layer.get("a").is_none());
    }
}
