//! How rare words are in a tenant's memory, by recall's own counts.

use crate::db::Tx;
use crate::error::Result;
use crate::recall::words;
use crate::sql;
use std::collections::HashMap;

/// How rare some words are.
pub struct Rarity {
    texts: f64,
    with: HashMap<i64, f64>,
}

impl Rarity {
    /// The inverse document frequency of a word, as BM25 has it; of one that nobody counted yet that of a word in one text.
    pub fn of(&self, term: i64) -> f64 {
        let with = self.with.get(&term).copied().unwrap_or(1.0);
        (1.0 + (self.texts - with + 0.5).max(0.0) / (with + 0.5)).ln()
    }
}

/// How rare the words of some texts are.
pub async fn rarity(tx: &Tx, tenant: &String, number: i32, texts: &[&str]) -> Result<Rarity> {
    let mut terms: Vec<i64> = texts.iter().flat_map(|text| words(number, text)).collect();
    terms.sort_unstable();
    terms.dedup();
    let mut rarity = Rarity {
        texts: 1.0,
        with: HashMap::with_capacity(terms.len()),
    };
    for row in tx
        .query(sql!("recall/statistics"), &[tenant, &terms])
        .await?
    {
        match row.get::<_, Option<i64>>(0) {
            Some(term) => drop(rarity.with.insert(term, row.get::<_, i64>(1) as f64)),
            None => rarity.texts = row.get::<_, i64>(1) as f64,
        }
    }
    Ok(rarity)
}
