//! MCP at /mcp and on stdio: every operation with a JSON reply is a tool.

use super::edge::Caller;
use super::rest::{call, read_body};
use super::witness::Witness;
use super::{Leaving, Request, prompts, schema};
use crate::app::App;
use crate::endpoint::{Endpoint, Run};
use crate::error::{Error, Kind, Result};
use crate::json::{self, Args};
use crate::operation::{Access, Call};
use crate::registry;
use crate::stop::Stopper;
use bytes::Bytes;
use futures_util::TryStreamExt;
use http_body_util::{BodyDataStream, BodyExt, Full};
use hyper::header::{ACCEPT, ALLOW, CONTENT_LENGTH, CONTENT_TYPE, HeaderMap, HeaderValue};
use hyper::http::request::Parts;
use rmcp::ServerHandler;
use rmcp::model::{
    CallToolRequestParams, CallToolResponse, CallToolResult, ContentBlock, ErrorData,
    GetPromptRequestParams, GetPromptResponse, Implementation, ListPromptsResult, ListToolsResult,
    PaginatedRequestParams, ServerCapabilities, ServerConfig, Tool, ToolAnnotations,
};
use rmcp::service::{RequestContext, RoleServer, ServiceExt};
use rmcp::transport::streamable_http_server::session::never::NeverSessionManager;
use rmcp::transport::streamable_http_server::{StreamableHttpServerConfig, StreamableHttpService};
use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Value, json};
use std::sync::Arc;
use tokio_util::sync::CancellationToken;

/// What a client is told about using this server.
const INSTRUCTIONS: &str = "Thread's Memory System keeps what you live through between sessions. At the start of a session call wake_up with \
whom you are with; during it, recall finds what you need and event_record keeps what happened; at its end call handoff_create with \
what you experienced, noticed and learned, who you are becoming, and what must be remembered.";

/// The MCP face over HTTP: stateless, one POST a message.
pub struct Mcp {
    service: StreamableHttpService<Memory, NeverSessionManager>,
    cancel: CancellationToken,
}

impl Mcp {
    /// For one server.
    pub fn new(app: Arc<App>) -> Result<Self> {
        let cancel = CancellationToken::new();
        // Host and Origin are checked at the edge, before every face.
        let config = StreamableHttpServerConfig::default()
            .with_legacy_session_mode(false)
            .with_json_response(true)
            .with_cancellation_token(cancel.clone())
            .with_max_request_body_bytes(super::BODY_LIMIT)
            .disable_allowed_hosts();
        let memory = Memory::new(app, false)?;
        let service = StreamableHttpService::new(
            move || Ok(memory.clone()),
            Arc::new(NeverSessionManager::default()),
            config,
        );
        Ok(Self { service, cancel })
    }

    /// Answers one request; the edge has put the caller into its extensions.
    pub async fn answer(&self, request: Request) -> Result<Leaving> {
        let (mut parts, body) = request.into_parts();
        let pieces = BodyDataStream::new(body)
            .map_err(|error| Error::invalid(format!("the body broke off: {error}")));
        let bytes = read_body(&parts.headers, Box::pin(pieces)).await?;
        if parts.method == hyper::Method::POST
            && let Err(refusal) = check(&parts.headers, &bytes)
        {
            return Ok(*refusal);
        }
        // Clients that accept anything get what the protocol's own clients ask for.
        let accept = parts
            .headers
            .get(ACCEPT)
            .and_then(|value| value.to_str().ok())
            .unwrap_or("*/*");
        if accept.contains("*/*") {
            parts.headers.insert(
                ACCEPT,
                HeaderValue::from_static("application/json, text/event-stream"),
            );
        }
        parts.headers.insert(CONTENT_LENGTH, bytes.len().into());
        parts.extensions.insert(AsSent(bytes.clone()));
        let response = self
            .service
            .handle(hyper::Request::from_parts(parts, Full::new(bytes)))
            .await;
        let kind = response
            .headers()
            .get(CONTENT_TYPE)
            .and_then(|value| value.to_str().ok());
        let status = response.status();
        if status.is_success() || kind.is_some_and(|kind| kind.starts_with("application/json")) {
            return Ok(response.map(|body| body.map_err(|never| match never {}).boxed_unsync()));
        }
        // rmcp refuses in plain text; its clients read JSON-RPC.
        let (head, body) = response.into_parts();
        let text = body
            .collect()
            .await
            .map_or_else(|never| match never {}, |body| body.to_bytes());
        let mut refused = *refusal(status, -32600, &String::from_utf8_lossy(&text));
        if let Some(allow) = head.headers.get(ALLOW) {
            refused.headers_mut().insert(ALLOW, allow.clone());
        }
        Ok(refused)
    }

    /// Ends streams that are still open.
    pub fn stop(&self) {
        self.cancel.cancel();
    }
}

