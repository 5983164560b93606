//! `POST /lookup`: points in, the same order out, both as streams.

use std::io::{self, BufRead, BufReader, Read, Write};

use axum::{
    body::Body,
    extract::State,
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
};
use rayon::prelude::*;
use serde::Serialize;
use serde_json::Value;
use yizhangtu_data::crs::{STORED, Transform};
use yizhangtu_index::Point;

use super::{
    COLUMNS, CoordinateColumns, Lookup, Row,
    answer::{At, Nearest},
    degrees, place,
    spool::Spool,
};
use crate::{
    http::{App, Parameters, Problem, stream},
    policy::Viewer,
};

/// Lines that are read before they are answered together, and how many a thread takes.
const BATCH: usize = 4096;
const SHARE: usize = 128;

/// Longest line, in bytes.
const LONGEST_LINE: u64 = 1 << 20;

/// What the lines are.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Lines {
    Json,
    Table,
}

/// What is done to each line.
struct Ask<'a> {
    lookup: Lookup<'a>,
    from: Option<Transform>,
    nearest: bool,
}

/// `POST /lookup[?crs=…][&layers=…][&nearest=true]` with NDJSON or CSV.
pub(super) async fn many(
    State(app): State<App>,
    viewer: Viewer,
    mut parameters: Parameters,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Problem> {
    let crs = parameters.take("crs")?;
    let layers = parameters.take("layers")?;
    let nearest = parameters.parse::<bool>("nearest", " true 或 false", "true or false")?;
    parameters.finish()?;
    let lines = lines_of(&headers)?;
    let from = crs.map(|crs| transform(&crs)).transpose()?;
    let snapshot = app.seen_by(&viewer);
    // A wrong layer is told before the answer begins.
    Lookup::new(&snapshot, viewer.clone(), layers.as_deref())?;
    let input = Spool::take(body);
    let answer = stream::body(move |sink| {
        let lookup = Lookup::new(&snapshot, viewer, layers.as_deref())
            .map_err(|_| io::Error::other("the layers were checked before"))?;
        let ask = Ask {
            lookup,
            from,
            nearest: nearest.unwrap_or(false),
        };
        match lines {
            Lines::Json => answer_json(&ask, input, sink),
            Lines::Table => answer_table(&ask, input, sink),
        }
    });
    let media_type = match lines {
        Lines::Json => "application/x-ndjson",
        Lines::Table => "text/csv; charset=utf-8",
    };
    Ok(([(header::CONTENT_TYPE, media_type)], answer).into_response())
}

fn transform(crs: &str) -> Result<Transform, Problem> {
    Transform::new(&place::system(crs)?, &STORED).map_err(|error| {
        let message = error.to_string();
        let (zh, en) = message.split_once(" / ").unwrap_or((&message, &message));
        Problem::parameter("crs", zh, en)
    })
}

fn lines_of(headers: &HeaderMap) -> Result<Lines, Problem> {
    let media_type = headers
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default();
    match media_type.split(';').next().unwrap_or_default().trim() {
        "text/csv" => Ok(Lines::Table),
        "application/x-ndjson"
        | "application/ndjson"
        | "application/jsonl"
        | "application/x-jsonlines"
        | "application/json"
        | "application/geo+json-seq" => Ok(Lines::Json),
        other => Err(Problem::new(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            format!(
                "Content-Type“{other}”不支持，请用 application/x-ndjson 或 text/csv \
                 / the Content-Type “{other}” is not supported; send application/x-ndjson or text/csv"
            ),
        )),
    }
}

impl Ask<'_> {
    /// The lattice point of two numbers, or what is wrong with them.
    fn point(&self, x: f64, y: f64) -> Result<Point, String> {
        let (lon, lat) = match &self.from {
            Some(from) => from.point(x, y).map_err(|error| error.to_string())?,
            None => (x, y),
        };
        Point::snap(lon, lat).ok_or_else(|| {
            format!("({lon}, {lat}) 不是经度,纬度 / ({lon}, {lat}) is no longitude, latitude")
        })
    }
}

#[derive(Serialize)]
struct Answer<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<&'a Value>,
    point: [f64; 2],
    sequence: u64,
    at: At<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    nearest: Option<Nearest<'a>>,
}

#[derive(Serialize)]
struct Refusal<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<&'a Value>,
    error: Fault,
}

