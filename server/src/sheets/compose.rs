//! The pages of a sheet: the map with what explains it, then the table of its houses.

use serde_json::Value as Json;
use yizhangtu_data::{Layer, Record, Value};

use super::{
    figures::{self, grouped},
    furniture::{self, Look},
    ground::Ground,
    map::{Scene, adjoins, layers, number_of},
    press::{Occasion, Press, Printed},
    residents,
    set::Sheet,
    symbol::Symbol,
};
use crate::{
    atlas::LayerSnapshot,
    http::Problem,
    policy::Seen,
    print::{Align, Canvas, Color, Column, Document, Paper, Size, Table, watermark},
};

/// Margin of the pages in millimetres.
const MARGIN: f64 = 9.0;

/// Makes the document of a sheet.
pub(super) fn compose(
    press: &Press,
    sheet: &Sheet,
    paper: Paper,
    occasion: &Occasion,
) -> Result<Printed, Problem> {
    let houses = houses(press, sheet);
    let figures = press.figures(sheet)?;
    let look = Look::of(paper);
    let size = paper.landscape();
    let mut document = Document::new(&sheet.title, press.maker(), occasion.at);
    let first = document.add(size);
    let mut canvas = document.page(first);
    front(
        press,
        &mut canvas,
        sheet,
        &look,
        &houses,
        figures.as_ref(),
        occasion,
    )?;
    table(press, &mut document, sheet, &look, &houses);
    let residents = match occasion.residents {
        true => residents::pages(press, &mut document, sheet, &look, &houses)?,
        false => 0,
    };
    let pages = document.len();
    for page in 0..pages {
        let mut canvas = document.page(page);
        foot(press, &mut canvas, &look, occasion, [page + 1, pages]);
        let when = occasion.at.format("%Y-%m-%d %H:%M");
        watermark(
            &mut canvas,
            &format!("{} {when} {}", press.maker(), occasion.number),
        );
    }
    Ok(Printed {
        pdf: document.finish(),
        houses: houses.len(),
        residents,
    })
}

/// The houses of a sheet with their numbers, in the order of these.
fn houses(press: &Press, sheet: &Sheet) -> Vec<(u32, String)> {
    let Some(layer) = press.shown.layer("building") else {
        return Vec::new();
    };
    let mut houses: Vec<(u32, String)> = (sheet.houses(&press.shown).into_iter())
        .map(|at| (at, number_of(layer.record(at), layer)))
        .collect();
    houses.sort_by(|a, b| {
        let number = |text: &str| text.parse::<u64>().unwrap_or(u64::MAX);
        (number(&a.1), &a.1, a.0).cmp(&(number(&b.1), &b.1, b.0))
    });
    houses
}

