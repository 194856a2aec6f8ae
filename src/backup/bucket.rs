//! A bucket of an S3-compatible store: files are put in, read, listed and deleted, with patience.

use crate::config::Backup;
use crate::error::{Error, Kind, Result};
use crate::file::io;
use bytes::Bytes;
use futures_util::{StreamExt, TryStreamExt, stream};
use reqwest::{Certificate, Client, Method, Response, StatusCode, Url, header, redirect};
use rusty_s3::actions::{
    AbortMultipartUpload, CompleteMultipartUpload, CompleteMultipartUploadResponse,
    CreateMultipartUpload, DeleteObject, GetObject, ListObjectsV2, PutObject, S3Action, UploadPart,
};
use rusty_s3::{Credentials, UrlStyle};
use std::error::Error as _;
use std::fs::File;
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::time::{Duration, Instant};

/// What a part of an upload holds, in bytes; S3 takes no smaller ones than 5 MiB, and no more than `PARTS`.
const PART: u64 = 8 << 20;
const PARTS: u64 = 10_000;
/// Parts that are on the way at once.
const TOGETHER: usize = 2;
/// How long a request is tried again, and how long one may say nothing; where nobody is reached at all, less.
const PATIENCE: Duration = Duration::from_secs(180);
const NOBODY: Duration = Duration::from_secs(20);
/// The rests between two tries: the first, doubled up to the longest.
const RESTS: (Duration, Duration) = (Duration::from_millis(200), Duration::from_secs(15));
/// How long a signature is good for.
const SIGNED_FOR: Duration = Duration::from_secs(900);
/// How often a reading that broke off goes on without having got a byte.
const AGAIN: u32 = 5;

/// A bucket, and the prefix of our keys in it.
pub struct Bucket {
    client: Client,
    bucket: rusty_s3::Bucket,
    credentials: Credentials,
    prefix: String,
}

/// A request that failed, and for how long it is worth trying again.
struct Failure {
    patience: Duration,
    error: Error,
}

impl Bucket {
    /// Refuses settings that name no bucket, without looking at files or the network.
    pub fn check(settings: &Backup, place: &str) -> Result<()> {
        address(settings, place).map(drop)
    }

    /// The bucket at `place` (`name` or `name/prefix`), as the settings reach it.
    ///
    /// # Errors
    /// The settings cannot be used.
    pub fn open(settings: &Backup, place: &str) -> Result<Self> {
        let (bucket, prefix) = address(settings, place)?;
        let secret = match settings.offsite_secret_file.as_str() {
            "" => settings.offsite_secret.clone(),
            file => std::fs::read_to_string(file)
                .map_err(|error| io("read", Path::new(file), error))?
                .trim()
                .to_owned(),
        };
        Ok(Self {
            client: client(&settings.offsite_ca)?,
            bucket,
            credentials: Credentials::new(settings.offsite_key_id.clone(), secret),
            prefix,
        })
    }

    /// Puts a file in, in parts where it is large; `advance` hears of every byte that arrived.
    pub async fn put(&self, name: &str, file: &Path, advance: impl Fn(u64)) -> Result<()> {
        let key = self.key(name);
        let open = File::open(file).map_err(|error| io("read", file, error))?;
        let size = open.metadata().map_err(Error::internal)?.len();
        if size <= PART {
            let action = PutObject::new(&self.bucket, Some(&self.credentials), &key);
            self.ask(&action, piece(&open, 0, size)?, 0).await?;
            advance(size);
            return Ok(());
        }
        let action = CreateMultipartUpload::new(&self.bucket, Some(&self.credentials), &key);
        let begun = text(self.ask(&action, Bytes::new(), 0).await?).await?;
        let begun = CreateMultipartUpload::parse_response(&begun).map_err(|error| away(&error))?;
        let upload = begun.upload_id();
        let done = self.parts(&key, upload, (&open, size), advance).await;
        if done.is_err() {
            // The parts would stay, and cost. Whether this works too is of no more interest.
            let action =
                AbortMultipartUpload::new(&self.bucket, Some(&self.credentials), &key, upload);
            let _ = self.ask(&action, Bytes::new(), 0).await;
        }
        done
    }

    async fn parts(
        &self,
        key: &str,
        upload: &str,
        (file, size): (&File, u64),
        advance: impl Fn(u64),
    ) -> Result<()> {
        let step = PART.max(size.div_ceil(PARTS));
        let advance = &advance;
        let tags: Vec<String> = stream::iter((0..size).step_by(step as usize).zip(1..))
            .map(|(at, number)| async move {
                let body = piece(file, at, step.min(size - at))?;
                let sent = body.len() as u64;
                let credentials = Some(&self.credentials);
                let action = UploadPart::new(&self.bucket, credentials, key, number, upload);
                let reply = self.ask(&action, body, 0).await?;
                advance(sent);
                let tag = reply.headers().get(header::ETAG);
                let tag = tag.and_then(|tag| tag.to_str().ok()).map(str::to_owned);
                tag.ok_or_else(|| away(&"a part was taken without an ETag"))
            })
            .buffered(TOGETHER)
            .try_collect()
            .await?;
        let action = || {
            let tags = tags.iter().map(String::as_str);
            CompleteMultipartUpload::new(&self.bucket, Some(&self.credentials), key, upload, tags)
        };
        let reply = self.ask(&action(), action().body().into(), 0).await?;
        // The store may say 200 and an error after it.
        let said = text(reply).await?;
        CompleteMultipartUploadResponse::parse(&said).map_err(|error| away(&error))?;
        Ok(())
    }

