//! `GET /sheets`, `/sheets/{id}`, `/sheets/{id}.pdf`.

use axum::{
    Json, Router,
    extract::{Path, State},
    http::{HeaderValue, header},
    response::{IntoResponse, Response},
    routing::get,
};
use serde_json::{Value, json};
use yizhangtu_data::{Text, clock};

use super::{
    press::{Occasion, Press},
    set::Sheet,
    standing::Standing,
};
use crate::{
    audit::Entry,
    exports::{self, Leave},
    http::{App, Base, Parameters, Problem, percent_encoded},
    policy::{Channel, Viewer},
    print::Paper,
};

/// The routes of the sheets.
pub(crate) fn routes() -> Router<App> {
    Router::new()
        .route("/sheets", get(list))
        .route("/sheets/{sheet}", get(sheet))
}

/// All sheets, and the houses that are on none.
async fn list(
    State(app): State<App>,
    viewer: Viewer,
    mut given: Parameters,
) -> Result<Response, Problem> {
    let grid = given.take("grid")?;
    given.finish()?;
    blocking(move || {
        let press = Press::new(&app, &viewer)?;
        let chosen: Vec<&Sheet> = match &grid {
            Some(grid) => press.sheets().of_grid(grid).collect(),
            None => press.sheets().all().iter().collect(),
        };
        let sheets: Vec<Value> = chosen
            .into_iter()
            .map(|sheet| told(&press, sheet))
            .collect();
        let all = press.shown.layer("building").map_or(0, |layer| layer.len());
        let body = json!({
            "sequence": press.sequence(),
            "papers": Paper::ALL,
            "sheets": sheets,
            "houses_on_none": all - press.placed().len(),
        });
        Ok(fresh(Json(body).into_response()))
    })
    .await
}

/// A sheet as a document, or with how a print of it stands.
async fn sheet(
    State(app): State<App>,
    viewer: Viewer,
    base: Base,
    Path(name): Path<String>,
    given: Parameters,
) -> Result<Response, Problem> {
    match name.strip_suffix(".pdf") {
        Some(id) => document(app, viewer, base, id.to_owned(), given).await,
        None => state(app, viewer, name, given).await,
    }
}

async fn document(
    app: App,
    viewer: Viewer,
    base: Base,
    id: String,
    mut given: Parameters,
) -> Result<Response, Problem> {
    let path = format!("/sheets/{}.pdf", percent_encoded(&id));
    let leave = Leave::take(&app, &viewer, &path, &mut given).await?;
    let paper = paper(&mut given)?;
    let residents = residents(&mut given)?;
    given.finish()?;
    if residents {
        leave.require()?;
    }
    blocking(move || {
        let press = Press::new(&app, &leave.viewer(&viewer, Channel::Sheet))?;
        let sheet = press.sheets().get(&id)?;
        let occasion = Occasion {
            at: clock::now(),
            number: leave.number().to_owned(),
            address: base.at(""),
            residents,
        };
        let printed = press.print(sheet, paper, &occasion)?;
        // On record by its number and by what its bytes are.
        let entry = Entry::of("print", format!("sheet {}", sheet.code));
        leave.hand_over(
            &app,
            &viewer,
            entry.counting(printed.houses.max(printed.residents) as u64),
            &exports::hash(&printed.pdf),
        )?;
        let mut response = fresh(printed.pdf.into_response());
        let headers = response.headers_mut();
        headers.insert(
            header::CONTENT_TYPE,
            HeaderValue::from_static("application/pdf"),
        );
        let name = format!(
            "inline; filename*=UTF-8''{}.pdf",
            percent_encoded(&sheet.code)
        );
        headers.insert(
            header::CONTENT_DISPOSITION,
            HeaderValue::try_from(name).map_err(Problem::internal)?,
        );
        Ok(response)
    })
    .await
}

fn paper(given: &mut Parameters) -> Result<Option<Paper>, Problem> {
    given.parse::<Paper>(
        "paper",
        "纸张，可用 A4、A3、A2",
        "a paper; there are A4, A3, A2",
    )
}

/// Whether who lives in the houses is to be listed.
fn residents(given: &mut Parameters) -> Result<bool, Problem> {
    let wanted: Option<bool> = given.parse("residents", " true 或 false", "true or false")?;
    Ok(wanted.unwrap_or(false))
}

/// What a viewer asks to print with how many live in each house: its title, where they may be
/// told that, and its houses.
///
/// # Errors
/// As the sheet itself.
pub(crate) async fn asked_for(
    app: &App,
    viewer: &Viewer,
    id: &str,
    mut given: Parameters,
) -> Result<(Option<Text>, u64), Problem> {
    paper(&mut given)?;
    let residents = residents(&mut given)?;
    given.finish()?;
    let (app, viewer, id) = (app.clone(), viewer.clone(), id.to_owned());
    blocking(move || {
        let press = Press::new(&app, &viewer)?;
        let sheet = press.sheets().get(&id)?;
        let code = &sheet.code;
        if residents {
            let title = Text {
                zh: format!("图幅 {code}（含居住人员表）"),
                en: format!("sheet {code} (with residents)"),
            };
            return Ok((Some(title), press.residents_of(sheet)?));
        }
        let title = viewer.may_see_people().then(|| Text {
            zh: format!("图幅 {code}（含每栋人数）"),
            en: format!("sheet {code} (with people by house)"),
        });
        Ok((title, sheet.houses(&press.shown).len() as u64))
    })
    .await
}

async fn state(
    app: App,
    viewer: Viewer,
    id: String,
    mut given: Parameters,
) -> Result<Response, Problem> {
    let at = given.parse::<u64>("at", "不小于 0 的整数", "a whole number")?;
    given.finish()?;
    let press = blocking({
        let (app, viewer) = (app.clone(), viewer);
        move || Press::new(&app, &viewer)
    })
    .await?;
    // Refused before the history is read.
    press.sheets().get(&id)?;
    let body = app
        .pool()
        .read(move |store| {
            let Ok(sheet) = press.sheets().get(&id) else {
                return Ok(Value::Null);
            };
            let mut body = told(&press, sheet);
            body["sequence"] = json!(press.sequence());
            if let Some(at) = at {
                body["standing"] = json!(Standing::of(store, &press, sheet, at)?);
            }
            Ok(body)
        })
        .await?;
    Ok(fresh(Json(body).into_response()))
}

/// What is told of a sheet.
fn told(press: &Press, sheet: &Sheet) -> Value {
    let rect = sheet.area.rect();
    let grid = sheet
        .grid
        .as_ref()
        .map(|[id, code, name]| json!({"id": id, "code": code, "name": name}));
    json!({
        "id": sheet.id,
        "code": sheet.code,
        "title": sheet.title,
        "grid": grid,
        "houses": sheet.houses(&press.shown).len(),
        "scale": sheet.scale,
        "paper": sheet.paper,
        "bbox": [rect.min.lon(), rect.min.lat(), rect.max.lon(), rect.max.lat()],
        "derived": !sheet.stored,
    })
}

/// The number of a print: the day, and what no other print has.
pub(crate) fn number() -> String {
    let ulid = ulid::Ulid::generate().to_string();
    format!(
        "TF{}-{}",
        clock::now().format("%Y%m%d"),
        &ulid[ulid.len() - 8..]
    )
}

fn fresh(mut response: Response) -> Response {
    response
        .headers_mut()
        .insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, Problem> + Send + 'static,
) -> Result<T, Problem> {
    tokio::task::spawn_blocking(work)
        .await
        .map_err(Problem::internal)?
}
