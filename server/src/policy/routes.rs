//! What each route needs of who asks. A route that does not stand here is refused, and a test
//! fails: nothing becomes reachable because somebody forgot to think of it.

use std::{collections::HashMap, sync::LazyLock};

use axum::http::Method;
use foldhash::fast::FixedState;

use super::Duty;

/// What a request needs before its handler runs. What may be seen of a layer and of a record
/// is decided in the handler, by the viewer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Need {
    /// Nothing: the page and its files, readiness, signing in.
    Open,
    /// Somebody: signed in, with a key, at a file without accounts, or a demonstration's guest.
    Somebody,
    /// Somebody who may write: whoever is not signed in is told to.
    Writer,
    /// An account: a file without accounts has nothing to answer.
    Account,
    /// Somebody with a duty.
    Duty(Duty),
}

use Need::{Account, Open, Somebody, Writer};

/// Every route: method, pattern, need. HEAD goes with GET.
const ROUTES: &[(&str, &str, Need)] = &[
    ("GET", "/", Open),
    ("GET", "/health", Open),
    ("GET", "/health/live", Open),
    ("GET", "/assets/{*path}", Open),
    ("GET", "/api.css", Open),
    ("GET", "/session", Open),
    ("POST", "/session", Open),
    ("DELETE", "/session", Open),
    ("GET", "/session/oidc", Open),
    ("GET", "/session/oidc/callback", Open),
    ("POST", "/session/password", Account),
    ("POST", "/session/factor", Account),
    ("PUT", "/session/factor", Account),
    ("POST", "/session/code", Account),
    ("GET", "/metrics", Need::Duty(Duty::Operate)),
    ("GET", "/accounts", Account),
    ("POST", "/accounts", Need::Duty(Duty::Accounts)),
    ("GET", "/accounts/places", Need::Duty(Duty::Roles)),
    ("PATCH", "/accounts/{user}", Account),
    ("GET", "/rights", Need::Duty(Duty::Rights)),
    ("PATCH", "/rights", Need::Duty(Duty::Rights)),
    ("GET", "/rights/why", Need::Duty(Duty::Rights)),
    ("GET", "/rules", Need::Duty(Duty::Rights)),
    ("PATCH", "/rules/{book}", Need::Duty(Duty::Rights)),
    ("GET", "/exports", Account),
    ("POST", "/exports", Account),
    ("PATCH", "/exports/{id}", Account),
    ("GET", "/audit", Need::Duty(Duty::Audit)),
    ("GET", "/audit/state", Need::Duty(Duty::Audit)),
    ("GET", "/audit/alarms", Need::Duty(Duty::Audit)),
    ("GET", "/audit/archives", Need::Duty(Duty::Audit)),
    ("POST", "/audit/archives", Need::Duty(Duty::Audit)),
    ("GET", "/audit/archives/{name}", Need::Duty(Duty::Audit)),
    ("POST", "/collections/{layer}/items/{id}/unmask", Writer),
    ("GET", "/conformance", Somebody),
    ("GET", "/api", Somebody),
    ("GET", "/api.html", Somebody),
    ("GET", "/catalog", Somebody),
    ("GET", "/basemaps", Somebody),
    ("GET", "/basemaps/{id}/{z}/{x}/{y}", Somebody),
    ("GET", "/collections", Somebody),
    ("GET", "/collections/{layer}", Somebody),
    ("GET", "/collections/{layer}/schema", Somebody),
    ("GET", "/collections/{layer}/queryables", Somebody),
    ("GET", "/collections/{layer}/sortables", Somebody),
    ("GET", "/collections/{layer}/export", Somebody),
    ("POST", "/import", Writer),
    ("GET", "/import/{token}", Writer),
    ("POST", "/import/{token}", Writer),
    ("DELETE", "/import/{token}", Writer),
    ("GET", "/collections/{layer}/items", Somebody),
    ("POST", "/collections/{layer}/items", Writer),
    ("GET", "/collections/{layer}/items/{id}", Somebody),
    ("PUT", "/collections/{layer}/items/{id}", Writer),
    ("PATCH", "/collections/{layer}/items/{id}", Writer),
    ("DELETE", "/collections/{layer}/items/{id}", Writer),
    ("GET", "/collections/{layer}/items/{id}/history", Somebody),
    ("POST", "/collections/{layer}/items/{id}/revert", Writer),
    (
        "GET",
        "/collections/{layer}/items/{id}/attachments",
        Somebody,
    ),
    (
        "POST",
        "/collections/{layer}/items/{id}/attachments",
        Writer,
    ),
    (
        "DELETE",
        "/collections/{layer}/items/{id}/attachments/{attachment}",
        Writer,
    ),
    ("GET", "/attachments/{hash}", Somebody),
    ("GET", "/attachments/{hash}/thumbnail", Somebody),
    ("GET", "/enforcement/totals", Somebody),
    ("GET", "/enforcement/cases", Somebody),
    ("GET", "/enforcement/cases/{id}/facts", Somebody),
    ("GET", "/enforcement/difference", Somebody),
    ("POST", "/enforcement/comparison", Somebody),
    ("GET", "/enforcement/comparison/{token}", Somebody),
    ("DELETE", "/enforcement/comparison/{token}", Somebody),
    ("GET", "/enforcement/report", Somebody),
    ("GET", "/enforcement/visits", Somebody),
    ("GET", "/enforcement/patrol", Somebody),
    ("GET", "/enforcement/parties", Somebody),
    ("GET", "/enforcement/scattered", Somebody),
    ("GET", "/events", Somebody),
    ("GET", "/events/totals", Somebody),
    ("GET", "/enforcement/cases/{id}/documents", Somebody),
    (
        "POST",
        "/enforcement/cases/{id}/documents/{document}",
        Writer,
    ),
    (
        "POST",
        "/enforcement/cases/{id}/documents/{document}/draft",
        Writer,
    ),
    (
        "POST",
        "/enforcement/cases/{id}/documents/{document}/void",
        Writer,
    ),
    ("GET", "/processes", Somebody),
    ("GET", "/processes/{layer}", Somebody),
    ("GET", "/processes/{layer}/queue", Somebody),
    ("POST", "/processes/{layer}/steps/{step}", Writer),
    ("GET", "/collections/{layer}/items/{id}/process", Somebody),
    (
        "POST",
        "/collections/{layer}/items/{id}/process/{step}",
        Writer,
    ),
    ("GET", "/collections/{layer}/tiles", Somebody),
    ("GET", "/collections/{layer}/tiles/{matrix}", Somebody),
    (
        "GET",
        "/collections/{layer}/tiles/{matrix}/{z}/{y}/{x}",
        Somebody,
    ),
    ("GET", "/changes", Somebody),
    ("GET", "/changes/days", Somebody),
    ("POST", "/changes", Writer),
    ("POST", "/changes/{change_set}/revert", Writer),
    ("POST", "/batches/{batch}/revert", Writer),
    ("GET", "/houses/{id}", Somebody),
    ("GET", "/coverage", Somebody),
    ("GET", "/coverage/houses", Somebody),
    ("GET", "/people/doubles", Somebody),
    ("POST", "/people/merge", Writer),
    ("GET", "/quality", Somebody),
    ("POST", "/night-counts", Writer),
    ("POST", "/registers", Writer),
    ("GET", "/lookup", Somebody),
    ("POST", "/lookup", Somebody),
    ("POST", "/statistics", Somebody),
    ("POST", "/statistics/features", Somebody),
    ("POST", "/statistics/houses", Somebody),
    ("GET", "/statistics/people", Somebody),
    ("GET", "/contracts", Somebody),
    ("GET", "/contracts/{id}/rent", Somebody),
    ("POST", "/renewal/outline", Somebody),
    ("GET", "/renewal/indicators", Somebody),
    ("POST", "/renewal/suggest", Somebody),
    ("GET", "/renewal/disposal", Somebody),
    ("POST", "/renewal/disposal", Writer),
    ("GET", "/renewal/units", Somebody),
    ("GET", "/renewal/totals", Somebody),
    ("GET", "/renewal/units/{id}/report", Somebody),
    ("POST", "/renewal/measures", Writer),
    ("GET", "/renewal/units/{id}/work", Somebody),
    ("GET", "/plans", Somebody),
    ("GET", "/plans/structure", Somebody),
    ("GET", "/renewal/variants", Somebody),
    ("POST", "/renewal/variants", Writer),
    ("GET", "/renewal/variants/{id}", Somebody),
    ("PATCH", "/renewal/variants/{id}", Writer),
    ("DELETE", "/renewal/variants/{id}", Writer),
    ("GET", "/renewal/variants/{id}/history", Somebody),
    ("POST", "/renewal/variants/{id}/{act}", Writer),
    ("GET", "/search", Somebody),
    ("GET", "/sheets", Somebody),
    ("GET", "/sheets/{sheet}", Somebody),
    ("GET", "/styles", Somebody),
    ("GET", "/styles/{style}", Somebody),
    ("GET", "/tileMatrixSets", Somebody),
    ("GET", "/tileMatrixSets/{matrix}", Somebody),
    ("GET", "/tiles/{layers}", Somebody),
    ("GET", "/tiles/{layers}/{z}/{x}/{y}", Somebody),
];

