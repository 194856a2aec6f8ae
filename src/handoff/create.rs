//! handoff_create

use super::Handoff;
use crate::db::Claim;
use crate::db::{Sql, Statement, Stored, Unit};
use crate::edit::{Target, quarantine};
use crate::error::{Error, Kind, Result};
use crate::operation::{Access, Context, Method, Operation};
use crate::recall::Item;
use crate::trust::{attack, refusal};
use crate::types::{Name, Sensitivity, Share, Tags, strings};
use crate::write::{Begun, Write, gone};
use crate::{id, sql};
use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Stores what a session leaves for the next one: at least one of the texts experienced, noticed, learned, story, becoming, remember.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Input {
    /// The session that ends here.
    session_id: Name,
    /// Whom the session was with.
    with_whom: Name,
    /// What happened.
    experienced: Option<String>,
    /// What stood out.
    noticed: Option<String>,
    /// What was understood.
    learned: Option<String>,
    /// The session as a story.
    story: Option<String>,
    /// Who the agent is becoming: one statement of the identity thread.
    becoming: Option<String>,
    /// What must not be forgotten.
    remember: Option<String>,
    /// How much it matters, 0 to 1.
    #[serde(default = "half")]
    #[schemars(default = "half")]
    significance: Share,
    /// Labels to find it by.
    #[serde(default)]
    tags: Tags,
    /// How much of it may be shown, and to whom.
    #[serde(default)]
    sensitivity: Sensitivity,
    /// The project it belongs to.
    project_path: Option<Name>,
    /// The handoff it replaces, `sh_…`.
    supersedes: Option<Name>,
}

fn half() -> Share {
    Share::of(0.5)
}

/// The stored handoff.
#[derive(Serialize, JsonSchema)]
pub struct Output {
    /// Always true.
    success: bool,
    /// The new handoff's id.
    handoff_id: String,
    /// When it was stored.
    created_at: DateTime<Utc>,
    /// All of it.
    handoff: Handoff,
    /// A sentence for people.
    message: String,
}

/// A handoff on its way to the disk.
pub struct NewHandoff {
    handoff: Handoff,
    item: Option<Item>,
    claim: Option<Claim>,
}

/// Stores a handoff.
pub struct Create;

impl Operation for Create {
    const NAME: &'static str = "handoff_create";
    const METHOD: Method = Method::Post;
    const PATH: &'static str = "/api/v1/handoff";
    const ACCESS: Access = Access::Write;
    const CREATES: bool = true;
    type Input = Input;
    type Output = Output;

    async fn run(ctx: &Context, input: Input) -> Result<Output> {
        let mut handoff = draft(ctx, input)?;
        let said = handoff.clone();
        let attack = attack(&mut handoff);
        if let (Some(rule), Some(_)) = (attack, &handoff.supersedes) {
            return Err(refusal(rule));
        }
        ctx.protect(&mut handoff).await?;
        let number = ctx.place.record.number;
        let unit = NewHandoff {
            item: handoff.item(number),
            handoff,
            claim: ctx.claim.clone(),
        };
        let (unit, stored) = match unit.handoff.supersedes.is_some() || attack.is_some() {
            true => alone(ctx, unit, attack).await?,
            false => {
                let (unit, stored) = ctx.place.handoffs.write(unit).await?;
                if stored == Stored::New {
                    ctx.place.index.wrote(&ctx.tenant, number, &unit.item);
                }
                (unit, stored)
            }
        };
        let handoff = match stored {
            Stored::New => Handoff {
                encrypted: unit.handoff.sealed.is_some(),
                sensitivity: unit.handoff.sensitivity,
                ..said
            },
            Stored::Replay => {
                let ids = ctx.replayed().await?;
                let row = ctx
                    .first(sql!("handoff/get"), &[&ids[0], &true])
                    .await?
                    .ok_or_else(gone)?;
                Handoff::shown(ctx, &[row]).pop().ok_or_else(gone)?
            }
        };
        Ok(Output {
            success: true,
            handoff_id: handoff.handoff_id.clone(),
            created_at: handoff.created_at,
            message: match attack {
                None => format!(
                    "Stored. The next session with {} can wake up with it.",
                    handoff.with_whom
                ),
                Some(rule) => format!(
                    "Stored and kept back: it looks like an attack on a model ({rule}). edit_list has the edit that keeps it back, edit_reject \
                     lets it be seen."
                ),
            },
            handoff,
        })
    }
}

