//! The bytes of a tile: what they are and how they are packed.

use std::io::{self, Read};

use axum::{
    body::Body,
    http::{HeaderMap, header},
    response::Response,
};
use bytes::Bytes;
use yizhangtu_tiles::mvt;

use super::Kind;

/// A tile as its source holds it.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Tile {
    pub(super) bytes: Bytes,
    pub(super) media_type: &'static str,
    pub(super) packing: Packing,
}

/// How the bytes of a tile are compressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Packing {
    Plain,
    Gzip,
    Brotli,
    Zstd,
}

impl Packing {
    /// The name of the content coding; none for plain bytes.
    fn coding(self) -> Option<&'static str> {
        match self {
            Self::Plain => None,
            Self::Gzip => Some("gzip"),
            Self::Brotli => Some("br"),
            Self::Zstd => Some("zstd"),
        }
    }

    fn unpack(self, bytes: &[u8]) -> io::Result<Vec<u8>> {
        let mut plain = Vec::new();
        match self {
            Self::Plain => plain.extend_from_slice(bytes),
            Self::Gzip => {
                flate2::read::MultiGzDecoder::new(bytes).read_to_end(&mut plain)?;
            }
            Self::Brotli => {
                brotli::Decompressor::new(bytes, 4096).read_to_end(&mut plain)?;
            }
            Self::Zstd => plain = zstd::stream::decode_all(bytes)?,
        }
        Ok(plain)
    }
}

impl Tile {
    /// A tile by what its first bytes say: PNG, JPEG, WebP, or else a vector tile, gzipped
    /// or not.
    pub(super) fn of(bytes: impl Into<Bytes>) -> Self {
        let bytes = bytes.into();
        let (media_type, packing) = match &bytes[..] {
            [0x89, b'P', b'N', b'G', ..] => ("image/png", Packing::Plain),
            [0xff, 0xd8, 0xff, ..] => ("image/jpeg", Packing::Plain),
            [
                b'R',
                b'I',
                b'F',
                b'F',
                _,
                _,
                _,
                _,
                b'W',
                b'E',
                b'B',
                b'P',
                ..,
            ] => ("image/webp", Packing::Plain),
            [0x1f, 0x8b, ..] => (mvt::MEDIA_TYPE, Packing::Gzip),
            _ => (mvt::MEDIA_TYPE, Packing::Plain),
        };
        Self {
            bytes,
            media_type,
            packing,
        }
    }

    pub(super) fn kind(&self) -> Kind {
        if self.media_type.starts_with("image/") {
            Kind::Raster
        } else {
            Kind::Vector
        }
    }

    /// Pixels along a side, where the picture is a PNG, which says so at its beginning.
    pub(super) fn size(&self) -> Option<u32> {
        let width = self.bytes.get(16..20)?;
        (self.media_type == "image/png")
            .then(|| u32::from_be_bytes(width.try_into().ok()?).into())?
    }

    /// The answer: packed as it is where the asker can unpack it.
    pub(super) fn answer(self, headers: &HeaderMap) -> io::Result<Response> {
        let mut answer = Response::builder()
            .header(header::CONTENT_TYPE, self.media_type)
            .header(header::VARY, "accept-encoding");
        let body = match self.packing.coding() {
            Some(coding) if accepts(headers, coding) => {
                answer = answer.header(header::CONTENT_ENCODING, coding);
                self.bytes
            }
            _ => self.packing.unpack(&self.bytes)?.into(),
        };
        Ok(answer.body(Body::from(body)).unwrap_or_default())
    }
}

fn accepts(headers: &HeaderMap, coding: &str) -> bool {
    headers
        .get_all(header::ACCEPT_ENCODING)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .any(|entry| {
            let mut pieces = entry.split(';').map(str::trim);
            let named = pieces
                .next()
                .is_some_and(|name| name.eq_ignore_ascii_case(coding));
            let refused = pieces.any(|piece| {
                piece
                    .strip_prefix("q=")
                    .and_then(|quality| quality.parse::<f32>().ok())
                    .is_some_and(|quality| quality <= 0.0)
            });
            named && !refused
        })
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use axum::http::HeaderValue;

    use super::*;

    #[test]
    fn the_first_bytes_tell_what_a_tile_is() {
        assert_eq!(Tile::of(&b"\x89PNG\r\n\x1a\n"[..]).media_type, "image/png");
        assert_eq!(Tile::of(&b"\xff\xd8\xff\xe0"[..]).media_type, "image/jpeg");
        assert_eq!(Tile::of(&b"RIFF\0\0\0\0WEBPVP8 "[..]).kind(), Kind::Raster);
        let vector = Tile::of(&b"\x1f\x8b\x08"[..]);
        assert_eq!(
            (vector.kind(), vector.packing),
            (Kind::Vector, Packing::Gzip)
        );
    }

    #[test]
    fn a_png_tells_its_size() {
        let mut png = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR".to_vec();
        png.extend(512_u32.to_be_bytes());
        assert_eq!(Tile::of(png).size(), Some(512));
        assert_eq!(Tile::of(&b"\x89PNG"[..]).size(), None);
    }

    #[test]
    fn a_packed_tile_is_unpacked_for_those_who_cannot() {
        let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        gzip.write_all(b"a tile").unwrap();
        let tile = Tile::of(gzip.finish().unwrap());
        let packed = tile
            .clone()
            .answer(&HeaderMap::from_iter([(
                header::ACCEPT_ENCODING,
                HeaderValue::from_static("br, gzip;q=0.5"),
            )]))
            .unwrap();
        assert_eq!(packed.headers()[header::CONTENT_ENCODING], "gzip");
        let plain = tile.answer(&HeaderMap::new()).unwrap();
        assert!(!plain.headers().contains_key(header::CONTENT_ENCODING));
    }
}
