//! Passwords: hashed with Argon2id, never kept, never logged.

use argon2::{
    Algorithm, Argon2, Params, PasswordHash, PasswordHasher, PasswordVerifier, Version,
    password_hash::SaltString,
};
use yizhangtu_data::demo;

use super::settings::PasswordRules;

/// Characters of made passwords: none that is taken for another when written down.
const ALPHABET: &[u8; 56] = b"ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnpqrstuvwxyz23456789";

/// Longest password in bytes: hashing is paid by its length.
const LONGEST: usize = 256;

/// Argon2id with 19 MiB and two passes: the least that OWASP's Password Storage Cheat Sheet
/// asks for, some 20 ms.
fn hasher() -> Argon2<'static> {
    let params = Params::new(19_456, 2, 1, None).expect("sound parameters");
    Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
}

/// The hash of a password as a PHC string, with a random salt.
pub(crate) fn hash(password: &str) -> String {
    let salt = SaltString::encode_b64(&random::<16>()).expect("16 bytes make a salt");
    hasher()
        .hash_password(password.as_bytes(), &salt)
        .expect("a salt and parameters of ours hash any text")
        .to_string()
}

/// Whether a password is the one of a hash. Takes as long where there is none to compare.
pub(crate) fn verify(password: &str, hash: Option<&str>) -> bool {
    // The demonstration's serves as the decoy; that it fits is no matter then.
    let parsed = PasswordHash::new(hash.unwrap_or(demo::PASSWORD_HASH));
    let fits = parsed.is_ok_and(|parsed| {
        password.len() <= LONGEST
            && hasher()
                .verify_password(password.as_bytes(), &parsed)
                .is_ok()
    });
    fits && hash.is_some()
}

/// Whether the password is the public one of the demonstration.
pub(crate) fn is_public(hash: &str) -> bool {
    hash == demo::PASSWORD_HASH || verify(demo::PASSWORD, Some(hash))
}

/// A password that nobody has guessed yet: 16 characters, 93 bits.
pub(crate) fn made(rules: &PasswordRules) -> String {
    loop {
        // Bytes beyond a multiple of the alphabet would favour its first letters.
        let bytes = random::<64>().into_iter().filter(|byte| *byte < 224);
        let letters = bytes.map(|byte| char::from(ALPHABET[usize::from(byte) % ALPHABET.len()]));
        let password: String = letters.take(16).collect();
        if password.len() == 16 && fault(&password, "", rules).is_none() {
            return password;
        }
    }
}

/// Random bytes of the system.
pub(crate) fn random<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).expect("the system gives random bytes");
    bytes
}

/// What is wrong with a password that a user chose, or nothing.
pub(crate) fn fault(password: &str, user: &str, rules: &PasswordRules) -> Option<String> {
    let length = password.chars().count();
    if length < rules.least_characters {
        let least = rules.least_characters;
        return Some(format!("至少 {least} 个字符 / at least {least} characters"));
    }
    if password.len() > LONGEST {
        return Some(format!("至多 {LONGEST} 字节 / at most {LONGEST} bytes"));
    }
    let classes = [
        password.chars().any(char::is_lowercase),
        password.chars().any(char::is_uppercase),
        password.chars().any(|letter| letter.is_ascii_digit()),
        password.chars().any(|letter| {
            !letter.is_lowercase() && !letter.is_uppercase() && !letter.is_ascii_digit()
        }),
    ];
    if classes.into_iter().filter(|has| *has).count() < rules.least_classes {
        let least = rules.least_classes;
        return Some(format!(
            "须含大写、小写、数字、其他字符中的 {least} 类 / takes {least} kinds of: upper case, lower case, digits, others"
        ));
    }
    let lower = password.to_lowercase();
    let user = user.to_lowercase();
    let guessed = (rules.denied.iter()).any(|denied| lower.contains(&denied.to_lowercase()))
        || (user.chars().count() >= 3 && lower.contains(&user));
    guessed.then(|| {
        "含有常见口令或用户名，太容易猜 / contains a common password or the user's name; too easy to guess"
            .to_owned()
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::identity::Settings;

    #[test]
    fn a_hash_fits_its_password_alone() {
        let hash = hash("Grid-7-water");
        assert!(hash.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"));
        assert!(verify("Grid-7-water", Some(&hash)));
        assert!(!verify("grid-7-water", Some(&hash)));
        assert!(!verify("Grid-7-water", None) && !verify("x", Some("no hash")));
        assert_ne!(hash, super::hash("Grid-7-water"), "each has its own salt");
    }

    #[test]
    fn the_demonstration_s_hash_is_that_of_its_password() {
        assert!(verify(demo::PASSWORD, Some(demo::PASSWORD_HASH)));
        assert!(is_public(&hash(demo::PASSWORD)));
        assert!(!is_public(&hash("Grid-7-water")));
    }

    #[test]
    fn weak_passwords_are_refused_and_made_ones_are_not() {
        let rules = &Settings::usual().password;
        for weak in [
            "short-A1",
            "alllowercase",
            "Passw0rd-Passw0rd",
            "zhang3-San-7x",
            "Aa123456!!",
        ] {
            assert!(fault(weak, "zhang3", rules).is_some(), "{weak}");
        }
        assert_eq!(fault("Grid-7-water", "zhang3", rules), None);
        let made: Vec<String> = (0..20).map(|_| made(rules)).collect();
        assert!(made.iter().all(|one| one.len() == 16));
        assert!(made.windows(2).all(|pair| pair[0] != pair[1]));
    }
}
