//! How much one account, or one address without an account, may ask for in a while.

use std::{
    collections::HashMap,
    net::IpAddr,
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

use axum::http::Method;

use super::settings::Rate;
use crate::policy::Viewer;

/// Askers remembered at most; those who have asked for nothing lately go first.
const MOST: usize = 10_000;

/// Who asks.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Key {
    User(String),
    Address(IpAddr),
}

/// What an asker has left, as of when.
#[derive(Clone, Copy, Debug)]
struct Left {
    units: f64,
    at: Instant,
}

/// What everybody has left.
#[derive(Debug, Default)]
pub(super) struct Rates(Mutex<HashMap<Key, Left>>);

/// What a request costs, in units: what reads a whole layer or cuts areas costs more.
fn cost(method: &Method, pattern: &str) -> u32 {
    match (method.as_str(), pattern) {
        ("POST", "/lookup" | "/import")
        | ("GET", "/collections/{layer}/export" | "/statistics/people") => 50,
        ("POST", "/statistics") => 10,
        ("GET", "/search" | "/collections/{layer}/items" | "/audit/state") => 3,
        _ => 1,
    }
}

impl Rates {
    /// Takes what a request costs; or how long to wait for it.
    pub(super) fn take(
        &self,
        viewer: &Viewer,
        address: Option<IpAddr>,
        (method, pattern): (&Method, &str),
        rate: &Rate,
        now: Instant,
    ) -> Result<(), Duration> {
        let key = match (&viewer.who().user, address) {
            (Some(user), _) => Key::User(user.clone()),
            // Whoever works at this machine without an account is its owner.
            (None, Some(address)) if !address.is_loopback() => Key::Address(address),
            (None, _) => return Ok(()),
        };
        let (most, per_second) = (f64::from(rate.burst), f64::from(rate.per_minute) / 60.0);
        let refilled = |left: &Left| {
            let passed = now.saturating_duration_since(left.at).as_secs_f64();
            (left.units + passed * per_second).min(most)
        };
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.len() >= MOST {
            kept.retain(|_, left| refilled(left) < most);
        }
        let full = Left {
            units: most,
            at: now,
        };
        let left = kept.entry(key).or_insert(full);
        let units = refilled(left);
        let cost = f64::from(cost(method, pattern));
        if units < cost {
            return Err(Duration::from_secs_f64((cost - units) / per_second));
        }
        *left = Left {
            units: units - cost,
            at: now,
        };
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::policy::{Rights, Who};

    #[test]
    fn whoever_asks_too_much_waits_and_others_do_not() {
        let (rates, now) = (Rates::default(), Instant::now());
        let rate = Rate {
            per_minute: 60,
            burst: 20,
        };
        let nobody = Viewer::new(Arc::new(Who::unnamed(&Rights::default_matrix(), "")));
        let address = |last| Some(IpAddr::from([10, 0, 0, last]));
        let ask = |from, pattern: &str, after: u64| {
            let now = now + Duration::from_secs(after);
            rates.take(&nobody, from, (&Method::POST, pattern), &rate, now)
        };
        assert!(ask(address(1), "/statistics", 0).is_ok());
        assert!(ask(address(1), "/statistics", 0).is_ok());
        let wait = ask(address(1), "/statistics", 0).unwrap_err();
        assert_eq!(wait.as_secs(), 10);
        assert!(ask(address(2), "/statistics", 0).is_ok());
        assert!(ask(address(1), "/statistics", 10).is_ok());
        // The owner of the machine is not held up.
        let here = Some(IpAddr::from([127, 0, 0, 1]));
        assert!((0..100).all(|_| ask(here, "/statistics", 0).is_ok()));
    }
}
