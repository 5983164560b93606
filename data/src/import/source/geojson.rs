//! GeoJSON: a collection of features, one feature, or a bare geometry; streamed.

use std::{
    fmt,
    fs::File,
    io::{self, BufReader, Cursor, Read},
    ops::ControlFlow,
    path::{Path, PathBuf},
    sync::Arc,
};

use serde::{
    Deserializer,
    de::{DeserializeSeed, IgnoredAny, MapAccess, SeqAccess, Visitor},
};
use serde_json::{Map, Value};

use super::{Each, Raw, Reading, Row, Said, Source, json_geometry, read_whole};
use crate::import::ImportError;

/// A GeoJSON file.
pub(super) struct GeoJson {
    path: PathBuf,
    said: Said,
    /// The text, where it had to be turned into UTF-8.
    decoded: Option<Arc<[u8]>>,
}

impl GeoJson {
    pub(super) fn open(path: &Path, reading: &Reading) -> Result<Self, ImportError> {
        let decoded = match reading.encoding {
            Some(encoding) if encoding != encoding_rs::UTF_8 => {
                let (text, _) = super::decode(&read_whole(path)?, Some(encoding));
                Some(text.into_bytes().into())
            }
            _ => None,
        };
        let mut file = Self {
            path: path.to_path_buf(),
            said: Said::default(),
            decoded,
        };
        let top = file.read(None)?;
        let kind = top
            .members
            .get("type")
            .and_then(Value::as_str)
            .unwrap_or_default();
        if !matches!(kind, "FeatureCollection" | "Feature" | "GeometryCollection")
            && !top.members.contains_key("coordinates")
        {
            return Err(ImportError::file(
                path,
                format!(
                    "不是 GeoJSON：没有 FeatureCollection、Feature 或图形（type 为“{kind}”），请检查文件"
                ),
                format!(
                    "not GeoJSON: no FeatureCollection, Feature or geometry (its type is “{kind}”); check the file"
                ),
            ));
        }
        let crs = top.members.get("crs").and_then(old_crs);
        file.said = Said {
            by_format: crs.is_none(),
            crs: Some(crs.unwrap_or_else(|| "CRS84".to_owned())),
            rows: Some(top.features),
            encoding: file
                .decoded
                .as_ref()
                .and(reading.encoding)
                .map(|it| it.name().to_owned()),
            ..Said::default()
        };
        Ok(file)
    }

    fn reader(&self) -> Result<Box<dyn Read>, ImportError> {
        let mut reader: Box<dyn Read> = match &self.decoded {
            Some(text) => Box::new(Cursor::new(Arc::clone(text))),
            None => Box::new(BufReader::with_capacity(
                1 << 16,
                File::open(&self.path).map_err(|error| ImportError::io(&self.path, error))?,
            )),
        };
        let mut start = Vec::new();
        reader
            .by_ref()
            .take(3)
            .read_to_end(&mut start)
            .map_err(|error| ImportError::io(&self.path, error))?;
        if start.starts_with(&[0xFE, 0xFF]) || start.starts_with(&[0xFF, 0xFE]) {
            return Err(ImportError::file(
                &self.path,
                "是 UTF-16 编码，请加 --encoding utf-16 或另存为 UTF-8",
                "is in UTF-16; add --encoding utf-16 or save it as UTF-8",
            ));
        }
        if start == [0xEF, 0xBB, 0xBF] {
            start.clear();
        }
        Ok(Box::new(Cursor::new(start).chain(reader)))
    }

    fn read(&self, each: Option<Each<'_>>) -> Result<Top, ImportError> {
        let mut stopped = false;
        let mut json = serde_json::Deserializer::from_reader(self.reader()?);
        let top = json.deserialize_map(TopVisitor {
            each,
            stopped: &mut stopped,
        });
        match top {
            Ok(top) => {
                json.end().map_err(|error| self.fault(&error))?;
                Ok(top)
            }
            Err(_) if stopped => Ok(Top::default()),
            Err(error) => Err(self.fault(&error)),
        }
    }

    fn fault(&self, error: &serde_json::Error) -> ImportError {
        let (line, column) = (error.line(), error.column());
        match error.classify() {
            serde_json::error::Category::Eof => ImportError::file(
                &self.path,
                format!("文件不完整：在第 {line} 行第 {column} 列中断，请重新获取或导出"),
                format!(
                    "the file is cut off at line {line} column {column}; get or export it again"
                ),
            ),
            serde_json::error::Category::Io => {
                let kind = error.io_error_kind().unwrap_or(io::ErrorKind::Other);
                ImportError::io(&self.path, kind.into())
            }
            _ if error.to_string().contains("unicode code point") => ImportError::file(
                &self.path,
                format!(
                    "第 {line} 行不是 UTF-8 编码（GeoJSON 应为 UTF-8），若为国标编码请加 --encoding gbk"
                ),
                format!(
                    "line {line} is not UTF-8, as GeoJSON must be; if it is in the Chinese national encoding add --encoding gbk"
                ),
            ),
            _ => ImportError::file(
                &self.path,
                format!(
                    "第 {line} 行第 {column} 列不是合法的 JSON（{error}；NaN 与 Infinity 也不合法），请修正"
                ),
                format!(
                    "line {line} column {column} is not JSON ({error}; nor are NaN and Infinity); correct it"
                ),
            ),
        }
    }
}

