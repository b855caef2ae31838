//! A compose file as it was written: its services, in the order of the file.

use saphyr::Yaml;

pub(super) use super::yaml::LONGEST;
use super::yaml::{documents, unreadable};
use crate::error::Result;

/// What Porthole needs to know of a compose file before compose itself has read it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Compose {
    /// Its services, in the order of the file. There is at least one.
    pub services: Vec<Service>,
}

/// One service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Service {
    /// Its key in the file.
    pub name: String,
}

impl Compose {
    /// Reads a compose file.
    ///
    /// # Errors
    /// [`crate::error::Code::ComposeUnreadable`] with the line, or when it has no services.
    pub fn read(text: &str) -> Result<Self> {
        let documents = documents(text)?;
        let Some(root) = documents.first() else { return Err(unreadable("is empty")) };
        let services = root.as_mapping_get("services").and_then(Yaml::as_mapping);
        let services: Vec<Service> = services
            .into_iter()
            .flatten()
            .filter_map(|(name, _)| Some(Service { name: name.as_str()?.to_owned() }))
            .collect();
        if services.is_empty() {
            return Err(unreadable("has no services").hint("A backend of several containers is `services:` with an entry for each; the first one is where the extension's commands run."));
        }
        Ok(Self { services })
    }
}

/// An entry of a mapping, or of what it takes in by `<<`.
pub(super) fn key<'y, 'i>(mapping: &'y Yaml<'i>, name: &str) -> Option<&'y Yaml<'i>> {
    mapping.as_mapping_get(name).or_else(|| {
        let taken = mapping.as_mapping_get("<<")?;
        match taken.as_sequence() {
            Some(list) => list.iter().find_map(|taken| key(taken, name)),
            None => key(taken, name),
        }
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::error::Code;

    #[test]
    fn services_keep_the_order_of_the_file() {
        let compose = Compose::read("x-a: 1\nservices:\n  web: {}\n  a: {image: x}\n  b:\n").unwrap();
        let names: Vec<_> = compose.services.iter().map(|service| service.name.as_str()).collect();
        assert_eq!(names, ["web", "a", "b"]);
    }

    #[test]
    fn what_is_no_compose_file_says_why() {
        for (text, why) in [
            ("", "empty"),
            ("a: [", "line"),
            ("services:", "no services"),
            ("- a", "no services"),
            ("web: {}", "no services"),
        ] {
            let error = Compose::read(text).unwrap_err();
            assert_eq!(error.code, Code::ComposeUnreadable, "{text}");
            assert!(error.message.contains(why), "{error:?}");
        }
    }

    proptest! {
        #[test]
        fn no_text_is_too_odd(text in "(services|version|a|b|:|-|\\{|\\}|\\[|\\]|&x|\\*x|<<|,|'| |\n){0,24}") {
            let _ = Compose::read(&text);
        }
    }
}
