//! A layer as its viewer sees it, for the writers of file formats.

use yizhangtu_data::{FieldKind, Layer};

use super::{Mask, Viewer};

impl Viewer {
    /// Whether there is something personal in what a viewer sees of a layer, if masked.
    pub(crate) fn sees_personal(&self, layer: &Layer) -> bool {
        let hides = |field: &str| {
            (self.who().role.as_ref()).is_some_and(|role| role.hides(&layer.id, field))
        };
        layer.personal
            || (layer.fields.iter()).any(|field| {
                Mask::of(field).is_some_and(|mask| mask != Mask::Hidden) && !hides(&field.name)
            })
    }

    /// The layer with every field that is masked described as what its mask gives: a text.
    pub(crate) fn describe(&self, layer: &Layer) -> Layer {
        let described = layer;
        let mut layer = described.clone();
        for field in &mut layer.fields {
            if !self.may_ask_by(described, field) {
                field.kind = FieldKind::Text;
                field.code_list = None;
                field.code_list_when = None;
                field.range = None;
                field.unique = false;
            }
        }
        layer
    }
}
