//! An operation without its types, and the single place every call goes through whatever face it came by.

use crate::app::App;
use crate::db::Claim;
use crate::error::{Error, Kind, Result};
use crate::json::Args;
use crate::operation::{
    Access, Bodies, Body, Call, Context, Download, Method, Operation, Principal, Scope, Told,
    Upload,
};
use crate::tenant::{Adds, INSTALLATION, check_name};
use crate::{clock, db};
use futures_util::future::BoxFuture;
use schemars::{JsonSchema, Schema, SchemaGenerator};
use std::sync::Arc;
use tokio::sync::OnceCell;

type Reply<T> = BoxFuture<'static, Result<T>>;

/// How an endpoint is called, by the shape of its body.
#[derive(Clone, Copy)]
#[allow(missing_docs, reason = "the traits of the same names say it")]
pub enum Run {
    Json(fn(Arc<Context>, Args) -> Reply<Vec<u8>>),
    Download(fn(Arc<Context>, Args) -> Reply<Body>),
    Upload(fn(Arc<Context>, Args, Bodies) -> Reply<Vec<u8>>),
}

/// An operation without its types: what the faces work with.
pub struct Endpoint {
    /// See [`Operation::NAME`].
    pub name: &'static str,
    /// All routes, the documented one first.
    pub method: Method,
    /// The documented path.
    pub path: &'static str,
    /// Its other routes.
    pub also: &'static [(Method, &'static str)],
    /// See [`Operation::ACCESS`].
    pub access: Access,
    /// See [`Operation::CREATES`].
    pub creates: bool,
    /// See [`Operation::SCOPE`].
    pub scope: Scope,
    /// See [`Operation::AUDITED`].
    pub audited: bool,
    /// See [`Operation::CACHED`].
    pub cached: bool,
    /// See [`Operation::REPLICATED`].
    pub replicated: bool,
    /// Media types of a streamed reply.
    pub content_types: &'static [&'static str],
    /// How to call it.
    pub run: Run,
    /// The schema of its arguments.
    pub input: fn(&mut SchemaGenerator) -> Schema,
    /// The schema of its reply.
    pub output: fn(&mut SchemaGenerator) -> Schema,
}

impl Endpoint {
    /// Erases an operation's types.
    pub const fn of<O: Operation>() -> Self {
        fn run<O: Operation>(ctx: Arc<Context>, args: Args) -> Reply<Vec<u8>> {
            Box::pin(async move {
                serde_json::to_vec(&O::run(&ctx, args.decode()?).await?).map_err(Error::internal)
            })
        }
        Self {
            name: O::NAME,
            method: O::METHOD,
            path: O::PATH,
            also: O::ALSO,
            access: O::ACCESS,
            creates: O::CREATES,
            scope: O::SCOPE,
            audited: O::AUDITED,
            cached: O::CACHED,
            replicated: O::REPLICATED,
            content_types: &["application/json"],
            run: Run::Json(run::<O>),
            input: O::Input::json_schema,
            output: O::Output::json_schema,
        }
    }

    /// Erases a download's types.
    pub const fn download<D: Download>() -> Self {
        fn run<D: Download>(ctx: Arc<Context>, args: Args) -> Reply<Body> {
            Box::pin(async move { D::open(ctx, args.decode()?).await })
        }
        Self {
            name: D::NAME,
            method: Method::Get,
            path: D::PATH,
            also: &[],
            access: Access::Read,
            creates: false,
            scope: Scope::Tenant,
            audited: false,
            cached: false,
            replicated: D::REPLICATED,
            content_types: D::CONTENT_TYPES,
            run: Run::Download(run::<D>),
            input: D::Input::json_schema,
            output: String::json_schema,
        }
    }

    /// Erases an upload's types.
    pub const fn upload<U: Upload>() -> Self {
        fn run<U: Upload>(ctx: Arc<Context>, args: Args, body: Bodies) -> Reply<Vec<u8>> {
            Box::pin(async move {
                serde_json::to_vec(&U::take(ctx, args.decode()?, body).await?)
                    .map_err(Error::internal)
            })
        }
        Self {
            name: U::NAME,
            method: Method::Post,
            path: U::PATH,
            also: &[],
            access: Access::Write,
            creates: false,
            scope: Scope::Tenant,
            audited: false,
            cached: false,
            replicated: false,
            content_types: &["application/json"],
            run: Run::Upload(run::<U>),
            input: U::Input::json_schema,
            output: U::Output::json_schema,
        }
    }

