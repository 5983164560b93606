//! The identity provider: what it says of itself, its keys, and what it gives for a code.
//!
//! Everything here waits for the network: call it beside the threads that answer.

use std::{
    sync::{Mutex, PoisonError},
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

use serde::{Deserialize, de::DeserializeOwned};
use ureq::tls::{PemItem, RootCerts, TlsConfig};

use super::{
    OidcSettings,
    token::{Claims, Expected, Jwk, TokenError, verified},
};

/// Longest wait for the provider.
const LONGEST_WAIT: Duration = Duration::from_secs(10);

/// How long its description and keys are kept.
const KEPT: Duration = Duration::from_secs(3600);

/// How soon its keys are asked for again where a token names one that is not known.
const AGAIN: Duration = Duration::from_secs(30);

/// Nothing that it sends is as large.
const LARGEST: u64 = 1 << 20;

/// Why somebody could not be signed in by the provider. For the server's log.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub(super) enum ProviderError {
    /// It does not answer, or answers something else.
    #[error("the identity provider: {0}")]
    Answer(String),
    /// Its description is another's, or names addresses that are not safe.
    #[error("the identity provider describes itself by {0}, which is not to be used")]
    Description(&'static str),
    /// The token is not believed.
    #[error("an ID token was refused: {0}")]
    Token(#[from] TokenError),
}

/// What the provider says of itself.
#[derive(Clone, Debug, Deserialize)]
struct Description {
    issuer: String,
    authorization_endpoint: String,
    token_endpoint: String,
    jwks_uri: String,
}

#[derive(Clone, Debug, Deserialize)]
struct Published {
    keys: Vec<serde_json::Value>,
}

#[derive(Deserialize)]
struct Given {
    id_token: String,
}

/// What was last heard, and when.
#[derive(Debug, Default)]
struct Heard {
    description: Option<(Description, Instant)>,
    keys: Option<(Vec<Jwk>, Instant)>,
}

/// The provider that is asked.
#[derive(Debug)]
pub(crate) struct Provider {
    pub(super) settings: OidcSettings,
    agent: ureq::Agent,
    secret: Option<String>,
    heard: Mutex<Heard>,
}

/// Whether an address is read by nobody else on the way.
pub(super) fn is_safe(address: &str) -> bool {
    let Ok(uri) = address.parse::<axum::http::Uri>() else {
        return false;
    };
    let host = uri.host().unwrap_or_default();
    match uri.scheme_str() {
        Some("https") => !host.is_empty(),
        Some("http") => matches!(host, "localhost" | "127.0.0.1" | "[::1]"),
        _ => false,
    }
}

impl Provider {
    /// The provider of the settings. Asks nothing yet: it may start after this service.
    ///
    /// # Errors
    /// When its authority's certificates or the secret cannot be read; Chinese and English.
    pub(crate) fn new(settings: OidcSettings) -> Result<Self, String> {
        let mut tls = TlsConfig::builder();
        if let Some(path) = &settings.ca {
            let named = |error: &dyn std::fmt::Display| format!("{}: {error}", path.display());
            let text = std::fs::read(path).map_err(|error| named(&error))?;
            let certificates: Vec<_> = ureq::tls::parse_pem(&text)
                .filter_map(|item| match item {
                    Ok(PemItem::Certificate(certificate)) => Some(certificate),
                    _ => None,
                })
                .collect();
            if certificates.is_empty() {
                return Err(named(&"不含 PEM 证书 / holds no certificate in PEM"));
            }
            tls = tls.root_certs(RootCerts::from(certificates.into_iter()));
        }
        let secret =
            match &settings.client_secret_env {
                None => None,
                Some(name) => Some(std::env::var(name).map_err(|_| {
                    format!("环境变量 {name} 未设置 / the variable {name} is not set")
                })?),
            };
        let agent = ureq::Agent::config_builder()
            .timeout_global(Some(LONGEST_WAIT))
            // A provider that sends its answers elsewhere would send the code there too.
            .max_redirects(0)
            .tls_config(tls.build())
            .build()
            .into();
        Ok(Self {
            settings,
            agent,
            secret,
            heard: Mutex::default(),
        })
    }

    /// What the button to it says.
    pub(crate) fn title(&self) -> &yizhangtu_data::Text {
        &self.settings.title
    }

    /// The address that somebody is sent to, without the query.
    pub(super) fn authorization(&self) -> Result<String, ProviderError> {
        Ok(self.description()?.authorization_endpoint)
    }

    /// Who a code stands for.
    ///
    /// # Errors
    /// When the provider gives nothing for it, or what it gives is not believed.
    pub(super) fn redeem(
        &self,
        code: &str,
        verifier: &str,
        redirect: &str,
        nonce: &str,
    ) -> Result<Claims, ProviderError> {
        let mut form = vec![
            ("grant_type", "authorization_code"),
            ("code", code),
            ("redirect_uri", redirect),
            ("client_id", &self.settings.client_id),
            ("code_verifier", verifier),
        ];
        if let Some(secret) = &self.secret {
            form.push(("client_secret", secret));
        }
        let address = self.description()?.token_endpoint;
        let answer = self.agent.post(&address).send_form(form);
        let given: Given = read(answer)?;
        let now = SystemTime::now().duration_since(UNIX_EPOCH);
        let expected = Expected {
            issuer: &self.settings.issuer,
            client: &self.settings.client_id,
            nonce,
            now: now.map_or(0, |now| now.as_secs().cast_signed()),
        };
        match verified(&given.id_token, &self.keys(KEPT)?, &expected) {
            // It may have changed its keys since.
            Err(TokenError::NoKey) => Ok(verified(&given.id_token, &self.keys(AGAIN)?, &expected)?),
            other => Ok(other?),
        }
    }

    fn description(&self) -> Result<Description, ProviderError> {
        if let Some((own, at)) = &self.heard().description
            && at.elapsed() < KEPT
        {
            return Ok(own.clone());
        }
        let issuer = &self.settings.issuer;
        let address = format!(
            "{}/.well-known/openid-configuration",
            issuer.trim_end_matches('/')
        );
        let told: Description = read(self.agent.get(&address).call())?;
        if told.issuer != *issuer {
            return Err(ProviderError::Description("another issuer"));
        }
        for (name, address) in [
            ("authorization_endpoint", &told.authorization_endpoint),
            ("token_endpoint", &told.token_endpoint),
            ("jwks_uri", &told.jwks_uri),
        ] {
            if !is_safe(address) {
                return Err(ProviderError::Description(name));
            }
        }
        self.heard().description = Some((told.clone(), Instant::now()));
        Ok(told)
    }

    /// Its keys, no older than asked for.
    fn keys(&self, kept: Duration) -> Result<Vec<Jwk>, ProviderError> {
        if let Some((keys, at)) = &self.heard().keys
            && at.elapsed() < kept
        {
            return Ok(keys.clone());
        }
        let address = self.description()?.jwks_uri;
        let published: Published = read(self.agent.get(&address).call())?;
        // Keys of kinds that are not known here do not hide the others.
        let keys: Vec<Jwk> = (published.keys.into_iter())
            .filter_map(|key| serde_json::from_value(key).ok())
            .collect();
        self.heard().keys = Some((keys.clone(), Instant::now()));
        Ok(keys)
    }

    fn heard(&self) -> std::sync::MutexGuard<'_, Heard> {
        self.heard.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn read<T: DeserializeOwned>(
    answer: Result<ureq::http::Response<ureq::Body>, ureq::Error>,
) -> Result<T, ProviderError> {
    let said = |error: &dyn std::fmt::Display| ProviderError::Answer(error.to_string());
    let mut answer = answer.map_err(|error| said(&error))?;
    let bytes = (answer.body_mut().with_config().limit(LARGEST))
        .read_to_vec()
        .map_err(|error| said(&error))?;
    serde_json::from_slice(&bytes).map_err(|error| said(&error))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_nobody_else_reads_is_safe() {
        assert!(is_safe("https://id.example.gov.cn/realms/x"));
        assert!(is_safe("http://127.0.0.1:9000"));
        for address in ["http://id.example.gov.cn", "ftp://127.0.0.1", "id", ""] {
            assert!(!is_safe(address), "{address}");
        }
    }
}
