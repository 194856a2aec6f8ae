//! A life of many sessions, as an export has it: for import.

use serde_json::json;

/// Numbers that look random and are the same in every run (splitmix64).
pub fn mixed(n: u64) -> u64 {
    let mut z = n.wrapping_add(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

/// What an agent may say of itself.
const BECOMING: [&str; 8] = [
    "I measure before I change anything",
    "One who measures first and changes afterwards",
    "I keep my promises to users",
    "One who keeps promises made to users",
    "I ask before deleting data",
    "An agent that asks before it deletes data",
    "I listen more than I talk",
    "I leave good notes for the next session",
];

/// An export of `many` handoffs over 400 days, and a few notes and decisions; some of them say the same.
pub fn export(many: u64) -> String {
    let now = chrono::Utc::now();
    let header = json!({"format": "agent-memory/1", "tenant_id": "life", "export_date": now});
    let mut lines = vec![header.to_string()];
    for n in 0..many {
        // Now and then the very same is handed over twice.
        let number = if n % 50 == 1 { n - 1 } else { n };
        let random = mixed(number);
        let pick = |list: &[&str], salt: u64| {
            list[(mixed(random ^ salt) % list.len() as u64) as usize].to_owned()
        };
        let at = now - chrono::Duration::minutes(((many - n) * 400 * 24 * 60 / many) as i64 + 2);
        let what = pick(
            &[
                "scheduler",
                "billing database",
                "login page",
                "backup job",
                "recall index",
            ],
            1,
        );
        let place = pick(&["Frankfurt", "Lisbon", "Seoul", "Toronto"], 2);
        let twin = mixed(random);
        let story = format!(
            "We talked for a while. The {what} moved to {place} as case {twin}. It was a good day. Host h{number} needs certificate c{twin} before it restarts."
        );
        let with_whom = if number % 3 == 0 { "Bob" } else { "Ada" };
        let item = json!({
            "handoff_id": format!("sh_{:012x}7{:019x}", at.timestamp_millis(), n), "tenant_id": "life", "session_id": format!("s{n}"), "with_whom": with_whom,
            "story": story, "learned": format!("The {what} fails when its lease is older than {} minutes.", twin % 90), "experienced": null, "noticed": null,
            "becoming": (number % 4 == 0).then(|| pick(&BECOMING, 3)), "remember": (number % 25 == 0).then(|| format!("Ask about case {twin}.")),
            "significance": (random % 100) as f64 / 100.0, "tags": [what], "sensitivity": "none", "encrypted": false, "project_path": null,
            "compression_level": "full", "supersedes": null, "superseded_by": null, "created_at": at,
        });
        // The kind comes first, as in an export.
        lines.push(format!("{{\"kind\":\"handoff\",\"item\":{item}}}"));
    }
    lines.push(end(many));
    lines.join("\n") + "\n"
}

/// The last line of an export of so many handoffs.
pub fn end(many: u64) -> String {
    format!("{{\"kind\":\"end\",\"counts\":{{\"handoffs\":{many}}}}}")
}
