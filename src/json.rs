//! Strict JSON: what a lenient parser would let pass is refused here, with the name of the field.

use crate::error::{Error, Kind, Result};
use crate::seal::classify::redact;
use serde::de::value::MapDeserializer;
use serde::de::{
    Deserialize, DeserializeOwned, DeserializeSeed, Deserializer, Error as _, MapAccess, SeqAccess,
    Visitor,
};
use serde_json::value::RawValue;
use std::borrow::Cow;
use std::cell::RefCell;
use std::fmt;

/// The named arguments of one call, each still as the JSON text it came as: `content` stays verbatim that way.
#[derive(Clone, Default, Debug)]
pub struct Args(Vec<(String, Box<RawValue>)>);

impl Args {
    /// Reads a body: one JSON object, without duplicate keys, NUL, lone surrogates, overflowing numbers or endless depth.
    pub fn parse(body: &[u8]) -> Result<Self> {
        let text = std::str::from_utf8(body).map_err(|_| malformed("the body is not UTF-8"))?;
        let path = RefCell::new(Vec::new());
        let mut parser = serde_json::Deserializer::from_str(text);
        Strict { path: &path }
            .deserialize(&mut parser)
            .and_then(|()| parser.end())
            .map_err(|error| {
                let at = path.borrow().join(".");
                let error = malformed(say(&error));
                if at.is_empty() {
                    error
                } else {
                    error.field(at)
                }
            })?;
        if !text.trim_start().starts_with('{') {
            return Err(malformed("the body has to be a JSON object"));
        }
        serde_json::from_str::<Pairs>(text)
            .map(|pairs| Self(pairs.0))
            .map_err(|error| malformed(say(&error)))
    }

    /// Arguments from values.
    pub fn of(members: serde_json::Map<String, serde_json::Value>) -> Result<Self> {
        let raws = members.into_iter();
        raws.map(|(name, value)| Ok((name, raw(&value)?))).collect()
    }

    /// Takes an argument out, as a string; another type is invalid.
    pub fn take_string(&mut self, name: &str) -> Result<Option<String>> {
        let Some(at) = self.0.iter().position(|(key, _)| key == name) else {
            return Ok(None);
        };
        let (_, raw) = self.0.remove(at);
        serde_json::from_str(raw.get()).map(Some).map_err(|_| {
            Error::invalid(format!("{name} has to be a string")).field(name.to_owned())
        })
    }

    /// Bytes of the values, as they were sent.
    pub fn size(&self) -> usize {
        self.0.iter().map(|(_, raw)| raw.get().len()).sum()
    }

    /// Adds an argument; one that is there already with another value is a contradiction.
    pub fn put(&mut self, name: &str, value: Box<RawValue>) -> Result<()> {
        match self.0.iter().find(|(key, _)| key == name) {
            Some((_, there)) if there.get() == value.get() => Ok(()),
            Some(_) => Err(
                Error::invalid(format!("{name} is given twice, with different values"))
                    .field(name.to_owned()),
            ),
            None => {
                self.0.push((name.to_owned(), value));
                Ok(())
            }
        }
    }

    /// The arguments as an operation's input. Errors name the field by its path.
    pub fn decode<T: DeserializeOwned>(&self) -> Result<T> {
        let map = MapDeserializer::new(self.0.iter().map(|(key, value)| (key.as_str(), &**value)));
        let mut track = serde_path_to_error::Track::new();
        T::deserialize(serde_path_to_error::Deserializer::new(map, &mut track)).map_err(
            |error: serde_json::Error| {
                // It quotes what was sent.
                let message = redact(&say(&error));
                let path = track.path().to_string();
                match field(&path, &message) {
                    Some(field) => Error::invalid(message).field(field),
                    None => Error::invalid(message),
                }
            },
        )
    }

    /// The arguments in an order of their own: the same call gives the same text.
    pub fn canonical(&self) -> String {
        let mut pairs: Vec<_> = self
            .0
            .iter()
            .map(|(key, value)| (key.as_str(), value.get()))
            .collect();
        pairs.sort_unstable();
        pairs.iter().fold(String::new(), |text, (key, value)| {
            text + key + "\0" + value + "\0"
        })
    }
}

impl FromIterator<(String, Box<RawValue>)> for Args {
    fn from_iter<I: IntoIterator<Item = (String, Box<RawValue>)>>(pairs: I) -> Self {
        Self(pairs.into_iter().collect())
    }
}

/// A value as raw JSON text.
pub fn raw(value: &impl serde::Serialize) -> Result<Box<RawValue>> {
    serde_json::value::to_raw_value(value).map_err(Error::internal)
}

fn malformed(message: impl Into<Cow<'static, str>>) -> Error {
    Error::new(Kind::Invalid, "malformed_json", message)
}

/// serde's sentence without the position, which means nothing to a caller whose arguments came in parts.
fn say(error: &serde_json::Error) -> String {
    let text = error.to_string();
    text.rfind(" at line ")
        .map_or(text.clone(), |end| text[..end].to_owned())
}

