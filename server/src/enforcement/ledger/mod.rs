//! `GET /enforcement/cases`: the cases that a total is made of, as a list and as a ledger.

mod paper;
mod table;
mod workbook;

use std::collections::HashMap;

use axum::{
    Json,
    extract::State,
    response::{IntoResponse, Response},
};
use chrono::{DateTime, FixedOffset, SecondsFormat};
use serde_json::{Value as Tree, json};
use yizhangtu_data::{Id, Text, Value, clock};

use self::{paper::paper, table::table, workbook::workbook};
use super::{
    CASES, Figures,
    asked::{Asked, Meant},
};
use crate::{
    audit::Entry,
    collections::AsOf,
    exports::{self, Leave, file},
    http::{App, Parameters, Problem},
    policy::{Action, Channel, Seen, Viewer},
    report::Section,
};

pub(super) const MEDIA: &str = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";

/// Cases in one answer, unless another number is asked for.
const USUAL: usize = 200;
/// Cases in one answer at most; a ledger holds them all.
const MOST: usize = 50_000;

/// The table of those whom a case is about; a ledger with leave names them, masked.
const PARTIES: &str = "violation_party";

/// What the ledger is had as.
#[derive(Clone, Copy)]
enum Form {
    Workbook,
    Paper,
}

impl Form {
    fn ending(self) -> &'static str {
        match self {
            Self::Workbook => "xlsx",
            Self::Paper => "pdf",
        }
    }

    fn media(self) -> &'static str {
        match self {
            Self::Workbook => MEDIA,
            Self::Paper => "application/pdf",
        }
    }

    fn channel(self) -> Channel {
        match self {
            Self::Workbook => Channel::Export,
            Self::Paper => Channel::Sheet,
        }
    }
}

/// The ledger: its table, when it was made, and of what.
struct Ledger {
    table: Section,
    made: DateTime<FixedOffset>,
    sequence: u64,
    definition: String,
}

impl Ledger {
    const TITLE: &str = "两违案件台账";

    fn stamp(&self) -> String {
        format!(
            "制表 {}；数据版本 {}；口径 {}",
            self.made.format("%Y-%m-%d %H:%M"),
            self.sequence,
            self.definition
        )
    }
}

pub(super) async fn cases(
    State(app): State<App>,
    viewer: Viewer,
    mut given: Parameters,
) -> Result<Response, Problem> {
    let leave = Leave::take(&app, &viewer, "/enforcement/cases", &mut given).await?;
    let asked = Asked::take(&mut given)?;
    let form = match given.take("f")?.as_deref() {
        None | Some("json") => None,
        Some("xlsx") => Some(Form::Workbook),
        Some("pdf") => Some(Form::Paper),
        Some(_) => return Err(Problem::one_of("f", "json, xlsx, pdf")),
    };
    let limit = given.limit(USUAL, MOST)?;
    given.finish()?;
    let meant = asked.meant(&app, &viewer, asked.as_of.as_ref()).await?;
    let Some(form) = form else {
        return Ok(Json(listed(&app, &viewer, &meant, limit)).into_response());
    };
    tokio::task::spawn_blocking(move || {
        let shown = leave.viewer(&viewer, form.channel());
        let sequence = {
            let store = app.pool().reader().map_err(Problem::internal)?;
            match &asked.as_of {
                Some(as_of) => AsOf::sequence(as_of, &store).map_err(Problem::internal)?,
                None => app.snapshot().sequence,
            }
        };
        let parties = parties(&app, &shown, &meant)?;
        let ledger = Ledger {
            table: table(&app, &shown, &meant, parties.as_ref()),
            made: clock::now(),
            sequence,
            definition: meant.definition.version.clone(),
        };
        let mark = leave.mark(&viewer);
        let file = match form {
            Form::Workbook => workbook(&ledger, mark.as_deref()).map_err(Problem::internal)?,
            Form::Paper => paper(&ledger, &mark.unwrap_or_else(|| viewer.author().to_owned())),
        };
        let count = meant.positions.len() as u64;
        let act = Entry::of("export", "violation_case ledger").counting(count);
        leave.hand_over(&app, &viewer, act, &exports::hash(&file))?;
        let mut response = file.into_response();
        let name = leave.file_name("两违台账", form.ending());
        file::dress(&mut response, &name, form.media());
        Ok(response)
    })
    .await
    .map_err(Problem::internal)?
}