    /// Reads what is kept under a name, piece by piece; a reading that breaks off is gone on with.
    ///
    /// # Errors
    /// `NotFound` where nothing is kept under it.
    pub async fn read(&self, name: &str, mut each: impl FnMut(&[u8]) -> Result<()>) -> Result<()> {
        let key = self.key(name);
        let action = GetObject::new(&self.bucket, Some(&self.credentials), &key);
        let (mut at, mut broken) = (0, 0);
        loop {
            let mut reply = self.ask(&action, Bytes::new(), at).await?;
            if at > 0 && reply.status() != StatusCode::PARTIAL_CONTENT {
                return Err(away(&"a reading broke off, and it does not give the rest"));
            }
            loop {
                match reply.chunk().await {
                    Ok(Some(piece)) => {
                        each(&piece)?;
                        (at, broken) = (at + piece.len() as u64, 0);
                    }
                    Ok(None) => return Ok(()),
                    Err(_) if broken < AGAIN => break broken += 1,
                    Err(error) => return Err(away(&error.without_url())),
                }
            }
        }
    }

    /// The names directly under our prefix that have more names under them, such as a set's.
    pub async fn directories(&self) -> Result<Vec<String>> {
        let (_, directories) = self.list(&self.key(""), Some("/")).await?;
        Ok(directories)
    }

    /// Every name under a directory.
    pub async fn names(&self, directory: &str) -> Result<Vec<String>> {
        let (names, _) = self.list(&self.key(&format!("{directory}/")), None).await?;
        Ok(names)
    }

    /// Keys and directories that begin so, as names under our prefix.
    async fn list(
        &self,
        under: &str,
        delimiter: Option<&str>,
    ) -> Result<(Vec<String>, Vec<String>)> {
        let (mut names, mut directories) = (Vec::new(), Vec::new());
        let ours = self.key("");
        let name = |key: &str| {
            key.strip_prefix(&ours)
                .map(|name| name.trim_end_matches('/').to_owned())
        };
        let mut token: Option<String> = None;
        loop {
            let mut action = ListObjectsV2::new(&self.bucket, Some(&self.credentials));
            action.with_prefix(under);
            if let Some(delimiter) = delimiter {
                action.with_delimiter(delimiter);
            }
            if let Some(token) = token.take() {
                action.with_continuation_token(token);
            }
            let said = text(self.ask(&action, Bytes::new(), 0).await?).await?;
            let page = ListObjectsV2::parse_response(&said).map_err(|error| away(&error))?;
            names.extend(page.contents.iter().filter_map(|found| name(&found.key)));
            directories.extend(
                page.common_prefixes
                    .iter()
                    .filter_map(|found| name(&found.prefix)),
            );
            token = page.next_continuation_token;
            if token.is_none() {
                return Ok((names, directories));
            }
        }
    }

    /// Deletes what is kept under a name.
    pub async fn delete(&self, name: &str) -> Result<()> {
        let key = self.key(name);
        let action = DeleteObject::new(&self.bucket, Some(&self.credentials), &key);
        self.ask(&action, Bytes::new(), 0).await.map(drop)
    }

    fn key(&self, name: &str) -> String {
        match self.prefix.as_str() {
            "" => name.to_owned(),
            prefix => format!("{prefix}/{name}"),
        }
    }

    /// Asks, and asks again while the failure may pass. From `at` on, where that is not the beginning.
    async fn ask<'a, A: S3Action<'a>>(&self, action: &A, body: Bytes, at: u64) -> Result<Response> {
        let (started, mut rest) = (Instant::now(), RESTS.0);
        loop {
            let failure = match self.try_once(action, body.clone(), at).await {
                Ok(reply) => return Ok(reply),
                Err(failure) => failure,
            };
            if started.elapsed() + rest > failure.patience {
                return Err(failure.error);
            }
            if rest == RESTS.0 {
                log::warn!("{}; trying again", failure.error.causes());
            }
            tokio::time::sleep(rest).await;
            rest = (2 * rest).min(RESTS.1);
        }
    }

