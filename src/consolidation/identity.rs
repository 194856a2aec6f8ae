//! identity_consolidation: statements of becoming that say the same are one principle, stated by the most central of them.

use super::alike::{SAME, alike, central, gist, opposed};
use super::did::Did;
use crate::db::{Row, Tx};
use crate::error::Result;
use crate::id;
use crate::jobs::Run;
use crate::recall::Item;
use crate::sql;
use chrono::{DateTime, Duration, Utc};
use std::collections::HashMap;

/// Statements of a batch.
const BATCH: i64 = 400;
/// So many groups are compared with, those with the most statements: memory is bounded, and one statement more or less is none.
const GROUPS: i64 = 20_000;
/// What so many statements say is a principle.
pub const PRINCIPLE: i32 = 3;
/// A direction is seen in the statements of so many days.
const RECENT: i64 = 60;
/// Principles whose statement is chosen anew in a batch.
const CENTRED: i64 = 200;

/// The groups there are, by the words of what each states.
#[derive(Default)]
pub struct Groups {
    /// Their ids, words and statements.
    groups: Vec<(String, Vec<i64>, String)>,
    with: HashMap<i64, Vec<u32>>,
}

impl Groups {
    async fn read(tx: &Tx, tenant: &String) -> Result<Self> {
        let mut groups = Self::default();
        for row in tx
            .query(sql!("consolidation/groups"), &[tenant, &GROUPS])
            .await?
        {
            groups.add(row.get(0), row.get(1));
        }
        Ok(groups)
    }

    fn add(&mut self, id: String, statement: &str) {
        let gist = gist(statement);
        let place = self.groups.len() as u32;
        for term in &gist {
            self.with.entry(*term).or_default().push(place);
        }
        self.groups.push((id, gist, statement.to_owned()));
    }

    /// The group that says most nearly the same.
    fn find(&self, statement: &str) -> Option<&str> {
        let gist = gist(statement);
        let mut shared: HashMap<u32, usize> = HashMap::new();
        for term in &gist {
            for place in self.with.get(term).into_iter().flatten() {
                *shared.entry(*place).or_default() += 1;
            }
        }
        let score = |place: u32| alike(&self.groups[place as usize].1, &gist);
        shared
            .into_keys()
            .map(|place| (score(place), place))
            .filter(|(score, place)| {
                *score >= SAME && !opposed(&self.groups[*place as usize].2, statement)
            })
            .max_by(|a, b| a.0.total_cmp(&b.0).then(b.1.cmp(&a.1)))
            .map(|(_, place)| self.groups[place as usize].0.as_str())
    }
}

/// One batch: new statements into groups, then what the groups that grew state, then which way they go.
pub async fn batch(run: &mut Run, tx: &Tx, at: &str) -> Result<Did> {
    if at.is_empty() {
        // What is no longer in force no longer says anything.
        for row in tx
            .query(sql!("consolidation/ungroup"), &[&run.tenant])
            .await?
        {
            let gone: String = row.get(0);
            tx.query(sql!("recall/forget"), &[&run.tenant, &vec![gone]])
                .await?;
        }
        tx.query(sql!("consolidation/ungroup_evidence"), &[&run.tenant])
            .await?;
        return Ok(Did {
            next: Some("group".into()),
            ..Did::default()
        });
    }
    match at.strip_prefix("group") {
        Some(after) => group(run, tx, after.trim_start()).await,
        None if at == "centre" => centre(run, tx).await,
        None => direct(run, tx).await,
    }
}

async fn group(run: &mut Run, tx: &Tx, after: &str) -> Result<Did> {
    let tenant = &run.tenant;
    let (after_at, after_id) = match after.split_once(' ') {
        Some((micros, id)) => (
            crate::clock::from_micros(micros.parse().unwrap_or_default()),
            id,
        ),
        None => (DateTime::UNIX_EPOCH, ""),
    };
    let rows = tx
        .query(
            sql!("consolidation/ungrouped"),
            &[tenant, &after_at, &after_id, &BATCH],
        )
        .await?;
    let mut groups = match run.groups.take() {
        Some(groups) => groups,
        None => Groups::read(tx, tenant).await?,
    };
    let mut new = Made::default();
    let mut evidence: (Vec<String>, Vec<String>, Vec<DateTime<Utc>>) = Default::default();
    for row in &rows {
        let (handoff, statement, at): (String, &str, DateTime<Utc>) =
            (row.get(0), row.get(1), row.get(2));
        let found = groups.find(statement).map(str::to_owned);
        let principle = found.unwrap_or_else(|| {
            let made = id::new("prn").0;
            new.put(&made, statement, &handoff, at);
            groups.add(made.clone(), statement);
            made
        });
        evidence.0.push(handoff);
        evidence.1.push(principle);
        evidence.2.push(at);
    }
    let made = new.ids.len() as i64;
    tx.query(
        sql!("consolidation/principles_make"),
        &[tenant, &new.ids, &new.statements, &new.handoffs, &new.at],
    )
    .await?;
    tx.query(
        sql!("consolidation/evidence"),
        &[tenant, &evidence.0, &evidence.1, &evidence.2],
    )
    .await?;
    run.groups = Some(groups);
    let next = match (rows.len() as i64 == BATCH, rows.last()) {
        (true, Some(last)) => format!(
            "group {} {}",
            last.get::<_, DateTime<Utc>>(2).timestamp_micros(),
            last.get::<_, &str>(0)
        ),
        _ => "centre".to_owned(),
    };
    Ok(Did {
        processed: rows.len() as i64,
        affected: rows.len() as i64,
        details: vec![("statements", rows.len() as i64), ("groups", made)],
        next: Some(next),
        ..Did::default()
    })
}