/// Strict JSON and JSON-RPC, before anyone lenient reads it.
fn check(headers: &HeaderMap, body: &Bytes) -> Result<(), Box<Leaving>> {
    let kind = headers
        .get(CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default();
    if !kind
        .split(';')
        .next()
        .unwrap_or_default()
        .trim()
        .eq_ignore_ascii_case("application/json")
    {
        return Err(refusal(
            hyper::StatusCode::UNSUPPORTED_MEDIA_TYPE,
            -32600,
            "the body's Content-Type has to be application/json",
        ));
    }
    let bad = hyper::StatusCode::BAD_REQUEST;
    let mut args = Args::parse(body).map_err(|error| refusal(bad, -32700, error.message()))?;
    match args.take_string("jsonrpc") {
        Ok(Some(version)) if version == "2.0" => Ok(()),
        _ => Err(refusal(bad, -32600, "jsonrpc has to be \"2.0\"")),
    }
}

fn refusal(status: hyper::StatusCode, code: i32, message: &str) -> Box<Leaving> {
    let body = json!({"jsonrpc": "2.0", "id": null, "error": {"code": code, "message": message}})
        .to_string();
    let mut response = Leaving::new(super::Content::Full(body.into()).boxed());
    *response.status_mut() = status;
    response
        .headers_mut()
        .insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    Box::new(response)
}

/// The message as it was sent: rmcp's own view of it has other numbers and another order of members.
#[derive(Clone)]
struct AsSent(Bytes);

impl AsSent {
    /// The arguments of a tools/call, word for word.
    fn arguments(&self) -> Result<Args> {
        #[derive(Deserialize)]
        struct Message<'a> {
            #[serde(borrow)]
            params: Params<'a>,
        }
        #[derive(Deserialize)]
        struct Params<'a> {
            #[serde(borrow)]
            arguments: Option<&'a RawValue>,
        }
        let message: Message<'_> = serde_json::from_slice(&self.0).map_err(Error::internal)?;
        message
            .params
            .arguments
            .map_or(Ok(Args::default()), |arguments| {
                Args::parse(arguments.get().as_bytes())
            })
    }
}

/// The tools that are listed unless all are asked for: what an agent needs, without what an operator does. The others can be called
/// all the same.
const USUAL: [&str; 16] = [
    "context_build",
    "decision_create",
    "event_record",
    "finding_post",
    "handoff_create",
    "knowledge_create",
    "knowledge_note",
    "next_actions",
    "recall",
    "rule_create",
    "session_start",
    "task_claim",
    "task_complete",
    "task_create",
    "task_list",
    "wake_up",
];

/// The registry as an MCP server.
#[derive(Clone)]
pub struct Memory {
    app: Arc<App>,
    tools: Arc<Vec<Tool>>,
    /// Whether all tools are listed, whatever a request says.
    all: bool,
}

impl Memory {
    /// For one server; `all` lists all tools, else a request does with `/mcp?tools=all`.
    pub fn new(app: Arc<App>, all: bool) -> Result<Self> {
        let mut tools: Vec<Tool> = registry::all()
            .filter(|endpoint| matches!(endpoint.run, Run::Json(_)))
            .map(tool)
            .collect();
        tools.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(Self {
            app,
            tools: Arc::new(tools),
            all,
        })
    }

    /// The context of a wake-up.
    async fn woken(
        &self,
        members: Members,
        context: &RequestContext<RoleServer>,
    ) -> Result<String> {
        let endpoint =
            registry::find("wake_up").ok_or_else(|| Error::internal("there is no wake_up"))?;
        let reply = self.answer(endpoint, given(members)?, context).await?;
        Ok(reply["context"].as_str().unwrap_or_default().to_owned())
    }

    async fn run(
        &self,
        endpoint: &Endpoint,
        request: CallToolRequestParams,
        context: &RequestContext<RoleServer>,
    ) -> Result<Value> {
        let parts = context.extensions.get::<Parts>();
        let args = match parts.and_then(|parts| parts.extensions.get::<AsSent>()) {
            Some(sent) => sent.arguments()?,
            None => given(request.arguments.unwrap_or_default())?,
        };
        self.answer(endpoint, args, context).await
    }

    async fn answer(
        &self,
        endpoint: &Endpoint,
        args: Args,
        context: &RequestContext<RoleServer>,
    ) -> Result<Value> {
        let parts = context.extensions.get::<Parts>();
        let (call, witness) = match parts {
            Some(parts) => {
                let caller = parts.extensions.get::<Caller>().cloned();
                let caller = caller.ok_or_else(|| Error::internal("a request without a caller"))?;
                let call = call(&parts.headers, caller, args)?;
                let witness = Witness::of(&self.app, &parts.headers, endpoint, &call)?;
                (call, witness)
            }
            // On stdio the caller is whoever started this process.
            None => (Call::of_operator(args), None),
        };
        let bytes = endpoint.call(&self.app, call).await?;
        if let Some(witness) = witness {
            Box::pin(witness.record(&self.app, &bytes)).await;
        }
        serde_json::from_slice(&bytes).map_err(Error::internal)
    }
}