/// The methods of each path, with what they need.
type ByPath = HashMap<&'static str, Vec<(&'static str, Need)>, FixedState>;

/// A table, for every request asks.
static BY_PATH: LazyLock<ByPath> = LazyLock::new(|| {
    let mut by_path = ByPath::default();
    for (method, path, need) in ROUTES {
        by_path.entry(*path).or_default().push((*method, *need));
    }
    by_path
});

/// What a route needs; none where it has no policy. A method that a path does not know needs
/// what the path's other methods need, and is then answered with 405.
pub(crate) fn need(method: &Method, pattern: &str) -> Option<Need> {
    let method = if method == Method::HEAD {
        "GET"
    } else {
        method.as_str()
    };
    let own = BY_PATH.get(pattern)?;
    let exact = own.iter().find(|(name, _)| *name == method);
    exact.map(|(_, need)| *need)
}

/// Whether a path is known with some method.
pub(crate) fn is_known(pattern: &str) -> bool {
    BY_PATH.contains_key(pattern)
}

#[cfg(test)]
mod tests {
    use std::{fs, path::Path};

    use regex::Regex;

    use super::*;

    /// The arguments of each call of `.route` in a source, up to its closing bracket.
    fn calls(source: &str) -> Vec<&str> {
        let starts = source
            .match_indices(".route(")
            .map(|(at, call)| at + call.len());
        starts
            .map(|start| {
                let mut open = 1;
                let end = source[start..].find(|letter| {
                    open += i32::from(letter == '(') - i32::from(letter == ')');
                    open == 0
                });
                &source[start..start + end.expect("brackets close")]
            })
            .collect()
    }

