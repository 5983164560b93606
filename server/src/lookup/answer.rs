//! What is at a point, layer by layer, as a viewer may see it.

use std::{ops::Range, sync::Arc};

use serde::{Serialize, Serializer, ser::SerializeMap};
use yizhangtu_data::GeometryKind;
use yizhangtu_index::Point;

use crate::{
    atlas::{Houses, LayerSnapshot, Row, Snapshot},
    http::Problem,
    people::Tally,
    policy::Viewer,
};

/// How far away the nearest building may be, in metres.
const NEAREST_WITHIN_M: f64 = 1_000.0;

/// Layers that usually have something at a point.
const USUAL_LAYERS: usize = 4;

/// A snapshot with the layers that are asked for, ready for many points.
pub(crate) struct Lookup<'a> {
    snapshot: &'a Snapshot,
    viewer: Viewer,
    layers: Vec<Asked<'a>>,
    /// The place of the buildings among them.
    building: Option<usize>,
}

/// One layer that is asked for.
struct Asked<'a> {
    layer: &'a LayerSnapshot,
    /// What the houses count, where that is told.
    houses: Option<&'a Houses>,
}

impl<'a> Lookup<'a> {
    /// Asks for the areal layers of these names joined by commas, or for all of them.
    /// Layers that are about persons as a whole are never asked.
    pub(crate) fn new(
        snapshot: &'a Snapshot,
        viewer: Viewer,
        names: Option<&str>,
    ) -> Result<Self, Problem> {
        let Some(names) = names else {
            return Ok(Self::all(snapshot, viewer));
        };
        let mut lookup = Self::none(snapshot, viewer);
        for name in names.split(',') {
            let layer = snapshot.layer(name.trim()).filter(|layer| is_areal(layer));
            lookup.ask(layer.ok_or_else(|| no_such_layer(snapshot, name))?);
        }
        Ok(lookup)
    }

    /// Asks for all areal layers.
    pub(crate) fn all(snapshot: &'a Snapshot, viewer: Viewer) -> Self {
        let mut lookup = Self::none(snapshot, viewer);
        for layer in areal(snapshot) {
            lookup.ask(layer);
        }
        lookup
    }

    fn none(snapshot: &'a Snapshot, viewer: Viewer) -> Self {
        Self {
            snapshot,
            viewer,
            layers: Vec::new(),
            building: None,
        }
    }

    fn ask(&mut self, layer: &'a LayerSnapshot) {
        let mut houses = None;
        if layer.layer.id == "building" {
            self.building.get_or_insert(self.layers.len());
            houses = (self.viewer.may_see_people()).then_some(&*self.snapshot.houses);
        }
        self.layers.push(Asked { layer, houses });
    }

    /// Who asks.
    pub(crate) fn viewer(&self) -> &Viewer {
        &self.viewer
    }

    /// The snapshot that is asked.
    pub(crate) fn snapshot(&self) -> &'a Snapshot {
        self.snapshot
    }

    /// The place of a layer among those asked for.
    pub(super) fn place(&self, layer: &str) -> Option<usize> {
        (self.layers.iter()).position(|asked| asked.layer.layer.id == layer)
    }

    /// The layer at a place among those asked for.
    pub(super) fn layer(&self, place: usize) -> &'a LayerSnapshot {
        self.layers[place].layer
    }

    /// What the houses count, where that is told.
    pub(super) fn houses(&self) -> Option<&'a Houses> {
        self.layers[self.building?].houses
    }

    /// What is at some points, layer by layer: for many points a multiple of the speed of
    /// asking one by one.
    pub(crate) fn find(&self, points: &[Point]) -> Found<'_> {
        // Many points of one layer are asked together; of one point, all layers are.
        if let [point] = points {
            for asked in &self.layers {
                asked.layer.fetch_at(*point);
            }
        }
        let mut positions = Vec::with_capacity(USUAL_LAYERS * points.len());
        let mut ends = Vec::with_capacity(self.layers.len() * points.len());
        for (place, asked) in self.layers.iter().enumerate() {
            let first = place * points.len();
            asked.layer.each_at(points, |at, position| {
                ends.resize(first + at, positions.len());
                positions.push(position);
                asked.fetch(position);
            });
            ends.resize(first + points.len(), positions.len());
        }
        let mut found = Found {
            lookup: self,
            points: points.len(),
            ends,
            told: Vec::with_capacity(positions.len()),
            positions,
        };
        found.each(|asked, position| asked.layer.fetch(position));
        let mut told = std::mem::take(&mut found.told);
        found.each(|asked, position| told.push(asked.tell(position)));
        Found { told, ..found }
    }

    /// The nearest building within a kilometre, where buildings are asked for and none is at
    /// the point.
    pub(super) fn nearest_beside(&self, at: At<'_>, point: Point) -> Option<Nearest<'_>> {
        let place = self.building?;
        (at.positions(place).is_empty()).then(|| self.nearest(&self.layers[place], point))
    }

    fn nearest<'b>(&'b self, asked: &'b Asked<'a>, point: Point) -> Nearest<'b> {
        let near = asked.layer.nearest(point, 1, NEAREST_WITHIN_M).pop();
        Nearest(near.map(|near| Feature {
            lookup: self,
            layer: asked.layer,
            told: asked.tell(near.key),
            distance_m: Some(near.distance_m),
        }))
    }
}

/// The layers with areas that are not about persons as a whole.
fn areal(snapshot: &Snapshot) -> impl Iterator<Item = &Arc<LayerSnapshot>> {
    snapshot.layers.iter().filter(|layer| is_areal(layer))
}

