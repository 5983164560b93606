//! Grid events with their course in time, and disputes.

use chrono::Days;
use geo::{Geometry, Point};

use super::{
    Writer,
    courses::{self, EventTimes},
    facilities::street_corner,
    instant,
    territories::leader,
};
use crate::demo::{dice::Dice, made::Made};

/// Types with titles and the hours that they may take.
const TYPES: [(&str, &[&str], i64); 14] = [
    (
        "消防通道堵塞",
        &["杂物堵塞消防通道", "车辆占用消防通道"],
        24,
    ),
    ("电动车违规充电", &["电动车楼道内充电", "飞线充电"], 12),
    ("消防设施损坏", &["灭火器过期", "消防栓无水"], 72),
    ("用火用电隐患", &["私拉电线", "线路老化"], 48),
    ("六乱", &["乱堆放", "乱张贴", "乱拉挂"], 48),
    ("垃圾堆积", &["垃圾堆积未清", "建筑垃圾偷倒"], 24),
    ("乱摆卖", &["占道经营", "流动摊贩"], 12),
    ("污水外溢", &["污水井外溢", "管道堵塞"], 48),
    ("道路破损", &["路面破损", "井盖周边下沉"], 120),
    ("路灯故障", &["路灯不亮"], 72),
    ("出租屋管理", &["出租屋未登记", "人员信息未更新"], 72),
    ("矛盾纠纷", &["租赁纠纷", "邻里噪音"], 120),
    ("违法建设线索", &["疑似加建", "疑似占地搭建"], 48),
    ("公共卫生", &["积水孳生蚊虫", "病媒消杀"], 48),
];

/// Events: closed ones, and exactly as many open as the report leaves.
pub(super) fn events(made: &Made, writer: &mut Writer<'_>) {
    let spec = &made.spec;
    for (at, open) in open_events(made).into_iter().enumerate() {
        let course = course(made, at, open);
        let times = &course.times;
        let mut dice = Dice::new(made.seed, "event", at as u64);
        let (kind, titles, hours) = course.of;
        let house = dice.chance(0.55).then(|| dice.below(made.buildings.len()));
        let corner = street_corner(made, &mut dice);
        let place = match house {
            Some(house) => made.buildings[house].place,
            None => corner.unwrap_or(made.buildings[0].place),
        };
        writer.add(Some(Geometry::Point(place)), |row| {
            row.set("code", format!("{}E{:06}", spec.code, at + 1))
                .set("type", kind)
                .set("title", dice.pick(titles))
                .set(
                    "place",
                    house.map_or_else(|| spec.name.clone(), |house| made.short_address(house)),
                )
                .set(
                    "source",
                    dice.weighted(&[
                        ("网格员", 62),
                        ("志愿者", 14),
                        ("群众", 12),
                        ("12345", 6),
                        ("视频", 6),
                    ]),
                )
                .set("state", course.state)
                .set("level", LEVELS[times.climbs])
                .set("scale", dice.weighted(&[("小", 80), ("中", 17), ("大", 3)]))
                .set(
                    "urgency",
                    dice.weighted(&[("一般", 84), ("紧急", 14), ("特急", 2)]),
                )
                .set(
                    "department",
                    dice.pick(&["综治中心", "环卫站", "出租屋管理服务站", "安全生产办"]),
                )
                .set("reporter", leader(&mut dice))
                .instant(
                    "happened_at",
                    times.reported - chrono::TimeDelta::minutes(dice.whole(1, 90)),
                )
                .instant("reported_at", times.reported)
                .instant(
                    "accepted_at",
                    if times.own {
                        times.closed
                    } else {
                        times.accepted
                    },
                );
            if !times.own {
                let started = times.started();
                row.instant("deadline", started + chrono::TimeDelta::hours(hours));
            }
            if let Some(house) = house {
                row.link("building", &made.id("building", house));
            }
            if !open {
                row.instant("closed_at", times.closed)
                    .set(
                        "result",
                        if times.own {
                            "现场处置完毕，自办自结"
                        } else {
                            "已处置，核查通过"
                        },
                    )
                    .set(
                        "satisfaction",
                        dice.weighted(&[(5i64, 60), (4, 30), (3, 8), (2, 2)]),
                    );
            }
        });
    }
}