fn front(
    press: &Press,
    canvas: &mut Canvas<'_>,
    sheet: &Sheet,
    look: &Look,
    houses: &[(u32, String)],
    figures: Option<&Json>,
    occasion: &Occasion,
) -> Result<(), Problem> {
    let Size { width, height } = canvas.size();
    let village = press.app.about().village_code.as_deref();
    let (head, strip) = (15.0 * look.factor, 17.0 * look.factor);
    let column = look.column;
    let top = MARGIN + head;
    let frame = [
        MARGIN,
        top,
        width - 2.0 * MARGIN - column - 4.0,
        height - top - MARGIN - strip,
    ];
    let ground = Ground::fit(&sheet.outline, frame, sheet.scale).map_err(Problem::internal)?;

    title(press, canvas, sheet, look, &ground);
    let others: Vec<&Sheet> = (press.sheets.all().iter())
        .filter(|other| other.id != sheet.id)
        .collect();
    let scene = Scene {
        snapshot: &press.shown,
        catalog: press.app.catalog(),
        sheet,
        others: &others,
        houses,
        village,
        factor: look.factor,
    };
    scene.draw(canvas, &ground);
    furniture::north(
        canvas,
        look,
        [
            frame[0] + frame[2] - 9.0 * look.factor,
            frame[1] + 5.0 * look.factor,
        ],
    );
    let low = frame[1] + frame[3];
    furniture::scale_bar(canvas, look, [MARGIN, low + 5.0 * look.factor], &ground);
    let small = look.text(7.0).color(Color::GREY);
    let note = format!(
        "{} · 图上号为建筑编码的末五位，与房屋表一致 · 房屋按代表点归入图幅",
        ground.system
    );
    canvas.text(
        [MARGIN + 78.0 * look.factor, low + 5.0 * look.factor],
        &note,
        &small,
    );

    // What explains the map, one under the other.
    let x = width - MARGIN - column;
    let mut y = top;
    y += furniture::code(canvas, look, [x, y], &press.address(sheet, occasion));
    let beside = x + 27.0 * look.factor;
    let lines = [
        format!("图幅号 {}", sheet.short(village)),
        format!("数据截至 {}", occasion.at.format("%Y-%m-%d %H:%M")),
        format!("变更序号 {}", press.sequence()),
        "扫码核对本图是否最新".to_owned(),
    ];
    let mut line = top + 4.5 * look.factor;
    for (at, text) in lines.iter().enumerate() {
        let style = if at == 0 {
            look.text(8.5).bold()
        } else {
            look.text(7.0)
        };
        line += canvas.paragraph([beside, line], text, column - 27.0 * look.factor, &style) + 1.0;
    }

    y += furniture::heading(canvas, look, [x, y], column, "统计");
    let houses_here = (String::from("房屋"), format!("{} 栋", houses.len()));
    let counts = figures.map_or_else(|| vec![houses_here], figures::lines);
    for (title, value) in counts {
        canvas.text([x, y], &title, &look.text(8.0));
        canvas.text([x + column, y], &value, &look.text(8.0).align(Align::End));
        y += 4.0 * look.factor;
    }

    y += furniture::heading(canvas, look, [x, y + 1.5 * look.factor], column, "图例")
        + 1.5 * look.factor;
    y = legend(press, canvas, look, [x, y], houses);

    y += furniture::heading(canvas, look, [x, y + 1.5 * look.factor], column, "接图表")
        + 1.5 * look.factor;
    let neighbours: Vec<&str> = (others.iter())
        .filter(|other| adjoins(sheet, other))
        .map(|other| other.short(village))
        .collect();
    let text = if neighbours.is_empty() {
        "没有相邻图幅".to_owned()
    } else {
        format!("相邻图幅：{}", neighbours.join("、"))
    };
    y += canvas.paragraph([x, y], &text, column, &look.text(7.0));
    let room = [x, y, column, height - MARGIN - strip - y];
    if room[3] > 18.0 {
        furniture::index(press, canvas, look, room, Some(sheet))?;
    }
    Ok(())
}

fn title(press: &Press, canvas: &mut Canvas<'_>, sheet: &Sheet, look: &Look, ground: &Ground) {
    let about = press.app.about();
    let right = canvas.size().width - MARGIN;
    canvas.text(
        [MARGIN, MARGIN + 6.5 * look.factor],
        &sheet.title,
        &look.text(16.0).bold(),
    );
    let grid = sheet
        .grid
        .as_ref()
        .map_or_else(String::new, |[_, code, name]| {
            format!(" · {name}（{code}）")
        });
    let line = format!(
        "图幅 {}{grid} · 1:{}",
        sheet.code,
        grouped(ground.scale.into())
    );
    canvas.text(
        [MARGIN, MARGIN + 12.0 * look.factor],
        &line,
        &look.text(8.5),
    );
    let project = look.text(9.0).align(Align::End);
    canvas.text(
        [right, MARGIN + 5.0 * look.factor],
        &about.title.zh,
        &project,
    );
    if let Some(notice) = about.notice.as_ref().filter(|_| about.synthetic) {
        let style = look
            .text(8.0)
            .bold()
            .align(Align::End)
            .color(super::map::EDGE);
        canvas.text([right, MARGIN + 10.5 * look.factor], &notice.zh, &style);
    }
}

