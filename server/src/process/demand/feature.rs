//! What the feature itself must be: its figures, its fields, what it holds.

use yizhangtu_data::{
    Record, Text, Value,
    catalog::process::{Gate, When},
};

use super::{Demands, Unmet};

impl Demands<'_> {
    /// Whether a figure that is in force is not reached.
    pub(super) fn gate(&self, gate: &Gate) -> Option<Unmet> {
        let figure = self.figures.get(&gate.figure);
        if !gate.on || gate.holds(figure) {
            return None;
        }
        let bare = |value: f64| match gate.percent {
            true => format!("{:.2}%", 100.0 * value),
            false => format!("{value:.*}", if value.fract() == 0.0 { 0 } else { 2 }),
        };
        // The unit is written in Chinese; in English the title says what is counted.
        let unit = gate.unit.as_deref().filter(|_| !gate.percent);
        let told =
            |value: f64| unit.map_or_else(|| bare(value), |unit| format!("{} {unit}", bare(value)));
        let (zh, en) = match (gate.at_least, gate.at_most) {
            (Some(least), _) => (
                format!("须不低于 {}", told(least)),
                format!("must be {} at least", bare(least)),
            ),
            (_, most) => {
                let most = most.unwrap_or_default();
                (
                    format!("须不高于 {}", told(most)),
                    format!("must be {} at most", bare(most)),
                )
            }
        };
        let (title, by) = (&gate.title, gate.unless.as_deref().unwrap_or_default());
        let (zh, en) = match figure {
            Some(now) => (
                format!("{}为 {}，{zh}", title.zh, told(now)),
                format!("{}: {}, {en}", title.en, bare(now)),
            ),
            None => (
                format!("{}还没有数据，{zh}", title.zh),
                format!("{} is not known, {en}", title.en),
            ),
        };
        Some(Unmet::of("figures", by, zh, en))
    }

    pub(super) fn condition(&self, when: &When, record: &Record) -> Option<Unmet> {
        if self.course.is(when, self.layer, record) {
            return None;
        }
        let label = self.label(&when.field);
        let (zh, en) = if !when.is.is_empty() {
            let is = when.is.join("、");
            (
                format!("{}须为：{is}", label.zh),
                format!("{} must be: {is}", label.en),
            )
        } else if !when.not.is_empty() {
            let not = when.not.join("、");
            (
                format!("{}不能为：{not}", label.zh),
                format!("{} must not be: {not}", label.en),
            )
        } else if let Some(filled) = when.filled {
            if filled {
                (
                    format!("{}须填写", label.zh),
                    format!("{} must be filled in", label.en),
                )
            } else {
                (
                    format!("{}须为空", label.zh),
                    format!("{} must be empty", label.en),
                )
            }
        } else if let Some(least) = when.above {
            (
                format!("{}须大于 {least}", label.zh),
                format!("{} must be greater than {least}", label.en),
            )
        } else {
            let most = when.at_most.unwrap_or_default();
            (
                format!("{}须不大于 {most}", label.zh),
                format!("{} must be {most} at most", label.en),
            )
        };
        Some(Unmet::of("when", &when.field, zh, en))
    }

    pub(super) fn held(&self, group: &[String], record: &Record, photos: usize) -> Option<Unmet> {
        let filled = |name: &String| {
            let there = match record.get(self.layer, name) {
                Value::Null => false,
                Value::Text(text) => !text.is_empty(),
                Value::Json(json) => json.as_array().is_none_or(|list| !list.is_empty()),
                _ => true,
            };
            there || (name == "photos" && photos > 0)
        };
        if group.iter().any(filled) {
            return None;
        }
        let labels: Vec<Text> = group.iter().map(|name| self.label(name)).collect();
        let join = |pick: fn(&Text) -> &str, or: &str| {
            labels.iter().map(pick).collect::<Vec<_>>().join(or)
        };
        Some(Unmet::of(
            "holds",
            group.first().map_or("", String::as_str),
            format!("须有{}", join(|text| &text.zh, "或")),
            format!("needs {}", join(|text| &text.en, " or ")),
        ))
    }
}
