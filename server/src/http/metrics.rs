//! What is counted of the service, told in the text format of Prometheus.

use std::{
    collections::BTreeMap,
    fmt::Write,
    fs,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use axum::{
    Router,
    extract::State,
    http::header,
    response::{IntoResponse, Response},
    routing::get,
};

use super::App;

/// Upper bounds of the buckets of durations, in seconds.
const BUCKETS: [f64; 9] = [0.0005, 0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1.0, 5.0];

/// Counts of requests.
#[derive(Debug, Default)]
pub(crate) struct Metrics {
    requests: Mutex<BTreeMap<(String, String, u16), u64>>,
    durations: Mutex<BTreeMap<String, Durations>>,
}

#[derive(Debug, Default)]
struct Durations {
    buckets: [u64; BUCKETS.len()],
    count: u64,
    seconds: f64,
}

impl Metrics {
    /// Counts an answered request by its route's pattern, never by its address.
    pub(super) fn count(&self, method: &str, route: &str, status: u16, took: Duration) {
        // A method that nobody knows could fill the memory with names.
        let method = match method {
            "GET" | "HEAD" | "POST" | "PUT" | "PATCH" | "DELETE" | "OPTIONS" => method,
            _ => "other",
        };
        let key = (method.to_owned(), route.to_owned(), status);
        *lock(&self.requests).entry(key).or_default() += 1;
        let seconds = took.as_secs_f64();
        let mut durations = lock(&self.durations);
        let own = durations.entry(route.to_owned()).or_default();
        for (bucket, bound) in own.buckets.iter_mut().zip(BUCKETS) {
            *bucket += u64::from(seconds <= bound);
        }
        own.count += 1;
        own.seconds += seconds;
    }

    fn write(&self, out: &mut String) -> std::fmt::Result {
        out.push_str(
            "# HELP yizhangtu_requests_total Requests answered.\n\
             # TYPE yizhangtu_requests_total counter\n",
        );
        for ((method, route, status), count) in lock(&self.requests).iter() {
            writeln!(
                out,
                "yizhangtu_requests_total{{method=\"{method}\",route=\"{route}\",status=\"{status}\"}} {count}"
            )?;
        }
        out.push_str(
            "# HELP yizhangtu_request_seconds Time until an answer began.\n\
             # TYPE yizhangtu_request_seconds histogram\n",
        );
        for (route, own) in lock(&self.durations).iter() {
            for (bucket, bound) in own.buckets.iter().zip(BUCKETS) {
                writeln!(
                    out,
                    "yizhangtu_request_seconds_bucket{{route=\"{route}\",le=\"{bound}\"}} {bucket}"
                )?;
            }
            writeln!(
                out,
                "yizhangtu_request_seconds_bucket{{route=\"{route}\",le=\"+Inf\"}} {count}\n\
                 yizhangtu_request_seconds_sum{{route=\"{route}\"}} {seconds}\n\
                 yizhangtu_request_seconds_count{{route=\"{route}\"}} {count}",
                count = own.count,
                seconds = own.seconds,
            )?;
        }
        Ok(())
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// `GET /metrics`.
pub(super) fn routes() -> Router<App> {
    Router::new().route("/metrics", get(metrics))
}

async fn metrics(State(app): State<App>) -> Response {
    let mut out = String::new();
    // Writing into a string does not fail.
    let _ = app
        .metrics()
        .write(&mut out)
        .and_then(|()| state(&app, &mut out));
    (
        [(
            header::CONTENT_TYPE,
            "text/plain; version=0.0.4; charset=utf-8",
        )],
        out,
    )
        .into_response()
}

/// What the service holds now.
fn state(app: &App, out: &mut String) -> std::fmt::Result {
    let snapshot = app.snapshot();
    let mut gauge = |name: &str, help: &str, value: &dyn std::fmt::Display| {
        writeln!(
            out,
            "# HELP yizhangtu_{name} {help}\n# TYPE yizhangtu_{name} gauge\nyizhangtu_{name} {value}"
        )
    };
    gauge(
        "sequence",
        "Number of the last change shown.",
        &snapshot.sequence,
    )?;
    gauge(
        "uptime_seconds",
        "Time since the start.",
        &app.started().elapsed().as_secs(),
    )?;
    gauge(
        "listeners",
        "Streams of changes that are open.",
        &app.hub().listeners(),
    )?;
    // Overviews are drawn when they are asked for, from the same snapshot: no tile is older than
    // the change that is shown. What follows in the background is the letting go of tiles that
    // were kept, and nobody is given one meanwhile.
    let tiles = app.tiles().state();
    gauge("tiles_kept", "Tiles in memory.", &tiles.kept)?;
    gauge("tiles_kept_bytes", "Memory of these, about.", &tiles.bytes)?;
    gauge(
        "tiles_delay_seconds",
        "From the last change being shown until every kept tile that it touched was gone, at all zooms.",
        &tiles.delay,
    )?;
    gauge(
        "tiles_delay_longest_seconds",
        "The longest such delay since the start.",
        &tiles.longest_delay,
    )?;
    if let Some(bytes) = resident_bytes() {
        gauge("resident_bytes", "Memory held.", &bytes)?;
    }
    for (name, help, count) in [
        ("tiles_painted", "Tiles drawn.", tiles.painted as u64),
        (
            "tiles_dropped",
            "Kept tiles that changes made stale.",
            tiles.dropped,
        ),
    ] {
        writeln!(
            out,
            "# HELP yizhangtu_{name}_total {help}\n# TYPE yizhangtu_{name}_total counter\nyizhangtu_{name}_total {count}"
        )?;
    }
    out.push_str(
        "# HELP yizhangtu_features Features in memory.\n# TYPE yizhangtu_features gauge\n",
    );
    for layer in &snapshot.layers {
        let id = layer
            .layer
            .id
            .replace('\\', "\\\\")
            .replace('"', "\\\"")
            .replace('\n', " ");
        writeln!(out, "yizhangtu_features{{layer=\"{id}\"}} {}", layer.len())?;
    }
    Ok(())
}

/// Memory that this process holds, where the system tells.
fn resident_bytes() -> Option<u64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("VmRSS:"))?;
    let kilobytes: u64 = line.trim().trim_end_matches("kB").trim().parse().ok()?;
    Some(kilobytes * 1024)
}