/// The greatest first: by what was demolished, then by what is illegal, then by number. Of what is
/// late, what has been so the longest.
pub(super) fn ordered(meant: &Meant) -> Vec<(u32, Figures)> {
    let mut all: Vec<(u32, Figures)> = meant.figures().collect();
    let code = meant.layer.code.as_deref().unwrap_or("code");
    let until = |at: u32| meant.deadlines.get(&meant.cases.record(at).id);
    all.sort_by(|(a, one), (b, other)| {
        let name = |at: &u32| {
            meant
                .cases
                .record(*at)
                .get(&meant.layer, code)
                .as_text()
                .map(str::to_owned)
        };
        (until(*a).cmp(&until(*b)))
            .then_with(|| other.demolished_area.cmp(&one.demolished_area))
            .then_with(|| other.violation.cmp(&one.violation))
            .then_with(|| name(a).cmp(&name(b)))
    });
    all
}

/// What a viewer reads in a field of a case, in words.
pub(super) fn shown(
    app: &App,
    viewer: &Viewer,
    meant: &Meant,
    position: u32,
    name: &str,
) -> Option<String> {
    let case = meant.cases.record(position);
    let text = match viewer.see(&meant.layer, case).get(name) {
        Seen::Nothing => return None,
        seen => seen.to_text(),
    };
    let code = app.catalog().code(&meant.layer, name, &text);
    Some(match (name, text.as_str(), code) {
        (_, _, Some(code)) => code.label.zh.clone(),
        ("is_new", "true", _) => "新增".to_owned(),
        ("is_new", "false", _) => "存量".to_owned(),
        _ => text,
    })
}

fn listed(app: &App, viewer: &Viewer, meant: &Meant, limit: usize) -> Tree {
    let all = ordered(meant);
    let total: Figures = all.iter().map(|(_, figures)| *figures).sum();
    let rows: Vec<Tree> = (all.iter().take(limit))
        .map(|(position, figures)| {
            let mut told = json!(figures.told());
            let id = &meant.cases.record(*position).id;
            told["id"] = (**id).into();
            if let Some(until) = meant.deadlines.get(id) {
                told["deadline"] = until.to_rfc3339().into();
            }
            let place = meant
                .cases
                .shape(*position)
                .map(|shape| shape.representative());
            told["place"] = json!(place.map(|place| [place.lon(), place.lat()]));
            for name in ["code", "title", "address", "state", "kind"] {
                told[name] = shown(app, viewer, meant, *position, name).into();
            }
            let view = viewer.see(&meant.layer, meant.cases.record(*position));
            told["state_code"] = view.get("state").to_text().into();
            told
        })
        .collect();
    let as_of = clock::now().to_rfc3339_opts(SecondsFormat::Secs, false);
    json!({ "matched": all.len(), "total": total.told(), "as_of": as_of, "rows": rows })
}

/// Who each case is about, by the case; none where the viewer may not read it, or not in a
/// file.
fn parties(
    app: &App,
    viewer: &Viewer,
    meant: &Meant,
) -> Result<Option<HashMap<Id, String>>, Problem> {
    let layer = app
        .layer(PARTIES)
        .filter(|layer| !viewer.is_bare() && viewer.may(Action::View, layer));
    let Some(layer) = layer else {
        return Ok(None);
    };
    let store = app.pool().reader().map_err(Problem::internal)?;
    let mut named = HashMap::new();
    for &at in &meant.positions {
        let case = &meant.cases.record(at).id;
        let found =
            (store.find(PARTIES, CASES, &Value::from(&**case))).map_err(Problem::internal)?;
        let names: Vec<String> = (found.iter())
            .map(|party| viewer.see(layer, party).get("name").to_text())
            .filter(|name| !name.is_empty())
            .collect();
        if !names.is_empty() {
            named.insert(case.clone(), names.join("、"));
        }
    }
    Ok(Some(named))
}

/// What a viewer asks to take away: its title, where the ledger can name anybody, and its rows.
///
/// # Errors
/// As the ledger itself.
pub(crate) async fn asked_for(
    app: &App,
    viewer: &Viewer,
    mut given: Parameters,
) -> Result<(Option<Text>, u64), Problem> {
    let asked = Asked::take(&mut given)?;
    let format = given.take("f")?;
    given.take("limit")?;
    given.finish()?;
    let meant = asked.meant(app, viewer, asked.as_of.as_ref()).await?;
    let layer = app.layer(PARTIES);
    let format = format.filter(|format| format != "json");
    let may = layer.is_some_and(|layer| viewer.may(Action::View, layer));
    let title = format.filter(|_| may).map(|format| Text {
        zh: format!("两违台账（含当事人，{format}）"),
        en: format!("Ledger of cases (with the parties, {format})"),
    });
    Ok((title, meant.positions.len() as u64))
}
