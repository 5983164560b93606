//! Issuing a document, trying it as a draft, and voiding it.

use std::sync::Arc;

use axum::{
    Extension, Json,
    body::Bytes,
    extract::{Path, State},
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use chrono::Datelike;
use serde_json::{Map, Value as Tree, json};
use yizhangtu_data::{
    Change, ChangeSet, FieldKind, Layer, Operation, Record, Value,
    catalog::{Form, document::Filled, process::Ask},
    clock,
    course::reference,
    store::{GeoPackage, StoreError, attachments},
};

use super::{
    super::CASES,
    Turn,
    docx::docx,
    fill::{Source, named, place_names},
    issues, list,
    list::issued,
    paper::pdf,
    record_of,
};
use crate::{
    attachments::{Made, MadeMedia, forget},
    audit::Entry,
    changes::{self, of_store, ulid},
    collections::{find, visible_layer},
    http::{App, Parameters, Problem},
    policy::Viewer,
};

/// Longest answer in characters.
const LONGEST: usize = 20_000;
/// Stands where a number will, in a draft.
const NO_NUMBER: &str = "（文号于制发时编定）";

/// A case that the viewer may see.
pub(super) async fn case(
    app: &App,
    viewer: &Viewer,
    id: &str,
) -> Result<(Arc<Layer>, Arc<Record>), Problem> {
    let layer = Arc::clone(visible_layer(app, viewer, CASES)?);
    let case = find(app, viewer, &layer, id).await?;
    let case =
        case.ok_or_else(|| Problem::not_found(format!("没有案件 {id} / there is no case {id}")))?;
    Ok((layer, case))
}

/// What is handed in: `{"fields": {…}, "party": "id"}`.
struct Handed {
    answers: Map<String, Tree>,
    party: Option<String>,
}

fn handed(headers: &HeaderMap, body: &Bytes, form: &Form) -> Result<Handed, Problem> {
    let mut members = changes::object(headers, body)?;
    let answers = match members.remove("fields") {
        None | Some(Tree::Null) => Map::new(),
        Some(Tree::Object(fields)) => fields,
        Some(_) => {
            return Err(Problem::parameter(
                "fields",
                "应为对象",
                "must be an object",
            ));
        }
    };
    let party = match members.remove("party") {
        None | Some(Tree::Null) => None,
        Some(Tree::String(id)) => Some(id),
        Some(_) => {
            return Err(Problem::parameter(
                "party",
                "应为当事人的编号",
                "must be the id of a party",
            ));
        }
    };
    changes::nothing_else(&members)?;
    if let Some(name) = (answers.keys()).find(|name| form.asks.iter().all(|ask| ask.name != **name))
    {
        return Err(Problem::parameter(
            &format!("fields.{name}"),
            "此文书不填这一项",
            "this document does not ask for it",
        ));
    }
    Ok(Handed { answers, party })
}

/// What is wrong with the answers.
fn faults(form: &Form, answers: &Map<String, Tree>) -> Vec<(String, String)> {
    (form.asks.iter())
        .filter_map(|ask| {
            Some((
                format!("fields.{}", ask.name),
                fault(ask, answers.get(&ask.name))?,
            ))
        })
        .collect()
}

fn fault(ask: &Ask, given: Option<&Tree>) -> Option<String> {
    let label = ask.label.clone().unwrap_or_default();
    let said = |zh: &str, en: &str| Some(format!("{}{zh} / {} {en}", label.zh, label.en));
    let empty = match given {
        None | Some(Tree::Null) => true,
        Some(Tree::String(text)) => text.trim().is_empty(),
        Some(_) => false,
    };
    let Some(given) = given.filter(|_| !empty) else {
        return ask
            .required
            .then(|| said("须填写", "must be filled in"))
            .flatten();
    };
    let text = given.as_str();
    if text.is_some_and(|text| text.chars().count() > LONGEST) {
        return said("太长", "is too long");
    }
    if !ask.choices.is_empty()
        && !text.is_some_and(|text| ask.choices.iter().any(|one| one == text))
    {
        let all = ask.choices.join("、");
        return said(&format!("应为：{all}"), &format!("must be one of: {all}"));
    }
    let fits = match ask.kind {
        Some(FieldKind::Date) => {
            text.is_some_and(|day| chrono::NaiveDate::parse_from_str(day, "%Y-%m-%d").is_ok())
        }
        Some(FieldKind::Integer) => given.as_i64().is_some(),
        Some(FieldKind::Decimal) => given.is_number(),
        Some(FieldKind::Boolean) => given.is_boolean(),
        _ => text.is_some(),
    };
    if fits {
        None
    } else {
        said("格式不对", "is of another type")
    }
}

/// A form that the viewer issues, and the layer that keeps what it makes.
fn form_of(app: &App, viewer: &Viewer, id: &str) -> Result<(Arc<Form>, Arc<Layer>), Problem> {
    let form = app
        .catalog()
        .forms
        .get(id)
        .filter(|form| form.layer == CASES);
    let form = form.ok_or_else(|| {
        let known: Vec<&str> = (app.catalog().forms_of(CASES).iter())
            .map(|form| form.id.as_str())
            .collect();
        let known = known.join(", ");
        Problem::not_found(format!(
            "没有文书“{id}”；有：{known} / there is no form “{id}”; there are: {known}"
        ))
    })?;
    let record = record_of(app, form)?;
    if !issues(viewer, form, record) {
        return Err(viewer.refused());
    }
    Ok((Arc::clone(form), Arc::clone(record)))
}

/// A form filled in, held against what it must say.
fn filled(source: &Source<'_>, form: &Form, number: &str) -> Result<Filled, Problem> {
    let mut wrong = faults(form, source.answers);
    let filled = source.fill(form, number).map_err(Problem::internal)?;
    for name in &filled.lacking {
        let known = form.asks.iter().any(|ask| ask.name == *name);
        if !known {
            let (zh, en) = called(source, name);
            wrong.push((
                name.clone(),
                format!("案件中缺少：{zh} / the case lacks: {en}"),
            ));
        }
    }
    if wrong.is_empty() {
        return Ok(filled);
    }
    let said = |half: fn(&str) -> &str| {
        wrong
            .iter()
            .map(|(_, message)| half(message))
            .collect::<Vec<_>>()
    };
    let zh = said(|message| message.split(" / ").next().unwrap_or_default()).join("；");
    let en = said(|message| message.split(" / ").nth(1).unwrap_or_default()).join("; ");
    let errors: Vec<Tree> = (wrong.iter())
        .map(|(field, message)| json!({ "field": field, "code": "required", "message": message }))
        .collect();
    Err(Problem::new(
        StatusCode::UNPROCESSABLE_ENTITY,
        format!(
            "不能制发“{}”：{zh} / it can't be issued: {en}",
            form.title.zh
        ),
    )
    .beside("errors", errors.into()))
}

/// What a place is called.
fn called(source: &Source<'_>, name: &str) -> (String, String) {
    let own = source.layer.field(name).map(|field| field.label.clone());
    if let Some(label) = own {
        return (label.zh, label.en);
    }
    if let Some((step, ask)) = name.split_once('.')
        && let Some(process) = source.app.catalog().process(CASES)
        && let Some(step) = process.transition(step)
    {
        let asked = step.fields.iter().find(|one| one.name == ask);
        let label = asked.and_then(|ask| ask.label.clone()).unwrap_or_default();
        return (
            format!("{}的{}", step.title.zh, label.zh),
            format!("{} of {}", label.en, step.title.en),
        );
    }
    match name {
        "party" | "parties" => (
            "当事人（请先登记）".to_owned(),
            "the party; enter one first".to_owned(),
        ),
        "handler_1" | "handler_2" => ("承办人（两名）".to_owned(), "two officers".to_owned()),
        other => (other.to_owned(), other.to_owned()),
    }
}

/// `POST …/documents/{form}/draft`: as it would be issued, but its parties masked and without a
/// number; kept nowhere.
pub(super) async fn draft(
    State(app): State<App>,
    Path((id, document)): Path<(String, String)>,
    viewer: Viewer,
    headers: HeaderMap,
    given: Parameters,
    body: Bytes,
) -> Result<Response, Problem> {
    given.finish()?;
    let (layer, case) = case(&app, &viewer, &id).await?;
    let (form, _) = form_of(&app, &viewer, &document)?;
    let handed = handed(&headers, &body, &form)?;
    let made = tokio::task::spawn_blocking(move || {
        on_record(&app, &viewer, "draft", &id, &form)?;
        let store = app.pool().reader().map_err(Problem::internal)?;
        let source = Source {
            app: &app,
            viewer: &viewer,
            store: &store,
            layer: &layer,
            case: &case,
            party: handed.party,
            answers: &handed.answers,
            in_clear: false,
        };
        // What is not filled in yet stays open in a draft.
        let filled = source.fill(&form, NO_NUMBER).map_err(Problem::internal)?;
        Ok::<_, Problem>(pdf(
            &form.title.zh,
            "",
            &form.title.zh,
            &filled.blocks,
            true,
        ))
    })
    .await
    .map_err(Problem::internal)??;
    let mut response = made.into_response();
    let headers = response.headers_mut();
    headers.insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static("application/pdf"),
    );
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    Ok(response)
}

