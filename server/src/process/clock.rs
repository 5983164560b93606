//! Steps that the system takes by itself when the time of a state is over.

use std::{sync::Arc, time::Duration};

use tokio::time::{Instant, MissedTickBehavior, interval_at};
use yizhangtu_data::clock::now;
use yizhangtu_data::{Layer, Value, store::StoreError};

use super::{
    demand::Given,
    read::{Machine, calendar, course},
    take::{Asked, apply},
};
use crate::http::{App, Problem};

/// Looks at the clocks from now on, every so often, where the file may be changed.
pub(crate) fn start(app: App, every: Duration) {
    tokio::spawn(async move {
        let mut ticks = interval_at(Instant::now() + every, every);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            ticks.tick().await;
            // A file that is found damaged is written no more.
            if app.writable().is_err() {
                return;
            }
            for layer in app.layers().to_vec() {
                if app.catalog().process(&layer.id).is_some() {
                    run(&app, &layer).await;
                }
            }
        }
    });
}

/// Takes every step of a layer that is due.
pub(super) async fn run(app: &App, layer: &Arc<Layer>) {
    let due = match due(app, layer).await {
        Ok(due) => due,
        Err(_) => return,
    };
    for (item, step) in due {
        let asked = Asked {
            item: item.clone(),
            step: step.clone(),
            given: Given::default(),
            happened: None,
            version: None,
            key: None,
        };
        // What changed in between is looked at again the next time.
        if let Err(problem) = apply(app, None, layer, asked).await {
            tracing::debug!(
                layer = layer.id,
                item,
                step,
                ?problem,
                "a step by the clock was refused"
            );
        }
    }
}

/// Features whose time is over, and the step that is taken then.
async fn due(app: &App, layer: &Arc<Layer>) -> Result<Vec<(String, String)>, Problem> {
    let (app, layer) = (app.clone(), Arc::clone(layer));
    tokio::task::spawn_blocking(move || {
        let machine = Machine::of(&app, &layer)?;
        let store = app.pool().reader().map_err(Problem::internal)?;
        let mut due = Vec::new();
        let look = |due: &mut Vec<(String, String)>| -> Result<(), StoreError> {
            let steps = machine.current.transitions.iter().filter(|step| step.auto);
            let mut states: Vec<&String> = steps.flat_map(|step| &step.from).collect();
            states.sort_unstable();
            states.dedup();
            for state in states {
                let value = Value::from(state.as_str());
                for record in store.find(&layer.id, &machine.current.state, &value)? {
                    let taken = machine.taken(&store, &record.id)?;
                    let process = machine.version(&app, &taken);
                    let course = course(&machine, &store, &process, taken, &record)?;
                    let Ok(calendar) = calendar(&app, &process) else {
                        continue;
                    };
                    let deadline = course.deadline(&calendar, &layer, &record);
                    let step = (process.transitions.iter())
                        .find(|step| step.auto && process.leads_from(step, &course.state));
                    if let (Some(deadline), Some(step)) = (deadline, step)
                        && deadline < now()
                    {
                        due.push((record.id.to_string(), step.id.clone()));
                    }
                }
            }
            Ok(())
        };
        look(&mut due).map_err(Problem::internal)?;
        Ok(due)
    })
    .await
    .map_err(Problem::internal)?
}
