//! ID tokens: signature and claims (OpenID Connect Core §3.1.3.7, RFC 7515, RFC 8725).
//!
//! The algorithm is that of the key which the provider publishes, never what the token asks
//! for: neither `none` nor a public key used as a shared secret gets by.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use ring::signature::{
    self, ECDSA_P256_SHA256_FIXED, ED25519, RSA_PKCS1_2048_8192_SHA256, RSA_PSS_2048_8192_SHA256,
    UnparsedPublicKey,
};
use serde::Deserialize;

/// Seconds that clocks may differ by.
const LEEWAY: i64 = 60;

/// A published key of the provider (RFC 7517); others than those for signatures are left out.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Jwk {
    kty: String,
    kid: Option<String>,
    #[serde(rename = "use")]
    purpose: Option<String>,
    alg: Option<String>,
    crv: Option<String>,
    n: Option<String>,
    e: Option<String>,
    x: Option<String>,
    y: Option<String>,
}

#[derive(Deserialize)]
struct Header {
    alg: String,
    kid: Option<String>,
    crit: Option<serde_json::Value>,
}

/// What an ID token says.
#[derive(Debug, Deserialize)]
pub(super) struct Claims {
    iss: String,
    aud: Audience,
    azp: Option<String>,
    exp: i64,
    iat: i64,
    nbf: Option<i64>,
    nonce: Option<String>,
    #[serde(default)]
    pub(super) amr: Vec<String>,
    /// All others.
    #[serde(flatten)]
    pub(super) others: serde_json::Map<String, serde_json::Value>,
}

#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum Audience {
    One(String),
    Several(Vec<String>),
}

/// What a token must say.
pub(super) struct Expected<'a> {
    pub(super) issuer: &'a str,
    pub(super) client: &'a str,
    pub(super) nonce: &'a str,
    /// Seconds since 1970.
    pub(super) now: i64,
}

/// Why a token is not believed. For the server's log; nobody else is told.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub(super) enum TokenError {
    /// It is no signed JWT.
    #[error("not a signed JWT")]
    Form,
    /// It is signed by none of the published keys.
    #[error("no such key")]
    NoKey,
    /// The signature is another's.
    #[error("the signature does not fit")]
    Signature,
    /// A claim is not what it must be.
    #[error("the claim {0} does not fit")]
    Claim(&'static str),
}

fn decoded(text: &str) -> Option<Vec<u8>> {
    URL_SAFE_NO_PAD.decode(text).ok()
}

/// The claims of a token that one of the keys signed for this service.
///
/// # Errors
/// [`TokenError::NoKey`] where the keys may have changed; another where it is to be refused.
pub(super) fn verified(
    token: &str,
    keys: &[Jwk],
    expected: &Expected<'_>,
) -> Result<Claims, TokenError> {
    let (message, signature) = token.rsplit_once('.').ok_or(TokenError::Form)?;
    let (header, body) = message.split_once('.').ok_or(TokenError::Form)?;
    let header: Header = (decoded(header))
        .and_then(|bytes| serde_json::from_slice(&bytes).ok())
        .ok_or(TokenError::Form)?;
    let signature = decoded(signature).ok_or(TokenError::Form)?;
    if header.crit.is_some() {
        return Err(TokenError::Form);
    }
    let fits = |key: &&Jwk| {
        let named = header.kid.is_none() || key.kid == header.kid;
        named
            && key
                .purpose
                .as_deref()
                .is_none_or(|purpose| purpose == "sig")
            && key.alg.as_deref().is_none_or(|alg| alg == header.alg)
    };
    let mut known = keys.iter().filter(fits).peekable();
    if known.peek().is_none() {
        return Err(TokenError::NoKey);
    }
    if !known.any(|key| key.signed(&header.alg, message.as_bytes(), &signature)) {
        return Err(TokenError::Signature);
    }
    let claims: Claims = (decoded(body))
        .and_then(|bytes| serde_json::from_slice(&bytes).ok())
        .ok_or(TokenError::Form)?;
    claims.check(expected)?;
    Ok(claims)
}

impl Jwk {
    /// Whether the key made a signature, by the algorithm that its own kind allows.
    fn signed(&self, algorithm: &str, message: &[u8], signature: &[u8]) -> bool {
        let part = |text: &Option<String>| text.as_deref().and_then(decoded);
        match (self.kty.as_str(), algorithm, self.crv.as_deref()) {
            ("RSA", "RS256" | "PS256", _) => {
                let (Some(n), Some(e)) = (part(&self.n), part(&self.e)) else {
                    return false;
                };
                let rule = if algorithm == "RS256" {
                    &RSA_PKCS1_2048_8192_SHA256
                } else {
                    &RSA_PSS_2048_8192_SHA256
                };
                signature::RsaPublicKeyComponents { n, e }
                    .verify(rule, message, signature)
                    .is_ok()
            }
            ("EC", "ES256", Some("P-256")) => {
                let (Some(x), Some(y)) = (part(&self.x), part(&self.y)) else {
                    return false;
                };
                let point: Vec<u8> = [4].into_iter().chain(x).chain(y).collect();
                UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, point)
                    .verify(message, signature)
                    .is_ok()
            }
            ("OKP", "EdDSA", Some("Ed25519")) => part(&self.x).is_some_and(|x| {
                UnparsedPublicKey::new(&ED25519, x)
                    .verify(message, signature)
                    .is_ok()
            }),
            _ => false,
        }
    }
}