/// `POST …/documents/{form}`: numbers the document, keeps its files, and tells of all of the
/// case's.
pub(super) async fn issue(
    State(app): State<App>,
    Path((id, document)): Path<(String, String)>,
    viewer: Viewer,
    Extension(turn): Extension<Turn>,
    headers: HeaderMap,
    given: Parameters,
    body: Bytes,
) -> Result<Response, Problem> {
    given.finish()?;
    app.writable()?;
    let (layer, case) = case(&app, &viewer, &id).await?;
    let (form, record) = form_of(&app, &viewer, &document)?;
    let handed = handed(&headers, &body, &form)?;
    let path = format!("/enforcement/cases/{id}/documents/{document}");
    let key = changes::key(&headers, &[path.as_bytes(), &body])?;
    let _turn = turn.0.lock().await;
    // What was issued before is not issued twice.
    if let Some(key) = &key
        && changes::recall(&app, viewer.author(), key).await?.is_some()
    {
        return told(&app, &viewer, id, StatusCode::OK).await;
    }
    let (to, by, of) = (app.clone(), viewer.clone(), id.clone());
    let (mut set, made) = tokio::task::spawn_blocking(move || {
        on_record(&to, &by, "issue", &of, &form)?;
        let store = to.pool().reader().map_err(Problem::internal)?;
        let source = Source {
            app: &to,
            viewer: &by,
            store: &store,
            layer: &layer,
            case: &case,
            party: handed.party,
            answers: &handed.answers,
            in_clear: true,
        };
        compose(&source, &form, &record)
    })
    .await
    .map_err(Problem::internal)??;
    set.key = key;
    if let Err(refusal) = app.keeper().apply(set, Vec::new(), false).await {
        for hash in made {
            forget(&app, hash).await;
        }
        return Err(refusal.problem(&app, &viewer).await);
    }
    told(&app, &viewer, id, StatusCode::CREATED).await
}