#[derive(Serialize)]
struct Fault {
    /// Line of the input, counted from 1.
    row: u64,
    field: &'static str,
    code: &'static str,
    message: String,
}

fn answer_json(ask: &Ask<'_>, input: Spool, sink: &mut impl Write) -> io::Result<()> {
    let mut input = BufReader::with_capacity(256 << 10, input);
    let mut row = 0;
    loop {
        let mut batch: Vec<(u64, Vec<u8>)> = Vec::with_capacity(BATCH);
        while batch.len() < BATCH {
            let Some(line) = next_line(&mut input)? else {
                break;
            };
            row += 1;
            if !line.trim_ascii().is_empty() {
                batch.push((row, line));
            }
        }
        if batch.is_empty() {
            return Ok(());
        }
        let answers: Vec<io::Result<Vec<u8>>> = batch
            .par_chunks(SHARE)
            .map(|lines| {
                let mut out = Vec::with_capacity(lines.len() * 1024);
                for (row, line) in lines {
                    write_json(ask, *row, line, &mut out)?;
                    out.push(b'\n');
                }
                Ok(out)
            })
            .collect();
        for answer in answers {
            sink.write_all(&answer?)?;
        }
    }
}

/// The next line without its end; cut off where it is longer than any line may be.
fn next_line(input: &mut impl BufRead) -> io::Result<Option<Vec<u8>>> {
    let mut line = Vec::new();
    let read = input
        .by_ref()
        .take(LONGEST_LINE)
        .read_until(b'\n', &mut line)?;
    if read == 0 {
        return Ok(None);
    }
    if line.last() == Some(&b'\n') {
        line.pop();
    } else if line.len() as u64 == LONGEST_LINE {
        // What is left of it is passed over, so that the next line is a line again.
        while !input.fill_buf()?.is_empty() {
            let buffer = input.fill_buf()?;
            let end = buffer.iter().position(|byte| *byte == b'\n');
            let count = end.map_or(buffer.len(), |end| end + 1);
            input.consume(count);
            if end.is_some() {
                break;
            }
        }
    }
    Ok(Some(line))
}

fn write_json(ask: &Ask<'_>, row: u64, line: &[u8], out: &mut Vec<u8>) -> io::Result<()> {
    let parsed: Result<Value, _> = serde_json::from_slice(line);
    let id = parsed.as_ref().ok().and_then(|value| value.get("id"));
    let point = match &parsed {
        Err(error) => Err(("invalid_json", format!("不是一行 JSON / not a line of JSON: {error}"))),
        Ok(value) => coordinates(value)
            .ok_or_else(|| {
                (
                    "no_point",
                    "没有坐标，请写成 {\"point\":[经度,纬度]} / no coordinates; write {\"point\":[lon,lat]}".to_owned(),
                )
            })
            .and_then(|(x, y)| ask.point(x, y).map_err(|message| ("invalid_point", message))),
    };
    match point {
        Ok(point) => {
            let at = ask.lookup.at(point);
            let nearest =
                (ask.nearest && at.building().is_none()).then(|| ask.lookup.nearest(point));
            let answer = Answer {
                id,
                point: degrees(point),
                sequence: ask.lookup.snapshot().sequence,
                at,
                nearest,
            };
            serde_json::to_writer(out, &answer)?;
        }
        Err((code, message)) => {
            let error = Fault {
                row,
                field: "point",
                code,
                message,
            };
            serde_json::to_writer(out, &Refusal { id, error })?;
        }
    }
    Ok(())
}

/// The two numbers of `[x, y]`, `{"point": [x, y]}`, `{"lon": x, "lat": y}`, a GeoJSON point
/// or a feature of one.
fn coordinates(value: &Value) -> Option<(f64, f64)> {
    let pair = |value: &Value| match value.as_array()?.as_slice() {
        [x, y] | [x, y, _] => Some((x.as_f64()?, y.as_f64()?)),
        _ => None,
    };
    if value.is_array() {
        return pair(value);
    }
    if let Some(point) = value.get("point") {
        return pair(point);
    }
    if let (Some(lon), Some(lat)) = (value.get("lon"), value.get("lat")) {
        return Some((lon.as_f64()?, lat.as_f64()?));
    }
    let geometry = value.get("geometry").unwrap_or(value);
    (geometry.get("type")?.as_str()? == "Point").then(|| pair(geometry.get("coordinates")?))?
}

