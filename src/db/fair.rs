//! Who is next: one from each tenant in turn, however many one of them has waiting.

use std::collections::{HashMap, VecDeque};

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

    /// Puts something behind the others of its tenant; gives it back when the tenant has `most` waiting already.
    pub fn push(&mut self, tenant: &str, item: T, most: usize) -> Result<(), T> {
        match self.waiting.get_mut(tenant) {
            Some(line) if line.len() >= most => return Err(item),
            Some(line) => line.push_back(item),
            None => {
                self.waiting
                    .insert(tenant.to_owned(), VecDeque::from([item]));
                self.turns.push_back(tenant.to_owned());
            }
        }
        Ok(())
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

#[cfg(test)]
mod tests {
    use super::Fair;

    #[test]
    fn each_tenant_has_its_turn_and_none_waits_behind_anothers_line() {
        let mut fair = Fair::default();
        for n in 0..100 {
            assert!(fair.push("noisy", ("noisy", n), 50).is_ok() == (n < 50));
        }
        for n in 0..2 {
            assert!(fair.push("quiet", ("quiet", n), 50).is_ok());
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
