//! What an operation is, and what it knows of a call.

use crate::app::App;
use crate::db::Claim;
use crate::error::Result;
use crate::id;
use crate::json::Args;
use crate::origin::Origin;
use crate::seal::DataKey;
use crate::tenant::{Admitted, Place, Rate, Room};
use bytes::Bytes;
use chrono::{DateTime, Utc};
use futures_util::stream::{BoxStream, Stream};
use schemars::JsonSchema;
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::future::Future;
use std::sync::{Arc, OnceLock};
use tokio::sync::OnceCell;

/// How an operation is asked for over REST.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[allow(missing_docs, reason = "RFC 9110 documents them")]
pub enum Method {
    Get,
    Post,
    Put,
    Patch,
    Delete,
}

impl Method {
    /// The method as it stands in a request line.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Post => "POST",
            Self::Put => "PUT",
            Self::Patch => "PATCH",
            Self::Delete => "DELETE",
        }
    }
}

/// What a key has to allow. Each level includes the ones before it.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, serde::Deserialize, JsonSchema,
)]
#[serde(rename_all = "lowercase")]
#[schemars(inline)]
pub enum Access {
    /// Look, change nothing.
    Read,
    /// Remember and forget.
    Write,
    /// Keys, tenants, backups.
    Admin,
}

impl Access {
    /// The word that is stored and shown.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Write => "write",
            Self::Admin => "admin",
        }
    }
}

/// Whose affairs an operation is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// One tenant's.
    Tenant,
    /// One tenant's; for holders of the installation's keys also the installation's own, as tenant `*`.
    TenantOrInstallation,
    /// The installation's: only its own keys reach it, and `tenant_id` is an argument like any other.
    Installation,
}

/// One thing a client can ask for. Its name is the path of its code and its SQL; the doc comment of `Input` describes it everywhere.
pub trait Operation: Send + Sync + 'static {
    /// `folder_file`, as in `handoff_create`.
    const NAME: &'static str;
    /// The REST method.
    const METHOD: Method;
    /// The REST path; `{id}` is an argument of that name.
    const PATH: &'static str;
    /// Other routes that the documented API has for the same thing.
    const ALSO: &'static [(Method, &'static str)] = &[];
    /// What the key has to allow. `Read` operations change nothing that a client reads.
    const ACCESS: Access;
    /// Whether success means that something new exists (201).
    const CREATES: bool = false;
    /// Whose affairs it is about.
    const SCOPE: Scope = Scope::Tenant;
    /// Whether each success is written to the audit log, with the write itself.
    const AUDITED: bool =
        matches!(Self::ACCESS, Access::Admin) && !matches!(Self::METHOD, Method::Get);
    /// Whether a reply may be given again for a moment, by the rules of [`crate::cache`].
    const CACHED: bool = false;
    /// Whether a read replica may be asked, once it has what the caller wrote.
    const REPLICATED: bool = false;
    /// The arguments.
    type Input: DeserializeOwned + JsonSchema + Send;
    /// The reply; a struct, as MCP's structured content has to be an object.
    type Output: Serialize + JsonSchema + Send;
    /// Does it.
    fn run(ctx: &Context, input: Self::Input) -> impl Future<Output = Result<Self::Output>> + Send;
}

/// An operation whose reply is a stream of bytes; not offered as an MCP tool.
pub trait Download: Send + Sync + 'static {
    /// See [`Operation::NAME`].
    const NAME: &'static str;
    /// The REST path, with GET.
    const PATH: &'static str;
    /// What the body is, for the OpenAPI document.
    const CONTENT_TYPES: &'static [&'static str];
    /// See [`Operation::REPLICATED`].
    const REPLICATED: bool = false;
    /// The arguments.
    type Input: DeserializeOwned + JsonSchema + Send;
    /// Opens the stream.
    fn open(ctx: Arc<Context>, input: Self::Input) -> impl Future<Output = Result<Body>> + Send;
}

