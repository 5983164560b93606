//! A layer as its viewer sees it, for the writers of file formats.

use yizhangtu_data::{FieldKind, Layer};

use super::Viewer;

impl Viewer {
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
