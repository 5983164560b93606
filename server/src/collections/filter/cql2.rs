//! CQL2 text (OGC 21-065): comparisons, AND OR NOT, LIKE, IN, BETWEEN, IS NULL, the spatial
//! relations with a WKT geometry, and the temporal ones with instants and intervals.
//!
//! The subset is what the conformance classes `basic-cql2`, `advanced-comparison-operators`,
//! `spatial-functions` and `temporal-functions` ask for, over one property and literals.

use geo::Geometry;
use regex::Regex;
use yizhangtu_data::{FieldKind, Layer, Value};

use super::{
    COMPARISONS, Comparison, Expression, Property, RELATIONS, Relation,
    json::is_time,
    lexer::{Kind, Word, words},
    literal::{kind_name, of_kind},
    temporal::{End, Moment, RELATIONS as TIMES, Span, Temporal},
};
use crate::{http::Problem, policy::Viewer};

/// Deepest nesting of parentheses and NOTs.
pub(super) const DEEPEST: usize = 64;

/// Reads a filter over the fields of a layer.
///
/// An unknown property, a masked one, a value of another kind than its property and every
/// fault of syntax is a 400 that says where.
pub(crate) fn parse(text: &str, layer: &Layer, viewer: &Viewer) -> Result<Expression, Problem> {
    let words = words(text).map_err(|(at, what)| {
        refuse(
            format_args!("第 {at} 个字符“{what}”看不懂"),
            format_args!("“{what}” at character {at} is not understood"),
        )
    })?;
    let mut parser = Parser {
        words,
        next: 0,
        depth: 0,
        reading: Reading { layer, viewer },
    };
    let expression = parser.disjunction()?;
    match parser.words.get(parser.next) {
        None => Ok(expression),
        Some(_) => Err(parser.expected("AND 或 OR", "AND or OR")),
    }
}

pub(super) fn refuse(zh: impl std::fmt::Display, en: impl std::fmt::Display) -> Problem {
    Problem::parameter("filter", zh, en)
}

struct Parser<'a> {
    words: Vec<Word>,
    next: usize,
    depth: usize,
    reading: Reading<'a>,
}

/// What names and values mean in a layer, however they are written.
pub(super) struct Reading<'a> {
    pub(super) layer: &'a Layer,
    pub(super) viewer: &'a Viewer,
}

/// A side of a comparison.
enum Operand {
    Property(Property),
    Literal(Literal),
}

/// A literal before it is known which kind its property has.
pub(super) enum Literal {
    Text(String),
    Number(f64),
    Boolean(bool),
}

