//! Values as they are put together.

use super::{Field, Text, Value};

/// The methods of an `ExecResult`.
pub(crate) const METHODS: [&str; 3] = ["lines", "parseJsonLines", "parseJsonObject"];

impl Text {
    /// All of a text.
    pub(crate) fn whole(text: impl Into<String>) -> Self {
        let text = text.into();
        Self { bytes: text.len() as u64, text, cut: false }
    }

    /// The beginning of some bytes, of which there are `len` in all, as a UTF-8 decoder reads them.
    pub fn of(bytes: &[u8], len: u64, limit: usize) -> Self {
        let shown = &bytes[..bytes.len().min(limit)];
        let cut = (shown.len() as u64) < len;
        // A character that only the limit cut in two is not wrong.
        let shown = if cut { &shown[..shown.len() - porthole_output::incomplete_tail(shown)] } else { shown };
        Self { text: String::from_utf8_lossy(shown).into_owned(), bytes: len, cut }
    }
}

impl Value {
    /// A text.
    pub fn text(text: impl Into<String>) -> Self {
        Self::Text(Text::whole(text))
    }

    pub(crate) fn number(number: impl ToString) -> Self {
        Self::Number { text: number.to_string() }
    }

    /// A plain object with these properties.
    pub(crate) fn object<const N: usize>(fields: [(&str, Value); N]) -> Self {
        Self::Object { class: None, fields: fields.map(field).into() }
    }

    /// An `Error` with a message.
    pub(crate) fn error(message: impl Into<String>) -> Self {
        Self::error_of("Error", message)
    }

    /// An error of a class.
    pub(crate) fn error_of(class: &str, message: impl Into<String>) -> Self {
        let fields = [("name", Self::text(class)), ("message", Self::text(message))].map(field).into();
        Self::Object { class: Some(class.to_owned()), fields }
    }

    /// The same object with the methods of an `ExecResult`.
    #[must_use]
    pub(crate) fn with_methods(mut self) -> Self {
        if let Self::Object { fields, .. } = &mut self {
            fields.extend(METHODS.map(|name| field((name, Self::Method))));
        }
        self
    }
}

fn field((name, value): (&str, Value)) -> Field {
    Field { name: name.to_owned(), value: Some(value), differs: false }
}