impl Source for GeoJson {
    fn said(&self) -> &Said {
        &self.said
    }

    fn rows(&self, each: Each<'_>) -> Result<(), ImportError> {
        let mut stop = false;
        let mut number = 0;
        let mut give = |row: Row| {
            number = row.number;
            let flow = each(row);
            stop |= flow.is_break();
            flow
        };
        let top = self.read(Some(&mut give))?;
        if stop || number > 0 {
            return Ok(());
        }
        let whole = Value::Object(top.members);
        match whole.get("type").and_then(Value::as_str) {
            Some("FeatureCollection") => {}
            Some("Feature") => {
                let _ = each(feature(1, whole));
            }
            _ => {
                let mut row = Row::new(1);
                row.shape = json_geometry::shape(&whole);
                let _ = each(row);
            }
        }
        Ok(())
    }
}

/// The members of the top object but `features`, and how many features there were.
#[derive(Default)]
struct Top {
    members: Map<String, Value>,
    features: u64,
}

struct TopVisitor<'a, 'e> {
    each: Option<Each<'e>>,
    stopped: &'a mut bool,
}

impl<'de> Visitor<'de> for TopVisitor<'_, '_> {
    type Value = Top;

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("a GeoJSON object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Top, A::Error> {
        let Self { mut each, stopped } = self;
        let mut top = Top::default();
        while let Some(name) = map.next_key::<String>()? {
            if name == "features" {
                top.features = map.next_value_seed(Features {
                    each: each.take(),
                    stopped: &mut *stopped,
                })?;
            } else {
                let value = map.next_value()?;
                top.members.insert(name, value);
            }
        }
        Ok(top)
    }
}

struct Features<'a, 'e> {
    each: Option<Each<'e>>,
    stopped: &'a mut bool,
}

impl<'de> DeserializeSeed<'de> for Features<'_, '_> {
    type Value = u64;

    fn deserialize<D: Deserializer<'de>>(self, json: D) -> Result<u64, D::Error> {
        json.deserialize_seq(self)
    }
}

impl<'de> Visitor<'de> for Features<'_, '_> {
    type Value = u64;

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("a list of features")
    }

    fn visit_seq<A: SeqAccess<'de>>(mut self, mut seq: A) -> Result<u64, A::Error> {
        let mut number = 0;
        match &mut self.each {
            None => {
                while seq.next_element::<IgnoredAny>()?.is_some() {
                    number += 1;
                }
            }
            Some(each) => {
                while let Some(value) = seq.next_element::<Value>()? {
                    number += 1;
                    if let ControlFlow::Break(()) = each(feature(number, value)) {
                        *self.stopped = true;
                        return Err(serde::de::Error::custom("stopped"));
                    }
                }
            }
        }
        Ok(number)
    }
}

/// One feature as a row.
pub(super) fn feature(number: u64, mut value: Value) -> Row {
    let mut row = Row::new(number);
    if value.get("type").and_then(Value::as_str) != Some("Feature") {
        // A bare geometry among the features, or no GeoJSON at all: the shape tells.
        row.shape = json_geometry::shape(&value);
        return row;
    }
    row.shape = json_geometry::shape(value.get("geometry").unwrap_or(&Value::Null));
    row.key = value.get("id").and_then(key);
    if let Some(Value::Object(properties)) = value.get_mut("properties").map(Value::take) {
        row.values = properties
            .into_iter()
            .map(|(name, value)| (Arc::from(name), raw(value)))
            .collect();
    }
    row
}

fn key(id: &Value) -> Option<String> {
    match id {
        Value::String(text) => Some(text.trim().to_owned()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

/// A JSON value as a row has it.
pub(super) fn raw(value: Value) -> Raw {
    match value {
        Value::Null => Raw::Null,
        Value::Bool(truth) => Raw::Boolean(truth),
        Value::Number(number) => match number.as_i64() {
            Some(whole) => Raw::Integer(whole),
            None => number.as_f64().map_or(Raw::Null, Raw::Number),
        },
        Value::String(text) => Raw::Text(text),
        other => Raw::Json(other),
    }
}

/// The `crs` member of GeoJSON before RFC 7946: a name, or a link that names a code.
pub(super) fn old_crs(member: &Value) -> Option<String> {
    if let Value::String(name) = member {
        return Some(name.clone());
    }
    let properties = member.get("properties")?;
    let name = ["name", "href", "code"]
        .iter()
        .find_map(|it| properties.get(it))?;
    Some(match name {
        Value::Number(code) => format!("EPSG:{code}"),
        other => other.as_str()?.to_owned(),
    })
}
