//! What there is little of in an import, one by one: rules and capsules.

use crate::capsule::Capsule;
use crate::db::Tx;
use crate::error::Result;
use crate::rule::Rule;
use crate::sql;

/// Writes a rule unless it is there; whether it was not.
pub async fn rule(tx: &Tx, tenant: &str, rule: &Rule) -> Result<bool> {
    let sealed = rule.sealed.as_ref().map(|sealed| sealed.0.as_slice());
    let rows = tx
        .query(
            sql!("export/import_rule"),
            &[
                &tenant,
                &rule.rule_id,
                &rule.content,
                &rule.channel,
                &rule.priority,
                &rule.times,
                &rule.sensitivity,
                &sealed,
                &rule.created_at,
                &rule.said(),
            ],
        )
        .await?;
    Ok(!rows.is_empty())
}

/// Writes a capsule unless it is there; whether it was not.
pub async fn capsule(tx: &Tx, tenant: &str, capsule: &Capsule) -> Result<bool> {
    let sealed = capsule.sealed.as_ref().map(|sealed| sealed.0.as_slice());
    let rows = tx
        .query(
            sql!("export/import_capsule"),
            &[
                &tenant,
                &capsule.capsule_id,
                &capsule.author_agent_id,
                &capsule.subject_type,
                &capsule.subject_id,
                &capsule.scope,
                &capsule.audience_agent_ids,
                &capsule.items.chunks,
                &capsule.items.decisions,
                &capsule.items.artifacts,
                &capsule.risks,
                &capsule.sensitivity,
                &sealed,
                &capsule.created_at,
                &capsule.expires_at,
                &capsule.revoked_at,
            ],
        )
        .await?;
    Ok(!rows.is_empty())
}
