//! Residents by name, by the tail of a telephone or identity number: found in the file, shown
//! masked, with the house that they live in.

use std::sync::Arc;

use yizhangtu_data::{
    Layer, Record, Value,
    store::{GeoPackage, StoreError},
};

/// Shortest tail of a number that is searched: four digits are what people remember, and
/// fewer would list a tenth of the village.
const SHORTEST_TAIL: usize = 4;

/// A resident who fits, with where they live.
pub(super) struct Resident {
    pub(super) person: Record,
    /// The building's id.
    pub(super) building: Option<String>,
    /// What was typed is all of the field, not a part.
    pub(super) exact: bool,
}

/// What a query can mean of a person.
enum By<'a> {
    /// A name that begins so.
    Name(&'a str),
    /// The end of a number.
    Tail(&'a str),
}

fn meaning(query: &str) -> Option<By<'_>> {
    let digits = query.trim_end_matches(['x', 'X']);
    if query.len() >= SHORTEST_TAIL
        && digits.len() + 1 >= query.len()
        && digits.bytes().all(|byte| byte.is_ascii_digit())
    {
        return Some(By::Tail(query));
    }
    let letters = query.chars().count();
    let name = query
        .chars()
        .all(|letter| letter.is_alphabetic() || "·• ".contains(letter));
    // A surname alone would list thousands.
    (name && letters >= 2).then_some(By::Name(query))
}

/// Whether a query can mean a person.
pub(super) fn is_asked(query: &str) -> bool {
    meaning(query).is_some()
}

/// The residents that a query finds, at most `limit`.
///
/// # Errors
/// When the file cannot be read.
pub(super) fn find(
    store: &GeoPackage,
    layer: &Arc<Layer>,
    query: &str,
    limit: usize,
) -> Result<Vec<Resident>, StoreError> {
    let has = |field: &str| layer.field(field).is_some();
    // A file of another program may have a table of this name and other columns.
    if !store.is_own() || !has("name") || !has("phone") || !has("id_number") {
        return Ok(Vec::new());
    }
    let ids: Vec<String> = match meaning(query) {
        None => return Ok(Vec::new()),
        Some(By::Name(name)) => {
            // A range on the name is what an index serves; the end is past every name that
            // begins so.
            let end = format!("{name}\u{10ffff}");
            store.query(
                "SELECT id FROM person WHERE name >= ?1 AND name < ?2 ORDER BY name, fid LIMIT ?3",
                (name, &end, limit),
                |row| row.get(0),
            )?
        }
        Some(By::Tail(tail)) => {
            let tail = tail.to_uppercase();
            let length = i64::try_from(tail.len()).unwrap_or(i64::MAX);
            store.query(
                "SELECT id FROM person WHERE substr(phone, -?2) = ?1 OR substr(upper(id_number), -?2) = ?1
                 ORDER BY fid LIMIT ?3",
                (&tail, length, limit),
                |row| row.get(0),
            )?
        }
    };
    let mut residents = Vec::new();
    for id in ids {
        let Some(person) = store.get(&layer.id, &id)? else {
            continue;
        };
        let exact = ["name", "phone", "id_number"].iter().any(|field| {
            (person.get(layer, field).as_text()).is_some_and(|own| own.eq_ignore_ascii_case(query))
        });
        residents.push(Resident {
            building: home(store, &id)?,
            person,
            exact,
        });
    }
    Ok(residents)
}

/// The building that a person lives in now.
fn home(store: &GeoPackage, person: &str) -> Result<Option<String>, StoreError> {
    let Some(layer) = store.layer("residence") else {
        return Ok(None);
    };
    let layer = Arc::clone(layer);
    let residences = store.find("residence", "person", &Value::from(person))?;
    Ok((residences.iter())
        .find(|residence| residence.get(&layer, "moved_out").is_null())
        .and_then(|residence| residence.get(&layer, "building").as_text())
        .map(str::to_owned))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_query_can_mean() {
        let tail = |query| matches!(meaning(query), Some(By::Tail(_)));
        let name = |query| matches!(meaning(query), Some(By::Name(_)));
        assert!(tail("5678") && tail("123X") && tail("13812345678"));
        assert!(name("李四") && name("欧阳娜娜") && name("阿·木提"));
        for neither in ["李", "567", "三巷5号", "44-01", ""] {
            assert!(meaning(neither).is_none(), "{neither}");
        }
    }
}
