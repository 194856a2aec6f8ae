//! A request to a model: what is said in it, and where a memory goes. The bytes stay what they are but for what is put in.

use super::Protocol;
use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;
use std::borrow::Cow;

/// What is read of a request.
#[derive(Debug, PartialEq, Eq)]
pub struct Request {
    /// What the person said first: the same in each turn of a conversation.
    pub first: String,
    /// What the person says now; none where a tool answers, or the model goes on by itself.
    pub now: Option<String>,
    /// Where a memory goes; none where the conversation is kept at the model's, which has it.
    place: Option<Place>,
}

/// Before the person's first words: nothing that is older moves, so that the prompt is the same from turn to turn as far as it was sent
/// before, and providers find it in their caches.
#[derive(Debug, PartialEq, Eq)]
struct Place {
    at: usize,
    form: Form,
}

#[derive(Debug, PartialEq, Eq)]
enum Form {
    /// Within a string.
    Words,
    /// A part of its own, before others.
    Before(&'static str),
    /// A part of its own, after others.
    After(&'static str),
    /// The only part.
    Alone(&'static str),
}

#[derive(Deserialize)]
struct Body<'a> {
    #[serde(borrow)]
    messages: Option<Vec<Message<'a>>>,
    #[serde(borrow)]
    input: Option<&'a RawValue>,
    previous_response_id: Option<Value>,
    conversation: Option<Value>,
}

#[derive(Deserialize)]
struct Message<'a> {
    role: Option<Cow<'a, str>>,
    #[serde(borrow)]
    content: Option<&'a RawValue>,
}

#[derive(Deserialize)]
struct Part<'a> {
    #[serde(rename = "type")]
    kind: Option<Cow<'a, str>>,
    text: Option<String>,
}

impl Message<'_> {
    fn content(&self) -> Option<&RawValue> {
        self.content
            .filter(|_| self.role.as_deref() == Some("user"))
    }
}

/// Reads a request; none where it is not what the protocol says, or nobody says anything in it.
pub fn read(protocol: Protocol, body: &[u8]) -> Option<Request> {
    let parsed: Body<'_> = serde_json::from_slice(body).ok()?;
    let kept = parsed.previous_response_id.is_some() || parsed.conversation.is_some();
    if protocol == Protocol::Responses {
        let input = parsed.input?;
        if input.get().starts_with('"') {
            let said = words(input)?;
            let place = (!kept).then(|| Place {
                at: offset(body, input) + 1,
                form: Form::Words,
            });
            return Some(Request {
                first: said.clone(),
                now: Some(said),
                place,
            });
        }
        let items: Vec<Message<'_>> = serde_json::from_str(input.get()).ok()?;
        return of(protocol, body, &items, kept);
    }
    of(protocol, body, &parsed.messages?, kept)
}

