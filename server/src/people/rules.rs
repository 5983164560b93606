//! Rules of the registers that need more than one record: dates in order, nobody twice in one
//! room, one record an identity number.

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
};
use yizhangtu_data::clock;

use chrono::NaiveDate;
use yizhangtu_data::{
    ChangeSet, Id, Layer, Operation, Record, Value,
    store::{GeoPackage, StoreError},
};

use crate::changes::Fault;

/// What a set does to the registers, to be checked against what the file holds.
pub(crate) struct Registers<'a> {
    store: &'a GeoPackage,
    set: &'a ChangeSet,
    /// The places of the changes in the request.
    origin: &'a [usize],
    today: NaiveDate,
    /// What the set leaves of the residences, persons and rooms that it touches.
    left: HashMap<(&'a str, &'a str), Option<&'a Record>>,
}

impl<'a> Registers<'a> {
    /// Prepares a set that was checked against the catalog.
    pub(crate) fn new(
        store: &'a GeoPackage,
        set: &'a ChangeSet,
        origin: &'a [usize],
        today: NaiveDate,
    ) -> Self {
        let left = (set.changes.iter())
            .map(|change| {
                (
                    (&*change.layer, &**change.operation.id()),
                    change.operation.record(),
                )
            })
            .collect();
        Self {
            store,
            set,
            origin,
            today,
            left,
        }
    }

    /// Everything that the rules of the registers refuse.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub(crate) fn check(&self) -> Result<Vec<Fault>, StoreError> {
        let mut faults = Vec::new();
        for (place, change) in self.set.changes.iter().enumerate() {
            let Some(layer) = self.store.layer(&change.layer) else {
                continue;
            };
            // What the set itself changes again is judged as it is left.
            let Some(record) = change.operation.record() else {
                continue;
            };
            if self.left.get(&(&*change.layer, &*record.id)) != Some(&Some(record)) {
                continue;
            }
            let base = match &change.operation {
                Operation::Update(_) => self.store.get(&layer.id, &record.id)?,
                _ => None,
            };
            let one = One {
                layer,
                record,
                base: base.as_ref(),
                change: self.origin.get(place).copied(),
            };
            match layer.id.as_str() {
                "residence" => self.residence(&one, &mut faults)?,
                "person" => self.person(&one, &mut faults)?,
                "visit" => self.visit(&one, &mut faults),
                _ => {}
            }
        }
        Ok(faults)
    }

    fn residence(&self, one: &One<'_>, faults: &mut Vec<Fault>) -> Result<(), StoreError> {
        for name in ["moved_in", "moved_out", "verified_on"] {
            if one.date(name).is_some_and(|day| day > self.today) && one.changes(name) {
                faults.push(one.fault(name, "future", "日期晚于今天", "lies in the future"));
            }
        }
        let (moved_in, moved_out) = (one.date("moved_in"), one.date("moved_out"));
        if let (Some(from), Some(to)) = (moved_in, moved_out)
            && to < from
            && (one.changes("moved_in") || one.changes("moved_out"))
        {
            faults.push(one.fault(
                "moved_out",
                "order",
                &format!("迁出日期 {to} 早于迁入日期 {from}"),
                &format!("the day of leaving {to} is before that of moving in {from}"),
            ));
        }
        let (room, building) = (one.text("room"), one.text("building"));
        if room.is_none() && building.is_none() {
            faults.push(one.fault(
                "building",
                "required",
                "请填写套间或建筑物",
                "give a room or a building",
            ));
        }
        if (one.changes("room") || one.changes("building"))
            && let (Some(room), Some(building)) = (room, building)
            && let Some(of) = self.building_of(room)?
            && *of != *building
        {
            faults.push(one.fault(
                "room",
                "other_building",
                "套间不在这栋建筑物里",
                "the room is not in this building",
            ));
        }
        if moved_out.is_none()
            && ["person", "room", "building", "moved_out"]
                .iter()
                .any(|name| one.changes(name))
        {
            self.nobody_twice(one, faults)?;
        }
        Ok(())
    }

    /// Refuses a second open residence of one person in one room.
    fn nobody_twice(&self, one: &One<'_>, faults: &mut Vec<Fault>) -> Result<(), StoreError> {
        let Some(person) = one.text("person") else {
            return Ok(());
        };
        let place = |record: &Record| {
            let text = |name| record.get(one.layer, name).as_text().map(str::to_owned);
            // A residence of a room is told apart by the room, whatever building it names.
            text("room").map_or_else(|| (None, text("building")), |room| (Some(room), None))
        };
        let here = place(one.record);
        let open_here = |record: &Record| {
            record.id != one.record.id
                && record.get(one.layer, "moved_out").is_null()
                && record.get(one.layer, "person").as_text() == Some(person)
                && place(record) == here
        };
        let stored = self
            .store
            .find("residence", "person", &Value::from(person))?;
        let stands = (stored.iter())
            .filter(|record| !self.left.contains_key(&("residence", &*record.id)))
            .any(open_here);
        let comes = (self.left.iter())
            .filter(|((layer, _), _)| *layer == "residence")
            .filter_map(|(_, record)| *record)
            .any(open_here);
        if stands || comes {
            faults.push(one.fault(
                "person",
                "twice",
                "此人已登记住在这里，请先办理迁出或更正原记录",
                "this person is registered here already; register the leaving first, or correct that record",
            ));
        }
        Ok(())
    }

    fn building_of(&self, room: &str) -> Result<Option<Arc<str>>, StoreError> {
        let Some(layer) = self.store.layer("room") else {
            return Ok(None);
        };
        let of = |record: &Record| record.get(layer, "building").as_text().map(Arc::from);
        match self.left.get(&("room", room)) {
            Some(left) => Ok(left.and_then(of)),
            None => Ok(self.store.get("room", room)?.as_ref().and_then(of)),
        }
    }

    fn person(&self, one: &One<'_>, faults: &mut Vec<Fault>) -> Result<(), StoreError> {
        let birth = one.date("birth");
        if birth.is_some_and(|day| day > self.today) && one.changes("birth") {
            faults.push(one.fault("birth", "future", "出生日期晚于今天", "lies in the future"));
        }
        if !(one.changes("id_number") || one.changes("birth")) {
            return Ok(());
        }
        let Some(number) = one.text("id_number") else {
            return Ok(());
        };
        if let (Some(birth), Some(told)) = (birth, birth_in(number, one.text("id_type")))
            && birth != told
        {
            faults.push(one.fault(
                "birth",
                "id_number",
                "出生日期与证件号码不一致",
                "differs from the birth in the identity number",
            ));
        }
        if one.changes("id_number") && self.is_held(number, &one.record.id)? {
            faults.push(one.fault(
                "id_number",
                "held",
                "这个证件号码已有登记，请查找此人办理迁入，不要重复建档",
                "is registered already; find that person and move them in, rather than make a second record",
            ));
        }
        Ok(())
    }

    /// Whether another person has an identity number.
    fn is_held(&self, number: &str, id: &Id) -> Result<bool, StoreError> {
        let Some(layer) = self.store.layer("person") else {
            return Ok(false);
        };
        let others = self
            .store
            .find("person", "id_number", &Value::from(number))?;
        let left: HashSet<&str> = (self.left.keys())
            .filter(|(layer, _)| *layer == "person")
            .map(|(_, id)| *id)
            .collect();
        let stands = others
            .iter()
            .any(|other| other.id != *id && !left.contains(&*other.id));
        let comes = (self.left.iter())
            .filter(|((layer, _), _)| *layer == "person")
            .filter_map(|(_, record)| *record)
            .any(|other| {
                other.id != *id && other.get(layer, "id_number").as_text() == Some(number)
            });
        Ok(stands || comes)
    }

    fn visit(&self, one: &One<'_>, faults: &mut Vec<Fault>) {
        let at = match one.record.get(one.layer, "visited_at") {
            Value::DateTime(at) => at.with_timezone(&clock::CHINA).date_naive(),
            _ => return,
        };
        if at > self.today && one.changes("visited_at") {
            faults.push(one.fault(
                "visited_at",
                "future",
                "走访时间晚于今天",
                "lies in the future",
            ));
        }
        if one.text("building").is_none() && one.text("place").is_none() {
            faults.push(one.fault(
                "building",
                "required",
                "请填写走访的建筑物或场所",
                "give the building or place that was visited",
            ));
        }
    }
}

