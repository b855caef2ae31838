//! Extensions in the shapes that real ones have, each with the report that it gets: `tests/extensions/NAME/expected.json`.

use std::{fs, path::Path};

use porthole_extension::check_folder;
use serde_json::{Value, json};

#[test]
fn each_extension_of_the_corpus_gets_its_report() {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("extensions");
    let mut wrong = Vec::new();
    let mut count = 0;
    for entry in fs::read_dir(corpus).unwrap() {
        let folder = entry.unwrap().path();
        let expected: Value = serde_json::from_slice(&fs::read(folder.join("expected.json")).unwrap()).unwrap();
        let checked = check_folder(&folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
        let found = checked.diagnostics.iter().map(|diagnostic| {
            let mut found = json!({
                "severity": diagnostic.severity, "key": diagnostic.key(), "says": diagnostic.summary,
            });
            let at = diagnostic.location.as_ref().unwrap();
            // Of a compose file it is told where.
            if let Some(file) = &at.file {
                found["at"] = json!(format!("{file}:{}", at.line));
            }
            found
        });
        let found = Value::Array(found.collect());
        if found != expected {
            wrong.push(format!("{}\n  expected {expected}\n  found    {found}", folder.display()));
        }
        count += 1;
    }
    assert!(count >= 30, "the corpus has only {count} extensions");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
