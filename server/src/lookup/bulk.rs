//! `POST /lookup`: points in, the same order out, both as streams.

use std::io::{self, Write};

use axum::{
    body::Body,
    extract::State,
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
};
use rayon::prelude::*;
use serde::Serialize;
use serde_json::value::RawValue;
use tokio::sync::Semaphore;
use yizhangtu_data::crs::{STORED, Transform};
use yizhangtu_index::Point;

use super::{
    COLUMNS, Columns, CoordinateColumns, Lookup, Row, USUAL_ANSWER,
    answer::{At, Nearest},
    degrees,
    lines::{self, Lines},
    place,
    spool::Spool,
};
use crate::{
    http::{
        App, Parameters, Problem,
        stream::{self, Sink},
    },
    policy::Viewer,
};

/// Rows that are read before they are answered together, and how many lines or rows a thread
/// takes at once.
const BATCH: usize = 4096;
const SHARE: usize = 512;

/// Tables answered at once. Each holds a thread for as long as its sender takes, so that many
/// who send slowly would leave none for whoever asks anything else.
const MOST_AT_ONCE: usize = 64;
static TURNS: Semaphore = Semaphore::const_new(MOST_AT_ONCE);

/// What the lines are.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Form {
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
    let form = form_of(&headers)?;
    let from = crs.map(|crs| transform(&crs)).transpose()?;
    let snapshot = app.seen_by(&viewer);
    // A wrong layer is told before the answer begins.
    Lookup::new(&snapshot, viewer.clone(), layers.as_deref())?;
    let Ok(turn) = TURNS.try_acquire() else {
        return Ok(busy());
    };
    let input = Spool::take(body);
    let answer = stream::body(move |sink| {
        let _turn = turn;
        let lookup = Lookup::new(&snapshot, viewer, layers.as_deref())
            .map_err(|_| io::Error::other("the layers were checked before"))?;
        let ask = Ask {
            lookup,
            from,
            nearest: nearest.unwrap_or(false),
        };
        match form {
            Form::Json => answer_json(&ask, input, sink),
            Form::Table => answer_table(&ask, input, sink),
        }
    });
    let media_type = match form {
        Form::Json => "application/x-ndjson",
        Form::Table => "text/csv; charset=utf-8",
    };
    Ok(([(header::CONTENT_TYPE, media_type)], answer).into_response())
}

/// The answer to whoever comes while as many tables are under way as may be.
fn busy() -> Response {
    let problem = Problem::new(
        StatusCode::SERVICE_UNAVAILABLE,
        "正在处理的批量查询太多，请稍后再试 / too many tables are being answered; try again in a while",
    );
    ([(header::RETRY_AFTER, "10")], problem).into_response()
}

fn transform(crs: &str) -> Result<Transform, Problem> {
    Transform::new(&place::system(crs)?, &STORED).map_err(|error| {
        let message = error.to_string();
        let (zh, en) = message.split_once(" / ").unwrap_or((&message, &message));
        Problem::parameter("crs", zh, en)
    })
}

