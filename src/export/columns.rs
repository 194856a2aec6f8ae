//! The columns of an import's batches.

use super::event::ExportedEvent;
use crate::db::Columns;
use crate::decision::Decision;
use crate::knowledge::Note;

/// Of sql/export/import_knowledge.sql.
pub fn notes<'a>(tenant: &'a str, items: &'a [Note]) -> Columns<'a> {
    let rows = || items.iter();
    Columns::default()
        .texts(rows().map(|_| tenant))
        .texts(rows().map(|n| n.note_id.as_str()))
        .texts(rows().map(|n| n.title.as_str()))
        .texts(rows().map(|n| n.content.as_str()))
        .text_arrays(rows().map(|n| n.source_handoffs.as_slice()))
        .maybe_texts(rows().map(|n| n.with_whom.as_deref()))
        .text_arrays(rows().map(|n| n.tags.as_slice()))
        .numbers(rows().map(|n| n.confidence))
        .texts(rows().map(|n| if n.pinned { "true" } else { "false" }))
        .maybe_texts(rows().map(|n| n.supersedes.as_deref()))
        .instants(rows().map(|n| n.created_at))
        .instants(rows().map(|n| n.updated_at))
        .texts(rows().map(|n| n.sensitivity.as_str()))
        .maybe_bytes(rows().map(|n| n.sealed.as_ref().map(|sealed| sealed.0.as_slice())))
        .maybe_texts(rows().map(|n| n.superseded_by.as_deref()))
        .integers(rows().map(|n| n.times))
}

/// Of sql/export/import_decisions.sql.
pub fn decisions<'a>(tenant: &'a str, items: &'a [Decision]) -> Columns<'a> {
    let rows = || items.iter();
    Columns::default()
        .texts(rows().map(|_| tenant))
        .texts(rows().map(|d| d.decision_id.as_str()))
        .texts(rows().map(|d| d.decision.as_str()))
        .text_arrays(rows().map(|d| d.rationale.as_slice()))
        .text_arrays(rows().map(|d| d.constraints.as_slice()))
        .text_arrays(rows().map(|d| d.alternatives.as_slice()))
        .text_arrays(rows().map(|d| d.consequences.as_slice()))
        .text_arrays(rows().map(|d| d.refs.as_slice()))
        .texts(rows().map(|d| d.scope.as_str()))
        .maybe_texts(rows().map(|d| d.project_path.as_deref()))
        .texts(rows().map(|d| if d.pinned { "true" } else { "false" }))
        .maybe_texts(rows().map(|d| d.supersedes.as_deref()))
        .maybe_texts(rows().map(|d| d.superseded_by.as_deref()))
        .instants(rows().map(|d| d.created_at))
        .texts(rows().map(|d| d.sensitivity.as_str()))
        .maybe_bytes(rows().map(|d| d.sealed.as_ref().map(|sealed| sealed.0.as_slice())))
        .integers(rows().map(|d| d.times))
}

/// Of sql/export/import_events.sql.
pub fn events<'a>(tenant: &'a str, items: &'a [ExportedEvent]) -> Columns<'a> {
    let rows = || items.iter();
    Columns::default()
        .texts(rows().map(|_| tenant))
        .texts(rows().map(|e| e.event_id.as_str()))
        .texts(rows().map(|e| e.session_id.as_str()))
        .texts(rows().map(|e| e.channel.as_str()))
        .texts(rows().map(|e| e.actor.actor_type.as_str()))
        .texts(rows().map(|e| e.actor.id.as_str()))
        .texts(rows().map(|e| e.kind.as_str()))
        .texts(rows().map(|e| e.content.get()))
        .texts(rows().map(|e| e.sensitivity.as_str()))
        .text_arrays(rows().map(|e| e.tags.as_slice()))
        .text_arrays(rows().map(|e| e.refs.as_slice()))
        .maybe_texts(rows().map(|e| e.scope.as_deref()))
        .maybe_texts(rows().map(|e| e.subject_type.as_deref()))
        .maybe_texts(rows().map(|e| e.subject_id.as_deref()))
        .maybe_texts(rows().map(|e| e.project_id.as_deref()))
        .instants(rows().map(|e| e.at))
        .instants(rows().map(|e| e.created_at))
        .maybe_bytes(rows().map(|e| e.sealed.as_ref().map(|sealed| sealed.0.as_slice())))
}