impl ServerHandler for Memory {
    fn get_info(&self) -> ServerConfig {
        let implementation = Implementation::new("agent-memory", env!("CARGO_PKG_VERSION"))
            .with_title("Thread's Memory System");
        let able = ServerCapabilities::builder()
            .enable_tools()
            .enable_prompts();
        ServerConfig::new(able.build())
            .with_server_info(implementation)
            .with_instructions(INSTRUCTIONS)
    }

    async fn list_tools(
        &self,
        _: Option<PaginatedRequestParams>,
        context: RequestContext<RoleServer>,
    ) -> Result<ListToolsResult, ErrorData> {
        let query = context
            .extensions
            .get::<Parts>()
            .and_then(|parts| parts.uri.query());
        let all =
            self.all || query.is_some_and(|query| query.split('&').any(|pair| pair == "tools=all"));
        let listed = self
            .tools
            .iter()
            .filter(|tool| all || USUAL.contains(&&*tool.name));
        Ok(ListToolsResult::with_all_items(listed.cloned().collect()))
    }

    async fn list_prompts(
        &self,
        _: Option<PaginatedRequestParams>,
        _: RequestContext<RoleServer>,
    ) -> Result<ListPromptsResult, ErrorData> {
        Ok(ListPromptsResult::with_all_items(prompts::all()))
    }

    async fn get_prompt(
        &self,
        request: GetPromptRequestParams,
        context: RequestContext<RoleServer>,
    ) -> Result<GetPromptResponse, ErrorData> {
        let refused = |error: Error| ErrorData::invalid_params(explain(&error), None);
        let arguments = request.arguments.as_ref();
        let with_whom = prompts::argument(arguments, "with_whom").map_err(refused)?;
        match request.name.as_str() {
            "wake_up" => {
                let members = arguments.cloned().unwrap_or_default();
                let woken = self.woken(members, &context).await.map_err(refused)?;
                Ok(prompts::wake_up(&woken).into())
            }
            "handoff" => {
                let session = prompts::argument(arguments, "session_id").map_err(refused)?;
                Ok(prompts::handoff(&with_whom, &session).into())
            }
            other => Err(ErrorData::invalid_params(
                format!("no prompt is called {other}"),
                None,
            )),
        }
    }

    async fn call_tool(
        &self,
        request: CallToolRequestParams,
        context: RequestContext<RoleServer>,
    ) -> Result<CallToolResponse, ErrorData> {
        let known =
            registry::find(&request.name).filter(|endpoint| matches!(endpoint.run, Run::Json(_)));
        let Some(endpoint) = known else {
            return Err(ErrorData::invalid_params(
                format!("no tool is called {}", request.name),
                None,
            ));
        };
        Ok(match self.run(endpoint, request, &context).await {
            Ok(value) => CallToolResult::structured(value).into(),
            Err(error) => CallToolResult::error(vec![ContentBlock::text(explain(&error))]).into(),
        })
    }
}

type Members = serde_json::Map<String, Value>;

fn given(members: Members) -> Result<Args> {
    members
        .into_iter()
        .map(|(name, value)| Ok((name, json::raw(&value)?)))
        .collect()
}

/// What a model reads when a tool fails: the sentence, the field, and whether to try again.
fn explain(error: &Error) -> String {
    let field = error
        .at_field()
        .map(|field| format!(" (field: {field})"))
        .unwrap_or_default();
    let again = match error.kind() {
        Kind::Unavailable | Kind::Limited | Kind::Timeout | Kind::StorageFull => {
            " Try again in a moment."
        }
        _ => "",
    };
    format!("{}: {}{field}.{again}", error.code(), error.message())
}

fn tool(endpoint: &Endpoint) -> Tool {
    let mut input = schema::input(endpoint);
    let description = input
        .remove("description")
        .and_then(|text| text.as_str().map(str::to_owned))
        .unwrap_or_default();
    let read = endpoint.access == Access::Read;
    let destructive = matches!(endpoint.method, crate::operation::Method::Delete);
    let annotations = ToolAnnotations::new()
        .read_only(read)
        .destructive(destructive)
        .idempotent(read || destructive)
        .open_world(false);
    Tool::new(endpoint.name, description, Arc::new(input))
        .with_raw_output_schema(Arc::new(schema::output(endpoint)))
        .with_annotations(annotations)
}

/// Serves one client on standard input and output until it goes away or the stopper says so.
pub async fn stdio(app: Arc<App>, all: bool, stopper: &Stopper) -> Result<()> {
    let memory = Memory::new(app, all)?;
    let cancel = CancellationToken::new();
    let service = memory.serve_with_ct(rmcp::transport::io::stdio_pipes(), cancel.clone());
    let running = tokio::select! {
        running = service => running,
        () = stopper.stopped() => return Ok(()),
    };
    // A client that leaves before its first word is no failure.
    let Ok(running) = running else { return Ok(()) };
    tokio::select! {
        ended = running.waiting() => ended.map(drop).map_err(Error::internal),
        () = stopper.stopped() => {
            cancel.cancel();
            Ok(())
        }
    }
}
