//! A snapshot of the texts in the sources: errors, hints, findings, lints and everything else that users read. A change
//! to one is then visible in the diff, with its wording as a whole.
//!
//! A text is a literal of at least two words in production code. Literals of log messages, assertions and SQL are left out.
//! Each crate has one snapshot, in which the texts of each module are sorted: it doesn't depend on lines. After a
//! change:
//! `INSTA_UPDATE=always cargo test -p porthole-tests --test codes`, and read `git diff`.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
};

use proc_macro2::TokenStream;
use syn::{
    Attribute, Expr, File, ImplItem, Item, ItemMod, Lit, LitStr, Macro, Meta, StmtMacro,
    parse::ParseStream,
    visit::{self, Visit},
};

use super::{arguments, is_for_tests, last};

/// Folders of a crate that hold production code.
const PRODUCTION: [&str; 2] = ["src", "program"];
/// Macros with texts for developers.
const FOR_DEVELOPERS: [&str; 12] = [
    "trace",
    "debug",
    "info",
    "warn",
    "error",
    "assert",
    "assert_eq",
    "assert_ne",
    "debug_assert",
    "panic",
    "unreachable",
    "cfg",
];

fn is_text(literal: &str) -> bool {
    let mut outside = true;
    let visible = literal.chars().filter(|c| {
        let was_outside = outside;
        match c {
            '{' => outside = false,
            '}' => outside = true,
            _ => {}
        }
        was_outside && outside
    });
    let visible: String = visible.collect();
    let words = visible.split_whitespace().filter(|word| word.chars().filter(|c| c.is_alphabetic()).count() > 1);
    literal.trim().contains(' ')
        && words.count() + usize::from(literal.contains('{')) > 1
        && visible.contains(char::is_alphabetic)
}

/// A statement for a database, or a part of one. Nobody but the database reads it.
fn is_sql(literal: &str) -> bool {
    const STATEMENTS: [&str; 12] = [
        "SELECT ",
        "INSERT ",
        "UPDATE ",
        "DELETE FROM ",
        "CREATE ",
        "PRAGMA ",
        "ATTACH ",
        "DETACH ",
        "SAVEPOINT ",
        "RELEASE ",
        "ROLLBACK ",
        "BEGIN ",
    ];
    // `c.id` and not `metadata.json`.
    let is_column = |word: &str| word.split_once('.').is_some_and(|(table, _)| table.len() == 1);
    let mut words = literal.split_whitespace();
    STATEMENTS.iter().any(|statement| literal.trim_start().starts_with(statement))
        || words.clone().any(|word| ["WHERE", "JOIN"].contains(&word))
        || words.all(is_column)
}

#[derive(Default)]
struct Texts(BTreeSet<String>);

impl Texts {
    fn add(&mut self, literal: &LitStr) {
        let text = literal.value();
        if is_text(&text) && !is_sql(&text) {
            self.0.insert(text.replace('\n', "\\n"));
        }
    }
}

impl<'ast> Visit<'ast> for Texts {
    fn visit_lit(&mut self, literal: &'ast Lit) {
        if let Lit::Str(text) = literal {
            self.add(text);
        }
    }

    fn visit_macro(&mut self, called: &'ast Macro) {
        if !FOR_DEVELOPERS.contains(&&*last(&called.path)) {
            arguments(called).iter().for_each(|argument| self.visit_expr(argument));
        }
    }

    fn visit_stmt_macro(&mut self, called: &'ast StmtMacro) {
        self.visit_macro(&called.mac);
    }

    /// Of attributes, only the texts of error types are read: the others are documentation and options.
    fn visit_attribute(&mut self, attribute: &'ast Attribute) {
        if attribute.path().is_ident("error")
            && let Meta::List(list) = &attribute.meta
            && let Ok(text) = list.parse_args_with(first_literal)
        {
            self.add(&text);
        }
    }
}

/// A text, and what is filled into it, which has its own syntax.
fn first_literal(input: ParseStream<'_>) -> syn::Result<LitStr> {
    let text = input.parse()?;
    input.parse::<TokenStream>()?;
    Ok(text)
}

/// Removes what is compiled for tests only.
fn without_tests(items: &mut Vec<Item>) {
    items.retain_mut(|item| match item {
        Item::Mod(module) if is_for_tests(&module.attrs) => false,
        Item::Mod(ItemMod { content: Some((_, items)), .. }) => {
            without_tests(items);
            true
        }
        Item::Impl(block) => {
            block.items.retain(|item| !matches!(item, ImplItem::Fn(function) if is_for_tests(&function.attrs)));
            !is_for_tests(&block.attrs)
        }
        Item::Fn(function) => !is_for_tests(&function.attrs),
        Item::Const(constant) => !is_for_tests(&constant.attrs),
        _ => true,
    });
}

