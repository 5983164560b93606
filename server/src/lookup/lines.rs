//! Lines of a stream, many at a time, and the point that a line of JSON tells.

use std::{
    io::{self, Read},
    ops::Range,
};

use serde::{Deserialize, Deserializer, de::IgnoredAny};
use serde_json::value::RawValue;

/// Bytes read before their lines are answered together.
const BLOCK: usize = 256 << 10;

/// Bytes asked for at once.
const READ: usize = 64 << 10;

/// Longest line, in bytes.
const LONGEST: usize = 1 << 20;

/// The lines of a stream. None is kept apart: a block of them is one run of bytes.
pub(super) struct Lines<R> {
    input: R,
    /// The beginning of the next block.
    rest: Vec<u8>,
    /// Lines so far.
    rows: u64,
    /// Whether the rest of an endless line is being passed over.
    passing: bool,
}

/// Some lines one after another.
pub(super) struct Block {
    bytes: Vec<u8>,
    /// Where each line lies, without its end, and its number counted from 1; blank ones are
    /// left out.
    lines: Vec<(u64, Range<usize>)>,
}

impl Block {
    /// The lines and their numbers.
    pub(super) fn lines(&self) -> &[(u64, Range<usize>)] {
        &self.lines
    }

    /// The bytes of a line.
    pub(super) fn bytes(&self, line: &Range<usize>) -> &[u8] {
        &self.bytes[line.clone()]
    }
}

impl<R: Read> Lines<R> {
    /// The lines of a stream of bytes.
    pub(super) fn new(input: R) -> Self {
        Self {
            input,
            rest: Vec::new(),
            rows: 0,
            passing: false,
        }
    }

    /// The next lines; none at the end. A line that is longer than any may be is cut off, and
    /// what is left of it is passed over.
    pub(super) fn next_block(&mut self) -> io::Result<Option<Block>> {
        let mut bytes = std::mem::take(&mut self.rest);
        bytes.reserve(BLOCK + READ);
        let mut whole = memchr::memrchr(b'\n', &bytes).map_or(0, |at| at + 1);
        while bytes.len() < BLOCK || whole == 0 {
            let before = bytes.len();
            bytes.resize(before + READ, 0);
            let read = self.input.read(&mut bytes[before..])?;
            bytes.truncate(before + read);
            if read == 0 {
                whole = bytes.len();
                break;
            }
            if self.passing {
                let end = memchr::memchr(b'\n', &bytes).map(|at| at + 1);
                self.passing = end.is_none();
                bytes.drain(..end.unwrap_or(bytes.len()));
                whole = memchr::memrchr(b'\n', &bytes).map_or(0, |at| at + 1);
                continue;
            }
            if let Some(at) = memchr::memrchr(b'\n', &bytes[before..]) {
                whole = before + at + 1;
            } else if whole == 0 && bytes.len() >= LONGEST {
                bytes.truncate(LONGEST);
                whole = LONGEST;
                self.passing = true;
            }
        }
        self.rest.extend_from_slice(&bytes[whole..]);
        bytes.truncate(whole);
        if bytes.is_empty() {
            return Ok(None);
        }
        let mut lines = Vec::with_capacity(bytes.len() / 32);
        let mut start = 0;
        let last = (bytes.last() != Some(&b'\n')).then_some(bytes.len());
        for end in memchr::memchr_iter(b'\n', &bytes).chain(last) {
            self.rows += 1;
            if !bytes[start..end].trim_ascii().is_empty() {
                lines.push((self.rows, start..end));
            }
            start = end + 1;
        }
        Ok(Some(Block { bytes, lines }))
    }
}

/// A line of JSON, as far as it says where a point is. What it holds beside that is passed
/// over, not kept.
#[derive(Deserialize)]
pub(super) struct Given<'a> {
    /// What the answer is told apart by, as it stands.
    #[serde(borrow, default, deserialize_with = "as_it_stands")]
    pub(super) id: Option<&'a RawValue>,
    #[serde(borrow, default)]
    point: Option<&'a RawValue>,
    #[serde(borrow, default)]
    lon: Option<&'a RawValue>,
    #[serde(borrow, default)]
    lat: Option<&'a RawValue>,
    #[serde(borrow, default, rename = "type")]
    kind: Option<&'a RawValue>,
    #[serde(borrow, default)]
    coordinates: Option<&'a RawValue>,
    #[serde(borrow, default)]
    geometry: Option<&'a RawValue>,
}

/// A value that stands there, even if it is `null`.
fn as_it_stands<'de, D: Deserializer<'de>>(from: D) -> Result<Option<&'de RawValue>, D::Error> {
    <&RawValue>::deserialize(from).map(Some)
}

/// What a line is told apart by, and its two numbers.
type Line<'a> = (Option<&'a RawValue>, Option<(f64, f64)>);

/// Reads a line: what it is told apart by, and the two numbers of `[x, y]`,
/// `{"point": [x, y]}`, `{"lon": x, "lat": y}`, a GeoJSON point or a feature of one; no
/// numbers where it says none.
///
/// # Errors
/// When the line is not JSON.
pub(super) fn read(line: &[u8]) -> serde_json::Result<Line<'_>> {
    let text: &RawValue = serde_json::from_slice(line)?;
    if !text.get().starts_with('{') {
        return Ok((None, pair(text)));
    }
    let given: Given<'_> = serde_json::from_str(text.get())?;
    Ok((given.id, given.coordinates()))
}

