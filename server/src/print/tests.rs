//! Documents as they are written. What other readers make of them: `tests/programs/test_sheets.py`.

use std::io::Read as _;

use chrono::DateTime;
use flate2::read::ZlibDecoder;

use super::*;

fn flow() -> Flow {
    let made_at = DateTime::parse_from_rfc3339("2026-11-22T09:00:00+08:00").unwrap();
    let running = Running {
        head: "一单元一册".to_owned(),
        foot: "编号 〔2026〕1 号".to_owned(),
        watermark: "张三 2026-11-22".to_owned(),
    };
    Flow::new(
        ("更新单元", "规划员"),
        made_at,
        (Paper::A4.portrait(), 18.0),
        running,
    )
}

/// The streams of a file, those that are compressed unpacked.
fn streams(pdf: &[u8]) -> Vec<Vec<u8>> {
    let mut found = Vec::new();
    let mut rest = pdf;
    let find = |text: &[u8], what: &[u8]| text.windows(what.len()).position(|part| part == what);
    while let Some(start) = find(rest, b"\nstream\n") {
        rest = &rest[start + 8..];
        let end = find(rest, b"\nendstream").expect("a stream ends");
        let mut bytes = Vec::new();
        if ZlibDecoder::new(&rest[..end])
            .read_to_end(&mut bytes)
            .is_ok()
        {
            found.push(bytes);
        }
        rest = &rest[end..];
    }
    found
}

#[test]
fn a_long_table_goes_on_with_its_headings() {
    let mut flow = flow();
    flow.title("权属调查表");
    flow.heading("一、概况");
    flow.paragraph(
        "本单元共有房屋一百二十栋，地址含生僻字：㙟、𠅤、𠮷，另有一字无字形：\u{2A6D6}。",
    );
    let rows = (1..=120).map(|row| vec![row.to_string(), format!("东华村第{row}号")]);
    flow.table(Table {
        columns: vec![
            Column::new("序号", 20.0, Align::End),
            Column::new("地址", 80.0, Align::Start),
        ],
        rows: rows.collect(),
        summed: false,
        size: 9.0,
    });
    let pdf = flow.finish();
    assert!(pdf.starts_with(b"%PDF-1."));
    let streams = streams(&pdf);
    // Glyphs go by their numbers in the document: what they read as is in the map.
    let map = streams.iter().find(|stream| {
        stream
            .windows(12)
            .any(|part| part == b"beginbfchar\n" || part == b"beginbfrange")
    });
    let map = String::from_utf8(map.expect("a map to Unicode").clone()).unwrap();
    for letter in ["4E1C", "365F", "D840DD64", "D842DFB7"] {
        assert!(map.contains(letter), "{letter}");
    }
    assert!(
        pdf.len() < 80_000,
        "{} bytes: only glyphs that are used go along",
        pdf.len()
    );
    let text = String::from_utf8_lossy(&pdf);
    let pages = text.matches("/MediaBox").count();
    assert!((3..6).contains(&pages), "120 rows are {pages} pages");
    assert!(text.contains("/CIDFontType0C") && text.contains("+NotoSansSC-Regular"));
}

#[test]
fn the_same_drawing_gives_the_same_bytes() {
    let draw = || {
        let mut flow = flow();
        flow.paragraph("同样的内容");
        flow.finish()
    };
    assert_eq!(draw(), draw());
}

#[test]
fn a_row_higher_than_the_page_does_not_hold_up_the_rest() {
    let mut flow = flow();
    let rows = vec![vec!["很".repeat(9000)], vec!["后".to_owned()]];
    flow.table(Table {
        columns: vec![Column::new("说明", 10.0, Align::Start)],
        rows,
        summed: false,
        size: 9.0,
    });
    assert!(!flow.finish().is_empty());
}

#[test]
fn a_drawing_is_where_it_was_drawn() {
    let made_at = DateTime::parse_from_rfc3339("2026-11-22T09:00:00+08:00").unwrap();
    let mut document = Document::new("图", "", made_at);
    let number = document.add(Paper::A3.landscape());
    let mut canvas = document.page(number);
    canvas.rectangle([10.0, 20.0, 30.0, 40.0], &Paint::stroke(Color::BLACK, 0.5));
    canvas.link([10.0, 20.0, 30.0, 40.0], "http://village.example/?sheet=1");
    let pdf = document.finish();
    let drawn = streams(&pdf)
        .into_iter()
        .map(|stream| String::from_utf8_lossy(&stream).into_owned());
    // 10 mm is 28.346 points; 20 mm from the top of 297 mm is 785.197 from the foot.
    assert!(
        drawn
            .into_iter()
            .any(|page| page.contains("28.346 785.197 m"))
    );
    let text = String::from_utf8_lossy(&pdf);
    assert!(text.contains("(http://village.example/?sheet=1)"));
    assert!(text.contains("/MediaBox [0 0 1190.551"));
}
