//! From the lines of a register to changes: each line checked, its house and people found, and
//! whatever is wrong named by its cell.

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
};

use chrono::NaiveDate;
use serde::Serialize;
use yizhangtu_data::{
    Catalog, Change, Field, Id, Layer, Operation, Record, Value,
    store::{GeoPackage, StoreError},
};

use super::{
    houses::{Houses, Match, Named},
    sheet::{Cell, Line, Sheet},
    value,
};
use crate::people::rules::birth_in;

/// A fault: it names its cell, and the line does not get in. Values are not repeated.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(super) struct Fault {
    /// Such as `C12`.
    pub(super) cell: String,
    pub(super) row: u32,
    pub(super) field: String,
    /// A word that programs can tell faults apart by.
    pub(super) code: &'static str,
    /// Chinese / English.
    pub(super) message: String,
}

/// A line for somebody to look at: its house or person is not found, or not alone.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(super) struct Open {
    pub(super) cell: String,
    pub(super) row: u32,
    /// `no_house`, `several_houses`, `masked`, `elsewhere`.
    pub(super) code: &'static str,
    pub(super) message: String,
    /// Houses that it may be.
    pub(super) candidates: Vec<String>,
}

/// What a register brings.
#[derive(Default, Serialize)]
pub(super) struct Report {
    pub(super) sheet: String,
    /// Headings that say nothing of people or houses, and were not read.
    pub(super) unknown_headings: Vec<String>,
    pub(super) rows: usize,
    pub(super) people: usize,
    pub(super) new_people: usize,
    pub(super) known_people: usize,
    pub(super) new_residences: usize,
    /// Residences that are on the register already.
    pub(super) unchanged: usize,
    pub(super) new_rooms: usize,
    pub(super) faults: Vec<Fault>,
    /// The work list.
    pub(super) open: Vec<Open>,
}

/// What the file knows of those whom a register names.
pub(super) struct Known<'a> {
    pub(super) store: &'a GeoPackage,
    pub(super) catalog: &'a Catalog,
    pub(super) houses: &'a Houses,
    pub(super) today: NaiveDate,
    /// People by identity number.
    by_number: HashMap<String, Id>,
}

impl<'a> Known<'a> {
    /// Looks up the identity numbers of a register.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub(super) fn new(
        store: &'a GeoPackage,
        houses: &'a Houses,
        sheet: &Sheet,
        today: NaiveDate,
    ) -> Result<Self, StoreError> {
        let mut asked: HashSet<String> = HashSet::new();
        if let Some(at) = sheet.find("person", "id_number") {
            for line in &sheet.lines {
                let text = line
                    .cells
                    .get(at)
                    .and_then(|cell| value::text(cell).ok().flatten());
                asked.extend(
                    text.iter()
                        .flat_map(|text| parts(text))
                        .map(|number| number.to_uppercase()),
                );
            }
        }
        let mut by_number = HashMap::new();
        if let Some(layer) = store.layer("person").cloned() {
            store.scan("person", |record| {
                let number = record
                    .get(&layer, "id_number")
                    .as_text()
                    .map(str::to_uppercase);
                if let Some(number) = number.filter(|number| asked.contains(number)) {
                    by_number.insert(number, record.id);
                }
            })?;
        }
        Ok(Self {
            store,
            catalog: store.catalog(),
            houses,
            today,
            by_number,
        })
    }
}

/// Reads a register. Only lines without a fault become changes.
///
/// # Errors
/// When the file cannot be read.
pub(super) fn read(known: &Known<'_>, sheet: &Sheet) -> Result<(Report, Vec<Change>), StoreError> {
    let mut reading = Reading {
        known,
        sheet,
        report: Report {
            sheet: sheet.name.clone(),
            unknown_headings: sheet.unknown.clone(),
            rows: sheet.lines.len(),
            ..Report::default()
        },
        changes: Vec::new(),
        rooms: HashMap::new(),
        seen: HashMap::new(),
    };
    for line in &sheet.lines {
        reading.line(line)?;
    }
    Ok((reading.report, reading.changes))
}

/// A house, and the room in it where it is known.
type Spot = (Id, Option<Id>);

struct Reading<'a> {
    known: &'a Known<'a>,
    sheet: &'a Sheet,
    report: Report,
    changes: Vec<Change>,
    /// Rooms by house and number: those of the file, and those that this register brings.
    rooms: HashMap<(Id, String), Id>,
    /// People of this register by identity number: id, and the rows of each house and room.
    seen: HashMap<String, (Id, Vec<Spot>)>,
}

