//! Which features of a layer a request means, and at which moment.

use std::sync::Arc;

use yizhangtu_data::{Layer, Record};

use super::{request::read_filter, select::Source};
use crate::{
    atlas::LayerSnapshot,
    collections::{
        datetime::{AsOf, Interval, valid_time},
        filter::Expression,
    },
    http::{App, Parameters, Problem},
    policy::Viewer,
};

/// A time, a moment and a condition; each may be left out.
#[derive(Clone, Debug)]
pub(crate) struct Selection {
    /// When a feature holds.
    pub(super) interval: Option<Interval>,
    /// The moment whose state is read; now where none is asked for.
    pub(super) as_of: Option<AsOf>,
    /// A further condition.
    pub(super) filter: Option<Expression>,
}

impl Selection {
    /// Takes `datetime`, `as-of`, `filter` and what belongs to it.
    pub(crate) fn read(
        given: &mut Parameters,
        layer: &Layer,
        viewer: &Viewer,
    ) -> Result<Self, Problem> {
        let mut interval = (given.take("datetime")?.as_deref().map(Interval::parse)).transpose()?;
        let mut as_of = AsOf::take(given)?;
        // Where the features say nothing of time, the time is that of the map.
        if as_of.is_none() && valid_time(layer).is_none() {
            as_of = interval.take().and_then(|interval| interval.latest());
        }
        Ok(Self {
            interval,
            as_of,
            filter: read_filter(given, layer, viewer)?,
        })
    }

    /// Whether it means all features as they are now.
    pub(crate) fn is_everything(&self) -> bool {
        self.interval.is_none() && self.as_of.is_none() && self.filter.is_none()
    }

    /// Whether it means a record of its moment.
    pub(crate) fn selects(&self, layer: &Layer, record: &Record) -> bool {
        (self.interval.as_ref()).is_none_or(|interval| interval.meets(layer, record))
            && (self.filter.as_ref()).is_none_or(|filter| filter.selects(record))
    }

    /// A mapped layer at its moment, as a viewer may see it.
    ///
    /// # Errors
    /// When the file cannot be read; 404 of a table.
    pub(crate) async fn layer(
        &self,
        app: &App,
        viewer: &Viewer,
        layer: &Arc<Layer>,
    ) -> Result<Arc<LayerSnapshot>, Problem> {
        match Source::of(app, viewer, layer, self.as_of.as_ref()).await? {
            Source::Atlas(features) => Ok(features),
            Source::Table(..) | Source::Rows(..) => Err(Problem::not_found(format!(
                "图层“{id}”没有图形 / the layer “{id}” has no place on the map",
                id = layer.id
            ))),
        }
    }
}
