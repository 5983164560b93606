//! Cases, contracts, residents, permits, places of work and facilities.

use std::collections::{BTreeMap, HashMap, HashSet};

use yizhangtu_data::{clock, measure};
use yizhangtu_index::{Point, Rule};

use super::{Ground, land};
use crate::{
    atlas::{LayerSnapshot, hundredths},
    contracts::Standing,
    policy::{Action, Seen},
    report::{Cell, Column, Section, text},
    statistics::named,
};

pub(super) fn sections(on: &Ground<'_>) -> Vec<Section> {
    [
        cases(on),
        contracts(on),
        residents(on),
        permits(on),
        places(on),
        facilities(on),
    ]
    .into_iter()
    .flatten()
    .collect()
}

#[expect(
    clippy::cast_precision_loss,
    reason = "sums stay below 2^53 hundredths"
)]
fn metres(hundredths: i64) -> Cell {
    Cell::Number(hundredths as f64 / 100.0)
}

fn cases(on: &Ground<'_>) -> Option<Section> {
    on.statistics.counts.violations.as_ref()?;
    let layer = on.snapshot.layer("violation_case")?;
    let (area, gone) = (
        layer.layer.position("violation_area_m2"),
        layer.layer.position("demolished_area_m2"),
    );
    let mut states: BTreeMap<String, (u64, i64, i64)> = BTreeMap::new();
    for at in layer.within(&on.subject.area, Rule::default()) {
        let record = layer.record(at);
        let state = record
            .get(&layer.layer, "state")
            .as_text()
            .unwrap_or_default();
        let own = states.entry(state.to_owned()).or_default();
        own.0 += 1;
        own.1 += hundredths(record, area);
        own.2 += hundredths(record, gone);
    }
    let mut section = Section::new(
        "cases",
        text("两违案件", "Illegal building cases"),
        vec![
            Column::of("办理状态", "State", ""),
            Column::of("宗数", "Cases", "宗"),
            Column::of("违建面积", "Illegal area", "平方米"),
            Column::of("拆除建筑面积", "Demolished", "平方米"),
        ],
    );
    let mut rows: Vec<_> = states.into_iter().collect();
    rows.sort_by_key(|(state, _)| state.parse::<u32>().unwrap_or(u32::MAX));
    section.rows = rows
        .into_iter()
        .map(|(state, (count, area, gone))| {
            let label = on.label(&layer.layer, "state", &state);
            vec![
                Cell::Label(label),
                Cell::Count(count),
                metres(area),
                metres(gone),
            ]
        })
        .collect();
    Some(section.summed())
}

/// Contracts on the unit's assets, the last to end first: they hold a unit longest.
fn contracts(on: &Ground<'_>) -> Option<Section> {
    on.statistics.counts.contracts.as_ref()?;
    let (contracts, assets) = (on.seen.contracts.as_ref()?, on.seen.layer("asset")?);
    if !on.viewer.may(Action::View, &contracts.layer) {
        return None;
    }
    let within: HashSet<&str> = (assets.within(&on.subject.area, Rule::default()).into_iter())
        .map(|at| &*assets.record(at).id)
        .collect();
    let layer = &contracts.layer;
    let mut section = Section::new(
        "contracts",
        text("集体合同", "Collective contracts"),
        vec![
            Column::of("合同编号", "Contract", ""),
            Column::of("合同名称", "Name", ""),
            Column::of("状态", "State", ""),
            Column::of("到期日期", "Ends on", ""),
            Column::of("合同面积", "Area", "平方米"),
            Column::of("合同总金额", "Worth", "元"),
        ],
    );
    // Who rents is personal: in no file that nobody approved.
    let names = !on.viewer.is_bare();
    if names {
        section.columns.push(Column::of("承租人", "Lessee", ""));
    }
    let today = clock::today();
    let mut rows: Vec<(Option<chrono::NaiveDate>, Vec<Cell>)> = Vec::new();
    for (_, record) in contracts.records() {
        if !named(record.get(layer, "asset"))
            .iter()
            .any(|id| within.contains(id))
        {
            continue;
        }
        let view = on.viewer.see(layer, record);
        let cell = |field: &str| match view.get(field) {
            Seen::Nothing => Cell::Nothing,
            seen => Cell::Text(seen.to_text()),
        };
        let state = Standing::of(layer, record, today).state.code();
        let area = record.get(layer, "area_m2").as_decimal();
        let amount = record.get(layer, "amount_fen").as_integer();
        let mut cells = vec![
            cell("code"),
            cell("name"),
            Cell::Label(on.label(layer, "state", state)),
            cell("end_on"),
            area.map_or(Cell::Nothing, Cell::Number),
            amount.map_or(Cell::Nothing, metres),
        ];
        if names {
            let lessee = cell("lessee");
            section.named += u64::from(!matches!(lessee, Cell::Nothing));
            cells.push(lessee);
        }
        rows.push((record.get(layer, "end_on").as_date(), cells));
    }
    rows.sort_by_key(|row| std::cmp::Reverse(row.0));
    section.rows = rows.into_iter().map(|(_, row)| row).collect();
    Some(section.summed())
}

