//! The 48 villages of 白云区 in 18 streets.

use chrono::NaiveDate;

use super::{
    dice::{Dice, apportion},
    spec::Spec,
    village::Size,
    zoning::Shares,
};

/// Villages: the code and the name. Codes as of 2023-06-30 (统计用区划代码); where the
/// village has become a community, the code is the community's.
const VILLAGES: [(&str, &str); 48] = [
    ("440111002012", "三元里村"),
    ("440111002007", "松柏岗村"),
    ("440111003001", "槎龙村"),
    ("440111003005", "螺涌村"),
    ("440111003010", "西洲村"),
    ("440111005002", "横滘村"),
    ("440111005003", "粤溪村"),
    ("440111005004", "田心村"),
    ("440111005005", "鹅掌坦村"),
    ("440111006004", "江夏村"),
    ("440111006007", "陈田村"),
    ("440111006009", "石岗村"),
    ("440111006012", "马务村"),
    ("440111007005", "棠溪村"),
    ("440111007006", "岗贝村"),
    ("440111007011", "棠下村"),
    ("440111008001", "棠涌村"),
    ("440111008017", "大埔村"),
    ("440111008018", "小坪村"),
    ("440111009001", "握山村"),
    ("440111009006", "蟹山村"),
    ("440111010010", "白灰场村"),
    ("440111010013", "犀牛角村"),
    ("440111011001", "元下田村"),
    ("440111011003", "平中村"),
    ("440111011004", "磨刀坑村"),
    ("440111012009", "望岗村"),
    ("440111012020", "长湴村"),
    ("440111012019", "科甲村"),
    ("440111013008", "罗岗村"),
    ("440111013009", "清湖村"),
    ("440111013011", "平沙村"),
    ("440111014008", "新庄村"),
    ("440111014010", "潭村"),
    ("440111014013", "凰岗村"),
    ("440111014014", "张村"),
    ("440111015001", "横沙村"),
    ("440111015002", "沙贝村"),
    ("440111016001", "萧岗村"),
    ("440111017002", "鹤边村"),
    ("440111017008", "黄边村"),
    ("440111017009", "尹边村"),
    ("440111018001", "夏茅村"),
    ("440111018006", "环滘村"),
    ("440111020201", "南村"),
    ("440111020203", "园夏村"),
    ("440111021200", "大源村"),
    ("440111021201", "石湖村"),
];

/// Streets: code, name, and about where they lie.
const TOWNS: [(&str, &str, f64, f64); 18] = [
    ("440111002", "三元里街道", 113.252, 23.163),
    ("440111003", "松洲街道", 113.214, 23.158),
    ("440111005", "同德街道", 113.231, 23.172),
    ("440111006", "黄石街道", 113.274, 23.207),
    ("440111007", "棠景街道", 113.258, 23.180),
    ("440111008", "新市街道", 113.251, 23.198),
    ("440111009", "同和街道", 113.327, 23.201),
    ("440111010", "京溪街道", 113.316, 23.184),
    ("440111011", "永平街道", 113.300, 23.219),
    ("440111012", "嘉禾街道", 113.277, 23.240),
    ("440111013", "均禾街道", 113.262, 23.258),
    ("440111014", "石井街道", 113.228, 23.205),
    ("440111015", "金沙街道", 113.199, 23.146),
    ("440111016", "云城街道", 113.268, 23.192),
    ("440111017", "鹤龙街道", 113.288, 23.229),
    ("440111018", "白云湖街道", 113.238, 23.232),
    ("440111020", "龙归街道", 113.285, 23.270),
    ("440111021", "大源街道", 113.351, 23.262),
];

