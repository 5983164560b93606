//! `POST /statistics/features?figure=`: the cases, contracts, plots and lines that a number of
//! `POST /statistics` is made of.

use axum::{Json, body::Bytes, extract::State};
use chrono::{NaiveDate, SecondsFormat};
use serde::Serialize;
use yizhangtu_data::clock;

use super::{
    Counted, Subject,
    count::{self, EXPIRIES, square_metres},
    overlay,
    request::Request,
};
use crate::{
    atlas::{LayerSnapshot, Snapshot},
    audit::Entry,
    collections::corners,
    contracts::Standing,
    http::{App, Parameters, Problem},
    people::Page,
    policy::{Action, Viewer},
    search,
};

/// A number that features without people add up to.
#[derive(Debug, PartialEq, Eq)]
enum Figure {
    Cases {
        demolished: bool,
    },
    /// Those that end within some days, where days are given.
    Contracts {
        within: Option<i64>,
    },
    /// Land of a class, with the standard of the class.
    Land {
        layer: &'static str,
        class: overlay::Class,
    },
    Lines {
        kind: String,
    },
}

/// The layers of land that a class is told of.
const LAND: [&str; 2] = ["land_use", "plan_land"];

impl Figure {
    /// The figure of a path in the answer of `POST /statistics`; of land `land_use.{class_std}.{code}`, of lines
    /// `control_lines.{kind}`.
    fn of(path: &str) -> Option<Self> {
        let (group, name) = path.split_once('.')?;
        match (group, name) {
            ("violations", "count") => Some(Self::Cases { demolished: false }),
            ("violations", "demolished_count") => Some(Self::Cases { demolished: true }),
            ("contracts", "count") => Some(Self::Contracts { within: None }),
            ("contracts", _) => (EXPIRIES.iter())
                .find(|(field, _)| *field == name)
                .map(|&(_, days)| Self::Contracts { within: Some(days) }),
            ("control_lines", kind) => Some(Self::Lines { kind: kind.into() }),
            (layer, class) => {
                let layer = *LAND.iter().find(|known| **known == layer)?;
                let (class_std, code) = class.rsplit_once('.')?;
                let class = (class_std.into(), code.into());
                Some(Self::Land { layer, class })
            }
        }
    }

    /// The paths, for whoever wrote another.
    fn offered() -> String {
        let expiries = EXPIRIES.map(|(field, _)| format!("contracts.{field}"));
        format!(
            "violations.count, violations.demolished_count, contracts.count, {}, land_use.…, plan_land.…, control_lines.…",
            expiries.join(", ")
        )
    }

    fn layer(&self) -> &'static str {
        match self {
            Self::Cases { .. } => "violation_case",
            Self::Contracts { .. } => "contract",
            Self::Land { layer, .. } => layer,
            Self::Lines { .. } => "control_line",
        }
    }

    /// The positions of the features in their layer, each with its square metres where they are counted in them.
    fn parts(
        &self,
        snapshot: &Snapshot,
        (subject, request): (&Subject, &Request),
        counted: &Counted,
        today: NaiveDate,
    ) -> Vec<(u32, Option<f64>)> {
        let of = |layer: &str| {
            let layer = snapshot.layer(layer);
            layer
                .map(|layer| layer.within(&subject.area, request.rule))
                .unwrap_or_default()
        };
        let inside = |layer: &str, wanted: &dyn Fn(&LayerSnapshot, u32) -> bool| {
            let Some(layer) = snapshot.layer(layer) else {
                return Vec::new();
            };
            (overlay::inside(layer, subject).into_iter())
                .filter(|(at, area_m2)| *area_m2 > 0.0 && wanted(layer, *at))
                .map(|(at, area_m2)| (at, Some(area_m2)))
                .collect()
        };
        match self {
            Self::Cases { demolished } => {
                let Some(cases) = snapshot.layer("violation_case") else {
                    return Vec::new();
                };
                (of("violation_case").into_iter())
                    .filter_map(|at| {
                        let figures = counted.figures(cases, at);
                        let area = if *demolished {
                            figures.demolished_area
                        } else {
                            figures.violation
                        };
                        (figures.cases > 0 && (!demolished || figures.demolished > 0))
                            .then(|| (at, Some(square_metres(area))))
                    })
                    .collect()
            }
            Self::Contracts { within } => count::contracts_of(snapshot, &of("asset"))
                .filter(|(_, layer, record)| {
                    let standing = Standing::of(layer, record, today);
                    within.is_none_or(|days| standing.ends_within(days))
                })
                .map(|(at, ..)| (at, None))
                .collect(),
            Self::Land { layer, class } => {
                inside(layer, &|layer, at| overlay::class_of(layer, at) == *class)
            }
            Self::Lines { kind } => inside("control_line", &|layer, at| {
                overlay::kind_of(layer, at) == kind
            }),
        }
    }
}

