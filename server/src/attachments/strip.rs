//! A picture without what the camera and the programs wrote into it: where it was taken, on
//! whose telephone, what was cut off. Its pixels, colours and the way up stay as they are.

use bytes::Bytes;
use img_parts::{
    ImageEXIF as _,
    jpeg::{Jpeg, markers},
    png::Png,
    webp::WebP,
};

use super::media::Media;

/// Chunks of a PNG that make up the picture (ISO/IEC 15948, and 10.3 of the third edition for
/// colours); texts, times and EXIF are not among them.
const PNG_KEPT: [[u8; 4]; 13] = [
    *b"IHDR", *b"PLTE", *b"IDAT", *b"IEND", *b"tRNS", *b"cHRM", *b"gAMA", *b"iCCP", *b"sBIT",
    *b"sRGB", *b"cICP", *b"bKGD", *b"pHYs",
];

/// Chunks of a WebP that make up the picture (RFC 9649 §2.7).
const WEBP_KEPT: [[u8; 4]; 7] = [
    *b"VP8 ", *b"VP8L", *b"VP8X", *b"ICCP", *b"ANIM", *b"ANMF", *b"ALPH",
];

/// The picture alone; none where it can't be taken apart, and so must not leave.
pub(super) fn picture(media: Media, content: Bytes) -> Option<Bytes> {
    match media {
        Media::Jpeg => jpeg(content),
        Media::Png => png(content),
        Media::Webp => webp(content),
        Media::Pdf | Media::Docx => None,
    }
}

fn jpeg(content: Bytes) -> Option<Bytes> {
    let mut jpeg = Jpeg::from_bytes(content).ok()?;
    let way_up = jpeg.exif().and_then(|exif| orientation(&exif));
    jpeg.segments_mut()
        .retain(|segment| match segment.marker() {
            markers::APP2 => segment.contents().starts_with(b"ICC_PROFILE\0"),
            // JFIF, and Adobe's word on the colours.
            markers::APP0 | markers::APP14 => true,
            markers::COM => false,
            marker => !(markers::APP0..=markers::APP15).contains(&marker),
        });
    jpeg.set_exif(way_up.map(only_orientation));
    let whole = jpeg.encoder().bytes();
    let end = end_of(&whole)?;
    Some(whole.slice(..end))
}

/// Where a JPEG ends (ITU-T T.81 annex B): telephones write further pictures, maps of depth and
/// films behind it. None where it does not end, or says more of itself between its scans.
fn end_of(jpeg: &[u8]) -> Option<usize> {
    let mut at = 2;
    let mut scanning = false;
    loop {
        let [start, marker] = *jpeg.get(at..at + 2)? else {
            return None;
        };
        at += match (start, marker) {
            (0xFF, markers::EOI) => return Some(at + 2),
            // Stuffing, and the marks in a scan to begin anew at.
            (0xFF, 0x00 | 0xD0..=0xD7) if scanning => 2,
            (0xFF, 0xFF) => 1,
            (0xFF, markers::APP0..=markers::APP15 | markers::COM) if scanning => return None,
            (0xFF, _) => {
                scanning |= marker == markers::SOS;
                let length = jpeg.get(at + 2..at + 4)?;
                2 + usize::from(u16::from_be_bytes([length[0], length[1]]))
            }
            _ if scanning => 1,
            _ => return None,
        };
    }
}

fn png(content: Bytes) -> Option<Bytes> {
    let mut png = Png::from_bytes(content).ok()?;
    let way_up = png.exif().and_then(|exif| orientation(&exif));
    png.chunks_mut()
        .retain(|chunk| PNG_KEPT.contains(&chunk.kind()));
    png.set_exif(way_up.map(only_orientation));
    Some(png.encoder().bytes())
}

fn webp(content: Bytes) -> Option<Bytes> {
    let mut webp = WebP::from_bytes(content).ok()?;
    let way_up = webp.exif().and_then(|exif| orientation(&exif));
    webp.chunks_mut()
        .retain(|chunk| WEBP_KEPT.contains(&chunk.id()));
    webp.set_exif(way_up.map(only_orientation));
    Some(webp.encoder().bytes())
}

