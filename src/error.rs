//! The one error type: a closed list of kinds, a stable code for programs, a message that is safe to show.

use std::borrow::Cow;
use std::fmt;

/// What went wrong, as far as a caller has to tell cases apart. Each face maps it in one table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// The input breaks a rule; `field` names where.
    Invalid,
    /// No key, or one that is not known.
    Unauthenticated,
    /// The key is known and does not reach so far.
    Forbidden,
    /// Nothing here by that name (another tenant's row is not found, never forbidden).
    NotFound,
    /// The path exists, the method does not.
    MethodNotAllowed,
    /// The state of the memory forbids it.
    Conflict,
    /// It was here and was erased for good.
    Gone,
    /// The body is larger than allowed.
    TooLarge,
    /// The body's content type is not one we read.
    UnsupportedMedia,
    /// Understood, and contradicts what is stored.
    Unprocessable,
    /// Too much at once from this caller.
    Limited,
    /// The database or the server cannot be reached for now.
    Unavailable,
    /// It took longer than allowed.
    Timeout,
    /// The disk is nearly full.
    StorageFull,
    /// Our fault; the cause is in the log under the request id.
    Internal,
}

/// An error on its way to a caller. Small, since every result carries one.
pub struct Error(Box<Inner>);

struct Inner {
    kind: Kind,
    code: &'static str,
    message: Cow<'static, str>,
    field: Option<String>,
    retry_after: Option<u32>,
    source: Option<Box<dyn std::error::Error + Send + Sync>>,
}

/// `Result` with our [`Error`].
pub type Result<T, E = Error> = std::result::Result<T, E>;

impl Error {
    /// An error of any kind; the shorthands below serve the common ones.
    pub fn new(kind: Kind, code: &'static str, message: impl Into<Cow<'static, str>>) -> Self {
        Self(Box::new(Inner {
            kind,
            code,
            message: message.into(),
            field: None,
            retry_after: None,
            source: None,
        }))
    }

    /// Bad input; say which field with [`Error::field`].
    pub fn invalid(message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(Kind::Invalid, "invalid_input", message)
    }

    /// Nothing here by that name.
    pub fn not_found(message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(Kind::NotFound, "not_found", message)
    }

    /// Try again in a moment: `Retry-After` is one second.
    pub fn unavailable(code: &'static str, message: impl Into<Cow<'static, str>>) -> Self {
        let mut error = Self::new(Kind::Unavailable, code, message);
        error.0.retry_after = Some(1);
        error
    }

    /// A fault of ours. The caller sees a fixed sentence, the log sees `source`.
    pub fn internal(source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self::new(
            Kind::Internal,
            "internal",
            "something went wrong on the server; the log has the cause under this request's id",
        )
        .source(source)
    }

    /// Names the input field at fault.
    pub fn field(mut self, field: impl Into<String>) -> Self {
        self.0.field = Some(field.into());
        self
    }

    /// Keeps the cause for the log.
    pub fn source(mut self, source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        self.0.source = Some(source.into());
        self
    }

    /// Seconds after which trying again makes sense.
    pub fn retry_after(mut self, seconds: u32) -> Self {
        self.0.retry_after = Some(seconds);
        self
    }

    /// What went wrong, as a closed list.
    pub fn kind(&self) -> Kind {
        self.0.kind
    }

    /// The stable word for programs.
    pub fn code(&self) -> &'static str {
        self.0.code
    }

    /// The sentence for people; holds no secret, path or database text.
    pub fn message(&self) -> &str {
        &self.0.message
    }

    /// The input field at fault, if one is.
    pub fn at_field(&self) -> Option<&str> {
        self.0.field.as_deref()
    }

    /// Seconds for `Retry-After`, if waiting helps.
    pub fn retry_after_seconds(&self) -> Option<u32> {
        self.0.retry_after
    }

    /// The cause and its causes on one line, for the log alone.
    pub fn causes(&self) -> String {
        let mut text = self.message().to_owned();
        let mut cause: Option<&dyn std::error::Error> = match &self.0.source {
            Some(source) => Some(source.as_ref()),
            None => None,
        };
        while let Some(error) = cause {
            text.push_str(": ");
            text.push_str(&error.to_string());
            cause = error.source();
        }
        text
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.message())
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?} {} ({})", self.0.kind, self.0.code, self.causes())?;
        self.0
            .field
            .as_ref()
            .map_or(Ok(()), |field| write!(f, " at {field}"))
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.0.source.as_ref().map(|source| source.as_ref() as _)
    }
}
