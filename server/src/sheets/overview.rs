//! 图幅接合表: all sheets of a village on one map, and what each of them holds.

use super::{
    figures::grouped,
    furniture::{self, Look},
    press::{Occasion, Press},
    set::Sheet,
};
use crate::{
    http::Problem,
    print::{Align, Column, Flow, Paper, Running, Table},
};

/// Height of the map in millimetres.
const MAP: f64 = 165.0;

/// Makes the table of sheets with its map.
///
/// # Errors
/// When the place cannot be drawn.
pub(super) fn overview(press: &Press, occasion: &Occasion) -> Result<Vec<u8>, Problem> {
    let about = press.app.about();
    let village = about.village_code.as_deref();
    let when = occasion.at.format("%Y-%m-%d %H:%M");
    let title = format!("{}图幅接合表", about.title.zh);
    let running = Running {
        head: about
            .notice
            .as_ref()
            .filter(|_| about.synthetic)
            .map_or_else(String::new, |notice| notice.zh.clone()),
        foot: format!(
            "数据截至 {when} · 变更序号 {} · 打印编号 {}",
            press.sequence(),
            occasion.number
        ),
        watermark: format!("{} {when}", press.maker()),
    };
    let page = (Paper::A4.portrait(), 16.0);
    let mut flow = Flow::new((&title, press.maker()), occasion.at, page, running);
    flow.title(&title);
    let look = Look::of(Paper::A3);
    let mut drawn = Ok(());
    flow.drawing(MAP, |canvas, area| {
        drawn = furniture::index(press, canvas, &look, area, None);
    });
    drawn?;
    let held: Vec<(&Sheet, u64, u64)> = (press.sheets.all().iter())
        .map(|sheet| {
            let houses = sheet.houses(&press.shown);
            let residents = houses
                .iter()
                .map(|&at| press.shown.houses.at(at).tally.residents())
                .sum();
            (sheet, houses.len() as u64, residents)
        })
        .collect();
    let people = press.viewer.may_see_people();
    flow.heading("图幅");
    let all = press.shown.layer("building").map_or(0, |layer| layer.len());
    let held_once: u64 = held.iter().map(|(_, houses, _)| houses).sum();
    let none = all - press.placed().len();
    let coverage = if none == 0 && held_once == all as u64 {
        "每栋恰在一幅".to_owned()
    } else {
        format!(
            "其中 {none} 栋不在任何图幅，{} 栋次重复",
            held_once - press.placed().len() as u64
        )
    };
    flow.paragraph(&format!(
        "共 {} 幅，房屋 {} 栋，{coverage}。",
        held.len(),
        grouped(i64::try_from(all).unwrap_or(i64::MAX))
    ));
    let mut columns = vec![
        Column::new("图幅", 28.0, Align::Start),
        Column::new("图名", 84.0, Align::Start),
        Column::new("网格编码", 40.0, Align::Start),
        Column::new("栋", 14.0, Align::End),
    ];
    if people {
        columns.push(Column::new("人", 14.0, Align::End));
    }
    let count = |number: u64| grouped(number.cast_signed());
    let row = |(sheet, houses, residents): &(&Sheet, u64, u64)| {
        let grid = sheet
            .grid
            .as_ref()
            .map_or_else(String::new, |[_, code, _]| code.clone());
        let mut row = vec![
            sheet.short(village).to_owned(),
            sheet.title.clone(),
            grid,
            count(*houses),
        ];
        row.extend(people.then(|| count(*residents)));
        row
    };
    flow.table(Table {
        columns,
        rows: held.iter().map(row).collect(),
        summed: false,
        size: 8.0,
    });
    Ok(flow.finish())
}
