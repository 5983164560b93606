//! What each demonstration village is to hold: the totals that the reports name.

use chrono::NaiveDate;

use super::{districts, village::Size, zoning::Shares};

/// A village and everything that its numbers are bound to.
#[derive(Clone, Debug)]
pub(super) struct Spec {
    /// Position among the villages of a file; keeps identifiers apart.
    pub(super) ordinal: u64,
    /// Division code, 12 digits.
    pub(super) code: String,
    pub(super) name: String,
    pub(super) district: &'static str,
    pub(super) town: String,
    pub(super) town_code: String,
    /// The village whose records hold the town's own node.
    pub(super) seat: u64,
    /// The day that the data stand for.
    pub(super) as_of: NaiveDate,
    pub(super) size: Size,
    pub(super) declared_area_m2: f64,
    pub(super) residents: u64,
    /// Residents registered in the village.
    pub(super) locals: u64,
    pub(super) grid_kind: &'static str,
    pub(super) co_op_suffix: &'static str,
    pub(super) stream: &'static str,
    pub(super) great_road: &'static str,
    pub(super) renewal_units: usize,
    pub(super) contracts: usize,
    pub(super) contracts_fen: u64,
    pub(super) events: usize,
    pub(super) open_events: usize,
    pub(super) cases: usize,
    /// Sum of what was demolished, in 1/100 m².
    pub(super) demolished_cm2: u64,
    pub(super) open_cases: usize,
    pub(super) spots: usize,
    pub(super) small_title: usize,
    pub(super) cleared_places: usize,
    pub(super) places: usize,
    pub(super) pocket_parks: usize,
    pub(super) checkpoints: usize,
    /// Finished and running 电商创意园.
    pub(super) parks: (usize, usize),
    pub(super) party_members: u64,
    pub(super) vehicles: usize,
    pub(super) disputes: usize,
    /// Indicators that the reports give: name, period, value, unit, source.
    pub(super) indicators: Vec<(&'static str, &'static str, f64, &'static str, &'static str)>,
}

fn day(year: i32, month: u32, day: u32) -> NaiveDate {
    NaiveDate::from_ymd_opt(year, month, day).expect("a day of the calendar")
}

fn scaled(count: usize, scale: f64) -> usize {
    ((count as f64 * scale).round() as usize).max(1)
}

/// 东华村 of 新塘镇, as the report of 2023 counts it.
pub(super) fn donghua(scale: f64) -> Spec {
    let area = 1_500_000.0 * scale;
    Spec {
        ordinal: 0,
        code: "440118101224".into(),
        name: "东华村".into(),
        district: "增城区",
        town: "新塘镇".into(),
        town_code: "440118101".into(),
        seat: 0,
        as_of: day(2023, 6, 30),
        size: Size {
            longitude: 113.64,
            latitude: 23.135,
            area_m2: area,
            hills: vec![(0.6, 1.3, 0.08)],
            shares: Shares {
                works: 0.24,
                farm: 0.28,
            },
            cores: 3,
            houses: scaled(1495, scale),
            schools: 3,
            estates: 10,
            parks: 4,
            co_ops: 4,
            grids: 7,
            party_areas: 20,
            sheets: 15,
        },
        declared_area_m2: area,
        residents: scaled(11_608, scale) as u64,
        locals: scaled(1867, scale) as u64,
        grid_kind: "综合网格",
        co_op_suffix: "经济合作社",
        stream: "东华涌",
        great_road: "东华",
        renewal_units: 3,
        contracts: 32,
        contracts_fen: 2_727_500_000,
        events: 180,
        open_events: 6,
        cases: 24,
        demolished_cm2: 1_384_260,
        open_cases: 7,
        spots: 14,
        small_title: 0,
        cleared_places: 21,
        places: 260,
        pocket_parks: 4,
        checkpoints: 4,
        parks: (1, 1),
        party_members: 118,
        vehicles: 420,
        disputes: 10,
        indicators: vec![
            (
                "户籍人口",
                "2023-01",
                1867.0,
                "人",
                "东华村工作简报（2023）",
            ),
            (
                "外来人员（约）",
                "2023-01",
                8500.0,
                "人",
                "东华村工作简报（2023）",
            ),
            (
                "居住人员台账",
                "2023-06",
                11_608.0,
                "人",
                "“人屋关联”台账（2023）",
            ),
            ("在册党员", "2023-01", 118.0, "人", "东华村工作简报（2023）"),
            ("村民代表", "2023-01", 46.0, "人", "东华村工作简报（2023）"),
            (
                "成功交易集体资产",
                "2022年以来",
                32.0,
                "宗",
                "东华村工作简报（2023）",
            ),
            (
                "集体资产合同总金额",
                "2022年以来",
                2727.5,
                "万元",
                "东华村工作简报（2023）",
            ),
            (
                "调解村民纠纷",
                "2022年以来",
                10.0,
                "宗",
                "东华村工作简报（2023）",
            ),
        ],
    }
}

