//! Changes of borders: a vertex that neighbours share, a cut, a join.

use std::{collections::HashSet, sync::Arc};

use geo::{Coord, Geometry};
use serde_json::{Map, Value as Json};
use yizhangtu_data::{
    Id, Layer, Lineage, Operation, Record, Value,
    geometry::snap_coord,
    topology::{self, polygons},
};

use super::Composer;
use crate::{
    atlas::LayerSnapshot,
    changes::{draft::ulid, feature_geometry, touched::lattice},
    http::Problem,
};

impl Composer<'_> {
    /// Moves a vertex in every feature that has it, or has an edge through it.
    pub(super) fn move_vertex(
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
        let point = lattice(geo::Rect::new(from, from));
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
    pub(super) fn split(
        &mut self,
        layer: &Arc<Layer>,
        members: &Map<String, Json>,
    ) -> Result<(), Problem> {
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
    pub(super) fn node(
        &mut self,
        layer: &Arc<Layer>,
        id: &Id,
        fresh: &[Coord],
    ) -> Result<(), Problem> {
        let mut near: Vec<Id> = Vec::new();
        let features = Arc::clone(self.mapped(layer)?);
        for at in fresh {
            // A new vertex lies up to a lattice unit beside the edge that it is on.
            const STEP: f64 = 2e-9;
            let around = geo::Rect::new((at.x - STEP, at.y - STEP), (at.x + STEP, at.y + STEP));
            if let Some(rect) = lattice(around) {
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
    pub(super) fn merge(
        &mut self,
        layer: &Arc<Layer>,
        members: &Map<String, Json>,
    ) -> Result<(), Problem> {
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

    /// Takes a feature with a new outline in, held against the catalog.
    pub(super) fn redrawn(&mut self, layer: &Arc<Layer>, record: Record) -> Result<(), Problem> {
        let checked = record
            .geometry
            .as_ref()
            .map(|geometry| {
                let geometry = geojson::Geometry::new(geojson::GeometryValue::from(geometry));
                let geometry = serde_json::to_value(&geometry).unwrap_or_default();
                feature_geometry(&geometry, layer, None)
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

    pub(super) fn mapped(&self, layer: &Layer) -> Result<&Arc<LayerSnapshot>, Problem> {
        (self.snapshot.layer(&layer.id)).ok_or_else(|| {
            self.bad(
                "layer",
                "没有图形的表没有顶点",
                "a table without geometry has no vertices",
            )
        })
    }
}
