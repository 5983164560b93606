//! The words of an import as the page says them: its form has fields where the command has
//! options.

use std::sync::LazyLock;

use regex::Regex;
use yizhangtu_data::import::Report;

/// Options of the command and what they are called in the page's form: Chinese, English.
const FIELDS: [(&str, &str, &str); 5] = [
    ("--crs", "“坐标系”", "“Coordinate system”"),
    ("--encoding", "“编码”", "“Encoding”"),
    ("--id-column", "“永久编号列”", "“Column of lasting ids”"),
    ("--table", "“表或文件”", "“Table or file”"),
    (
        "--swap-axes",
        "“坐标的第一个数是北”",
        "“The first number of a coordinate is the north”",
    ),
];

/// A text that may come from the command's options, as the page says it. Of what only the
/// command can do nothing is said.
pub(super) fn for_page(text: &str) -> String {
    static ASIDE: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(r"（[^（）]*--map[^（）]*）| ?\([^()]*--map[^()]*\)").expect("a pattern")
    });
    let text = ASIDE.replace_all(text, "");
    let (mut zh, mut en) = match text.split_once(" / ") {
        Some((zh, en)) => (zh.to_owned(), Some(en.to_owned())),
        None => (text.into_owned(), None),
    };
    for (option, chinese, english) in FIELDS {
        zh = zh.replace(option, chinese);
        en = en.map(|en| en.replace(option, english));
    }
    match en {
        Some(en) => format!("{zh} / {en}"),
        None => zh,
    }
}

/// A report as the page says it.
pub(super) fn report_for_page(mut report: Report) -> Report {
    let warnings = report.warnings.iter_mut();
    let refusals = (report.refusals.iter_mut()).flat_map(|row| [&mut row.message, &mut row.reason]);
    let repairs = report.repairs.iter_mut().map(|row| &mut row.message);
    for words in warnings.chain(refusals).chain(repairs) {
        *words = for_page(words);
    }
    report
}

#[cfg(test)]
mod tests {
    use std::{fs, path::Path};

    use super::*;

    #[test]
    fn every_option_that_an_import_speaks_of_has_a_field_in_the_page() {
        let option = Regex::new(r"--[a-z][a-z-]+").expect("a pattern");
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../data/src/import");
        let mut waiting = vec![folder];
        let mut found = 0;
        while let Some(path) = waiting.pop() {
            if path.is_dir() {
                waiting.extend(
                    fs::read_dir(path)
                        .unwrap()
                        .map(|entry| entry.unwrap().path()),
                );
                continue;
            }
            let source = path.extension().is_some_and(|ending| ending == "rs");
            let tests = path.components().any(|part| part.as_os_str() == "tests");
            // The summary of a report is the command's own.
            if !source || tests || path.ends_with("report.rs") {
                continue;
            }
            for line in fs::read_to_string(&path).unwrap().lines() {
                if line.trim_start().starts_with("//") || !line.contains('"') {
                    continue;
                }
                for spoken in option.find_iter(line) {
                    found += 1;
                    let said = for_page(line);
                    assert!(
                        !said.contains("--"),
                        "{}: {}: {said}",
                        path.display(),
                        spoken.as_str()
                    );
                }
            }
        }
        assert!(found > 10);
    }

    #[test]
    fn the_page_is_told_of_its_own_fields() {
        assert_eq!(
            for_page(
                "坐标系不明，请用 --crs 指定（如 EPSG:4547） / unknown; give it with --crs (EPSG:4547)"
            ),
            "坐标系不明，请用 “坐标系” 指定（如 EPSG:4547） / unknown; give it with “Coordinate system” (EPSG:4547)"
        );
        assert_eq!(
            for_page(
                "“砖”不在“结构”之列；可用：钢混（或在 --map 的 [codes.structure] 中对应） / “砖” is not in “结构”; use one of: 钢混 (or translate it in [codes.structure] of --map)"
            ),
            "“砖”不在“结构”之列；可用：钢混 / “砖” is not in “结构”; use one of: 钢混"
        );
    }
}
