//! All books, and how they come into force.

use serde_json::Value;
use yizhangtu_data::store::{GeoPackage, OfficeVersion, StoreError};

use super::{book::Subject, described::described, version_name};
use crate::{attachments, audit, enforcement, identity, people, policy, release, renewal};

/// The books.
static SHELF: [&dyn Subject; 9] = [
    &policy::MASKS,
    &identity::LIMITS,
    &people::TERMS,
    &enforcement::PATROL,
    &audit::ALARMS,
    &attachments::RULES,
    &renewal::OBSTACLES,
    &renewal::THRESHOLDS,
    &release::RULES,
];

/// All books, in the order in which they are offered.
pub(super) fn books() -> impl Iterator<Item = &'static dyn Subject> {
    SHELF.iter().copied()
}

/// Takes the rules that a file's office wrote, when the file is opened.
///
/// # Errors
/// When the file cannot be read.
pub(crate) fn take(store: &GeoPackage) -> Result<(), StoreError> {
    books().try_for_each(|book| bring(store, book))
}

/// As [`take`], while the file is served: what comes into force at a start waits for the next.
///
/// # Errors
/// As [`take`].
pub(crate) fn follow(store: &GeoPackage) -> Result<(), StoreError> {
    books()
        .filter(|book| !described(book.id()).at_start)
        .try_for_each(|book| bring(store, book))
}

fn bring(store: &GeoPackage, book: &dyn Subject) -> Result<(), StoreError> {
    let Some(written) = store.office_versions(book.id(), 1)?.pop() else {
        return Ok(());
    };
    if version_name(written.number) == book.version() {
        return Ok(());
    }
    let read = document(&written).and_then(|document| {
        let faults = book.misruled(&document);
        match faults.into_iter().next() {
            Some(fault) => Err(fault.message),
            None => book.put_in_force(document),
        }
    });
    if let Err(error) = read {
        let (book, number) = (book.id(), written.number);
        tracing::error!(book, number, %error, "the office's rules can't be read; those before hold");
    }
    Ok(())
}

/// The rules of a version.
///
/// # Errors
/// Where it is no JSON.
pub(super) fn document(version: &OfficeVersion) -> Result<Value, String> {
    serde_json::from_str(&version.document).map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use serde_json::json;
    use yizhangtu_data::{Catalog, Layer};

    use super::*;
    use crate::policy::{Channel, Mask, Rights};

    /// What a program's own rules may choose from.
    fn offered(name: &str) -> Vec<String> {
        let catalog = Catalog::embedded();
        let words = |words: &[&str]| words.iter().map(|&word| word.to_owned()).collect();
        if let Some(list) = name.strip_prefix("list:") {
            let list = catalog.code_list(list).expect("a list of the catalog");
            return list.codes.iter().map(|code| code.code.clone()).collect();
        }
        let masks = || Mask::ALL.map(|(mask, ..)| mask.name().to_owned());
        let fields = |layer: &Layer| -> Vec<String> {
            let masked = layer
                .fields
                .iter()
                .filter(|field| Mask::of(field).is_some());
            masked
                .map(|field| format!("{}.{}", layer.id, field.name))
                .collect()
        };
        match name {
            "masks" => masks().into(),
            "shown" => masks()
                .into_iter()
                .chain(["masked".to_owned(), "open".to_owned()])
                .collect(),
            "channels" => Channel::ALL
                .map(|(channel, ..)| channel.name().to_owned())
                .into(),
            "roles" => (Rights::default_matrix().roles.iter())
                .map(|role| role.id.clone())
                .collect(),
            "personal_fields" => catalog
                .layers
                .iter()
                .flat_map(|layer| fields(layer))
                .collect(),
            "outcomes" => words(&["done", "refused"]),
            "measures" => words(&["rows", "records"]),
            "unit_shares" => renewal::shares()
                .map(|(code, ..)| code.to_owned())
                .collect(),
            other => panic!("{other}"),
        }
    }

    #[test]
    fn every_book_is_as_it_is_described() {
        let mut ids = BTreeSet::new();
        for book in books() {
            let own = book.own();
            assert_eq!(
                described(book.id()).faults(&own, &offered),
                [],
                "{}",
                book.id()
            );
            assert_eq!(book.misruled(&own), [], "{}", book.id());
            assert_eq!(book.document(), own);
            assert!(!book.version().is_empty() && ids.insert(book.id()));
        }
    }

    #[test]
    fn what_a_book_does_not_hold_is_named() {
        let faults = |id: &str, at: &str, value: Value| {
            let book = books().find(|book| book.id() == id).expect("a book");
            let mut document = book.own();
            *document.pointer_mut(at).expect("a figure") = value;
            let described = described(id).faults(&document, &offered);
            let all = described.into_iter().chain(book.misruled(&document));
            all.map(|fault| fault.at).collect::<Vec<_>>()
        };
        for (id, at, value, named) in [
            (
                "security",
                "/session/idle_minutes",
                json!(0),
                "session.idle_minutes",
            ),
            (
                "security",
                "/session/administrator_idle_minutes",
                json!(60),
                "session.administrator_idle_minutes",
            ),
            (
                "security",
                "/password/denied",
                json!(["a", "a"]),
                "password.denied",
            ),
            (
                "security",
                "/second_factor/required",
                json!("no"),
                "second_factor.required",
            ),
            ("security", "/audit/keep_days", json!(30), "audit.keep_days"),
            (
                "masks",
                "/keep/id_number/head",
                json!(14),
                "keep.id_number.head",
            ),
            (
                "masks",
                "/rules/0/field",
                json!("person.kind"),
                "rules.0.field",
            ),
            ("masks", "/rules/0/roles", json!(["king"]), "rules.0.roles"),
            ("masks", "/names/compound", json!(["欧"]), "names.compound"),
            ("people", "/ages/from", json!([0, 18, 6]), "ages.from"),
            (
                "people",
                "/visits/unseen_days",
                json!([90, 30]),
                "visits.unseen_days",
            ),
            (
                "alarms",
                "/rules/2/between",
                json!(["25:00", "06:00"]),
                "rules.2.between",
            ),
            ("patrol", "/spot/points", json!(-1), "spot.points"),
            (
                "thresholds",
                "/thresholds/0/figure",
                json!("area_m2"),
                "thresholds.0.figure",
            ),
            (
                "thresholds",
                "/thresholds/1/code",
                json!("consent_survey"),
                "thresholds.1.code",
            ),
        ] {
            assert!(
                faults(id, at, value).contains(&named.to_owned()),
                "{id} {at}"
            );
        }
        let unknown = |mut document: Value| {
            document["more"] = json!(1);
            described("people").faults(&document, &offered)
        };
        let people = books().find(|book| book.id() == "people").expect("a book");
        assert_eq!(unknown(people.own())[0].at, "more");
    }
}
