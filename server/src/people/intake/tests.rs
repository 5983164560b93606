//! A register as a village keeps it, with a hundred faults planted: each is found and named by its
//! cell, and no line with one gets in.

use std::{collections::BTreeSet, sync::Arc};

use geo::polygon;
use rust_xlsxwriter::{ExcelDateTime, Format, Workbook, Worksheet};
use yizhangtu_data::clock::today;
use yizhangtu_data::{
    Catalog, Change, ChangeSet, Operation, Record, Value,
    store::{About, Access, GeoPackage},
};

use super::{
    houses::Houses,
    rows::{Known, Report, read},
    sheet::Sheet,
};
use crate::atlas::Atlas;

const HOUSES: usize = 40;

struct Village {
    store: GeoPackage,
    _folder: tempfile::TempDir,
}

fn village() -> Village {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("village.gpkg");
    let catalog = Catalog::embedded();
    GeoPackage::create(&path, &catalog, &About::default()).unwrap();
    let store = GeoPackage::open(&path, &catalog, Access::ReadWrite).unwrap();
    let layer = store.layer("building").unwrap();
    let houses = (0..HOUSES).map(|nth| {
        let mut record = Record::new(layer, format!("b{nth}"));
        #[expect(clippy::cast_precision_loss, reason = "a small number")]
        let x = 113.5 + 0.0004 * nth as f64;
        record.geometry = Some(polygon![(x: x, y: 23.1), (x: x + 0.0001, y: 23.1), (x: x + 0.0001, y: 23.1001), (x: x, y: 23.1001)].into());
        record
            .set(layer, "code", format!("4401181012240{nth:04}"))
            .set(layer, "address", format!("广东省广州市增城区新塘镇东华村榕井路{}巷{}号", nth / 10 + 1, nth % 10 + 1));
        if nth == 7 {
            record.set(layer, "alias", "老祠堂");
        }
        insert("building", record)
    });
    let set = ChangeSet {
        changes: houses.collect(),
        ..ChangeSet::default()
    };
    store.commit(set).unwrap();
    Village {
        store,
        _folder: folder,
    }
}

fn insert(layer: &str, record: Record) -> Change {
    Change {
        layer: layer.into(),
        operation: Operation::Insert(record),
    }
}

impl Village {
    fn taken(&self, book: &mut Workbook) -> (Report, Vec<Change>) {
        let sheet = Sheet::read(&book.save_to_buffer().unwrap()).unwrap();
        let snapshot = Atlas::read(&self.store).unwrap();
        let houses = Houses::new(&snapshot).unwrap();
        let known = Known::new(&self.store, &houses, &sheet, today()).unwrap();
        read(&known, &sheet).unwrap()
    }

    fn commit(&self, changes: Vec<Change>) {
        let set = ChangeSet {
            changes,
            ..ChangeSet::default()
        };
        self.store.commit(set).unwrap();
    }

    fn names(&self) -> BTreeSet<String> {
        let layer = Arc::clone(self.store.layer("person").unwrap());
        let mut names = BTreeSet::new();
        self.store
            .scan("person", |record| {
                names.insert(record.get(&layer, "name").as_text().unwrap().to_owned());
            })
            .unwrap();
        names
    }
}

/// An identity number of somebody invented (the region 990000 does not exist), male where odd.
fn number(nth: u32) -> String {
    let body = format!(
        "990000{:04}{:02}{:02}{:03}",
        1950 + nth % 60,
        nth % 12 + 1,
        nth % 28 + 1,
        nth % 1000
    );
    let weights = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];
    let sum: u32 = body
        .bytes()
        .zip(weights)
        .map(|(digit, weight)| u32::from(digit - b'0') * weight)
        .sum();
    format!("{body}{}", char::from(b"10X98765432"[sum as usize % 11]))
}

fn name(nth: u32) -> String {
    let given = "甲乙丙丁戊己庚辛壬癸子丑寅卯辰巳午未申酉戌亥";
    let letter = |at: u32| given.chars().nth(at as usize % 22).unwrap();
    format!("测{}{}{}", letter(nth), letter(nth / 22), letter(nth / 484))
}

/// Columns of the sheet, as letters.
const COLUMNS: [&str; 11] = [
    "房屋编码",
    "现住址",
    "房号",
    "姓 名",
    "身份证号码（18位）",
    "性别",
    "出生年月",
    "人员类别",
    "联系电话",
    "入住日期",
    "搬离日期",
];

