//! 一单元一册: the report on A3 paper: where the unit lies, its land as it is beside the plan, and the
//! tables in two columns.

mod legend;
mod map;

use yizhangtu_data::clock;

use super::{Ground, Report};
use crate::{
    print::{Align, Column, Flow, Paper, Running, Table},
    report::set,
};

/// Margin of a page and heights of its maps, in millimetres.
const MARGIN: f64 = 16.0;
const PLACE: f64 = 168.0;
const LAND: f64 = 226.0;

/// The file's bytes. `watermark` says who printed it.
pub(super) fn print(report: &Report, on: &Ground<'_>, watermark: &str) -> Vec<u8> {
    let mut flow = Flow::new(
        (&format!("{} 一单元一册", report.name), watermark),
        clock::now(),
        (Paper::A3.landscape(), MARGIN),
        Running {
            head: format!("城市更新单元　{}", report.name),
            foot: format!("数据时点 {}　数据序号 {}", report.minute(), report.sequence),
            watermark: watermark.to_owned(),
        },
    );
    flow.title(&report.name);
    flow.paragraph(&format!(
        "单元编号 {}　阶段 {}　成熟度 {:.1}　用地面积 {:.4} 公顷　网格 {} 个　涉及经济社 {} 个",
        report.code,
        report.stage.zh,
        report.maturity.score,
        report.area_m2 / 10_000.0,
        report.grids.len(),
        report.co_ops.len(),
    ));
    flow.drawing(PLACE, |canvas, frame| map::place(canvas, frame, on));
    if !report.stops.is_empty() {
        flow.heading("可能的障碍");
        for stop in &report.stops {
            let grade = ["禁止", "须先清理", "留意"][usize::from(stop.grade.clamp(1, 3)) - 1];
            flow.paragraph(&format!("【{grade}】{}", stop.message.zh));
        }
    }
    flow.page();
    flow.columns(2);
    for (title, layer) in [("现状用地图", "land_use"), ("规划用地图", "plan_land")] {
        flow.heading(title);
        flow.drawing(LAND, |canvas, frame| map::classes(canvas, frame, on, layer));
    }
    flow.page();
    flow.heading("成熟度");
    flow.table(maturity(report));
    for section in &report.sections {
        set(&mut flow, section);
    }
    flow.finish()
}

fn maturity(report: &Report) -> Table {
    let column = |title: &str, width: f64, align| Column::new(title, width, align);
    Table {
        columns: vec![
            column("评分项", 60.0, Align::Start),
            column("公式", 130.0, Align::Start),
            column("得值", 30.0, Align::End),
            column("权重", 30.0, Align::End),
            column("得分", 30.0, Align::End),
        ],
        rows: (report.maturity.terms.iter())
            .map(|own| {
                vec![
                    own.term.title.zh.clone(),
                    own.term.formula.clone(),
                    own.value.map_or_else(
                        || "无数据".to_owned(),
                        |value| format!("{:.1}%", 100.0 * value),
                    ),
                    format!("{}", own.term.weight),
                    format!("{:.2}", own.points),
                ]
            })
            .collect(),
        summed: false,
        size: 9.0,
    }
}
