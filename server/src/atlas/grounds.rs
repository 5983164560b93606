//! The ground that a layer's areas cover, as its tiles from afar draw it, kept from the first time
//! that it is asked: so an edit costs the squares that it touches, and not the town.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError},
};

use yizhangtu_index::Rect;
use yizhangtu_tiles::{Ground, SquareId};

use crate::changes::{Touched, lattice};

/// Squares in one part of the bytes.
const PART: usize = 64;

/// Ground by square.
#[derive(Default)]
pub(crate) struct Grounds(Mutex<Kept>);

#[derive(Clone, Default)]
struct Kept {
    /// The zoom below which the layer is merged: it is surveyed one above.
    merge_below: u8,
    squares: HashMap<SquareId, Square>,
}

#[derive(Clone)]
struct Square {
    /// What may cover some of it lies here; none at the rim of the world.
    bounds: Option<Rect>,
    /// Filled by the first who asks, waited for by the others; none where nothing is.
    ground: Arc<OnceLock<Option<Arc<Ground>>>>,
}

impl Square {
    fn new(square: SquareId, ground: OnceLock<Option<Arc<Ground>>>) -> Self {
        Self {
            bounds: lattice(square.bounds()),
            ground: Arc::new(ground),
        }
    }
}

impl Grounds {
    /// The ground of a square of a layer that is merged below a zoom, made where it is not known.
    pub(crate) fn get(
        &self,
        merge_below: u8,
        square: SquareId,
        make: impl FnOnce() -> Option<Ground>,
    ) -> Option<Arc<Ground>> {
        let slot = {
            let mut kept = self.kept();
            if kept.merge_below != merge_below {
                *kept = Kept {
                    merge_below,
                    squares: HashMap::new(),
                };
            }
            let own = (kept.squares.entry(square))
                .or_insert_with(|| Square::new(square, OnceLock::new()));
            Arc::clone(&own.ground)
        };
        slot.get_or_init(|| make().map(Arc::new)).clone()
    }

    /// The zoom below which the layer is merged, and the ground that is known, as bytes, some squares
    /// in each part.
    pub(super) fn to_parts(&self) -> (u8, Vec<Vec<u8>>) {
        let kept = self.kept().clone();
        let known = (kept.squares.iter())
            .filter_map(|(square, own)| Some((*square, own.ground.get()?.as_deref()?)));
        let mut known: Vec<(SquareId, &Ground)> = known.collect();
        known.sort_unstable_by_key(|(square, _)| *square);
        let parts = known.chunks(PART).map(|some| {
            let mut out = Vec::new();
            for (square, ground) in some {
                square.put(&mut out);
                ground.put(&mut out);
            }
            out
        });
        (kept.merge_below, parts.collect())
    }

    /// What [`Grounds::to_parts`] told. None where the bytes tell no ground.
    pub(super) fn of_parts<'p>(
        merge_below: u8,
        parts: impl IntoIterator<Item = &'p [u8]>,
    ) -> Option<Self> {
        let mut squares = HashMap::new();
        for mut from in parts {
            while !from.is_empty() {
                let square = SquareId::take(&mut from)?;
                let ground = Arc::new(Ground::take(&mut from)?);
                squares.insert(square, Square::new(square, Some(ground).into()));
            }
        }
        Some(Self(Mutex::new(Kept {
            merge_below,
            squares,
        })))
    }

    /// Lets go of what tiles up to a zoom are drawn from.
    pub(crate) fn forget_up_to(&self, zoom: u8) {
        let mut kept = self.kept();
        kept.squares.retain(|square, _| square.zoom() > zoom);
        kept.squares.shrink_to_fit();
    }

    /// What is left after features were touched.
    pub(super) fn after(&self, touched: &Touched) -> Self {
        let mut kept = self.kept().clone();
        kept.squares.retain(|_, square| {
            let is_touched = |bounds| touched.rects().iter().any(|rect| rect.meets(&bounds));
            !square.bounds.is_none_or(is_touched)
        });
        Self(Mutex::new(kept))
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
