//! A model's answer, listened to while it goes by: a stream of server-sent events or one JSON value.

use super::Protocol;
use serde_json::Value;

/// The longest answer that is remembered whole, and the longest line of a stream, in bytes.
const LONGEST: usize = 1 << 20;
const LINE: usize = 8 << 20;

/// What a model said.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Said {
    /// Its words.
    pub text: String,
    /// Its name.
    pub model: String,
    /// The tools that it calls: the name, the arguments as JSON.
    pub tools: Vec<(String, String)>,
    /// Why it ended, in the protocol's word.
    pub ended: Option<String>,
}

/// Hears an answer piece by piece.
pub struct Listener {
    protocol: Protocol,
    streaming: bool,
    /// The line, or the whole value, as far as it came.
    pending: Vec<u8>,
    said: Said,
}

impl Listener {
    /// For one answer; `streaming` when it comes as server-sent events.
    pub fn new(protocol: Protocol, streaming: bool) -> Self {
        Self {
            protocol,
            streaming,
            pending: Vec::new(),
            said: Said::default(),
        }
    }

    /// Hears the next piece.
    pub fn hear(&mut self, mut piece: &[u8]) {
        if self.streaming {
            while let Some(end) = piece.iter().position(|byte| matches!(byte, b'\n' | b'\r')) {
                self.keep(&piece[..end]);
                let line = std::mem::take(&mut self.pending);
                self.line(&line);
                piece = &piece[end + 1..];
            }
        }
        self.keep(piece);
    }

    /// What was said, as far as it was heard.
    pub fn end(mut self) -> Said {
        let rest = std::mem::take(&mut self.pending);
        match self.streaming {
            true => self.line(&rest),
            false => {
                if let Ok(whole) = serde_json::from_slice(&rest) {
                    self.whole(&whole);
                }
            }
        }
        self.said
    }

    fn keep(&mut self, piece: &[u8]) {
        let room = LINE.saturating_sub(self.pending.len());
        self.pending
            .extend_from_slice(&piece[..piece.len().min(room)]);
    }

    fn line(&mut self, line: &[u8]) {
        let Some(data) = line.strip_prefix(b"data:") else {
            return;
        };
        if let Ok(event) = serde_json::from_slice::<Value>(data) {
            match self.protocol {
                Protocol::Chat => self.chat(&event, "delta"),
                Protocol::Responses => self.response(&event),
                Protocol::Messages => self.message(&event),
            }
        }
    }

    fn whole(&mut self, value: &Value) {
        match self.protocol {
            Protocol::Chat => self.chat(value, "message"),
            Protocol::Responses => self.output(value),
            Protocol::Messages => {
                self.model(&value["model"]);
                for block in each(&value["content"]) {
                    self.block(block);
                }
                self.ended(&value["stop_reason"]);
            }
        }
    }

    /// A chunk of a completion, or a whole one.
    fn chat(&mut self, value: &Value, member: &str) {
        self.model(&value["model"]);
        let first = |choice: &&Value| choice["index"].as_u64().unwrap_or_default() == 0;
        for choice in each(&value["choices"]).filter(first) {
            let said = &choice[member];
            self.text(&said["content"]);
            self.text(&said["refusal"]);
            for call in each(&said["tool_calls"]) {
                let at = call["index"]
                    .as_u64()
                    .map_or(self.said.tools.len(), |index| index as usize);
                let function = &call["function"];
                self.tool(at, &function["name"], &function["arguments"]);
            }
            self.ended(&choice["finish_reason"]);
        }
    }

    fn response(&mut self, event: &Value) {
        match event["type"].as_str().unwrap_or_default() {
            "response.output_text.delta" | "response.refusal.delta" => self.text(&event["delta"]),
            "response.output_item.done" if event["item"]["type"] == "function_call" => {
                let item = &event["item"];
                self.tool(self.said.tools.len(), &item["name"], &item["arguments"]);
            }
            "response.content_part.added" => self.part(),
            "response.created" => self.model(&event["response"]["model"]),
            "response.completed" | "response.incomplete" | "response.failed" => {
                self.ended(&event["response"]["status"]);
            }
            _ => {}
        }
    }

