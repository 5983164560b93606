//! What may stop a unit, the gravest first: found by rule, each with its figure.

use serde::Serialize;
use yizhangtu_data::Text;

use super::Ground;
use crate::report::text;

/// Lines that no unit may be built over without more.
const FORBIDDING: [&str; 2] = ["永久基本农田", "生态保护红线"];
/// Lines that need an approval of their own.
const RESTRICTING: [&str; 6] = [
    "紫线",
    "历史建筑",
    "传统村落",
    "地质灾害隐患",
    "河道管理范围",
    "蓝线",
];

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
    for line in on
        .statistics
        .control_lines
        .iter()
        .filter(|line| line.area_m2 > 0.5)
    {
        let grade = if FORBIDDING.contains(&line.kind.as_str()) {
            1
        } else if RESTRICTING.contains(&line.kind.as_str()) {
            2
        } else {
            continue;
        };
        let kind = on.listed("control_kind", &line.kind);
        found.push(Stop {
            code: "control_line",
            grade,
            message: text(
                &format!("占用{} {:.2} 平方米", kind.zh, line.area_m2),
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
                &format!("集体合同 {} 份，最晚 {last} 到期", contracts.count),
                &format!("{} contracts, the last ends on {last}", contracts.count),
            ),
            #[expect(clippy::cast_precision_loss, reason = "counts stay below 2^53")]
            value: contracts.count as f64,
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
