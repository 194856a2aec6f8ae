//! Who is next: one from each tenant in turn, however many one of them has waiting.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, PoisonError};

/// Things that wait, by tenant. Within a tenant the first to come is the first to go.
pub struct Fair<T> {
    waiting: HashMap<String, VecDeque<T>>,
    /// Tenants that have something waiting; the front is next.
    turns: VecDeque<String>,
}

impl<T> Default for Fair<T> {
    fn default() -> Self {
        Self {
            waiting: HashMap::new(),
            turns: VecDeque::new(),
        }
    }
}

impl<T> Fair<T> {
    /// Whether nothing waits.
    pub fn is_empty(&self) -> bool {
        self.turns.is_empty()
    }

    /// Puts something behind the others of its tenant.
    pub fn push(&mut self, tenant: String, item: T) {
        match self.waiting.get_mut(&tenant) {
            Some(line) => line.push_back(item),
            None => {
                self.turns.push_back(tenant.clone());
                self.waiting.insert(tenant, VecDeque::from([item]));
            }
        }
    }

    /// Takes one of each tenant in turn until their sizes reach `most`; at least one.
    pub fn take(&mut self, most: usize, size: impl Fn(&T) -> usize) -> Vec<T> {
        let (mut taken, mut total) = (Vec::new(), 0);
        while total < most {
            let Some(tenant) = self.turns.pop_front() else {
                break;
            };
            let Some(line) = self.waiting.get_mut(&tenant) else {
                continue;
            };
            if let Some(item) = line.pop_front() {
                total += size(&item);
                taken.push(item);
            }
            match line.is_empty() {
                true => drop(self.waiting.remove(&tenant)),
                false => self.turns.push_back(tenant),
            }
        }
        taken
    }
}

/// How many units each tenant has waiting or on their way.
pub type Waiting = Arc<Mutex<HashMap<String, usize>>>;

/// A place in the line; given back when the unit is answered or given up.
pub struct Turn {
    waiting: Waiting,
    tenant: String,
}

impl Turn {
    /// A place, unless the tenant has `most` already.
    pub fn take(waiting: &Waiting, tenant: &str, most: usize) -> Option<Self> {
        let mut lines = waiting.lock().unwrap_or_else(PoisonError::into_inner);
        let line = lines.entry(tenant.to_owned()).or_default();
        if *line >= most {
            return None;
        }
        *line += 1;
        Some(Self {
            waiting: waiting.clone(),
            tenant: tenant.to_owned(),
        })
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        let mut lines = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        match lines.get_mut(&self.tenant) {
            Some(line) if *line > 1 => *line -= 1,
            _ => drop(lines.remove(&self.tenant)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Fair;

    #[test]
    fn each_tenant_has_its_turn_and_none_waits_behind_anothers_line() {
        let mut fair = Fair::default();
        for n in 0..50 {
            fair.push("noisy".to_owned(), ("noisy", n));
        }
        for n in 0..2 {
            fair.push("quiet".to_owned(), ("quiet", n));
        }
        let one = |_: &(&str, i32)| 1;
        assert_eq!(
            fair.take(4, one),
            [("noisy", 0), ("quiet", 0), ("noisy", 1), ("quiet", 1)]
        );
        assert_eq!(fair.take(2, one), [("noisy", 2), ("noisy", 3)]);
        assert_eq!(fair.take(1000, one).len(), 46);
        assert!(fair.is_empty() && fair.take(1, one).is_empty());
    }
}
