//! `POST /people/merge`: records of one person become one. The others go, their ids lead to the
//! one that stays (`merged_into`), and whatever named them names it: residences, households,
//! care. One change set, taken back like any other.

use std::{collections::BTreeMap, sync::Arc};

use axum::{
    Json,
    body::Bytes,
    extract::State,
    http::{HeaderMap, StatusCode},
};
use serde_json::{Map, Value as Json_, json};
use yizhangtu_data::{
    Change, ChangeSet, Expected, Id, Layer, Lineage, Operation, Record, Value,
    catalog::resident_number,
    store::{GeoPackage, StoreError},
};

use crate::{
    changes::{self, Done, Fault, may_on},
    http::{App, Parameters, Problem},
    policy::{Action, Viewer},
};

/// Records that are merged into one at most, the one that stays not counted.
const MOST: usize = 9;

/// What is asked for.
struct Asked {
    keep: Id,
    merge: Vec<Id>,
    /// The versions that the author saw, by id.
    versions: BTreeMap<Id, u64>,
    /// Whose value stays, by field, where it is not that of the record that stays.
    take: BTreeMap<String, Id>,
    reason: String,
}

/// `POST /people/merge` `{keep, merge: [id], versions: {id: n}, take: {field: id}}`
///
/// Nobody has to see a value to choose it: `take` names the record that it comes from.
pub(super) async fn merge(
    State(app): State<App>,
    viewer: Viewer,
    headers: HeaderMap,
    given: Parameters,
    body: Bytes,
) -> Result<Json<Json_>, Problem> {
    given.finish()?;
    app.writable()?;
    // Whose residences follow may be changed as well.
    for layer in ["person", "residence"] {
        let layer = app.layer(layer).ok_or_else(|| viewer.refused())?;
        viewer.require(Action::Edit, layer)?;
    }
    let asked = read(changes::object(&headers, &body)?)?;
    let key = changes::key(&headers, &[&body])?;
    let author = viewer.author().to_owned();
    let keep = Id::clone(&asked.keep);
    if let Some(key) = &key
        && let Some(done) = changes::recall(&app, &author, key).await?
    {
        return Ok(answer(&keep, &done));
    }
    let (to, by) = (app.clone(), viewer.clone());
    let mut set = tokio::task::spawn_blocking(move || {
        let store = to.pool().reader().map_err(Problem::internal)?;
        let merging = Merging::new(&to, &by, &store)?;
        let composed = store.moment(|| Ok::<_, StoreError>(merging.compose(&asked)));
        composed.map_err(Problem::internal)?
    })
    .await
    .map_err(Problem::internal)??;
    set.author = author;
    set.key = key;
    match app.keeper().apply(set, Vec::new(), false).await {
        Ok(done) => Ok(answer(&keep, &done)),
        Err(refusal) => Err(refusal.problem(&app, &viewer).await),
    }
}

fn answer(keep: &Id, done: &Done) -> Json<Json_> {
    Json(json!({
        "merged_into": &**keep, "sequence": done.sequence, "change_set": done.change_set,
        "replayed": done.replayed,
    }))
}

struct Merging<'a> {
    app: &'a App,
    viewer: &'a Viewer,
    store: &'a GeoPackage,
    person: &'a Arc<Layer>,
    residence: &'a Arc<Layer>,
}

impl<'a> Merging<'a> {
    fn new(app: &'a App, viewer: &'a Viewer, store: &'a GeoPackage) -> Result<Self, Problem> {
        let layers = app.layer("person").zip(app.layer("residence"));
        let (person, residence) = layers.ok_or_else(|| viewer.refused())?;
        Ok(Self {
            app,
            viewer,
            store,
            person,
            residence,
        })
    }

    fn compose(&self, asked: &Asked) -> Result<ChangeSet, Problem> {
        let mut records = Vec::new();
        let mut set = ChangeSet {
            reason: asked.reason.clone(),
            ..ChangeSet::default()
        };
        for id in std::iter::once(&asked.keep).chain(&asked.merge) {
            records.push(self.record(id)?);
            let version = asked.versions.get(id).copied().ok_or_else(|| {
                Problem::new(
                    StatusCode::PRECONDITION_REQUIRED,
                    format!(
                        "versions：缺少 {id} 的版本号 / versions: the version of {id} is missing"
                    ),
                )
            })?;
            set.expects.push(Expected {
                layer: self.person.id.as_str().into(),
                id: Id::clone(id),
                version,
            });
        }
        self.one_number(&records)?;
        let whole = self.whole(asked, &records)?;
        self.change(&mut set, self.person, Operation::Update(whole));
        for gone in &asked.merge {
            self.goes(&mut set, self.person, (gone, &asked.keep));
        }
        self.homes(&mut set, asked).map_err(Problem::internal)?;
        Ok(set)
    }

