//! What is told of a feature in brief, wherever it is one answer among many.

use std::sync::Arc;

use yizhangtu_data::Layer;

/// Fields told where a layer has them, beside its code and its label: what a feature is called, what kind it is, in which state, and who answers for it.
const BRIEF: [&str; 22] = [
    "code",
    "name",
    "title",
    "address",
    "alias",
    "worker",
    "party_branch",
    "branch",
    "kind",
    "type",
    "mode",
    "stage",
    "state",
    "level",
    "class_std",
    "class_code",
    "use",
    "rental",
    "floors_up",
    "declared_area_m2",
    "area_m2",
    "scale",
];

/// Positions of a layer's brief fields, ascending, so that one walk over a record finds all;
/// nothing personal is among them.
pub(super) fn brief(layer: &Layer) -> Arc<[usize]> {
    let named = [layer.code.as_deref(), layer.label.as_deref()];
    let mut fields: Vec<usize> = Vec::new();
    for name in named.into_iter().flatten().chain(BRIEF) {
        let at = layer.position(name);
        fields.extend(
            at.filter(|at| !fields.contains(at) && !layer.fields[*at].sensitivity.is_personal()),
        );
    }
    fields.sort_unstable();
    fields.into()
}
