//! Every operation that is offered: each feature's list, joined. What the gateway asks for itself ([`crate::gateway::BLOCK`]) is no one's to call.

use crate::endpoint::Endpoint;
use crate::operation::Method;
use crate::{
    artifact, audit, backup, capsule, chunk, compression, consolidation, context, decision, edge,
    edit, event, export, feedback, finding, handoff, identity, key, knowledge, message, metrics,
    next, principle, recall, reflection, rule, session, task, tenant, trash, wake,
};

const FEATURES: &[&[Endpoint]] = &[
    handoff::OPERATIONS,
    wake::OPERATIONS,
    compression::OPERATIONS,
    consolidation::OPERATIONS,
    principle::OPERATIONS,
    reflection::OPERATIONS,
    session::OPERATIONS,
    identity::OPERATIONS,
    knowledge::OPERATIONS,
    decision::OPERATIONS,
    event::OPERATIONS,
    chunk::OPERATIONS,
    message::OPERATIONS,
    artifact::OPERATIONS,
    recall::OPERATIONS,
    context::OPERATIONS,
    edit::OPERATIONS,
    rule::OPERATIONS,
    capsule::OPERATIONS,
    task::OPERATIONS,
    next::OPERATIONS,
    finding::OPERATIONS,
    edge::OPERATIONS,
    feedback::OPERATIONS,
    trash::OPERATIONS,
    export::OPERATIONS,
    key::OPERATIONS,
    tenant::OPERATIONS,
    backup::OPERATIONS,
    audit::OPERATIONS,
    metrics::OPERATIONS,
];

/// All operations, feature by feature.
pub fn all() -> impl Iterator<Item = &'static Endpoint> {
    FEATURES.iter().flat_map(|operations| operations.iter())
}

/// The operation of this name.
pub fn find(name: &str) -> Option<&'static Endpoint> {
    all().find(|endpoint| endpoint.name == name)
}

/// What a path leads to.
pub enum Route<'a> {
    /// An operation and the path's arguments.
    Found(&'static Endpoint, Vec<(&'static str, &'a str)>),
    /// The path exists with these methods only.
    WrongMethod(Vec<Method>),
    /// No such path.
    Missing,
}

/// Looks a path up; its segments stay percent-encoded.
pub fn route<'a>(method: &str, path: &'a str) -> Route<'a> {
    let mut allowed = Vec::new();
    for endpoint in all() {
        for (its_method, pattern) in endpoint.routes() {
            let Some(arguments) = matches(pattern, path) else {
                continue;
            };
            if its_method.as_str() == method {
                return Route::Found(endpoint, arguments);
            }
            allowed.push(its_method);
        }
    }
    allowed.sort_unstable();
    allowed.dedup();
    if allowed.is_empty() {
        Route::Missing
    } else {
        Route::WrongMethod(allowed)
    }
}

/// Whether a path fits a pattern, and its arguments. A literal segment wins over `{id}`: `last` and `stats` are no ids.
fn matches<'a>(pattern: &'static str, path: &'a str) -> Option<Vec<(&'static str, &'a str)>> {
    if !pattern.contains('{') {
        return (pattern == path).then(Vec::new);
    }
    let mut arguments = Vec::new();
    let mut segments = path.split('/');
    for part in pattern.split('/') {
        let segment = segments.next()?;
        match part
            .strip_prefix('{')
            .and_then(|rest| rest.strip_suffix('}'))
        {
            Some(_)
                if segment.is_empty()
                    || all().any(|other| other.routes().any(|(_, literal)| literal == path)) =>
            {
                return None;
            }
            Some(name) => arguments.push((name, segment)),
            None if part == segment => {}
            None => return None,
        }
    }
    segments.next().is_none().then_some(arguments)
}