impl Claims {
    fn check(&self, expected: &Expected<'_>) -> Result<(), TokenError> {
        let client = expected.client;
        let (named, several) = match &self.aud {
            Audience::One(one) => (one == client, false),
            Audience::Several(all) => (all.iter().any(|one| one == client), all.len() > 1),
        };
        let party = self.azp.as_deref();
        let checks = [
            ("iss", self.iss == expected.issuer),
            ("aud", named),
            ("azp", party.map_or(!several, |party| party == client)),
            ("exp", self.exp > expected.now - LEEWAY),
            ("iat", self.iat <= expected.now + LEEWAY),
            (
                "nbf",
                self.nbf.is_none_or(|from| from <= expected.now + LEEWAY),
            ),
            ("nonce", self.nonce.as_deref() == Some(expected.nonce)),
        ];
        match checks.into_iter().find(|(_, holds)| !holds) {
            Some((claim, _)) => Err(TokenError::Claim(claim)),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use ring::{
        rand::SystemRandom,
        signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _},
    };
    use serde_json::{Value, json};

    use super::*;

    const NOW: i64 = 1_800_000_000;

    fn pair() -> EcdsaKeyPair {
        let rule = &ECDSA_P256_SHA256_FIXED_SIGNING;
        let random = SystemRandom::new();
        let made = EcdsaKeyPair::generate_pkcs8(rule, &random).expect("a key");
        EcdsaKeyPair::from_pkcs8(rule, made.as_ref(), &random).expect("a key")
    }

    fn published(pair: &EcdsaKeyPair) -> Jwk {
        let point = pair.public_key().as_ref();
        let text = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
        let key = json!({
            "kty": "EC", "crv": "P-256", "kid": "k1", "use": "sig",
            "x": text(&point[1..33]), "y": text(&point[33..]),
        });
        serde_json::from_value(key).expect("a key")
    }

    fn token(pair: &EcdsaKeyPair, header: &Value, claims: &Value) -> String {
        let text = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let message = format!("{}.{}", text(header), text(claims));
        let signature = pair.sign(&SystemRandom::new(), message.as_bytes());
        let signature = signature.expect("a signature");
        format!("{message}.{}", URL_SAFE_NO_PAD.encode(signature.as_ref()))
    }

    fn claims() -> Value {
        json!({
            "iss": "https://id.example", "aud": "map", "sub": "7", "nonce": "n",
            "exp": NOW + 300, "iat": NOW - 5, "preferred_username": "li.si",
        })
    }

    fn check(token: &str, keys: &[Jwk]) -> Result<Claims, TokenError> {
        let expected = Expected {
            issuer: "https://id.example",
            client: "map",
            nonce: "n",
            now: NOW,
        };
        verified(token, keys, &expected)
    }

    #[test]
    fn a_token_for_us_is_believed() {
        let pair = pair();
        let keys = [published(&pair)];
        let header = json!({ "alg": "ES256", "kid": "k1" });
        let told = check(&token(&pair, &header, &claims()), &keys).expect("it is for us");
        assert_eq!(told.others["preferred_username"], "li.si");
    }

    #[test]
    fn anything_else_is_not() {
        let pair = pair();
        let keys = [published(&pair)];
        let header = json!({ "alg": "ES256", "kid": "k1" });
        for (claim, value) in [
            ("iss", json!("https://evil.example")),
            ("aud", json!("other")),
            ("aud", json!(["map", "other"])),
            ("exp", json!(NOW - 3600)),
            ("iat", json!(NOW + 3600)),
            ("nbf", json!(NOW + 3600)),
            ("nonce", json!("another")),
        ] {
            let mut changed = claims();
            changed[claim] = value;
            let refused = check(&token(&pair, &header, &changed), &keys).unwrap_err();
            let expected = if changed["aud"].is_array() {
                "azp"
            } else {
                claim
            };
            assert_eq!(refused, TokenError::Claim(expected));
        }
        let own = token(&pair, &header, &claims());
        // Another's signature, an algorithm that the key is not of, none, and a changed body.
        let other = token(&super::tests::pair(), &header, &claims());
        assert_eq!(check(&other, &keys).unwrap_err(), TokenError::Signature);
        for alg in ["none", "HS256", "RS256", "EdDSA"] {
            let header = json!({ "alg": alg, "kid": "k1" });
            let wrong = token(&pair, &header, &claims());
            assert_eq!(
                check(&wrong, &keys).unwrap_err(),
                TokenError::Signature,
                "{alg}"
            );
        }
        let parts: Vec<&str> = own.split('.').collect();
        let body = URL_SAFE_NO_PAD.encode(claims().to_string().replace("li.si", "zhao"));
        let forged = format!("{}.{body}.{}", parts[0], parts[2]);
        assert_eq!(check(&forged, &keys).unwrap_err(), TokenError::Signature);
        let unsigned = format!("{}.{}.", parts[0], parts[1]);
        assert_eq!(check(&unsigned, &keys).unwrap_err(), TokenError::Signature);
        assert_eq!(check(&own, &[]).unwrap_err(), TokenError::NoKey);
        assert_eq!(check("a.b", &keys).unwrap_err(), TokenError::Form);
        let critical = json!({ "alg": "ES256", "kid": "k1", "crit": ["x"] });
        let critical = token(&pair, &critical, &claims());
        assert_eq!(check(&critical, &keys).unwrap_err(), TokenError::Form);
    }
}