    /// Every route as method and path.
    pub fn routes(&self) -> impl Iterator<Item = (Method, &'static str)> + '_ {
        std::iter::once((self.method, self.path)).chain(self.also.iter().copied())
    }

    /// Answers a JSON operation.
    pub async fn call(&self, app: &Arc<App>, call: Call) -> Result<Vec<u8>> {
        let Run::Json(run) = self.run else {
            return Err(Error::invalid(format!(
                "{} answers with a stream: use GET {}",
                self.name, self.path
            )));
        };
        let run = move |ctx: Arc<Context>, args: Args| -> Reply<Vec<u8>> {
            if !self.cached {
                return run(ctx, args);
            }
            Box::pin(async move {
                let arguments = args.canonical();
                let fresh = run(ctx.clone(), args);
                ctx.app.cache.through(&ctx, &arguments, fresh).await
            })
        };
        self.wherever(app, call, run).await
    }

    /// Opens a download.
    pub async fn open(&self, app: &Arc<App>, call: Call) -> Result<Body> {
        let Run::Download(run) = self.run else {
            return Err(Error::internal("not a download"));
        };
        self.wherever(app, call, run).await
    }

    /// Takes an upload.
    pub async fn take(&self, app: &Arc<App>, call: Call, body: Bodies) -> Result<Vec<u8>> {
        let Run::Upload(run) = self.run else {
            return Err(Error::internal("not an upload"));
        };
        self.measured(app, call, |ctx, args| run(ctx, args, body))
            .await
    }

    /// On the read replica where that has what the caller wrote; else, and when it fails, on the primary.
    async fn wherever<T>(
        &self,
        app: &Arc<App>,
        call: Call,
        run: impl Fn(Arc<Context>, Args) -> Reply<T>,
    ) -> Result<T> {
        if let (true, Some(replica), Some(token)) = (self.replicated, &app.replica, &call.after)
            && replica.has(token).await
        {
            let there = Call {
                on_replica: true,
                ..call.clone()
            };
            match self.measured(app, there, &run).await {
                Err(error)
                    if matches!(
                        error.kind(),
                        Kind::Internal | Kind::Unavailable | Kind::Timeout
                    ) =>
                {
                    replica.rest(error.kind());
                }
                result => return result,
            }
        }
        self.measured(app, call, run).await
    }

    /// The one path of every call: authorise, bind the tenant, run, count, log what is our fault.
    async fn measured<T, F>(&self, app: &Arc<App>, call: Call, run: F) -> Result<T>
    where
        F: FnOnce(Arc<Context>, Args) -> Reply<T>,
    {
        let timer = app.metrics.start(self.name);
        let request_id = call.request_id.clone();
        let told = call.told.clone();
        let result = match self.context(app, call).await {
            Ok((ctx, args)) => {
                let ctx = Arc::new(ctx);
                let result = run(ctx.clone(), args).await;
                if self.access > Access::Read {
                    self.wrote(&ctx, &told).await;
                }
                if let (Err(error), Some(room)) = (&result, &ctx.room)
                    && !db::outcome_unknown(error)
                {
                    room.give_back();
                }
                result
            }
            Err(error) => Err(error),
        };
        timer.stop(result.as_ref().err().map(Error::kind));
        if let Err(error) = &result {
            match error.kind() {
                Kind::Internal => log::error!(
                    "{} failed: {} (request {request_id})",
                    self.name,
                    error.causes()
                ),
                Kind::Unavailable | Kind::Timeout => {
                    log::warn!("{}: {} (request {request_id})", self.name, error.causes())
                }
                _ => {}
            }
        }
        result
    }

    /// A write has ended, well or not: nothing from before it is given any more, and its caller can say so elsewhere.
    async fn wrote(&self, ctx: &Context, told: &Told) {
        match self.scope {
            Scope::Tenant => ctx.app.cache.wrote(&ctx.tenant),
            _ => ctx.app.cache.clear(),
        }
        if ctx.app.cache.gives_tokens() {
            let _ = told.token.set(ctx.app.tokens.next().await);
        }
    }

    /// What the operation knows of a call, once it is let in.
    pub async fn context(&self, app: &Arc<App>, mut call: Call) -> Result<(Context, Args)> {
        self.authorise(&call.principal)?;
        let size = call.args.size();
        let tenant = match self.scope {
            Scope::Installation => INSTALLATION.to_owned(),
            scope => tenant(
                &call.principal,
                call.args.take_string("tenant_id")?,
                call.tenant.take(),
                scope == Scope::TenantOrInstallation,
            )?,
        };
        let claim = match call.idempotency_key {
            // What is asked again is opened again, and written down again.
            Some(key) if self.access > Access::Read && self.method != Method::Get => Some(Claim {
                key,
                operation: self.name,
                fingerprint: db::sha256(
                    format!("{}\0{}", self.name, call.args.canonical()).as_bytes(),
                ),
            }),
            _ => None,
        };
        let writes = self.access > Access::Read;
        let place = match writes && tenant != INSTALLATION {
            // A tenant's own key never makes it: it was there before its keys, and is gone when it was erased.
            true if call.principal.tenant.is_none() => app.places.ensure(&tenant).await?,
            _ => app.places.of(&tenant).await?,
        };
        if !place.record.exists && call.principal.tenant.is_some() {
            return Err(crate::key::find::unknown());
        }
        place.check()?;
        let there = call.on_replica.then(|| place.on_replica()).flatten();
        let place = match there {
            Some(there) => Arc::new(there),
            None => place,
        };
        let (rate, allowed) = place.limits.rate();
        if let Some(rate) = rate {
            let _ = call.told.rate.set(rate);
        }
        allowed?;
        let admitted = place.limits.admit()?;
        let mut room = None;
        if writes {
            app.disk.check()?;
            let adds = self.adds(size);
            room = place.limits.room(&place.db, &tenant, adds).await?;
        }
        let ctx = Context {
            app: app.clone(),
            tenant,
            principal: call.principal,
            origin: call.origin,
            claim,
            at: clock::now(),
            place,
            after: call.after,
            on_replica: call.on_replica,
            operation: self.name,
            request_id: call.request_id,
            audited: self.audited,
            admitted,
            room,
            data_key: OnceCell::new(),
        };
        Ok((ctx, call.args))
    }

    /// Whether the caller may ask for this at all.
    fn authorise(&self, principal: &Principal) -> Result<()> {
        let forbidden = |message: String| Err(Error::new(Kind::Forbidden, "forbidden", message));
        if principal.access < self.access {
            return forbidden(format!(
                "{} needs a key with {} access",
                self.name,
                self.access.as_str()
            ));
        }
        if self.scope == Scope::Installation && principal.tenant.is_some() {
            return forbidden(format!(
                "{} needs a key of the installation, not of a tenant",
                self.name
            ));
        }
        Ok(())
    }

    /// What a call adds at most, as far as it can be said before it runs. What deletes, or looks after keys, needs no room.
    fn adds(&self, size: usize) -> Adds {
        if self.access == Access::Admin || self.method == Method::Delete {
            return Adds::default();
        }
        Adds {
            rows: i64::from(self.creates),
            events: 0,
            bytes: size as i64,
        }
    }
}

/// Whose memory a call is about: the key's tenant, else what the request names, else `default`.
fn tenant(
    principal: &Principal,
    argument: Option<String>,
    header: Option<String>,
    or_installation: bool,
) -> Result<String> {
    let named = match (argument, header) {
        (Some(a), Some(h)) if a != h => {
            return Err(
                Error::invalid("tenant_id and X-Tenant-Id name different tenants")
                    .field("tenant_id"),
            );
        }
        (a, h) => a.or(h),
    };
    match &named {
        Some(name) if or_installation && name == INSTALLATION => {}
        Some(name) => check_name(name)?,
        None => {}
    }
    match (&principal.tenant, named) {
        (Some(own), Some(named)) if *own != named => {
            Err(Error::not_found("no such tenant").field("tenant_id"))
        }
        (Some(own), _) => Ok(own.clone()),
        (None, named) => Ok(named.unwrap_or_else(|| "default".to_owned())),
    }
}