/// The levels that an event climbs.
const LEVELS: [&str; 3] = ["网格", "村居", "镇街"];

/// Which events are open.
fn open_events(made: &Made) -> Vec<bool> {
    let spec = &made.spec;
    let order = Dice::new(made.seed, "open events", 0).order(spec.events);
    let mut open = vec![false; spec.events];
    for &at in order.iter().take(spec.open_events) {
        open[at] = true;
    }
    open
}

/// What an event is about, and how it went.
struct Course {
    of: (&'static str, &'static [&'static str], i64),
    state: &'static str,
    times: EventTimes,
}

/// The course of the event of a number.
fn course(made: &Made, at: usize, open: bool) -> Course {
    let mut dice = Dice::new(made.seed, "event course", at as u64);
    let of = dice.pick(&TYPES);
    let days = if open {
        dice.whole(2, 3)
    } else {
        dice.whole(4, 330)
    };
    let reported = instant(made.ago(days), dice.whole(7 * 60, 21 * 60));
    let accepted = reported + chrono::TimeDelta::minutes(dice.whole(3, 110));
    let took = (of.2 as f64 * 60.0 * dice.between(0.1, 0.9)) as i64;
    // Two days at least before the day that the data stand for, so that it could be filed.
    let closed = accepted + chrono::TimeDelta::minutes(took.min((days - 2).max(1) * 1440 - 200));
    let own = !open && dice.chance(0.4);
    let climbs = dice.weighted(&[(0usize, 62), (1, 30), (2, 8)]);
    // Nothing there moves on by the clock: the demonstration stays as it was made.
    let state = if open {
        if made.spec.open_events > 1 && at.is_multiple_of(3) {
            "51"
        } else {
            "60"
        }
    } else {
        dice.weighted(&[("80", 78), ("90", 22)])
    };
    Course {
        of,
        state,
        times: EventTimes {
            reported,
            accepted,
            closed,
            own,
            climbs: if own { 0 } else { climbs },
        },
    }
}

/// What was done with each event.
pub(super) fn event_logs(made: &Made, writer: &mut Writer<'_>) {
    for (at, open) in open_events(made).into_iter().enumerate() {
        let course = course(made, at, open);
        courses::of_event(course.state, &course.times).write(writer, "grid_event", at);
    }
}

/// Disputes that were mediated.
pub(super) fn disputes(made: &Made, writer: &mut Writer<'_>) {
    for at in 0..made.spec.disputes {
        let mut dice = Dice::new(made.seed, "dispute", at as u64);
        let house = dice.below(made.buildings.len());
        let kind = dice.weighted(&[
            ("租赁", 36),
            ("邻里", 24),
            ("劳资", 14),
            ("婚姻家庭", 10),
            ("收益分配", 8),
            ("合同", 8),
        ]);
        let days = dice.whole(40, 600);
        let accepted = made.ago(days);
        let place: Point<f64> = made.buildings[house].place;
        writer.add(Some(Geometry::Point(place)), |row| {
            row.set("code", format!("{}TJ{:04}", made.spec.code, at + 1))
                .set("title", format!("{kind}纠纷"))
                .set("kind", kind)
                .set("mediator", leader(&mut dice))
                .set("accepted_on", accepted)
                .set("closed_on", accepted + Days::new(dice.whole(1, 35) as u64))
                .set(
                    "result",
                    dice.weighted(&[("调解成功", 97), ("引导诉讼", 3)]),
                )
                .link("building", &made.id("building", house));
        });
    }
}
