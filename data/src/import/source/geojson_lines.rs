//! GeoJSON text sequences: one feature a line, or a record separator before each
//! (RFC 8142).

use std::{
    fs::File,
    io::{BufRead, BufReader, Read},
    ops::ControlFlow,
    path::{Path, PathBuf},
};

use serde_json::Value;

use super::{Each, Reading, Row, Said, Source, geojson};
use crate::{Text, import::ImportError};

/// Lines above this many bytes are no features.
const LONGEST: u64 = 256 << 20;

/// A file of features, one a line.
pub(super) struct GeoJsonLines {
    path: PathBuf,
    said: Said,
    encoding: &'static encoding_rs::Encoding,
}

impl GeoJsonLines {
    pub(super) fn open(path: &Path, reading: &Reading) -> Result<Self, ImportError> {
        Ok(Self {
            path: path.to_path_buf(),
            said: Said {
                crs: Some("CRS84".to_owned()),
                by_format: true,
                ..Said::default()
            },
            encoding: reading.encoding.unwrap_or(encoding_rs::UTF_8),
        })
    }
}

impl Source for GeoJsonLines {
    fn said(&self) -> &Said {
        &self.said
    }

    fn rows(&self, each: Each<'_>) -> Result<(), ImportError> {
        let fail = |error| ImportError::io(&self.path, error);
        let mut reader = BufReader::with_capacity(1 << 16, File::open(&self.path).map_err(fail)?);
        let mut line = Vec::new();
        let mut number = 0;
        loop {
            line.clear();
            let read = reader
                .by_ref()
                .take(LONGEST)
                .read_until(b'\n', &mut line)
                .map_err(fail)?;
            if read == 0 {
                return Ok(());
            }
            number += 1;
            let whole_line = line.ends_with(b"\n");
            let text = self.encoding.decode_with_bom_removal(&line).0;
            let text = text.trim_matches(|c: char| c.is_whitespace() || c == '\u{1e}');
            if text.is_empty() {
                continue;
            }
            // A pretty-printed sequence has several records in a line only by RS.
            for record in text.split('\u{1e}').filter(|it| !it.trim().is_empty()) {
                let row = match serde_json::from_str::<Value>(record) {
                    Ok(value) => geojson::feature(number, value),
                    Err(error) if error.is_eof() && !whole_line => {
                        return Err(ImportError::file(
                            &self.path,
                            format!("文件不完整：在第 {number} 行中断，请重新获取或导出"),
                            format!("the file is cut off in line {number}; get or export it again"),
                        ));
                    }
                    Err(error) => {
                        let mut row = Row::new(number);
                        row.fault = Some(Text {
                            zh: format!("不是合法的 JSON（{error}），请改为每行一个 Feature"),
                            en: format!("not JSON ({error}); write one Feature a line"),
                        });
                        row
                    }
                };
                if let ControlFlow::Break(()) = each(row) {
                    return Ok(());
                }
            }
        }
    }
}