/// The files of modules that a file declares for tests only.
fn files_for_tests<'a>(file: &'a File, path: &'a Path) -> impl Iterator<Item = PathBuf> + 'a {
    let folder = path.parent().unwrap();
    let stem = path.file_stem().unwrap().to_string_lossy();
    let below = if ["mod", "lib", "main"].contains(&&*stem) { folder.to_owned() } else { folder.join(&*stem) };
    file.items.iter().filter_map(move |item| {
        let Item::Mod(ItemMod { attrs, content: None, ident, .. }) = item else { return None };
        let named = attrs.iter().find_map(|attribute| match &attribute.meta {
            Meta::NameValue(named) if named.path.is_ident("path") => match &named.value {
                Expr::Lit(literal) => match &literal.lit {
                    Lit::Str(name) => Some(folder.join(name.value())),
                    _ => None,
                },
                _ => None,
            },
            _ => None,
        });
        is_for_tests(attrs).then(|| named.unwrap_or_else(|| below.join(format!("{ident}.rs"))))
    })
}

fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap().flatten() {
        let path = entry.path();
        if path.is_dir() {
            sources(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
}

/// The texts of a crate by its modules.
fn texts_of(folder: &Path) -> BTreeMap<String, BTreeSet<String>> {
    let mut paths = Vec::new();
    for part in PRODUCTION.iter().map(|part| folder.join(part)).filter(|part| part.is_dir()) {
        sources(&part, &mut paths);
    }
    let files: Vec<(PathBuf, File)> = paths
        .into_iter()
        .map(|path| {
            let file = syn::parse_file(&fs::read_to_string(&path).unwrap()).unwrap();
            (path, file)
        })
        .collect();
    let for_tests: BTreeSet<PathBuf> = files.iter().flat_map(|(path, file)| files_for_tests(file, path)).collect();
    let mut found: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for (path, mut file) in files {
        if for_tests.contains(&path) || path.to_string_lossy().ends_with("_tests.rs") {
            continue;
        }
        without_tests(&mut file.items);
        let mut texts = Texts::default();
        visit::visit_file(&mut texts, &file);
        let below = path.strip_prefix(folder).unwrap();
        let module = below.components().nth(1).unwrap_or_else(|| below.components().next().unwrap());
        let module = module.as_os_str().to_string_lossy();
        found.entry(module.trim_end_matches(".rs").to_owned()).or_default().extend(texts.0);
    }
    found.retain(|_, texts| !texts.is_empty());
    found
}

#[test]
fn texts_that_users_read() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().join("src-tauri");
    let mut folders = vec![root.clone()];
    let below = fs::read_dir(&root).unwrap().flatten().map(|entry| entry.path());
    folders.extend(below.filter(|path| path.join("Cargo.toml").exists()));
    for folder in folders {
        let name = if folder == root { "porthole".into() } else { folder.file_name().unwrap().to_string_lossy() };
        let modules = texts_of(&folder);
        let mut shown = String::new();
        for (module, texts) in &modules {
            shown.push_str(&format!("== {module}\n"));
            texts.iter().for_each(|text| shown.push_str(&format!("{text}\n")));
        }
        if !shown.is_empty() {
            insta::assert_snapshot!(&*name, shown);
        }
    }
}

#[test]
fn texts_are_read_from_production_code_only() {
    let mut file = syn::parse_file(
        r#"
        /// A comment with words.
        #[error("the type is wrong")]
        struct Problem;
        #[error("after {} s", .0.as_secs())]
        struct Late(Duration);
        fn f() -> Error {
            tracing::warn!("a message for developers");
            let name = "word";
            Error::new(Code::A, format!("Can't open {}", name.join(", "))).hint(LATER)
        }
        const LATER: &str = "Try it
again.";
        #[cfg(test)]
        mod tests { fn g() { f("not a user's text") } }
        #[test]
        fn h() { f("not this either") }
        "#,
    )
    .unwrap();
    without_tests(&mut file.items);
    let mut texts = Texts::default();
    visit::visit_file(&mut texts, &file);
    let texts: Vec<&str> = texts.0.iter().map(String::as_str).collect();
    assert_eq!(texts, ["Can't open {}", "Try it\\nagain.", "after {} s", "the type is wrong"]);
    for sql in ["SELECT id FROM calls", " DELETE FROM calls", "calls c WHERE c.id = ?1", "c.id, c.began_ms"] {
        assert!(is_sql(sql), "{sql}");
    }
    for text in ["Delete from the history", "Select a call. Try it", "GET /a or DELETE /a", "a.b compose.yaml"] {
        assert!(!is_sql(text), "{text}");
    }
    assert!(is_text("{name} missing") && !is_text("{}: {}") && !is_text(", ") && !is_text("GET / "));
}
