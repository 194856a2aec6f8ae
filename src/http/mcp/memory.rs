//! The registry as an MCP server: tools, prompts and resources.

use super::{AsSent, prompts, resources, tools};
use crate::app::App;
use crate::clock;
use crate::endpoint::Endpoint;
use crate::error::{Error, Kind, Result};
use crate::http::edge::Caller;
use crate::http::rest::call;
use crate::http::witness::Witness;
use crate::json::Args;
use crate::operation::Call;
use crate::registry;
use hyper::http::request::Parts;
use rmcp::ServerHandler;
use rmcp::model::{
    CallToolRequestParams, CallToolResponse, CallToolResult, ContentBlock, ErrorData,
    GetPromptRequestParams, GetPromptResponse, Implementation, ListPromptsResult,
    ListResourceTemplatesResult, ListResourcesResult, ListToolsResult, PaginatedRequestParams,
    ReadResourceRequestParams, ReadResourceResponse, ServerCapabilities, ServerConfig, Tool,
};
use rmcp::service::{RequestContext, RoleServer};
use serde_json::{Value, json};
use std::sync::Arc;

/// What a client is told about using this server.
const INSTRUCTIONS: &str = "Thread's Memory System keeps what you live through between sessions. At the start of a session call wake_up with \
whom you are with; during it, recall finds what you need and event_record keeps what happened; at its end call handoff_create with \
what you experienced, noticed and learned, who you are becoming, and what must be remembered.";

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
    pub fn new(app: Arc<App>, all: bool) -> Self {
        Self {
            app,
            tools: Arc::new(tools::all()),
            all,
        }
    }

    /// Runs an operation for whoever sent the request.
    async fn ask(
        &self,
        name: &str,
        members: Members,
        context: &RequestContext<RoleServer>,
    ) -> Result<Value> {
        let endpoint =
            registry::find(name).ok_or_else(|| Error::internal(format!("there is no {name}")))?;
        self.answer(endpoint, Args::of(members)?, context).await
    }

    async fn run(
        &self,
        endpoint: &Endpoint,
        request: CallToolRequestParams,
        context: &RequestContext<RoleServer>,
    ) -> Result<CallToolResult> {
        let sent = context.extensions.get::<Parts>();
        let mut args = match sent.and_then(|parts| parts.extensions.get::<AsSent>()) {
            Some(sent) => sent.arguments()?,
            None => Args::of(request.arguments.unwrap_or_default())?,
        };
        let reply = self.answer(endpoint, args.clone(), context).await?;
        let tenant = args.take_string("tenant_id").ok().flatten();
        let links = resources::links(endpoint.name, &reply, tenant.as_deref());
        let mut result = CallToolResult::structured(reply);
        result
            .content
            .extend(links.into_iter().map(ContentBlock::resource_link));
        Ok(result)
    }

    async fn answer(
        &self,
        endpoint: &Endpoint,
        args: Args,
        context: &RequestContext<RoleServer>,
    ) -> Result<Value> {
        let (call, witness) = match context.extensions.get::<Parts>() {
            Some(parts) => {
                let caller = parts.extensions.get::<Caller>().cloned();
                let caller = caller.ok_or_else(|| Error::internal("a request without a caller"))?;
                let call = call(&parts.headers, caller, args)?;
                let witness = Witness::of(&self.app, &parts.headers, endpoint, &call)?;
                (call, witness)
            }
            None => (self.local(args).await?, None),
        };
        let bytes = endpoint.call(&self.app, call).await?;
        if let Some(witness) = witness {
            Box::pin(witness.record(&self.app, &bytes)).await;
        }
        serde_json::from_slice(&bytes).map_err(Error::internal)
    }

    /// A call on stdio: of the key in the environment, else of the operator who started this process.
    async fn local(&self, args: Args) -> Result<Call> {
        let client = &self.app.config.client;
        let mut call = Call::of_operator(args);
        call.tenant = Some(client.tenant.clone()).filter(|tenant| !tenant.is_empty());
        if self.app.keys_on && !client.key.is_empty() {
            let found = self
                .app
                .keys
                .find(&self.app.db, &client.key, clock::now(), || Ok(()));
            call.principal = found.await.holder?;
            call.origin.by.clone_from(&call.principal.key_id);
        }
        Ok(call)
    }
}

