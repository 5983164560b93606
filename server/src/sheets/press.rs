//! Printing sheets of one moment.

use std::{collections::HashSet, sync::Arc};

use axum::http::StatusCode;
use chrono::{DateTime, FixedOffset};
use geo::{Geometry, Simplify};
use serde_json::{Value as Json, json};

use super::{
    compose, overview, residents,
    set::{Sheet, Sheets},
};
use crate::{
    atlas::Snapshot,
    http::{App, Problem, percent_encoded},
    policy::{Action, Viewer},
    print::Paper,
    statistics,
};

/// Paper for a sheet whose layer asks for none.
const USUAL: Paper = Paper::A3;

/// Degrees that outlines are simplified by where all of them are shown small: some 3 m.
const SMALL: f64 = 3e-5;

/// One printing: when, and where its readers can ask whether it still holds.
#[derive(Clone, Debug)]
pub(crate) struct Occasion {
    pub(crate) at: DateTime<FixedOffset>,
    /// The number that the print is on record by.
    pub(crate) number: String,
    /// Address of the live page, without a slash at the end.
    pub(crate) address: String,
    /// Whether who lives in the houses is listed too.
    pub(crate) residents: bool,
}

/// A printed sheet.
pub(crate) struct Printed {
    pub(crate) pdf: Vec<u8>,
    /// Houses on it.
    pub(crate) houses: usize,
    /// People who are listed on it.
    pub(crate) residents: usize,
}

/// All that the sheets of one moment are printed from, as one viewer may see it.
pub(crate) struct Press {
    pub(super) app: App,
    pub(super) viewer: Viewer,
    pub(super) shown: Arc<Snapshot>,
    counted: Arc<Snapshot>,
    pub(super) sheets: Sheets,
    /// The outlines of all sheets, simplified, for the index.
    pub(super) small: Vec<Geometry<f64>>,
}

impl Press {
    /// Takes what there is now.
    ///
    /// # Errors
    /// When the viewer may not see sheets or houses.
    pub(crate) fn new(app: &App, viewer: &Viewer) -> Result<Self, Problem> {
        for layer in ["sheet", "building"] {
            let layer = app.catalog().layer(layer);
            layer.map_or_else(
                || Err(viewer.refused()),
                |layer| viewer.require(Action::View, layer),
            )?;
        }
        // Map and counts of one moment: a change may come between the two.
        let (shown, counted) = loop {
            let (shown, counted) = (app.seen_by(viewer), app.counted_for(viewer));
            if shown.sequence == counted.sequence {
                break (shown, counted);
            }
        };
        let sheets = Sheets::of(&shown);
        let small = sheets
            .all()
            .iter()
            .map(|sheet| simplified(&sheet.outline))
            .collect();
        Ok(Self {
            app: app.clone(),
            viewer: viewer.clone(),
            shown,
            counted,
            sheets,
            small,
        })
    }

    /// The sheets that there are.
    pub(crate) fn sheets(&self) -> &Sheets {
        &self.sheets
    }

    /// Number of the last change that the sheets show.
    pub(crate) fn sequence(&self) -> u64 {
        self.shown.sequence
    }

    /// Prints a sheet on the paper asked for, or on that of its layer.
    ///
    /// # Errors
    /// When the place cannot be drawn or counted.
    pub(crate) fn print(
        &self,
        sheet: &Sheet,
        paper: Option<Paper>,
        occasion: &Occasion,
    ) -> Result<Printed, Problem> {
        let paper = paper.or(sheet.paper).unwrap_or(USUAL);
        compose::compose(self, sheet, paper, occasion)
    }

    /// Positions of the houses that are on some sheet.
    pub(super) fn placed(&self) -> HashSet<u32> {
        let of = |sheet: &Sheet| sheet.houses(&self.shown);
        self.sheets.all().iter().flat_map(of).collect()
    }

    /// How many people the residents' pages of a sheet list.
    ///
    /// # Errors
    /// Without the right to take people away.
    pub(super) fn residents_of(&self, sheet: &Sheet) -> Result<u64, Problem> {
        residents::require(self)?;
        let houses = sheet.houses(&self.shown).into_iter();
        let tally = |at| self.shown.houses.at(at).tally.residents();
        Ok(houses.map(tally).sum())
    }

    /// Prints the table of all sheets with their map.
    ///
    /// # Errors
    /// When the place cannot be drawn.
    pub(crate) fn overview(&self, occasion: &Occasion) -> Result<Vec<u8>, Problem> {
        overview::overview(self, occasion)
    }

    /// The statistics of a sheet's area; none where the viewer may count nothing.
    pub(super) fn figures(&self, sheet: &Sheet) -> Result<Option<Json>, Problem> {
        let request = if sheet.stored {
            json!({"layer": "sheet", "id": sheet.id})
        } else {
            json!({"area": geojson::Geometry::from(&sheet.outline)})
        };
        let moment = (&*self.shown, &*self.counted);
        match statistics::figures(&self.app, &self.viewer, moment, &request) {
            Ok(answer) => Ok(Some(answer)),
            Err(refused)
                if [StatusCode::FORBIDDEN, StatusCode::UNAUTHORIZED]
                    .contains(&refused.status()) =>
            {
                Ok(None)
            }
            Err(problem) => Err(problem),
        }
    }

    /// Who prints: by name, else by account, else by what stands for one.
    pub(super) fn maker(&self) -> &str {
        let who = self.viewer.who();
        let role = who.role.as_ref().map(|role| role.title.zh.as_str());
        match (&who.name, &who.user) {
            (name, _) if !name.is_empty() => name,
            (_, Some(user)) => user,
            _ => role.unwrap_or("未登录"),
        }
    }

    /// Where a sheet's QR code leads: the page, which says whether it still holds.
    pub(super) fn address(&self, sheet: &Sheet, occasion: &Occasion) -> String {
        format!(
            "{}/#sheet={}&at={}",
            occasion.address,
            percent_encoded(&sheet.id),
            self.sequence()
        )
    }
}

fn simplified(outline: &Geometry<f64>) -> Geometry<f64> {
    match outline {
        Geometry::Polygon(polygon) => polygon.simplify(SMALL).into(),
        Geometry::MultiPolygon(polygons) => polygons.simplify(SMALL).into(),
        other => other.clone(),
    }
}