/// An operation whose request is a stream of bytes.
pub trait Upload: Send + Sync + 'static {
    /// See [`Operation::NAME`].
    const NAME: &'static str;
    /// The REST path, with POST.
    const PATH: &'static str;
    /// The arguments, from the query.
    type Input: DeserializeOwned + JsonSchema + Send;
    /// The reply.
    type Output: Serialize + JsonSchema + Send;
    /// Reads the stream.
    fn take(
        ctx: Arc<Context>,
        input: Self::Input,
        body: Bodies,
    ) -> impl Future<Output = Result<Self::Output>> + Send;
}

/// Pieces of a request's body.
pub type Bodies = BoxStream<'static, Result<Bytes>>;
/// Pieces of a reply's body; warp wants them Sync.
pub type Pieces = std::pin::Pin<Box<dyn Stream<Item = Result<Bytes>> + Send + Sync>>;

/// A streamed reply.
pub struct Body {
    /// Its media type.
    pub content_type: &'static str,
    /// A name to save it under.
    pub file_name: Option<String>,
    /// Its pieces.
    pub pieces: Pieces,
}

/// Who asks.
#[derive(Clone, Debug)]
pub struct Principal {
    /// The tenant the key belongs to; none for the installation's own keys and while keys are off.
    pub tenant: Option<String>,
    /// How far it reaches.
    pub access: Access,
    /// The key, if there was one.
    pub key_id: Option<String>,
}

impl Principal {
    /// The operator of this installation: keys are off, or the command line.
    pub fn operator() -> Self {
        Self {
            tenant: None,
            access: Access::Admin,
            key_id: None,
        }
    }
}

/// What a face finds after a call, for the reply's headers.
#[derive(Default)]
pub struct Told {
    /// How much the tenant's quota leaves.
    pub rate: OnceLock<Rate>,
    /// A write's token: who sends it back with a read reads no state from before the write.
    pub token: OnceLock<String>,
}

/// A call before its tenant is known.
#[derive(Clone)]
pub struct Call {
    /// Who asks.
    pub principal: Principal,
    /// With what.
    pub args: Args,
    /// `X-Tenant-Id`.
    pub tenant: Option<String>,
    /// Where what it writes comes from.
    pub origin: Origin,
    /// `Idempotency-Key`.
    pub idempotency_key: Option<String>,
    /// For the log and the reply.
    pub request_id: String,
    /// The token of a write that the reply has to know of.
    pub after: Option<String>,
    /// Whether the read replica is asked.
    pub on_replica: bool,
    /// Where the face finds what belongs into the reply's headers.
    pub told: Arc<Told>,
}

impl Call {
    /// A call of the operator's, who needs no key.
    pub fn of_operator(args: Args) -> Self {
        Self {
            principal: Principal::operator(),
            args,
            tenant: None,
            origin: Origin::of(None, "agent"),
            idempotency_key: None,
            request_id: id::new("req").0,
            after: None,
            on_replica: false,
            told: Arc::default(),
        }
    }
}

/// What an operation knows of its call.
pub struct Context {
    /// The server.
    pub app: Arc<App>,
    /// Whose memory.
    pub tenant: String,
    /// Who asks.
    pub principal: Principal,
    /// Where what it writes comes from.
    pub origin: Origin,
    /// Set when the client sent an Idempotency-Key with a write.
    pub claim: Option<Claim>,
    /// When the call came.
    pub at: DateTime<Utc>,
    /// Where the tenant's requests work.
    pub place: Arc<Place>,
    /// The token of a write that the reply has to know of.
    pub after: Option<String>,
    /// Whether the place is on the read replica.
    pub on_replica: bool,
    /// What is asked.
    pub operation: &'static str,
    /// For the log, the reply and the audit log.
    pub request_id: String,
    /// Whether the call's write goes to the audit log, and to whose.
    pub audited: bool,
    /// Counts as running until the call has ended.
    pub admitted: Admitted,
    /// Room that was promised to its write.
    pub room: Option<Room>,
    /// The tenant's data key, once the call has needed it.
    pub data_key: OnceCell<Arc<DataKey>>,
}
