//! `GET /search`: features by code, address, name, alias or case number, by fragment and by
//! sound; residents by name or the tail of a number, masked.

mod index;
mod names;
mod people;
mod text;

use std::{cmp::Ordering, sync::Arc};

use axum::{Json, Router, extract::State, routing::get};
use geo::Point;
use serde::Serialize;
use yizhangtu_data::{Layer, Record, store::GeoPackage};

pub(crate) use names::Search;

use self::{
    index::{Hit, LayerIndex, Rank},
    names::Named,
    people::{Fit, People},
};
use crate::{
    atlas::{LayerSnapshot, Snapshot},
    audit::Entry,
    collections::corners,
    http::{App, Parameters, Problem},
    policy::{Action, Channel, Seen, Viewer},
};

/// Results given where nothing else is asked, and at most.
const DEFAULT_LIMIT: usize = 20;
const GREATEST_LIMIT: usize = 100;

/// Longest query in characters.
const LONGEST: usize = 100;

/// The route of the search.
pub(crate) fn routes() -> Router<App> {
    Router::new().route("/search", get(search))
}

/// What is asked.
struct Query {
    /// As typed, without spaces at the ends.
    text: String,
    /// Folded, the longest first: it narrows most.
    words: Vec<String>,
    /// Layers that are searched; all where none are named.
    kinds: Option<Vec<String>>,
    near: Option<Point<f64>>,
    /// Why people are looked for, for the record.
    purpose: String,
    limit: usize,
}

/// A feature that fits.
#[derive(Debug, Serialize)]
struct Found {
    layer: String,
    id: String,
    title: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    detail: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    point: Option<[f64; 2]>,
    #[serde(skip_serializing_if = "Option::is_none")]
    bounds: Option<[f64; 4]>,
    #[serde(rename = "match")]
    rank: &'static str,
}

#[derive(Debug, Serialize)]
struct Answer {
    sequence: u64,
    results: Vec<Found>,
}

/// Where a hit stands among all.
struct Ranked {
    rank: Rank,
    /// How much of the field was not typed, in steps, so that distance decides between much
    /// alike names.
    rest: u32,
    distance_m: f64,
    layer: usize,
    hit: Hit,
}

impl Ranked {
    fn order(&self, other: &Self) -> Ordering {
        (self.rank.cmp(&other.rank))
            .then(self.rest.cmp(&other.rest))
            .then(self.distance_m.total_cmp(&other.distance_m))
            .then(self.hit.rest.cmp(&other.hit.rest))
            .then(self.layer.cmp(&other.layer))
            .then(self.hit.position.cmp(&other.hit.position))
    }
}

async fn search(
    State(app): State<App>,
    viewer: Viewer,
    given: Parameters,
) -> Result<Json<Answer>, Problem> {
    let viewer = viewer.through(Channel::Search);
    let query = Query::read(given, &app)?;
    let answer = tokio::task::spawn_blocking(move || {
        // Names are indexed once for all; what a viewer does not see is passed over.
        let whole = app.snapshot();
        let snapshot = app.seen_by(&viewer);
        let named = app.search().named(&app, &whole)?;
        let mut results = query.features(&named, &snapshot, &viewer);
        if let Some(layer) = app.layer("person")
            && query.asks(&layer.id)
            && viewer.may(Action::View, layer)
        {
            let before = results.len();
            let reader = app.pool().reader()?;
            app.search().people(&reader, layer, |people| {
                query.add_people(&reader, people, layer, &snapshot, &viewer, &mut results)
            })?;
            if people::is_asked(&query.text) {
                let found = (results.len() - before) as u64;
                let object = app.fingerprint(&query.text);
                let act = Entry::of("person_search", object).counting(found);
                app.note(&viewer, act.because(query.purpose.clone()));
            }
        }
        results.truncate(query.limit);
        Ok::<_, yizhangtu_data::store::StoreError>(Answer {
            sequence: snapshot.sequence,
            results,
        })
    });
    let answer = answer.await.map_err(Problem::internal)?;
    answer.map(Json).map_err(Problem::internal)
}

/// What a viewer sees of a layer's features.
enum Sight<'a> {
    /// All of them.
    Whole,
    /// Those of a part.
    Part(&'a LayerSnapshot),
}

impl<'a> Sight<'a> {
    fn of(features: &Arc<LayerSnapshot>, seen: &'a Snapshot, viewer: &Viewer) -> Option<Self> {
        let layer = &features.layer;
        if !viewer.may(Action::View, layer) {
            return None;
        }
        let part = seen.layer(&layer.id).or(seen
            .contracts
            .as_ref()
            .filter(|own| own.layer.id == layer.id));
        match part {
            Some(part) if Arc::ptr_eq(part, features) => Some(Self::Whole),
            Some(part) => Some(Self::Part(part)),
            // A table: seen whole, or not searched.
            None => (!viewer.ends(layer)).then_some(Self::Whole),
        }
    }