/// The legend: the uses of the sheet's houses with their numbers, then the other layers.
fn legend(
    press: &Press,
    canvas: &mut Canvas<'_>,
    look: &Look,
    [x, mut y]: [f64; 2],
    houses: &[(u32, String)],
) -> f64 {
    let catalog = press.app.catalog();
    let half = look.column / 2.0;
    let mut entries: Vec<(String, furniture::Swatch)> = Vec::new();
    for layer in layers(&press.shown).into_iter().rev() {
        let Some(symbol) = Symbol::of(&layer.layer, catalog) else {
            continue;
        };
        let records = || houses.iter().map(|(at, _)| &**layer.record(*at));
        if layer.layer.id == "building" {
            for (title, color, count) in symbol.legend(records()) {
                entries.push((
                    format!("{title} {count} 栋"),
                    furniture::Swatch::Area(color),
                ));
            }
        } else if let Some((_, first)) = layer.records().next() {
            entries.push((
                layer.layer.title.zh.clone(),
                furniture::Swatch::of(&symbol, layer, first),
            ));
        }
    }
    entries.push(("本图幅".to_owned(), furniture::Swatch::Edge));
    for pair in entries.chunks(2) {
        for (at, (title, swatch)) in (0_u8..).zip(pair) {
            swatch.draw(canvas, look, [x + f64::from(at) * half, y], title);
        }
        y += 4.3 * look.factor;
    }
    y
}

/// The houses' table, on as many pages as it takes.
fn table(
    press: &Press,
    document: &mut Document,
    sheet: &Sheet,
    look: &Look,
    houses: &[(u32, String)],
) {
    let Some(layer) = press.shown.layer("building").filter(|_| !houses.is_empty()) else {
        return;
    };
    let (rows, prefix, people) = rows(press, layer, houses);
    let mut columns = vec![
        Column::new("图上号", 11.0, Align::End),
        Column::new("建筑编码", 31.0, Align::Start),
        Column::new("地址", 58.0, Align::Start),
        Column::new("用途", 20.0, Align::Start),
        Column::new("层数", 9.0, Align::End),
        Column::new("建筑面积㎡", 18.0, Align::End),
        Column::new("出租", 9.0, Align::Middle),
    ];
    if people {
        columns.push(Column::new("户", 9.0, Align::End));
        columns.push(Column::new("人", 9.0, Align::End));
    }
    let prefix = match prefix.is_empty() {
        true => String::new(),
        false => format!(" · 地址均以“{prefix}”开头"),
    };
    let listed = Listing {
        title: "房屋表",
        note: format!("图幅 {} · {} 栋{prefix}", sheet.code, houses.len()),
        columns,
        rows,
        blocks: look.blocks,
    };
    listing(document, sheet, look, listed);
}

/// A table of its own pages.
pub(super) struct Listing {
    pub(super) title: &'static str,
    pub(super) note: String,
    pub(super) columns: Vec<Column>,
    pub(super) rows: Vec<Vec<String>>,
    /// How many pieces of it stand beside one another.
    pub(super) blocks: u8,
}

/// Sets a table on as many pages as it takes.
pub(super) fn listing(document: &mut Document, sheet: &Sheet, look: &Look, listed: Listing) {
    let blocks = f64::from(listed.blocks);
    let size = look.size;
    let gap = 5.0;
    let width = (size.width - 2.0 * MARGIN - gap * (blocks - 1.0)) / blocks;
    let table = Table {
        columns: listed.columns,
        rows: listed.rows,
        summed: false,
        size: look.table,
    }
    .fit(width);
    let head = 15.0 * look.factor;
    let mut next = 0;
    while next < table.rows.len() {
        let page = document.add(size);
        let mut canvas = document.page(page);
        let heading = format!("{} · {}", sheet.title, listed.title);
        canvas.text(
            [MARGIN, MARGIN + 6.0 * look.factor],
            &heading,
            &look.text(12.0).bold(),
        );
        canvas.text(
            [MARGIN, MARGIN + 11.5 * look.factor],
            &listed.note,
            &look.text(8.0),
        );
        let room = size.height - 2.0 * MARGIN - head - 6.0 * look.factor;
        for block in 0..listed.blocks {
            if next < table.rows.len() {
                let x = MARGIN + f64::from(block) * (width + gap);
                next = table.draw(&mut canvas, [x, MARGIN + head], room, next).0;
            }
        }
    }
}

