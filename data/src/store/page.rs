//! Reads a page of a layer: by box, by values, sorted, from an offset.

use geo::{BoundingRect, MultiPoint, Rect};
use rusqlite::{ToSql, params_from_iter, types::ToSqlOutput};

use super::{
    GeoPackage, StoreError,
    table::{Coordinates, Table, quote},
};
use crate::{
    Record, Value,
    crs::{CrsError, Transform},
};

/// Which features of a layer are wanted, and in which order.
#[derive(Clone, Debug, Default)]
pub struct PageQuery {
    /// Features whose bounds meet this box, in longitude, latitude of EPSG:4490.
    pub bbox: Option<Rect<f64>>,
    /// Fields that must have these values; `id` may stand among them.
    pub equal: Vec<(String, Value)>,
    /// Fields to sort by, the first first; `true` for descending. Equals follow the file.
    pub sort: Vec<(String, bool)>,
    /// How many at most.
    pub limit: usize,
    /// How many to pass over.
    pub offset: usize,
}

impl GeoPackage {
    /// A page of features.
    ///
    /// # Errors
    /// When there is no such layer or field, or the file cannot be read.
    pub fn page(&self, layer: &str, query: &PageQuery) -> Result<Vec<Record>, StoreError> {
        let mut records = Vec::new();
        self.try_page(layer, query, |record| {
            records.push(record);
            Ok::<_, StoreError>(())
        })?;
        Ok(records)
    }

    /// Hands over a page of features one by one, ending at the first error of the receiver.
    ///
    /// # Errors
    /// The receiver's, or as [`GeoPackage::page`].
    pub fn try_page<E: From<StoreError>>(
        &self,
        layer: &str,
        query: &PageQuery,
        mut each: impl FnMut(Record) -> Result<(), E>,
    ) -> Result<(), E> {
        let table = self.table(layer)?;
        let Some((condition, params)) = self.condition(table, query)? else {
            return Ok(());
        };
        let mut order = Vec::new();
        for (field, descending) in &query.sort {
            if let Some(column) = self.column(table, field)? {
                let direction = if *descending { "DESC" } else { "ASC" };
                order.push(format!("t.{} {direction}", quote(column)));
            }
        }
        order.push(format!("t.{}", quote(&table.key)));
        let sql = format!(
            "SELECT {} FROM {} t WHERE {condition} ORDER BY {} LIMIT {} OFFSET {}",
            table.selection(),
            quote(&table.name),
            order.join(", "),
            query.limit,
            query.offset,
        );
        let fail = |error| self.error(error);
        let mut statement = self.connection.prepare_cached(&sql).map_err(fail)?;
        let mut rows = statement.query(params_from_iter(params)).map_err(fail)?;
        while let Some(row) = rows.next().map_err(fail)? {
            each(self.record(table, row)?)?;
        }
        Ok(())
    }

    /// How many features a page is taken from; its limit and offset don't count.
    ///
    /// # Errors
    /// As [`GeoPackage::page`].
    pub fn matched(&self, layer: &str, query: &PageQuery) -> Result<u64, StoreError> {
        let table = self.table(layer)?;
        let Some((condition, params)) = self.condition(table, query)? else {
            return Ok(0);
        };
        let sql = format!(
            "SELECT count(*) FROM {} t WHERE {condition}",
            quote(&table.name)
        );
        self.connection
            .prepare_cached(&sql)
            .and_then(|mut statement| {
                statement.query_row(params_from_iter(params), |row| row.get::<_, i64>(0))
            })
            .map(i64::unsigned_abs)
            .map_err(|error| self.error(error))
    }

    /// The SQL condition and its parameters; `None` where nothing can match.
    fn condition<'q>(
        &self,
        table: &Table,
        query: &'q PageQuery,
    ) -> Result<Option<(String, Vec<Parameter<'q>>)>, StoreError> {
        let mut terms = vec!["1".to_owned()];
        let mut params = Vec::new();
        if let Some(area) = query.bbox {
            let Some(geometry) = &table.geometry else {
                return Ok(None);
            };
            let geometry = quote(geometry);
            let Some(area) = stored_box(table, area)? else {
                return Ok(None);
            };
            let edges = [area.min().x, area.max().x, area.min().y, area.max().y]
                .map(|edge| format!("{edge:?}"));
            let [west, east, south, north] = edges;
            // The R-tree rounds outwards to single precision; the bounds decide.
            if let Some(rtree) = &table.rtree {
                terms.push(format!(
                    "t.{} IN (SELECT id FROM {} WHERE maxx >= {west} AND minx <= {east} AND maxy >= {south} AND miny <= {north})",
                    quote(&table.key),
                    quote(rtree)
                ));
            }
            terms.push(format!(
                "ST_MaxX(t.{geometry}) >= {west} AND ST_MinX(t.{geometry}) <= {east} AND ST_MaxY(t.{geometry}) >= {south} AND ST_MinY(t.{geometry}) <= {north}"
            ));
        }
        for (field, value) in &query.equal {
            match self.column(table, field)? {
                Some(column) => {
                    let forms = self.forms(table, field, value).into_iter();
                    let met: Vec<String> = forms
                        .map(|form| {
                            params.push(Parameter(form));
                            format!("t.{} IS ?{}", quote(column), params.len())
                        })
                        .collect();
                    terms.push(format!("({})", met.join(" OR ")));
                }
                None if value.is_null() => {}
                None => return Ok(None),
            }
        }
        Ok(Some((terms.join(" AND "), params)))
    }
}

/// A box in the system that the table's coordinates are in: for those that are turned,
/// the bounds of its outline there. `None` where it has no image there.
fn stored_box(table: &Table, area: Rect<f64>) -> Result<Option<Rect<f64>>, StoreError> {
    const STEPS: u32 = 16;
    let way = match &table.coordinates {
        Coordinates::Stored => return Ok(Some(area)),
        Coordinates::Unknown { name, reason } => {
            return Err(StoreError::Crs {
                layer: table.layer.id.clone(),
                srs: name.clone(),
                reason: reason.clone(),
            });
        }
        Coordinates::Turned(way) => way,
    };
    let fail = |reason: CrsError| StoreError::Crs {
        layer: table.layer.id.clone(),
        srs: way.from().to_string(),
        reason: reason.to_string(),
    };
    let back = Transform::new(way.to(), way.from()).map_err(fail)?;
    let outline = (0..=STEPS).flat_map(|step| {
        let part = f64::from(step) / f64::from(STEPS);
        let (x, y) = (
            area.min().x + part * area.width(),
            area.min().y + part * area.height(),
        );
        [
            (x, area.min().y),
            (x, area.max().y),
            (area.min().x, y),
            (area.max().x, y),
        ]
    });
    let image: MultiPoint<f64> = outline
        .filter_map(|(x, y)| back.point(x, y).ok())
        .collect::<Vec<_>>()
        .into();
    Ok(image.bounding_rect())
}

struct Parameter<'a>(ToSqlOutput<'a>);

impl ToSql for Parameter<'_> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(self.0.clone())
    }
}