/// Which way up a picture is, where it says so and is not upright already.
fn orientation(exif: &[u8]) -> Option<u16> {
    let exif = exif::Reader::new().read_raw(exif.to_vec()).ok()?;
    let field = exif.get_field(exif::Tag::Orientation, exif::In::PRIMARY)?;
    let turned = u16::try_from(field.value.get_uint(0)?).ok()?;
    (2..=8).contains(&turned).then_some(turned)
}

/// The least EXIF there is (TIFF 6.0 §2): one directory with one entry.
fn only_orientation(turned: u16) -> Bytes {
    let mut tiff = b"MM\0\x2A\0\0\0\x08\0\x01".to_vec();
    tiff.extend(b"\x01\x12\0\x03\0\0\0\x01");
    tiff.extend(turned.to_be_bytes());
    tiff.extend([0; 6]);
    tiff.into()
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use image::{DynamicImage, ImageDecoder as _, ImageFormat, ImageReader, metadata::Orientation};
    use img_parts::ImageICC as _;

    use super::*;

    /// EXIF with a maker's name beside the orientation.
    fn telling(turned: u16) -> Bytes {
        let mut tiff = b"MM\0\x2A\0\0\0\x08\0\x02".to_vec();
        tiff.extend(b"\x01\x0F\0\x02\0\0\0\x0A\0\0\0\x26");
        tiff.extend(b"\x01\x12\0\x03\0\0\0\x01");
        tiff.extend(turned.to_be_bytes());
        tiff.extend([0; 6]);
        tiff.extend(b"SecretCam\0");
        tiff.into()
    }

    fn encoded(format: ImageFormat) -> Bytes {
        let mut out = Cursor::new(Vec::new());
        DynamicImage::new_rgb8(8, 4)
            .write_to(&mut out, format)
            .unwrap();
        out.into_inner().into()
    }

    fn tells(content: &[u8]) -> bool {
        content.windows(9).any(|window| window == b"SecretCam")
    }

    #[test]
    fn nothing_but_the_picture_its_colours_and_its_way_up_is_left() {
        let mut jpeg = Jpeg::from_bytes(encoded(ImageFormat::Jpeg)).unwrap();
        jpeg.set_exif(Some(telling(6)));
        jpeg.set_icc_profile(Some(Bytes::from_static(b"colours")));
        let at = 1;
        jpeg.segments_mut().insert(
            at,
            img_parts::jpeg::JpegSegment::new_with_contents(
                markers::COM,
                Bytes::from_static(b"SecretCam"),
            ),
        );
        let mut content = jpeg.encoder().bytes().to_vec();
        // A telephone's second picture, behind the end of the first.
        content.extend(b"SecretCam");
        let mut png = Png::from_bytes(encoded(ImageFormat::Png)).unwrap();
        png.set_exif(Some(telling(6)));
        let mut webp = WebP::from_bytes(encoded(ImageFormat::WebP)).unwrap();
        webp.set_exif(Some(telling(6)));
        for (media, content) in [
            (Media::Jpeg, Bytes::from(content)),
            (Media::Png, png.encoder().bytes()),
            (Media::Webp, webp.encoder().bytes()),
        ] {
            assert!(tells(&content), "{media:?}");
            let bare = picture(media, content.clone()).unwrap();
            assert!(!tells(&bare), "{media:?}");
            let decoder = |content: Bytes| {
                let format = media.picture().unwrap();
                ImageReader::with_format(Cursor::new(content), format)
                    .into_decoder()
                    .unwrap()
            };
            let mut shown = decoder(bare.clone());
            assert_eq!(shown.orientation().unwrap(), Orientation::Rotate90);
            let pixels = DynamicImage::from_decoder(decoder(bare)).unwrap();
            assert_eq!(
                pixels,
                DynamicImage::from_decoder(decoder(content)).unwrap()
            );
            if media == Media::Jpeg {
                assert_eq!(shown.icc_profile().unwrap().unwrap(), b"colours");
            }
        }
    }

    #[test]
    fn what_cannot_be_taken_apart_does_not_leave() {
        assert_eq!(
            picture(Media::Jpeg, Bytes::from_static(b"\xFF\xD8\xFF")),
            None
        );
        assert_eq!(
            picture(Media::Pdf, Bytes::from_static(b"%PDF-1.7 %%EOF")),
            None
        );
    }
}
