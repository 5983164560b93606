//! Writes the base: after a start that had none, when much has changed since, and at a stop.

use std::{
    sync::{Arc, mpsc},
    thread::{self, JoinHandle},
    time::Duration,
};

use chrono::NaiveDate;
use ulid::Ulid;
use yizhangtu_data::store::GeoPackage;

use super::{
    file::{Unfit, Writing},
    head::{self, Fits, Head, HousesHead, LayerHead},
    pack, place,
};
use crate::{
    atlas::{Atlas, Snapshot},
    tiles,
};

/// After a start, whoever waits for answers goes first.
const SETTLED: Duration = Duration::from_secs(30);

/// How often it is asked whether much has changed.
const EVERY: Duration = Duration::from_secs(300);

/// Changes after which the base is written anew while the service runs: a start takes in those
/// that it lacks one by one.
const MANY: u64 = 2_000;

/// The thread that writes the base.
#[derive(Debug)]
pub(crate) struct Scribe {
    stop: mpsc::Sender<()>,
    thread: JoinHandle<()>,
}

/// What a base shows.
type Shown = (u64, NaiveDate);

impl Scribe {
    /// Watches over the base of a file that an atlas shows. `store` was opened before the atlas
    /// read the file, and may change it as long as that is `sound`.
    pub(crate) fn start(
        store: GeoPackage,
        schema: i64,
        atlas: Arc<Atlas>,
        sound: impl Fn() -> bool + Send + 'static,
    ) -> std::io::Result<Self> {
        let (stop, asked) = mpsc::channel();
        let thread = thread::Builder::new().name("base".to_owned());
        let thread = thread.spawn(move || {
            let mut written = shown(&store);
            let mut wait = SETTLED;
            while asked.recv_timeout(wait) == Err(mpsc::RecvTimeoutError::Timeout) {
                wait = EVERY;
                let now = atlas.snapshot();
                let much =
                    written.is_none_or(|(sequence, _)| now.sequence.abs_diff(sequence) >= MANY);
                if much && sound() && write_or_say(&store, schema, &now) {
                    written = Some((now.sequence, now.houses.day()));
                }
            }
            let last = atlas.snapshot();
            if written != Some((last.sequence, last.houses.day())) && sound() {
                write_or_say(&store, schema, &last);
            }
        })?;
        Ok(Self { stop, thread })
    }

    /// Writes what is there at last, and ends.
    pub(crate) fn stop(self) {
        drop(self.stop);
        if self.thread.join().is_err() {
            tracing::error!("the thread that keeps the index ended by a panic");
        }
    }
}

/// What the base that lies beside a file shows, where it fits.
fn shown(store: &GeoPackage) -> Option<Shown> {
    let (_, head) = super::read::begin(store).ok()?;
    Some((head.sequence, head.houses.day))
}

/// Whether it was written. It is a convenience: a start without it reads the rows.
fn write_or_say(store: &GeoPackage, schema: i64, snapshot: &Snapshot) -> bool {
    let done = write(store, schema, snapshot);
    if let Err(error) = &done {
        tracing::warn!(file = %place(store).display(), %error, "the index could not be kept");
    }
    done.is_ok()
}

/// Writes the base of a snapshot.
///
/// The file is marked before the base takes its place: whenever this is cut off, what lies there
/// names another mark than the file and is ignored.
pub(in crate::atlas) fn write(
    store: &GeoPackage,
    schema: i64,
    snapshot: &Snapshot,
) -> Result<(), Unfit> {
    if store.schema_version()? != schema {
        return Err(Unfit::Other("other tables than those that were read"));
    }
    let keys = store.keys();
    let mut file = Writing::begin(&place(store), store.path())?;
    let mut layers = Vec::new();
    for layer in head::kept(store) {
        let own = (snapshot.layers.iter().chain(&snapshot.contracts))
            .find(|own| own.layer.id == layer.id)
            .ok_or(Unfit::Other("other layers"))?;
        let records = pack::records(own, keys).map_err(std::io::Error::other)?;
        tiles::survey_all(own);
        let (merge_below, grounds) = own.grounds().to_parts();
        layers.push(LayerHead {
            id: layer.id.clone(),
            end: own.records.end(),
            records: file.put_all(&records)?,
            index: file.put_all(&own.index().to_parts())?,
            merge_below,
            grounds: file.put_all(&grounds)?,
        });
    }
    let houses = &snapshot.houses;
    let houses = HousesHead {
        kinds: houses.kinds().iter().map(ToString::to_string).collect(),
        day: houses.day(),
        terms: if houses.is_outdated() {
            String::new()
        } else {
            head::terms()
        },
        houses: file.put_all(&pack::houses(houses.all()))?,
        measures: file.put_all(&houses.index().measures_to_parts())?,
    };
    let mark = Ulid::generate().to_string();
    let head = Head {
        fits: Fits::of(store, mark.clone())?,
        sequence: snapshot.sequence,
        layers,
        houses,
    };
    store.mark_base(&mark)?;
    file.finish(&head)?;
    Ok(())
}
