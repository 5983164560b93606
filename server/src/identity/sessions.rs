//! Sessions: who signed in here, kept in memory. A restart ends them all.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

use sha2::{Digest, Sha256};
use yizhangtu_data::hexadecimal;

use super::{password::random, settings::SessionLimits};

/// The hash of a token: what is kept can't be used to sign in.
pub(super) type TokenHash = [u8; 32];

/// What a browser shows as, as far as one session each is concerned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Device {
    Desktop,
    Phone,
    Program,
}

impl Device {
    /// From the `User-Agent`.
    pub(super) fn of(agent: &str) -> Self {
        if !agent.starts_with("Mozilla/") {
            Self::Program
        } else if agent.contains("Mobi") || agent.contains("Android") {
            Self::Phone
        } else {
            Self::Desktop
        }
    }
}

/// One session.
#[derive(Clone, Debug)]
pub(super) struct Session {
    /// The account's user, as it is written in the file.
    pub(super) user: String,
    /// Whether a one-time code was given.
    pub(super) second_factor: bool,
    /// Whether the customer's own identity provider said who it is.
    pub(super) by_provider: bool,
    device: Device,
    administrator: bool,
    began: Instant,
    used: Instant,
}

/// How long it is known whose a session was that ended: a device that comes back from an alley
/// is told that its account is none any more.
const REMEMBERED: Duration = Duration::from_secs(30 * 24 * 3600);

/// The sessions that last, and whose those were that ended by themselves or were ended.
#[derive(Debug, Default)]
pub(super) struct Sessions(
    Mutex<HashMap<TokenHash, Session>>,
    Mutex<HashMap<TokenHash, (String, Instant)>>,
);

/// A new session of an account.
pub(super) struct Begun<'a> {
    pub(super) user: &'a str,
    pub(super) device: Device,
    pub(super) administrator: bool,
    pub(super) second_factor: bool,
    /// Whether the customer's own identity provider said who it is.
    pub(super) by_provider: bool,
    /// Whether many people share the account, as in a demonstration.
    pub(super) shared: bool,
}

impl Sessions {
    /// Begins a session and gives its token: 256 random bits, hexadecimal. Always a new one,
    /// so that none that was planted before becomes worth something.
    pub(super) fn begin(&self, begun: &Begun<'_>, limits: &SessionLimits, now: Instant) -> String {
        let token = hexadecimal(&random::<32>());
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let over: Vec<(TokenHash, String)> = (kept.iter())
            .filter(|(_, session)| !session.lasts(limits, now))
            .map(|(hash, session)| (*hash, session.user.clone()))
            .collect();
        for (hash, user) in over {
            kept.remove(&hash);
            self.remember(hash, user, now);
        }
        if !begun.shared {
            let mut own: Vec<(Instant, TokenHash)> = kept
                .iter()
                .filter(|(_, session)| session.user == begun.user && session.device == begun.device)
                .map(|(hash, session)| (session.began, *hash))
                .collect();
            own.sort();
            let surplus = (own.len() + 1).saturating_sub(limits.per_device_kind.max(1));
            for (_, hash) in own.into_iter().take(surplus) {
                kept.remove(&hash);
            }
        }
        let session = Session {
            user: begun.user.to_owned(),
            second_factor: begun.second_factor,
            by_provider: begun.by_provider,
            device: begun.device,
            administrator: begun.administrator,
            began: now,
            used: now,
        };
        kept.insert(hash(&token), session);
        token
    }

    /// The session of a token, which is used by asking.
    pub(super) fn find(
        &self,
        token: &str,
        limits: &SessionLimits,
        now: Instant,
    ) -> Option<Session> {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let key = hash(token);
        let session = kept.get_mut(&key)?;
        if !session.lasts(limits, now) {
            let user = session.user.clone();
            kept.remove(&key);
            self.remember(key, user, now);
            return None;
        }
        session.used = now;
        Some(session.clone())
    }

    /// The session of a token's hash, which looking does not use.
    pub(super) fn peek(
        &self,
        hash: &TokenHash,
        limits: &SessionLimits,
        now: Instant,
    ) -> Option<Session> {
        let kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let session = kept.get(hash)?;
        session.lasts(limits, now).then(|| session.clone())
    }