/// All villages: areas sum to 104.9 km², residents to 1,973,800, co-operatives to 426.
pub(super) fn baiyun(scale: f64) -> Vec<Spec> {
    let weights: Vec<f64> = (0..VILLAGES.len())
        .map(|at| Dice::new(0, "baiyun areas", at as u64).between(0.45, 1.9))
        .collect();
    // Areas in whole m², residents and co-operatives in whole numbers: exact sums.
    let areas = apportion((104_900_000.0 * scale).round() as u64, &weights);
    let crowds: Vec<f64> = weights
        .iter()
        .enumerate()
        .map(|(at, weight)| weight * Dice::new(0, "baiyun crowds", at as u64).between(0.75, 1.3))
        .collect();
    let residents = apportion((1_973_800.0 * scale).round() as u64, &crowds);
    let spare = apportion(426 - 4 * 48, &weights);
    let places = layout(&areas);
    VILLAGES
        .iter()
        .enumerate()
        .map(|(at, &(code, name))| {
            let town = TOWNS
                .iter()
                .find(|town| code.starts_with(town.0))
                .expect("every village has its street");
            let seat = VILLAGES
                .iter()
                .position(|(other, _)| other.starts_with(town.0))
                .unwrap_or(at);
            let area_m2 = areas[at] as f64;
            let people = residents[at];
            let co_ops = 4 + spare[at] as usize;
            let houses = (people as f64 / 16.5).round() as usize;
            let km2 = area_m2 / 1e6;
            let count = |per: f64| (km2 * per).round().max(1.0) as usize;
            Spec {
                ordinal: at as u64,
                code: code.into(),
                name: name.into(),
                district: "白云区",
                town: town.1.into(),
                town_code: town.0.into(),
                seat: seat as u64,
                as_of: NaiveDate::from_ymd_opt(2023, 6, 30).expect("a day of the calendar"),
                size: Size {
                    longitude: places[at].0,
                    latitude: places[at].1,
                    area_m2,
                    hills: if at % 3 == 0 {
                        vec![(f64::from(at as u32) * 1.7, 1.2, 0.06)]
                    } else {
                        Vec::new()
                    },
                    shares: Shares {
                        works: 0.26,
                        farm: 0.14,
                    },
                    cores: 2 + co_ops / 4,
                    houses,
                    schools: count(1.2),
                    estates: count(4.0),
                    parks: count(1.5),
                    co_ops,
                    grids: count(8.0).max(co_ops),
                    party_areas: count(12.0).max(co_ops * 2).max(count(8.0)),
                    sheets: (houses / 100).max(count(8.0)).max(co_ops),
                },
                declared_area_m2: area_m2,
                residents: people,
                locals: people / 14,
                grid_kind: "基础网格",
                co_op_suffix: "经济社",
                stream: "石井河支涌",
                great_road: name.strip_suffix('村').unwrap_or(name),
                renewal_units: count(1.0),
                contracts: count(14.0),
                contracts_fen: (people * 300_000).max(1_000_000),
                events: count(40.0),
                open_events: count(1.0),
                cases: count(12.0),
                demolished_cm2: areas[at] / 4,
                open_cases: count(2.0),
                spots: count(4.0),
                small_title: 0,
                cleared_places: count(12.0),
                places: count(80.0),
                pocket_parks: count(1.0),
                checkpoints: count(2.0),
                parks: (0, 1),
                party_members: 40 + people / 400,
                vehicles: count(120.0),
                disputes: count(3.0),
                indicators: vec![("实有人口", "2023", people as f64, "人", "演示数据")],
            }
        })
        .collect()
}

/// Where villages lie: near their street's middle, pushed apart until none overlap.
fn layout(areas: &[u64]) -> Vec<(f64, f64)> {
    const METRES: (f64, f64) = (102_500.0, 110_750.0);
    let mut places: Vec<[f64; 2]> = VILLAGES
        .iter()
        .enumerate()
        .map(|(at, (code, _))| {
            let town = TOWNS.iter().find(|town| code.starts_with(town.0));
            let &(_, _, x, y) = town.expect("every village has its street");
            let mut dice = Dice::new(0, "baiyun layout", at as u64);
            [
                (x - 113.27) * METRES.0 * 1.6 + dice.between(-300.0, 300.0),
                (y - 23.21) * METRES.1 * 1.6 + dice.between(-300.0, 300.0),
            ]
        })
        .collect();
    // The outline reaches at most this far beyond the circle of its area.
    let reach: Vec<f64> = areas
        .iter()
        .map(|&area| (area as f64 / std::f64::consts::PI).sqrt() * 1.62)
        .collect();
    for _ in 0..600 {
        let mut moved = false;
        for a in 0..places.len() {
            for b in a + 1..places.len() {
                let apart = [places[b][0] - places[a][0], places[b][1] - places[a][1]];
                let far = apart[0].hypot(apart[1]).max(1.0);
                let lacks = reach[a] + reach[b] - far;
                if lacks > 0.0 {
                    moved = true;
                    for axis in 0..2 {
                        let push = apart[axis] / far * (lacks / 2.0 + 1.0);
                        places[a][axis] -= push;
                        places[b][axis] += push;
                    }
                }
            }
        }
        if !moved {
            break;
        }
    }
    places
        .into_iter()
        .map(|[x, y]| (113.27 + x / METRES.0, 23.21 + y / METRES.1))
        .collect()
}