fn of(protocol: Protocol, body: &[u8], messages: &[Message<'_>], kept: bool) -> Option<Request> {
    let (first, content) = messages.iter().find_map(|message| {
        let content = message.content()?;
        Some((words(content)?, content))
    })?;
    let place = place(protocol, body, content).filter(|_| !kept);
    let now = messages.last().and_then(|last| words(last.content()?));
    Some(Request { first, now, place })
}

/// The text of a message's content; none where it has no text.
fn words(content: &RawValue) -> Option<String> {
    let text = if content.get().starts_with('"') {
        serde_json::from_str(content.get()).ok()?
    } else {
        let parts: Vec<Part<'_>> = serde_json::from_str(content.get()).ok()?;
        let spoken = |kind: &str| matches!(kind, "text" | "input_text");
        let texts = parts.into_iter().filter_map(|part| {
            let told = spoken(part.kind.as_deref().unwrap_or("text"));
            part.text.filter(|_| told)
        });
        texts.collect::<Vec<String>>().join("\n")
    };
    Some(text).filter(|text| !text.trim().is_empty())
}

fn place(protocol: Protocol, body: &[u8], content: &RawValue) -> Option<Place> {
    let at = offset(body, content) + 1;
    if content.get().starts_with('"') {
        return Some(Place {
            at,
            form: Form::Words,
        });
    }
    let kind = match protocol {
        Protocol::Responses => "input_text",
        _ => "text",
    };
    let parts: Vec<&RawValue> = serde_json::from_str(content.get()).ok()?;
    // Anthropic wants the results of tools before anything else.
    let results = parts.iter().take_while(|part| {
        let part: Option<Part<'_>> = serde_json::from_str(part.get()).ok();
        part.is_some_and(|part| part.kind.as_deref() == Some("tool_result"))
    });
    Some(match (results.last(), parts.is_empty()) {
        (Some(result), _) => Place {
            at: offset(body, result) + result.get().len(),
            form: Form::After(kind),
        },
        (None, true) => Place {
            at,
            form: Form::Alone(kind),
        },
        (None, false) => Place {
            at,
            form: Form::Before(kind),
        },
    })
}

/// Where a value that was read out of the body stands in it.
fn offset(body: &[u8], value: &RawValue) -> usize {
    value.get().as_ptr().addr() - body.as_ptr().addr()
}

impl Request {
    /// Whether a memory can be put in.
    pub fn has_place(&self) -> bool {
        self.place.is_some()
    }

    /// The body with a block put in, every other byte as it was.
    pub fn with(&self, body: &[u8], block: &str) -> Vec<u8> {
        let Some(place) = &self.place else {
            return body.to_vec();
        };
        let part = |kind: &str| serde_json::json!({"type": kind, "text": block}).to_string();
        let put = match place.form {
            Form::Words => {
                let quoted = Value::from(format!("{block}\n\n")).to_string();
                quoted[1..quoted.len() - 1].to_owned()
            }
            Form::Alone(kind) => part(kind),
            Form::Before(kind) => part(kind) + ",",
            Form::After(kind) => format!(",{}", part(kind)),
        };
        [&body[..place.at], put.as_bytes(), &body[place.at..]].concat()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Protocol, body, what is said now, and the body with a block.
    #[test]
    fn every_form_of_a_request_is_read_and_keeps_its_bytes() {
        let table = [
            (
                Protocol::Chat,
                r#"{"model":"m", "messages":[{"role":"system","content":"s"},{"role":"user","content":"Hi \u00e9"}], "n":1.0}"#,
                Some("Hi é"),
                r#"{"model":"m", "messages":[{"role":"system","content":"s"},{"role":"user","content":"B\nb\n\nHi \u00e9"}], "n":1.0}"#,
            ),
            (
                Protocol::Chat,
                r#"{"messages":[{"content":[ {"type":"image_url"},{"type":"text","text":"a"},{"type":"text","text":"b"}],"role":"user"}]}"#,
                Some("a\nb"),
                r#"{"messages":[{"content":[{"text":"B\nb","type":"text"}, {"type":"image_url"},{"type":"text","text":"a"},{"type":"text","text":"b"}],"role":"user"}]}"#,
            ),
            (
                Protocol::Chat,
                r#"{"messages":[{"role":"user","content":"one"},{"role":"assistant","content":null},{"role":"tool","content":"t"}]}"#,
                None,
                r#"{"messages":[{"role":"user","content":"B\nb\n\none"},{"role":"assistant","content":null},{"role":"tool","content":"t"}]}"#,
            ),
            (
                Protocol::Messages,
                r#"{"messages":[{"role":"user","content":[{"type":"tool_result","tool_use_id":"x"},{"type":"text","text":"go on"}]}]}"#,
                Some("go on"),
                r#"{"messages":[{"role":"user","content":[{"type":"tool_result","tool_use_id":"x"},{"text":"B\nb","type":"text"},{"type":"text","text":"go on"}]}]}"#,
            ),
            (
                Protocol::Messages,
                r#"{"messages":[{"role":"user","content":"one"},{"role":"assistant","content":"1"},{"role":"user","content":"two"}]}"#,
                Some("two"),
                r#"{"messages":[{"role":"user","content":"B\nb\n\none"},{"role":"assistant","content":"1"},{"role":"user","content":"two"}]}"#,
            ),
            (
                Protocol::Responses,
                r#"{"input":"Hi"}"#,
                Some("Hi"),
                r#"{"input":"B\nb\n\nHi"}"#,
            ),
            (
                Protocol::Responses,
                r#"{"input":[{"type":"reasoning"},{"role":"user","content":[{"type":"input_text","text":"Hi"}]}]}"#,
                Some("Hi"),
                r#"{"input":[{"type":"reasoning"},{"role":"user","content":[{"text":"B\nb","type":"input_text"},{"type":"input_text","text":"Hi"}]}]}"#,
            ),
            (
                Protocol::Responses,
                r#"{"input":"Hi","previous_response_id":"r"}"#,
                Some("Hi"),
                r#"{"input":"Hi","previous_response_id":"r"}"#,
            ),
        ];
        for (protocol, body, now, with) in table {
            let request = read(protocol, body.as_bytes()).unwrap_or_else(|| panic!("{body}"));
            assert_eq!(request.now.as_deref(), now, "{body}");
            let put = request.with(body.as_bytes(), "B\nb");
            assert_eq!(String::from_utf8(put).as_deref(), Ok(with));
        }
        for bad in [
            "",
            "[]",
            "{}",
            r#"{"messages":3}"#,
            r#"{"messages":[]}"#,
            r#"{"messages":[{"role":"user","content":" "}]}"#,
        ] {
            assert_eq!(read(Protocol::Chat, bad.as_bytes()), None, "{bad}");
        }
    }
}
