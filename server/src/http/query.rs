//! Query parameters, read strictly: an unknown, repeated or malformed one is a 400 that names
//! it, as OGC API Features asks (`/req/core/query-param-unknown`, `…-invalid`).

use std::{convert::Infallible, str::FromStr};

use axum::{
    extract::FromRequestParts,
    http::{HeaderMap, request::Parts},
};
use geo::Coord;

use super::{Format, Problem, percent_encoded};

/// The query parameters that have not been taken yet.
#[derive(Clone, Debug)]
pub(crate) struct Parameters {
    left: Vec<(String, String)>,
    /// Names that were asked for, to be told where an unknown one comes.
    known: Vec<&'static str>,
}

impl Parameters {
    /// The parameters of a query.
    pub(crate) fn new(left: Vec<(String, String)>) -> Self {
        Self {
            left,
            known: Vec::new(),
        }
    }

    /// Takes a parameter out; one that stands there twice is refused.
    pub(crate) fn take(&mut self, name: &'static str) -> Result<Option<String>, Problem> {
        self.known.push(name);
        self.take_named(name)
    }

    /// Takes a parameter and reads it.
    pub(crate) fn parse<T: FromStr>(
        &mut self,
        name: &'static str,
        zh: &str,
        en: &str,
    ) -> Result<Option<T>, Problem> {
        self.take(name)?
            .map(|text| {
                text.trim().parse().map_err(|_| {
                    Problem::parameter(
                        name,
                        format_args!("“{text}”不是{zh}"),
                        format_args!("“{text}” is not {en}"),
                    )
                })
            })
            .transpose()
    }

    /// Takes `limit`: how many at most, 1 to a most of them; the usual number where it is not given.
    pub(crate) fn limit(&mut self, usual: usize, most: usize) -> Result<usize, Problem> {
        let Some(text) = self.take("limit")? else {
            return Ok(usual);
        };
        let limit = text.parse().ok().filter(|limit| (1..=most).contains(limit));
        limit.ok_or_else(|| {
            Problem::parameter(
                "limit",
                format_args!("应为 1 到 {most}"),
                format_args!("must be 1 to {most}"),
            )
        })
    }

    /// Takes a place as `LON,LAT`, in degrees of CGCS2000.
    pub(crate) fn lon_lat(&mut self, name: &'static str) -> Result<Option<Coord>, Problem> {
        let Some(text) = self.take(name)? else {
            return Ok(None);
        };
        let numbers: Vec<Option<f64>> = text
            .split(',')
            .map(|part| part.trim().parse().ok())
            .collect();
        match numbers[..] {
            [Some(x), Some(y)] if (-180.0..=180.0).contains(&x) && (-90.0..=90.0).contains(&y) => {
                Ok(Some(Coord { x, y }))
            }
            _ => Err(Problem::parameter(
                name,
                format_args!("“{text}”不是 经度,纬度"),
                format_args!("“{text}” is not LON,LAT"),
            )),
        }
    }

    /// The format asked for by `?f=`, or else by the `Accept` header.
    pub(crate) fn format(
        &mut self,
        headers: &HeaderMap,
        offered: &[Format],
    ) -> Result<Format, Problem> {
        let asked = self.take("f")?;
        Format::choose(asked.as_deref(), headers, offered).ok_or_else(|| {
            let asked = asked.unwrap_or_default();
            let all: Vec<_> = offered.iter().map(|format| format.name()).collect();
            let all = all.join(", ");
            Problem::parameter(
                "f",
                format_args!("没有格式“{asked}”，可用的有 {all}"),
                format_args!("no format “{asked}”; there are {all}"),
            )
        })
    }

    /// Takes a parameter whose name is only known now, such as a field of a layer.
    pub(crate) fn take_named(&mut self, name: &str) -> Result<Option<String>, Problem> {
        let mut found = None;
        let mut twice = false;
        self.left.retain_mut(|(key, value)| {
            let here = key == name;
            if here {
                twice |= found.replace(std::mem::take(value)).is_some();
            }
            !here
        });
        if twice {
            return Err(Problem::parameter(
                name,
                "只能给一次",
                "may be given only once",
            ));
        }
        Ok(found)
    }

    /// The query with some parameters changed, for a link to a neighbour.
    pub(crate) fn changed(&self, changed: &[(&str, String)]) -> String {
        let kept = (self.left.iter())
            .filter(|(name, _)| !changed.iter().any(|(other, _)| other == name))
            .map(|(name, value)| (name.as_str(), value));
        let new = changed.iter().map(|(name, value)| (*name, value));
        kept.chain(new)
            .map(|(name, value)| format!("{}={}", percent_encoded(name), percent_encoded(value)))
            .collect::<Vec<_>>()
            .join("&")
    }

    /// Refuses what is left over, and says what there is.
    pub(crate) fn finish(self) -> Result<(), Problem> {
        match self.left.first() {
            None => Ok(()),
            Some((name, _)) => {
                let known = self.known.join(", ");
                Err(Problem::parameter(
                    name,
                    format_args!("没有这个参数，可用的有 {known}"),
                    format_args!("no such parameter; there are {known}"),
                ))
            }
        }
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Parameters {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        let query = parts.uri.query().unwrap_or_default();
        let pairs = form_urlencoded::parse(query.as_bytes());
        let pairs = pairs.map(|(name, value)| (name.into_owned(), value.into_owned()));
        Ok(Self::new(pairs.collect()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parameters(pairs: &[(&str, &str)]) -> Parameters {
        let pairs = pairs.iter();
        Parameters::new(pairs.map(|(k, v)| ((*k).into(), (*v).into())).collect())
    }

    fn detail(problem: Problem) -> String {
        serde_json::to_value(problem).expect("JSON")["detail"].to_string()
    }

    #[test]
    fn a_parameter_is_taken_once() {
        let mut given = parameters(&[("limit", " 7"), ("f", "csv")]);
        let limit = given.parse::<u64>("limit", "正整数", "a whole number");
        assert_eq!(limit.ok().flatten(), Some(7));
        assert_eq!(given.take("f").ok().flatten().as_deref(), Some("csv"));
        assert!(given.finish().is_ok());
    }

    #[test]
    fn the_wrong_one_is_named() {
        let mut given = parameters(&[("limit", "many"), ("limt", "1")]);
        let wrong = given.parse::<u64>("limit", "正整数", "a whole number");
        assert!(detail(wrong.expect_err("not a number")).contains("many"));
        let unknown = detail(given.finish().expect_err("unknown"));
        assert!(
            unknown.contains("limt") && unknown.contains("limit"),
            "{unknown}"
        );
        let twice = parameters(&[("a", "1"), ("a", "2")]).take("a");
        assert!(twice.is_err());
    }

    #[test]
    fn a_limit_is_within_its_bounds_or_refused_with_them() {
        let limit = |given: &[(&str, &str)]| parameters(given).limit(20, 500);
        assert_eq!(limit(&[]).ok(), Some(20));
        assert_eq!(limit(&[("limit", "500")]).ok(), Some(500));
        for wrong in ["0", "501", "-1", "many"] {
            let refused = detail(limit(&[("limit", wrong)]).expect_err("out of bounds"));
            assert!(refused.contains("1 到 500"), "{refused}");
        }
    }
}
