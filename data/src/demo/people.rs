//! Who lives where: rooms, households and their members.

use chrono::{Datelike, Days, NaiveDate};

use super::{buildings::Kind, dice::Dice, houses::Building, names, spec::Spec};

/// A room or flat.
#[derive(Clone, Copy, Debug)]
pub(super) struct Room {
    pub(super) house: u32,
    pub(super) floor: u8,
    pub(super) number: u8,
    pub(super) household: Option<u32>,
}

/// People who live together.
#[derive(Clone, Copy, Debug)]
pub(super) struct Household {
    pub(super) house: u32,
    pub(super) room: u32,
    /// Position of the head among all persons; the others follow.
    pub(super) first: u32,
    pub(super) size: u8,
    /// Registered in the village.
    pub(super) local: bool,
}

/// One member of a household.
#[derive(Clone, Debug)]
pub(super) struct Member {
    pub(super) name: String,
    pub(super) male: bool,
    pub(super) birth: NaiveDate,
    pub(super) ethnic: &'static str,
    /// GB/T 4761.
    pub(super) relation: &'static str,
    pub(super) abroad: bool,
    pub(super) moved_in: NaiveDate,
}

/// The whole register of people.
#[derive(Clone, Debug, Default)]
pub(super) struct People {
    pub(super) rooms: Vec<Room>,
    pub(super) households: Vec<Household>,
}

impl People {
    /// Settles a village: each building's residents in households, each in a room.
    pub(super) fn settle(buildings: &[Building], spec: &Spec, seed: u64) -> Self {
        let locals = locals(buildings, spec, seed);
        let mut people = Self::default();
        let mut first = 0;
        for (house, building) in buildings.iter().enumerate() {
            let mut dice = Dice::new(seed, "households", house as u64);
            let mut sizes: Vec<(u8, bool)> =
                locals[house].iter().map(|&size| (size, true)).collect();
            let mut left = building.residents - sizes.iter().map(|s| u64::from(s.0)).sum::<u64>();
            while left > 0 {
                let size = if building.kind == Kind::Dormitory {
                    dice.weighted(&[(2, 10), (4, 30), (6, 40), (8, 20)])
                } else {
                    dice.weighted(&[(1, 44), (2, 30), (3, 16), (4, 8), (5, 2)])
                };
                let size = u64::min(size, left);
                left -= size;
                sizes.push((size as u8, false));
            }
            people.house(house as u32, building, &sizes, &mut first, &mut dice);
        }
        people
    }

    fn house(
        &mut self,
        house: u32,
        building: &Building,
        sizes: &[(u8, bool)],
        first: &mut u32,
        dice: &mut Dice,
    ) {
        let floors = building.floors.clamp(1, 30) as usize;
        let shops = usize::from(building.usage == "商住");
        let empty = if sizes.is_empty() {
            usize::from(building.rental) + shops
        } else {
            shops + sizes.len() * dice.below(20) / 100
        };
        let count = (sizes.len() + empty).min(250);
        let on_floor = count.div_ceil(floors).max(1);
        for at in 0..count.max(sizes.len()) {
            // Shops take the ground floor, people live from the top of the list on.
            let household = (at >= shops && at - shops < sizes.len()).then(|| {
                let number = self.households.len() as u32;
                let (size, local) = sizes[at - shops];
                self.households.push(Household {
                    house,
                    room: self.rooms.len() as u32,
                    first: *first,
                    size,
                    local,
                });
                *first += u32::from(size);
                number
            });
            self.rooms.push(Room {
                house,
                floor: (at / on_floor + 1) as u8,
                number: (at % on_floor + 1) as u8,
                household,
            });
        }
    }
}

/// Sizes of the households registered in the village, by house; exactly as many people
/// as the register says.
fn locals(buildings: &[Building], spec: &Spec, seed: u64) -> Vec<Vec<u8>> {
    let mut dice = Dice::new(seed, "locals", 0);
    let mut households: Vec<Vec<u8>> = vec![Vec::new(); buildings.len()];
    let mut room: Vec<u64> = buildings.iter().map(|b| b.residents).collect();
    let mut left = spec.locals.min(spec.residents);
    let order: Vec<usize> = dice
        .order(buildings.len())
        .into_iter()
        .filter(|&at| {
            matches!(
                buildings[at].kind,
                Kind::House | Kind::OldHouse | Kind::Flats
            )
        })
        .collect();
    while left > 0 {
        let before = left;
        for &at in &order {
            if left == 0 {
                break;
            }
            let wish = dice.weighted(&[(2u64, 18), (3, 26), (4, 28), (5, 18), (6, 10)]);
            let size = wish.min(room[at]).min(left);
            if size > 0 {
                households[at].push(size as u8);
                room[at] -= size;
                left -= size;
            }
        }
        if left == before {
            break;
        }
    }
    households
}

/// The members of a household, the head first.
pub(super) fn members(household: &Household, number: usize, spec: &Spec, seed: u64) -> Vec<Member> {
    let mut dice = Dice::new(seed, "members", number as u64);
    let surname = if household.local {
        // Old families of the village share a few surnames.
        let families = Dice::new(seed, "families", 0).bits();
        let mut family = Dice::new(families, "family", dice.below(5) as u64);
        names::surname(&mut family)
    } else {
        names::surname(&mut dice)
    };
    let as_of = spec.as_of;
    let years = |dice: &mut Dice, low: i64, high: i64| -> NaiveDate {
        let days = dice.whole(low * 365 + 1, high * 365) as u64;
        as_of - Days::new(days)
    };
    let head_age = if household.local {
        dice.weighted(&[(34, 2), (45, 3), (55, 3), (68, 2)])
    } else {
        dice.weighted(&[(22, 4), (30, 5), (38, 3), (48, 2)])
    };
    let moved_in = if household.local {
        years(&mut dice, 8, 40)
    } else {
        years(&mut dice, 0, 6)
    };
    let dormitory = household.size > 5 && !household.local;
    let head_male = dice.chance(if household.local { 0.8 } else { 0.62 });
    (0..household.size)
        .map(|at| {
            let (relation, male, low, high, own_name) = match at {
                0 => ("02", head_male, head_age - 4, head_age + 8, false),
                _ if dormitory => ("99", dice.chance(0.6), 18, 50, true),
                1 => ("10", !head_male, head_age - 6, head_age + 7, true),
                2 | 3 => {
                    let male = dice.chance(0.52);
                    let oldest = (head_age - 20).max(2);
                    let relation = if male { "20" } else { "30" };
                    (relation, male, (oldest - 8).max(0), oldest + 3, false)
                }
                4 => ("50", dice.chance(0.4), head_age + 20, head_age + 32, true),
                _ => ("40", dice.chance(0.5), 0, (head_age - 40).max(4), false),
            };
            let own = if own_name {
                names::surname(&mut dice)
            } else {
                surname
            };
            let (name, ethnic) = names::person(&mut dice, own, male);
            let birth = years(&mut dice, low, high.min(99));
            Member {
                name,
                male,
                birth,
                ethnic,
                relation,
                abroad: !household.local && dice.chance(0.003),
                moved_in: moved_in.max(birth),
            }
        })
        .collect()
}

/// Age in whole years.
pub(super) fn age(birth: NaiveDate, on: NaiveDate) -> i32 {
    let years = on.year() - birth.year();
    years - i32::from((on.month(), on.day()) < (birth.month(), birth.day()))
}