    /// A whole response.
    fn output(&mut self, value: &Value) {
        self.model(&value["model"]);
        for item in each(&value["output"]) {
            if item["type"] == "function_call" {
                self.tool(self.said.tools.len(), &item["name"], &item["arguments"]);
            }
            let spoken =
                |part: &&Value| matches!(part["type"].as_str(), Some("output_text" | "refusal"));
            for part in each(&item["content"]).filter(spoken) {
                self.part();
                self.text(&part["text"]);
                self.text(&part["refusal"]);
            }
        }
        self.ended(&value["status"]);
    }

    fn message(&mut self, event: &Value) {
        match event["type"].as_str().unwrap_or_default() {
            "message_start" => self.model(&event["message"]["model"]),
            "content_block_start" => self.block(&event["content_block"]),
            "content_block_delta" => {
                let delta = &event["delta"];
                self.text(&delta["text"]);
                if let Some(last) = self.said.tools.len().checked_sub(1) {
                    self.tool(last, &Value::Null, &delta["partial_json"]);
                }
            }
            "message_delta" => self.ended(&event["delta"]["stop_reason"]),
            _ => {}
        }
    }

    /// A block of a message: whole, or as it begins.
    fn block(&mut self, block: &Value) {
        match block["type"].as_str() {
            Some("text") => {
                self.part();
                self.text(&block["text"]);
            }
            // Those that run at the provider's too.
            Some(kind) if kind.ends_with("tool_use") => {
                let input = &block["input"];
                // In a stream it begins empty, and its pieces come after.
                let empty = self.streaming || input.is_null();
                let input = if empty {
                    String::new()
                } else {
                    input.to_string()
                };
                self.tool(self.said.tools.len(), &block["name"], &input.into());
            }
            _ => {}
        }
    }

    /// Another part begins.
    fn part(&mut self) {
        if !self.said.text.is_empty() && !self.said.text.ends_with('\n') {
            self.said.text.push('\n');
        }
    }

    fn text(&mut self, text: &Value) {
        let text = text.as_str().unwrap_or_default();
        let room = LONGEST.saturating_sub(self.said.text.len());
        self.said
            .text
            .push_str(&text[..text.floor_char_boundary(room)]);
    }

    fn tool(&mut self, at: usize, name: &Value, arguments: &Value) {
        // As many as a turn may call at the most; an index is the model's word.
        if at >= 128 {
            return;
        }
        if self.said.tools.len() <= at {
            self.said.tools.resize_with(at + 1, Default::default);
        }
        let (known, so_far) = &mut self.said.tools[at];
        known.push_str(name.as_str().unwrap_or_default());
        let more = arguments.as_str().unwrap_or_default();
        let room = LONGEST.saturating_sub(so_far.len());
        so_far.push_str(&more[..more.floor_char_boundary(room)]);
    }

    fn model(&mut self, name: &Value) {
        if let Some(name) = name.as_str()
            && self.said.model.is_empty()
        {
            name.clone_into(&mut self.said.model);
        }
    }

    fn ended(&mut self, why: &Value) {
        if let Some(why) = why.as_str() {
            self.said.ended = Some(why.to_owned());
        }
    }
}

