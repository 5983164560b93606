//! What a request for items asks: every query parameter, read strictly.

use std::{fmt, str::FromStr};

use geo::Rect;
use yizhangtu_data::{FieldKind, Layer, Value, geometry::visit_mut};

use super::super::{
    crs::{CRS84, Offered, boxes},
    datetime::{AsOf, Interval},
    filter::{self, Expression, Property, kind_name, of_kind},
};
use super::selection::Selection;
use crate::{
    http::{Format, Parameters, Problem},
    policy::Viewer,
};

/// How many features an answer holds where nothing else is asked.
pub(crate) const DEFAULT_LIMIT: u64 = 100;

/// How many an answer holds at most; a greater `limit` is taken as this.
pub(crate) const GREATEST_LIMIT: u64 = 100_000;

/// Where a page of a table begins, so that nothing before it is read again: written as
/// `KEY.MATCHED`, for the links alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Cursor {
    /// Key of the last row of the page before.
    pub(crate) behind: i64,
    /// How many rows match in all, as the first page counted.
    pub(crate) matched: u64,
}

impl fmt::Display for Cursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.behind, self.matched)
    }
}

impl FromStr for Cursor {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let (behind, matched) = text.split_once('.').ok_or(())?;
        Ok(Self {
            behind: behind.parse().map_err(drop)?,
            matched: matched.parse().map_err(drop)?,
        })
    }
}

/// A request for items of one layer.
#[derive(Clone, Debug)]
pub(crate) struct ItemsRequest {
    /// Boxes in longitude and latitude, one of which a feature meets.
    pub(crate) boxes: Option<Vec<Rect<f64>>>,
    /// When a feature holds.
    pub(crate) interval: Option<Interval>,
    /// The moment whose state is read; now where none is asked for.
    pub(crate) as_of: Option<AsOf>,
    /// Fields, by position, that equal a value; `None` is the identifier.
    pub(crate) equal: Vec<(Option<usize>, Value)>,
    /// A further condition.
    pub(crate) filter: Option<Expression>,
    /// Positions of the fields that are given; all where none are named.
    pub(crate) properties: Option<Vec<usize>>,
    /// The order, and whether each part is descending.
    pub(crate) sort: Vec<(Property, bool)>,
    /// How many features at most.
    pub(crate) limit: u64,
    /// How many are passed over.
    pub(crate) offset: u64,
    /// Where the features that are passed over end, from the link of the page before.
    pub(crate) cursor: Option<Cursor>,
    /// The system of the coordinates given.
    pub(crate) crs: &'static Offered,
    /// The format of the answer.
    pub(crate) format: Format,
}

impl ItemsRequest {
    /// Reads the parameters. `headers` choose the format where `f` does not.
    pub(crate) fn read(
        mut given: Parameters,
        headers: &axum::http::HeaderMap,
        layer: &Layer,
        viewer: &Viewer,
    ) -> Result<Self, Problem> {
        let format = given.format(headers, &[Format::GeoJson, Format::Csv, Format::Html])?;
        let limit = given.parse::<u64>("limit", "正整数", "a whole number above 0")?;
        if limit == Some(0) {
            return Err(Problem::parameter("limit", "须大于 0", "must be above 0"));
        }
        let offset = given.parse::<u64>("offset", "不小于 0 的整数", "a whole number")?;
        let cursor = given.parse::<Cursor>(
            "cursor",
            "下一页链接中的值",
            "what a link to a next page holds",
        )?;
        let bbox_crs = named_crs(&mut given, "bbox-crs")?;
        let bbox = given.take("bbox")?;
        let crs = named_crs(&mut given, "crs")?;
        let properties = (given.take("properties")?)
            .map(|names| named_fields(&names, layer))
            .transpose()?;
        let sort = (given.take("sortby")?)
            .map(|names| sorting(&names, layer, viewer))
            .transpose()?;
        let Selection {
            interval,
            as_of,
            filter,
        } = Selection::read(&mut given, layer, viewer)?;
        let equal = equalities(&mut given, layer, viewer)?;
        given.finish()?;
        Ok(Self {
            boxes: bbox.map(|text| read_box(&text, bbox_crs)).transpose()?,
            interval,
            as_of,
            equal,
            filter,
            properties,
            sort: sort.unwrap_or_default(),
            limit: limit.unwrap_or(DEFAULT_LIMIT).min(GREATEST_LIMIT),
            offset: offset.unwrap_or(0),
            cursor,
            crs,
            format,
        })
    }
}