    /// Marks a session as one that a second factor was given in, under a new token.
    pub(super) fn raise(
        &self,
        token: &str,
        limits: &SessionLimits,
        now: Instant,
    ) -> Option<String> {
        let mut session = self.find(token, limits, now)?;
        let next = hexadecimal(&random::<32>());
        session.second_factor = true;
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.remove(&hash(token))?;
        kept.insert(hash(&next), session);
        Some(next)
    }

    /// Ends a session; gives whose it was.
    pub(super) fn end(&self, token: &str) -> Option<String> {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.remove(&hash(token)).map(|session| session.user)
    }

    /// Ends all sessions of a user but one.
    pub(super) fn end_all(&self, user: &str, except: Option<&str>) {
        let except = except.map(hash);
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.retain(|key, session| {
            let stays = session.user != user || Some(*key) == except;
            if !stays {
                self.remember(*key, session.user.clone(), Instant::now());
            }
            stays
        });
    }

    fn remember(&self, hash: TokenHash, user: String, now: Instant) {
        let mut ended = self.1.lock().unwrap_or_else(PoisonError::into_inner);
        ended.retain(|_, (_, at)| now.saturating_duration_since(*at) < REMEMBERED);
        ended.insert(hash, (user, now));
    }

    /// Whose session a token is, or was until it ended other than by signing out.
    pub(super) fn whose(&self, token: &str) -> Option<String> {
        let key = hash(token);
        let kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(session) = kept.get(&key) {
            return Some(session.user.clone());
        }
        let ended = self.1.lock().unwrap_or_else(PoisonError::into_inner);
        ended.get(&key).map(|(user, _)| user.clone())
    }
}

impl Session {
    fn lasts(&self, limits: &SessionLimits, now: Instant) -> bool {
        now.saturating_duration_since(self.used) < limits.idle(self.administrator)
            && now.saturating_duration_since(self.began) < limits.absolute()
    }
}

/// SHA-256 of a token. A token is random, so its hash needs no salt.
pub(super) fn hash(token: &str) -> TokenHash {
    Sha256::digest(token.as_bytes()).into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::identity::Settings;

    fn begun(user: &str, device: Device) -> Begun<'_> {
        Begun {
            user,
            device,
            administrator: false,
            by_provider: false,
            second_factor: false,
            shared: false,
        }
    }

    #[test]
    fn a_session_ends_when_it_rests_and_when_it_is_old() {
        let (sessions, limits) = (Sessions::default(), &Settings::usual().session);
        let start = Instant::now();
        let minutes = |count: u64| start + Duration::from_secs(60 * count);
        let token = sessions.begin(&begun("li", Device::Desktop), limits, start);
        for minute in (10..480).step_by(10) {
            assert!(
                sessions.find(&token, limits, minutes(minute)).is_some(),
                "{minute}"
            );
        }
        assert!(
            sessions.find(&token, limits, minutes(480)).is_none(),
            "eight hours"
        );
        let token = sessions.begin(&begun("li", Device::Desktop), limits, start);
        assert!(
            sessions.find(&token, limits, minutes(15)).is_none(),
            "a quarter of an hour"
        );
        assert!(
            sessions.find(&token, limits, start).is_none(),
            "what ended stays so"
        );
    }

    #[test]
    fn a_user_has_one_session_on_a_kind_of_device() {
        let (sessions, limits) = (Sessions::default(), &Settings::usual().session);
        let now = Instant::now();
        let first = sessions.begin(&begun("li", Device::Desktop), limits, now);
        let phone = sessions.begin(&begun("li", Device::Phone), limits, now);
        let second = sessions.begin(&begun("li", Device::Desktop), limits, now);
        assert!(sessions.find(&first, limits, now).is_none());
        assert!(sessions.find(&phone, limits, now).is_some());
        assert!(sessions.find(&second, limits, now).is_some());
        sessions.end_all("li", Some(&phone));
        assert!(sessions.find(&second, limits, now).is_none());
        assert_eq!(sessions.whose(&second).as_deref(), Some("li"));
        assert_eq!(sessions.end(&phone).as_deref(), Some("li"));
        assert!(sessions.find(&phone, limits, now).is_none());
        assert_eq!(sessions.whose(&phone), None, "who signed out left");
    }
}