fn residents(on: &Ground<'_>) -> Option<Section> {
    let people = on.statistics.counts.people.as_ref()?;
    let mut section = Section::new(
        "residents",
        text("居住人员", "Residents"),
        vec![
            Column::of("户籍类型", "Kind", ""),
            Column::of("人数", "People", "人"),
        ],
    );
    section.rows = (people.by_kind.iter())
        .map(|(kind, count)| {
            vec![
                Cell::Label(on.listed("hukou_type", kind)),
                Cell::Count(*count),
            ]
        })
        .collect();
    Some(section.summed())
}

fn permits(on: &Ground<'_>) -> Option<Section> {
    let layer = on.snapshot.layer("permit")?;
    if !on.viewer.may(Action::Count, &layer.layer) {
        return None;
    }
    let floor_area = layer.layer.position("floor_area_m2");
    let mut kinds: BTreeMap<String, (u64, i64)> = BTreeMap::new();
    for at in layer.within(&on.subject.area, Rule::default()) {
        let record = layer.record(at);
        let kind = record
            .get(&layer.layer, "kind")
            .as_text()
            .unwrap_or("未登记");
        let own = kinds.entry(kind.to_owned()).or_default();
        own.0 += 1;
        own.1 += hundredths(record, floor_area);
    }
    let mut section = Section::new(
        "permits",
        text("报建许可", "Building permits"),
        vec![
            Column::of("许可类型", "Kind", ""),
            Column::of("件数", "Permits", "件"),
            Column::of("批准建筑面积", "Floor area", "平方米"),
        ],
    );
    section.rows = (kinds.into_iter())
        .map(|(kind, (count, area))| {
            let label = on.label(&layer.layer, "kind", &kind);
            vec![Cell::Label(label), Cell::Count(count), metres(area)]
        })
        .collect();
    let covered = land::permitted_m2(on);
    Some(section.summed().noted(
        &format!("许可范围覆盖单元 {covered:.2} 平方米"),
        &format!("Permits cover {covered:.2} m² of the unit"),
    ))
}

fn places(on: &Ground<'_>) -> Option<Section> {
    let layer = on.snapshot.layer("place")?;
    if !on.viewer.may(Action::Count, &layer.layer) {
        return None;
    }
    Some(counted(
        on,
        layer,
        "places",
        text("实有单位", "Places of work"),
        "家",
    ))
}

/// How many of a layer lie in the unit, by kind.
fn counted(
    on: &Ground<'_>,
    layer: &LayerSnapshot,
    id: &'static str,
    title: yizhangtu_data::Text,
    unit: &'static str,
) -> Section {
    let mut kinds: BTreeMap<String, u64> = BTreeMap::new();
    let field = if layer.layer.field("kind").is_some() {
        "kind"
    } else {
        "place_kind"
    };
    for at in layer.within(&on.subject.area, Rule::default()) {
        let kind = layer.record(at).get(&layer.layer, field).as_text();
        *kinds
            .entry(kind.unwrap_or("未登记").to_owned())
            .or_default() += 1;
    }
    let mut section = Section::new(
        id,
        title,
        vec![
            Column::of("类别", "Kind", ""),
            Column::of("数量", "Number", unit),
        ],
    );
    section.rows = (kinds.into_iter())
        .map(|(kind, count)| {
            vec![
                Cell::Label(on.label(&layer.layer, field, &kind)),
                Cell::Count(count),
            ]
        })
        .collect();
    section.summed()
}

