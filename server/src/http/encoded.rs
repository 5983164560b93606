//! Bodies that are kept: compressed once for each encoding, when first asked for.

use std::{
    cell::RefCell,
    io::{self, Read, Write},
    sync::{Mutex, MutexGuard, OnceLock, PoisonError},
};

use axum::{
    body::Body,
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::Response,
};
use bytes::Bytes;
use libdeflater::{CompressionLvl, Compressor, Decompressor};
use sha2::{Digest, Sha256};
use yizhangtu_data::hexadecimal;

/// Below this a body is sent as it is: its compressed form would hardly be shorter.
const LEAST_COMPRESSED: usize = 200;

/// A body with its entity tag and its compressed forms.
#[derive(Debug)]
pub(crate) struct Encoded {
    /// The body as it is, until a compressed form has it: few ask for it plain.
    plain: Mutex<Option<Bytes>>,
    /// Bytes of the plain body.
    length: usize,
    /// How hard gzip tries.
    gzip_level: i32,
    tag: String,
    compressed: [OnceLock<Option<Bytes>>; Coding::ALL.len()],
}

/// How hard gzip tries where nothing else is said: libdeflate makes a body as small with it as
/// zlib does by default, in half of the time.
pub(crate) const GZIP_LEVEL: i32 = 4;

/// How hard zstd tries: a tile is compressed in less time than it is drawn in.
const ZSTD_LEVEL: i32 = 3;

/// A content coding (RFC 9110 §8.4.1), the one we like best first: the quickest by far, whose
/// tiles are a twentieth larger than brotli's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Coding {
    Zstd,
    Brotli,
    Gzip,
}

impl Coding {
    const ALL: [Self; 3] = [Self::Zstd, Self::Brotli, Self::Gzip];