/// One record of a set.
struct One<'a> {
    layer: &'a Layer,
    record: &'a Record,
    base: Option<&'a Record>,
    change: Option<usize>,
}

impl One<'_> {
    fn text(&self, name: &str) -> Option<&str> {
        self.record
            .get(self.layer, name)
            .as_text()
            .filter(|text| !text.is_empty())
    }

    fn date(&self, name: &str) -> Option<NaiveDate> {
        self.record.get(self.layer, name).as_date()
    }

    /// Whether the set gives a field another value: what stood there before is not refused.
    fn changes(&self, name: &str) -> bool {
        self.base
            .is_none_or(|base| base.get(self.layer, name) != self.record.get(self.layer, name))
    }

    fn fault(&self, name: &str, code: &'static str, zh: &str, en: &str) -> Fault {
        let label = self
            .layer
            .field(name)
            .map_or(name, |field| field.label.zh.as_str());
        Fault {
            change: self.change,
            layer: self.layer.id.as_str().into(),
            id: Arc::clone(&self.record.id),
            field: name.to_owned(),
            code,
            message: format!("{label}（{name}）：{zh} / {name}: {en}"),
            place: None,
        }
    }
}

/// The birth that an identity card's number tells (GB 11643), of 18 or the former 15 digits.
pub(crate) fn birth_in(number: &str, id_type: Option<&str>) -> Option<NaiveDate> {
    if id_type.is_some_and(|kind| !kind.contains("居民身份证")) || !number.is_ascii() {
        return None;
    }
    match number.len() {
        18 => NaiveDate::parse_from_str(number.get(6..14)?, "%Y%m%d").ok(),
        15 => NaiveDate::parse_from_str(&format!("19{}", number.get(6..12)?), "%Y%m%d").ok(),
        _ => None,
    }
}