/// The field an error speaks of: its path, and for a missing or unknown one the name in the message.
fn field(path: &str, message: &str) -> Option<String> {
    let named = ["missing field `", "unknown field `"]
        .iter()
        .find_map(|start| message.split_once(start))
        .and_then(|(_, rest)| rest.split_once('`'))
        .map(|(name, _)| name);
    let base = match (path, named) {
        ("." | "", named) => return named.map(str::to_owned),
        (path, Some(name)) => path
            .strip_suffix(name)
            .map_or(path, |base| base.trim_end_matches('.')),
        (path, None) => path,
    };
    Some(match named {
        Some(name) if base.is_empty() => name.to_owned(),
        Some(name) => format!("{base}.{name}"),
        None => base.to_owned(),
    })
}

/// The members of an object with their text.
struct Pairs(Vec<(String, Box<RawValue>)>);

impl<'de> Deserialize<'de> for Pairs {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Collect;
        impl<'de> Visitor<'de> for Collect {
            type Value = Pairs;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a JSON object")
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Pairs, A::Error> {
                let mut pairs = Vec::new();
                while let Some(pair) = map.next_entry()? {
                    pairs.push(pair);
                }
                Ok(Pairs(pairs))
            }
        }
        deserializer.deserialize_map(Collect)
    }
}

/// Walks a document, keeps nothing, refuses what is not strict. `path` holds the way to where it stopped.
struct Strict<'a> {
    path: &'a RefCell<Vec<String>>,
}

impl<'de> DeserializeSeed<'de> for Strict<'_> {
    type Value = ();
    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Strict<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }
    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }
    fn visit_bool<E>(self, _: bool) -> Result<(), E> {
        Ok(())
    }
    fn visit_i64<E>(self, _: i64) -> Result<(), E> {
        Ok(())
    }
    fn visit_u64<E>(self, _: u64) -> Result<(), E> {
        Ok(())
    }
    fn visit_f64<E>(self, _: f64) -> Result<(), E> {
        Ok(())
    }
    fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<(), E> {
        if text.contains('\0') {
            Err(E::custom("the character U+0000 cannot be stored"))
        } else {
            Ok(())
        }
    }
    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<(), A::Error> {
        let mut index = 0usize;
        loop {
            self.path.borrow_mut().push(index.to_string());
            if items
                .next_element_seed(Strict { path: self.path })?
                .is_none()
            {
                self.path.borrow_mut().pop();
                return Ok(());
            }
            self.path.borrow_mut().pop();
            index += 1;
        }
    }
    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let mut seen = std::collections::HashSet::<Cow<'de, str>>::new();
        while let Some(key) = map.next_key::<Cow<'de, str>>()? {
            self.path.borrow_mut().push(key.to_string());
            if key.contains('\0') {
                return Err(A::Error::custom("the character U+0000 cannot be stored"));
            }
            if !seen.insert(key) {
                return Err(A::Error::custom("duplicate key"));
            }
            map.next_value_seed(Strict { path: self.path })?;
            self.path.borrow_mut().pop();
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::Args;

    #[derive(serde::Deserialize, Debug)]
    #[serde(deny_unknown_fields)]
    #[allow(dead_code, reason = "only the decoding is looked at")]
    struct Input {
        name: String,
        list: Option<Vec<Inner>>,
    }
    #[derive(serde::Deserialize, Debug)]
    #[serde(deny_unknown_fields)]
    #[allow(dead_code, reason = "only the decoding is looked at")]
    struct Inner {
        n: u8,
    }

    fn refused(body: &str) -> (String, String) {
        let error = Args::parse(body.as_bytes())
            .and_then(|args| args.decode::<Input>())
            .expect_err(body);
        (
            error.at_field().unwrap_or_default().to_owned(),
            error.message().to_owned(),
        )
    }

    #[test]
    fn every_refusal_names_its_field() {
        for (body, at) in [
            (r#"{"name":"a","name":"b"}"#, "name"),
            (r#"{"name":"a\u0000"}"#, "name"),
            (r#"{"name":"\ud800"}"#, "name"),
            (r#"{"name":1e400}"#, "name"),
            (r#"{"name":7}"#, "name"),
            (r#"{}"#, "name"),
            (r#"{"name":"a","nmae":1}"#, "nmae"),
            (r#"{"name":"a","list":[{"n":1},{"n":300}]}"#, "list[1].n"),
            (r#"{"name":"a","list":[{}]}"#, "list[0].n"),
            (r#"{"name":"a","list":[{"n":1,"m":2}]}"#, "list[0].m"),
            ("[]", ""),
            ("{", ""),
        ] {
            assert_eq!(refused(body).0, at, "{body}: {}", refused(body).1);
        }
        let deep = format!(
            "{{\"name\":{}1{}}}",
            "[".repeat(100_000),
            "]".repeat(100_000)
        );
        assert!(Args::parse(deep.as_bytes()).is_err());
    }
}
