//! Which sheets there are: those of the layer, and for the grids that have none, their parts.

use geo::{Geometry, MultiPolygon};
use yizhangtu_index::{Area, Rule, Shape};

use super::divide::divide;
use crate::{
    atlas::{LayerSnapshot, Snapshot},
    http::Problem,
    print::Paper,
};

/// The area of one sheet.
pub(crate) struct Sheet {
    /// The feature's id, or the code of one that was derived.
    pub(crate) id: String,
    pub(crate) code: String,
    pub(crate) title: String,
    /// Denominator of the scale that the layer asks for.
    pub(crate) scale: Option<u32>,
    /// Paper that the layer asks for.
    pub(crate) paper: Option<Paper>,
    /// The grid that it is a part of: id, code, name.
    pub(crate) grid: Option<[String; 3]>,
    /// Longitude, latitude.
    pub(crate) outline: Geometry<f64>,
    pub(crate) area: Area,
    /// Whether it is a feature of the layer.
    pub(crate) stored: bool,
}

/// All sheets of a map, by code.
pub(crate) struct Sheets(Vec<Sheet>);

impl Sheets {
    /// The sheets of what a viewer sees.
    pub(crate) fn of(snapshot: &Snapshot) -> Self {
        let grids = snapshot.layer("grid").map(|layer| &**layer);
        let mut sheets: Vec<Sheet> = (snapshot.layer("sheet"))
            .map(|layer| stored(layer, grids))
            .unwrap_or_default();
        // Where there are no grids the villages are divided.
        let whole = grids.or_else(|| snapshot.layer("village").map(|layer| &**layer));
        if let Some(whole) = whole {
            for (at, record) in whole.records() {
                let has_own = |sheet: &Sheet| {
                    sheet
                        .grid
                        .as_ref()
                        .is_some_and(|grid| grid[0] == *record.id)
                };
                if let Some(Shape::Area(area)) = whole.shape(at)
                    && !sheets.iter().any(has_own)
                {
                    sheets.extend(derived(snapshot, whole, at, &area));
                }
            }
        }
        sheets.sort_by(|a, b| a.code.cmp(&b.code).then_with(|| a.id.cmp(&b.id)));
        Self(sheets)
    }

    /// All of them, in order.
    pub(crate) fn all(&self) -> &[Sheet] {
        &self.0
    }

    /// A sheet by its id or code.
    ///
    /// # Errors
    /// 404 where there is none.
    pub(crate) fn get(&self, id: &str) -> Result<&Sheet, Problem> {
        let found = self
            .0
            .iter()
            .find(|sheet| sheet.id == id || sheet.code == id);
        found.ok_or_else(|| Problem::not_found(format!("没有图幅 {id} / there is no sheet {id}")))
    }

    /// The sheets of a grid, by its code, id or name.
    pub(crate) fn of_grid<'a>(&'a self, grid: &str) -> impl Iterator<Item = &'a Sheet> {
        let named = move |sheet: &&Sheet| {
            (sheet.grid.as_ref()).is_some_and(|names| names.iter().any(|name| name == grid))
        };
        self.0.iter().filter(named)
    }
}

impl Sheet {
    /// The code without what every sheet of the village begins with.
    pub(crate) fn short(&self, village: Option<&str>) -> &str {
        let cut = village.and_then(|village| self.code.strip_prefix(village));
        cut.filter(|rest| !rest.is_empty()).unwrap_or(&self.code)
    }

    /// Positions of its houses, by the rule of the counts: where the representative point lies.
    pub(crate) fn houses(&self, snapshot: &Snapshot) -> Vec<u32> {
        let buildings = snapshot.layer("building");
        buildings
            .map(|layer| layer.within(&self.area, Rule::RepresentativePoint))
            .unwrap_or_default()
    }
}

fn text(layer: &LayerSnapshot, at: u32, field: Option<&str>) -> Option<String> {
    let value = layer.record(at).get(&layer.layer, field?);
    value
        .as_text()
        .filter(|text| !text.is_empty())
        .map(str::to_owned)
}

fn names(grids: &LayerSnapshot, at: u32) -> [String; 3] {
    let id = grids.record(at).id.to_string();
    let code = text(grids, at, grids.layer.code.as_deref()).unwrap_or_else(|| id.clone());
    let name = text(grids, at, grids.layer.label.as_deref()).unwrap_or_else(|| code.clone());
    [id, code, name]
}

fn stored(layer: &LayerSnapshot, grids: Option<&LayerSnapshot>) -> Vec<Sheet> {
    let sheet = |at: u32| {
        let record = layer.record(at);
        let Some(Shape::Area(area)) = layer.shape(at) else {
            return None;
        };
        let code = text(layer, at, Some("code")).unwrap_or_else(|| record.id.to_string());
        let scale = record.get(&layer.layer, "scale").as_integer();
        let home = grids.and_then(|grids| Some(names(grids, *grids.at(area.interior()).first()?)));
        Some(Sheet {
            id: record.id.to_string(),
            title: text(layer, at, Some("title")).unwrap_or_else(|| code.clone()),
            code,
            scale: scale
                .and_then(|scale| u32::try_from(scale).ok())
                .filter(|scale| *scale > 0),
            paper: text(layer, at, Some("paper")).and_then(|paper| paper.parse().ok()),
            grid: home,
            outline: record.geometry.clone()?,
            area,
            stored: true,
        })
    };
    layer.records().filter_map(|(at, _)| sheet(at)).collect()
}

/// The parts of one grid, numbered in the order of the cuts: from the west and the north.
fn derived(snapshot: &Snapshot, grids: &LayerSnapshot, at: u32, area: &Area) -> Vec<Sheet> {
    let outline = match grids.record(at).geometry.clone() {
        Some(Geometry::Polygon(polygon)) => MultiPolygon(vec![polygon]),
        Some(Geometry::MultiPolygon(polygons)) => polygons,
        _ => return Vec::new(),
    };
    let houses = snapshot.layer("building").map(|buildings| {
        let inside = buildings.within(area, Rule::RepresentativePoint);
        let place = |at: u32| buildings.shape(at).map(|shape| shape.representative());
        inside.into_iter().filter_map(place).collect()
    });
    let [id, code, name] = names(grids, at);
    let parts = divide(&outline, houses.unwrap_or_default());
    let count = parts.len();
    (1..)
        .zip(parts)
        .filter_map(|(part, outline)| {
            let own = format!("{code}-{part:02}");
            // A grid that is whole keeps its own area, and so exactly its own houses.
            let outline = Geometry::MultiPolygon(outline);
            let area = if count == 1 {
                area.clone()
            } else {
                let Ok(Shape::Area(area)) = Shape::new(&outline) else {
                    return None;
                };
                area
            };
            Some(Sheet {
                id: own.clone(),
                code: own,
                title: format!("{name}“人屋关联”网格图（{part}/{count}）"),
                scale: None,
                paper: None,
                grid: Some([id.clone(), code.clone(), name.clone()]),
                outline,
                area,
                stored: false,
            })
        })
        .collect()
}