fn is_areal(layer: &LayerSnapshot) -> bool {
    let kind = layer.layer.geometry;
    matches!(kind, GeometryKind::Polygon | GeometryKind::Any) && !layer.layer.personal
}

fn no_such_layer(snapshot: &Snapshot, name: &str) -> Problem {
    let known: Vec<_> = areal(snapshot)
        .map(|layer| layer.layer.id.as_str())
        .collect();
    let known = known.join(", ");
    Problem::parameter(
        "layers",
        format_args!("没有面图层“{name}”，可用的有 {known}"),
        format_args!("there is no areal layer “{name}”; there are {known}"),
    )
}

impl<'a> Asked<'a> {
    /// Has what is soon told of a feature fetched.
    fn fetch(&self, position: u32) {
        self.layer.fetch_place(position);
        if let Some(houses) = self.houses {
            houses.fetch(position);
        }
    }

    fn tell(&self, position: u32) -> Told<'a> {
        Told {
            row: self.layer.row(position),
            tally: self.houses.map(|houses| &houses.at(position).tally),
        }
    }
}

/// What is told of a feature is read from here.
#[derive(Clone, Copy)]
struct Told<'a> {
    row: Row<'a>,
    /// What the house counts, where that is told.
    tally: Option<&'a Tally>,
}

/// What is at some points, in runs layer after layer.
pub(crate) struct Found<'a> {
    lookup: &'a Lookup<'a>,
    points: usize,
    /// Where what is at each layer's each point ends, layer after layer.
    ends: Vec<usize>,
    positions: Vec<u32>,
    told: Vec<Told<'a>>,
}

impl<'a> Found<'a> {
    /// Visits all that was found, layer after layer.
    fn each(&self, mut visit: impl FnMut(&'a Asked<'a>, u32)) {
        let mut start = 0;
        for (asked, ends) in self
            .lookup
            .layers
            .iter()
            .zip(self.ends.chunks(self.points.max(1)))
        {
            let end = ends.last().copied().unwrap_or(start);
            for &position in &self.positions[start..end] {
                visit(asked, position);
            }
            start = end;
        }
    }

    /// What is at the point of this number.
    pub(crate) fn at(&self, point: usize) -> At<'_> {
        At { found: self, point }
    }
}

/// What is at one point.
#[derive(Clone, Copy)]
pub(crate) struct At<'a> {
    found: &'a Found<'a>,
    point: usize,
}

impl<'a> At<'a> {
    /// Where among all that was found that is which is in the layer at a place.
    fn run(&self, place: usize) -> Range<usize> {
        let slot = place * self.found.points + self.point;
        let start = slot.checked_sub(1).map_or(0, |last| self.found.ends[last]);
        start..self.found.ends[slot]
    }

    /// Positions in the layer at a place among those asked for.
    pub(super) fn positions(&self, place: usize) -> &'a [u32] {
        &self.found.positions[self.run(place)]
    }

    /// What is told of these.
    fn told(&self, place: usize) -> &'a [Told<'a>] {
        &self.found.told[self.run(place)]
    }

    /// The position of the building at the point, where the layer is asked for.
    pub(crate) fn building(&self) -> Option<u32> {
        let place = self.found.lookup.building?;
        self.positions(place).first().copied()
    }

    /// Whether nothing is there.
    pub(crate) fn is_empty(&self) -> bool {
        (0..self.found.lookup.layers.len()).all(|place| self.positions(place).is_empty())
    }
}

impl Serialize for At<'_> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let lookup = self.found.lookup;
        let mut layers = to.serialize_map(Some(lookup.layers.len()))?;
        for (place, asked) in lookup.layers.iter().enumerate() {
            let features = Features {
                lookup,
                layer: asked.layer,
                told: self.told(place),
            };
            layers.serialize_entry(&asked.layer.layer.id, &features)?;
        }
        layers.end()
    }
}

/// Some features of a layer.
struct Features<'a> {
    lookup: &'a Lookup<'a>,
    layer: &'a LayerSnapshot,
    told: &'a [Told<'a>],
}

impl Serialize for Features<'_> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_seq(self.told.iter().map(|&told| Feature {
            lookup: self.lookup,
            layer: self.layer,
            told,
            distance_m: None,
        }))
    }
}

/// A feature in an answer: its id and the brief fields.
struct Feature<'a> {
    lookup: &'a Lookup<'a>,
    layer: &'a LayerSnapshot,
    told: Told<'a>,
    /// How far away it is, where it is not at the point.
    distance_m: Option<f64>,
}

impl Serialize for Feature<'_> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let (layer, row) = (self.layer, self.told.row);
        let sight = self.lookup.viewer.sight(&layer.layer);
        let mut map = to.serialize_map(None)?;
        map.serialize_entry("id", row.id())?;
        for (&at, look) in layer.brief().iter().zip(row.glances(layer.brief())) {
            map.serialize_entry(&layer.layer.fields[at].name, &sight.glance(at, look))?;
        }
        if let Some(tally) = self.told.tally {
            map.serialize_entry("residents", &tally.residents())?;
            map.serialize_entry("households", &tally.households)?;
            map.serialize_entry("rooms", &tally.rooms)?;
        }
        if let Some(distance_m) = self.distance_m {
            map.serialize_entry("distance_m", &distance_m)?;
        }
        map.end()
    }
}

/// What is near a point where no building is.
pub(crate) struct Nearest<'a>(Option<Feature<'a>>);

impl Serialize for Nearest<'_> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_map(self.0.iter().map(|feature| ("building", feature)))
    }
}