    async fn try_once<'a, A: S3Action<'a>>(
        &self,
        action: &A,
        body: Bytes,
        at: u64,
    ) -> std::result::Result<Response, Failure> {
        let method = match A::METHOD {
            rusty_s3::Method::Head => Method::HEAD,
            rusty_s3::Method::Get => Method::GET,
            rusty_s3::Method::Post => Method::POST,
            rusty_s3::Method::Put => Method::PUT,
            rusty_s3::Method::Delete => Method::DELETE,
        };
        let mut request = self
            .client
            .request(method, action.sign(SIGNED_FOR))
            .body(body);
        if at > 0 {
            request = request.header(header::RANGE, format!("bytes={at}-"));
        }
        match request.send().await {
            Ok(reply) if reply.status().is_success() => Ok(reply),
            Ok(reply) => Err(self.refused(reply).await),
            Err(error) => {
                let patience = match (distrusted(&error), error.is_connect()) {
                    (true, _) => Duration::ZERO,
                    (_, true) => NOBODY,
                    _ => PATIENCE,
                };
                let place = self.bucket.base_url().origin().ascii_serialization();
                // The address of the request carries the signature.
                let error = away(&place).source(error.without_url());
                Err(Failure { patience, error })
            }
        }
    }

    /// What the store says instead: its status, and the code and message of the XML after it.
    async fn refused(&self, reply: Response) -> Failure {
        let status = reply.status();
        let said = text(reply).await.unwrap_or_default();
        let part = |name: &str| {
            let (_, rest) = said.split_once(&format!("<{name}>"))?;
            rest.split_once("</").map(|(part, _)| format!(": {part}"))
        };
        let [code, message] = ["Code", "Message"].map(|name| part(name).unwrap_or_default());
        let error = match status {
            StatusCode::NOT_FOUND => Error::not_found(format!(
                "the off-site store has it not in the bucket {}{code}{message}",
                self.bucket.name()
            )),
            _ => away(&format!("{status}{code}{message}")),
        };
        let busy = [StatusCode::REQUEST_TIMEOUT, StatusCode::TOO_MANY_REQUESTS];
        let patience = match status.is_server_error() || busy.contains(&status) {
            true => PATIENCE,
            false => Duration::ZERO,
        };
        Failure { patience, error }
    }
}

/// The bucket that the settings name, and the prefix of our keys in it.
fn address(settings: &Backup, place: &str) -> Result<(rusty_s3::Bucket, String)> {
    let (name, prefix) = place.split_once('/').unwrap_or((place, ""));
    let prefix = prefix.trim_matches('/');
    let odd = |part: &str| matches!(part, "" | "." | "..");
    if odd(name) || (!prefix.is_empty() && prefix.split('/').any(odd)) {
        return Err(unusable(
            "backup.offsite",
            &"s3://BUCKET or s3://BUCKET/PREFIX is wanted",
        ));
    }
    let endpoint = match settings.offsite_endpoint.as_str() {
        "" => format!("https://s3.{}.amazonaws.com", settings.offsite_region),
        given => given.to_owned(),
    };
    let there = |error: &dyn std::fmt::Display| unusable("backup.offsite_endpoint", error);
    let endpoint: Url = endpoint.parse().map_err(|error| there(&error))?;
    let region = settings.offsite_region.clone();
    let bucket = rusty_s3::Bucket::new(endpoint, UrlStyle::Path, name.to_owned(), region)
        .map_err(|error| there(&error))?;
    Ok((bucket, prefix.to_owned()))
}

fn client(ca: &str) -> Result<Client> {
    // Somebody may have set one before: any will do.
    let _ = rustls::crypto::ring::default_provider().install_default();
    // A redirection would carry the signature elsewhere, where it does not hold.
    let mut builder = Client::builder()
        .redirect(redirect::Policy::none())
        .connect_timeout(Duration::from_secs(10))
        .read_timeout(PATIENCE);
    if !ca.is_empty() {
        let unusable = |error: reqwest::Error| unusable("backup.offsite_ca", &error);
        let pem = std::fs::read(ca).map_err(|error| io("read", Path::new(ca), error))?;
        for certificate in Certificate::from_pem_bundle(&pem).map_err(unusable)? {
            builder = builder.add_root_certificate(certificate);
        }
    }
    builder.build().map_err(Error::internal)
}

fn piece(file: &File, at: u64, size: u64) -> Result<Bytes> {
    let mut bytes = vec![0; size as usize];
    file.read_exact_at(&mut bytes, at)
        .map_err(Error::internal)?;
    Ok(bytes.into())
}

async fn text(reply: Response) -> Result<String> {
    let bytes = reply
        .bytes()
        .await
        .map_err(|error| away(&error.without_url()))?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

/// Nobody vouches for the other side's certificate: that does not pass.
fn distrusted(error: &reqwest::Error) -> bool {
    let mut next = error.source();
    while let Some(error) = next {
        if error.is::<rustls::Error>() {
            return true;
        }
        // What an io::Error wraps is not among its sources.
        next = match error.downcast_ref::<std::io::Error>() {
            Some(io) => io.get_ref().map(|inner| inner as &dyn std::error::Error),
            None => error.source(),
        };
    }
    false
}

fn unusable(field: &'static str, error: &dyn std::fmt::Display) -> Error {
    let message = format!("the off-site store's settings cannot be used: {error}");
    Error::invalid(message).field(field)
}

fn away(error: &dyn std::fmt::Display) -> Error {
    let message = format!("the off-site store does not answer as it should: {error}");
    Error::new(Kind::Unavailable, "offsite_unavailable", message)
}