impl Parser<'_> {
    fn disjunction(&mut self) -> Result<Expression, Problem> {
        let mut parts = vec![self.conjunction()?];
        while self.keyword("OR") {
            parts.push(self.conjunction()?);
        }
        Ok(one_or(parts, Expression::Or))
    }

    fn conjunction(&mut self) -> Result<Expression, Problem> {
        let mut parts = vec![self.factor()?];
        while self.keyword("AND") {
            parts.push(self.factor()?);
        }
        Ok(one_or(parts, Expression::And))
    }

    fn factor(&mut self) -> Result<Expression, Problem> {
        self.depth += 1;
        if self.depth > DEEPEST {
            return Err(refuse(
                format_args!("嵌套超过 {DEEPEST} 层"),
                format_args!("nested deeper than {DEEPEST}"),
            ));
        }
        let expression = if self.keyword("NOT") {
            Expression::Not(Box::new(self.factor()?))
        } else if self.sign("(") {
            let inner = self.disjunction()?;
            self.expect(")")?;
            inner
        } else if let Some(relation) = self.relation() {
            self.spatial(relation)?
        } else if let Some(relation) = self.temporal_relation() {
            self.temporal(relation)?
        } else {
            self.predicate()?
        };
        self.depth -= 1;
        Ok(expression)
    }

    fn relation(&mut self) -> Option<Relation> {
        (RELATIONS.into_iter())
            .find(|(name, _)| self.keyword(name))
            .map(|(_, relation)| relation)
    }

    fn temporal_relation(&mut self) -> Option<Temporal> {
        (TIMES.into_iter())
            .find(|(name, _)| self.keyword(name))
            .map(|(_, relation)| relation)
    }

    /// `(span, span)`.
    fn temporal(&mut self, relation: Temporal) -> Result<Expression, Problem> {
        self.expect("(")?;
        let one = self.span()?;
        self.expect(",")?;
        let other = self.span()?;
        self.expect(")")?;
        Ok(Expression::Temporal(relation, one, other))
    }

    /// A property, `DATE('…')`, `TIMESTAMP('…')`, or `INTERVAL(end, end)`.
    fn span(&mut self) -> Result<Span, Problem> {
        if self.keyword("INTERVAL") {
            self.expect("(")?;
            let from = self.end()?;
            self.expect(",")?;
            let to = self.end()?;
            self.expect(")")?;
            return Ok(Span::Interval(from, to));
        }
        match self.end()? {
            End::Open => Err(self.expected("时刻", "an instant")),
            end => Ok(Span::Instant(end)),
        }
    }

    fn end(&mut self) -> Result<End, Problem> {
        match self.operand()? {
            Operand::Property(property) => self.reading.time(property).map(End::Of),
            Operand::Literal(Literal::Text(text)) if text == ".." => Ok(End::Open),
            Operand::Literal(Literal::Text(text)) => {
                Moment::parse(&text).map(End::At).ok_or_else(|| {
                    refuse(
                        format_args!("“{text}”不是时间"),
                        format_args!("“{text}” is no time"),
                    )
                })
            }
            Operand::Literal(_) => Err(self.expected("时间", "a time")),
        }
    }

    /// `(property, geometry)` or `(geometry, property)`.
    fn spatial(&mut self, relation: Relation) -> Result<Expression, Problem> {
        self.expect("(")?;
        if let Some(geometry) = self.geometry()? {
            self.expect(",")?;
            self.geometry_property()?;
            self.expect(")")?;
            let written = Box::new(geometry.into());
            return Ok(Expression::Spatial(relation.mirrored(), written));
        }
        self.geometry_property()?;
        self.expect(",")?;
        let geometry = self
            .geometry()?
            .ok_or_else(|| self.expected("WKT 几何", "a WKT geometry"))?;
        self.expect(")")?;
        Ok(Expression::Spatial(relation, Box::new(geometry.into())))
    }

    fn geometry_property(&mut self) -> Result<(), Problem> {
        match self.operand()? {
            Operand::Property(Property::Geometry) => Ok(()),
            _ => Err(self.expected("geometry", "geometry")),
        }
    }

    /// A WKT geometry, or `BBOX(west, south, east, north)`.
    fn geometry(&mut self) -> Result<Option<Geometry<f64>>, Problem> {
        const KINDS: [&str; 8] = [
            "POINT",
            "LINESTRING",
            "POLYGON",
            "MULTIPOINT",
            "MULTILINESTRING",
            "MULTIPOLYGON",
            "GEOMETRYCOLLECTION",
            "BBOX",
        ];
        let Some(Kind::Name(name)) = self.words.get(self.next).map(|word| word.kind.clone()) else {
            return Ok(None);
        };
        let name = name.to_ascii_uppercase();
        if !KINDS.contains(&name.as_str()) {
            return Ok(None);
        }
        let begin = self.next;
        self.next += 1;
        let mut wkt = name.clone();
        let mut numbers = Vec::new();
        let mut open = 0;
        loop {
            let Some(word) = self.words.get(self.next) else {
                return Err(self.expected(")", ")"));
            };
            match &word.kind {
                Kind::Sign("(") => open += 1,
                Kind::Sign(")") => open -= 1,
                Kind::Number(number) => numbers.push(*number),
                _ => {}
            }
            match &word.kind {
                Kind::Sign(sign) => wkt.push_str(sign),
                Kind::Number(number) => wkt.push_str(&format!(" {number}")),
                Kind::Name(inner) | Kind::Quoted(inner) | Kind::Text(inner) => {
                    wkt.push(' ');
                    wkt.push_str(inner);
                }
            }
            self.next += 1;
            if open <= 0 {
                break;
            }
        }
        let geometry = match (name.as_str(), &numbers[..]) {
            ("BBOX", &[west, south, east, north]) if west <= east && south <= north => Some(
                geo::Rect::new((west, south), (east, north))
                    .to_polygon()
                    .into(),
            ),
            ("BBOX", _) => None,
            _ => read_wkt(&wkt),
        };
        let at = self.words[begin].at;
        geometry.map(Some).ok_or_else(|| {
            refuse(
                format_args!("第 {at} 个字符起的几何有误，请写 POLYGON((经度 纬度, …))"),
                format_args!(
                    "the geometry at character {at} is wrong; write POLYGON((lon lat, …))"
                ),
            )
        })
    }

    fn predicate(&mut self) -> Result<Expression, Problem> {
        let left = self.operand()?;
        let negated = self.keyword("NOT");
        let expression = if self.keyword("LIKE") {
            self.like(left)?
        } else if self.keyword("IN") {
            self.among(left)?
        } else if self.keyword("BETWEEN") {
            let property = self.property_of(left)?;
            let low = self.value_for(property)?;
            if !self.keyword("AND") {
                return Err(self.expected("AND", "AND"));
            }
            Expression::Between(property, low, self.value_for(property)?)
        } else if negated {
            return Err(self.expected("LIKE、IN 或 BETWEEN", "LIKE, IN or BETWEEN"));
        } else if self.keyword("IS") {
            let negated = self.keyword("NOT");
            if !self.keyword("NULL") {
                return Err(self.expected("NULL", "NULL"));
            }
            let Operand::Property(property) = left else {
                return Err(self.expected("字段名", "a property"));
            };
            return Ok(negate(Expression::IsNull(property), negated));
        } else {
            self.comparison(left)?
        };
        Ok(negate(expression, negated))
    }

    fn comparison(&mut self, left: Operand) -> Result<Expression, Problem> {
        let found = (COMPARISONS.into_iter()).find(|(sign, _)| self.sign(sign));
        let Some((_, comparison)) = found else {
            // A property of truth may stand alone.
            return match left {
                Operand::Property(property) => self.reading.truth(property),
                Operand::Literal(_) => Err(self.expected("比较符", "a comparison")),
            };
        };
        let right = self.operand()?;
        let (property, literal, comparison) = match (left, right) {
            (Operand::Property(property), Operand::Literal(literal)) => {
                (property, literal, comparison)
            }
            (Operand::Literal(literal), Operand::Property(property)) => {
                (property, literal, comparison.mirrored())
            }
            _ => {
                return Err(refuse(
                    "比较的一边须是字段，另一边须是值",
                    "one side of a comparison must be a property, the other a value",
                ));
            }
        };
        let value = self.typed(property, literal)?;
        Ok(Expression::Compare(property, comparison, value))
    }

    fn like(&mut self, left: Operand) -> Result<Expression, Problem> {
        let property = self.property_of(left)?;
        let textual = self.reading.is_text(property);
        match self.operand()? {
            Operand::Literal(Literal::Text(pattern)) if textual => {
                Ok(Expression::Like(property, like_pattern(&pattern)?))
            }
            _ => Err(refuse(
                "LIKE 只用于文字字段和文字",
                "LIKE takes a text property and a text",
            )),
        }
    }

    fn among(&mut self, left: Operand) -> Result<Expression, Problem> {
        let property = self.property_of(left)?;
        self.expect("(")?;
        let mut values = vec![self.value_for(property)?];
        while self.sign(",") {
            values.push(self.value_for(property)?);
        }
        self.expect(")")?;
        Ok(Expression::In(property, values))
    }

    fn property_of(&self, operand: Operand) -> Result<Property, Problem> {
        match operand {
            Operand::Property(property) if property != Property::Geometry => Ok(property),
            _ => Err(self.expected("字段名在前", "a property first")),
        }
    }

    fn value_for(&mut self, property: Property) -> Result<Value, Problem> {
        match self.operand()? {
            Operand::Literal(literal) => self.typed(property, literal),
            Operand::Property(_) => Err(self.expected("值", "a value")),
        }
    }

    fn operand(&mut self) -> Result<Operand, Problem> {
        let Some(word) = self.words.get(self.next).cloned() else {
            return Err(self.expected("字段或值", "a property or a value"));
        };
        let operand = match word.kind {
            Kind::Text(text) => Operand::Literal(Literal::Text(text)),
            Kind::Number(number) => Operand::Literal(Literal::Number(number)),
            Kind::Quoted(name) => Operand::Property(self.property(&name)?),
            Kind::Name(name) => match name.to_ascii_uppercase().as_str() {
                "TRUE" => Operand::Literal(Literal::Boolean(true)),
                "FALSE" => Operand::Literal(Literal::Boolean(false)),
                "DATE" | "TIMESTAMP" if self.follows("(") => {
                    self.next += 1;
                    self.expect("(")?;
                    let Some(Kind::Text(text)) =
                        self.words.get(self.next).map(|word| word.kind.clone())
                    else {
                        return Err(self.expected("'日期'", "a quoted day"));
                    };
                    self.next += 1;
                    self.expect(")")?;
                    return Ok(Operand::Literal(Literal::Text(text)));
                }
                _ => Operand::Property(self.property(&name)?),
            },
            Kind::Sign(_) => return Err(self.expected("字段或值", "a property or a value")),
        };
        self.next += 1;
        Ok(operand)
    }

    fn property(&self, name: &str) -> Result<Property, Problem> {
        self.reading.property(name)
    }

    fn typed(&self, property: Property, literal: Literal) -> Result<Value, Problem> {
        self.reading.typed(property, literal)
    }

    fn follows(&self, sign: &str) -> bool {
        matches!(self.words.get(self.next + 1), Some(Word { kind: Kind::Sign(found), .. }) if *found == sign)
    }

    fn keyword(&mut self, keyword: &str) -> bool {
        let here = matches!(
            self.words.get(self.next),
            Some(Word { kind: Kind::Name(name), .. }) if name.eq_ignore_ascii_case(keyword)
        );
        self.next += usize::from(here);
        here
    }

    fn sign(&mut self, sign: &str) -> bool {
        let here = matches!(
            self.words.get(self.next),
            Some(Word { kind: Kind::Sign(found), .. }) if *found == sign
        );
        self.next += usize::from(here);
        here
    }

    fn expect(&mut self, sign: &'static str) -> Result<(), Problem> {
        if self.sign(sign) {
            return Ok(());
        }
        Err(self.expected(sign, sign))
    }

    fn expected(&self, zh: &str, en: &str) -> Problem {
        match self.words.get(self.next) {
            Some(word) => refuse(
                format_args!("第 {} 个字符处应为{zh}", word.at),
                format_args!("expected {en} at character {}", word.at),
            ),
            None => refuse(
                format_args!("结尾处应为{zh}"),
                format_args!("expected {en} at the end"),
            ),
        }
    }
}