/// A title, headings in two rows with merged groups, and lines from row 4.
fn register(sheet: &mut Worksheet) {
    let plain = Format::new();
    sheet
        .merge_range(0, 0, 0, 10, "东华村居住人员台账（2026年11月）", &plain)
        .unwrap();
    sheet.merge_range(1, 0, 1, 2, "房屋", &plain).unwrap();
    sheet.merge_range(1, 3, 1, 8, "人员情况", &plain).unwrap();
    sheet.merge_range(1, 9, 1, 10, "居住情况", &plain).unwrap();
    for (at, heading) in (0..).zip(COLUMNS) {
        sheet.write(2, at, heading).unwrap();
    }
}

fn line(sheet: &mut Worksheet, row: u32, nth: u32) {
    let house = nth as usize % HOUSES;
    let number = number(nth);
    sheet
        .write(row, 0, format!("４４０１１８１０１２２４０{house:04}"))
        .unwrap();
    sheet
        .write(
            row,
            1,
            format!("榕井路{}巷{}号", house / 10 + 1, house % 10 + 1),
        )
        .unwrap();
    sheet.write(row, 2, format!("{}0１", nth % 5 + 1)).unwrap();
    sheet.write(row, 3, name(nth)).unwrap();
    sheet.write(row, 4, &number).unwrap();
    sheet
        .write(
            row,
            5,
            if number.as_bytes()[16] % 2 == 1 {
                "男"
            } else {
                "女"
            },
        )
        .unwrap();
    let (year, month, day) = (&number[6..10], &number[10..12], &number[12..14]);
    let birth = match nth % 5 {
        0 => format!("{year}-{month}-{day}"),
        1 => format!(
            "{year}/{}/{}",
            month.trim_start_matches('0'),
            day.trim_start_matches('0')
        ),
        2 => format!("{year}.{month}.{day}"),
        3 => format!(
            "{year}年{}月{}日",
            month.trim_start_matches('0'),
            day.trim_start_matches('0')
        ),
        _ => format!("{year}{month}{day}"),
    };
    sheet.write(row, 6, birth).unwrap();
    sheet
        .write(row, 7, ["来穗", "本村户籍", "本市"][nth as usize % 3])
        .unwrap();
    sheet
        .write(row, 8, format!("１３８００００{:04}", nth))
        .unwrap();
    let date = Format::new().set_num_format("yyyy-mm-dd");
    let moved = ExcelDateTime::from_ymd(2023, 5, 17).unwrap();
    sheet.write_with_format(row, 9, &moved, &date).unwrap();
}

