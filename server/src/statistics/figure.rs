//! A number of `POST /statistics` that is a sum over houses, by its path in the answer, and what one house
//! adds to it.

use crate::{
    atlas::{House, Houses},
    people::Terms,
};

/// A number that houses add up to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Figure {
    Residents,
    /// By the place of the kind among [`Houses::kinds`].
    Kind(usize),
    /// By the place of the band of ages, that of the unknown last.
    Age(usize),
    /// By the place of the kind of residence, that of the unknown last.
    Stay(usize),
    Unverified,
    Overdue,
    Households,
    Rooms,
    RoomsLet,
    RoomsVacant,
    Buildings,
    Rental,
    RentalWithoutHead,
    AccessControl,
}

/// The paths that are the same everywhere.
const PLAIN: [(&str, Figure); 11] = [
    ("people.total", Figure::Residents),
    ("people.unverified", Figure::Unverified),
    ("people.overdue", Figure::Overdue),
    ("households", Figure::Households),
    ("rooms.count", Figure::Rooms),
    ("rooms.let", Figure::RoomsLet),
    ("rooms.vacant", Figure::RoomsVacant),
    ("buildings.count", Figure::Buildings),
    ("buildings.rental", Figure::Rental),
    ("buildings.rental_without_head", Figure::RentalWithoutHead),
    ("buildings.access_control", Figure::AccessControl),
];

impl Figure {
    /// The figure of a path such as `people.by_kind.来穗` or `people.by_age.60-64`; none where nothing is
    /// counted under it.
    pub(super) fn of(path: &str, houses: &Houses) -> Option<Self> {
        if let Some((_, figure)) = PLAIN.iter().find(|(name, _)| *name == path) {
            return Some(*figure);
        }
        let terms = Terms::current();
        let (group, name) = path.strip_prefix("people.")?.split_once('.')?;
        match group {
            "by_kind" => {
                let kinds = houses.kinds().iter();
                kinds
                    .map(|kind| &**kind)
                    .position(|kind| kind == name)
                    .map(Self::Kind)
            }
            "by_age" => {
                let text = |age: Option<u16>| age.map(|age| age.to_string()).unwrap_or_default();
                let bands = terms.bands().map(|band| (Some(band.from), band.to));
                (bands.chain([(None, None)]))
                    .position(|(from, to)| format!("{}-{}", text(from), text(to)) == name)
                    .map(Self::Age)
            }
            "by_stay" => terms.stays().position(|stay| stay == name).map(Self::Stay),
            _ => None,
        }
    }

    /// The paths, for whoever wrote another.
    pub(super) fn offered() -> String {
        let plain = PLAIN.map(|(name, _)| name).join(", ");
        format!("{plain}, people.by_kind.…, people.by_age.…, people.by_stay.…")
    }

    /// What a house adds to it.
    pub(super) fn part(self, house: &House) -> u64 {
        let tally = &house.tally;
        let at = |counts: &[u32], at: usize| counts.get(at).copied().unwrap_or(0).into();
        match self {
            Self::Residents => tally.residents(),
            Self::Kind(kind) => at(&tally.people, kind),
            Self::Age(band) => at(&tally.ages, band),
            Self::Stay(stay) => at(&tally.stays, stay),
            Self::Unverified => tally.unverified.into(),
            Self::Overdue => tally.overdue.into(),
            Self::Households => tally.households.into(),
            Self::Rooms => tally.rooms.into(),
            Self::RoomsLet => tally.rooms_let.into(),
            Self::RoomsVacant => tally.rooms_vacant.into(),
            Self::Buildings => 1,
            Self::Rental => house.rental.into(),
            Self::RentalWithoutHead => house.rental_without_head.into(),
            Self::AccessControl => house.access_control.into(),
        }
    }
}
