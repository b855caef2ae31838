//! Reads what tells a page's source from a built page.

/// What is shown of a sign, in characters.
const LONGEST: usize = 120;

/// Ends of the names of files that a browser can't run before they are compiled.
const COMPILED: [&str; 8] = [".ts", ".tsx", ".jsx", ".mts", ".cts", ".vue", ".svelte", ".elm"];
/// Ends of those that it can, and that are sources when they are in `src`.
const PLAIN: [&str; 2] = [".js", ".mjs"];

/// Placeholders that a build replaces, with what ends each.
const PLACEHOLDERS: [(&str, &str); 5] =
    [("%PUBLIC_URL%", ""), ("%VITE_", "%"), ("%REACT_APP_", "%"), ("%sveltekit.", "%"), ("<%", "%>")];

/// What shows that this HTML is a source, as written there: `src="/src/main.tsx"`. With `has_build`, a page without any
/// script and one with a script of `src` are sources too: there is a build that would change them.
pub(super) fn sign(html: &str, has_build: bool) -> Option<String> {
    let html = without_comments(html);
    if let Some(found) = PLACEHOLDERS.iter().find_map(|(begin, end)| placeholder(&html, begin, end)) {
        return Some(shown(found));
    }
    let scripts = scripts(&html);
    for script in &scripts {
        if let Some(source) = script.source.as_deref().filter(|source| is_source(source, has_build)) {
            return Some(shown(&format!("src=\"{source}\"")));
        }
        if let Some(import) = imports(script.text).find(|import| is_source(import, has_build)) {
            return Some(shown(&format!("import \"{import}\"")));
        }
    }
    (has_build && scripts.is_empty()).then(|| "no script: the build adds it".to_owned())
}

fn is_source(url: &str, has_build: bool) -> bool {
    if url.contains("://") || url.starts_with("//") || url.starts_with("data:") {
        return false;
    }
    let path = url.split(['?', '#']).next().unwrap_or_default().to_ascii_lowercase();
    let is_in_src = path.trim_start_matches(['.', '/']).starts_with("src/");
    COMPILED.iter().any(|end| path.ends_with(end))
        || (has_build && is_in_src && PLAIN.iter().any(|end| path.ends_with(end)))
}

fn shown(sign: &str) -> String {
    sign.chars().filter(|letter| !letter.is_control()).take(LONGEST).collect()
}

fn placeholder<'h>(html: &'h str, begin: &str, end: &str) -> Option<&'h str> {
    let found = html.get(html.find(begin)?..)?;
    if end.is_empty() {
        return found.get(..begin.len());
    }
    let length = begin.len() + found.get(begin.len()..)?.find(end)? + end.len();
    found.get(..length)
}

fn without_comments(html: &str) -> String {
    let mut kept = String::with_capacity(html.len());
    let mut rest = html;
    while let Some((before, comment)) = rest.split_once("<!--") {
        kept.push_str(before);
        rest = comment.split_once("-->").map_or("", |(_, after)| after);
    }
    kept.push_str(rest);
    kept
}

struct Script<'h> {
    source: Option<String>,
    text: &'h str,
}

fn scripts(html: &str) -> Vec<Script<'_>> {
    let lower = html.to_ascii_lowercase();
    let mut found = Vec::new();
    let mut at = 0;
    while let Some(begin) = lower.get(at..).and_then(|rest| rest.find("<script")) {
        let attributes = at + begin + "<script".len();
        let rest = html.get(attributes..).unwrap_or_default();
        let (source, length) = attribute(rest, "src");
        let text = rest.get(length..).unwrap_or_default();
        let end = lower.get(attributes + length..).and_then(|rest| rest.find("</script")).unwrap_or(text.len());
        at = attributes + length + end;
        // `<scripted-part>` is another element.
        if rest.starts_with(|letter: char| letter.is_ascii_whitespace() || letter == '>' || letter == '/') {
            found.push(Script { source, text: text.get(..end).unwrap_or_default() });
        }
    }
    found
}

/// The value of an attribute in the text that follows a tag's name, and the length of that tag up to its `>`.
fn attribute(tag: &str, wanted: &str) -> (Option<String>, usize) {
    let mut value = None;
    let mut rest = tag;
    let length = |rest: &str| tag.len() - rest.len();
    loop {
        rest = rest.trim_start_matches(|letter: char| letter.is_ascii_whitespace() || letter == '/' || letter == '=');
        if rest.is_empty() {
            return (value, length(rest));
        }
        if let Some(after) = rest.strip_prefix('>') {
            return (value, length(after));
        }
        let ends_name = |letter: char| letter.is_ascii_whitespace() || matches!(letter, '=' | '>' | '/');
        let (name, after) = rest.split_at(rest.find(ends_name).unwrap_or(rest.len()));
        rest = after.trim_start();
        let Some(given) = rest.strip_prefix('=').map(str::trim_start) else { continue };
        let (text, after) = match given.chars().next() {
            Some(quote @ ('"' | '\'')) => {
                let inner = given.get(1..).unwrap_or_default();
                inner.split_once(quote).unwrap_or((inner, ""))
            }
            _ => given.split_at(given.find(|l: char| l.is_ascii_whitespace() || l == '>').unwrap_or(given.len())),
        };
        rest = after;
        if name.eq_ignore_ascii_case(wanted) && value.is_none() {
            value = Some(text.trim().to_owned());
        }
    }
}

/// What a script imports by a text, as `import "./src/main.ts"` and `import x from './x'` have it.
fn imports(script: &str) -> impl Iterator<Item = &str> {
    script.split("import").skip(1).filter_map(|rest| {
        let statement = rest.split([';', '\n']).next().unwrap_or_default();
        let quote = statement.find(['"', '\''])?;
        let (mark, text) = (statement.get(quote..=quote)?, statement.get(quote + 1..)?);
        text.split_once(mark).map(|(import, _)| import)
    })
}