#[derive(Default)]
struct Made {
    ids: Vec<String>,
    statements: Vec<String>,
    handoffs: Vec<String>,
    at: Vec<DateTime<Utc>>,
}

impl Made {
    fn put(&mut self, id: &str, statement: &str, handoff: &str, at: DateTime<Utc>) {
        self.ids.push(id.to_owned());
        self.statements.push(statement.to_owned());
        self.handoffs.push(handoff.to_owned());
        self.at.push(at);
    }
}

/// Groups that grew by a quarter since their statement was chosen choose again, among the newest of theirs.
async fn centre(run: &mut Run, tx: &Tx) -> Result<Did> {
    let rows = tx
        .query(
            sql!("consolidation/uncentred"),
            &[&run.tenant, &PRINCIPLE, &CENTRED],
        )
        .await?;
    let (mut ids, mut handoffs, mut statements) = (Vec::new(), Vec::new(), Vec::new());
    let (mut items, mut consolidated) = (Vec::new(), 0);
    for row in &rows {
        let said: Vec<String> = row.get("statements");
        let theirs: Vec<String> = row.get("handoffs");
        let gists: Vec<Vec<i64>> = said.iter().map(|statement| gist(statement)).collect();
        let best = central(&gists);
        let (Some(statement), Some(handoff)) = (said.get(best), theirs.get(best)) else {
            continue;
        };
        consolidated += i64::from(row.get::<_, i32>("times"));
        items.push(item(run, row, statement));
        ids.push(row.get::<_, String>("principle_id"));
        handoffs.push(handoff.clone());
        statements.push(statement.clone());
    }
    tx.query(
        sql!("consolidation/centre"),
        &[&run.tenant, &ids, &handoffs, &statements],
    )
    .await?;
    tx.query(sql!("recall/forget"), &[&run.tenant, &ids])
        .await?;
    if !items.is_empty() {
        tx.query(sql!("recall/index"), &Item::columns(&items.iter()).params())
            .await?;
    }
    Ok(Did {
        affected: ids.len() as i64,
        details: vec![
            ("principles", ids.len() as i64),
            ("consolidated", consolidated),
        ],
        next: Some(
            if rows.len() as i64 == CENTRED {
                "centre"
            } else {
                "direct"
            }
            .to_owned(),
        ),
        items,
        ..Did::default()
    })
}

/// A principle as recall knows it.
fn item(run: &Run, row: &Row, statement: &str) -> Item {
    let at: DateTime<Utc> = row.get("last_at");
    let mut item = Item {
        tenant_id: run.tenant.clone(),
        item_id: row.get("principle_id"),
        kind: "principle",
        sensitivity: "none".into(),
        at,
        valid_from: at,
        ..Item::default()
    };
    item.say(run.place.record.number, 0, statement);
    item
}

/// Which principles grow and which fade: their share of the statements of the last weeks beside their share of those before.
async fn direct(run: &mut Run, tx: &Tx) -> Result<Did> {
    let since = run.began - Duration::days(RECENT);
    let rows = tx
        .query(
            sql!("consolidation/shares"),
            &[&run.tenant, &since, &PRINCIPLE],
        )
        .await?;
    let (mut ids, mut trends) = (Vec::new(), Vec::new());
    for row in &rows {
        let trend = trend(
            [row.get("recent"), row.get("before")],
            [row.get("all_recent"), row.get("all_before")],
        );
        if trend != row.get::<_, &str>("trend") {
            ids.push(row.get::<_, String>("principle_id"));
            trends.push(trend);
        }
    }
    tx.query(sql!("consolidation/turn"), &[&run.tenant, &ids, &trends])
        .await?;
    let count = |which: &str| trends.iter().filter(|trend| **trend == which).count() as i64;
    Ok(Did {
        affected: ids.len() as i64,
        details: vec![("growing", count("growing")), ("fading", count("fading"))],
        ..Did::default()
    })
}

/// The direction of a principle with so many statements recently and before, of so many in all.
fn trend(its: [i64; 2], all: [i64; 2]) -> &'static str {
    // Of few statements no direction can be told.
    if all[0] < 5 || all[1] < 5 {
        return "steady";
    }
    let share = |n: usize| its[n] as f64 / all[n] as f64;
    match (share(0), share(1)) {
        (now, then) if its[0] >= 3 && now >= 1.5 * then => "growing",
        (now, then) if its[1] >= 3 && now <= 0.5 * then => "fading",
        _ => "steady",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_principle_grows_or_fades_beside_the_others() {
        assert_eq!(trend([10, 10], [20, 100]), "growing");
        assert_eq!(trend([1, 40], [20, 100]), "fading");
        assert_eq!(trend([4, 20], [20, 100]), "steady");
        assert_eq!(trend([2, 0], [2, 0]), "steady");
    }

    #[test]
    fn a_statement_finds_the_group_that_says_the_same() {
        let mut groups = Groups::default();
        for (id, statement) in [
            ("prn_1", "I measure before I change anything"),
            ("prn_2", "I keep promises"),
        ] {
            groups.add(id.into(), statement);
        }
        assert_eq!(
            groups.find("One who measures before changing things"),
            Some("prn_1")
        );
        assert_eq!(groups.find("One who keeps promises"), Some("prn_2"));
        assert_eq!(groups.find("One who listens"), None);
    }
}