/// Facilities in the unit, and for those with a service radius how many of its houses they
/// reach, wherever they stand.
fn facilities(on: &Ground<'_>) -> Option<Section> {
    let layer = on.snapshot.layer("facility")?;
    if !on.viewer.may(Action::Count, &layer.layer) {
        return None;
    }
    let inside: HashSet<u32> = layer
        .within(&on.subject.area, Rule::default())
        .into_iter()
        .collect();
    let houses: Vec<Point> = match on.snapshot.layer("building") {
        Some(buildings) if on.statistics.counts.buildings.is_some() => (buildings
            .within(&on.subject.area, Rule::default())
            .into_iter())
        .filter_map(|at| Some(buildings.shape(at)?.representative()))
        .collect(),
        _ => Vec::new(),
    };
    let place = |point: Point| geo::Coord {
        x: point.lon(),
        y: point.lat(),
    };
    let rect = on.subject.area.rect();
    let middle = geo::Coord {
        x: (rect.min.lon() + rect.max.lon()) / 2.0,
        y: (rect.min.lat() + rect.max.lat()) / 2.0,
    };
    let reach = measure::distance_m(middle, place(rect.max));
    let mut kinds: BTreeMap<String, (u64, bool)> = BTreeMap::new();
    let mut served: HashMap<String, HashSet<usize>> = HashMap::new();
    for (at, record) in layer.records() {
        let kind = record
            .get(&layer.layer, "kind")
            .as_text()
            .unwrap_or("未登记");
        if inside.contains(&at) {
            kinds.entry(kind.to_owned()).or_default().0 += 1;
        }
        let radius = record.get(&layer.layer, "service_radius_m").as_decimal();
        let (Some(radius), Some(shape)) = (radius.filter(|own| *own > 0.0), layer.shape(at)) else {
            continue;
        };
        // One that reaches nothing here is told, too: its houses lack it.
        kinds.entry(kind.to_owned()).or_default().1 = true;
        let stands = place(shape.representative());
        if measure::distance_m(stands, middle) > radius + reach {
            continue;
        }
        let reached = served.entry(kind.to_owned()).or_default();
        for (house, point) in houses.iter().enumerate() {
            if !reached.contains(&house) && measure::distance_m(stands, place(*point)) <= radius {
                reached.insert(house);
            }
        }
    }
    let mut section = Section::new(
        "facilities",
        text("设施与服务半径", "Facilities and their reach"),
        vec![
            Column::of("设施类别", "Kind", ""),
            Column::of("单元内", "In the unit", "处"),
            Column::of("服务半径覆盖房屋", "Houses reached", "栋"),
            Column::of("覆盖率", "Share reached", "%"),
        ],
    );
    #[expect(clippy::cast_precision_loss, reason = "counts stay below 2^53")]
    let share = |reached: usize| Cell::Number(100.0 * reached as f64 / houses.len() as f64);
    section.rows = (kinds.into_iter())
        .map(|(kind, (count, serves))| {
            let reached = served.get(&kind).map_or(0, HashSet::len);
            let known = serves && !houses.is_empty();
            vec![
                Cell::Label(on.label(&layer.layer, "kind", &kind)),
                Cell::Count(count),
                if known {
                    Cell::Count(reached as u64)
                } else {
                    Cell::Nothing
                },
                if known { share(reached) } else { Cell::Nothing },
            ]
        })
        .collect();
    Some(section.noted(
        "按设施登记的服务半径与房屋代表点的直线距离计，单元外的设施也计入；没有登记半径的类别不计覆盖",
        "By the registered radius, straight to each house; facilities outside count; kinds without a radius reach nobody",
    ))
}
