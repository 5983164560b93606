//! `GET /events/totals`: counts and rates of events, in all, by group, and of the year before.

use std::collections::BTreeMap;

use axum::{Json, extract::State};
use chrono::SecondsFormat;
use serde_json::{Value, json};
use yizhangtu_data::{Text, clock};

use super::{
    asked::{Asked, By, Meant},
    figures::Figures,
};
use crate::{
    http::{App, Parameters, Problem},
    policy::Viewer,
};

pub(super) async fn totals(
    State(app): State<App>,
    viewer: Viewer,
    mut given: Parameters,
) -> Result<Json<Value>, Problem> {
    let asked = Asked::take(&mut given)?;
    given.finish()?;
    tokio::task::spawn_blocking(move || told(&app, &viewer, &asked))
        .await
        .map_err(Problem::internal)?
        .map(Json)
}

fn told(app: &App, viewer: &Viewer, asked: &Asked) -> Result<Value, Problem> {
    let meant = asked.meant(app, viewer)?;
    let Some(closing) = meant.process.closing.clone() else {
        return Err(viewer.refused());
    };
    let total = |meant: &Meant| meant.counted.iter().map(|(_, own)| *own).sum::<Figures>();
    let mut groups: BTreeMap<Option<String>, Figures> = BTreeMap::new();
    if let Some(by) = asked.by {
        for (position, figures) in &meant.counted {
            *groups.entry(meant.key(by, *position)).or_default() += *figures;
        }
    }
    // What is nowhere comes last.
    let (with, without): (Vec<_>, Vec<_>) = groups.into_iter().partition(|(key, _)| key.is_some());
    let groups: Vec<Value> = (with.into_iter().chain(without))
        .map(|(key, figures)| {
            let mut told = figures.told(&closing);
            told["title"] = json!(title(app, asked, &meant, key.as_deref()));
            told["key"] = key.into();
            told
        })
        .collect();
    let before = match asked.a_year_before() {
        Some(then) => {
            let meant = then.meant(app, viewer)?;
            let mut told = total(&meant).told(&closing);
            told["from"] = json!(then.from);
            told["to"] = json!(then.to);
            told
        }
        None => Value::Null,
    };
    let version = &meant.process.version;
    let days = closing.due_after_days;
    let (left_out, left_out_en) = if closing.leaves_out_in_time {
        (" − 未到期在办", " − those under way in time")
    } else {
        ("", "")
    };
    Ok(json!({
        "sequence": meant.sequence,
        "as_of": clock::now().to_rfc3339_opts(SecondsFormat::Secs, false),
        "definition": version,
        "basis": Text {
            zh: format!("办结率＝期内上报事件中已办结 ÷（已受理 − 退回、并单、作废{left_out}），取两位小数，只舍不入；期按上报时间计；未定期限的自受理 {days} 天到期；平均用时不含挂起。口径版本 {version}"),
            en: format!("Closing rate: closed ÷ (accepted − returned, merged, void{left_out_en}) of the events reported in the period, cut to two decimals; without a deadline an event is due {days} days after its acceptance; mean hours leave out suspensions. Definition {version}"),
        },
        "total": total(&meant).told(&closing),
        "before": before,
        "groups": groups,
    }))
}

/// What a group is called.
fn title(app: &App, asked: &Asked, meant: &Meant, key: Option<&str>) -> Text {
    match (asked.by, key) {
        (Some(By::Place(_)), None) => Text::nowhere(),
        (_, None) => Text::not_filled_in(),
        (Some(By::Field(name)), Some(key)) => app.catalog().called(&meant.layer, name, key),
        (Some(By::Place(_)), Some(key)) => {
            let named = meant.places.as_ref().and_then(|places| {
                let label = places.layer.label.as_deref().unwrap_or("name");
                places.get(key)?.get(&places.layer, label).as_text()
            });
            Text::same(named.unwrap_or(key))
        }
        (_, Some(key)) => Text::same(key),
    }
}
