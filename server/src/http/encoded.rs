//! Bodies that are kept: compressed once for each encoding, when first asked for.

use std::{
    io::{self, Write},
    sync::OnceLock,
};

use axum::{
    body::Body,
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::Response,
};
use bytes::Bytes;
use sha2::{Digest, Sha256};

/// Below this a body is sent as it is: its compressed form would hardly be shorter.
const LEAST_COMPRESSED: usize = 200;

/// A body with its entity tag and its compressed forms.
#[derive(Debug)]
pub(crate) struct Encoded {
    plain: Bytes,
    tag: String,
    compressed: [OnceLock<Option<Bytes>>; Coding::ALL.len()],
}

/// A content coding (RFC 9110 §8.4.1), the one we like best first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Coding {
    Brotli,
    Zstd,
    Gzip,
}

impl Coding {
    const ALL: [Self; 3] = [Self::Brotli, Self::Zstd, Self::Gzip];

    fn name(self) -> &'static str {
        match self {
            Self::Brotli => "br",
            Self::Zstd => "zstd",
            Self::Gzip => "gzip",
        }
    }

    fn compress(self, plain: &[u8]) -> io::Result<Vec<u8>> {
        match self {
            // Levels at which a tile takes about as long as gzip's default.
            Self::Brotli => {
                let mut out = brotli::CompressorWriter::new(Vec::new(), 1 << 16, 5, 22);
                out.write_all(plain)?;
                Ok(out.into_inner())
            }
            Self::Zstd => zstd::bulk::compress(plain, 6),
            Self::Gzip => {
                let mut out =
                    flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
                out.write_all(plain)?;
                out.finish()
            }
        }
    }

    /// The coding that a client accepts most gladly; none for the plain body.
    fn choose(headers: &HeaderMap) -> Option<Self> {
        let accepted = headers
            .get_all(header::ACCEPT_ENCODING)
            .iter()
            .filter_map(|value| value.to_str().ok())
            .flat_map(|value| value.split(','));
        let mut best: Option<(Self, f32)> = None;
        for entry in accepted {
            let mut pieces = entry.split(';').map(str::trim);
            let name = pieces.next().unwrap_or_default();
            let quality = pieces
                .find_map(|piece| piece.strip_prefix("q="))
                .and_then(|quality| quality.parse().ok())
                .unwrap_or(1.0);
            let Some(coding) = Self::ALL
                .into_iter()
                .find(|coding| name.eq_ignore_ascii_case(coding.name()))
            else {
                continue;
            };
            let rank = |coding: Self| Self::ALL.iter().position(|&other| other == coding);
            let better = best.is_none_or(|(other, least)| {
                quality > least || (quality == least && rank(coding) < rank(other))
            });
            if quality > 0.0 && better {
                best = Some((coding, quality));
            }
        }
        best.map(|(coding, _)| coding)
    }
}

impl Encoded {
    /// A body that may be compressed.
    pub(crate) fn new(plain: impl Into<Bytes>) -> Self {
        let plain = plain.into();
        let tag = Sha256::digest(&plain)[..12]
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect();
        Self {
            plain,
            tag,
            compressed: Default::default(),
        }
    }

    /// Whether there is nothing in it.
    pub(crate) fn is_empty(&self) -> bool {
        self.plain.is_empty()
    }

    /// Bytes held, all forms together.
    pub(crate) fn size(&self) -> usize {
        let compressed = self
            .compressed
            .iter()
            .filter_map(|form| form.get()?.as_ref());
        self.plain.len() + compressed.map(Bytes::len).sum::<usize>()
    }

    /// Compresses for a client ahead of [`Self::answer`]: slow work, for a thread that may
    /// wait.
    pub(crate) fn prepare(&self, headers: &HeaderMap) {
        if let Some(coding) = Coding::choose(headers) {
            self.compressed(coding);
        }
    }

    fn compressed(&self, coding: Coding) -> Option<&Bytes> {
        if self.plain.len() < LEAST_COMPRESSED {
            return None;
        }
        self.compressed[coding as usize]
            .get_or_init(|| {
                let bytes = coding.compress(&self.plain).ok()?;
                (bytes.len() < self.plain.len()).then(|| bytes.into())
            })
            .as_ref()
    }