/// The names, or the numbers, in one cell of a register with a room a line.
fn parts(text: &str) -> Vec<&str> {
    let split = text.split(['、', ',', ';', '/', '\n']);
    split
        .map(str::trim)
        .filter(|part| !part.is_empty())
        .collect()
}

impl Reading<'_> {
    fn layer(&self, id: &str) -> Arc<Layer> {
        Arc::clone(
            self.known
                .catalog
                .layer(id)
                .expect("the catalog has the registers"),
        )
    }

    fn cell<'l>(&self, line: &'l Line, layer: &str, field: &str) -> Option<&'l Cell> {
        line.cells.get(self.sheet.find(layer, field)?)
    }

    /// The text of a cell; none, with a fault, where it has none that can be read.
    fn text(&mut self, line: &Line, layer: &str, field: &str) -> Option<String> {
        match value::text(self.cell(line, layer, field)?) {
            Ok(text) => text,
            Err(wrong) => {
                self.wrong(line, layer, field, wrong);
                None
            }
        }
    }

    fn name_of(&self, line: &Line, layer: &str, field: &str) -> String {
        // A fault of what no column tells is the line's.
        self.sheet.find(layer, field).map_or_else(
            || self.sheet.cell(line.row, 0),
            |place| self.sheet.cell(line.row, place),
        )
    }

    fn fault(
        &mut self,
        line: &Line,
        layer: &str,
        field: &str,
        code: &'static str,
        message: String,
    ) {
        let cell = self.name_of(line, layer, field);
        // One cell is named once for one reason.
        if !self
            .report
            .faults
            .iter()
            .any(|fault| fault.cell == cell && fault.code == code)
        {
            self.report.faults.push(Fault {
                cell,
                row: line.row,
                field: format!("{layer}.{field}"),
                code,
                message,
            });
        }
    }

    fn wrong(&mut self, line: &Line, layer: &str, field: &str, (code, zh, en): value::Wrong) {
        let label = (self.known.catalog.layer(layer))
            .and_then(|layer| layer.field(field))
            .map_or(field, |field| field.label.zh.as_str())
            .to_owned();
        self.fault(
            line,
            layer,
            field,
            code,
            format!("{label}：{zh} / {field}: {en}"),
        );
    }

    fn open(
        &mut self,
        line: &Line,
        layer: &str,
        field: &str,
        code: &'static str,
        message: &str,
        candidates: Vec<String>,
    ) {
        let cell = self.name_of(line, layer, field);
        self.report.open.push(Open {
            cell,
            row: line.row,
            code,
            message: message.to_owned(),
            candidates,
        });
    }

    fn line(&mut self, line: &Line) -> Result<(), StoreError> {
        let before = self.report.faults.len();
        let house = self.house(line);
        let people = self.people(line);
        let stay = self.residence(line);
        let room_no = self.text(line, "room", "room_no");
        if room_no
            .as_ref()
            .is_some_and(|number| number.chars().count() > 20)
        {
            self.wrong(
                line,
                "room",
                "room_no",
                ("length", "房号过长", "the room number is too long"),
            );
        }
        self.report.people += people.len();
        if self.report.faults.len() > before {
            return Ok(());
        }
        let Some(house) = house else {
            return Ok(());
        };
        let buildings = self.known.houses.buildings();
        let building = Arc::clone(&buildings.record(house).id);
        let room = self.room(&building, room_no.as_deref())?;
        for person in people {
            self.person(line, &building, room.clone(), person, &stay)?;
        }
        Ok(())
    }

    /// The house of a line; none, with a fault or a place on the work list, where it is not known.
    fn house(&mut self, line: &Line) -> Option<u32> {
        let code = self.text(line, "building", "code");
        let address = self.text(line, "building", "address");
        let alias = self.text(line, "building", "alias");
        let number = |cell: Option<&Cell>| match cell {
            Some(Cell::Number(number)) => Some(*number),
            Some(Cell::Text(text)) => text.parse().ok(),
            _ => None,
        };
        let place =
            number(self.cell(line, "place", "lon")).zip(number(self.cell(line, "place", "lat")));
        let column = ["code", "address", "alias"]
            .into_iter()
            .find(|field| self.sheet.find("building", field).is_some());
        let column = column.unwrap_or("address");
        if code.is_none() && address.is_none() && alias.is_none() && place.is_none() {
            self.wrong(
                line,
                "building",
                column,
                (
                    "required",
                    "没有房屋编码、地址、俗称或坐标",
                    "there is no code, address, local name or place of a house",
                ),
            );
            return None;
        }
        let named = Named {
            code,
            address,
            alias,
            place,
        };
        match self.known.houses.find(&named) {
            Match::One(at) => Some(at),
            Match::Disagree => {
                self.wrong(
                    line,
                    "building",
                    "address",
                    (
                        "disagrees",
                        "地址与房屋编码指的不是同一栋",
                        "the address and the code are of different houses",
                    ),
                );
                None
            }
            Match::Several(found) => {
                let buildings = self.known.houses.buildings();
                let candidates = found
                    .iter()
                    .take(10)
                    .map(|&at| buildings.record(at).id.to_string())
                    .collect();
                self.open(
                    line,
                    "building",
                    column,
                    "several_houses",
                    "有多栋房屋符合，请选定 / several houses fit; choose one",
                    candidates,
                );
                None
            }
            Match::None => {
                self.open(line, "building", column, "no_house", "找不到这栋房屋，请核对编码或地址，或先在图上补画 / no house is found; check the code or address, or draw it first", Vec::new());
                None
            }
        }
    }

    /// The people of a line: one, or all of a room.
    fn people(&mut self, line: &Line) -> Vec<Record> {
        let layer = self.layer("person");
        let names = self.text(line, "person", "name");
        let Some(names) = names else {
            if !self
                .report
                .faults
                .iter()
                .any(|fault| fault.row == line.row && fault.field == "person.name")
            {
                self.wrong(
                    line,
                    "person",
                    "name",
                    ("required", "没有姓名", "there is no name"),
                );
            }
            return Vec::new();
        };
        let names = parts(&names)
            .into_iter()
            .map(str::to_owned)
            .collect::<Vec<_>>();
        let mut people: Vec<Record> = names
            .iter()
            .map(|name| {
                let mut record = Record::new(
                    &layer,
                    format!(
                        "person-{}",
                        ulid::Ulid::generate().to_string().to_lowercase()
                    ),
                );
                record.set(&layer, "name", name.as_str());
                record
            })
            .collect();
        if names
            .iter()
            .any(|name| name.chars().any(|letter| letter.is_ascii_digit()))
        {
            self.wrong(
                line,
                "person",
                "name",
                ("name", "姓名里有数字", "a name has digits"),
            );
        }
        for field in &layer.fields {
            if field.name == "name" {
                continue;
            }
            self.spread(line, &layer, field, &mut people);
        }
        let id_type = layer.field("id_type").is_some();
        for record in &mut people {
            let number = record
                .get(&layer, "id_number")
                .as_text()
                .map(str::to_uppercase);
            if let Some(number) = &number {
                record.set(&layer, "id_number", number.as_str());
                // A number of 18 digits and no other word is an identity card's.
                if id_type && record.get(&layer, "id_type").is_null() {
                    record.set(&layer, "id_type", "居民身份证");
                }
            }
        }
        for record in &people {
            self.check_person(line, &layer, record);
        }
        people
    }

    /// Reads one field for each person of a line. A field of one person holds one value; of a
    /// room's people a value each, or one for all.
    fn spread(&mut self, line: &Line, layer: &Layer, field: &Field, people: &mut [Record]) {
        let Some(cell) = self.cell(line, "person", &field.name).cloned() else {
            return;
        };
        let cells: Vec<Cell> = match (&cell, people.len()) {
            (Cell::Text(text), many) if many > 1 => parts(text)
                .into_iter()
                .map(|part| Cell::Text(part.to_owned()))
                .collect(),
            _ => vec![cell],
        };
        let own = matches!(field.name.as_str(), "id_number" | "phone" | "birth");
        if people.len() > 1
            && cells.len() != people.len()
            && (cells.len() > 1 || own && cells[0] != Cell::Empty)
        {
            self.wrong(
                line,
                "person",
                &field.name,
                (
                    "count",
                    "个数与姓名的个数不同",
                    "has not as many values as there are names",
                ),
            );
            return;
        }
        for (nth, record) in people.iter_mut().enumerate() {
            let Some(cell) = cells.get(nth).or(cells.first()) else {
                continue;
            };
            match value::value(self.known.catalog, field, cell) {
                Ok(value) => {
                    record.set(layer, &field.name, value);
                }
                Err(wrong) => self.wrong(line, "person", &field.name, wrong),
            }
        }
    }

    fn check_person(&mut self, line: &Line, layer: &Layer, record: &Record) {
        let number = record.get(layer, "id_number").as_text();
        let mut checked = record.clone();
        // A masked number is none: it is matched by what is left of it, or put on the work list.
        if number.is_some_and(is_masked) {
            checked.set(layer, "id_number", Value::Null);
        }
        if record.get(layer, "phone").as_text().is_some_and(is_masked) {
            checked.set(layer, "phone", Value::Null);
        }
        for error in self.known.catalog.validate(layer, &checked) {
            self.fault(line, "person", &error.field, error.code, error.message);
        }
        let birth = record.get(layer, "birth").as_date();
        if birth.is_some_and(|birth| birth > self.known.today) {
            self.wrong(
                line,
                "person",
                "birth",
                ("future", "出生日期晚于今天", "lies in the future"),
            );
        }
        let Some(number) = number.filter(|number| !is_masked(number)) else {
            return;
        };
        let told = birth_in(number, record.get(layer, "id_type").as_text());
        if let (Some(birth), Some(told)) = (birth, told)
            && birth != told
        {
            self.wrong(
                line,
                "person",
                "birth",
                (
                    "id_number",
                    "出生日期与证件号码不一致",
                    "differs from the birth in the identity number",
                ),
            );
        }
        let sex = record.get(layer, "sex").as_text();
        let digit = number
            .as_bytes()
            .get(16)
            .filter(|_| number.len() == 18 && told.is_some());
        if let (Some(sex), Some(digit)) = (sex, digit)
            && ["1", "2"].contains(&sex)
            && (sex == "1") != (digit % 2 == 1)
        {
            self.wrong(
                line,
                "person",
                "sex",
                (
                    "id_number",
                    "性别与证件号码不一致",
                    "differs from the sex in the identity number",
                ),
            );
        }
    }

    /// What a line says of living there.
    fn residence(&mut self, line: &Line) -> Record {
        let layer = self.layer("residence");
        let mut record = Record::new(&layer, "");
        for field in &layer.fields {
            let Some(cell) = self.cell(line, "residence", &field.name) else {
                continue;
            };
            match value::value(self.known.catalog, field, cell) {
                Ok(value) => {
                    record.set(&layer, &field.name, value);
                }
                Err(wrong) => self.wrong(line, "residence", &field.name, wrong),
            }
        }
        let day = |name: &str| record.get(&layer, name).as_date();
        for name in ["moved_in", "moved_out", "verified_on"] {
            if day(name).is_some_and(|day| day > self.known.today) {
                self.wrong(
                    line,
                    "residence",
                    name,
                    ("future", "日期晚于今天", "lies in the future"),
                );
            }
        }
        if let (Some(from), Some(to)) = (day("moved_in"), day("moved_out"))
            && to < from
        {
            self.wrong(
                line,
                "residence",
                "moved_out",
                (
                    "order",
                    "迁出日期早于迁入日期",
                    "is before the day of moving in",
                ),
            );
        }
        record
    }

    /// The room of a number in a house; a new one where there is none yet.
    fn room(&mut self, building: &Id, number: Option<&str>) -> Result<Option<Id>, StoreError> {
        let Some(number) = number else {
            return Ok(None);
        };
        let layer = self.layer("room");
        let key = (Arc::clone(building), number.to_owned());
        if let Some(room) = self.rooms.get(&key) {
            return Ok(Some(Arc::clone(room)));
        }
        for record in self
            .known
            .store
            .find("room", "building", &Value::from(&**building))?
        {
            if let Some(own) = record.get(&layer, "room_no").as_text() {
                self.rooms
                    .insert((Arc::clone(building), own.to_owned()), record.id.clone());
            }
        }
        if let Some(room) = self.rooms.get(&key) {
            return Ok(Some(Arc::clone(room)));
        }
        let mut record = Record::new(
            &layer,
            format!("room-{}", ulid::Ulid::generate().to_string().to_lowercase()),
        );
        record
            .set(&layer, "building", &**building)
            .set(&layer, "room_no", number);
        let id = Arc::clone(&record.id);
        self.put("room", Operation::Insert(record));
        self.report.new_rooms += 1;
        self.rooms.insert(key, Arc::clone(&id));
        Ok(Some(id))
    }

    /// Takes one person of a line in: known or new, living there already or from now on.
    fn person(
        &mut self,
        line: &Line,
        building: &Id,
        room: Option<Id>,
        mut record: Record,
        stay: &Record,
    ) -> Result<(), StoreError> {
        let layer = self.layer("person");
        let residence = self.layer("residence");
        let number = record.get(&layer, "id_number").as_text().map(str::to_owned);
        if record.get(&layer, "phone").as_text().is_some_and(is_masked) {
            record.set(&layer, "phone", Value::Null);
        }
        let here = (Arc::clone(building), room.clone());
        let known = match &number {
            Some(number) if is_masked(number) => {
                match self.neighbour(building, &layer, &record, number)? {
                    Some(id) => Some(id),
                    None => {
                        self.open(line, "person", "id_number", "masked", "证件号码已脱敏，屋里没有与之相符的人，请补全号码 / the identity number is masked and nobody in the house fits it; give the number", Vec::new());
                        return Ok(());
                    }
                }
            }
            Some(number) => {
                if let Some((id, places)) = self.seen.get(number) {
                    let (id, twice) = (Arc::clone(id), places.contains(&here));
                    if twice {
                        self.wrong(
                            line,
                            "person",
                            "id_number",
                            (
                                "twice",
                                "此人在表中同一处重复",
                                "this person stands twice at this place in the sheet",
                            ),
                        );
                        return Ok(());
                    }
                    Some(id)
                } else {
                    self.known.by_number.get(number).cloned()
                }
            }
            None => None,
        };
        let is_new = known.is_none();
        let id = known.unwrap_or_else(|| Arc::clone(&record.id));
        if let Some(number) = number.filter(|number| !is_masked(number)) {
            let seen = self
                .seen
                .entry(number)
                .or_insert_with(|| (Arc::clone(&id), Vec::new()));
            seen.1.push(here);
        }
        if is_new {
            self.report.new_people += 1;
            self.put("person", Operation::Insert(record));
        } else {
            self.report.known_people += 1;
            let stays = self
                .known
                .store
                .find("residence", "person", &Value::from(&*id))?;
            let open: Vec<&Record> = stays
                .iter()
                .filter(|own| own.get(&residence, "moved_out").is_null())
                .collect();
            let lives = |own: &&&Record| {
                own.get(&residence, "building").as_text() == Some(&**building)
                    && (room.is_none() || own.get(&residence, "room").as_text() == room.as_deref())
            };
            if open.iter().any(|own| lives(&own)) {
                self.report.unchanged += 1;
                return Ok(());
            }
            if !open.is_empty() {
                self.open(line, "person", "name", "elsewhere", "此人在别处登记为现住，已按两处居住登记，请核对是否应办迁出 / this person is registered elsewhere too and now has two homes; check whether to move them out", Vec::new());
            }
        }
        let mut own = stay.clone();
        own.id = format!(
            "residence-{}",
            ulid::Ulid::generate().to_string().to_lowercase()
        )
        .into();
        own.set(&residence, "person", &*id)
            .set(&residence, "building", &**building);
        if let Some(room) = &room {
            own.set(&residence, "room", &**room);
        }
        self.report.new_residences += 1;
        self.put("residence", Operation::Insert(own));
        Ok(())
    }

    /// The one person in a house whose name and what is left of a masked number fit.
    fn neighbour(
        &self,
        building: &Id,
        layer: &Layer,
        record: &Record,
        masked: &str,
    ) -> Result<Option<Id>, StoreError> {
        let residence = self.layer("residence");
        let begins = masked.split('*').next().unwrap_or_default();
        let ends = masked.rsplit('*').next().unwrap_or_default();
        let mut found = HashSet::new();
        for stay in self
            .known
            .store
            .find("residence", "building", &Value::from(&**building))?
        {
            let Some(id) = stay.get(&residence, "person").as_text() else {
                continue;
            };
            let Some(person) = self.known.store.get("person", id)? else {
                continue;
            };
            let number = person
                .get(layer, "id_number")
                .as_text()
                .unwrap_or_default()
                .to_uppercase();
            if person.get(layer, "name") == record.get(layer, "name")
                && ends.len() >= 3
                && number.starts_with(begins)
                && number.ends_with(ends)
            {
                found.insert(person.id);
            }
        }
        let mut found = found.into_iter();
        Ok(match (found.next(), found.next()) {
            (Some(one), None) => Some(one),
            _ => None,
        })
    }

    fn put(&mut self, layer: &str, operation: Operation) {
        self.changes.push(Change {
            layer: layer.into(),
            operation,
        });
    }
}

/// Whether a number has stars in the place of digits.
fn is_masked(number: &str) -> bool {
    number.contains('*')
}
