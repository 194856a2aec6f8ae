//! edge_create

use super::{Edge, EdgeType, link};
use crate::error::{Error, Result};
use crate::operation::{Access, Context, Method, Operation};
use crate::types::{Name, Share};
use crate::write::{Begun, gone};
use crate::{id, sql};
use schemars::JsonSchema;
use serde::Deserialize;

/// Links two memories, or whatever else has a name. None is linked with itself, none twice in the same way, and parent_of, child_of,
/// depends_on and created_by close no circle.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Input {
    /// Where the link begins: a memory's or task's id, or any name.
    from_id: Name,
    /// Where it ends.
    to_id: Name,
    /// What it says.
    edge_type: EdgeType,
    /// How strong it is, 0 to 1.
    #[serde(default = "whole")]
    #[schemars(default = "whole")]
    weight: Share,
    /// Who makes it.
    created_by: Option<Name>,
}

fn whole() -> Share {
    Share::of(1.0)
}

/// Makes a link.
pub struct Create;

impl Operation for Create {
    const NAME: &'static str = "edge_create";
    const METHOD: Method = Method::Post;
    const PATH: &'static str = "/api/v1/edges";
    const ACCESS: Access = Access::Write;
    const CREATES: bool = true;
    type Input = Input;
    type Output = Edge;

    async fn run(ctx: &Context, input: Input) -> Result<Edge> {
        if *input.from_id == *input.to_id {
            return Err(Error::invalid("nothing is linked with itself").field("to_id"));
        }
        let mut edge = Edge::new(ctx, input.from_id.into(), input.to_id.into());
        edge.edge_type = input.edge_type;
        edge.weight = input.weight.get();
        edge.created_by = input.created_by.map(String::from);
        let edge_id = match ctx.begin().await? {
            Begun::Replay(mut ids) => ids.pop().ok_or_else(gone)?,
            Begun::Fresh(write) => {
                link(&write, &edge).await?;
                write.commit(std::slice::from_ref(&edge.edge_id)).await?;
                edge.edge_id
            }
        };
        let row = ctx.first(sql!("edge/get"), &[&edge_id]).await?;
        row.as_ref().map(Edge::from_row).ok_or_else(gone)
    }
}

impl Edge {
    /// A new dependency between the two.
    pub fn new(ctx: &Context, from_id: String, to_id: String) -> Self {
        let (edge_id, created_at) = id::new("edg");
        Self {
            edge_id,
            tenant_id: ctx.tenant.clone(),
            from_id,
            to_id,
            edge_type: EdgeType::DependsOn,
            weight: 1.0,
            created_by: None,
            created_at,
            updated_at: created_at,
        }
    }
}