    /// The routes that the sources register: pattern and methods.
    fn registered(folder: &Path, found: &mut Vec<(String, Vec<String>)>) {
        let pattern = Regex::new(r#"^\s*"(/[^"]*)""#).unwrap();
        let method = Regex::new(r"\b(get|post|put|patch|delete)\(").unwrap();
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                registered(&path, found);
            } else if path.extension().is_some_and(|extension| extension == "rs")
                && !path.ends_with("policy/routes.rs")
            {
                let source = fs::read_to_string(&path).unwrap();
                for call in calls(&source) {
                    // The page's own files have computed patterns, and are open by being there.
                    let Some(route) = pattern.captures(call) else {
                        assert!(path.ends_with("page/mod.rs"), "{}: {call}", path.display());
                        continue;
                    };
                    let methods = method.captures_iter(call);
                    let methods = methods.map(|one| one[1].to_uppercase()).collect();
                    found.push((route[1].to_owned(), methods));
                }
            }
        }
    }

    #[test]
    fn every_route_has_a_policy() {
        let mut found = Vec::new();
        registered(
            Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/src")),
            &mut found,
        );
        assert!(found.len() > 20, "{found:?}");
        for (path, methods) in found {
            assert!(!methods.is_empty(), "{path}");
            for method in methods {
                let method = Method::from_bytes(method.as_bytes()).unwrap();
                assert!(
                    need(&method, &path).is_some(),
                    "{method} {path} has no policy"
                );
            }
        }
    }

    #[test]
    fn only_what_holds_no_data_is_open() {
        let open: Vec<&str> = (ROUTES.iter())
            .filter(|(_, _, need)| *need == Open)
            .map(|(_, path, _)| *path)
            .collect();
        let expected = [
            "/",
            "/health",
            "/health/live",
            "/assets/{*path}",
            "/api.css",
            "/session",
            "/session",
            "/session",
            "/session/oidc",
            "/session/oidc/callback",
        ];
        assert_eq!(open, expected);
        assert_eq!(need(&Method::HEAD, "/catalog"), Some(Somebody));
        assert_eq!(need(&Method::PUT, "/catalog"), None);
        assert!(is_known("/catalog") && !is_known("/secret"));
    }
}
