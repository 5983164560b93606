//! What serde cannot see of a process: steps that lead nowhere, states that nobody reaches.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    FieldKind, Layer,
    fault::{Fault, Problem},
    inspect::{Inspection, Known},
    load::joined,
    process::{ANY, BACK, Limit, Process, SAME, To, Transition, When},
    source::{
        Source,
        Step::{self, Index, Key},
    },
};
use crate::course::reference;

/// Fields that a log must have beside the reference to its feature.
const LOG: [(&str, FieldKind); 11] = [
    ("step", FieldKind::Text),
    ("from_state", FieldKind::Text),
    ("to_state", FieldKind::Text),
    ("at", FieldKind::DateTime),
    ("actor", FieldKind::Text),
    ("role", FieldKind::Text),
    ("note", FieldKind::Text),
    ("place", FieldKind::Json),
    ("data", FieldKind::Json),
    ("attachments", FieldKind::Json),
    ("machine", FieldKind::Text),
];

pub(super) struct ReadProcess<'a> {
    pub(super) source: Source<'a>,
    pub(super) process: Process,
    /// Whether every state and step could be read.
    pub(super) complete: bool,
    /// Where each state stands among the file's states.
    pub(super) states: Vec<usize>,
    /// Where each step stands among the file's steps.
    pub(super) steps: Vec<usize>,
}

/// A process under inspection.
struct Check<'a, 'f> {
    process: &'a Process,
    layer: &'a Layer,
    layers: &'a BTreeMap<&'a str, &'a Layer>,
    at: Inspection<'a, 'f>,
}

/// Features keep the version that they began with: what it says does not change under them.
pub(super) fn reworded(read: &ReadProcess<'_>, faults: &mut Vec<Fault>) {
    let mut at = Inspection {
        source: &read.source,
        faults,
    };
    at.fault(
        &[Key("version")],
        Problem::SameVersion(read.process.version.clone()),
    );
}

pub(super) fn process(
    read: &ReadProcess<'_>,
    layers: &BTreeMap<&str, &Layer>,
    calendars: &BTreeSet<&str>,
    known: &Known<'_>,
    faults: &mut Vec<Fault>,
) {
    let process = &read.process;
    let mut at = Inspection {
        source: &read.source,
        faults,
    };
    let stem = at.source.stem().to_owned();
    let (name, version) = stem.split_once('@').unwrap_or((&stem, &process.version));
    if name != process.layer || version != process.version {
        let id = format!("{}@{}", process.layer, process.version);
        at.fault(&[Key("layer")], Problem::IdIsNotFileName { id, stem });
    }
    at.text(&[Key("title")], &process.title);
    if !calendars.contains(process.calendar.as_str()) {
        at.fault(
            &[Key("calendar")],
            Problem::NoCalendar(process.calendar.clone()),
        );
    }
    let Some(layer) = layers.get(process.layer.as_str()) else {
        at.fault(&[Key("layer")], Problem::NoLayer(process.layer.clone()));
        return;
    };
    log(process, layers, &mut at);
    let mut check = Check {
        process,
        layer,
        layers,
        at,
    };
    check.head(known);
    if !read.complete {
        return;
    }
    check.states(read);
    check.steps(read);
}

fn log(process: &Process, layers: &BTreeMap<&str, &Layer>, at: &mut Inspection<'_, '_>) {
    let Some(log) = layers.get(process.log.as_str()) else {
        at.fault(&[Key("log")], Problem::NoLayer(process.log.clone()));
        return;
    };
    if !log.append_only {
        at.fault(&[Key("log")], Problem::LogIsEdited(process.log.clone()));
    }
    let lacks =
        |(name, kind): &&(&str, FieldKind)| log.field(name).is_none_or(|field| field.kind != *kind);
    let refers = (log.fields.iter()).any(|field| {
        field.kind == FieldKind::Text && field.reference.as_deref() == Some(&process.layer)
    });
    let missing = LOG.iter().find(lacks).map(|(name, _)| *name);
    if let Some(name) = missing.or((!refers).then_some("reference")) {
        let problem = Problem::LogLacks {
            log: process.log.clone(),
            field: name.to_owned(),
        };
        at.fault(&[Key("log")], problem);
    }
}