/// The change set of a document, its files on the disk; with their hashes.
fn compose(
    source: &Source<'_>,
    form: &Form,
    record: &Layer,
) -> Result<(ChangeSet, Vec<String>), Problem> {
    let app = source.app;
    let number = next_number(source, form).map_err(Problem::internal)?;
    let filled = filled(source, form, &number)?;
    let (street, village) = place_names(app, source.case);
    let office = named(&app.catalog().office.name, &street, &village);
    let kind = &form.title.zh;
    let name = |ending: &str| format!("{kind}（{number}）.{ending}");
    let docx = docx(kind, &office, &number, &filled.blocks).map_err(Problem::internal)?;
    let files = [
        Made {
            media: MadeMedia::Docx,
            name: name("docx"),
            content: docx,
        },
        Made {
            media: MadeMedia::Pdf,
            name: name("pdf"),
            content: pdf(kind, &office, &number, &filled.blocks, false),
        },
    ];
    let own = app
        .layer(attachments::LAYER)
        .ok_or_else(Problem::read_only)?;
    let kept = source.store.attachments();
    let mut row = Record::new(record, format!("{}-{}", record.id, ulid()));
    row.set(record, "kind", kind.as_str())
        .set(record, "number", number.as_str())
        .set(record, "issued_on", clock::now().date_naive())
        .set(record, "author", source.viewer.author())
        .set(record, "form", format!("{}@{}", form.id, form.version))
        .set(record, "docx_sha256", files[0].hash())
        .set(record, "pdf_sha256", files[1].hash());
    if let Some(of) = reference(record, CASES) {
        row.set(record, of, &*source.case.id);
    }
    if !source.answers.is_empty() {
        row.set(
            record,
            "data",
            Value::Json(Box::new(source.answers.clone().into())),
        );
    }
    let insert = |layer: &str, record: Record| Change {
        layer: layer.into(),
        operation: Operation::Insert(record),
    };
    let mut changes = Vec::new();
    for file in &files {
        file.keep(&kept).map_err(|error| of_store(&error))?;
        changes.push(insert(&own.id, file.row(own, &record.id, &row.id)));
    }
    changes.insert(0, insert(&record.id, row));
    let set = ChangeSet {
        author: source.viewer.author().to_owned(),
        reason: format!("制发文书 {kind} {number} / a document was issued"),
        changes,
        step: true,
        ..ChangeSet::default()
    };
    Ok((set, files.iter().map(Made::hash).collect()))
}