/// 大源村, as the report of 2020 counts it.
pub(super) fn dayuan(scale: f64) -> Spec {
    let area = 25_000_000.0 * scale;
    Spec {
        ordinal: 0,
        code: "440111021200".into(),
        name: "大源村".into(),
        district: "白云区",
        town: "大源街道".into(),
        town_code: "440111021".into(),
        seat: 0,
        as_of: day(2020, 8, 31),
        size: Size {
            longitude: 113.351,
            latitude: 23.262,
            area_m2: area,
            hills: vec![(0.6, 2.0, 0.28), (2.9, 1.2, 0.12)],
            shares: Shares {
                works: 0.30,
                farm: 0.20,
            },
            cores: 16,
            houses: scaled(20_500, scale),
            schools: 10,
            estates: 150,
            parks: 12,
            co_ops: 23,
            grids: 111,
            party_areas: 212,
            sheets: 170,
        },
        declared_area_m2: area,
        residents: scaled(170_000, scale) as u64,
        locals: scaled(9816, scale) as u64,
        grid_kind: "基础网格",
        co_op_suffix: "经济社",
        stream: "沙坑涌",
        great_road: "大源",
        renewal_units: 20,
        contracts: 460,
        contracts_fen: 62_132_000_000,
        events: 2500,
        open_events: 1,
        cases: scaled(969, scale),
        demolished_cm2: scaled(80_000_000, scale) as u64,
        open_cases: 42,
        spots: 120,
        small_title: 36,
        cleared_places: scaled(1226, scale),
        places: scaled(2600, scale),
        pocket_parks: 12,
        checkpoints: 23,
        parks: (4, 5),
        party_members: 259,
        vehicles: scaled(5200, scale),
        disputes: 160,
        indicators: vec![
            (
                "常住人口",
                "2020",
                170_000.0,
                "人",
                "大源村调研报告（2020）",
            ),
            (
                "农村户籍人口",
                "2020",
                9816.0,
                "人",
                "大源村调研报告（2020）",
            ),
            ("党员", "2020", 259.0, "人", "大源村调研报告（2020）"),
            (
                "拆除违法建设",
                "截至2020-08",
                969.0,
                "宗",
                "大源村调研报告（2020）",
            ),
            (
                "拆除违法建设面积",
                "截至2020-08",
                80.0,
                "万平方米",
                "大源村调研报告（2020）",
            ),
            (
                "拆除小产权房",
                "截至2020-08",
                36.0,
                "栋",
                "大源村调研报告（2020）",
            ),
            (
                "清理“散乱污”场所",
                "截至2020-08",
                1226.0,
                "家",
                "大源村调研报告（2020）",
            ),
            (
                "网格事件办结率",
                "2020",
                99.96,
                "%",
                "大源村调研报告（2020）",
            ),
            (
                "村社两级集体经济收入",
                "2019",
                6213.2,
                "万元",
                "大源村调研报告（2020）",
            ),
            (
                "村环卫预算资金",
                "2017",
                1019.0,
                "万元",
                "大源村调研报告（2020）",
            ),
            (
                "村环卫预算资金",
                "2019",
                2214.0,
                "万元",
                "大源村调研报告（2020）",
            ),
        ],
    }
}

/// The 48 villages of 白云区: 104.9 km², 1,973,800 residents, 426 co-operatives.
pub(super) fn baiyun(scale: f64) -> Vec<Spec> {
    districts::baiyun(scale)
}
