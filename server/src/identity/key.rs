//! Keys by which programs ask: shown once, kept as a hash, in the `Authorization` header.

use yizhangtu_data::hexadecimal;

use super::{password::random, sessions::hash};

/// What every key begins with, so that one that leaks is recognised.
const BEGINNING: &str = "yzt_";

/// A new key: 256 random bits.
pub(crate) fn made() -> String {
    format!("{BEGINNING}{}", hexadecimal(&random::<32>()))
}

/// The hash that is kept of a key. A key is random, so its hash needs no salt.
pub(crate) fn hashed(key: &str) -> String {
    hexadecimal(&hash(key))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_long_and_its_hash_is_its_own() {
        let (one, other) = (made(), made());
        assert_eq!(one.len(), 68);
        assert_ne!(hashed(&one), hashed(&other));
        assert_eq!(hashed(&one), hashed(&one.clone()));
    }
}
