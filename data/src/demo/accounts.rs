//! One account for each role, so that each can be tried.

use chrono::{DateTime, NaiveTime, Utc};

use super::made::Made;
use crate::store::{Account, GeoPackage, StoreError, Territory};

/// The password of every account of a demonstration. It is public: such a file is served on
/// this machine only until the passwords are changed.
pub const PASSWORD: &str = "yizhangtu-demo";

/// Argon2id of [`PASSWORD`], with a salt that is no secret either, so that the same seed makes
/// the same file.
pub const PASSWORD_HASH: &str = "$argon2id$v=19$m=19456,t=2,p=1$ZGVtb25zdHJhdGlvbi1vaw$8pLWL7NiY8cSYiHPc8ebR2f5eQJh/BSKNZoSeF8UPL0";

/// The unit that the handler works in, one of those that events are given to.
const UNIT: &str = "环卫站";

/// Roles with an account of the same name, and what it is bound to.
const ROLES: [(&str, Bound); 17] = [
    ("grid_worker", Bound::Grid),
    ("volunteer", Bound::Grid),
    ("building_head", Bound::Building),
    ("village_clerk", Bound::Village),
    ("dispatcher", Bound::Nothing),
    ("handler", Bound::Nothing),
    ("enforcer", Bound::Nothing),
    ("legal_officer", Bound::Nothing),
    ("enforcement_lead", Bound::Nothing),
    ("planner", Bound::Nothing),
    ("plan_reviewer", Bound::Nothing),
    ("asset_manager", Bound::Nothing),
    ("leader", Bound::Nothing),
    ("data_manager", Bound::Nothing),
    ("system_admin", Bound::Nothing),
    ("security_admin", Bound::Nothing),
    ("auditor", Bound::Nothing),
];

#[derive(Clone, Copy)]
enum Bound {
    /// The first grid in which many live: somebody has work there.
    Grid,
    /// The first building that has a head.
    Building,
    /// The first of several villages.
    Village,
    /// The whole file.
    Nothing,
}

/// Writes the accounts, and `guest`, which stands for whoever has not signed in.
pub(super) fn write(store: &GeoPackage, villages: &[Made]) -> Result<(), StoreError> {
    let day = villages
        .first()
        .map(|made| made.spec.as_of)
        .unwrap_or_default();
    let at: DateTime<Utc> = day.and_time(NaiveTime::MIN).and_utc();
    let first = |sql: &str| -> Result<Option<String>, StoreError> {
        Ok(store.query(sql, [], |row| row.get(0))?.pop())
    };
    let grid = villages.first().map(lived_in);
    let building =
        first("SELECT id FROM building WHERE building_head IS NOT NULL ORDER BY fid LIMIT 1")?;
    let village = match villages {
        [_] => None,
        _ => first("SELECT id FROM village ORDER BY code LIMIT 1")?,
    };
    for (role, bound) in ROLES {
        let bound = match bound {
            Bound::Grid => grid.as_ref().map(|id| ("grid", id)),
            Bound::Building => building.as_ref().map(|id| ("building", id)),
            Bound::Village => village.as_ref().map(|id| ("village", id)),
            Bound::Nothing => None,
        };
        let mut account = Account::new(role, role, at);
        // A handler sees what was given to the unit.
        account.unit = match role {
            "handler" => UNIT.to_owned(),
            _ => String::new(),
        };
        account.password = Some(PASSWORD_HASH.to_owned());
        account.password_changed_at = Some(at);
        account.territory = bound
            .map(|(layer, id)| Territory {
                layer: layer.to_owned(),
                id: id.clone(),
            })
            .into_iter()
            .collect();
        store.save_account(&account)?;
    }
    store.save_account(&Account::new("guest", "guest", at))
}

/// So many houses make a grid's work.
const HOUSES: usize = 100;

/// The first grid with enough houses; the first of all where none has.
fn lived_in(made: &Made) -> String {
    let mut houses = vec![0; made.grids()];
    for building in &made.buildings {
        houses[made.land.grid[building.face]] += 1;
    }
    let grid = houses.iter().position(|count| *count >= HOUSES);
    made.id("grid", grid.unwrap_or(0)).to_string()
}
