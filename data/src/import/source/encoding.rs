//! Finding out the encoding of texts.

use encoding_rs::{Encoding, GB18030, UTF_8};

/// A text from bytes, and the encoding that it was in: the one given, that of a byte
/// order mark, UTF-8 where it is that, else what the bytes look like.
pub(in crate::import) fn decode(
    bytes: &[u8],
    given: Option<&'static Encoding>,
) -> (String, &'static Encoding) {
    let encoding = given
        .or_else(|| Encoding::for_bom(bytes).map(|(encoding, _)| encoding))
        .unwrap_or_else(|| guess(bytes));
    let (text, encoding, _) = encoding.decode(bytes);
    (text.into_owned(), encoding)
}

/// What bytes without any mark look like. GBK is read as GB18030, which contains it.
pub(in crate::import) fn guess(bytes: &[u8]) -> &'static Encoding {
    if std::str::from_utf8(bytes).is_ok() {
        return UTF_8;
    }
    // A text that is UTF-8 but for a last character cut short.
    if std::str::from_utf8(bytes).is_err_and(|error| error.error_len().is_none()) {
        return UTF_8;
    }
    let mut detector = chardetng::EncodingDetector::new(chardetng::Iso2022JpDetection::Deny);
    detector.feed(bytes, true);
    let guess = detector.guess(Some(b"cn"), chardetng::Utf8Detection::Allow);
    // Few characters look like anything to a detector; here Chinese is what is expected.
    let chinese = GB18030
        .decode_without_bom_handling_and_without_replacement(bytes)
        .is_some();
    let much = bytes.iter().filter(|byte| !byte.is_ascii()).count() > 100;
    if chinese && !(much && guess == encoding_rs::BIG5) {
        return GB18030;
    }
    match guess.name() {
        "GBK" | "windows-1252" => GB18030,
        _ => guess,
    }
}

/// What texts of fixed width look like, each of which the width may have cut.
pub(in crate::import) fn guess_fields(fields: &[Vec<u8>]) -> &'static Encoding {
    [UTF_8, GB18030]
        .into_iter()
        .find(|encoding| fits(fields, encoding))
        .unwrap_or_else(|| guess(&fields.join(&b'\n')))
}

/// Whether all texts are of an encoding, but for last characters cut short.
pub(in crate::import) fn fits(fields: &[Vec<u8>], encoding: &'static Encoding) -> bool {
    fields.iter().all(|bytes| {
        encoding
            .decode_without_bom_handling_and_without_replacement(bytes)
            .is_some()
            || if encoding == UTF_8 {
                cut_utf8(bytes).is_some()
            } else {
                cut_double(bytes, encoding).is_some()
            }
    })
}

/// A field of fixed width: strictly in the encoding given, else in UTF-8 or GB18030, else
/// without a last character that the width has cut in two. `Err` has what can be read.
pub(in crate::import) fn field(
    bytes: &[u8],
    encoding: &'static Encoding,
) -> Result<String, String> {
    let strict = |tried: &'static Encoding| {
        tried
            .decode_without_bom_handling_and_without_replacement(bytes)
            .map(std::borrow::Cow::into_owned)
    };
    // UTF-8 cut short is not GB18030, though most of its bytes would pass for it.
    let found = if encoding == UTF_8 {
        strict(UTF_8)
            .or_else(|| cut_utf8(bytes))
            .or_else(|| strict(GB18030))
            .or_else(|| cut_double(bytes, GB18030))
    } else {
        strict(encoding)
            .or_else(|| strict(UTF_8))
            .or_else(|| cut_double(bytes, encoding))
            .or_else(|| cut_utf8(bytes))
    };
    found.ok_or_else(|| encoding.decode_without_bom_handling(bytes).0.into_owned())
}

/// UTF-8 without a last character that is not whole.
fn cut_utf8(bytes: &[u8]) -> Option<String> {
    let error = std::str::from_utf8(bytes).err()?;
    if error.error_len().is_some() {
        return None;
    }
    String::from_utf8(bytes[..error.valid_up_to()].to_vec()).ok()
}

/// A text of one and two bytes a character without a last first half.
fn cut_double(bytes: &[u8], encoding: &'static Encoding) -> Option<String> {
    let (last, whole) = bytes.split_last()?;
    if *last < 0x81 {
        return None;
    }
    encoding
        .decode_without_bom_handling_and_without_replacement(whole)
        .map(std::borrow::Cow::into_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chinese_texts_are_told_from_utf8() {
        let (gbk, _, _) = encoding_rs::GBK.encode("编号,名称\r\n1,东华村第三网格\r\n");
        let (text, encoding) = decode(&gbk, None);
        assert_eq!(text, "编号,名称\r\n1,东华村第三网格\r\n");
        assert_eq!(encoding, GB18030);
        let (text, encoding) = decode("编号,名称".as_bytes(), None);
        assert_eq!((text.as_str(), encoding), ("编号,名称", UTF_8));
        let (text, _) = decode("\u{feff}编号".as_bytes(), None);
        assert_eq!(text, "编号");
    }

    #[test]
    fn short_chinese_texts_are_told_too() {
        for word in ["东华村", "大源街道", "网格", "李四", "号"] {
            let (bytes, _, _) = encoding_rs::GBK.encode(word);
            assert_eq!(decode(&bytes, None).0, word);
        }
    }

    #[test]
    fn a_character_cut_in_two_is_dropped_and_a_broken_one_is_not() {
        let (gbk, _, _) = encoding_rs::GBK.encode("东华村");
        assert_eq!(field(&gbk[..5], GB18030), Ok("东华".to_owned()));
        let utf8 = "东华村".as_bytes();
        assert_eq!(field(&utf8[..8], UTF_8), Ok("东华".to_owned()));
        // UTF-8 in a file that says GBK.
        assert_eq!(field("大源村".as_bytes(), UTF_8), Ok("大源村".to_owned()));
        // Neither: garbled in the middle.
        assert!(field(&[b'A', 0xFF, 0xFF, b'B', b'C', b'D'], GB18030).is_err());
    }

    #[test]
    fn rare_characters_need_gb18030() {
        let (bytes, _, _) = GB18030.encode("㙟𠅤");
        assert_eq!(decode(&bytes, Some(GB18030)).0, "㙟𠅤");
        assert_eq!(field(&bytes, GB18030), Ok("㙟𠅤".to_owned()));
    }
}