impl<'a> Check<'a, '_> {
    fn head(&mut self, known: &Known<'_>) {
        let process = self.process;
        match self.layer.field(&process.state) {
            Some(field) if field.workflow && field.code_list.is_some() => {}
            Some(_) => {
                let problem = Problem::StateIsNoWorkflow(process.state.clone());
                self.at.fault(&[Key("state")], problem);
            }
            None => self.no_field(&[Key("state")], &process.state),
        }
        if process.initial.is_empty() {
            self.at
                .fault(&[Key("initial")], Problem::EmptyList("initial"));
        }
        for (index, code) in process.initial.iter().enumerate() {
            self.state(&[Key("initial"), Index(index)], code);
        }
        if let Some(duplicates) = &process.duplicates {
            self.field(&[Key("duplicates"), Key("time")], &duplicates.time);
            for (index, name) in duplicates.same.iter().enumerate() {
                self.field(&[Key("duplicates"), Key("same"), Index(index)], name);
            }
        }
        if let Some(closing) = &process.closing {
            for (key, name) in [
                ("period", &closing.period),
                ("accepted", &closing.accepted),
                ("closed", &closing.closed),
                ("deadline", &closing.deadline),
            ] {
                self.field(&[Key("closing"), Key(key)], name);
            }
            for (key, step) in closing.steps.all() {
                self.known_step(&[Key("closing"), Key("steps"), Key(key)], step);
            }
        }
        let list = (self.layer.field(&process.state))
            .and_then(|field| known.read_lists.get(field.code_list.as_deref()?));
        for (index, state) in process.states.iter().enumerate() {
            if let Some(list) = list
                && list.get(&state.code).is_none()
            {
                let problem = Problem::NoCode {
                    list: list.id.clone(),
                    code: state.code.clone(),
                };
                self.at
                    .fault(&[Key("states"), Index(index), Key("code")], problem);
            }
        }
    }

    fn states(&mut self, read: &ReadProcess<'_>) {
        let mut seen = BTreeMap::new();
        for (state, &index) in self.process.states.iter().zip(&read.states) {
            let place = [Key("states"), Index(index), Key("code")];
            let line = self.at.source.line(&place);
            if let Some(first) = seen.insert(state.code.as_str(), line) {
                let problem = Problem::Duplicate(state.code.clone(), first);
                self.at.fault(&place, problem);
            }
            let steps = [Key("states"), Index(index), Key("limits")];
            self.limits(&steps, &state.limits);
            for (at, name) in state.locks.iter().enumerate() {
                if name != "geometry" {
                    self.field(
                        &[Key("states"), Index(index), Key("locks"), Index(at)],
                        name,
                    );
                }
            }
            let initial = self.process.initial.contains(&state.code);
            let entered =
                initial || (self.process.transitions.iter()).any(|step| step.to == state.code);
            if !entered {
                self.at
                    .fault(&place, Problem::Unreached(state.code.clone()));
            }
            let left = (self.process.transitions.iter())
                .any(|step| self.process.leads_from(step, &state.code) && step.to != SAME);
            if !left && !state.ends {
                self.at.fault(&place, Problem::NoWayOut(state.code.clone()));
            }
        }
    }

    fn steps(&mut self, read: &ReadProcess<'_>) {
        let mut seen = BTreeMap::new();
        for (step, &index) in self.process.transitions.iter().zip(&read.steps) {
            let place = [Key("transitions"), Index(index), Key("id")];
            self.at.identifier(&place, &step.id);
            let line = self.at.source.line(&place);
            if let Some(first) = seen.insert(step.id.as_str(), line) {
                self.at
                    .fault(&place, Problem::Duplicate(step.id.clone(), first));
            }
            self.step(step, index);
        }
    }

    fn step(&mut self, step: &Transition, index: usize) {
        let place = |key| [Key("transitions"), Index(index), Key(key)];
        let deeper = |key, at| [Key("transitions"), Index(index), Key(key), Index(at)];
        self.at.text(&place("title"), &step.title);
        for (key, codes) in [("from", &step.from), ("except", &step.except)] {
            for (at, code) in codes.iter().enumerate() {
                if code != ANY {
                    self.state(&deeper(key, at), code);
                }
            }
        }
        if ![SAME, BACK].contains(&step.to.as_str()) {
            self.state(&place("to"), &step.to);
        }
        if step.roles.is_empty() && !step.auto {
            self.at.fault(&place("roles"), Problem::EmptyList("roles"));
        }
        let timed = |code: &String| {
            self.process
                .state(code)
                .is_some_and(|state| !state.limits.is_empty())
        };
        if step.auto && !step.from.iter().any(timed) {
            self.at
                .fault(&place("auto"), Problem::NoLimit(step.id.clone()));
        }
        for (at, ask) in step.fields.iter().enumerate() {
            let own = self.layer.field(&ask.name);
            if own.is_none() && (ask.label.is_none() || ask.kind.is_none()) {
                self.no_field(&deeper("fields", at), &ask.name);
            }
            if ask.adds && own.is_none_or(|field| field.kind != FieldKind::Decimal) {
                let problem = Problem::WrongKind {
                    key: "adds",
                    zh: "小数",
                    en: "decimal",
                };
                self.at.fault(&deeper("fields", at), problem);
            }
        }
        for (at, kinds) in step.documents.iter().enumerate() {
            if kinds.any.is_empty() {
                self.at
                    .fault(&deeper("documents", at), Problem::EmptyList("any"));
            }
        }
        for (at, gate) in step.figures.iter().enumerate() {
            self.at.text(&deeper("figures", at), &gate.title);
            if gate.at_least.is_some() == gate.at_most.is_some() {
                self.at
                    .fault(&deeper("figures", at), Problem::GateWithoutTest);
            }
            if let Some(name) = &gate.unless
                && !step.fields.iter().any(|ask| ask.name == *name)
            {
                self.no_field(&deeper("figures", at), name);
            }
        }
        if let Some(officers) = &step.officers {
            self.field(&place("officers"), &officers.field);
        }
        for (key, ids) in [
            ("other_than", &step.other_than),
            ("after", &step.after),
            ("once", &step.once),
        ] {
            for (at, id) in ids.iter().enumerate() {
                self.known_step(&deeper(key, at), id);
            }
        }
        if let Some(at_most) = &step.at_most {
            self.known_step(&place("at_most"), &at_most.step);
        }
        for id in step.within.iter().flat_map(|within| &within.steps) {
            self.known_step(&place("within"), id);
        }
        self.conditions(&place("when"), &step.when);
        for (at, group) in step.holds.iter().enumerate() {
            for name in group {
                self.field(&deeper("holds", at), name);
            }
        }
        for (at, wait) in step.waits.iter().enumerate() {
            self.told(&deeper("waits", at), &wait.since);
            self.limits(&deeper("waits", at), &wait.limits);
            if wait
                .limits
                .last()
                .is_none_or(|limit| !limit.when.is_empty())
            {
                self.at.fault(&deeper("waits", at), Problem::WaitMayLack);
            }
        }
        for (at, set) in step.sets.iter().enumerate() {
            self.field(&deeper("sets", at), &set.field);
            self.conditions(&deeper("sets", at), &set.when);
            if set.to == To::Serial && set.serial.is_none() {
                let missing = Problem::EmptyText("serial".to_owned());
                self.at.fault(&deeper("sets", at), missing);
            }
        }
        if let Some(opens) = &step.opens {
            if !step.fields.iter().any(|ask| ask.name == opens.answer) {
                self.no_field(&place("opens"), &opens.answer);
            }
            for name in opens.copies.iter().chain(&opens.today).chain([&opens.link]) {
                self.field(&place("opens"), name);
            }
        }
        if let Some(id) = &step.puts_in_force {
            self.known_step(&place("puts_in_force"), id);
        }
        self.tables(step, index);
        if let Some(name) = &step.extends
            && !step.fields.iter().any(|ask| ask.name == *name)
        {
            self.no_field(&place("extends"), name);
        }
    }

    /// What a step writes elsewhere, and what goes over to another feature.
    fn tables(&mut self, step: &Transition, index: usize) {
        let place = |key| [Key("transitions"), Index(index), Key(key)];
        for name in step.fields.iter().filter_map(|ask| ask.one_of.as_ref()) {
            self.field(&place("fields"), name);
        }
        if let Some(writes) = &step.writes {
            let Some(table) = self.table(&place("writes"), &writes.layer) else {
                return;
            };
            if !table.append_only {
                let problem = Problem::LogIsEdited(writes.layer.clone());
                self.at.fault(&place("writes"), problem);
            }
            let own = ["act", "about", "officer", "at"];
            let named = writes.fields.keys().chain(writes.sums.values());
            let named = named.chain(&writes.shape);
            for name in own.into_iter().chain(named.map(String::as_str)) {
                if table.field(name).is_none() {
                    let known = joined(table.fields.iter().map(|field| field.name.as_str()));
                    let name = name.to_owned();
                    self.at
                        .fault(&place("writes"), Problem::NoField { name, known });
                }
            }
            for name in writes.fields.values().chain([&writes.about]) {
                if !step.fields.iter().any(|ask| ask.name == *name) {
                    self.no_field(&place("writes"), name);
                }
            }
            if writes.shape.is_some() && !step.geometry {
                self.no_field(&place("writes"), "geometry");
            }
            for name in writes.sums.keys().chain(&writes.counts) {
                self.field(&place("writes"), name);
            }
        }
        if let Some(carries) = &step.carries {
            for name in carries.lists.iter().chain([&carries.into]) {
                self.field(&place("carries"), name);
            }
            for name in &carries.tables {
                self.table(&place("carries"), name);
            }
        }
    }

    /// A table whose rows refer to the features of the process.
    fn table(&mut self, steps: &[Step<'_>], name: &str) -> Option<&'a Layer> {
        let Some(table) = self.layers.get(name).copied() else {
            self.at.fault(steps, Problem::NoLayer(name.to_owned()));
            return None;
        };
        if reference(table, &self.layer.id).is_none() {
            let problem = Problem::LogLacks {
                log: name.to_owned(),
                field: "reference".to_owned(),
            };
            self.at.fault(steps, problem);
        }
        Some(table)
    }

    fn limits(&mut self, steps: &[Step<'_>], limits: &[Limit]) {
        for limit in limits {
            let lengths = [
                limit.hours.is_some(),
                limit.days.is_some(),
                limit.months.is_some(),
            ];
            if lengths.iter().filter(|given| **given).count() != 1 {
                self.at.fault(steps, Problem::LimitWithoutLength);
            }
            self.conditions(steps, &limit.when);
        }
    }

    fn conditions(&mut self, steps: &[Step<'_>], conditions: &[When]) {
        for condition in conditions {
            if condition.field.contains('.') {
                self.told(steps, &condition.field);
            } else {
                self.field(steps, &condition.field);
            }
            let given = [
                !condition.is.is_empty(),
                !condition.not.is_empty(),
                condition.filled.is_some(),
                condition.above.is_some(),
                condition.at_most.is_some(),
            ];
            if given.iter().filter(|given| **given).count() != 1 {
                self.at.fault(steps, Problem::ConditionWithoutTest);
            }
        }
    }

    /// `step` or `step.answer`.
    fn told(&mut self, steps: &[Step<'_>], name: &str) {
        let (id, answer) = match name.split_once('.') {
            Some((id, answer)) => (id, Some(answer)),
            None => (name, None),
        };
        let Some(step) = self.process.transition(id) else {
            self.known_step(steps, id);
            return;
        };
        if let Some(answer) = answer
            && !step.fields.iter().any(|ask| ask.name == answer)
        {
            let problem = Problem::NoField {
                name: answer.to_owned(),
                known: joined(step.fields.iter().map(|ask| ask.name.as_str())),
            };
            self.at.fault(steps, problem);
        }
    }

    fn known_step(&mut self, steps: &[Step<'_>], id: &str) {
        if self.process.transition(id).is_none() {
            let problem = Problem::NoStep {
                name: id.to_owned(),
                known: joined(self.process.transitions.iter().map(|step| step.id.as_str())),
            };
            self.at.fault(steps, problem);
        }
    }

    fn state(&mut self, steps: &[Step<'_>], code: &str) {
        if self.process.state(code).is_none() {
            let problem = Problem::NoState {
                name: code.to_owned(),
                known: joined(self.process.states.iter().map(|state| state.code.as_str())),
            };
            self.at.fault(steps, problem);
        }
    }

    fn field(&mut self, steps: &[Step<'_>], name: &str) {
        if self.layer.field(name).is_none() {
            self.no_field(steps, name);
        }
    }

    fn no_field(&mut self, steps: &[Step<'_>], name: &str) {
        let problem = Problem::NoField {
            name: name.to_owned(),
            known: joined(self.layer.fields.iter().map(|field| field.name.as_str())),
        };
        self.at.fault(steps, problem);
    }
}