fn named_crs(given: &mut Parameters, name: &'static str) -> Result<&'static Offered, Problem> {
    (given.take(name)?).map_or(Ok(&CRS84), |uri| Offered::named(name, &uri))
}

/// Four numbers, or six with heights, which are passed over.
fn read_box(text: &str, crs: &Offered) -> Result<Vec<Rect<f64>>, Problem> {
    let refused = |zh: String, en: String| Problem::parameter("bbox", zh, en);
    let mut numbers = Vec::new();
    for part in text.split(',') {
        let number = part.trim().parse::<f64>().ok().filter(|n| n.is_finite());
        numbers.push(number.ok_or_else(|| {
            refused(
                format!("“{part}”不是数字"),
                format!("“{part}” is not a number"),
            )
        })?);
    }
    let corners = match numbers[..] {
        [a, b, c, d] | [a, b, _, c, d, _] => [a, b, c, d],
        _ => {
            return Err(refused(
                format!("须有 4 个（或 6 个）数字，现有 {} 个", numbers.len()),
                format!("takes 4 (or 6) numbers, not {}", numbers.len()),
            ));
        }
    };
    let [west, south, east, north] = crs.to_degrees(corners).map_err(|error| {
        refused(
            format!("无法换算为经纬度：{error}"),
            format!("cannot be turned into degrees: {error}"),
        )
    })?;
    let out = |zh: &str, en: &str| Err(refused(zh.to_owned(), en.to_owned()));
    if south > north {
        return out(
            "南边界在北边界之上，请按 西,南,东,北 书写",
            "the south lies above the north; write west,south,east,north",
        );
    }
    // Degrees in the wrong order are the usual slip: a latitude of 113 gives it away.
    if !(-90.0..=90.0).contains(&south) || !(-90.0..=90.0).contains(&north) {
        return out(
            "纬度超出 ±90，经纬度可能写反，请按 西,南,东,北 书写",
            "a latitude is beyond ±90, the axes may be swapped; write west,south,east,north",
        );
    }
    if !(-180.0..=180.0).contains(&west) || !(-180.0..=180.0).contains(&east) {
        return out("经度超出 ±180", "a longitude is beyond ±180");
    }
    Ok(boxes([west, south, east, north]))
}

fn named_fields(names: &str, layer: &Layer) -> Result<Vec<usize>, Problem> {
    let mut positions = Vec::new();
    for name in names.split(',').map(str::trim) {
        // The identifier and the geometry are always given.
        if name.is_empty() || name == "id" || name == "geometry" {
            continue;
        }
        let position = layer.position(name).ok_or_else(|| {
            Problem::parameter(
                "properties",
                format_args!("图层 {} 没有字段 {name}", layer.id),
                format_args!("the layer {} has no field {name}", layer.id),
            )
        })?;
        if !positions.contains(&position) {
            positions.push(position);
        }
    }
    Ok(positions)
}

fn sorting(names: &str, layer: &Layer, viewer: &Viewer) -> Result<Vec<(Property, bool)>, Problem> {
    let mut sort = Vec::new();
    for name in names
        .split(',')
        .map(str::trim)
        .filter(|name| !name.is_empty())
    {
        let (name, descending) = match name.strip_prefix('-') {
            Some(name) => (name, true),
            None => (name.strip_prefix('+').unwrap_or(name), false),
        };
        let property = filter::property(name, layer, viewer, "sortby")?;
        let sortable = match property {
            Property::Geometry => false,
            Property::Id => true,
            Property::Field(at) => layer.fields[at].kind != FieldKind::Json,
        };
        if !sortable {
            return Err(Problem::parameter(
                "sortby",
                format_args!("{name} 没有先后"),
                format_args!("{name} has no order"),
            ));
        }
        sort.push((property, descending));
    }
    Ok(sort)
}

pub(super) fn read_filter(
    given: &mut Parameters,
    layer: &Layer,
    viewer: &Viewer,
) -> Result<Option<Expression>, Problem> {
    let language = given.take("filter-lang")?;
    let parse = match language.as_deref() {
        None | Some("cql2-text") => filter::parse,
        Some("cql2-json") => filter::parse_json,
        Some(language) => {
            return Err(Problem::parameter(
                "filter-lang",
                format_args!("没有“{language}”，可用的有 cql2-text、cql2-json"),
                format_args!("no “{language}”; there are cql2-text and cql2-json"),
            ));
        }
    };
    let crs = named_crs(given, "filter-crs")?;
    let Some(text) = given.take("filter")? else {
        return Ok(None);
    };
    let mut expression = parse(&text, layer, viewer)?;
    if let Some((transform, north_first)) = crs.reading().map_err(Problem::internal)? {
        let turned = expression.turn(&mut |geometry| {
            if north_first {
                let Ok(()) = visit_mut(geometry, &mut |at| {
                    std::mem::swap(&mut at.x, &mut at.y);
                    Ok::<_, std::convert::Infallible>(())
                });
            }
            transform.geometry(geometry)
        });
        turned.map_err(|error| {
            Problem::parameter(
                "filter",
                format_args!("几何无法换算为经纬度：{error}"),
                format_args!("a geometry cannot be turned into degrees: {error}"),
            )
        })?;
    }
    expression.turn(&mut |geometry| {
        visit_mut(geometry, &mut |at| {
            if at.x.abs() <= 180.0 && at.y.abs() <= 90.0 {
                return Ok(());
            }
            // Coordinates of another system: nothing would be found, and nobody told why.
            Err(Problem::parameter(
                "filter",
                format_args!(
                    "坐标 {}, {} 不是经纬度，请用 filter-crs 注明坐标系",
                    at.x, at.y
                ),
                format_args!(
                    "{}, {} is no longitude and latitude; name the system in filter-crs",
                    at.x, at.y
                ),
            ))
        })
    })?;
    Ok(Some(expression))
}

/// Parameters named like fields: `?kind=违法建设`.
fn equalities(
    given: &mut Parameters,
    layer: &Layer,
    viewer: &Viewer,
) -> Result<Vec<(Option<usize>, Value)>, Problem> {
    let mut equal = Vec::new();
    if layer.position("id").is_none()
        && let Some(id) = given.take_named("id")?
    {
        equal.push((None, Value::from(id)));
    }
    for (position, field) in layer.fields.iter().enumerate() {
        let Some(text) = given.take_named(&field.name)? else {
            continue;
        };
        if !viewer.may_ask_by(layer, field) {
            return Err(Problem::parameter(
                &field.name,
                "是个人信息，不能作为条件",
                "is personal and cannot be asked by",
            ));
        }
        let value = of_kind(field.kind, &text).ok_or_else(|| {
            let (zh, en) = kind_name(field.kind);
            Problem::parameter(
                &field.name,
                format_args!("“{text}”不是{zh}"),
                format_args!("“{text}” is not {en}"),
            )
        })?;
        equal.push((Some(position), value));
    }
    Ok(equal)
}
