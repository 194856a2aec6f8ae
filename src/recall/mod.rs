//! Recall: finding what matters, without a model, a key or a network.
//!
//! A memory's words are stored with it ([`item`]), under hashes of their stems ([`analyse`]). A question is read ([`question`],
//! [`dates`]), its rarest words find candidates ([`search`]), and these are scored with what was said around them ([`score`]).

mod analyse;
mod change;
mod confidence;
mod dates;
mod item;
mod plan;
mod query;
mod question;
mod score;
mod search;
mod upkeep;

pub use item::{Counts, Item};
pub use query::{Answer, Found, Query};
pub use search::search;
pub use upkeep::{Index, TIDY, Upkeep};

use crate::endpoint::Endpoint;
use crate::error::Result;
use crate::operation::{Access, Context, Method, Operation};
use crate::text::tokens;
use crate::types::{Instant, Int, List, Name, Tags, Text};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The words of a text that count, in their order, as recall knows them.
pub fn words(tenant: i32, text: &str) -> Vec<i64> {
    let mut terms = Vec::new();
    analyse::stems(text, analyse::Side::Memory, |stem| {
        terms.push(analyse::term(tenant, stem));
    });
    terms
}

/// Calls `each` with every word that counts: as recall knows it, and as it is written.
pub fn terms_and_words(tenant: i32, text: &str, mut each: impl FnMut(i64, &str)) {
    for token in analyse::tokens(&analyse::normalise(text)) {
        analyse::stems(token, analyse::Side::Question, |stem| {
            each(analyse::term(tenant, stem), token);
        });
    }
}

/// The operations of this folder.
pub const OPERATIONS: &[Endpoint] = &[Endpoint::of::<Recall>()];

/// Finds memories by what they say, best first.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Input {
    /// What to look for, in plain words.
    query: Text,
    /// Only these kinds.
    #[serde(default)]
    kinds: List<Kind, 6>,
    /// Only about or with this person or agent.
    with_whom: Option<Name>,
    /// Only of this session.
    session_id: Option<Name>,
    /// Only with all of these labels.
    #[serde(default)]
    tags: Tags,
    /// From this instant on.
    since: Option<Instant>,
    /// Before this instant.
    until: Option<Instant>,
    /// What was known and believed then, also where it was superseded since.
    as_of: Option<Instant>,
    /// What "today" means to the caller; the server's clock where it is not given.
    now: Option<Instant>,
    /// Only of this project.
    project_path: Option<Name>,
    /// Whether each result says how its score came about.
    #[serde(default)]
    explain: bool,
    /// How many at most.
    #[serde(default)]
    limit: Int<1, 200, 10>,
    /// The size of all results' texts together, in tokens.
    max_tokens: Option<Int<1, 1_000_000, 2000>>,
}

/// A kind of memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[schemars(inline)]
pub enum Kind {
    /// What happened.
    Event,
    /// What a session left.
    Handoff,
    /// A note.
    Knowledge,
    /// A decision.
    Decision,
    /// What consolidation made of many statements of becoming.
    Principle,
    /// What an agent found out.
    Finding,
}

impl Kind {
    /// The word that SQL uses.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Event => "event",
            Self::Handoff => "handoff",
            Self::Knowledge => "knowledge",
            Self::Decision => "decision",
            Self::Principle => "principle",
            Self::Finding => "finding",
        }
    }
}

/// What was found.
#[derive(Serialize, JsonSchema)]
pub struct Output {
    /// Best first.
    results: Vec<Found>,
    /// Tokens in the texts of all results.
    token_count: usize,
    /// Whether nothing that was found is likely to answer the query.
    below_confidence: bool,
}

/// Finds memories.
pub struct Recall;

impl Operation for Recall {
    const NAME: &'static str = "recall";
    const METHOD: Method = Method::Post;
    const PATH: &'static str = "/api/v1/recall";
    const ALSO: &'static [(Method, &'static str)] = &[(Method::Get, "/api/v1/recall")];
    const ACCESS: Access = Access::Read;
    const CACHED: bool = true;
    const REPLICATED: bool = true;
    type Input = Input;
    type Output = Output;

    async fn run(ctx: &Context, input: Input) -> Result<Output> {
        let words = Query::words(
            &input.query,
            input.now.map_or(ctx.at, Instant::get),
            input.limit.get() as usize,
        );
        let query = Query {
            kinds: input
                .kinds
                .iter()
                .map(|kind| kind.as_str().to_owned())
                .collect(),
            with_whom: input.with_whom.map(String::from),
            session_id: input.session_id.map(String::from),
            tags: input.tags.iter().map(|tag| tag.to_string()).collect(),
            since: input.since.map(Instant::get),
            until: input.until.map(Instant::get),
            as_of: input.as_of.map(Instant::get),
            project: input.project_path.map(String::from),
            explain: input.explain,
            ..words
        };
        let Answer {
            found: mut results,
            below_confidence,
        } = search(ctx, &query).await?;
        let mut left = input
            .max_tokens
            .map_or(usize::MAX, |max| max.get() as usize);
        let mut token_count = 0;
        results.retain(|found| {
            let size = tokens(&found.text);
            let fits = size <= left;
            if fits {
                left -= size;
                token_count += size;
            }
            fits
        });
        let shown = results.iter().map(|found| found.id.as_str());
        ctx.place.index.used(&ctx.tenant, shown, ctx.at);
        Ok(Output {
            token_count,
            below_confidence: below_confidence || results.is_empty(),
            results,
        })
    }
}