#[test]
fn a_hundred_planted_faults_are_named_by_cell_and_none_gets_in() {
    let village = village();
    let mut book = Workbook::new();
    let sheet = book.add_worksheet();
    register(sheet);
    let mut planted: BTreeSet<(String, &'static str)> = BTreeSet::new();
    let mut faulty: BTreeSet<String> = BTreeSet::new();
    for nth in 0..400 {
        let row = 3 + nth;
        line(sheet, row, nth);
        if nth % 4 != 3 {
            continue;
        }
        let mut plant = |column: u32, code: &'static str| {
            let letter = char::from(b'A' + u8::try_from(column).unwrap());
            planted.insert((format!("{letter}{}", row + 1), code));
        };
        let own = number(nth);
        let mut text = |column: u16, text: &str| {
            sheet.write(row, column, text).unwrap();
        };
        match nth / 4 % 20 {
            0 => {
                text(3, "　");
                plant(3, "required")
            }
            1 => {
                text(3, "张3");
                plant(3, "name")
            }
            // The check digit: another one than the right one.
            2 => {
                text(
                    4,
                    &format!(
                        "{}{}",
                        &own[..17],
                        if own.ends_with('1') { '2' } else { '1' }
                    ),
                );
                plant(4, "check")
            }
            3 => {
                text(4, "12345");
                plant(4, "check")
            }
            // A number of 18 digits that the sheet stored as a number.
            4 => {
                sheet.write(row, 4, 990_000_198_806_180_019_f64).unwrap();
                plant(4, "digits")
            }
            5 => {
                text(5, "男人");
                plant(5, "code")
            }
            6 => {
                text(
                    5,
                    if own.as_bytes()[16] % 2 == 1 {
                        "女"
                    } else {
                        "男"
                    },
                );
                plant(5, "id_number")
            }
            7 => {
                text(6, "1988-02-30");
                plant(6, "date")
            }
            8 => {
                text(6, "1949年10月1日");
                plant(6, "id_number")
            }
            9 => {
                text(6, "五十岁");
                plant(6, "date")
            }
            10 => {
                text(7, "外星人");
                plant(7, "code")
            }
            11 => {
                text(8, "电话不详");
                plant(8, "pattern")
            }
            12 => {
                text(9, "2999-01-01");
                plant(9, "future")
            }
            13 => {
                text(9, "上个月");
                plant(9, "date")
            }
            14 => {
                text(10, "2020-01-01");
                plant(10, "order")
            }
            15 => {
                text(10, "2999年1月1日");
                plant(10, "future")
            }
            // The code of one house, the address of another.
            16 => {
                text(1, "榕井路一巷1号");
                text(0, "44011810122400019");
                plant(1, "disagrees")
            }
            17 => {
                text(0, "　");
                text(1, " ");
                plant(0, "required")
            }
            // The one before, again.
            18 => {
                line(sheet, row, nth - 1);
                plant(4, "twice")
            }
            _ => {
                text(2, "这个房号写得比二十个字还要长得多得多得多得多得多");
                plant(2, "length")
            }
        }
        if nth / 4 % 20 != 18 {
            faulty.insert(name(nth));
        }
    }
    assert_eq!(planted.len(), 100);
    let (report, changes) = village.taken(&mut book);
    let found: BTreeSet<(String, &'static str)> = report
        .faults
        .iter()
        .map(|fault| (fault.cell.clone(), fault.code))
        .collect();
    let missed: Vec<_> = planted.difference(&found).collect();
    let invented: Vec<_> = found.difference(&planted).collect();
    assert!(
        missed.is_empty() && invented.is_empty(),
        "missed {missed:?}, invented {invented:?}"
    );
    assert_eq!(
        (report.rows, report.new_people, report.open.len()),
        (400, 300, 0)
    );
    for fault in &report.faults {
        assert!(
            fault.message.contains(" / ") && !fault.message.contains("990000"),
            "{fault:?}"
        );
    }
    village.commit(changes);
    let names = village.names();
    assert_eq!(names.len(), 300);
    assert!(names.is_disjoint(&faulty), "a line with a fault got in");

    // The same register again brings nothing but its faults.
    let (again, changes) = village.taken(&mut book);
    assert!(changes.is_empty(), "{} changes", changes.len());
    assert_eq!(
        (again.unchanged, again.new_people, again.new_rooms),
        (300, 0, 0)
    );
}

#[test]
fn houses_are_matched_and_what_does_not_match_is_left_to_somebody() {
    let village = village();
    let mut book = Workbook::new();
    let sheet = book.add_worksheet();
    for (at, heading) in (0..).zip(["姓名", "地址", "俗称", "经度", "纬度", "证件号码", "房号"])
    {
        sheet.write(0, at, heading).unwrap();
    }
    let lines: [[&str; 7]; 7] = [
        ["王甲", "新塘镇东华村榕井路二巷３号", "", "", "", "", "101"],
        ["王乙", "", "老祠堂", "", "", "", ""],
        ["王丙", "", "", "113.50205", "23.10005", "", ""],
        ["王丁", "天边路1号", "", "", "", "", ""],
        ["王戊", "3号", "", "", "", "", ""],
        ["王己", "榕井路1巷1号", "", "", "", "990***********0019", ""],
        // A room a line: three people with a number each.
        ["赵甲、赵乙、赵丙", "榕井路1巷2号", "", "", "", "", "302"],
    ];
    for (row, cells) in (1..).zip(lines) {
        for (at, text) in (0..).zip(cells) {
            if !text.is_empty() {
                sheet.write(row, at, text).unwrap();
            }
        }
    }
    let (report, changes) = village.taken(&mut book);
    assert_eq!(report.faults, []);
    let open: Vec<(&str, &str)> = report
        .open
        .iter()
        .map(|open| (open.cell.as_str(), open.code))
        .collect();
    assert_eq!(
        open,
        [("B5", "no_house"), ("B6", "no_house"), ("F7", "masked")]
    );
    assert_eq!(
        (report.people, report.new_people, report.new_rooms),
        (9, 6, 2)
    );
    village.commit(changes);
    let residence = Arc::clone(village.store.layer("residence").unwrap());
    let lives = |building: &str| {
        village
            .store
            .find("residence", "building", &Value::from(building))
            .unwrap()
            .iter()
            .filter(|stay| stay.get(&residence, "moved_out").is_null())
            .count()
    };
    assert_eq!(
        [
            lives("b12"),
            lives("b7"),
            lives("b5"),
            lives("b1"),
            lives("b0")
        ],
        [1, 1, 1, 3, 0]
    );
}
