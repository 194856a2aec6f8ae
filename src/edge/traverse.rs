//! edge_traverse

use super::{Edge, EdgeType};
use crate::db::Value;
use crate::error::Result;
use crate::operation::{Access, Context, Method, Operation};
use crate::sql;
use crate::types::{Int, List, Name};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What can be reached from a memory by links, the nearest first, and the links between what was reached.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Input {
    /// Where it begins.
    id: Name,
    /// Which way.
    #[serde(default)]
    direction: Direction,
    /// Only by links that say one of these.
    #[serde(default)]
    edge_types: List<EdgeType, 6>,
    /// How many links away at most.
    #[serde(default)]
    depth: Int<1, 10, 3>,
    /// How many places at most.
    #[serde(default)]
    limit: Int<1, 1000, 100>,
}

/// Which way links are followed.
#[derive(Clone, Copy, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[schemars(inline)]
pub enum Direction {
    /// From where they begin.
    #[default]
    Out,
    /// From where they end.
    In,
    /// Either way.
    Both,
}

/// What was reached.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Reached")]
pub struct Output {
    /// Where it began, and what is near, the nearest first.
    nodes: Vec<Node>,
    /// The links between them, at most ten times as many.
    edges: Vec<Edge>,
    /// Whether there is more within the distance.
    more: bool,
}

/// A place that was reached.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "ReachedNode")]
pub struct Node {
    /// A memory's id, or another name.
    id: String,
    /// How many links away it is.
    distance: i32,
}

/// Follows links.
pub struct Traverse;

impl Operation for Traverse {
    const NAME: &'static str = "edge_traverse";
    const METHOD: Method = Method::Get;
    const PATH: &'static str = "/api/v1/edges/traverse";
    const ACCESS: Access = Access::Read;
    type Input = Input;
    type Output = Output;

    async fn run(ctx: &Context, input: Input) -> Result<Output> {
        let limit = input.limit.get() as usize;
        let start: &str = &input.id;
        let (out, back) = (
            input.direction != Direction::In,
            input.direction != Direction::Out,
        );
        let kinds: Vec<String> = input
            .edge_types
            .iter()
            .map(|kind| kind.as_str().to_owned())
            .collect();
        let kinds = Some(kinds).filter(|kinds| !kinds.is_empty());
        let (depth, most) = (input.depth.get() as i32, limit as i64 + 1);
        let params: [&dyn Value; 6] = [&start, &out, &back, &kinds, &depth, &most];
        let rows = ctx.read(sql!("edge/traverse"), &params).await?;
        let nodes = rows.iter().take(limit).map(|row| Node {
            id: row.get("id"),
            distance: row.get("distance"),
        });
        let nodes: Vec<Node> = nodes.collect();
        let ids: Vec<String> = nodes.iter().map(|node| node.id.clone()).collect();
        let params: [&dyn Value; 3] = [&ids, &kinds, &(limit as i64 * 10)];
        let between = ctx.read(sql!("edge/between"), &params).await?;
        Ok(Output {
            nodes,
            edges: between.iter().map(Edge::from_row).collect(),
            more: rows.len() > limit,
        })
    }
}
