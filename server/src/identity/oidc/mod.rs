//! Signing in with a customer's own identity provider: OpenID Connect, authorization code
//! with PKCE.
//!
//! The provider says who somebody is; what they may do is said here, by an account of that
//! name that the administrators made. Nobody gets an account by signing in.

mod pending;
mod provider;
mod routes;
mod token;

use std::{fs, path::Path, path::PathBuf};

use serde::Deserialize;
use yizhangtu_data::Text;

pub(super) use pending::Pending;
pub(crate) use provider::Provider;
pub(super) use routes::{begin, finish};

/// How the provider is reached, from the file that `--oidc` names.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct OidcSettings {
    /// Its identifier, an address whose `/.well-known/openid-configuration` describes it.
    issuer: String,
    /// What it knows this service as.
    client_id: String,
    /// The variable of the environment that holds the secret; none for a public client.
    client_secret_env: Option<String>,
    /// Certificates of its own authority, in PEM; the usual ones where none is named.
    ca: Option<PathBuf>,
    /// The claim that names the account here.
    #[serde(default = "usual_claim")]
    claim: String,
    /// What is asked for.
    #[serde(default = "usual_scope")]
    scope: String,
    /// Ways of signing in there (`amr`) that count as a second factor here.
    #[serde(default)]
    second_factors: Vec<String>,
    /// What the button says.
    pub(super) title: Text,
}

fn usual_claim() -> String {
    "preferred_username".to_owned()
}

fn usual_scope() -> String {
    "openid profile".to_owned()
}

impl OidcSettings {
    /// Reads the settings.
    ///
    /// # Errors
    /// What is wrong in the file, Chinese and English.
    pub(crate) fn read(path: &Path) -> Result<Self, String> {
        let named = |error: &dyn std::fmt::Display| format!("{}: {error}", path.display());
        let text = fs::read_to_string(path).map_err(|error| named(&error))?;
        let settings: Self = toml::from_str(&text).map_err(|error| named(&error))?;
        // Whoever reads what is sent in clear signs in as anybody.
        if !provider::is_safe(&settings.issuer) {
            return Err(named(
                &"issuer 须以 https:// 开头（本机除外） / the issuer must begin with https://, but on this machine",
            ));
        }
        Ok(settings)
    }
}