/// Stores a handoff in a transaction of its own: one that takes another out of force, or that is kept back by a rule.
async fn alone(
    ctx: &Context,
    unit: NewHandoff,
    attack: Option<&str>,
) -> Result<(NewHandoff, Stored)> {
    let Begun::Fresh(mut write) = ctx.begin().await? else {
        return Ok((unit, Stored::Replay));
    };
    put(ctx, &mut write, &unit.handoff).await?;
    if let Some(rule) = attack {
        let id = &unit.handoff.handoff_id;
        quarantine(ctx, &mut write, Target::Handoff, id, rule).await?;
    }
    write
        .commit(std::slice::from_ref(&unit.handoff.handoff_id))
        .await?;
    Ok((unit, Stored::New))
}

/// Writes a handoff beside other things, and takes the one it replaces out of force.
pub async fn put(ctx: &Context, write: &mut Write, handoff: &Handoff) -> Result<()> {
    write
        .system(
            sql!("handoff/create"),
            &Handoff::new_columns(&[handoff]).params(),
        )
        .await?;
    if let Some(old) = &handoff.supersedes {
        let message =
            "that handoff was replaced or deleted before; supersede the one that replaced it";
        let replaced =
            || Error::new(Kind::Conflict, "already_superseded", message).field("supersedes");
        write
            .first(sql!("handoff/supersede"), &[old, &handoff.handoff_id])
            .await?
            .ok_or_else(replaced)?;
        write.supersede(old, handoff.created_at, None).await?;
        write.unsay(old).await?;
    }
    write.index(handoff.item(ctx.place.record.number)).await
}

fn draft(ctx: &Context, input: Input) -> Result<Handoff> {
    let texts = [
        &input.experienced,
        &input.noticed,
        &input.learned,
        &input.story,
        &input.becoming,
        &input.remember,
    ];
    if !texts
        .iter()
        .any(|text| text.as_deref().is_some_and(|text| !text.trim().is_empty()))
    {
        let message = "a handoff needs at least one of experienced, noticed, learned, story, becoming, remember";
        return Err(Error::invalid(message).field("experienced"));
    }
    let said = |text: Option<String>| text.filter(|text| !text.trim().is_empty());
    Ok(Handoff {
        experienced: said(input.experienced),
        noticed: said(input.noticed),
        learned: said(input.learned),
        story: said(input.story),
        becoming: said(input.becoming),
        remember: said(input.remember),
        significance: input.significance.get(),
        tags: strings(input.tags.into_inner()),
        sensitivity: input.sensitivity.as_str().to_owned(),
        project_path: input.project_path.map(String::from),
        supersedes: input.supersedes.map(String::from),
        ..Handoff::new(ctx, &input.session_id, &input.with_whom)
    })
}

impl Handoff {
    /// A new handoff that says nothing yet.
    pub fn new(ctx: &Context, session_id: &str, with_whom: &str) -> Self {
        let (handoff_id, created_at) = id::new("sh");
        Self {
            handoff_id,
            tenant_id: ctx.tenant.clone(),
            session_id: session_id.to_owned(),
            with_whom: with_whom.to_owned(),
            experienced: None,
            noticed: None,
            learned: None,
            story: None,
            becoming: None,
            remember: None,
            significance: half().get(),
            tags: Vec::new(),
            sensitivity: Sensitivity::None.as_str().to_owned(),
            encrypted: false,
            project_path: None,
            compression_level: "full".to_owned(),
            compressed: None,
            supersedes: None,
            superseded_by: None,
            created_at,
            origin: Some(ctx.origin.clone()),
            sealed: None,
        }
    }
}

impl Unit for NewHandoff {
    const FIND: &'static Sql = sql!("handoff/find");

    fn tenant(&self) -> &str {
        &self.handoff.tenant_id
    }
    fn claim(&self) -> Option<&Claim> {
        self.claim.as_ref()
    }
    fn ids(&self) -> Vec<String> {
        vec![self.handoff.handoff_id.clone()]
    }
    fn statements<'a>(units: &'a [&'a Self]) -> Vec<Statement<'a>> {
        let rows: Vec<&Handoff> = units.iter().map(|unit| &unit.handoff).collect();
        let columns = Handoff::new_columns(&rows);
        let mut statements = vec![Statement {
            sql: sql!("handoff/create"),
            columns,
        }];
        let items = units.iter().filter_map(|unit| unit.item.as_ref());
        if items.clone().next().is_some() {
            statements.push(Item::insert(&items));
        }
        statements
    }
}
