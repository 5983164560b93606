//! The map as far as it is drawn: what an archive of tiles is made from.

use std::sync::Arc;

use yizhangtu_data::{
    Layer,
    store::{GeoPackage, StoreError},
};

use super::{Layers, Snapshot, gather};

impl Snapshot {
    /// Reads of some layers, in their order, what they are drawn from: where the features are, and
    /// of each layer the fields that it is asked for with. The others are told as unknown, and what
    /// houses count as nothing: this is for drawing and nothing else, in a fraction of the memory.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub(crate) fn drawn(
        store: &GeoPackage,
        layers: &[(Arc<Layer>, Vec<usize>)],
    ) -> Result<Self, StoreError> {
        // What it keeps of the file goes with it.
        let reader = store.reader()?;
        reader.moment(|| {
            let layers = layers.iter().map(|(layer, fields)| {
                let layer = gather::drawn(&reader, layer, fields)?;
                Ok(Arc::new(layer))
            });
            Ok(Self {
                sequence: reader.sequence()?,
                layers: Layers::new(layers.collect::<Result<_, StoreError>>()?),
                contracts: None,
                houses: Arc::default(),
            })
        })
    }
}
