//! What a path that is asked for would give: which file, for whom to decide on.

use axum::{extract::Query, http::Uri};
use yizhangtu_data::Text;

use super::leave::named;
use crate::{
    attachments, collections, enforcement,
    http::{App, FieldProblem, Parameters, Problem, percent_encoded},
    policy::Viewer,
    renewal, sheets, statistics,
};
use axum::http::StatusCode;

/// A file that can be asked for.
pub(super) struct Subject {
    /// Its path and query, written as the route itself writes them.
    pub(super) path: String,
    /// What is in it.
    pub(super) title: Text,
    /// How many rows.
    pub(super) rows: u64,
}

impl Subject {
    /// What a path would give a viewer, who must have the right to it.
    ///
    /// # Errors
    /// As the path itself; 422 where it is none of a file with personal data.
    pub(super) async fn of(app: &App, viewer: &Viewer, path: &str) -> Result<Self, Problem> {
        let uri: Uri = path.parse().map_err(|_| none(path))?;
        let Query(pairs) =
            Query::<Vec<(String, String)>>::try_from_uri(&uri).map_err(|_| none(path))?;
        let given = Parameters::new(pairs);
        let steps: Vec<String> = (uri.path().split('/').skip(1))
            .map(|step| {
                percent_encoding::percent_decode_str(step)
                    .decode_utf8_lossy()
                    .into_owned()
            })
            .collect();
        let steps: Vec<&str> = steps.iter().map(String::as_str).collect();
        let (own, asked) = match steps[..] {
            ["collections", layer, "export"] => {
                let own = format!("/collections/{}/export", percent_encoded(layer));
                let path = named(&own, &given);
                (
                    path,
                    collections::exported(app, viewer, layer, given).await?,
                )
            }
            ["sheets", sheet] => {
                let id = sheet.strip_suffix(".pdf").ok_or_else(|| none(path))?;
                let own = format!("/sheets/{}.pdf", percent_encoded(id));
                let path = named(&own, &given);
                (path, sheets::asked_for(app, viewer, id, given).await?)
            }
            ["enforcement", "cases"] => {
                let path = named("/enforcement/cases", &given);
                (path, enforcement::asked_for(app, viewer, given).await?)
            }
            ["renewal", "units", unit, "report"] => {
                let own = format!("/renewal/units/{}/report", percent_encoded(unit));
                let path = named(&own, &given);
                (path, renewal::asked_for(app, viewer, unit, given).await?)
            }
            ["statistics", "people"] => {
                let path = named("/statistics/people", &given);
                (
                    path,
                    statistics::people_asked_for(app, viewer, given).await?,
                )
            }
            ["attachments", hash] => {
                let own = format!("/attachments/{}", percent_encoded(hash));
                let path = named(&own, &given);
                (
                    path,
                    attachments::asked_for(app, viewer, hash, given).await?,
                )
            }
            _ => return Err(none(path)),
        };
        let (title, rows) = asked;
        let title = title.ok_or_else(|| not_needed(&own))?;
        Ok(Self {
            path: own,
            title,
            rows,
        })
    }
}

fn fault(code: &'static str, message: String) -> Problem {
    Problem::new(StatusCode::UNPROCESSABLE_ENTITY, message.clone()).with(FieldProblem {
        field: "paths".to_owned(),
        row: None,
        code,
        message,
    })
}

fn none(path: &str) -> Problem {
    fault(
        "no_file",
        format!(
            "“{path}”不是可以申请的文件，如 /collections/person/export?f=xlsx、/sheets/….pdf / “{path}” is no file that can be asked for, such as /collections/person/export?f=xlsx or /sheets/….pdf"
        ),
    )
}

fn not_needed(path: &str) -> Problem {
    fault(
        "not_personal",
        format!(
            "“{path}”不含个人信息，可直接下载 / “{path}” has no personal data and can be fetched as it is"
        ),
    )
}
