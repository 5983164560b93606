//! CQL2 JSON (OGC 21-065): the same conditions as the text, as a tree.

use geo::Geometry;
use serde_json::Value as Json;
use yizhangtu_data::{FieldKind, Layer};

use super::{
    COMPARISONS, Comparison, Expression, Property, RELATIONS,
    cql2::{DEEPEST, Literal, Reading, like_pattern, refuse},
    temporal::{End, Moment, RELATIONS as TIMES, Span},
};
use crate::{http::Problem, policy::Viewer};

/// Reads a filter over the fields of a layer.
///
/// # Errors
/// 400 for everything that is not understood, with what it is.
pub(crate) fn parse(text: &str, layer: &Layer, viewer: &Viewer) -> Result<Expression, Problem> {
    let tree: Json = serde_json::from_str(text).map_err(|error| {
        refuse(
            format_args!("不是 JSON：{error}"),
            format_args!("not JSON: {error}"),
        )
    })?;
    Tree(Reading { layer, viewer }).condition(&tree, 0)
}

struct Tree<'a>(Reading<'a>);

impl Tree<'_> {
    fn condition(&self, tree: &Json, depth: usize) -> Result<Expression, Problem> {
        if depth > DEEPEST {
            return Err(refuse(
                format_args!("嵌套超过 {DEEPEST} 层"),
                format_args!("nested deeper than {DEEPEST}"),
            ));
        }
        // A property of truth may stand alone.
        if tree.get("property").is_some() {
            return self.0.truth(self.property(tree)?);
        }
        let (Some(op), Some(args)) = (
            tree.get("op").and_then(Json::as_str),
            tree.get("args").and_then(Json::as_array),
        ) else {
            return Err(refuse(
                "应为 {\"op\": …, \"args\": […]}",
                "expected {\"op\": …, \"args\": […]}",
            ));
        };
        let inner = |arg: &Json| self.condition(arg, depth + 1);
        let two = || match args.as_slice() {
            [one, other] => Ok((one, other)),
            _ => Err(wrong_count(op, "2")),
        };
        let one = || match args.as_slice() {
            [one] => Ok(one),
            _ => Err(wrong_count(op, "1")),
        };
        match op.to_ascii_lowercase().as_str() {
            "and" | "or" if args.len() < 2 => Err(wrong_count(op, "2+")),
            "and" => Ok(Expression::And(
                args.iter().map(inner).collect::<Result<_, _>>()?,
            )),
            "or" => Ok(Expression::Or(
                args.iter().map(inner).collect::<Result<_, _>>()?,
            )),
            "not" => Ok(Expression::Not(Box::new(inner(one()?)?))),
            "isnull" => Ok(Expression::IsNull(self.property(one()?)?)),
            "like" => {
                let (property, pattern) = two()?;
                let property = self.property(property)?;
                match pattern {
                    Json::String(pattern) if self.0.is_text(property) => {
                        Ok(Expression::Like(property, like_pattern(pattern)?))
                    }
                    _ => Err(refuse(
                        "like 只用于文字字段和文字",
                        "like takes a text property and a text",
                    )),
                }
            }
            "in" => {
                let (property, values) = two()?;
                let property = self.property(property)?;
                let values = values.as_array().filter(|values| !values.is_empty());
                let values = values.ok_or_else(|| refuse("in 需要一列值", "in takes a list"))?;
                let values = values.iter().map(|value| self.typed(property, value));
                Ok(Expression::In(property, values.collect::<Result<_, _>>()?))
            }
            "between" => match args.as_slice() {
                [property, low, high] => {
                    let property = self.property(property)?;
                    let (low, high) = (self.typed(property, low)?, self.typed(property, high)?);
                    Ok(Expression::Between(property, low, high))
                }
                _ => Err(wrong_count(op, "3")),
            },
            name => {
                if let Some((_, comparison)) = COMPARISONS.iter().find(|(sign, _)| *sign == name) {
                    let (left, right) = two()?;
                    return self.comparison(*comparison, left, right);
                }
                if let Some((_, relation)) = RELATIONS.iter().find(|(known, _)| *known == name) {
                    let (left, right) = two()?;
                    if left.get("property").is_some() {
                        self.geometry_property(left)?;
                        let geometry = Box::new(geometry(right)?.into());
                        return Ok(Expression::Spatial(*relation, geometry));
                    }
                    self.geometry_property(right)?;
                    let geometry = Box::new(geometry(left)?.into());
                    return Ok(Expression::Spatial(relation.mirrored(), geometry));
                }
                if let Some((_, relation)) = TIMES.iter().find(|(known, _)| *known == name) {
                    let (left, right) = two()?;
                    let (left, right) = (self.span(left)?, self.span(right)?);
                    return Ok(Expression::Temporal(*relation, left, right));
                }
                Err(refuse(
                    format_args!("没有运算“{op}”"),
                    format_args!("there is no operation “{op}”"),
                ))
            }
        }
    }

    fn comparison(
        &self,
        comparison: Comparison,
        left: &Json,
        right: &Json,
    ) -> Result<Expression, Problem> {
        let (property, literal, comparison) = match (
            left.get("property").is_some(),
            right.get("property").is_some(),
        ) {
            (true, false) => (left, right, comparison),
            (false, true) => (right, left, comparison.mirrored()),
            _ => {
                return Err(refuse(
                    "比较的一边须是字段，另一边须是值",
                    "one side of a comparison must be a property, the other a value",
                ));
            }
        };
        let property = self.property(property)?;
        let value = self.typed(property, literal)?;
        Ok(Expression::Compare(property, comparison, value))
    }

    fn property(&self, tree: &Json) -> Result<Property, Problem> {
        match tree.get("property").and_then(Json::as_str) {
            Some(name) => self.0.property(name),
            None => Err(refuse(
                "应为 {\"property\": \"字段名\"}",
                "expected {\"property\": \"name\"}",
            )),
        }
    }

    fn geometry_property(&self, tree: &Json) -> Result<(), Problem> {
        match self.property(tree)? {
            Property::Geometry => Ok(()),
            _ => Err(refuse(
                "应为 geometry 字段",
                "expected the property geometry",
            )),
        }
    }

    fn typed(&self, property: Property, literal: &Json) -> Result<yizhangtu_data::Value, Problem> {
        let text = |name: &str| literal.get(name).and_then(Json::as_str);
        let literal = match literal {
            Json::String(text) => Literal::Text(text.clone()),
            Json::Bool(truth) => Literal::Boolean(*truth),
            Json::Number(number) => Literal::Number(number.as_f64().unwrap_or(f64::NAN)),
            _ => match text("date").or_else(|| text("timestamp")) {
                Some(text) => Literal::Text(text.to_owned()),
                None => return Err(refuse("应为值", "expected a value")),
            },
        };
        self.0.typed(property, literal)
    }

    fn span(&self, tree: &Json) -> Result<Span, Problem> {
        match tree.get("interval").and_then(Json::as_array) {
            Some(ends) => match ends.as_slice() {
                [from, to] => Ok(Span::Interval(self.end(from)?, self.end(to)?)),
                _ => Err(wrong_count("interval", "2")),
            },
            None => match self.end(tree)? {
                End::Open => Err(refuse("单独的时刻不能是 ..", "an instant cannot be ..")),
                end => Ok(Span::Instant(end)),
            },
        }
    }

    fn end(&self, tree: &Json) -> Result<End, Problem> {
        if tree.get("property").is_some() {
            return self.0.time(self.property(tree)?).map(End::Of);
        }
        let text = |name: &str| tree.get(name).and_then(Json::as_str);
        match tree
            .as_str()
            .or_else(|| text("date"))
            .or_else(|| text("timestamp"))
        {
            Some("..") => Ok(End::Open),
            Some(text) => Moment::parse(text).map(End::At).ok_or_else(|| {
                refuse(
                    format_args!("“{text}”不是时间"),
                    format_args!("“{text}” is no time"),
                )
            }),
            None => Err(refuse("应为时间", "expected a time")),
        }
    }
}

