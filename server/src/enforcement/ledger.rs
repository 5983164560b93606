//! `GET /enforcement/cases`: the cases that a total is made of, as a list and as a ledger.

use std::collections::HashMap;

use axum::{
    Json,
    extract::State,
    response::{IntoResponse, Response},
};
use chrono::SecondsFormat;
use rust_xlsxwriter::{Format, Workbook, XlsxError};
use serde_json::{Value as Tree, json};
use yizhangtu_data::{Id, Text, Value, clock};

use super::{
    CASES, Figures,
    asked::{Asked, Meant},
};
use crate::{
    audit::Entry,
    exports::{self, Leave, file},
    http::{App, Parameters, Problem},
    policy::{Action, Channel, Seen, Viewer},
};

pub(super) const MEDIA: &str = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";

/// Cases in one answer, unless another number is asked for.
const USUAL: usize = 200;
/// Cases in one answer at most; a ledger holds them all.
const MOST: usize = 10_000;

/// The columns of the ledger: fields of the layer, in their own order of reading.
const COLUMNS: [&str; 18] = [
    "code",
    "title",
    "kind",
    "source",
    "is_new",
    "address",
    "state",
    "found_on",
    "filed_on",
    "demolished_on",
    "closed_on",
    "floors",
    "use",
    "measure",
    "land_area_m2",
    "violation_area_m2",
    "demolished_area_m2",
    "restored_m2",
];

/// The table of those whom a case is about; a ledger with leave names them, masked.
const PARTIES: &str = "violation_party";

pub(super) async fn cases(
    State(app): State<App>,
    viewer: Viewer,
    mut given: Parameters,
) -> Result<Response, Problem> {
    let leave = Leave::take(&app, &viewer, "/enforcement/cases", &mut given).await?;
    let asked = Asked::take(&mut given)?;
    let format = given.take("f")?.unwrap_or_else(|| "json".to_owned());
    let limit = match given.take("limit")? {
        None => USUAL,
        Some(text) => text
            .parse()
            .ok()
            .filter(|limit| (1..=MOST).contains(limit))
            .ok_or_else(|| {
                Problem::parameter(
                    "limit",
                    format_args!("应为 1 到 {MOST}"),
                    format_args!("must be 1 to {MOST}"),
                )
            })?,
    };
    given.finish()?;
    let meant = asked.meant(&app, &viewer, asked.as_of.as_ref()).await?;
    match format.as_str() {
        "json" => {
            let told = listed(&app, &viewer, &meant, limit);
            Ok(Json(told).into_response())
        }
        "xlsx" => {
            let name = leave.file_name("两违台账", "xlsx");
            tokio::task::spawn_blocking(move || {
                let count = meant.positions.len() as u64;
                let shown = leave.viewer(&viewer, Channel::Export);
                let parties = parties(&app, &shown, &meant)?;
                let mark = leave.mark(&viewer);
                let book = ledger(&app, &shown, &meant, parties.as_ref(), mark.as_deref())
                    .map_err(Problem::internal)?;
                let act = Entry::of("export", "violation_case ledger").counting(count);
                leave.hand_over(&app, &viewer, act, &exports::hash(&book))?;
                let mut response = book.into_response();
                file::dress(&mut response, &name, MEDIA);
                Ok(response)
            })
            .await
            .map_err(Problem::internal)?
        }
        other => Err(Problem::parameter(
            "f",
            format_args!("没有“{other}”，可用的有 json, xlsx"),
            format_args!("no “{other}”; there are json, xlsx"),
        )),
    }
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

/// The ledger as a workbook: headings, a row a case, and the sums that the totals give.
///
/// With leave, a further column names the parties and another where the file comes from.
fn ledger(
    app: &App,
    viewer: &Viewer,
    meant: &Meant,
    parties: Option<&HashMap<Id, String>>,
    mark: Option<&str>,
) -> Result<Vec<u8>, XlsxError> {
    const FIRST: u32 = 3;
    let mut book = Workbook::new();
    let sheet = book.add_worksheet();
    sheet.set_name("两违台账")?;
    let bold = Format::new().set_bold();
    let area = Format::new().set_num_format("#,##0.00");
    let (total_area, head) = (
        Format::new().set_num_format("#,##0.00").set_bold(),
        Format::new().set_bold().set_text_wrap(),
    );
    sheet.write_with_format(
        0,
        0,
        "两违案件台账",
        &Format::new().set_bold().set_font_size(16),
    )?;
    let now = clock::now();
    let made = format!(
        "制表 {}；数据版本 {}；口径 {}",
        now.format("%Y-%m-%d %H:%M"),
        app.snapshot().sequence,
        meant.definition.version
    );
    sheet.write(1, 0, made)?;
    let columns = || (0_u16..).zip(COLUMNS);
    for (column, name) in columns() {
        let field = meant.layer.field(name);
        let unit = if name.ends_with("_m2") {
            "（平方米）"
        } else {
            ""
        };
        let title = field.map_or(name, |field| field.label.zh.as_str());
        sheet.write_with_format(FIRST - 1, column, format!("{title}{unit}"), &head)?;
        sheet.set_column_width(
            column,
            if matches!(name, "title" | "address") {
                30
            } else {
                14
            },
        )?;
    }
    let last = u16::try_from(COLUMNS.len()).unwrap_or(u16::MAX);
    // Parties stand before the mark; neither without leave.
    let marked = last + u16::from(parties.is_some());
    if parties.is_some() {
        sheet.write_with_format(FIRST - 1, last, "当事人", &head)?;
        sheet.set_column_width(last, 20)?;
    }
    if let Some(mark) = mark {
        let label = file::mark_field().label.zh;
        sheet.write_with_format(FIRST - 1, marked, label, &head)?;
        sheet.set_column_width(marked, 40)?;
        sheet.set_footer(format!("&C{mark}"));
    }
    let all = ordered(meant);
    let mut row = FIRST;
    for (position, figures) in &all {
        let told = figures.told();
        let names = parties.and_then(|parties| parties.get(&meant.cases.record(*position).id));
        if let Some(names) = names {
            sheet.write(row, last, names)?;
        }
        if let Some(mark) = mark {
            sheet.write(row, marked, mark)?;
        }
        for (column, name) in columns() {
            if let Some(m2) = told.area(name) {
                sheet.write_with_format(row, column, m2, &area)?;
            } else if let Some(text) = shown(app, viewer, meant, *position, name) {
                match text.parse::<f64>() {
                    Ok(number) if name == "floors" => sheet.write(row, column, number)?,
                    _ => sheet.write(row, column, text)?,
                };
            }
        }
        row += 1;
    }
    let total: Figures = all.iter().map(|(_, figures)| *figures).sum();
    let told = total.told();
    sheet.write_with_format(
        row,
        0,
        format!("合计 {} 宗，其中拆除 {} 宗", told.cases, told.demolished),
        &bold,
    )?;
    for (column, name) in columns() {
        if let Some(sum) = told.area(name) {
            sheet.write_with_format(row, column, sum, &total_area)?;
        }
    }
    sheet.set_freeze_panes(FIRST, 1)?;
    book.save_to_buffer()
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
    let names = format.as_deref() == Some("xlsx")
        && layer.is_some_and(|layer| viewer.may(Action::View, layer));
    let title = names.then(|| Text {
        zh: "两违台账（含当事人，xlsx）".to_owned(),
        en: "Ledger of cases (with the parties, xlsx)".to_owned(),
    });
    Ok((title, meant.positions.len() as u64))
}
