//! Another version of the matrix, made from one by an amendment.

use std::sync::Arc;

use super::{Duty, Grant, Place, Rights, Role};

/// Something that is changed of a role.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Amendment {
    /// What it may do at a place; none so that a layer follows its theme again, and a theme
    /// that of the rest.
    Grant(Place, Option<Grant>),
    /// The fields of a layer that it never sees.
    Hidden(String, Vec<String>),
    /// What it may do beside the map.
    Duties(Vec<Duty>),
    /// Whether signing in asks for a one-time code.
    SecondFactor(bool),
    /// Whether an account without a territory sees nothing where a grant ends at it.
    Bound(bool),
}

impl Amendment {
    /// What is changed, of what to what, in a line for whoever reads the versions.
    pub(crate) fn words(&self, role: &Role) -> String {
        let id = &role.id;
        let (what, before, after) = match self {
            Self::Grant(place, grant) => {
                let (Place::Theme(name) | Place::Layer(name)) = place;
                (name.clone(), told(role.at(place)), told(*grant))
            }
            Self::Hidden(layer, fields) => (
                format!("{layer} hidden"),
                listed(role.hidden(layer)),
                listed(fields),
            ),
            Self::Duties(duties) => {
                let names = |duties: &[Duty]| {
                    let names: Vec<String> = duties.iter().map(|duty| duty.name()).collect();
                    listed(&names)
                };
                ("duties".to_owned(), names(&role.duties), names(duties))
            }
            Self::SecondFactor(on) => (
                "second_factor".to_owned(),
                role.second_factor.to_string(),
                on.to_string(),
            ),
            Self::Bound(on) => ("bound".to_owned(), role.bound.to_string(), on.to_string()),
        };
        format!("{id} {what} {before} → {after}")
    }

    fn apply(&self, role: &mut Role) {
        match self {
            Self::Grant(place, grant) => {
                let (grants, name) = match place {
                    Place::Theme(theme) => (&mut role.themes, theme),
                    Place::Layer(layer) => (&mut role.layers, layer),
                };
                match grant {
                    Some(grant) => grants.insert(name.clone(), *grant),
                    None => grants.remove(name),
                };
            }
            Self::Hidden(layer, fields) if fields.is_empty() => {
                role.hidden.remove(layer);
            }
            Self::Hidden(layer, fields) => {
                role.hidden.insert(layer.clone(), fields.clone());
            }
            Self::Duties(duties) => role.duties.clone_from(duties),
            Self::SecondFactor(on) => role.second_factor = *on,
            Self::Bound(on) => role.bound = *on,
        }
    }
}

impl Rights {
    /// The matrix of a version, with one thing changed of a role; none where there is no such.
    pub(crate) fn amended(&self, version: &str, role: &str, by: &Amendment) -> Option<Self> {
        let at = self.roles.iter().position(|own| own.id == role)?;
        let mut rights = Self {
            version: version.to_owned(),
            ..self.clone()
        };
        let mut role = Role::clone(&rights.roles[at]);
        by.apply(&mut role);
        rights.roles[at] = Arc::new(role);
        Some(rights)
    }
}

fn told(grant: Option<Grant>) -> String {
    match grant.map(|grant| grant.to_string()) {
        None => "—".to_owned(),
        Some(letters) if letters.is_empty() => "0".to_owned(),
        Some(letters) => letters,
    }
}

fn listed(names: &[String]) -> String {
    match names {
        [] => "—".to_owned(),
        names => names.join(","),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_amendment_changes_one_thing_of_one_role_and_says_so() {
        let before = Rights::default_matrix();
        let planner = before.role("planner").unwrap();
        for (amendment, words) in [
            (
                Amendment::Grant(Place::Theme("contracts".to_owned()), None),
                "planner contracts VS@ → —",
            ),
            (
                Amendment::Hidden("building".to_owned(), vec!["owner".to_owned()]),
                "planner building hidden owner,building_head,building_leader → owner",
            ),
            (
                Amendment::Hidden("place".to_owned(), Vec::new()),
                "planner place hidden legal_person,phone → —",
            ),
            (
                Amendment::Duties(vec![Duty::Exports]),
                "planner duties — → exports",
            ),
            (
                Amendment::SecondFactor(true),
                "planner second_factor false → true",
            ),
            (Amendment::Bound(true), "planner bound false → true"),
        ] {
            assert_eq!(amendment.words(planner), words);
            let after = before.amended("office-1", "planner", &amendment).unwrap();
            assert_eq!(after.version, "office-1");
            let changed: Vec<&str> = (before.roles.iter().zip(&after.roles))
                .filter(|(a, b)| a != b)
                .map(|(role, _)| role.id.as_str())
                .collect();
            assert_eq!(changed, ["planner"], "{words}");
            // What is kept is read back as it was.
            let read = Rights::read(&after.written().unwrap()).unwrap();
            assert_eq!(read.roles, after.roles);
            assert_eq!(read.territories, after.territories);
        }
        assert!(
            before
                .amended("office-1", "nobody", &Amendment::Bound(true))
                .is_none()
        );
    }
}