fn wrong_count(op: &str, count: &str) -> Problem {
    refuse(
        format_args!("{op} 需要 {count} 个参数"),
        format_args!("{op} takes {count} arguments"),
    )
}

/// A GeoJSON geometry, or `{"bbox": [west, south, east, north]}`.
fn geometry(tree: &Json) -> Result<Geometry<f64>, Problem> {
    let wrong = || {
        refuse(
            "几何有误，应为 GeoJSON",
            "the geometry is wrong; write GeoJSON",
        )
    };
    if let Some(corners) = tree.get("bbox").filter(|_| tree.get("type").is_none()) {
        let corners: Vec<f64> = serde_json::from_value(corners.clone()).map_err(|_| wrong())?;
        return match corners[..] {
            [west, south, east, north] | [west, south, _, east, north, _]
                if west <= east && south <= north =>
            {
                Ok(geo::Rect::new((west, south), (east, north))
                    .to_polygon()
                    .into())
            }
            _ => Err(wrong()),
        };
    }
    serde_json::from_value::<geojson::Geometry>(tree.clone())
        .ok()
        .and_then(|read| Geometry::try_from(read).ok())
        .ok_or_else(wrong)
}

/// Whether a field tells a time.
pub(super) fn is_time(kind: FieldKind) -> bool {
    matches!(kind, FieldKind::Date | FieldKind::DateTime)
}
