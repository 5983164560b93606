//! What a file is, by what is in it.

use std::io::Cursor;

use image::{ImageDecoder, ImageFormat, ImageReader, Limits};

use super::rules::Rules;

/// A type of file that can be attached.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Media {
    Jpeg,
    Png,
    Webp,
    Pdf,
    /// Made by the program; none is taken in.
    Docx,
}

/// Why a file is not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Unfit {
    /// None of the types that are.
    Unknown,
    /// It begins like one, and cannot be read as one.
    Damaged,
    /// More pixels than may be unpacked.
    TooManyPixels,
}

/// What is known of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Recognised {
    pub(super) media: Media,
    /// Width and height as shown, where it is a picture.
    pub(super) size: Option<(u32, u32)>,
}

impl Media {
    const ALL: [Self; 5] = [Self::Jpeg, Self::Png, Self::Webp, Self::Pdf, Self::Docx];

    /// The media type.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Jpeg => "image/jpeg",
            Self::Png => "image/png",
            Self::Webp => "image/webp",
            Self::Pdf => "application/pdf",
            Self::Docx => "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
        }
    }

    /// By its media type.
    pub(super) fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|media| media.name() == name)
    }

    /// By its first bytes (WHATWG MIME Sniffing §6.1, ISO 32000 §7.5.2).
    pub(super) fn of(start: &[u8]) -> Option<Self> {
        match start {
            [0xFF, 0xD8, 0xFF, ..] => Some(Self::Jpeg),
            [0x89, b'P', b'N', b'G', b'\r', b'\n', 0x1A, b'\n', ..] => Some(Self::Png),
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
            ] => Some(Self::Webp),
            [b'%', b'P', b'D', b'F', b'-', ..] => Some(Self::Pdf),
            _ => None,
        }
    }

    /// The format of a picture.
    pub(super) fn picture(self) -> Option<ImageFormat> {
        match self {
            Self::Jpeg => Some(ImageFormat::Jpeg),
            Self::Png => Some(ImageFormat::Png),
            Self::Webp => Some(ImageFormat::WebP),
            Self::Pdf | Self::Docx => None,
        }
    }
}

/// What a file is. Pictures are held against their header alone: whoever unpacks them finds
/// out about the rest.
pub(super) fn recognise(content: &[u8], rules: &Rules) -> Result<Recognised, Unfit> {
    let Some(media) = Media::of(content) else {
        return Err(Unfit::Unknown);
    };
    let Some(format) = media.picture() else {
        let whole = ends_as_pdf(content);
        let recognised = Recognised { media, size: None };
        return if whole {
            Ok(recognised)
        } else {
            Err(Unfit::Damaged)
        };
    };
    let mut reader = ImageReader::with_format(Cursor::new(content), format);
    reader.limits(Limits::no_limits());
    let Ok(mut decoder) = reader.into_decoder() else {
        return Err(Unfit::Damaged);
    };
    let (width, height) = decoder.dimensions();
    if u64::from(width) * u64::from(height) > rules.largest_pixels() {
        return Err(Unfit::TooManyPixels);
    }
    let turned = decoder.orientation().is_ok_and(is_on_its_side);
    let size = Some(if turned {
        (height, width)
    } else {
        (width, height)
    });
    Ok(Recognised { media, size })
}

fn is_on_its_side(orientation: image::metadata::Orientation) -> bool {
    use image::metadata::Orientation as Turn;
    matches!(
        orientation,
        Turn::Rotate90 | Turn::Rotate270 | Turn::Rotate90FlipH | Turn::Rotate270FlipH
    )
}

/// Whether a file ends as a PDF does: one that was cut off while it was copied does not.
fn ends_as_pdf(content: &[u8]) -> bool {
    const END: &[u8] = b"%%EOF";
    let tail = &content[content.len().saturating_sub(2048)..];
    tail.windows(END.len()).any(|window| window == END)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn recognised(content: &[u8]) -> Result<Recognised, Unfit> {
        recognise(content, Rules::usual())
    }

    #[test]
    fn the_content_decides_what_a_file_is() {
        let mut png = std::io::Cursor::new(Vec::new());
        image::DynamicImage::new_rgb8(3, 2)
            .write_to(&mut png, ImageFormat::Png)
            .unwrap();
        let png = png.into_inner();
        assert_eq!(
            recognised(&png),
            Ok(Recognised {
                media: Media::Png,
                size: Some((3, 2))
            })
        );
        assert_eq!(recognised(&png[..20]), Err(Unfit::Damaged));
        assert_eq!(recognised(b"\xFF\xD8\xFFhello"), Err(Unfit::Damaged));
        assert_eq!(recognised(b"MZ\x90\0"), Err(Unfit::Unknown));
        assert_eq!(recognised(b"<svg xmlns='x'/>"), Err(Unfit::Unknown));
        assert_eq!(recognised(b""), Err(Unfit::Unknown));
        assert_eq!(recognised(b"%PDF-1.7\n1 0 obj"), Err(Unfit::Damaged));
        let pdf = recognised(b"%PDF-1.7\n%%EOF\n").map(|known| known.media);
        assert_eq!(pdf, Ok(Media::Pdf));
    }

    #[test]
    fn a_picture_that_would_fill_the_memory_is_refused_by_its_header() {
        // A PNG of 60000 × 60000 pixels takes 100 bytes as long as nobody unpacks it.
        let mut png = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR".to_vec();
        png.extend(60_000_u32.to_be_bytes());
        png.extend(60_000_u32.to_be_bytes());
        png.extend([8, 2, 0, 0, 0]);
        png.extend(crc(&png[12..29]).to_be_bytes());
        png.extend(b"\0\0\0\0IDAT");
        png.extend(crc(b"IDAT").to_be_bytes());
        assert_eq!(recognised(&png), Err(Unfit::TooManyPixels));
    }

    /// CRC-32 of PNG chunks (ISO/IEC 15948 annex D).
    fn crc(of: &[u8]) -> u32 {
        !of.iter().fold(!0, |mut sum, byte| {
            sum ^= u32::from(*byte);
            for _ in 0..8 {
                sum = (sum >> 1) ^ (0xEDB8_8320 & (sum & 1).wrapping_neg());
            }
            sum
        })
    }
}
