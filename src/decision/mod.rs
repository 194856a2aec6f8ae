//! Decisions, and what replaces them.

mod create;
mod list;
mod supersede;

pub use create::Create;
pub use list::List;
pub use supersede::Supersede;

use crate::db::{Row, sha256};
use crate::endpoint::Endpoint;
use crate::knowledge::{none, once};
use crate::operation::Context;
use crate::origin::Origin;
use crate::recall::Item;
use crate::seal::{Sealable, Sealed, Show};
use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The operations of this folder.
pub const OPERATIONS: &[Endpoint] = &[
    Endpoint::of::<Create>(),
    Endpoint::of::<List>(),
    Endpoint::of::<Supersede>(),
];

/// A decision as clients see it.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct Decision {
    /// Its id, `dec_…`.
    pub decision_id: String,
    /// Whose it is.
    pub tenant_id: String,
    /// What was decided.
    pub decision: String,
    /// Why.
    pub rationale: Vec<String>,
    /// What bound it.
    pub constraints: Vec<String>,
    /// What else was thought of.
    pub alternatives: Vec<String>,
    /// What follows.
    pub consequences: Vec<String>,
    /// What it refers to.
    pub refs: Vec<String>,
    /// project, user or global.
    pub scope: String,
    /// The project it belongs to.
    pub project_path: Option<String>,
    /// Whether it always comes first.
    pub pinned: bool,
    /// active, archived (not used for long; recall still finds it) or superseded.
    pub status: String,
    /// The decision it replaces.
    pub supersedes: Option<String>,
    /// The decision that replaced it.
    pub superseded_by: Option<String>,
    /// How often it was recorded in the same words.
    #[serde(default = "once")]
    pub times: i32,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// none, low, medium, high or secret, by what stands in it.
    #[serde(default = "none")]
    pub sensitivity: String,
    /// Whether its texts are sealed in the database.
    #[serde(default)]
    pub encrypted: bool,
    /// Who wrote it, and how it came; not in exports.
    #[serde(default, skip_deserializing, skip_serializing_if = "Option::is_none")]
    pub origin: Option<Origin>,
    /// The edit that keeps it back because it looks like an attack on a model, in the reply to whoever wrote it; edit_reject lets it be seen.
    #[serde(default, skip_deserializing, skip_serializing_if = "Option::is_none")]
    pub quarantined: Option<String>,
    /// In exports of sealed decisions: the texts, encrypted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sealed: Option<Sealed>,
}

impl Sealable for Decision {
    fn id(&self) -> String {
        self.decision_id.clone()
    }
    fn sensitivity(&mut self) -> &mut String {
        &mut self.sensitivity
    }
    fn sealed(&mut self) -> &mut Option<Sealed> {
        &mut self.sealed
    }
    fn texts(&mut self) -> Vec<(String, &mut String)> {
        let lists = [
            ("rationale", &mut self.rationale),
            ("constraints", &mut self.constraints),
            ("alternatives", &mut self.alternatives),
            ("consequences", &mut self.consequences),
        ];
        let listed = lists.into_iter().flat_map(|(name, list)| {
            list.iter_mut()
                .enumerate()
                .map(move |(place, text)| (format!("{name}.{place}"), text))
        });
        std::iter::once(("decision".to_owned(), &mut self.decision))
            .chain(listed)
            .collect()
    }
}

impl Decision {
    /// As recall knows it; none of a sealed one.
    pub fn item(&self, tenant: i32) -> Option<Item> {
        let mut item = Item {
            tenant_id: self.tenant_id.clone(),
            item_id: self.decision_id.clone(),
            kind: "decision",
            project: self.project_path.clone(),
            sensitivity: self.sensitivity.clone(),
            at: self.created_at,
            valid_from: self.created_at,
            ..Item::default()
        };
        item.say(tenant, 0, &self.text());
        self.sealed.is_none().then_some(item)
    }

    /// What recall shows of it: the decision and why.
    pub fn text(&self) -> String {
        let said = std::iter::once(self.decision.as_str())
            .chain(self.rationale.iter().map(String::as_str));
        said.collect::<Vec<_>>().join("\n")
    }

    /// What makes another decision the same; none of a sealed one, whose words must not be guessed at.
    pub fn said(&self) -> Option<Vec<u8>> {
        let lists = [
            &self.rationale,
            &self.constraints,
            &self.alternatives,
            &self.consequences,
        ];
        let why: Vec<&str> = lists.into_iter().flatten().map(String::as_str).collect();
        let whole = format!(
            "{}\0{}\0{}\0{}",
            self.decision,
            self.scope,
            self.project_path.as_deref().unwrap_or_default(),
            why.join("\u{1}")
        );
        self.sealed.is_none().then(|| sha256(whole.as_bytes()))
    }

    /// From rows of decisions, as far as their own tenant may see them.
    pub fn shown(ctx: &Context, rows: &[Row]) -> Vec<Self> {
        let with_origin = |row| Self {
            origin: Origin::from_row(row),
            ..Self::from_row(row)
        };
        ctx.reveal(rows.iter().map(with_origin).collect(), Show::Own)
    }

    /// From a row of decisions, as it is stored.
    pub fn from_row(row: &Row) -> Self {
        let sealed: Option<Vec<u8>> = row.get("sealed");
        // An export's rows say nothing of it: whoever imports starts with an active set of its own.
        let archived = row
            .try_get::<_, Option<DateTime<Utc>>>("archived_at")
            .is_ok_and(|at| at.is_some());
        let superseded_by: Option<String> = row.get("superseded_by");
        Self {
            decision_id: row.get("decision_id"),
            tenant_id: row.get("tenant_id"),
            decision: row.get("decision"),
            rationale: row.get("rationale"),
            constraints: row.get("constraints"),
            alternatives: row.get("alternatives"),
            consequences: row.get("consequences"),
            refs: row.get("refs"),
            scope: row.get("scope"),
            project_path: row.get("project_path"),
            pinned: row.get("pinned"),
            status: match (&superseded_by, archived) {
                (Some(_), _) => "superseded",
                (None, true) => "archived",
                (None, false) => "active",
            }
            .to_owned(),
            supersedes: row.get("supersedes"),
            superseded_by,
            times: row.get("times"),
            created_at: row.get("created_at"),
            sensitivity: row.get("sensitivity"),
            encrypted: sealed.is_some(),
            origin: None,
            quarantined: None,
            sealed: sealed.map(Sealed),
        }
    }
}
