//! An export for people to read.

use super::event::ExportedEvent;
use crate::capsule::Capsule;
use crate::decision::Decision;
use crate::edge::Edge;
use crate::feedback::Feedback;
use crate::finding::Finding;
use crate::handoff::Handoff;
use crate::knowledge::Note;
use crate::rule::Rule;
use crate::task::Task;
use chrono::{DateTime, Utc};

/// The document's beginning.
pub fn head(tenant: &str, at: DateTime<Utc>) -> String {
    format!("# Memory of {tenant}\n\nExported {}.\n", time(at))
}

/// A kind's heading.
pub fn section(name: &str, total: i64) -> String {
    let title = name[..1].to_uppercase() + &name[1..];
    format!("\n## {title} ({total})\n")
}

/// One handoff.
pub fn handoff(handoff: &Handoff) -> String {
    let mut text = format!(
        "\n### {}, with {}\n\n",
        time(handoff.created_at),
        handoff.with_whom
    );
    for (name, part) in handoff.said() {
        if let Some(part) = part {
            let label = name[..1].to_uppercase() + &name[1..];
            text.push_str(&format!("**{label}:** {part}\n\n"));
        }
    }
    if !handoff.tags.is_empty() {
        text.push_str(&format!("Tags: {}\n\n", handoff.tags.join(", ")));
    }
    text + &format!("`{}`\n", handoff.handoff_id)
}

/// One note.
pub fn note(note: &Note) -> String {
    format!(
        "\n### {}\n\n{}\n\n`{}`, {}\n",
        note.title,
        note.content,
        note.note_id,
        time(note.created_at)
    )
}

/// One decision.
pub fn decision(decision: &Decision) -> String {
    let mut text = format!(
        "\n### {} ({}, {})\n\n",
        decision.decision,
        decision.status,
        time(decision.created_at)
    );
    for (label, items) in [
        ("Rationale", &decision.rationale),
        ("Constraints", &decision.constraints),
        ("Alternatives", &decision.alternatives),
        ("Consequences", &decision.consequences),
    ] {
        if !items.is_empty() {
            text.push_str(&format!("**{label}:**\n\n- {}\n\n", items.join("\n- ")));
        }
    }
    text + &format!("`{}`\n", decision.decision_id)
}

/// One rule.
pub fn rule(rule: &Rule) -> String {
    format!(
        "\n- {} (`{}`, {})\n",
        rule.content, rule.rule_id, rule.channel
    )
}

/// One link.
pub fn edge(edge: &Edge) -> String {
    let (from, to, kind) = (&edge.from_id, &edge.to_id, edge.edge_type.as_str());
    format!("\n- `{from}` {kind} `{to}` (`{}`)\n", edge.edge_id)
}

/// One task.
pub fn task(task: &Task) -> String {
    let description = task.description.as_deref().unwrap_or_default();
    format!(
        "\n### {} ({})\n\n{description}\n\n`{}`\n",
        task.title, task.status, task.task_id
    )
}

/// One finding.
pub fn finding(finding: &Finding) -> String {
    format!(
        "\n- {} ({}, {}, `{}`)\n",
        finding.content,
        finding.agent_id,
        time(finding.created_at),
        finding.finding_id
    )
}

/// One piece of feedback.
pub fn feedback(feedback: &Feedback) -> String {
    format!(
        "\n- {} ({}, {}, {}, `{}`)\n",
        feedback.description,
        feedback.category,
        feedback.severity,
        feedback.status,
        feedback.feedback_id
    )
}

/// One capsule.
pub fn capsule(capsule: &Capsule) -> String {
    let items = &capsule.items;
    let held: Vec<&str> = [&items.chunks, &items.decisions, &items.artifacts]
        .into_iter()
        .flatten()
        .map(String::as_str)
        .collect();
    format!(
        "\n### From {} about {} {}\n\nFor {}, until {}: {}\n\n{}\n\n`{}`\n",
        capsule.author_agent_id,
        capsule.subject_type,
        capsule.subject_id,
        capsule.audience_agent_ids.join(", "),
        time(capsule.expires_at),
        held.join(", "),
        capsule.risks.join("\n"),
        capsule.capsule_id
    )
}

/// One event.
pub fn event(event: &ExportedEvent) -> String {
    let texts: Vec<&str> = event
        .chunks
        .iter()
        .map(|chunk| chunk.text.as_str())
        .collect();
    let body = if event.sealed.is_some() {
        crate::seal::HIDDEN.to_owned()
    } else if texts.is_empty() {
        event.content.get().to_owned()
    } else {
        texts.join("\n\n")
    };
    format!(
        "\n### {}, {} ({})\n\n{body}\n\n`{}`\n",
        time(event.at),
        event.actor.id,
        event.kind,
        event.event_id
    )
}

fn time(at: DateTime<Utc>) -> String {
    at.format("%Y-%m-%d %H:%M UTC").to_string()
}