    fn shows(&self, features: &LayerSnapshot, hit: &Hit) -> bool {
        match self {
            Self::Whole => true,
            Self::Part(part) => part.get(&features.record(hit.position).id).is_some(),
        }
    }
}

impl Query {
    fn read(mut given: Parameters, app: &App) -> Result<Self, Problem> {
        let typed = given.take("q")?.unwrap_or_default().trim().to_owned();
        let kinds = given.take("kinds")?;
        let near = given.lon_lat("near")?;
        let purpose = given.take("purpose")?.unwrap_or_default();
        let limit = given.parse::<usize>("limit", "正整数", "a whole number above 0")?;
        given.finish()?;
        if purpose.chars().count() > LONGEST {
            return Err(Problem::parameter(
                "purpose",
                format_args!("超过 {LONGEST} 个字"),
                format_args!("longer than {LONGEST} characters"),
            ));
        }
        if typed.is_empty() {
            return Err(Problem::parameter(
                "q",
                "请输入要查找的文字",
                "write what to look for",
            ));
        }
        if typed.chars().count() > LONGEST {
            return Err(Problem::parameter(
                "q",
                format_args!("超过 {LONGEST} 个字"),
                format_args!("longer than {LONGEST} characters"),
            ));
        }
        if limit == Some(0) {
            return Err(Problem::parameter("limit", "须大于 0", "must be above 0"));
        }
        let mut words: Vec<String> = (text::folded(&typed).split_whitespace())
            .map(str::to_owned)
            .collect();
        words.sort_by_key(|word| std::cmp::Reverse(word.len()));
        Ok(Self {
            text: typed,
            words,
            kinds: kinds.map(|kinds| read_kinds(&kinds, app)).transpose()?,
            near: near.map(Point::from),
            purpose: purpose.trim().to_owned(),
            limit: limit.unwrap_or(DEFAULT_LIMIT).min(GREATEST_LIMIT),
        })
    }

    fn asks(&self, layer: &str) -> bool {
        (self.kinds.as_ref()).is_none_or(|kinds| kinds.iter().any(|kind| kind == layer))
    }

    /// The features that fit, the best first; where none does, those that differ from what was
    /// typed by one character.
    fn features(&self, named: &[Named], snapshot: &Snapshot, viewer: &Viewer) -> Vec<Found> {
        let found = self.ranked(named, snapshot, viewer, |index| index.find(&self.words));
        if found.is_empty() {
            self.ranked(named, snapshot, viewer, |index| {
                index.find_near(&self.words)
            })
        } else {
            found
        }
    }

    fn ranked(
        &self,
        named: &[Named],
        snapshot: &Snapshot,
        viewer: &Viewer,
        find: impl Fn(&LayerIndex) -> Vec<Hit>,
    ) -> Vec<Found> {
        let mut ranked = Vec::new();
        for (layer, named) in named.iter().enumerate() {
            if !self.asks(&named.features.layer.id) {
                continue;
            }
            let Some(sight) = Sight::of(&named.features, snapshot, viewer) else {
                continue;
            };
            let hits = find(&named.index).into_iter();
            let hits = hits.filter(|hit| sight.shows(&named.features, hit));
            ranked.extend(hits.map(|hit| Ranked {
                rank: hit.rank,
                rest: (hit.rest / 12).try_into().unwrap_or(u32::MAX),
                distance_m: self.distance(snapshot, &named.features, hit.position),
                layer,
                hit,
            }));
        }
        if ranked.len() > self.limit {
            ranked.select_nth_unstable_by(self.limit, Ranked::order);
            ranked.truncate(self.limit);
        }
        ranked.sort_unstable_by(Ranked::order);
        (ranked.iter())
            .map(|ranked| found(snapshot, &named[ranked.layer].features, &ranked.hit, viewer))
            .collect()
    }

    /// How far a feature is; the same for all where no place was given, and far for what has
    /// none.
    fn distance(&self, snapshot: &Snapshot, features: &LayerSnapshot, position: u32) -> f64 {
        let Some(near) = self.near else {
            return 0.0;
        };
        place(snapshot, features, position).map_or(f64::MAX, |[lon, lat]| {
            // On the scale of a city, degrees shortened by the latitude are near enough.
            let east = (lon - near.x()) * near.y().to_radians().cos();
            let north = lat - near.y();
            east.hypot(north) * 111_320.0
        })
    }