impl Reading<'_> {
    pub(super) fn property(&self, name: &str) -> Result<Property, Problem> {
        property(name, self.layer, self.viewer, "filter")
    }

    /// A literal as a value of its property's kind.
    pub(super) fn typed(&self, property: Property, literal: Literal) -> Result<Value, Problem> {
        let kind = match property {
            Property::Field(at) => self.layer.fields[at].kind,
            Property::Id => FieldKind::Text,
            Property::Geometry => FieldKind::Json,
        };
        let wrong = |written: &str| {
            let (zh, en) = kind_name(kind);
            refuse(
                format_args!("“{written}”不是{zh}"),
                format_args!("“{written}” is not {en}"),
            )
        };
        match (kind, literal) {
            (FieldKind::Integer | FieldKind::Decimal, Literal::Number(number)) => {
                // A whole number may be compared with 2.5 as well.
                Ok(Value::Decimal(number))
            }
            (FieldKind::Boolean, Literal::Boolean(truth)) => Ok(Value::Boolean(truth)),
            (FieldKind::Text | FieldKind::Date | FieldKind::DateTime, Literal::Text(text)) => {
                // Codes keep their spaces; a day has none.
                if kind == FieldKind::Text {
                    return Ok(Value::from(text));
                }
                of_kind(kind, &text).ok_or_else(|| wrong(&text))
            }
            (_, Literal::Text(text)) => Err(wrong(&text)),
            (_, Literal::Number(number)) => Err(wrong(&number.to_string())),
            (_, Literal::Boolean(truth)) => Err(wrong(&truth.to_string())),
        }
    }

    /// Whether a property is a text.
    pub(super) fn is_text(&self, property: Property) -> bool {
        match property {
            Property::Field(at) => self.layer.fields[at].kind == FieldKind::Text,
            _ => true,
        }
    }

    /// A property of truth that stands alone.
    pub(super) fn truth(&self, property: Property) -> Result<Expression, Problem> {
        match property {
            Property::Field(at) if self.layer.fields[at].kind == FieldKind::Boolean => Ok(
                Expression::Compare(property, Comparison::Equal, Value::Boolean(true)),
            ),
            _ => Err(refuse("应为比较", "expected a comparison")),
        }
    }

    /// A property that tells a time.
    pub(super) fn time(&self, property: Property) -> Result<Property, Problem> {
        match property {
            Property::Field(at) if is_time(self.layer.fields[at].kind) => Ok(property),
            _ => Err(refuse(
                "时间关系只用于日期和时刻字段",
                "relations in time take properties that are days or instants",
            )),
        }
    }
}