impl ServerHandler for Memory {
    fn get_info(&self) -> ServerConfig {
        let implementation = Implementation::new("agent-memory", env!("CARGO_PKG_VERSION"))
            .with_title("Thread's Memory System");
        let able = ServerCapabilities::builder()
            .enable_tools()
            .enable_prompts()
            .enable_resources();
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
            .filter(|tool| all || tools::USUAL.contains(&&*tool.name));
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
        let arguments = request.arguments.as_ref();
        let needed = |name| prompts::argument(arguments, name).map_err(|error| refused(&error));
        match request.name.as_str() {
            "wake_up" => {
                needed("with_whom")?;
                let members = arguments.cloned().unwrap_or_default();
                let woken = self.ask("wake_up", members, &context).await;
                let woken = woken.map_err(|error| refused(&error))?;
                Ok(prompts::wake_up(woken["context"].as_str().unwrap_or_default()).into())
            }
            "handoff" => {
                let (whom, session) = (needed("with_whom")?, needed("session_id")?);
                Ok(prompts::handoff(&whom, &session).into())
            }
            other => Err(ErrorData::invalid_params(
                format!("no prompt is called {other}"),
                None,
            )),
        }
    }

    async fn list_resources(
        &self,
        _: Option<PaginatedRequestParams>,
        context: RequestContext<RoleServer>,
    ) -> Result<ListResourcesResult, ErrorData> {
        let newest = json!({"limit": resources::LISTED});
        let newest = newest.as_object().cloned().unwrap_or_default();
        let reply = self.ask("handoff_list", newest, &context).await;
        let listed = resources::of_handoffs(&reply.map_err(|error| refused(&error))?);
        Ok(ListResourcesResult::with_all_items(listed))
    }

    async fn list_resource_templates(
        &self,
        _: Option<PaginatedRequestParams>,
        _: RequestContext<RoleServer>,
    ) -> Result<ListResourceTemplatesResult, ErrorData> {
        Ok(ListResourceTemplatesResult::with_all_items(
            resources::templates(),
        ))
    }

    async fn read_resource(
        &self,
        request: ReadResourceRequestParams,
        context: RequestContext<RoleServer>,
    ) -> Result<ReadResourceResponse, ErrorData> {
        let uri = request.uri;
        let none = || {
            let named = json!({"uri": uri});
            ErrorData::resource_not_found(format!("nothing is at {uri}"), Some(named))
        };
        let (operation, members) = resources::parse(&uri).ok_or_else(none)?;
        match self.ask(&operation, members, &context).await {
            Ok(reply) => Ok(resources::content(&uri, &reply).into()),
            Err(error) if error.kind() == Kind::NotFound => Err(none()),
            Err(error) => Err(refused(&error)),
        }
    }

    async fn call_tool(
        &self,
        request: CallToolRequestParams,
        context: RequestContext<RoleServer>,
    ) -> Result<CallToolResponse, ErrorData> {
        let Some(endpoint) = tools::find(&request.name) else {
            return Err(ErrorData::invalid_params(
                format!("no tool is called {}", request.name),
                None,
            ));
        };
        Ok(match self.run(endpoint, request, &context).await {
            Ok(result) => result.into(),
            Err(error) => {
                CallToolResult::error(vec![ContentBlock::text(tools::explain(&error))]).into()
            }
        })
    }
}

type Members = serde_json::Map<String, Value>;

fn refused(error: &Error) -> ErrorData {
    ErrorData::invalid_params(tools::explain(error), None)
}