impl Given<'_> {
    fn coordinates(&self) -> Option<(f64, f64)> {
        if let Some(point) = self.point {
            return pair(point);
        }
        if let (Some(lon), Some(lat)) = (self.lon, self.lat) {
            return Some((number(lon)?, number(lat)?));
        }
        if let Some(geometry) = self.geometry {
            let geometry: Given<'_> = serde_json::from_str(geometry.get()).ok()?;
            return geometry.place();
        }
        self.place()
    }

    /// The place of a GeoJSON point.
    fn place(&self) -> Option<(f64, f64)> {
        (self.kind?.get() == "\"Point\"").then(|| pair(self.coordinates?))?
    }
}

/// The first two of two or three values.
fn pair(text: &RawValue) -> Option<(f64, f64)> {
    let text = text.get();
    serde_json::from_str(text).ok().or_else(|| {
        let (x, y, _): (f64, f64, IgnoredAny) = serde_json::from_str(text).ok()?;
        Some((x, y))
    })
}

fn number(text: &RawValue) -> Option<f64> {
    serde_json::from_str(text.get()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_point_is_read_from_every_form() {
        for line in [
            "[113.5, 23]",
            r#"{"id": 7, "point": [113.5, 23]}"#,
            r#" {"lon": 113.5, "lat": 23}"#,
            r#"{"type": "Point", "coordinates": [113.5, 23, 8.5]}"#,
            r#"{"type": "Feature", "properties": {"a": [{}]}, "geometry": {"type": "Point", "coordinates": [113.5, 23]}}"#,
        ] {
            assert_eq!(
                read(line.as_bytes()).unwrap().1,
                Some((113.5, 23.0)),
                "{line}"
            );
        }
        for line in [
            "[113.5]",
            "[1, 2, 3, 4]",
            "{}",
            "7",
            "null",
            r#"{"point": ["a", 1]}"#,
            r#"{"point": 7}"#,
            r#"{"type": "LineString", "coordinates": [113.5, 23]}"#,
            r#"{"geometry": null}"#,
            r#"{"geometry": [1, 2]}"#,
        ] {
            assert_eq!(read(line.as_bytes()).unwrap().1, None, "{line}");
        }
        for line in ["[113.5, 23", "point", "{\"point\": [1, 2]} x", "\u{ff}"] {
            assert!(read(line.as_bytes()).is_err(), "{line}");
        }
        assert!(read(b"{\"id\": \"\xff\"}").is_err());
    }

    #[test]
    fn what_a_line_is_told_apart_by_comes_back_as_it_stands() {
        for id in ["7", "\"a\\u00e9\"", "null", "1.50", "{\"a\":[1]}"] {
            let line = format!("{{\"point\":[1,2],\"id\":{id}}}");
            let (told, _) = read(line.as_bytes()).unwrap();
            assert_eq!(told.map(RawValue::get), Some(id));
        }
        assert!(read(b"{}").unwrap().0.is_none());
    }

    /// Gives so many bytes at once.
    struct Drops<'a>(&'a [u8], usize);

    impl Read for Drops<'_> {
        fn read(&mut self, to: &mut [u8]) -> io::Result<usize> {
            let length = self.1.min(to.len());
            self.0.read(&mut to[..length])
        }
    }

    fn lines(bytes: &[u8], drop: usize) -> Vec<(u64, Vec<u8>)> {
        let mut input = Lines::new(Drops(bytes, drop));
        let mut found = Vec::new();
        while let Some(block) = input.next_block().unwrap() {
            let own = block.lines().iter();
            found.extend(own.map(|(row, line)| (*row, block.bytes(line).to_vec())));
        }
        found
    }

    #[test]
    fn lines_come_as_they_went_in_however_the_stream_falls() {
        let mut bytes = Vec::new();
        let mut all = Vec::new();
        for row in 1..40_000_u64 {
            let line = if row % 7 == 0 {
                " ".to_owned()
            } else {
                format!("line {}", row * row)
            };
            bytes.extend_from_slice(line.as_bytes());
            bytes.push(b'\n');
            if row % 7 != 0 {
                all.push((row, line.into_bytes()));
            }
        }
        bytes.extend_from_slice(b"last");
        all.push((40_000, b"last".to_vec()));
        for drop in [977, 10_000, READ, usize::MAX] {
            assert!(lines(&bytes, drop) == all, "{drop}");
        }
        assert!(lines(b"", 1).is_empty());
    }

    #[test]
    fn an_endless_line_is_cut_and_the_next_one_is_read() {
        let mut bytes = b"first\n".to_vec();
        bytes.resize((3 << 20) + 6, b'x');
        bytes.extend_from_slice(b"\nshort\nlast");
        for drop in [10_001, usize::MAX] {
            let lines = lines(&bytes, drop);
            assert_eq!(lines[1].1.len(), LONGEST);
            assert_eq!(lines.len(), 4);
            assert_eq!(lines[2], (3, b"short".to_vec()));
            assert_eq!(lines[3], (4, b"last".to_vec()));
        }
        // It may be the last one.
        let mut bytes = vec![b'x'; 2 << 20];
        assert_eq!(lines(&bytes, READ).len(), 1);
        bytes.push(b'\n');
        assert_eq!(lines(&bytes, READ).len(), 1);
    }
}
