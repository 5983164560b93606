//! What differs between two versions of a book, in words for the log.

use serde_json::Value;

use super::described::leaves_of;

/// Longest account of what changed, in characters.
const LONGEST: usize = 2000;

/// Each value that differs, as `session.idle_minutes 15 → 20`; empty where nothing does.
pub(super) fn words(before: &Value, after: &Value) -> String {
    let mut leaves = Vec::new();
    for document in [before, after] {
        leaves_of(document, &mut Vec::new(), &mut leaves);
    }
    leaves.sort();
    leaves.dedup();
    let mut words = Vec::new();
    for leaf in leaves.iter().filter(|leaf| *leaf != &["version"]) {
        let (one, other) = (told(before, leaf), told(after, leaf));
        if one != other {
            words.push(format!("{} {one} → {other}", leaf.join(".")));
        }
    }
    let words = words.join("; ");
    match words.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}…", &words[..end]),
        None => words,
    }
}

fn told(document: &Value, leaf: &[String]) -> String {
    let value = leaf.iter().try_fold(document, |value, step| match value {
        Value::Array(entries) => entries.get(step.parse::<usize>().ok()?),
        value => value.get(step),
    });
    match value {
        None | Some(Value::Null) => "—".to_owned(),
        Some(Value::String(text)) => text.clone(),
        // 30 and 30.0 are one figure.
        Some(Value::Number(number)) => number
            .as_f64()
            .map_or_else(String::new, |own| own.to_string()),
        Some(Value::Array(entries)) => {
            let texts = entries.iter().map(|entry| match entry {
                Value::String(text) => text.clone(),
                other => other.to_string(),
            });
            format!("[{}]", texts.collect::<Vec<_>>().join(","))
        }
        Some(other) => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_differs_is_named_with_both_values() {
        let before = json!({ "version": "1", "a": { "b": 15, "c": 30.0 }, "rules": [{ "id": "x" }], "d": ["p"] });
        let after = json!({ "version": "2", "a": { "b": 20, "c": 30 }, "rules": [{ "id": "x" }, { "id": "y" }], "d": [] });
        assert_eq!(
            words(&before, &after),
            "a.b 15 → 20; d [p] → []; rules.1.id — → y"
        );
        assert_eq!(words(&before, &before), "");
    }
}