fn form_of(headers: &HeaderMap) -> Result<Form, Problem> {
    let media_type = headers
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default();
    match media_type.split(';').next().unwrap_or_default().trim() {
        "text/csv" => Ok(Form::Table),
        "application/x-ndjson"
        | "application/ndjson"
        | "application/jsonl"
        | "application/x-jsonlines"
        | "application/json"
        | "application/geo+json-seq" => Ok(Form::Json),
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
    id: Option<&'a RawValue>,
    point: [f64; 2],
    sequence: u64,
    at: At<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    nearest: Option<Nearest<'a>>,
}

#[derive(Serialize)]
struct Refusal<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<&'a RawValue>,
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

/// Answers some things together: what they ask for is looked up at once, then each answer is
/// written. `point` is none for what asks for no place.
fn together<T>(
    ask: &Ask<'_>,
    asked: &[T],
    point: impl Fn(&T) -> Option<Point>,
    mut write: impl FnMut(&T, Option<(At<'_>, Point)>) -> io::Result<()>,
) -> io::Result<()> {
    let points: Vec<Point> = asked.iter().filter_map(&point).collect();
    let found = ask.lookup.find(&points);
    let mut next = 0;
    for one in asked {
        let at = point(one).map(|point| {
            next += 1;
            (found.at(next - 1), point)
        });
        write(one, at)?;
    }
    Ok(())
}

fn answer_json(ask: &Ask<'_>, input: Spool, sink: &mut Sink) -> io::Result<()> {
    let mut lines = Lines::new(input);
    while let Some(block) = lines.next_block()? {
        let answers: Vec<io::Result<Vec<u8>>> = (block.lines())
            .par_chunks(SHARE)
            .map(|lines| {
                let asked: Vec<Asked<'_>> = (lines.iter())
                    .map(|(row, line)| Asked::read(ask, *row, block.bytes(line)))
                    .collect();
                let mut out = Vec::with_capacity(lines.len() * USUAL_ANSWER);
                let point = |asked: &Asked<'_>| asked.point.as_ref().ok().copied();
                together(ask, &asked, point, |asked, at| {
                    asked.write(ask, at, &mut out)?;
                    out.push(b'\n');
                    Ok(())
                })?;
                Ok(out)
            })
            .collect();
        for answer in answers {
            sink.hand(answer?)?;
        }
    }
    Ok(())
}

/// A line, and the point that it asks for or what is wrong with it.
struct Asked<'a> {
    row: u64,
    id: Option<&'a RawValue>,
    point: Result<Point, (&'static str, String)>,
}

impl<'a> Asked<'a> {
    fn read(ask: &Ask<'_>, row: u64, line: &'a [u8]) -> Self {
        let (id, point) = match lines::read(line) {
            Err(error) => {
                let message = format!("不是一行 JSON / not a line of JSON: {error}");
                (None, Err(("invalid_json", message)))
            }
            Ok((id, None)) => {
                let message = "没有坐标，请写成 {\"point\":[经度,纬度]} / no coordinates; write {\"point\":[lon,lat]}";
                (id, Err(("no_point", message.to_owned())))
            }
            Ok((id, Some((x, y)))) => (
                id,
                ask.point(x, y)
                    .map_err(|message| ("invalid_point", message)),
            ),
        };
        Self { row, id, point }
    }

    fn write(
        &self,
        ask: &Ask<'_>,
        at: Option<(At<'_>, Point)>,
        out: &mut Vec<u8>,
    ) -> io::Result<()> {
        if let Some((at, point)) = at {
            let answer = Answer {
                id: self.id,
                point: degrees(point),
                sequence: ask.lookup.snapshot().sequence,
                at,
                nearest: (ask.nearest)
                    .then(|| ask.lookup.nearest_beside(at, point))
                    .flatten(),
            };
            serde_json::to_writer(out, &answer)?;
        } else if let Err((code, message)) = &self.point {
            let error = Fault {
                row: self.row,
                field: "point",
                code,
                message: message.clone(),
            };
            serde_json::to_writer(out, &Refusal { id: self.id, error })?;
        }
        Ok(())
    }
}

fn answer_table(ask: &Ask<'_>, input: Spool, sink: &mut Sink) -> io::Result<()> {
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
    let coordinates = CoordinateColumns::guess(&titles);
    let columns = Columns::of(&ask.lookup);
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
                let asked: Vec<_> = (rows.iter())
                    .map(|row| (row, point_of_row(ask, coordinates, &titles, row)))
                    .collect();
                let mut out = csv::WriterBuilder::new()
                    .flexible(true)
                    .from_writer(Vec::with_capacity(rows.len() * USUAL_ANSWER / 4));
                let point = |(_, point): &(_, Result<Point, String>)| point.as_ref().ok().copied();
                together(ask, &asked, point, |(row, point), at| {
                    let answer = match (at, point) {
                        (Some((at, _)), _) => columns.row(at, "point"),
                        (None, Err(reason)) => Row::unmatched(reason.as_str()),
                        (None, Ok(_)) => Row::default(),
                    };
                    let padding = titles.len().saturating_sub(row.len());
                    out.write_record(
                        row.iter()
                            .chain(std::iter::repeat_n(&b""[..], padding))
                            .chain(answer.values().iter().map(|value| value.as_bytes())),
                    )?;
                    Ok(())
                })?;
                out.into_inner().map_err(|error| error.into_error())
            })
            .collect();
        for answer in answers {
            sink.hand(answer?)?;
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

fn point_of_row(
    ask: &Ask<'_>,
    coordinates: Option<CoordinateColumns>,
    titles: &[String],
    row: &csv::ByteRecord,
) -> Result<Point, String> {
    let coordinates = coordinates.ok_or(
        "没有坐标列，请给出“lon,lat”或“经度,纬度”两列 / no coordinate columns; give “lon,lat”",
    )?;
    let cell = |at: usize| {
        row.get(at)
            .and_then(|bytes| std::str::from_utf8(bytes).ok())
    };
    let (x, y) = (coordinates.read(titles, cell)).map_err(|error| error.to_string())?;
    ask.point(x, y)
}
