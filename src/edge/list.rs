//! edge_list

use super::{Edge, EdgeType};
use crate::db::Value;
use crate::error::Result;
use crate::operation::{Access, Context, Method, Operation};
use crate::page::{Cursor, page};
use crate::sql;
use crate::types::{Int, Name};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Links, newest first.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Input {
    /// Only those that begin here.
    from_id: Option<Name>,
    /// Only those that end here.
    to_id: Option<Name>,
    /// Only those that say this.
    edge_type: Option<EdgeType>,
    /// How many at most.
    #[serde(default)]
    limit: Int<1, 1000, 100>,
    /// Where the page before ended.
    cursor: Option<Cursor>,
}

/// A page of links.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "EdgeList")]
pub struct Output {
    /// How many are on this page.
    count: usize,
    /// The links.
    edges: Vec<Edge>,
    /// Ask with this for the next page; null on the last.
    next_cursor: Option<String>,
}

/// Lists links.
pub struct List;

impl Operation for List {
    const NAME: &'static str = "edge_list";
    const METHOD: Method = Method::Get;
    const PATH: &'static str = "/api/v1/edges";
    const ACCESS: Access = Access::Read;
    type Input = Input;
    type Output = Output;

    async fn run(ctx: &Context, input: Input) -> Result<Output> {
        let limit = input.limit.get();
        let (at, id) = input.cursor.map(|cursor| (cursor.at, cursor.id)).unzip();
        let (from, to) = (input.from_id.as_deref(), input.to_id.as_deref());
        let kind = input.edge_type.map(EdgeType::as_str);
        let most = i64::from(limit + 1);
        let params: [&dyn Value; 6] = [&from, &to, &kind, &at, &id, &most];
        let rows = ctx.read(sql!("edge/list"), &params).await?;
        let mut edges: Vec<Edge> = rows.iter().map(Edge::from_row).collect();
        let next_cursor = page(&mut edges, limit, |last| Cursor {
            at: last.created_at,
            id: last.edge_id.clone(),
        });
        Ok(Output {
            count: edges.len(),
            edges,
            next_cursor,
        })
    }
}
