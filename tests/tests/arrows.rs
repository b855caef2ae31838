//! CONTRIBUTING draws which crate may use which. Cargo knows which one does.

use std::{collections::BTreeMap, fs, path::Path, process::Command};

use serde_json::Value;

/// The crates of the picture, each with its place: a crate may use those with a smaller one.
fn places(contributing: &str) -> BTreeMap<String, usize> {
    let picture = contributing.lines().find(|line| line.contains(" ← ") && line.starts_with("    ")).unwrap();
    let columns = picture.trim().split(" ← ").enumerate();
    columns.flat_map(|(place, names)| names.split(", ").map(move |name| (name.to_owned(), place))).collect()
}

/// Each crate of the product with those that it uses, by their names in the picture.
fn uses(metadata: &Value) -> BTreeMap<String, Vec<String>> {
    let short = |name: &str| name.strip_prefix("porthole-").unwrap_or(name).to_owned();
    let packages = metadata["packages"].as_array().unwrap().iter();
    let product = packages.filter(|package| package["manifest_path"].as_str().unwrap().contains("/src-tauri/"));
    product
        .map(|package| {
            let used = package["dependencies"].as_array().unwrap().iter();
            let ours = used.filter(|used| used["kind"] != "dev" && used["path"].is_string());
            let ours = ours.map(|used| short(used["name"].as_str().unwrap())).collect();
            (short(package["name"].as_str().unwrap()), ours)
        })
        .collect()
}

/// The arrows that the picture doesn't have, and the crates that it lacks or that aren't there.
fn wrong(places: &BTreeMap<String, usize>, uses: &BTreeMap<String, Vec<String>>) -> Vec<String> {
    let missing = places.keys().filter(|name| !uses.contains_key(*name)).map(|name| format!("no crate {name}"));
    let undrawn = uses.keys().filter(|name| !places.contains_key(*name)).map(|name| format!("{name} isn't drawn"));
    let arrows = uses.iter().flat_map(|(name, used)| used.iter().map(move |used| (name, used)));
    let is_wrong =
        |name: &str, used: &str| places.get(name).is_some_and(|place| places.get(used).is_none_or(|at| at >= place));
    let wrong = arrows.filter(|(name, used)| is_wrong(name, used));
    missing.chain(undrawn).chain(wrong.map(|(name, used)| format!("{name} uses {used}"))).collect()
}

#[test]
fn crates_use_each_other_as_contributing_draws_it() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let contributing = fs::read_to_string(root.join("CONTRIBUTING.md")).unwrap();
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let made = Command::new(cargo)
        .args(["metadata", "--no-deps", "--offline", "--format-version", "1"])
        .current_dir(root)
        .output()
        .unwrap();
    let metadata = serde_json::from_slice(&made.stdout).unwrap();
    let wrong = wrong(&places(&contributing), &uses(&metadata));
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn an_arrow_that_is_not_drawn_and_a_crate_that_is_not_drawn_are_found() {
    let places = places("# Crates\n\n    base ← http, process ← engine\n");
    let uses = |of: &[(&str, &[&str])]| {
        let owned = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
        of.iter().map(|(name, used)| ((*name).to_owned(), owned(used))).collect::<BTreeMap<_, Vec<_>>>()
    };
    let right: [(&str, &[&str]); 4] =
        [("base", &[]), ("http", &["base"]), ("process", &["base"]), ("engine", &["http", "base"])];
    assert!(wrong(&places, &uses(&right)).is_empty());
    for (name, used, found) in [
        ("base", "http", "base uses http"),
        ("http", "process", "http uses process"),
        ("new", "base", "new isn't drawn"),
    ] {
        let mut changed = uses(&right);
        changed.insert(name.to_owned(), vec![used.to_owned()]);
        assert_eq!(wrong(&places, &changed), [found]);
    }
    assert_eq!(wrong(&places, &uses(&right[..3])), ["no crate engine"]);
}