    fn record(&self, id: &Id) -> Result<Record, Problem> {
        let missing = || Problem::not_found(format!("人员 {id} 不存在 / there is no person {id}"));
        let found = self.store.get(&self.person.id, id);
        let record = found.map_err(Problem::internal)?.ok_or_else(missing)?;
        may_on(
            self.app,
            self.viewer,
            self.store,
            Action::Edit,
            self.person,
            (Some(id), None),
        )?;
        Ok(record)
    }

    /// Refuses records with different numbers of one kind: these are two people, or one number
    /// is wrong and has to be put right first.
    fn one_number(&self, records: &[Record]) -> Result<(), Problem> {
        let mut known: BTreeMap<&str, (String, &Id)> = BTreeMap::new();
        for record in records {
            let text = |field| record.get(self.person, field).as_text().unwrap_or_default();
            let number = resident_number(text("id_number"));
            if number.is_empty() {
                continue;
            }
            match known.get(text("id_type")) {
                Some((other, _)) if *other != number => {
                    let message = "证件号码（id_number）：两份记录的证件号码不同，不是同一人；若有一个登记错了，请先更正 / id_number: the numbers differ, these are two people; where one is wrong, correct it first";
                    return Err(changes::unfit(&[self.fault(
                        &record.id,
                        "id_number",
                        "different",
                        message.to_owned(),
                    )]));
                }
                Some(_) => {}
                None => {
                    known.insert(text("id_type"), (number, &record.id));
                }
            }
        }
        Ok(())
    }

    /// The record that stays: as it is, with the values that were chosen, and with those of the
    /// others where it has none.
    fn whole(&self, asked: &Asked, records: &[Record]) -> Result<Record, Problem> {
        let mut whole = records[0].clone();
        for (at, field) in self.person.fields.iter().enumerate() {
            let values = records.iter().map(|record| &record.values[at]);
            let filled = |value: &&Value| !value.is_null() && value.as_text() != Some("");
            whole.values[at] = match asked.take.get(&field.name) {
                Some(id) => match records.iter().find(|record| record.id == *id) {
                    Some(record) => record.values[at].clone(),
                    None => {
                        return Err(bad(
                            "take",
                            "应为所合并的编号",
                            "must name the records that are merged",
                        ));
                    }
                },
                None => match values.clone().find(filled) {
                    Some(Value::Json(_)) => joined(values),
                    Some(first) => first.clone(),
                    None => Value::Null,
                },
            };
        }
        if let Some(unknown) = asked
            .take
            .keys()
            .find(|name| self.person.position(name).is_none())
        {
            return Err(bad(
                "take",
                &format!("人员没有字段 {unknown}"),
                &format!("persons have no field {unknown}"),
            ));
        }
        let faults: Vec<Fault> = (self.app.catalog().validate(self.person, &whole).into_iter())
            .map(|error| Fault {
                field: error.field,
                ..self.fault(&whole.id, "", error.code, error.message)
            })
            .collect();
        if faults.is_empty() {
            Ok(whole)
        } else {
            Err(changes::unfit(&faults))
        }
    }

    /// Two open residences in one place become one, of the longer time and the later
    /// verification. The others follow their person by themselves.
    fn homes(&self, set: &mut ChangeSet, asked: &Asked) -> Result<(), StoreError> {
        let mut kept: Vec<(Record, bool)> = Vec::new();
        for id in std::iter::once(&asked.keep).chain(&asked.merge) {
            for stay in (self.store).find("residence", "person", &Value::from(&**id))? {
                if !stay.get(self.residence, "moved_out").is_null() {
                    continue;
                }
                let mut same = None;
                for (at, (other, _)) in kept.iter().enumerate() {
                    if self.is_one_place(other, &stay)? {
                        same = Some(at);
                        break;
                    }
                }
                let Some(at) = same else {
                    kept.push((stay, false));
                    continue;
                };
                let (other, changed) = &mut kept[at];
                self.join(other, &stay);
                *changed = true;
                let (gone, into) = (Id::clone(&stay.id), Id::clone(&other.id));
                self.expect_now(set, &gone)?;
                self.goes(set, self.residence, (&gone, &into));
            }
        }
        for (mut stay, _) in kept.into_iter().filter(|(_, changed)| *changed) {
            self.expect_now(set, &stay.id)?;
            stay.set(self.residence, "person", &*asked.keep);
            self.change(set, self.residence, Operation::Update(stay));
        }
        Ok(())
    }

    /// Whether two residences are of one place: one room, or one house where a room is not known.
    fn is_one_place(&self, one: &Record, other: &Record) -> Result<bool, StoreError> {
        let room = |stay: &Record| {
            stay.get(self.residence, "room")
                .as_text()
                .map(str::to_owned)
        };
        Ok(match (room(one), room(other)) {
            (Some(a), Some(b)) => a == b,
            _ => self.building(one)? == self.building(other)?,
        })
    }

