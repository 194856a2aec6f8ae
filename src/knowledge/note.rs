//! knowledge_note

use super::Note;
use super::create::{Output, store};
use crate::error::Result;
use crate::operation::{Access, Context, Method, Operation};
use crate::text::{UNITS, first_words};
use crate::types::{Name, Tags, Text, strings};
use schemars::JsonSchema;
use serde::Deserialize;

/// Stores a note from a plain text; its beginning becomes the title.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Input {
    /// What it says.
    text: Text,
    /// Whom it concerns.
    with_whom: Option<Name>,
    /// Labels to find it by.
    #[serde(default)]
    tags: Tags,
}

/// Stores a note from a plain text.
pub struct Write;

impl Operation for Write {
    const NAME: &'static str = "knowledge_note";
    const METHOD: Method = Method::Post;
    const PATH: &'static str = "/api/v1/knowledge/notes";
    const ACCESS: Access = Access::Write;
    const CREATES: bool = true;
    type Input = Input;
    type Output = Output;

    async fn run(ctx: &Context, input: Input) -> Result<Output> {
        let line = input.text.trim().lines().next().unwrap_or_default();
        let title = if line.chars().count() > 80 {
            first_words(line, 20 * UNITS)
        } else {
            None
        };
        let title = title.unwrap_or_else(|| line.to_owned());
        let mut note = Note::new(ctx, title, input.text.into());
        note.with_whom = input.with_whom.map(String::from);
        note.tags = strings(input.tags.into_inner());
        store(ctx, note).await
    }
}
