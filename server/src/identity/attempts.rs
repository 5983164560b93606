//! Failed attempts to sign in: too many for one account or from one address, and it waits.

use std::{
    collections::HashMap,
    net::IpAddr,
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

use super::settings::Lockout;

/// Names and addresses remembered at most; the oldest go first.
const MOST: usize = 10_000;

/// Who fails: the name as it was typed, whether or not there is such an account, so that a
/// lock does not tell.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Key {
    User(String),
    Address(IpAddr),
}

#[derive(Clone, Copy, Debug)]
struct Failures {
    count: usize,
    last: Instant,
}

/// Failures of late.
#[derive(Debug, Default)]
pub(super) struct Attempts(Mutex<HashMap<Key, Failures>>);

impl Attempts {
    /// How long to wait before another attempt; nothing where one may be made now.
    pub(super) fn wait(
        &self,
        user: &str,
        address: Option<IpAddr>,
        limits: &Lockout,
        now: Instant,
    ) -> Option<Duration> {
        let kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        keys(user, address)
            .filter_map(|key| {
                let failures = kept.get(&key)?;
                let most = match key {
                    Key::User(_) => limits.failures_per_account,
                    Key::Address(_) => limits.failures_per_address,
                };
                let passed = now.saturating_duration_since(failures.last);
                let left = limits.lasts().checked_sub(passed)?;
                (failures.count >= most && !left.is_zero()).then_some(left)
            })
            .max()
    }

    /// Takes note of a failure.
    pub(super) fn failed(
        &self,
        user: &str,
        address: Option<IpAddr>,
        limits: &Lockout,
        now: Instant,
    ) {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.len() >= MOST {
            let lasts = limits.lasts();
            kept.retain(|_, failures| now.saturating_duration_since(failures.last) < lasts);
        }
        if kept.len() >= MOST
            && let Some(oldest) = (kept.iter())
                .min_by_key(|(_, failures)| failures.last)
                .map(|(key, _)| key.clone())
        {
            kept.remove(&oldest);
        }
        for key in keys(user, address) {
            let failures = kept.entry(key).or_insert(Failures {
                count: 0,
                last: now,
            });
            if now.saturating_duration_since(failures.last) >= limits.lasts() {
                failures.count = 0;
            }
            failures.count += 1;
            failures.last = now;
        }
    }

    /// Forgets the failures of an account that somebody signed in with. Those of the address
    /// stay: whoever guesses other accounts owns one.
    pub(super) fn succeeded(&self, user: &str) {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.remove(&Key::User(user.to_lowercase()));
    }
}

fn keys(user: &str, address: Option<IpAddr>) -> impl Iterator<Item = Key> {
    std::iter::once(Key::User(user.to_lowercase())).chain(address.map(Key::Address))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::identity::Settings;

    #[test]
    fn five_failures_lock_an_account_for_a_quarter_of_an_hour() {
        let (attempts, limits) = (Attempts::default(), &Settings::usual().lockout);
        let (here, start) = (Some(IpAddr::from([10, 0, 0, 1])), Instant::now());
        for count in 0..5 {
            assert_eq!(attempts.wait("li", here, limits, start), None, "{count}");
            attempts.failed("Li", here, limits, start);
        }
        assert_eq!(
            attempts.wait("li", None, limits, start),
            Some(limits.lasts())
        );
        assert_eq!(attempts.wait("wang", here, limits, start), None);
        let later = start + limits.lasts();
        assert_eq!(attempts.wait("li", here, limits, later), None);
        attempts.failed("li", here, limits, later);
        assert_eq!(
            attempts.wait("li", here, limits, later),
            None,
            "the count began anew"
        );
    }

    #[test]
    fn an_address_that_guesses_many_accounts_is_locked() {
        let (attempts, limits) = (Attempts::default(), &Settings::usual().lockout);
        let (here, now) = (Some(IpAddr::from([10, 0, 0, 1])), Instant::now());
        for count in 0..limits.failures_per_address {
            attempts.failed(&format!("user{count}"), here, limits, now);
        }
        assert!(attempts.wait("another", here, limits, now).is_some());
        attempts.succeeded("another");
        assert!(attempts.wait("another", here, limits, now).is_some());
        assert_eq!(
            attempts.wait("another", Some(IpAddr::from([10, 0, 0, 2])), limits, now),
            None
        );
    }
}