/// The number after the last of its form and year.
fn next_number(source: &Source<'_>, form: &Form) -> Result<String, StoreError> {
    let (street, village) = place_names(source.app, source.case);
    let short = named(&source.app.catalog().office.short, &street, &village);
    // The catalog was held against this when it was read.
    let serial = form.serial(&short).map_err(|fault| StoreError::Io {
        path: form.id.clone().into(),
        source: std::io::Error::other(fault),
    })?;
    let prefix = serial.prefix("", clock::now().year());
    let last = source
        .store
        .greatest_number(&form.record, "number", &prefix, &serial)?;
    Ok(serial.number(&prefix, last + 1))
}

/// Whoever fills a document reads the party's name and identity: it is on record first.
fn on_record(
    app: &App,
    viewer: &Viewer,
    act: &'static str,
    case: &str,
    form: &Form,
) -> Result<(), Problem> {
    let entry = Entry::of(act, format!("{CASES}/{case} {}", form.id)).counting(1);
    app.log(viewer, entry).map_err(|error| {
        tracing::error!(%error, "the issue of a document could not be logged, and was refused");
        Problem::new(
            StatusCode::SERVICE_UNAVAILABLE,
            "无法写入审计日志，因此不制发 / the audit log can't be written, so nothing is issued",
        )
    })
}

/// `POST …/documents/{document}/void` with `{"reason": "…"}`: a row that says so; the number
/// stays used, the files stay.
pub(super) async fn void(
    State(app): State<App>,
    Path((id, document)): Path<(String, String)>,
    viewer: Viewer,
    Extension(turn): Extension<Turn>,
    headers: HeaderMap,
    given: Parameters,
    body: Bytes,
) -> Result<Response, Problem> {
    given.finish()?;
    app.writable()?;
    case(&app, &viewer, &id).await?;
    let mut members = changes::object(&headers, &body)?;
    let reason = match members.remove("reason") {
        Some(Tree::String(reason))
            if !reason.trim().is_empty() && reason.chars().count() <= 500 =>
        {
            reason
        }
        _ => {
            return Err(Problem::parameter(
                "reason",
                "请写作废原因，不超过 500 字",
                "say why it is void, in 500 characters at most",
            ));
        }
    };
    changes::nothing_else(&members)?;
    let _turn = turn.0.lock().await;
    let (to, of) = (app.clone(), id.clone());
    let standing = app
        .pool()
        .read(move |store: &GeoPackage| issued(&to, store, &of))
        .await?;
    let found = standing.into_iter().find(|one| one.id == document).ok_or_else(|| {
        Problem::not_found("本案没有这份文书，或已作废 / this case has no such document, or it is void already")
    })?;
    let name = found.form.split('@').next().unwrap_or_default();
    let (_, record) = form_of(&app, &viewer, name)?;
    let mut row = Record::new(&record, format!("{}-{}", record.id, ulid()));
    row.set(&record, "kind", found.kind.as_str())
        .set(&record, "issued_on", clock::now().date_naive())
        .set(&record, "author", viewer.author())
        .set(&record, "voids", found.id.as_str())
        .set(&record, "reason", reason.trim());
    if let Some(of) = reference(&record, CASES) {
        row.set(&record, of, id.as_str());
    }
    let set = ChangeSet {
        author: viewer.author().to_owned(),
        reason: format!("作废文书 {} / a document was voided", found.number),
        changes: vec![Change {
            layer: record.id.as_str().into(),
            operation: Operation::Insert(row),
        }],
        step: true,
        ..ChangeSet::default()
    };
    if let Err(refusal) = app.keeper().apply(set, Vec::new(), false).await {
        return Err(refusal.problem(&app, &viewer).await);
    }
    told(&app, &viewer, id, StatusCode::OK).await
}

async fn told(
    app: &App,
    viewer: &Viewer,
    id: String,
    status: StatusCode,
) -> Result<Response, Problem> {
    let (to, by) = (app.clone(), viewer.clone());
    let told = app
        .pool()
        .read(move |store: &GeoPackage| list::told(&to, &by, store, &id))
        .await?;
    Ok((status, [(header::CACHE_CONTROL, "no-store")], Json(told)).into_response())
}
