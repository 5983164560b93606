//! What an import may not do: set a state, which is a process's to set, write a log, or change
//! what is published.

use crate::{Catalog, Layer, Record, Text, Value};

/// Puts a new feature into the first state of its process, and says what a row must not do:
/// the field, and why.
pub(super) fn hold(
    catalog: &Catalog,
    layer: &Layer,
    before: Option<&Record>,
    record: &mut Record,
) -> Option<(Option<String>, Text)> {
    if let Some(why) = catalog.held(layer) {
        return Some((None, why));
    }
    let process = catalog.process(&layer.id)?;
    let at = layer.position(&process.state)?;
    let held = before.map(|before| &before.values[at]);
    // What need not have a state begins without one: most premises are nobody's case.
    let needed = layer.fields[at].required;
    if let (None, Value::Null, true) = (held, &record.values[at], needed) {
        record.values[at] = process.initial.first().map(String::as_str).into();
    }
    let state = &record.values[at];
    let fits = match held {
        Some(held) => held == state,
        None if *state == Value::Null => !needed,
        None => (process.initial.iter()).any(|initial| state.as_text() == Some(initial)),
    };
    (!fits).then(|| {
        let field = &layer.fields[at];
        (
            Some(field.name.clone()),
            Text {
                zh: format!(
                    "{}只能由办理流程改变，不能导入；请去掉这一列",
                    field.label.zh
                ),
                en: "is set by the steps of its process only; leave the column out".to_owned(),
            },
        )
    })
}
