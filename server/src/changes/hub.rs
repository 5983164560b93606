//! Where notices go out to everybody who listens.

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError, mpsc},
    thread,
    time::Duration,
};

use tokio::sync::{broadcast, watch};

use super::events::Message;

/// Messages that a slow listener may be behind before it is told to read anew.
const BEHIND: usize = 4096;

/// Listeners that are woken at a time. Whoever is woken stands in one queue with the requests
/// that are being answered: ten thousand at once would hold these up by tens of milliseconds.
const GROUP: usize = 64;

/// Before each group, so that the one before is through, and whoever made the change has their
/// answer, before more stand in the queue.
const PAUSE: Duration = Duration::from_millis(1);

type Groups = Arc<Mutex<Vec<broadcast::Sender<Message>>>>;

/// Where messages go out. Cloning shares it.
#[derive(Clone)]
pub(crate) struct Hub {
    to: mpsc::Sender<Message>,
    groups: Groups,
    closed: watch::Sender<bool>,
}

fn lock(groups: &Groups) -> MutexGuard<'_, Vec<broadcast::Sender<Message>>> {
    groups.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Hub {
    /// A hub with a thread of its own: the writer hands a message over and goes on, however
    /// many listen.
    pub(crate) fn new() -> Self {
        let (to, messages) = mpsc::channel();
        let groups = Groups::default();
        let out = Arc::clone(&groups);
        let thread = thread::Builder::new().name("events".to_owned());
        if let Err(error) = thread.spawn(move || tell(&messages, &out)) {
            tracing::error!(%error, "nobody will be told of changes");
        }
        let (closed, _) = watch::channel(false);
        Self { to, groups, closed }
    }

    /// Hands messages over.
    pub(super) fn tell(&self, messages: impl IntoIterator<Item = Message>) {
        for message in messages {
            // The thread ends with the process only.
            let _ = self.to.send(message);
        }
    }

    /// Has everybody read anew what there is.
    pub(crate) fn reload(&self, sequence: u64) {
        self.tell([Message::reload(sequence)]);
    }

    /// What is told from now on. A message that is on its way may be left out: what it tells
    /// of is in the snapshot and in the history by then.
    pub(super) fn listen(&self) -> (broadcast::Receiver<Message>, watch::Receiver<bool>) {
        let mut groups = lock(&self.groups);
        let open = groups.iter().find(|group| group.receiver_count() < GROUP);
        let told = match open {
            Some(group) => group.subscribe(),
            None => {
                let (group, told) = broadcast::channel(BEHIND);
                groups.push(group);
                told
            }
        };
        (told, self.closed.subscribe())
    }

    /// How many listen.
    pub(crate) fn listeners(&self) -> usize {
        let groups = lock(&self.groups);
        groups.iter().map(broadcast::Sender::receiver_count).sum()
    }

    /// Ends every stream, so that the service can stop.
    pub(crate) fn close(&self) {
        self.closed.send_replace(true);
    }
}

/// Hands messages on, group by group, until nobody can send any more. What comes meanwhile goes
/// out together in the next round.
fn tell(messages: &mpsc::Receiver<Message>, groups: &Groups) {
    while let Ok(first) = messages.recv() {
        let mut together = vec![first];
        together.extend(messages.try_iter());
        let now: Vec<_> = {
            let mut groups = lock(groups);
            groups.retain(|group| group.receiver_count() > 0);
            groups.clone()
        };
        for group in now {
            thread::sleep(PAUSE);
            for message in &together {
                // Everybody of the group may have gone.
                let _ = group.send(message.clone());
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everybody_is_told_everything_in_order_whatever_their_group() {
        let hub = Hub::new();
        let mut listeners: Vec<_> = (0..GROUP * 2 + 10).map(|_| hub.listen().0).collect();
        assert_eq!(hub.listeners(), listeners.len());
        assert_eq!(lock(&hub.groups).len(), 3);
        hub.tell((1..=20).map(Message::reload));
        for told in &mut listeners {
            for sequence in 1..=20 {
                assert_eq!(told.blocking_recv().expect("a message").sequence, sequence);
            }
        }
        // A place that is given up is taken again, and an empty group goes.
        listeners.truncate(GROUP);
        hub.tell([Message::reload(21)]);
        assert_eq!(
            listeners[0].blocking_recv().expect("a message").sequence,
            21
        );
        let other = hub.listen().0;
        assert_eq!((hub.listeners(), lock(&hub.groups).len()), (GROUP + 1, 2));
        drop(other);
    }
}
