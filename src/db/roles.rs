//! The roles in which a database is worked with.

use super::Target;

/// The same database, as each of its roles.
#[derive(Clone)]
pub struct Roles {
    /// Rows of tenant tables, and nothing else.
    pub application: Target,
    /// The same on a read replica, where there is one.
    pub replica: Option<Target>,
    /// Owns the tables; migrates and looks after them.
    pub owner: Target,
    /// The owner past any pooler: fills a database that was made for a restore.
    pub restorer: Target,
    /// Reads everything past the policies, for dumps; past any pooler.
    pub dumper: Target,
    /// Makes, renames and drops databases: on the database `postgres`, past any pooler.
    pub maker: Target,
}

impl Roles {
    /// The same roles on another database of the server.
    pub fn with_database(&self, name: &str) -> Self {
        Self {
            // Where a pooler stands in between, it knows the one database alone.
            application: self
                .restorer
                .as_role_of(&self.application)
                .with_database(name),
            replica: None,
            owner: self.restorer.with_database(name),
            restorer: self.restorer.with_database(name),
            dumper: self.dumper.with_database(name),
            maker: self.maker.clone(),
        }
    }
}
