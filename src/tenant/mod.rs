//! Tenants: whose memories there are, where they are kept, and how much there may be of them.

mod create;
mod delete;
mod erase;
mod get;
mod list;
mod place;
mod quota;
mod restore;
mod update;

pub use create::Create;
pub use delete::Delete;
pub use erase::erase;
pub use get::Get;
pub use list::List;
pub use place::{Place, Places};
pub use quota::{Adds, Admitted, Quotas, Rate, Room};
pub use restore::Restore;
pub use update::Update;

use crate::consolidation::Overrides;
use crate::db::Row;
use crate::endpoint::Endpoint;
use crate::error::{Error, Result};
use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::Serialize;

/// The operations of this folder.
pub const OPERATIONS: &[Endpoint] = &[
    Endpoint::of::<Create>(),
    Endpoint::of::<List>(),
    Endpoint::of::<Get>(),
    Endpoint::of::<Update>(),
    Endpoint::of::<Delete>(),
    Endpoint::of::<Restore>(),
];

/// The name under which the installation's own keys and audit log stand; no tenant can be called so.
pub const INSTALLATION: &str = "*";
/// How long a deleted tenant can be restored, in days.
pub const DAYS: i64 = 30;

/// A tenant as administrators see it.
#[derive(Serialize, JsonSchema)]
pub struct Tenant {
    /// Its name.
    tenant_id: String,
    /// `shared`: in the tables of all, kept apart by row-level security. `schema`: in a schema of its own.
    isolation: String,
    /// When it came into being.
    created_at: DateTime<Utc>,
    /// Since when it is in the trash.
    deleted_at: Option<DateTime<Utc>>,
    /// The most it may use.
    quotas: Quotas,
    /// What differs for its consolidation.
    consolidation: Overrides,
}

impl Tenant {
    /// From a row of tenants.
    fn from_row(row: &Row) -> Self {
        Self {
            tenant_id: row.get("tenant_id"),
            isolation: row.get("isolation"),
            created_at: row.get("created_at"),
            deleted_at: row.get("deleted_at"),
            quotas: Quotas::from_row(row),
            consolidation: Overrides::read(row.get("consolidation")),
        }
    }
}

fn missing() -> Error {
    Error::not_found("no tenant by that name; tenant_list names them all").field("tenant_id")
}

/// The tenant of a write that has to have found one.
fn found(rows: &[Row]) -> Result<Tenant> {
    rows.first().map(Tenant::from_row).ok_or_else(missing)
}

/// Whether a tenant's name has the documented form, `[A-Za-z0-9][A-Za-z0-9._-]{0,63}`.
pub fn check_name(name: &str) -> Result<()> {
    let mut bytes = name.bytes();
    let good = bytes
        .next()
        .is_some_and(|first| first.is_ascii_alphanumeric())
        && name.len() <= 64
        && bytes.all(|byte| byte.is_ascii_alphanumeric() || b"._-".contains(&byte));
    if good {
        return Ok(());
    }
    Err(Error::invalid("a tenant's name is 1 to 64 letters, digits, '.', '_' or '-', starting with a letter or digit").field("tenant_id"))
}
