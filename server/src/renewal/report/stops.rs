//! What may stop a unit, the gravest first: found by rule, each with its figure.

use serde::{Deserialize, Serialize};
use yizhangtu_data::Text;

use super::Ground;
use crate::{
    office::{Book, Ruled},
    report::text,
};

/// How control lines bind: data with a version, `data/catalog/obstacles.toml`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Rules {
    version: String,
    least_m2: f64,
    lines: Vec<Line>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Line {
    kind: String,
    grade: u8,
    source: String,
}

/// The book of these rules.
pub(crate) static OBSTACLES: Book<Rules> = Book::new(
    "obstacles",
    include_str!("../../../../data/catalog/obstacles.toml"),
);

impl Ruled for Rules {}

fn rules() -> &'static Rules {
    OBSTACLES.current()
}

/// One obstacle.
#[derive(Serialize)]
pub(super) struct Stop {
    pub(super) code: &'static str,
    /// 1 forbids, 2 must be cleared first, 3 is to be watched.
    pub(super) grade: u8,
    pub(super) message: Text,
    /// Square metres, number or share, as the words say.
    pub(super) value: f64,
}

pub(super) fn of(on: &Ground<'_>) -> Vec<Stop> {
    let mut found = Vec::new();
    let rules = rules();
    for line in &on.statistics.control_lines {
        let rule = rules.lines.iter().find(|rule| rule.kind == line.kind);
        let Some(rule) = rule.filter(|_| line.area_m2 > rules.least_m2) else {
            continue;
        };
        let kind = on.listed("control_kind", &line.kind);
        found.push(Stop {
            code: "control_line",
            grade: rule.grade,
            message: text(
                &format!(
                    "占用{} {:.2} 平方米（{}；规则 {}）",
                    kind.zh, line.area_m2, rule.source, rules.version
                ),
                &format!("{:.2} m² of {}", line.area_m2, kind.en),
            ),
            value: line.area_m2,
        });
    }
    let figure = |name: &str| on.figures.get(name);
    let mut add = |code,
                   grade,
                   value: Option<f64>,
                   zh: &dyn Fn(f64) -> String,
                   en: &dyn Fn(f64) -> String| {
        if let Some(value) = value {
            found.push(Stop {
                code,
                grade,
                message: text(&zh(value), &en(value)),
                value,
            });
        }
    };
    let some = |name: &str| figure(name).filter(|value| *value > 0.0);
    add(
        "open_cases",
        2,
        some("open_cases"),
        &|value| format!("未结两违案件 {value:.0} 宗"),
        &|value| format!("{value:.0} cases are open"),
    );
    add(
        "open_disputes",
        2,
        some("open_disputes"),
        &|value| format!("未结矛盾纠纷 {value:.0} 宗"),
        &|value| format!("{value:.0} disputes are open"),
    );
    let short = |name: &str| figure(name).filter(|share| *share < 1.0);
    add(
        "titles",
        3,
        short("titled_share"),
        &|value| format!("{:.1}% 的房屋没有权属证明", 100.0 * (1.0 - value)),
        &|value| format!("{:.1} % of the houses have no title", 100.0 * (1.0 - value)),
    );
    add(
        "survey",
        3,
        short("survey_share"),
        &|value| format!("基础数据调查只复核了 {:.1}%", 100.0 * value),
        &|value| format!("only {:.1} % of the survey is reviewed", 100.0 * value),
    );
    if let Some(contracts) = &on.statistics.counts.contracts
        && let Some(last) = contracts.last_end_on
    {
        found.push(Stop {
            code: "contracts",
            grade: 3,
            message: text(
                &format!("未到期的集体合同 {} 份，最晚 {last} 到期", contracts.open),
                &format!(
                    "{} contracts not over, the last ends on {last}",
                    contracts.open
                ),
            ),
            #[expect(clippy::cast_precision_loss, reason = "counts stay below 2^53")]
            value: contracts.open as f64,
        });
    }
    if figure("consent_share").is_none() {
        found.push(Stop {
            code: "consent",
            grade: 3,
            message: text("还没有意愿表决记录", "No vote is on record"),
            value: 0.0,
        });
    }
    found.sort_by(|a, b| a.grade.cmp(&b.grade).then(b.value.total_cmp(&a.value)));
    found
}

#[cfg(test)]
mod tests {
    use yizhangtu_data::Catalog;

    use super::*;

    #[test]
    fn every_line_that_stops_a_unit_is_a_kind_of_the_list() {
        let catalog = Catalog::embedded();
        let list = catalog.code_list("control_kind").unwrap();
        for line in &rules().lines {
            assert!(list.get(&line.kind).is_some(), "{}", line.kind);
            assert!((1..=3).contains(&line.grade), "{}", line.kind);
        }
    }
}
