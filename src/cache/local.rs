//! What this server keeps itself.

use super::mark::Stamp;
use super::{HOLDS, Key};
use std::collections::{HashMap, VecDeque};
use std::time::{Duration, Instant};

/// A reply, when its reading began, and what stood in the mark then.
struct Reply {
    began: Instant,
    mark: Option<Stamp>,
    bytes: Vec<u8>,
}

/// Replies by what they are of, within a bound. All hold equally long, so the first that came is the first to go.
pub struct Local {
    replies: HashMap<Key, Reply>,
    order: VecDeque<(Instant, Key)>,
    bytes: usize,
    most: usize,
}

impl Local {
    /// At most so many bytes of replies.
    pub fn new(most: usize) -> Self {
        Self {
            replies: HashMap::new(),
            order: VecDeque::new(),
            bytes: 0,
            most,
        }
    }

    /// A reply whose reading began after `oldest`, under the same mark, and within the last moment.
    pub fn get(&self, key: &Key, oldest: Option<Instant>, mark: Option<Stamp>) -> Option<Vec<u8>> {
        let reply = self.replies.get(key)?;
        let holds = reply.began.elapsed() < HOLDS
            && reply.mark == mark
            && oldest.is_none_or(|oldest| reply.began > oldest);
        holds.then(|| reply.bytes.clone())
    }

    /// Keeps a reply whose reading began then.
    pub fn put(&mut self, key: Key, began: Instant, mark: Option<Stamp>, bytes: &[u8]) {
        self.make_room(bytes.len());
        if bytes.len() > self.most {
            return;
        }
        let reply = Reply {
            began,
            mark,
            bytes: bytes.to_vec(),
        };
        if let Some(before) = self.replies.insert(key, reply) {
            self.bytes -= before.bytes.len();
        }
        self.bytes += bytes.len();
        self.order.push_back((began, key));
    }

    /// Forgets all of them.
    pub fn clear(&mut self) {
        self.replies.clear();
        self.order.clear();
        self.bytes = 0;
    }

    fn make_room(&mut self, wanted: usize) {
        while let Some((began, key)) = self.order.front().copied() {
            if began.elapsed() < HOLDS && self.bytes + wanted <= self.most {
                return;
            }
            self.order.pop_front();
            // One that was read anew since has another place in the line.
            if self
                .replies
                .get(&key)
                .is_some_and(|reply| reply.began == began)
                && let Some(reply) = self.replies.remove(&key)
            {
                self.bytes -= reply.bytes.len();
            }
        }
    }
}

/// Instants by name, remembered for a while.
pub struct Recent {
    keeps: Duration,
    at: HashMap<String, Instant>,
    order: VecDeque<(Instant, String)>,
}

impl Recent {
    /// Remembers for so long.
    pub fn new(keeps: Duration) -> Self {
        Self {
            keeps,
            at: HashMap::new(),
            order: VecDeque::new(),
        }
    }

    /// The last time is now.
    pub fn note(&mut self, name: &str, now: Instant) {
        self.sweep();
        self.at.insert(name.to_owned(), now);
        self.order.push_back((now, name.to_owned()));
    }

    /// When it was last, if that is not long ago.
    pub fn last(&self, name: &str) -> Option<Instant> {
        self.at.get(name).copied()
    }

    /// When it was first; now, if nobody remembers.
    pub fn first(&mut self, name: &str, now: Instant) -> Instant {
        self.sweep();
        if let Some(at) = self.at.get(name) {
            return *at;
        }
        self.note(name, now);
        now
    }

    fn sweep(&mut self) {
        while let Some((at, _)) = self.order.front()
            && at.elapsed() >= self.keeps
        {
            if let Some((at, name)) = self.order.pop_front()
                && self.at.get(&name) == Some(&at)
            {
                self.at.remove(&name);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_read_before_a_write_is_not_given_after_it() {
        let mut local = Local::new(1000);
        let began = Instant::now();
        let mark = Some([3; 16]);
        local.put([1; 32], began, mark, b"reply");
        let found = local.get(&[1; 32], None, mark);
        assert_eq!(found.as_deref(), Some(&b"reply"[..]));
        assert!(local.get(&[2; 32], None, mark).is_none());
        assert!(local.get(&[1; 32], None, None).is_none());
        // A write at the very instant may not have been seen.
        assert!(local.get(&[1; 32], Some(began), mark).is_none());
        let before = began.checked_sub(Duration::from_millis(1));
        assert!(local.get(&[1; 32], before, mark).is_some());
    }

    #[test]
    fn the_bound_holds_and_the_oldest_goes_first() {
        let mut local = Local::new(1000);
        for number in 0..50u8 {
            local.put([number; 32], Instant::now(), None, &[number; 100]);
            local.put([number; 32], Instant::now(), None, &[number; 90]);
            assert!(local.bytes <= 1000 && local.replies.len() <= 11);
        }
        let there = |local: &Local, number| local.get(&[number; 32], None, None).is_some();
        assert!(there(&local, 49) && !there(&local, 0));
        local.put([200; 32], Instant::now(), None, &[0; 2000]);
        assert!(!there(&local, 200));
        let old = Instant::now().checked_sub(HOLDS);
        local.put([7; 32], old.unwrap_or_else(Instant::now), None, b"old");
        assert!(old.is_none() || !there(&local, 7));
    }
}
