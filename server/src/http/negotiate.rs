//! Which format an answer takes: `?f=` first, then `Accept`.

use axum::http::{HeaderMap, header};

/// A format that answers are given in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Format {
    /// `application/json`
    Json,
    /// `application/geo+json`
    GeoJson,
    /// `application/schema+json`
    Schema,
    /// `text/csv`
    Csv,
    /// `text/html`
    Html,
}

impl Format {
    /// The value of `?f=`.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Json => "json",
            Self::GeoJson => "geojson",
            Self::Schema => "schema",
            Self::Csv => "csv",
            Self::Html => "html",
        }
    }

    /// The media type, with the character set where the type leaves it open.
    pub(crate) fn media_type(self) -> &'static str {
        match self {
            Self::Json => "application/json",
            Self::GeoJson => "application/geo+json",
            Self::Schema => "application/schema+json",
            Self::Csv => "text/csv; charset=utf-8",
            Self::Html => "text/html; charset=utf-8",
        }
    }

    /// The format asked for among those offered, the first offered being the default.
    ///
    /// None where `?f=` names a format that is not offered. An `Accept` that fits nothing
    /// gets the default, as RFC 9110 §12.5.1 allows: programs send odd `Accept`s, and an
    /// answer serves them better than a 406.
    pub(crate) fn choose(
        asked: Option<&str>,
        headers: &HeaderMap,
        offered: &[Self],
    ) -> Option<Self> {
        if let Some(name) = asked {
            // `json` means GeoJSON where features are asked for, as clients of OGC API use it.
            return offered
                .iter()
                .copied()
                .find(|format| format.name() == name)
                .or_else(|| {
                    offered
                        .iter()
                        .copied()
                        .find(|format| format.is_json() && name == "json")
                });
        }
        let accept = headers
            .get(header::ACCEPT)
            .and_then(|value| value.to_str().ok())
            .unwrap_or("*/*");
        Some(best(accept, offered).unwrap_or(offered[0]))
    }

    fn is_json(self) -> bool {
        matches!(self, Self::Json | Self::GeoJson | Self::Schema)
    }

    /// How well a media range fits: 3 exactly, 2 as a broader JSON, 1 `type/*`, 0 `*/*`.
    fn fit(self, range: &str) -> Option<u8> {
        let essence = self.media_type().split(';').next().unwrap_or_default();
        if range == essence {
            Some(3)
        } else if range == "application/json" && self.is_json() {
            Some(2)
        } else if range == "*/*" {
            Some(0)
        } else {
            let kind = range.strip_suffix("/*")?;
            (essence.split('/').next() == Some(kind)).then_some(1)
        }
    }
}

/// The offered format with the highest quality; the more exact range, then the earlier offer
/// break ties.
fn best(accept: &str, offered: &[Format]) -> Option<Format> {
    let ranges: Vec<(&str, f32)> = accept
        .split(',')
        .map(|part| {
            let mut pieces = part.split(';').map(str::trim);
            let range = pieces.next().unwrap_or_default();
            let quality = pieces
                .find_map(|piece| piece.strip_prefix("q="))
                .and_then(|quality| quality.parse().ok())
                .unwrap_or(1.0);
            (range, quality)
        })
        .collect();
    let mut chosen: Option<(Format, f32, u8)> = None;
    for &format in offered {
        // RFC 9110: the most specific range that fits gives the quality.
        let Some((fit, quality)) = ranges
            .iter()
            .filter_map(|(range, quality)| format.fit(range).map(|fit| (fit, *quality)))
            .max_by_key(|(fit, _)| *fit)
        else {
            continue;
        };
        if quality <= 0.0 {
            continue;
        }
        let better = chosen.is_none_or(|(_, best_quality, best_fit)| {
            quality > best_quality || (quality == best_quality && fit > best_fit)
        });
        if better {
            chosen = Some((format, quality, fit));
        }
    }
    chosen.map(|(format, ..)| format)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chosen(accept: &str, offered: &[Format]) -> Format {
        let mut headers = HeaderMap::new();
        headers.insert(header::ACCEPT, accept.parse().expect("a header"));
        Format::choose(None, &headers, offered).expect("a format")
    }

    #[test]
    fn the_query_outranks_the_header() {
        let mut headers = HeaderMap::new();
        headers.insert(header::ACCEPT, "text/html".parse().expect("a header"));
        let offered = [Format::GeoJson, Format::Csv, Format::Html];
        let choose = |asked| Format::choose(Some(asked), &headers, &offered);
        assert_eq!(choose("csv"), Some(Format::Csv));
        assert_eq!(choose("json"), Some(Format::GeoJson));
        assert_eq!(choose("pdf"), None);
    }

    #[test]
    fn browsers_get_html_and_programs_json() {
        let offered = [Format::Json, Format::Html];
        let browser = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8";
        assert_eq!(chosen(browser, &offered), Format::Html);
        assert_eq!(chosen("*/*", &offered), Format::Json);
        assert_eq!(chosen("application/json", &offered), Format::Json);
        assert_eq!(chosen("image/png", &offered), Format::Json);
    }

    #[test]
    fn quality_and_exactness_decide() {
        let offered = [Format::GeoJson, Format::Csv];
        assert_eq!(
            chosen("text/csv;q=0.5, application/json", &offered),
            Format::GeoJson
        );
        assert_eq!(
            chosen("text/csv, application/json;q=0.4", &offered),
            Format::Csv
        );
        assert_eq!(
            chosen("application/geo+json;q=0, */*", &offered),
            Format::Csv
        );
    }
}
