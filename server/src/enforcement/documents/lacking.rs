//! What a form must say and the case, its course or the answers do not have.

use axum::http::StatusCode;
use serde_json::{Value as Tree, json};
use yizhangtu_data::catalog::{Form, document::Filled};

use super::{super::CASES, fill::Source, handed::faults};
use crate::http::Problem;

/// A form filled in, held against what it must say.
pub(super) fn filled(source: &Source<'_>, form: &Form, number: &str) -> Result<Filled, Problem> {
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
