//! What the command line does to a file, in the file's audit log: whoever holds the file has
//! all rights, and is on record like anyone else.

use yizhangtu_data::store::{Act, GeoPackage, StoreError};

/// The role that acts of the command line stand under.
const ROLE: &str = "command_line";

/// Writes an act of the command line.
///
/// # Errors
/// When the file can't be written.
pub(super) fn on_record(
    store: &GeoPackage,
    action: &str,
    object: &str,
    reason: &str,
    count: u64,
) -> Result<(), StoreError> {
    store
        .log(Act {
            action: action.to_owned(),
            object: object.to_owned(),
            outcome: "done".to_owned(),
            reason: reason.to_owned(),
            count,
            ..by()
        })
        .map(drop)
}

/// Who is at the machine, as far as it says.
pub(super) fn by() -> Act {
    let user = ["SUDO_USER", "USER", "LOGNAME", "USERNAME"]
        .into_iter()
        .find_map(|name| std::env::var(name).ok().filter(|user| !user.is_empty()));
    Act {
        user: user.unwrap_or_default(),
        role: ROLE.to_owned(),
        ..Act::default()
    }
}