    fn name(self) -> &'static str {
        match self {
            Self::Brotli => "br",
            Self::Zstd => "zstd",
            Self::Gzip => "gzip",
        }
    }

    fn compress(self, plain: &[u8], gzip_level: i32) -> io::Result<Vec<u8>> {
        match self {
            Self::Brotli => {
                let mut out = brotli::CompressorWriter::new(Vec::new(), 1 << 16, 5, 22);
                out.write_all(plain)?;
                Ok(out.into_inner())
            }
            Self::Zstd => zstd::bulk::compress(plain, ZSTD_LEVEL),
            Self::Gzip => gzip(plain, gzip_level),
        }
    }

    /// The plain body of so many bytes.
    fn decompress(self, bytes: &[u8], length: usize) -> io::Result<Vec<u8>> {
        match self {
            Self::Brotli => {
                let mut plain = Vec::with_capacity(length);
                brotli::Decompressor::new(bytes, 1 << 16).read_to_end(&mut plain)?;
                Ok(plain)
            }
            Self::Zstd => zstd::bulk::decompress(bytes, length),
            Self::Gzip => {
                let mut plain = vec![0; length];
                let read = Decompressor::new().gzip_decompress(bytes, &mut plain);
                read.map_err(|error| io::Error::other(error.to_string()))?;
                Ok(plain)
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

/// Compresses as gzip (RFC 1952), at a level of libdeflate's, 1 to 12.
///
/// # Errors
/// When there is no such level.
pub(crate) fn gzip(plain: &[u8], level: i32) -> io::Result<Vec<u8>> {
    let wrong = |what| io::Error::other(format!("gzip: {what:?}"));
    let wanted = CompressionLvl::new(level).map_err(wrong)?;
    GZIP.with_borrow_mut(|kept| {
        let at = kept.iter().position(|own| own.level == level);
        let at = at.unwrap_or_else(|| {
            kept.push(Gzip {
                level,
                compressor: Compressor::new(wanted),
                out: Vec::new(),
            });
            kept.len() - 1
        });
        let Gzip {
            compressor, out, ..
        } = &mut kept[at];
        let bound = compressor.gzip_compress_bound(plain.len());
        if out.len() < bound {
            out.resize(bound, 0);
        }
        let length = compressor
            .gzip_compress(plain, out)
            .map_err(|error| io::Error::other(error.to_string()))?;
        let compressed = out[..length].to_vec();
        if out.len() > MOST_KEPT {
            *out = Vec::new();
        }
        Ok(compressed)
    })
}

thread_local! {
    /// What this thread compresses with, by level.
    static GZIP: RefCell<Vec<Gzip>> = const { RefCell::new(Vec::new()) };
}

/// A compressor takes half a megabyte: fresh from the system for every tile, clearing its pages
/// took longer than a small tile's compressing.
struct Gzip {
    level: i32,
    compressor: Compressor,
    /// Room for what it writes.
    out: Vec<u8>,
}

/// Bytes of such room that a thread keeps, at most.
const MOST_KEPT: usize = 1 << 20;

impl Encoded {
    /// A body that may be compressed.
    pub(crate) fn new(plain: impl Into<Bytes>) -> Self {
        let plain = plain.into();
        let tag = hexadecimal(&Sha256::digest(&plain)[..12]);
        Self {
            length: plain.len(),
            plain: Mutex::new(Some(plain)),
            gzip_level: GZIP_LEVEL,
            tag,
            compressed: Default::default(),
        }
    }

    /// The same with a level for gzip, of libdeflate's 1 to 12.
    pub(crate) fn at_gzip_level(self, gzip_level: i32) -> Self {
        Self { gzip_level, ..self }
    }

    /// Whether there is nothing in it.
    pub(crate) fn is_empty(&self) -> bool {
        self.length == 0
    }

    /// Bytes held, all forms together.
    pub(crate) fn size(&self) -> usize {
        let compressed = self
            .compressed
            .iter()
            .filter_map(|form| form.get()?.as_ref());
        let plain = self.kept_plain().as_ref().map_or(0, Bytes::len);
        plain + compressed.map(Bytes::len).sum::<usize>()
    }

    fn kept_plain(&self) -> MutexGuard<'_, Option<Bytes>> {
        self.plain.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn plain(&self) -> Bytes {
        if let Some(plain) = &*self.kept_plain() {
            return plain.clone();
        }
        // It went when the first compressed form was there.
        let read = |coding: Coding| {
            let form = self.compressed[coding as usize].get()?.as_ref()?;
            coding.decompress(form, self.length).ok()
        };
        Coding::ALL
            .into_iter()
            .find_map(read)
            .unwrap_or_default()
            .into()
    }

    /// Compresses for a client ahead of [`Self::answer`]: slow work, for a thread that may
    /// wait.
    pub(crate) fn prepare(&self, headers: &HeaderMap) {
        if let Some(coding) = Coding::choose(headers) {
            self.compressed(coding);
        }
    }

    fn compressed(&self, coding: Coding) -> Option<&Bytes> {
        if self.length < LEAST_COMPRESSED {
            return None;
        }
        let form = self.compressed[coding as usize].get_or_init(|| {
            let bytes = coding.compress(&self.plain(), self.gzip_level).ok()?;
            (bytes.len() < self.length).then(|| bytes.into())
        });
        if form.is_some() {
            *self.kept_plain() = None;
        }
        form.as_ref()
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
            None => self.plain(),
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
        assert_eq!(choose("gzip, deflate, br, zstd"), Some(Coding::Zstd));
        assert_eq!(choose("gzip, deflate, br"), Some(Coding::Brotli));
        assert_eq!(choose("gzip;q=1.0, br;q=0.5"), Some(Coding::Gzip));
        assert_eq!(choose("br;q=0, gzip"), Some(Coding::Gzip));
        assert_eq!(choose("identity"), None);
        assert_eq!(Coding::choose(&HeaderMap::new()), None);
    }

    #[test]
    fn what_is_compressed_comes_back() {
        let plain = b"a village and its houses ".repeat(100);
        let gzip = Coding::Gzip.compress(&plain, GZIP_LEVEL).unwrap();
        let mut read = Vec::new();
        flate2::read::GzDecoder::new(&gzip[..])
            .read_to_end(&mut read)
            .unwrap();
        assert_eq!(read, plain);
        let brotli = Coding::Brotli.compress(&plain, GZIP_LEVEL).unwrap();
        read.clear();
        brotli::Decompressor::new(&brotli[..], 4096)
            .read_to_end(&mut read)
            .unwrap();
        assert_eq!(read, plain);
        let zstd = Coding::Zstd.compress(&plain, GZIP_LEVEL).unwrap();
        assert_eq!(zstd::bulk::decompress(&zstd, plain.len()).unwrap(), plain);
    }

    #[test]
    fn a_body_is_kept_once_and_given_in_every_coding() {
        let plain = Bytes::from(b"a village and its houses ".repeat(100));
        let body = Encoded::new(plain.clone());
        for coding in Coding::ALL {
            let form = body.compressed(coding).unwrap().clone();
            assert_eq!(coding.decompress(&form, plain.len()).unwrap(), plain);
            assert!(body.kept_plain().is_none());
            assert_eq!(body.plain(), plain);
        }
        assert!(body.size() < plain.len());
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
