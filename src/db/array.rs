//! Rows of a batch, turned into one array a column for `unnest`.

use super::value::Value;
use chrono::{DateTime, Utc};

/// The columns of a batch insert, in the order of the statement's parameters.
#[derive(Default)]
pub struct Columns<'a>(Vec<Box<dyn Value + 'a>>);

impl<'a> Columns<'a> {
    /// A column of texts.
    pub fn texts(mut self, values: impl Iterator<Item = &'a str>) -> Self {
        self.0.push(Box::new(values.collect::<Vec<_>>()));
        self
    }

    /// A column of texts that may be null.
    pub fn maybe_texts(mut self, values: impl Iterator<Item = Option<&'a str>>) -> Self {
        self.0.push(Box::new(values.collect::<Vec<_>>()));
        self
    }

    /// A column of text arrays, each as a PostgreSQL array literal: `unnest` would flatten arrays of arrays.
    pub fn text_arrays(mut self, values: impl Iterator<Item = &'a [String]>) -> Self {
        self.0
            .push(Box::new(values.map(literal).collect::<Vec<_>>()));
        self
    }

    /// A column of numbers.
    pub fn numbers(mut self, values: impl Iterator<Item = f64>) -> Self {
        self.0.push(Box::new(values.collect::<Vec<_>>()));
        self
    }

    /// A column of whole numbers.
    pub fn integers(mut self, values: impl Iterator<Item = i32>) -> Self {
        self.0.push(Box::new(values.collect::<Vec<_>>()));
        self
    }

    /// A column of large whole numbers.
    pub fn longs(mut self, values: impl Iterator<Item = i64>) -> Self {
        self.0.push(Box::new(values.collect::<Vec<_>>()));
        self
    }

    /// A column of instants.
    pub fn instants(mut self, values: impl Iterator<Item = DateTime<Utc>>) -> Self {
        self.0.push(Box::new(values.collect::<Vec<_>>()));
        self
    }

    /// A column of bytes.
    pub fn bytes(mut self, values: impl Iterator<Item = &'a [u8]>) -> Self {
        self.0.push(Box::new(values.collect::<Vec<_>>()));
        self
    }

    /// A column of bytes that may be null.
    pub fn maybe_bytes(mut self, values: impl Iterator<Item = Option<&'a [u8]>>) -> Self {
        self.0.push(Box::new(values.collect::<Vec<_>>()));
        self
    }

    /// A column of truth values.
    pub fn truths(mut self, values: impl Iterator<Item = bool>) -> Self {
        self.0.push(Box::new(values.collect::<Vec<_>>()));
        self
    }

    /// The parameters.
    pub fn params(&self) -> Vec<&dyn Value> {
        self.0
            .iter()
            .map(|column| column.as_ref() as &dyn Value)
            .collect()
    }
}

/// `{"a","b"}`, quoted as the manual's section 8.15.6 asks.
fn literal(items: &[String]) -> String {
    let mut text =
        String::with_capacity(2 + items.iter().map(|item| item.len() + 3).sum::<usize>());
    text.push('{');
    for (index, item) in items.iter().enumerate() {
        if index > 0 {
            text.push(',');
        }
        text.push('"');
        for character in item.chars() {
            if matches!(character, '"' | '\\') {
                text.push('\\');
            }
            text.push(character);
        }
        text.push('"');
    }
    text.push('}');
    text
}

#[cfg(test)]
mod tests {
    #[test]
    fn array_literals_quote_what_means_something() {
        let items = ["plain", "a,b", "\"q\"", "back\\slash", "NULL", ""].map(str::to_owned);
        assert_eq!(
            super::literal(&items),
            r#"{"plain","a,b","\"q\"","back\\slash","NULL",""}"#
        );
        assert_eq!(super::literal(&[]), "{}");
    }
}
