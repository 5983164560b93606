//! Schemas of what is answered, a file for each part of the page. The types of the page are
//! made from them, and a program that makes up requests holds the answers against them.

use serde_json::{Map, Value};

/// The files: schemas by name, with references among all of them.
const FILES: [&str; 15] = [
    include_str!("answers/catalog.json"),
    include_str!("answers/changes.json"),
    include_str!("answers/contracts.json"),
    include_str!("answers/documents.json"),
    include_str!("answers/enforcement.json"),
    include_str!("answers/events.json"),
    include_str!("answers/exports.json"),
    include_str!("answers/houses.json"),
    include_str!("answers/imports.json"),
    include_str!("answers/map.json"),
    include_str!("answers/panels.json"),
    include_str!("answers/processes.json"),
    include_str!("answers/renewal.json"),
    include_str!("answers/session.json"),
    include_str!("answers/sheets.json"),
];

/// Adds the schemas by name.
pub(super) fn add(schemas: &mut Value) {
    if let Value::Object(schemas) = schemas {
        schemas.extend(FILES.into_iter().flat_map(read));
    }
}

fn read(file: &str) -> Map<String, Value> {
    serde_json::from_str(file).expect("the schemas are JSON: a test reads them")
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_file_is_read_and_no_name_is_given_twice() {
        let mut names = BTreeSet::new();
        for (name, schema) in FILES.into_iter().flat_map(read) {
            assert!(schema.is_object(), "{name}");
            assert!(names.insert(name.clone()), "{name} is there twice");
        }
        assert!(names.len() > 60);
    }
}