    /// The answer for a client: in the coding that it likes, or 304 where it has the body.
    pub(crate) fn answer(
        &self,
        headers: &HeaderMap,
        media_type: &str,
        cache_control: &'static str,
    ) -> Response {
        let coded =
            Coding::choose(headers).and_then(|coding| Some((coding, self.compressed(coding)?)));
        // A strong tag names the bytes sent, so each coding has its own.
        let suffix = coded.map_or("", |(coding, _)| coding.name());
        let tag = format!("\"{}{suffix}\"", self.tag);
        let mut answer = Response::builder()
            .header(header::ETAG, tag)
            .header(header::CACHE_CONTROL, cache_control)
            .header(header::VARY, HeaderValue::from_static("accept-encoding"));
        if self.is_known(headers) {
            answer = answer.status(StatusCode::NOT_MODIFIED);
            return answer.body(Body::empty()).unwrap_or_default();
        }
        answer = answer.header(header::CONTENT_TYPE, media_type);
        let body = match coded {
            Some((coding, bytes)) => {
                answer = answer.header(header::CONTENT_ENCODING, coding.name());
                bytes.clone()
            }
            None => self.plain.clone(),
        };
        answer.body(Body::from(body)).unwrap_or_default()
    }

    /// Whether the client holds this body already, in whichever coding.
    fn is_known(&self, headers: &HeaderMap) -> bool {
        headers
            .get_all(header::IF_NONE_MATCH)
            .iter()
            .filter_map(|value| value.to_str().ok())
            .flat_map(|value| value.split(','))
            .map(|tag| tag.trim().trim_start_matches("W/").trim_matches('"'))
            .any(|tag| tag == "*" || tag.starts_with(&self.tag))
    }
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use super::*;

    fn accepting(value: &'static str) -> HeaderMap {
        HeaderMap::from_iter([(header::ACCEPT_ENCODING, HeaderValue::from_static(value))])
    }

    fn header_of(answer: &Response, name: header::HeaderName) -> Option<&str> {
        answer.headers().get(name)?.to_str().ok()
    }

    #[test]
    fn the_client_chooses_the_coding() {
        let choose = |value| Coding::choose(&accepting(value));
        assert_eq!(choose("gzip, deflate, br, zstd"), Some(Coding::Brotli));
        assert_eq!(choose("gzip;q=1.0, br;q=0.5"), Some(Coding::Gzip));
        assert_eq!(choose("br;q=0, gzip"), Some(Coding::Gzip));
        assert_eq!(choose("identity"), None);
        assert_eq!(Coding::choose(&HeaderMap::new()), None);
    }

    #[test]
    fn what_is_compressed_comes_back() {
        let plain = b"a village and its houses ".repeat(100);
        let gzip = Coding::Gzip.compress(&plain).unwrap();
        let mut read = Vec::new();
        flate2::read::GzDecoder::new(&gzip[..])
            .read_to_end(&mut read)
            .unwrap();
        assert_eq!(read, plain);
        let brotli = Coding::Brotli.compress(&plain).unwrap();
        read.clear();
        brotli::Decompressor::new(&brotli[..], 4096)
            .read_to_end(&mut read)
            .unwrap();
        assert_eq!(read, plain);
        let zstd = Coding::Zstd.compress(&plain).unwrap();
        assert_eq!(zstd::bulk::decompress(&zstd, plain.len()).unwrap(), plain);
    }

    #[test]
    fn a_known_body_is_not_sent_again() {
        let body = Encoded::new(vec![b'a'; 1000]);
        let mut headers = accepting("gzip");
        let first = body.answer(&headers, "text/plain", "no-cache");
        assert_eq!(first.status(), StatusCode::OK);
        assert_eq!(header_of(&first, header::CONTENT_ENCODING), Some("gzip"));
        let tag = header_of(&first, header::ETAG).unwrap().to_owned();
        headers.insert(header::IF_NONE_MATCH, tag.parse().unwrap());
        let second = body.answer(&headers, "text/plain", "no-cache");
        assert_eq!(second.status(), StatusCode::NOT_MODIFIED);
        assert_eq!(header_of(&second, header::ETAG), Some(tag.as_str()));
        let other = Encoded::new(vec![b'b'; 1000]);
        assert_eq!(
            other.answer(&headers, "text/plain", "no-cache").status(),
            StatusCode::OK
        );
    }

    #[test]
    fn short_and_incompressible_bodies_stay_plain() {
        let headers = accepting("br");
        let short = Encoded::new("short").answer(&headers, "text/plain", "no-cache");
        assert_eq!(header_of(&short, header::CONTENT_ENCODING), None);
    }
}