fn answer_table(ask: &Ask<'_>, input: Spool, sink: &mut impl Write) -> io::Result<()> {
    let mut input = csv::ReaderBuilder::new()
        .flexible(true)
        .has_headers(false)
        .buffer_capacity(256 << 10)
        .from_reader(input);
    let mut records = input.byte_records();
    let Some(titles) = records.next().transpose()? else {
        return Ok(());
    };
    let titles: Vec<String> = titles
        .iter()
        .map(|title| {
            String::from_utf8_lossy(title)
                .trim_start_matches('\u{feff}')
                .to_owned()
        })
        .collect();
    let columns = CoordinateColumns::guess(&titles);
    let mut out = csv::Writer::from_writer(Vec::new());
    for title in &titles {
        out.write_field(title)?;
    }
    for (name, _) in COLUMNS {
        out.write_field(apart(name, &titles))?;
    }
    out.write_record(None::<&[u8]>)?;
    sink.write_all(&out.into_inner().map_err(|error| error.into_error())?)?;
    loop {
        let batch = records
            .by_ref()
            .take(BATCH)
            .collect::<Result<Vec<_>, _>>()?;
        if batch.is_empty() {
            return Ok(());
        }
        let answers: Vec<io::Result<Vec<u8>>> = batch
            .par_chunks(SHARE)
            .map(|rows| {
                let mut out = csv::WriterBuilder::new()
                    .flexible(true)
                    .from_writer(Vec::new());
                for row in rows {
                    let answer = answer_row(ask, columns, &titles, row);
                    let padding = titles.len().saturating_sub(row.len());
                    out.write_record(
                        row.iter()
                            .chain(std::iter::repeat_n(&b""[..], padding))
                            .chain(answer.values().iter().map(String::as_bytes)),
                    )?;
                }
                out.into_inner().map_err(|error| error.into_error())
            })
            .collect();
        for answer in answers {
            sink.write_all(&answer?)?;
        }
    }
}

/// A column's name, changed where the table already has one of that name.
pub(super) fn apart(name: &str, titles: &[String]) -> String {
    let mut own = name.to_owned();
    while titles.contains(&own) {
        own.push_str("_located");
    }
    own
}

fn answer_row(
    ask: &Ask<'_>,
    columns: Option<CoordinateColumns>,
    titles: &[String],
    row: &csv::ByteRecord,
) -> Row {
    let Some(columns) = columns else {
        return Row::unmatched(
            "没有坐标列，请给出“lon,lat”或“经度,纬度”两列 / no coordinate columns; give “lon,lat”",
        );
    };
    let cell = |at: usize| {
        row.get(at)
            .and_then(|bytes| std::str::from_utf8(bytes).ok())
    };
    let point = columns
        .read(titles, cell)
        .map_err(|error| error.to_string())
        .and_then(|(x, y)| ask.point(x, y));
    match point {
        Ok(point) => Row::at(&ask.lookup, &ask.lookup.at(point), "point"),
        Err(reason) => Row::unmatched(reason),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_point_is_read_from_every_form() {
        let read = |line: &str| coordinates(&serde_json::from_str(line).unwrap());
        for line in [
            "[113.5, 23]",
            r#"{"id": 7, "point": [113.5, 23]}"#,
            r#"{"lon": 113.5, "lat": 23}"#,
            r#"{"type": "Point", "coordinates": [113.5, 23, 8.5]}"#,
            r#"{"type": "Feature", "properties": {}, "geometry": {"type": "Point", "coordinates": [113.5, 23]}}"#,
        ] {
            assert_eq!(read(line), Some((113.5, 23.0)), "{line}");
        }
        for line in [
            "[113.5]",
            "{}",
            "7",
            r#"{"point": ["a", 1]}"#,
            r#"{"type": "LineString", "coordinates": [113.5, 23]}"#,
        ] {
            assert_eq!(read(line), None, "{line}");
        }
    }

    #[test]
    fn an_endless_line_is_cut_and_the_next_one_is_read() {
        let mut bytes = vec![b'x'; 3 << 20];
        bytes.extend_from_slice(b"\nshort\nlast");
        let mut input = BufReader::new(bytes.as_slice());
        let mut lines = Vec::new();
        while let Some(line) = next_line(&mut input).unwrap() {
            lines.push(line);
        }
        assert_eq!(lines[0].len(), 1 << 20);
        assert_eq!(&lines[1..], [b"short".to_vec(), b"last".to_vec()]);
    }
}
