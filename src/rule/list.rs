//! rule_list

use super::Rule;
use super::create::Channel;
use crate::error::Result;
use crate::operation::{Access, Context, Method, Operation};
use crate::page::{Cursor, page};
use crate::sql;
use crate::types::Int;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Standing instructions, newest first.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Input {
    /// Only those that hold on this channel.
    channel: Option<Channel>,
    /// How many at most.
    #[serde(default)]
    limit: Int<1, 100, 20>,
    /// Where the page before ended.
    cursor: Option<Cursor>,
}

/// A page of rules.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "RuleList")]
pub struct Output {
    /// How many are on this page.
    count: usize,
    /// The rules.
    rules: Vec<Rule>,
    /// Ask with this for the next page; null on the last.
    next_cursor: Option<String>,
}

/// Lists rules.
pub struct List;

impl Operation for List {
    const NAME: &'static str = "rule_list";
    const METHOD: Method = Method::Get;
    const PATH: &'static str = "/api/v1/rules";
    const ACCESS: Access = Access::Read;
    type Input = Input;
    type Output = Output;

    async fn run(ctx: &Context, input: Input) -> Result<Output> {
        let limit = input.limit.get();
        let (at, id) = input.cursor.map(|cursor| (cursor.at, cursor.id)).unzip();
        let channel = input
            .channel
            .filter(|channel| !matches!(channel, Channel::All));
        let channel = channel.map(Channel::as_str);
        let params: [&dyn crate::db::Value; 4] = [&channel, &at, &id, &i64::from(limit + 1)];
        let rows = ctx.read(sql!("rule/list"), &params).await?;
        let mut rules = Rule::shown(ctx, &rows);
        let next_cursor = page(&mut rules, limit, |last| Cursor {
            at: last.created_at,
            id: last.rule_id.clone(),
        });
        Ok(Output {
            count: rules.len(),
            rules,
            next_cursor,
        })
    }
}