    /// Adds the residents who fit: a whole name or number before fragments of addresses.
    fn add_people(
        &self,
        store: &GeoPackage,
        people: &People,
        layer: &Arc<Layer>,
        snapshot: &Snapshot,
        viewer: &Viewer,
        results: &mut Vec<Found>,
    ) -> Result<(), yizhangtu_data::store::StoreError> {
        let buildings = snapshot.layer("building");
        let limited = viewer.ends(layer);
        let place_of = |id: Option<&str>| {
            buildings
                .zip(id)
                .and_then(|(buildings, id)| Some((buildings, buildings.position(id)?)))
        };
        // Whoever lives outside the territory is not found.
        let lives = |id: Option<&str>| !limited || place_of(id).is_some();
        for resident in people.find(store, layer, &self.text, self.limit, lives)? {
            let home = place_of(resident.building.as_deref());
            let view = viewer.see(layer, &resident.person);
            let found = Found {
                layer: layer.id.clone(),
                id: view.id().to_owned(),
                title: view.get("name").to_text(),
                detail: home.map(|(buildings, position)| {
                    title(&buildings.layer, buildings.record(position), viewer)
                }),
                point: home.and_then(|(buildings, position)| place(snapshot, buildings, position)),
                bounds: None,
                rank: match resident.fits {
                    Fit::Whole => "exact",
                    Fit::Part => "prefix",
                    Fit::Sound => "sound",
                },
            };
            let at = match resident.fits {
                Fit::Whole => results.partition_point(|other| other.rank == "exact"),
                Fit::Part => {
                    results.partition_point(|other| matches!(other.rank, "exact" | "prefix"))
                }
                Fit::Sound => results.partition_point(|other| other.rank != "near"),
            };
            results.insert(at, found);
        }
        Ok(())
    }
}

fn read_kinds(kinds: &str, app: &App) -> Result<Vec<String>, Problem> {
    (kinds
        .split(',')
        .map(str::trim)
        .filter(|kind| !kind.is_empty()))
    .map(|kind| match app.layer(kind) {
        Some(_) => Ok(kind.to_owned()),
        None => Err(Problem::parameter(
            "kinds",
            format_args!("没有图层“{kind}”"),
            format_args!("no layer “{kind}”"),
        )),
    })
    .collect()
}

fn found(snapshot: &Snapshot, features: &LayerSnapshot, hit: &Hit, viewer: &Viewer) -> Found {
    let layer = &features.layer;
    let record = features.record(hit.position);
    let title = title(layer, record, viewer);
    let view = viewer.see(layer, record);
    // What fits is shown where the title does not show it; else what tells it from others of
    // the same title, such as the street of a door-plate.
    let mut searched = index::searched(layer);
    // In the layer's own order: the town of a village tells more than its code.
    let order = |name: &String| layer.search.iter().position(|own| own == name);
    searched.sort_by_key(|&at| order(&layer.fields[at].name));
    let detail = (hit.field.into_iter().chain(searched))
        .map(|field| view.at(field).to_text())
        .find(|detail| !detail.is_empty() && *detail != title);
    Found {
        layer: layer.id.clone(),
        id: view.id().to_owned(),
        title,
        detail,
        point: place(snapshot, features, hit.position),
        bounds: (features.shape(hit.position)).map(|shape| corners(&shape.rect())),
        rank: match hit.rank {
            Rank::Exact => "exact",
            Rank::Prefix => "prefix",
            Rank::Substring => "substring",
            Rank::Sound => "sound",
            Rank::Near => "near",
        },
    }
}

/// What a feature is called: its label, else its code, else its identifier.
pub(crate) fn title(layer: &Layer, record: &Record, viewer: &Viewer) -> String {
    let view = viewer.see(layer, record);
    let named = [&layer.label, &layer.code].into_iter().flatten();
    named
        .map(|field| view.get(field))
        .chain(
            index::searched(layer)
                .into_iter()
                .map(|field| view.at(field)),
        )
        .filter(|seen| *seen != Seen::Nothing)
        .map(|seen| seen.to_text())
        .find(|text| !text.trim().is_empty())
        .unwrap_or_else(|| view.id().to_owned())
}

/// A point in a feature; of a row without one, such as a room, in the feature that it belongs
/// to.
fn place(snapshot: &Snapshot, features: &LayerSnapshot, position: u32) -> Option<[f64; 2]> {
    let own = features.shape(position);
    let owner = || {
        let record = features.record(position);
        (features.layer.fields.iter().zip(&record.values)).find_map(|(field, value)| {
            let owner = snapshot.layer(field.reference.as_deref()?)?;
            owner.shape(owner.position(value.as_text()?)?)
        })
    };
    let place = own.or_else(owner)?.representative();
    Some([place.lon(), place.lat()])
}