/// Features behind a number.
#[derive(Serialize)]
pub(super) struct Behind {
    sequence: u64,
    as_of: String,
    layer: &'static str,
    /// Features that are counted.
    total: usize,
    /// Those of them that may be told.
    matched: usize,
    /// Around all that may be told: west, south, east, north.
    #[serde(skip_serializing_if = "Option::is_none")]
    bbox: Option<[f64; 4]>,
    rows: Vec<Row>,
}

#[derive(Serialize)]
struct Row {
    id: String,
    name: String,
    /// The code of the field that the layer is coloured by.
    #[serde(skip_serializing_if = "Option::is_none")]
    state: Option<String>,
    /// What of it is counted, in m².
    #[serde(skip_serializing_if = "Option::is_none")]
    area_m2: Option<f64>,
}

/// `figure` is the path of the number in the answer of `POST /statistics`; the body is the same.
pub(super) async fn features(
    State(app): State<App>,
    viewer: Viewer,
    mut given: Parameters,
    body: Bytes,
) -> Result<Json<Behind>, Problem> {
    let path = given.take("figure")?.unwrap_or_default();
    let page = Page::take(&mut given)?;
    given.finish()?;
    let Some(figure) = Figure::of(&path) else {
        return Err(Problem::one_of("figure", &Figure::offered()));
    };
    let layer = app.layer(figure.layer()).ok_or_else(|| viewer.refused())?;
    viewer.require(Action::View, layer)?;
    let counted = Counted::of(&app, &viewer)?;
    tokio::task::spawn_blocking(move || {
        let request = Request::parse(&body)?;
        let snapshot = super::moment(&app, &viewer, &counted, &request)?;
        let seen = app.seen_by(&viewer);
        let subject = Subject::of(&seen, &request)?;
        let asked = (&subject, &request);
        let parts = figure.parts(&snapshot, asked, &counted, clock::today());
        app.note(
            &viewer,
            Entry::of("count", format!("{path} {:.0} m²", subject.area_m2)),
        );
        Ok(Behind::of(
            &viewer,
            (&snapshot, &seen),
            &figure,
            parts,
            page,
        ))
    })
    .await
    .map_err(Problem::internal)?
    .map(Json)
}

impl Behind {
    /// A page of the features at some positions of what is counted, the largest first.
    fn of(
        viewer: &Viewer,
        (counted, seen): (&Snapshot, &Snapshot),
        figure: &Figure,
        parts: Vec<(u32, Option<f64>)>,
        page: Page,
    ) -> Self {
        let layer = figure.layer();
        let mut behind = Self {
            sequence: counted.sequence,
            as_of: clock::now().to_rfc3339_opts(SecondsFormat::Secs, false),
            layer,
            total: parts.len(),
            matched: 0,
            bbox: None,
            rows: Vec::new(),
        };
        let (Some(all), Some(shown)) = (placed(counted, layer), placed(seen, layer)) else {
            return behind;
        };
        let mut own: Vec<_> = parts
            .into_iter()
            .filter_map(|(at, area_m2)| {
                let at = shown.position(&all.record(at).id)?;
                Some((
                    at,
                    area_m2,
                    search::title(&shown.layer, shown.record(at), viewer),
                ))
            })
            .collect();
        own.sort_by(|(_, one, name), (_, other, next)| {
            let larger = other.unwrap_or(0.0).total_cmp(&one.unwrap_or(0.0));
            larger.then_with(|| name.cmp(next))
        });
        behind.matched = own.len();
        let around = shown.around(own.iter().map(|(at, ..)| *at));
        behind.bbox = around.map(|rect| corners(&rect));
        let state = shown.layer.color_by();
        behind.rows = page
            .of(own)
            .map(|(at, area_m2, name)| {
                let record = shown.record(at);
                let state =
                    state.map(|field| viewer.see(&shown.layer, record).get(field).to_text());
                Row {
                    id: record.id.to_string(),
                    name,
                    state: state.filter(|state| !state.is_empty()),
                    area_m2,
                }
            })
            .collect();
        behind
    }
}

/// A layer of a map; contracts are a table, placed by their assets.
fn placed<'a>(snapshot: &'a Snapshot, layer: &str) -> Option<&'a LayerSnapshot> {
    if layer == "contract" {
        snapshot.contracts.as_deref()
    } else {
        snapshot.layer(layer).map(|layer| &**layer)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_figure_is_known_by_its_path() {
        let land = Figure::Land {
            layer: "land_use",
            class: ("GB/T 21010-2017".into(), "0701".into()),
        };
        assert_eq!(Figure::of("land_use.GB/T 21010-2017.0701"), Some(land));
        let soon = Figure::Contracts { within: Some(30) };
        assert_eq!(Figure::of("contracts.expiring_30d"), Some(soon));
        assert_eq!(Figure::of("people.total"), None);
        assert_eq!(Figure::of("contracts.moon"), None);
    }
}
