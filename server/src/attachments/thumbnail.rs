//! Small pictures of large ones.

use std::io;

use image::{
    DynamicImage, ImageDecoder as _, ImageReader, Limits, codecs::jpeg::JpegEncoder,
    imageops::FilterType,
};
use yizhangtu_data::store::Attachments;

use super::{media::Media, rules::Rules};

const QUALITY: u8 = 78;

/// The small picture of a file as JPEG: kept beside the file, or made and kept there. It has
/// pixels only, nothing of what the camera wrote. None where the file is no picture that can
/// be unpacked.
///
/// # Errors
/// When the file cannot be read.
pub(super) fn thumbnail(
    files: &Attachments,
    hash: &str,
    media: Media,
) -> io::Result<Option<Vec<u8>>> {
    match files.read_thumbnail(hash) {
        Ok(content) => return Ok(Some(content)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        Err(error) => return Err(error),
    }
    let Some(content) = made(&files.read(hash)?, media) else {
        return Ok(None);
    };
    // It is made again where it could not be kept: the disk may be full or read-only.
    if let Err(error) = files.keep_thumbnail(hash, &content) {
        tracing::debug!(%error, "a small picture is not kept");
    }
    Ok(Some(content))
}

fn made(content: &[u8], media: Media) -> Option<Vec<u8>> {
    let format = media.picture()?;
    let rules = Rules::usual();
    let mut reader = ImageReader::with_format(io::Cursor::new(content), format);
    let mut limits = Limits::default();
    // Eight bytes a pixel at most, and as much again to work in.
    limits.max_alloc = Some(rules.largest_pixels() * 16);
    reader.limits(limits);
    let mut decoder = reader.into_decoder().ok()?;
    let way_up = decoder.orientation();
    let picture = DynamicImage::from_decoder(decoder).ok()?;
    let longest = rules.thumbnail_pixels;
    let mut small = if picture.width().max(picture.height()) > longest {
        picture.resize(longest, longest, FilterType::Triangle)
    } else {
        picture
    };
    if let Ok(way_up) = way_up {
        small.apply_orientation(way_up);
    }
    let mut out = Vec::new();
    let encoded = JpegEncoder::new_with_quality(&mut out, QUALITY).encode_image(&small.to_rgb8());
    encoded.is_ok().then_some(out)
}
