//! The logs of the demonstration are such as its processes would have written.

use std::collections::BTreeMap;

use super::whole::Demo;
use crate::{
    catalog::process::{ANY, Transition},
    course::{BEGIN, Course, Taken, reference},
};

impl Demo {
    /// Every step of every log of a layer was one that its process had, taken by one who may,
    /// when it might be; and each feature is in the state that its log ends in.
    pub(super) fn assert_courses(&self, layer: &str) {
        let process = self.catalog.process(layer).unwrap();
        let calendar = &self.catalog.calendars[&process.calendar];
        let (description, log) = (self.layer(layer), self.layer(&process.log));
        let of = reference(log, layer).unwrap();
        let mut logs: BTreeMap<&str, Vec<Taken>> = BTreeMap::new();
        for row in self.all(&process.log) {
            let feature = row.get(log, of).as_text().unwrap();
            logs.entry(feature)
                .or_default()
                .push(Taken::read(log, row).unwrap());
        }
        for record in self.all(layer) {
            let taken = &logs[&*record.id];
            assert_eq!(taken[0].step, BEGIN);
            assert!(process.initial.contains(&taken[0].to), "{}", record.id);
            let mut course = Course::of(process, taken[..1].to_vec(), "", taken[0].at);
            for step in &taken[1..] {
                let what = format!("{} {} {}→{}", record.id, step.step, step.from, step.to);
                let known = process.transition(&step.step).unwrap();
                assert_eq!(course.state, step.from, "{what}");
                assert!(process.leads_from(known, &step.from), "{what}");
                assert_eq!(course.target(&known.to), Some(step.to.as_str()), "{what}");
                assert!(known.roles.contains(&step.role), "{what}: {}", step.role);
                assert!(
                    course.taken.last().unwrap().at < step.at,
                    "{what}: {}",
                    step.at
                );
                assert_demands(&course, known, step, &what);
                for wait in &known.waits {
                    let until = course.waits_until(calendar, wait, description, record);
                    assert!(until.unwrap() < step.at, "{what}: {until:?} {}", step.at);
                }
                course.take(step.clone());
            }
            let state = record.get(description, &process.state).as_text();
            assert_eq!(state, Some(course.state.as_str()), "{}", record.id);
        }
        assert_eq!(logs.len(), self.all(layer).len(), "no log is of nobody");
    }
}

fn assert_demands(course: &Course<'_>, known: &Transition, step: &Taken, what: &str) {
    for other in &known.other_than {
        let last = course.last(other);
        assert!(
            last.is_none_or(|last| last.actor != step.actor),
            "{what}: own step"
        );
    }
    for before in &known.after {
        assert!(course.taken_here(before), "{what}: no {before}");
    }
    for before in &known.once {
        assert!(course.last(before).is_some(), "{what}: no {before}");
    }
    for ask in known
        .fields
        .iter()
        .filter(|ask| ask.required && ask.label.is_some())
    {
        assert!(step.data.contains_key(&ask.name), "{what}: no {}", ask.name);
    }
    assert!(known.from.iter().all(|from| from != ANY), "{what}");
}