    fn building(&self, stay: &Record) -> Result<Option<String>, StoreError> {
        if let Some(id) = stay.get(self.residence, "building").as_text() {
            return Ok(Some(id.to_owned()));
        }
        let (Some(rooms), Some(room)) = (
            self.app.layer("room"),
            stay.get(self.residence, "room").as_text(),
        ) else {
            return Ok(None);
        };
        let room = self.store.get("room", room)?;
        Ok(room.and_then(|room| room.get(rooms, "building").as_text().map(str::to_owned)))
    }

    fn join(&self, kept: &mut Record, gone: &Record) {
        for at in 0..kept.values.len() {
            if kept.values[at].is_null() {
                kept.values[at] = gone.values[at].clone();
            }
        }
        let day = |stay: &Record, field| stay.get(self.residence, field).as_date();
        let since = [day(kept, "moved_in"), day(gone, "moved_in")];
        let seen = [day(kept, "verified_on"), day(gone, "verified_on")];
        if let Some(first) = since.into_iter().flatten().min() {
            kept.set(self.residence, "moved_in", first);
        }
        if let Some(last) = seen.into_iter().flatten().max() {
            kept.set(self.residence, "verified_on", last);
        }
    }

    fn expect_now(&self, set: &mut ChangeSet, stay: &Id) -> Result<(), StoreError> {
        set.expects.push(Expected {
            layer: self.residence.id.as_str().into(),
            id: Id::clone(stay),
            version: self.store.version(&self.residence.id, stay)?,
        });
        Ok(())
    }

    fn goes(&self, set: &mut ChangeSet, layer: &Layer, (gone, into): (&Id, &Id)) {
        set.lineage.push(Lineage {
            layer: layer.id.as_str().into(),
            predecessor: Id::clone(gone),
            successor: Id::clone(into),
        });
        self.change(set, layer, Operation::Delete(Id::clone(gone)));
    }

    fn change(&self, set: &mut ChangeSet, layer: &Layer, operation: Operation) {
        set.changes.push(Change {
            layer: layer.id.as_str().into(),
            operation,
        });
    }

    fn fault(&self, id: &Id, field: &str, code: &'static str, message: String) -> Fault {
        Fault {
            change: None,
            layer: self.person.id.as_str().into(),
            id: Id::clone(id),
            field: field.to_owned(),
            code,
            message,
            place: None,
        }
    }
}

/// Everything that some lists hold, each once.
fn joined<'v>(values: impl Iterator<Item = &'v Value>) -> Value {
    let mut all: Vec<Json_> = Vec::new();
    for value in values {
        if let Value::Json(list) = value {
            for one in list.as_array().into_iter().flatten() {
                if !all.contains(one) {
                    all.push(one.clone());
                }
            }
        }
    }
    Value::Json(Box::new(all.into()))
}

fn read(mut members: Map<String, Json_>) -> Result<Asked, Problem> {
    let id = |value: &Json_| value.as_str().map(Id::from);
    let keep = members.remove("keep").as_ref().and_then(id);
    let keep = keep.ok_or_else(|| bad("keep", "应为保留的编号", "must be the id that stays"))?;
    let merge: Option<Vec<Id>> =
        (members.remove("merge")).and_then(|ids| ids.as_array()?.iter().map(id).collect());
    let merge = merge.filter(|ids| {
        let mut all: Vec<&Id> = ids.iter().chain([&keep]).collect();
        all.sort();
        all.dedup();
        (1..=MOST).contains(&ids.len()) && all.len() == ids.len() + 1
    });
    let merge = merge.ok_or_else(|| {
        bad(
            "merge",
            &format!("应为 1 到 {MOST} 个不同的编号"),
            &format!("must be 1 to {MOST} different ids"),
        )
    })?;
    let versions: Option<BTreeMap<Id, u64>> = (members.remove("versions")).and_then(|versions| {
        let each = versions.as_object()?.iter();
        each.map(|(id, version)| Some((Id::from(id.as_str()), version.as_u64()?)))
            .collect()
    });
    let versions = versions
        .ok_or_else(|| bad("versions", "应为编号与版本号", "must be the versions by id"))?;
    let take = match members.remove("take") {
        None | Some(Json_::Null) => Some(BTreeMap::new()),
        Some(take) => take.as_object().and_then(|take| {
            let each = take.iter();
            each.map(|(field, of)| Some((field.clone(), id(of)?)))
                .collect()
        }),
    };
    let take = take.ok_or_else(|| bad("take", "应为字段与编号", "must be ids by field"))?;
    let reason = changes::reason(&mut members)?;
    changes::nothing_else(&members)?;
    Ok(Asked {
        keep,
        merge,
        versions,
        take,
        reason: if reason.is_empty() {
            "合并重复人员 / merge records of one person".to_owned()
        } else {
            reason
        },
    })
}

fn bad(name: &str, zh: &str, en: &str) -> Problem {
    Problem::parameter(name, zh, en)
}