/// The property of a name, where the viewer may ask by it.
pub(crate) fn property(
    name: &str,
    layer: &Layer,
    viewer: &Viewer,
    parameter: &'static str,
) -> Result<Property, Problem> {
    if let Some(position) = layer.position(name) {
        if viewer.may_ask_by(layer, &layer.fields[position]) {
            return Ok(Property::Field(position));
        }
        return Err(Problem::parameter(
            parameter,
            format_args!("字段 {name} 是个人信息，不能作为条件"),
            format_args!("the field {name} is personal and cannot be asked by"),
        ));
    }
    match name {
        "id" => Ok(Property::Id),
        "geometry" | "geom" if layer.is_mapped() && !layer.personal => Ok(Property::Geometry),
        _ => Err(Problem::parameter(
            parameter,
            format_args!(
                "图层 {id} 没有字段 {name}，见 /collections/{id}/queryables",
                id = layer.id
            ),
            format_args!(
                "the layer {id} has no field {name}; see /collections/{id}/queryables",
                id = layer.id
            ),
        )),
    }
}

fn one_or(mut parts: Vec<Expression>, many: fn(Vec<Expression>) -> Expression) -> Expression {
    if parts.len() == 1 {
        parts.remove(0)
    } else {
        many(parts)
    }
}

fn negate(expression: Expression, negated: bool) -> Expression {
    if negated {
        Expression::Not(Box::new(expression))
    } else {
        expression
    }
}

/// `%` any text, `_` one character, `\` takes the next as it is.
pub(super) fn like_pattern(pattern: &str) -> Result<Regex, Problem> {
    let mut regex = String::from("(?s)^");
    let mut letters = pattern.chars();
    while let Some(letter) = letters.next() {
        match letter {
            '%' => regex.push_str(".*"),
            '_' => regex.push('.'),
            '\\' => regex.push_str(&regex::escape(&letters.next().unwrap_or('\\').to_string())),
            _ => regex.push_str(&regex::escape(&letter.to_string())),
        }
    }
    regex.push('$');
    Regex::new(&regex).map_err(|_| refuse("LIKE 的模式过长", "the pattern of LIKE is too long"))
}

fn read_wkt(text: &str) -> Option<Geometry<f64>> {
    let geometry: wkt::Wkt<f64> = text.parse().ok()?;
    geometry.try_into().ok()
}
