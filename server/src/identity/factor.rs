//! The second factor: one-time codes of an authenticator app (RFC 6238), and recovery codes
//! for whoever loses the phone.

use std::{
    collections::HashMap,
    net::IpAddr,
    sync::{Mutex, PoisonError},
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

use serde::{Deserialize, Serialize};
use totp_rs::{Algorithm, Secret, TOTP};
use yizhangtu_data::{hexadecimal, store::Account};

use super::{Identity, Settings, password::random, sessions::hash};
use crate::http::percent_encoded;

/// Seconds that a code holds, and how many before and after are taken: clocks differ.
const STEP: u64 = 30;
const SKEW: u64 = 1;

/// How long a secret that was shown waits for its first code.
const WAITS: Duration = Duration::from_secs(600);

/// Recovery codes that are given, each good once.
const RECOVERY: usize = 10;

/// What stands in an account, sealed where there is a key.
#[derive(Debug, Serialize, Deserialize)]
struct Factor {
    /// Base32, as authenticator apps take it.
    secret: String,
    /// Hashes of the recovery codes that are left.
    recovery: Vec<String>,
}

/// Secrets shown and not confirmed yet, and the last step that each user's code was of.
#[derive(Default)]
pub(super) struct Factors {
    waiting: Mutex<HashMap<String, (String, Instant)>>,
    used: Mutex<HashMap<String, u64>>,
}

/// What somebody needs to set their app up.
pub(super) struct Enrolment {
    /// Base32, to be typed where no camera is.
    pub(super) secret: String,
    /// `otpauth://` address.
    pub(super) address: String,
    /// The address as a QR code: rows of `0` and `1`.
    pub(super) code: Vec<String>,
}

/// Why a code was not taken.
#[derive(Debug)]
pub(super) enum FactorRefusal {
    /// Wrong, used already, or not wanted.
    Wrong,
    /// Too many failures; wait so long.
    Wait(Duration),
    /// The file can't be written.
    Store(String),
}

/// Where the secret is bound to when it is sealed.
const PLACE: &str = "account/totp";

impl Identity {
    /// Shows a new secret, which counts once its first code was given.
    pub(super) fn begin_factor(&self, user: &str) -> Option<Enrolment> {
        let Secret::Encoded(secret) = Secret::Raw(random::<20>().to_vec()).to_encoded() else {
            return None;
        };
        let issuer = percent_encoded("一张图");
        let address = format!(
            "otpauth://totp/{issuer}:{user}?secret={secret}&issuer={issuer}",
            user = percent_encoded(user)
        );
        let code = qrcode::QrCode::new(address.as_bytes()).ok()?;
        let rows = code.to_colors();
        let rows = rows.chunks(code.width()).map(|row| {
            let dark = row.iter().map(|color| color.select('1', '0'));
            dark.collect()
        });
        let mut waiting = lock(&self.factors.waiting);
        waiting.retain(|_, (_, at)| at.elapsed() < WAITS);
        waiting.insert(user.to_owned(), (secret.clone(), Instant::now()));
        Some(Enrolment {
            secret,
            address,
            code: rows.collect(),
        })
    }

    /// Takes the first code of a new secret; gives the recovery codes, which are shown once.
    pub(super) fn confirm_factor(
        &self,
        user: &str,
        code: &str,
        address: Option<IpAddr>,
    ) -> Result<Vec<String>, FactorRefusal> {
        let secret = {
            let waiting = lock(&self.factors.waiting);
            let found = waiting.get(user).filter(|(_, at)| at.elapsed() < WAITS);
            found.map(|(secret, _)| secret.clone())
        };
        self.attempt(user, address, || {
            let secret = secret.filter(|secret| self.fits(user, secret, code))?;
            Some(secret)
        })
        .and_then(|secret| {
            let codes: Vec<String> = (0..RECOVERY).map(|_| recovery_code()).collect();
            let factor = Factor {
                secret,
                recovery: codes.iter().map(|code| hashed(code)).collect(),
            };
            self.save_factor(user, Some(&factor))?;
            lock(&self.factors.waiting).remove(user);
            Ok(codes)
        })
    }

    /// Takes a code of an account's app, or one of its recovery codes.
    pub(super) fn check_factor(
        &self,
        account: &Account,
        code: &str,
        address: Option<IpAddr>,
    ) -> Result<(), FactorRefusal> {
        let mut factor = self.factor(account).ok_or(FactorRefusal::Wrong)?;
        let user = &account.user;
        let recovered = self.attempt(user, address, || {
            if self.fits(user, &factor.secret, code) {
                return Some(false);
            }
            let own = hashed(code);
            let at = factor.recovery.iter().position(|left| *left == own)?;
            factor.recovery.remove(at);
            Some(true)
        })?;
        if recovered {
            self.save_factor(user, Some(&factor))?;
        }
        Ok(())
    }

    /// Guesses of codes are counted like guesses of passwords, apart from them.
    fn attempt<T>(
        &self,
        user: &str,
        address: Option<IpAddr>,
        fits: impl FnOnce() -> Option<T>,
    ) -> Result<T, FactorRefusal> {
        let (limits, now) = (&Settings::usual().lockout, Instant::now());
        let guessed = format!("{user}\u{0}code");
        if let Some(wait) = self.attempts.wait(&guessed, address, limits, now) {
            return Err(FactorRefusal::Wait(wait));
        }
        let Some(found) = fits() else {
            self.attempts.failed(&guessed, address, limits, now);
            return Err(FactorRefusal::Wrong);
        };
        self.attempts.succeeded(&guessed);
        Ok(found)
    }

    /// Whether a code is of about now, and of a later step than the last: a code that somebody
    /// looked over a shoulder is worth nothing.
    fn fits(&self, user: &str, secret: &str, code: &str) -> bool {
        let code: String = code
            .chars()
            .filter(|letter| !letter.is_whitespace())
            .collect();
        let Ok(bytes) = Secret::Encoded(secret.to_owned()).to_bytes() else {
            return false;
        };
        let Ok(totp) = TOTP::new(Algorithm::SHA1, 6, 0, STEP, bytes) else {
            return false;
        };
        let now = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .map_or(0, |now| now.as_secs())
            / STEP;
        let mut used = lock(&self.factors.used);
        let last = used.get(user).copied();
        let step = (now.saturating_sub(SKEW)..=now + SKEW)
            .filter(|step| last.is_none_or(|last| *step > last))
            .find(|step| same(&totp.generate(step * STEP), &code));
        if let Some(step) = step {
            used.insert(user.to_owned(), step);
        }
        step.is_some()
    }

    fn factor(&self, account: &Account) -> Option<Factor> {
        let kept = account.totp.as_deref()?;
        let open = self.keys.open_text(PLACE, kept);
        serde_json::from_str(open.as_deref().unwrap_or(kept)).ok()
    }

    fn save_factor(&self, user: &str, factor: Option<&Factor>) -> Result<(), FactorRefusal> {
        let fail = |error: &dyn std::fmt::Display| FactorRefusal::Store(error.to_string());
        let kept = factor.map(serde_json::to_string).transpose();
        let kept = kept.map_err(|error| fail(&error))?;
        let kept = kept.map(|text| self.keys.seal_text(PLACE, &text).unwrap_or(text));
        if self.writer.is_none() {
            return Err(FactorRefusal::Store("read-only".to_owned()));
        }
        self.change(user, |account| account.totp.clone_from(&kept))
            .map_err(|error| fail(&error))
    }
}

/// Sixteen letters and digits that are not mistaken for one another, in groups of four.
fn recovery_code() -> String {
    const LETTERS: &[u8; 32] = b"ABCDEFGHJKLMNPQRSTUVWXYZ23456789";
    let letters: Vec<char> = (random::<16>().iter())
        .map(|byte| char::from(LETTERS[usize::from(byte % 32)]))
        .collect();
    let groups: Vec<String> = letters
        .chunks(4)
        .map(|group| group.iter().collect())
        .collect();
    groups.join("-")
}

/// The hash that is kept of a recovery code: it is random, so it needs no salt.
fn hashed(code: &str) -> String {
    let plain: String = code
        .chars()
        .filter(char::is_ascii_alphanumeric)
        .collect::<String>()
        .to_uppercase();
    hexadecimal(&hash(&plain))
}

/// Compares without telling by the time how much was right.
fn same(own: &str, given: &str) -> bool {
    own.len() == given.len()
        && own
            .bytes()
            .zip(given.bytes())
            .fold(0, |sum, (own, given)| sum | (own ^ given))
            == 0
}

fn lock<T>(kept: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    kept.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_codes_are_those_of_rfc_6238() {
        let secret = b"12345678901234567890".to_vec();
        let totp = TOTP::new(Algorithm::SHA1, 6, 0, STEP, secret).unwrap();
        for (time, code) in [
            (59, "287082"),
            (1_111_111_109, "081804"),
            (2_000_000_000, "279037"),
        ] {
            assert_eq!(totp.generate(time), code);
        }
    }

    #[test]
    fn a_recovery_code_is_read_as_people_type_it() {
        let code = recovery_code();
        assert_eq!(code.len(), 19);
        assert_eq!(
            hashed(&code),
            hashed(&code.to_lowercase().replace('-', " "))
        );
        assert_ne!(hashed(&code), hashed(&recovery_code()));
    }
}
