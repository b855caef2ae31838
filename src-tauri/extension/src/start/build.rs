//! What building an image asks for: the `build` of a service.

use std::path::Path;

use serde_json::Value;

use super::{
    AccessLevel::{Access, Control, Notice},
    RequestedAccess,
    access::{At, list, text_of},
    text::{shown, visible},
};

/// What it asks for. That the Dockerfile's commands are run at all is first.
pub(super) fn asks(build: &Value, at: &At<'_>) -> Vec<RequestedAccess> {
    let context =
        build.get("context").map_or_else(|| if build.is_string() { text_of(build) } else { String::new() }, text_of);
    let dockerfile = build.get("dockerfile").map_or_else(|| "Dockerfile".to_owned(), text_of);
    let mut asks =
        vec![
            RequestedAccess::new(Notice, "Builds an image: runs the Dockerfile's commands on the engine")
                .value(format!("{} in {}", visible(&dockerfile), visible(&context))),
        ];
    asks.extend(outside("Sends files to the engine", &context, at));
    // Relative to the context, and never a way out of it unless it says so.
    asks.extend(
        outside("Reads a Dockerfile", &Path::new(&context).join(&dockerfile).to_string_lossy(), at)
            .filter(|_| !is_remote(&context)),
    );
    for (key, value) in build.as_object().into_iter().flatten() {
        let empty = matches!(value, Value::Null | Value::Bool(false))
            || value.as_array().is_some_and(Vec::is_empty)
            || value.as_object().is_some_and(serde_json::Map::is_empty);
        if !empty {
            asks.extend(of_key(key, value, at));
        }
    }
    asks
}

fn of_key(key: &str, value: &Value, at: &At<'_>) -> Vec<RequestedAccess> {
    let one = |level, summary: &str| vec![RequestedAccess::new(level, summary).value(shown(value))];
    match key {
        "context" | "dockerfile" | "dockerfile_inline" | "args" | "labels" | "target" | "no_cache" | "pull"
        | "shm_size" | "platforms" | "ulimits" | "provenance" | "sbom" | "isolation" | "extra_hosts"
        | "no_cache_filter" => Vec::new(),
        _ if key.starts_with("x-") => Vec::new(),
        "privileged" => one(Control, "Full control over the machine: builds privileged"),
        "entitlements" => one(Control, "Builds with extended rights"),
        "network" if matches!(value.as_str(), Some("default" | "none")) => Vec::new(),
        "network" => one(Access, "Builds in another network"),
        "ssh" => one(Access, "Uses your SSH keys while it builds"),
        "secrets" => one(Access, "Uses secrets while it builds"),
        "cache_to" => one(Access, "Writes a build cache"),
        "cache_from" => one(Notice, "Reads a build cache"),
        "tags" => one(Notice, "Adds tags to the image"),
        "additional_contexts" => {
            let texts: Vec<String> = match value {
                Value::Object(map) => map.values().map(text_of).collect(),
                other => list(other)
                    .map(|entry| {
                        text_of(entry).split_once('=').map_or_else(|| text_of(entry), |(_, path)| path.to_owned())
                    })
                    .collect(),
            };
            texts.iter().flat_map(|context| outside("Sends files to the engine", context, at)).collect()
        }
        _ => vec![RequestedAccess::unknown(&format!("build.{key}"), Some(value))],
    }
}

fn is_remote(context: &str) -> bool {
    // A folder may be called `x:`: only what compose takes for an address is one.
    ["http://", "https://", "git://", "ssh://", "git@", "github.com/"].iter().any(|known| context.starts_with(known))
}

/// The access that a context outside the extension's folder needs.
fn outside(summary: &str, context: &str, at: &At<'_>) -> impl Iterator<Item = RequestedAccess> {
    let is_image = ["docker-image://", "service:", "target:"].iter().any(|known| context.starts_with(known));
    let ask = if context.is_empty() || is_image {
        None
    } else if is_remote(context) {
        Some(RequestedAccess::new(Notice, "Fetches files from the network while it builds").value(visible(context)))
    } else {
        // What is sent is read on this machine, wherever the engine is.
        let here = At::new(at.root, at.engine, true);
        let real = here.real(context);
        (!here.is_own(&real)).then(|| {
            RequestedAccess::new(Access, &format!("{summary}, from outside the extension's folder"))
                .value(visible(&real.display().to_string()))
        })
    };
    ask.into_iter()
}
