//! Literal values of JavaScript, and the texts that the language makes of them.

use std::fmt::Write;

use porthole_sdk::sdk_call::Data;

/// A value that can be written as a literal.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Value {
    Undefined,
    Null,
    Bool(bool),
    Number(f64),
    Text(String),
    Array(Vec<Value>),
    /// In the order of the language: names that are array indices come first.
    Object(Vec<(String, Value)>),
}

/// The value of an argument that isn't given.
pub(super) const UNDEFINED: Value = Value::Undefined;

impl Value {
    pub fn object(written: Vec<(String, Value)>) -> Self {
        let mut properties: Vec<(String, Value)> = Vec::new();
        for (name, value) in written {
            match properties.iter_mut().find(|(known, _)| *known == name) {
                Some((_, before)) => *before = value,
                None => properties.push((name, value)),
            }
        }
        properties.sort_by_key(|(name, _)| index(name).map_or(u64::MAX, u64::from));
        Self::Object(properties)
    }

    /// A property of an object; [`UNDEFINED`] where there is none.
    pub fn get(&self, name: &str) -> &Value {
        self.property(name).unwrap_or(&UNDEFINED)
    }

    /// A property that the object has.
    pub fn property(&self, name: &str) -> Option<&Value> {
        self.properties().iter().find(|(known, _)| known == name).map(|(_, value)| value)
    }

    pub fn properties(&self) -> &[(String, Value)] {
        match self {
            Self::Object(properties) => properties,
            _ => &[],
        }
    }

    pub fn is_truthy(&self) -> bool {
        match self {
            Self::Undefined | Self::Null => false,
            Self::Bool(value) => *value,
            Self::Number(number) => *number != 0.0 && !number.is_nan(),
            Self::Text(text) => !text.is_empty(),
            Self::Array(_) | Self::Object(_) => true,
        }
    }

    /// `String(value)`
    pub fn text(&self) -> String {
        match self {
            Self::Undefined => "undefined".to_owned(),
            Self::Null => "null".to_owned(),
            Self::Bool(value) => value.to_string(),
            Self::Number(value) => number(*value),
            Self::Text(text) => text.clone(),
            Self::Array(items) => {
                let text = |item: &Self| match item {
                    Self::Undefined | Self::Null => String::new(),
                    item => item.text(),
                };
                items.iter().map(text).collect::<Vec<_>>().join(",")
            }
            Self::Object(_) => "[object Object]".to_owned(),
        }
    }

    /// `JSON.stringify(value)`; none where that is `undefined`.
    pub fn json(&self) -> Option<String> {
        Some(match self {
            Self::Undefined => return None,
            Self::Null => "null".to_owned(),
            Self::Bool(value) => value.to_string(),
            Self::Number(value) if !value.is_finite() => "null".to_owned(),
            Self::Number(value) => number(*value),
            Self::Text(text) => quoted(text),
            Self::Array(items) => {
                let items: Vec<String> =
                    items.iter().map(|item| item.json().unwrap_or_else(|| "null".to_owned())).collect();
                format!("[{}]", items.join(","))
            }
            Self::Object(properties) => {
                let pair = |(name, value): &(String, Self)| Some(format!("{}:{}", quoted(name), value.json()?));
                let pairs: Vec<String> = properties.iter().filter_map(pair).collect();
                format!("{{{}}}", pairs.join(","))
            }
        })
    }

    /// What a runtime may send of it; none of `undefined`.
    pub fn data(&self) -> Option<Data> {
        if *self == Self::Undefined {
            return None;
        }
        let (text, json) = (self.text(), self.json());
        Some(Data { text, json, is_text: matches!(self, Self::Text(_)), falsy: !self.is_truthy() })
    }

    /// How an error names a value of the wrong type.
    pub fn received(&self) -> &'static str {
        match self {
            Self::Undefined => "undefined",
            Self::Null => "null",
            Self::Bool(_) => "boolean",
            Self::Number(_) => "number",
            Self::Text(_) => "string",
            Self::Array(_) => "an instance of Array",
            Self::Object(_) => "an instance of Object",
        }
    }
}

/// The number of a name that is an array index.
fn index(name: &str) -> Option<u32> {
    name.parse::<u32>().ok().filter(|index| *index != u32::MAX && index.to_string() == name)
}

fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

/// `Number::toString` of the language: the shortest digits that are the same number, with an exponent where it is large or
/// small.
fn number(value: f64) -> String {
    if !value.is_finite() {
        let text = if value.is_nan() { "NaN" } else { "Infinity" };
        return if value < 0.0 { format!("-{text}") } else { text.to_owned() };
    }
    // `{:e}` gives those digits: `1.5e-7`.
    let shortest = format!("{:e}", value.abs());
    let (mantissa, exponent) = shortest.split_once('e').unwrap_or((&shortest, "0"));
    let digits = mantissa.replace('.', "");
    // How many digits are before the point.
    let point = exponent.parse::<i32>().unwrap_or_default() + 1;
    let (length, mut text) = (digits.len() as i32, String::new());
    if value < 0.0 {
        text.push('-');
    }
    match point {
        1..=21 if point >= length => {
            text.push_str(&digits);
            text.extend(std::iter::repeat_n('0', (point - length) as usize));
        }
        1..=21 => {
            let (whole, rest) = digits.split_at(point as usize);
            let _ = write!(text, "{whole}.{rest}");
        }
        -5..=0 => {
            text.push_str("0.");
            text.extend(std::iter::repeat_n('0', -point as usize));
            text.push_str(&digits);
        }
        _ => {
            let (first, rest) = digits.split_at(1);
            let dot = if rest.is_empty() { "" } else { "." };
            let _ = write!(text, "{first}{dot}{rest}e{:+}", point - 1);
        }
    }
    text
}
