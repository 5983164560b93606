//! What a request asks of a tile beyond its place: the encoding, which features, and whether
//! they are drawn or counted.

use std::sync::Arc;

use axum::http::{HeaderMap, header};
use yizhangtu_tiles::{Aggregate, Encoding};

use super::naming::{Drawn, DrawnLayer};
use crate::{
    collections::Selection,
    http::{App, Parameters, Problem},
    policy::Viewer,
};

/// What is asked for.
pub(super) struct Asked {
    pub(super) encoding: Encoding,
    /// Whether the encoding was chosen by `Accept`.
    pub(super) negotiated: bool,
    pub(super) aggregate: Option<Aggregate>,
    /// None where all features are meant, as they are now.
    pub(super) selection: Option<Selection>,
}

impl Asked {
    /// Reads the parameters of a request for a tile of layers. The extension of the path
    /// outranks `Accept`.
    pub(super) fn read(
        extension: Option<&str>,
        mut given: Parameters,
        headers: &HeaderMap,
        layers: &Drawn,
        viewer: &Viewer,
    ) -> Result<Self, Problem> {
        let encoding = match extension {
            None => accepted(headers),
            Some("pbf") => Encoding::Mvt,
            Some(name) => (Encoding::ALL.into_iter())
                .find(|encoding| encoding.name() == name)
                .ok_or_else(|| {
                    Problem::not_found(format!(
                        "瓦片没有 .{name} 格式，请用 .mvt 或 .mlt / there are no .{name} tiles; use .mvt or .mlt"
                    ))
                })?,
        };
        let aggregate = match given.take("aggregate")?.as_deref() {
            None => None,
            Some("cluster") => Some(Aggregate::Clusters),
            Some("hexagon") => Some(Aggregate::Hexagons),
            Some(other) => {
                return Err(Problem::parameter(
                    "aggregate",
                    format_args!("没有“{other}”，可用的有 cluster、hexagon"),
                    format_args!("no “{other}”; there are cluster and hexagon"),
                ));
            }
        };
        let selection = if let Some(layer) = one(layers) {
            let selection = Selection::read(&mut given, &layer.snapshot.layer, viewer)?;
            (!selection.is_everything()).then_some(selection)
        } else {
            for name in ["filter", "datetime", "as-of"] {
                if given.take(name)?.is_some() {
                    return Err(Problem::parameter(
                        name,
                        "只能用于一个图层的瓦片",
                        "is for tiles of one layer",
                    ));
                }
            }
            None
        };
        given.finish()?;
        Ok(Self {
            encoding,
            negotiated: extension.is_none(),
            aggregate,
            selection,
        })
    }

    /// Whether the tile is the one that everybody gets, and so is kept.
    pub(super) fn is_plain(&self) -> bool {
        self.aggregate.is_none() && self.selection.is_none()
    }

    /// The layers as they were at the moment asked for.
    pub(super) async fn at_its_time(
        &self,
        app: &App,
        viewer: &Viewer,
        layers: Drawn,
    ) -> Result<Drawn, Problem> {
        let (Some(selection), Some(layer)) = (&self.selection, one(&layers)) else {
            return Ok(layers);
        };
        let described = Arc::clone(&layer.snapshot.layer);
        let then = selection.layer(app, viewer, &described).await?;
        let parts = layers.iter();
        Ok(parts.map(|part| part.of(Arc::clone(&then))).collect())
    }
}

/// The one layer that all parts are of: its features, and the places of their names.
fn one(layers: &Drawn) -> Option<&DrawnLayer> {
    let (first, others) = layers.split_first()?;
    let same = |other: &DrawnLayer| other.snapshot.layer.id == first.snapshot.layer.id;
    others.iter().all(same).then_some(first)
}

/// The encoding that a client accepts: MLT only where it is named.
fn accepted(headers: &HeaderMap) -> Encoding {
    let named = (headers.get_all(header::ACCEPT).iter())
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .filter_map(|range| range.split(';').next())
        .any(|range| range.trim() == Encoding::Mlt.encoder().media_type());
    if named { Encoding::Mlt } else { Encoding::Mvt }
}
