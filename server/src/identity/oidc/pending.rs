//! Sign-ins under way: what was sent to the provider, until it sends somebody back.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

use yizhangtu_data::hexadecimal;

use super::super::{password::random, sessions::hash};

/// How long somebody may take at the provider.
const LASTS: Duration = Duration::from_secs(600);

/// Sign-ins under way at most; the oldest goes.
const MOST: usize = 2_000;

/// One sign-in under way.
#[derive(Clone, Debug)]
pub(crate) struct Begun {
    /// What the ID token must repeat.
    pub(super) nonce: String,
    /// What proves to the provider that the same program asks (PKCE).
    pub(super) verifier: String,
    /// What the browser that began must show.
    pub(super) binding: String,
    at: Instant,
}

/// The sign-ins under way, by their state.
#[derive(Debug, Default)]
pub(crate) struct Pending(Mutex<HashMap<[u8; 32], Begun>>);

impl Pending {
    /// Begins one; gives its state.
    pub(super) fn begin(&self, now: Instant) -> (String, Begun) {
        let secret = || hexadecimal(&random::<32>());
        let state = secret();
        let begun = Begun {
            nonce: secret(),
            verifier: secret(),
            binding: secret(),
            at: now,
        };
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.retain(|_, begun| now.saturating_duration_since(begun.at) < LASTS);
        if kept.len() >= MOST
            && let Some(oldest) = kept
                .iter()
                .min_by_key(|(_, begun)| begun.at)
                .map(|(key, _)| *key)
        {
            kept.remove(&oldest);
        }
        kept.insert(hash(&state), begun.clone());
        (state, begun)
    }

    /// Takes the one of a state, once, for the browser that began it.
    pub(super) fn take(&self, state: &str, binding: Option<&str>, now: Instant) -> Option<Begun> {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let begun = kept.remove(&hash(state))?;
        let fresh = now.saturating_duration_since(begun.at) < LASTS;
        let own = binding.is_some_and(|binding| hash(binding) == hash(&begun.binding));
        (fresh && own).then_some(begun)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_state_is_good_once_in_time_and_for_its_own_browser() {
        let (pending, now) = (Pending::default(), Instant::now());
        let (state, begun) = pending.begin(now);
        assert!(pending.take("other", Some(&begun.binding), now).is_none());
        assert!(pending.take(&state, Some(&begun.binding), now).is_some());
        assert!(pending.take(&state, Some(&begun.binding), now).is_none());
        let (state, _) = pending.begin(now);
        assert!(pending.take(&state, Some("planted"), now).is_none());
        let (state, _) = pending.begin(now);
        assert!(pending.take(&state, None, now).is_none());
        let (state, begun) = pending.begin(now);
        let late = now + LASTS;
        assert!(pending.take(&state, Some(&begun.binding), late).is_none());
    }
}
