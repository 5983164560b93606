//! What a request asks of a tile beyond its place: which features, and whether they are drawn
//! or counted.

use std::sync::Arc;

use yizhangtu_tiles::Aggregate;

use super::naming::Drawn;
use crate::{
    collections::Selection,
    http::{App, Parameters, Problem},
    policy::Viewer,
};

/// What is asked for.
pub(super) struct Asked {
    pub(super) aggregate: Option<Aggregate>,
    /// None where all features are meant, as they are now.
    pub(super) selection: Option<Selection>,
}

impl Asked {
    /// Reads the parameters of a request for a tile of layers.
    pub(super) fn read(
        mut given: Parameters,
        layers: &Drawn,
        viewer: &Viewer,
    ) -> Result<Self, Problem> {
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
        let selection = if let [layer] = &layers[..] {
            let selection = Selection::read(&mut given, &layer.layer, viewer)?;
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
        let (Some(selection), [layer]) = (&self.selection, &layers[..]) else {
            return Ok(layers);
        };
        let layer = Arc::clone(&layer.layer);
        Ok(vec![selection.layer(app, viewer, &layer).await?])
    }
}
