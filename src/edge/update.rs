//! edge_update

use super::{Edge, EdgeType, link};
use crate::error::{Error, Kind, Result};
use crate::operation::{Access, Context, Method, Operation};
use crate::sql;
use crate::types::{Name, Share};
use crate::write::{Begun, gone};
use schemars::JsonSchema;
use serde::Deserialize;

/// Changes what a link says, or how strong it is.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Input {
    /// The link's id, `edg_…`.
    id: Name,
    /// What it says from now on.
    edge_type: Option<EdgeType>,
    /// How strong it is from now on, 0 to 1.
    weight: Option<Share>,
}

/// Changes a link.
pub struct Update;

impl Operation for Update {
    const NAME: &'static str = "edge_update";
    const METHOD: Method = Method::Patch;
    const PATH: &'static str = "/api/v1/edges/{id}";
    const ACCESS: Access = Access::Write;
    type Input = Input;
    type Output = Edge;

    async fn run(ctx: &Context, input: Input) -> Result<Edge> {
        let id: &str = &input.id;
        if input.edge_type.is_none() && input.weight.is_none() {
            return Err(Error::invalid("say what changes: edge_type or weight"));
        }
        if let Begun::Fresh(write) = ctx.begin().await? {
            link::lock(write.tx(), &ctx.tenant).await?;
            let kind = input.edge_type.map(EdgeType::as_str);
            let weight = input.weight.map(Share::get);
            let row = write
                .first(sql!("edge/update"), &[&id, &kind, &weight, &ctx.at])
                .await
                .map_err(|error| match error.kind() {
                    Kind::Conflict => link::twice(),
                    _ => error,
                })?;
            let edge = row.as_ref().map(Edge::from_row);
            let edge = edge.ok_or_else(|| Error::not_found("no link by that id").field("id"))?;
            link::check(write.tx(), &ctx.tenant, &edge).await?;
            write.commit(&[id.to_owned()]).await?;
        }
        let row = ctx.first(sql!("edge/get"), &[&id]).await?;
        row.as_ref().map(Edge::from_row).ok_or_else(gone)
    }
}
