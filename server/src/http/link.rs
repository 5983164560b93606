//! Links to other resources, as OGC API documents carry them.

use std::convert::Infallible;

use axum::{
    extract::FromRequestParts,
    http::{HeaderMap, header, request::Parts},
};
use serde::Serialize;

use super::Format;

/// A link of a document.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Link {
    /// The absolute address.
    pub(crate) href: String,
    /// What the target is to this document.
    pub(crate) rel: &'static str,
    /// Media type of the target.
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    pub(crate) media_type: Option<&'static str>,
    /// What a person reads.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) title: Option<String>,
}

/// The address that the asker reached this service at: `http://HOST`, no slash at the end.
#[derive(Clone, Debug)]
pub(crate) struct Base(String);

impl Base {
    /// From the `Host` that was asked, and the scheme that a proxy in front says it was
    /// asked by.
    fn of(headers: &HeaderMap) -> Self {
        let text = |name| headers.get(name).and_then(|value| value.to_str().ok());
        let host = text(header::HOST.as_str())
            .filter(|host| {
                host.bytes()
                    .all(|byte| byte.is_ascii_alphanumeric() || b".-:[]_".contains(&byte))
            })
            .unwrap_or("localhost");
        let scheme = match text("x-forwarded-proto") {
            Some("https") => "https",
            _ => "http",
        };
        Self(format!("{scheme}://{host}"))
    }

    /// The absolute address of a path, which begins with a slash.
    pub(crate) fn at(&self, path: &str) -> String {
        format!("{}{path}", self.0)
    }

    /// A link to a path.
    pub(crate) fn link(&self, rel: &'static str, path: &str, format: Format) -> Link {
        Link {
            href: self.at(path),
            rel,
            media_type: Some(format.media_type().split(';').next().unwrap_or_default()),
            title: None,
        }
    }
}

impl Link {
    /// The link with a title.
    pub(crate) fn titled(mut self, title: impl Into<String>) -> Self {
        self.title = Some(title.into());
        self
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Base {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        Ok(Self::of(&parts.headers))
    }
}

/// A text as one segment of a path or one value of a query.
pub(crate) fn percent_encoded(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
                out.push(char::from(byte));
            }
            _ => out.push_str(&format!("%{byte:02X}")),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_base_is_the_host_that_was_asked() {
        let mut headers = HeaderMap::new();
        headers.insert(header::HOST, "map.example:8080".parse().expect("a header"));
        assert_eq!(Base::of(&headers).at("/x"), "http://map.example:8080/x");
        headers.insert("x-forwarded-proto", "https".parse().expect("a header"));
        assert_eq!(Base::of(&headers).at("/x"), "https://map.example:8080/x");
        headers.insert(header::HOST, "\"><script>".parse().expect("a header"));
        assert_eq!(Base::of(&headers).at("/"), "https://localhost/");
    }

    #[test]
    fn chinese_is_encoded() {
        assert_eq!(percent_encoded("东/a b"), "%E4%B8%9C%2Fa%20b");
    }
}