fn each(list: &Value) -> impl Iterator<Item = &Value> {
    list.as_array().into_iter().flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn heard(protocol: Protocol, streaming: bool, answer: &str, size: usize) -> Said {
        let mut listener = Listener::new(protocol, streaming);
        for piece in answer.as_bytes().chunks(size) {
            listener.hear(piece);
        }
        listener.end()
    }

    #[test]
    fn every_form_of_an_answer_is_heard_however_it_is_cut() {
        let chat = "data: {\"model\":\"m\",\"choices\":[{\"index\":0,\"delta\":{\"role\":\"assistant\",\"content\":\"Grü\"}}]}\r\n\r\ndata:{\"choices\":[{\"index\":0,\"delta\":{\"content\":\"ße\",\"tool_calls\":[{\"index\":0,\"function\":{\"name\":\"f\",\"arguments\":\"{\\\"a\\\"\"}}]}},{\"index\":1,\"delta\":{\"content\":\"other\"}}]}\n\ndata: {\"choices\":[{\"delta\":{\"tool_calls\":[{\"index\":0,\"function\":{\"arguments\":\":1}\"}}]},\"finish_reason\":\"stop\"}]}\n\n: comment\ndata: [DONE]\n\n";
        let messages = "event: message_start\ndata: {\"type\":\"message_start\",\"message\":{\"model\":\"m\"}}\n\ndata: {\"type\":\"content_block_start\",\"content_block\":{\"type\":\"text\",\"text\":\"\"}}\n\ndata: {\"type\":\"content_block_delta\",\"delta\":{\"type\":\"text_delta\",\"text\":\"Grüße\"}}\n\ndata: {\"type\":\"content_block_start\",\"content_block\":{\"type\":\"tool_use\",\"name\":\"f\",\"input\":{}}}\n\ndata: {\"type\":\"content_block_delta\",\"delta\":{\"type\":\"input_json_delta\",\"partial_json\":\"{\\\"a\\\":1}\"}}\n\ndata: {\"type\":\"message_delta\",\"delta\":{\"stop_reason\":\"stop\"}}";
        let responses = "data: {\"type\":\"response.created\",\"response\":{\"model\":\"m\"}}\n\ndata: {\"type\":\"response.output_text.delta\",\"delta\":\"Grüße\"}\n\ndata: {\"type\":\"response.output_item.done\",\"item\":{\"type\":\"function_call\",\"name\":\"f\",\"arguments\":\"{\\\"a\\\":1}\"}}\n\ndata: {\"type\":\"response.completed\",\"response\":{\"status\":\"stop\"}}\n\n";
        let whole = [
            (
                Protocol::Chat,
                r#"{"model":"m","choices":[{"message":{"content":"Grüße","tool_calls":[{"function":{"name":"f","arguments":"{\"a\":1}"}}]},"finish_reason":"stop"}]}"#,
            ),
            (
                Protocol::Messages,
                r#"{"model":"m","content":[{"type":"text","text":"Grüße"},{"type":"tool_use","name":"f","input":{"a":1}}],"stop_reason":"stop"}"#,
            ),
            (
                Protocol::Responses,
                r#"{"model":"m","output":[{"type":"message","content":[{"type":"output_text","text":"Grüße"}]},{"type":"function_call","name":"f","arguments":"{\"a\":1}"}],"status":"stop"}"#,
            ),
        ];
        let streams = [
            (Protocol::Chat, chat),
            (Protocol::Messages, messages),
            (Protocol::Responses, responses),
        ];
        let wanted = Said {
            text: "Grüße".to_owned(),
            model: "m".to_owned(),
            tools: vec![("f".to_owned(), "{\"a\":1}".to_owned())],
            ended: Some("stop".to_owned()),
        };
        for size in [1, 7, 64, 10_000] {
            for (protocol, answer) in streams {
                assert_eq!(
                    heard(protocol, true, answer, size),
                    wanted,
                    "{protocol:?} {size}"
                );
            }
            for (protocol, answer) in whole {
                assert_eq!(
                    heard(protocol, false, answer, size),
                    wanted,
                    "{protocol:?} {size}"
                );
            }
        }
        // One that breaks off is heard as far as it came.
        assert_eq!(heard(Protocol::Chat, true, &chat[..120], 7).text, "Grü");
    }
}
