//! What stands against a step whatever is handed in with it.

use chrono::TimeDelta;
use yizhangtu_data::{
    Record, Text,
    catalog::process::{To, When},
};

use super::{Demands, Unmet, next_code};

impl Demands<'_> {
    /// What stands against the step whatever is handed in.
    pub(in crate::process) fn standing(&self, actor: &str, record: &Record) -> Vec<Unmet> {
        let mut unmet = Vec::new();
        if !self
            .course
            .process
            .leads_from(self.step, &self.course.state)
        {
            unmet.push(Unmet::of(
                "state",
                &self.course.process.state,
                "当前状态下没有这一步",
                "is no step from the present state",
            ));
        }
        if self.course.target(&self.step.to).is_none() {
            unmet.push(Unmet::of(
                "state",
                "",
                "没有可以回到的状态",
                "there is no state to go back to",
            ));
        }
        for other in &self.step.other_than {
            if self
                .course
                .last(other)
                .is_some_and(|last| last.actor == actor)
            {
                let title = self.title(other);
                unmet.push(Unmet::of(
                    "other_person",
                    "",
                    format!("“{}”是您办理的，这一步须由另一人办理", title.zh),
                    format!(
                        "you took “{}”; another person must take this step",
                        title.en
                    ),
                ));
                break;
            }
        }
        for (steps, here) in [(&self.step.after, true), (&self.step.once, false)] {
            for before in steps {
                let done = if here {
                    self.course.taken_here(before)
                } else {
                    self.course.last(before).is_some()
                };
                if !done {
                    let title = self.title(before);
                    unmet.push(Unmet::of(
                        "after",
                        "",
                        format!("须先办理“{}”", title.zh),
                        format!("“{}” comes first", title.en),
                    ));
                }
            }
        }
        if let Some(at_most) = &self.step.at_most
            && self.course.times(&at_most.step) >= at_most.times
        {
            unmet.push(Unmet::of(
                "at_most",
                "",
                format!("已办理 {} 次，不能再办，请报上级裁定", at_most.times),
                format!(
                    "was taken {} times; let the level above decide",
                    at_most.times
                ),
            ));
        }
        if let Some(within) = &self.step.within {
            let last = (within.steps.iter())
                .filter_map(|step| self.course.last(step))
                .map(|taken| taken.at)
                .max();
            if last.is_some_and(|last| self.now - last > TimeDelta::days(within.days.into())) {
                unmet.push(Unmet::of(
                    "within",
                    "",
                    format!("已超过 {} 天", within.days),
                    format!("more than {} days have passed", within.days),
                ));
            }
        }
        unmet.extend(self.waits(record));
        let gates = (self.step.figures.iter()).filter(|gate| gate.unless.is_none());
        unmet.extend(gates.filter_map(|gate| self.gate(gate)));
        // What is filled in may still make a condition true.
        let fixed = |when: &&When| !self.asks(&when.field);
        unmet.extend(
            (self.step.when.iter().filter(fixed)).filter_map(|when| self.condition(when, record)),
        );
        for group in &self.step.holds {
            let may = |name: &String| name == "photos" || self.asks(name);
            if !group.iter().any(may) {
                unmet.extend(self.held(group, record, 0));
            }
        }
        let next = self.step.sets.iter().find(|set| set.to == To::Next);
        if let Some(set) = next
            && next_code(self.catalog, self.layer, &set.field, record).is_none()
        {
            unmet.push(Unmet::of(
                "level",
                &set.field,
                "已是最高层级",
                "is at the highest level",
            ));
        }
        unmet
    }

    /// Times that have not passed yet.
    fn waits(&self, record: &Record) -> Vec<Unmet> {
        let waits = self.step.waits.iter();
        waits
            .filter_map(|wait| {
                let until = self
                    .course
                    .waits_until(self.calendar, wait, self.layer, record);
                let Text { zh, en } = &wait.title;
                match until {
                    Some(until) if until < self.now => None,
                    Some(until) => {
                        let day = until.format("%Y-%m-%d");
                        Some(Unmet::of(
                            "wait",
                            "",
                            format!("{zh}到 {day} 届满，此前不能办理"),
                            format!("{en} lasts until {day}; nobody skips it"),
                        ))
                    }
                    None => Some(Unmet::of(
                        "wait",
                        "",
                        format!("{zh}尚未开始"),
                        format!("{en} has not begun"),
                    )),
                }
            })
            .collect()
    }
}