/// The rows of the table, what all addresses begin with, and whether people are told.
fn rows(
    press: &Press,
    layer: &LayerSnapshot,
    houses: &[(u32, String)],
) -> (Vec<Vec<String>>, String, bool) {
    // How many live in a house is told as what names people is.
    let people = press.viewer.may_see_people() && !press.viewer.is_bare();
    let text = |record: &Record, field: &str| {
        let at = layer
            .layer
            .position(field)
            .filter(|&at| !layer.layer.fields[at].sensitivity.is_personal());
        at.map_or_else(String::new, |at| {
            match press.viewer.see(&layer.layer, record).at(at) {
                Seen::Open(Value::Decimal(number)) => format!("{number:.2}"),
                Seen::Open(Value::Boolean(truth)) => if *truth { "是" } else { "" }.to_owned(),
                Seen::Open(Value::Text(code)) => label(press, &layer.layer, at, code),
                seen => seen.to_text(),
            }
        })
    };
    let addresses: Vec<String> = houses
        .iter()
        .map(|(at, _)| text(layer.record(*at), "address"))
        .collect();
    let prefix = common(&addresses);
    let (mut households, mut residents) = (0, 0);
    let mut rows: Vec<Vec<String>> = Vec::with_capacity(houses.len() + 1);
    for ((at, number), address) in houses.iter().zip(&addresses) {
        let record = layer.record(*at);
        let alias = text(record, "alias");
        let own = &address[prefix.len()..];
        let place = if alias.is_empty() {
            own.to_owned()
        } else {
            format!("{own}（{alias}）")
        };
        let mut row = vec![number.clone(), text(record, "code"), place];
        row.extend(
            ["use", "floors_up", "floor_area_m2", "rental"].map(|field| text(record, field)),
        );
        if people {
            let tally = &press.shown.houses.at(*at).tally;
            households += u64::from(tally.households);
            residents += tally.residents();
            row.push(tally.households.to_string());
            row.push(tally.residents().to_string());
        }
        rows.push(row);
    }
    let mut total = vec![
        String::new(),
        "合计".to_owned(),
        format!("{} 栋", houses.len()),
    ];
    total.extend(std::iter::repeat_n(String::new(), 4));
    if people {
        total.push(households.to_string());
        total.push(residents.to_string());
    }
    rows.push(total);
    (rows, prefix, people)
}

/// What a code is called.
pub(super) fn label(press: &Press, layer: &Layer, at: usize, code: &str) -> String {
    let entry = (press.app.catalog()).code(layer, &layer.fields[at].name, code);
    entry.map_or_else(|| code.to_owned(), |entry| entry.label.zh.clone())
}

/// What all addresses begin with, up to a village or township.
fn common(addresses: &[String]) -> String {
    let Some((first, rest)) = addresses.split_first() else {
        return String::new();
    };
    let shared = rest.iter().fold(first.as_str(), |shared, other| {
        let same = shared.char_indices().zip(other.chars());
        let end = same
            .take_while(|((_, a), b)| a == b)
            .last()
            .map_or(0, |((at, a), _)| at + a.len_utf8());
        &shared[..end]
    });
    let cut = shared
        .rfind(['村', '镇', '街', '区'])
        .map_or(0, |at| at + '村'.len_utf8());
    shared[..cut].to_owned()
}

/// The last line of each page.
fn foot(
    press: &Press,
    canvas: &mut Canvas<'_>,
    look: &Look,
    occasion: &Occasion,
    [page, pages]: [usize; 2],
) {
    let Size { width, height } = canvas.size();
    let who = press.viewer.who();
    let unit = if who.unit.is_empty() {
        String::new()
    } else {
        format!("{} ", who.unit)
    };
    let small = look.text(7.0).color(Color::GREY);
    let line = format!(
        "制图：{unit}{} · {} · 打印编号 {} · 内部资料，用后妥善保管",
        press.maker(),
        occasion.at.format("%Y-%m-%d %H:%M:%S"),
        occasion.number
    );
    canvas.text([MARGIN, height - MARGIN + 1.5], &line, &small);
    let number = format!("第 {page} 页 / 共 {pages} 页");
    canvas.text(
        [width - MARGIN, height - MARGIN + 1.5],
        &number,
        &small.align(Align::End),
    );
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_addresses_share_ends_at_a_village() {
        let of = |addresses: &[&str]| {
            common(
                &addresses
                    .iter()
                    .map(|address| (*address).to_owned())
                    .collect::<Vec<_>>(),
            )
        };
        assert_eq!(
            of(&["新塘镇东华村榕井路1号", "新塘镇东华村榕井路12号"]),
            "新塘镇东华村"
        );
        assert_eq!(of(&["新塘镇东华村1号", "石滩镇一号"]), "");
        assert_eq!(of(&["榕井路1号"]), "");
        assert_eq!(of(&["东华村"]), "东华村");
        assert_eq!(of(&[]), "");
    }
}
