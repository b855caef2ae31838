//! Every error code is asserted by a test.
//!
//! What counts is read from the syntax of the tests: the files below a `tests` directory, those that end in `_tests.rs`,
//! and what is under `#[cfg(test)]`. A test asserts `Code::X`, or its name as the page and scripts see it (`"x"`), where
//! that is compared: in `assert!` or `assert_eq!`, beside `==`, as a pattern of `matches!`, or in what `contains` looks
//! for. So does a test that compares a variable, when the code is what the variable is set to: by `let`, by the table that
//! a `for` goes through, or by the argument of a function of the same file that compares its parameter.
//!
//! What is only handed to code under test doesn't count, such as the code in `Error::new(Code::X, …)`, nor does what is
//! asserted not to be.

use std::{
    collections::{BTreeSet, HashMap},
    fs,
    path::Path,
};
use syn::{
    Attribute, Block, Expr, ExprCall, ExprClosure, ExprForLoop, ExprMacro, ExprMethodCall, File, FnArg, ImplItemFn,
    Item, ItemFn, ItemMod, Lit, Local, Macro, Pat, Signature, StmtMacro, Token,
    parse::Parser,
    punctuated::Punctuated,
    visit::{self, Visit},
};

#[path = "codes/texts.rs"]
mod texts;

/// What a piece of code compares: codes, and variables whose values may be some.
#[derive(Default)]
struct Compared {
    codes: BTreeSet<String>,
    variables: BTreeSet<String>,
    /// Whether what is visited is being compared.
    here: bool,
}

impl Compared {
    fn by(visit: impl FnOnce(&mut Self)) -> Self {
        let mut compared = Self::default();
        visit(&mut compared);
        compared
    }

    fn visit(&mut self, expression: &Expr, here: bool) {
        let before = std::mem::replace(&mut self.here, here);
        self.visit_expr(expression);
        self.here = before;
    }

    fn visit_pattern(&mut self, pattern: &Pat) {
        let before = std::mem::replace(&mut self.here, true);
        self.visit_pat(pattern);
        self.here = before;
    }
}

/// The arguments of a macro that takes expressions.
fn arguments(called: &Macro) -> Vec<Expr> {
    let parser = Punctuated::<Expr, Token![,]>::parse_terminated;
    parser.parse2(called.tokens.clone()).map_or_else(|_| Vec::new(), |all| all.into_iter().collect())
}

/// The two sides of `matches!`.
fn matched(called: &Macro) -> Option<(Expr, Pat)> {
    let parser = |input: syn::parse::ParseStream<'_>| {
        let value = input.parse()?;
        input.parse::<Token![,]>()?;
        let pattern = Pat::parse_multi_with_leading_vert(input)?;
        input.parse::<proc_macro2::TokenStream>()?;
        Ok((value, pattern))
    };
    parser.parse2(called.tokens.clone()).ok()
}

fn last(path: &syn::Path) -> String {
    path.segments.last().map(|segment| segment.ident.to_string()).unwrap_or_default()
}

fn is_upper(name: &str) -> bool {
    name.starts_with(char::is_uppercase)
}

impl<'ast> Visit<'ast> for Compared {
    fn visit_macro(&mut self, called: &'ast Macro) {
        match last(&called.path).as_str() {
            "assert" => arguments(called).iter().take(1).for_each(|argument| self.visit(argument, true)),
            "assert_eq" => arguments(called).iter().take(2).for_each(|argument| self.visit(argument, true)),
            "matches" => {
                if let Some((value, pattern)) = matched(called) {
                    self.visit(&value, false);
                    self.visit_pattern(&pattern);
                }
            }
            "vec" | "json" => arguments(called).iter().for_each(|argument| self.visit(argument, self.here)),
            _ => {}
        }
    }

    fn visit_expr(&mut self, expression: &'ast Expr) {
        match expression {
            Expr::Binary(binary) => {
                let here = match binary.op {
                    syn::BinOp::Eq(_) => true,
                    syn::BinOp::Ne(_) => false,
                    _ => self.here,
                };
                self.visit(&binary.left, here);
                self.visit(&binary.right, here);
            }
            // `!matches!(…)`, `!codes.contains(…)`: neither says that it occurs.
            Expr::Unary(unary) if matches!(unary.op, syn::UnOp::Not(_)) => {}
            Expr::Call(call) => {
                // `Some(…)` is a value; what another function is given is not.
                let value = matches!(&*call.func, Expr::Path(path) if is_upper(&last(&path.path)));
                call.args.iter().for_each(|argument| self.visit(argument, value && self.here));
            }
            Expr::MethodCall(call) => {
                self.visit(&call.receiver, self.here);
                let looks = call.method == "contains";
                call.args.iter().for_each(|argument| self.visit(argument, looks && self.here));
            }
            _ => visit::visit_expr(self, expression),
        }
    }

    fn visit_path(&mut self, path: &'ast syn::Path) {
        if self.here {
            let names: Vec<String> = path.segments.iter().map(|segment| segment.ident.to_string()).collect();
            match &names[..] {
                [variable] => _ = self.variables.insert(variable.clone()),
                [.., of, code] if of == "Code" => _ = self.codes.insert(code.clone()),
                _ => {}
            }
        }
        visit::visit_path(self, path);
    }

    fn visit_lit(&mut self, literal: &'ast Lit) {
        if let (true, Lit::Str(text)) = (self.here, literal) {
            self.codes.insert(text.value());
        }
    }
}

/// The test code of one file, and which codes it asserts.
#[derive(Default)]
struct Tests {
    /// Which parameters each function compares.
    functions: HashMap<String, Vec<bool>>,
    /// What the functions around what is visited compare.
    variables: Vec<BTreeSet<String>>,
    codes: BTreeSet<String>,
}

fn named(pattern: &Pat) -> Option<String> {
    match pattern {
        Pat::Ident(name) => Some(name.ident.to_string()),
        Pat::Type(typed) => named(&typed.pat),
        Pat::Reference(reference) => named(&reference.pat),
        _ => None,
    }
}

/// The elements of a table, if it is one.
fn table(expression: &Expr) -> Vec<Expr> {
    match expression {
        Expr::Array(array) => array.elems.iter().cloned().collect(),
        Expr::Reference(reference) => table(&reference.expr),
        Expr::MethodCall(call) => table(&call.receiver),
        Expr::Macro(ExprMacro { mac, .. }) if last(&mac.path) == "vec" => arguments(mac),
        _ => Vec::new(),
    }
}

impl Tests {
    fn know(&mut self, name: &str, parameters: Vec<&Pat>, body: impl FnOnce(&mut Compared)) {
        let variables = Compared::by(body).variables;
        let compares = |pattern: &Pat| named(pattern).is_some_and(|name| variables.contains(&name));
        self.functions.insert(name.to_owned(), parameters.into_iter().map(compares).collect());
    }

    fn inside(&mut self, body: &Block, visit: impl FnOnce(&mut Self)) {
        let compared = Compared::by(|compared| compared.visit_block(body));
        self.codes.extend(compared.codes);
        self.variables.push(compared.variables);
        visit(self);
        self.variables.pop();
    }

    /// What a pattern takes from a value, as far as a variable in it is compared.
    fn taken(&mut self, pattern: &Pat, value: &Expr) {
        match (pattern, value) {
            (Pat::Type(typed), _) => self.taken(&typed.pat, value),
            (Pat::Reference(reference), _) => self.taken(&reference.pat, value),
            (Pat::Tuple(pattern), Expr::Tuple(value)) if pattern.elems.len() == value.elems.len() => {
                pattern.elems.iter().zip(&value.elems).for_each(|(pattern, value)| self.taken(pattern, value));
            }
            (Pat::Ident(name), _) if self.variables.iter().any(|all| all.contains(&name.ident.to_string())) => {
                self.codes.extend(Compared::by(|compared| compared.visit(value, true)).codes);
            }
            _ => {}
        }
    }

    fn given<'a>(&mut self, function: &str, arguments: impl Iterator<Item = &'a Expr>) {
        let Some(compares) = self.functions.get(function) else { return };
        let compared: Vec<&Expr> =
            arguments.zip(compares).filter_map(|(argument, compares)| compares.then_some(argument)).collect();
        for argument in compared {
            self.codes.extend(Compared::by(|compared| compared.visit(argument, true)).codes);
        }
    }
}

/// The functions of test code, for `Tests::functions`.
struct Functions<'a>(&'a mut Tests);

fn parameters(signature: &Signature) -> Vec<&Pat> {
    let patterns = signature.inputs.iter().filter_map(|argument| match argument {
        FnArg::Typed(argument) => Some(&*argument.pat),
        FnArg::Receiver(_) => None,
    });
    patterns.collect()
}

impl<'ast> Visit<'ast> for Functions<'_> {
    fn visit_item_fn(&mut self, function: &'ast ItemFn) {
        let name = function.sig.ident.to_string();
        self.0.know(&name, parameters(&function.sig), |compared| compared.visit_block(&function.block));
        visit::visit_item_fn(self, function);
    }

    fn visit_impl_item_fn(&mut self, function: &'ast ImplItemFn) {
        let name = function.sig.ident.to_string();
        self.0.know(&name, parameters(&function.sig), |compared| compared.visit_block(&function.block));
        visit::visit_impl_item_fn(self, function);
    }

    fn visit_local(&mut self, local: &'ast Local) {
        if let (Some(name), Some(init)) = (named(&local.pat), &local.init)
            && let Expr::Closure(ExprClosure { inputs, body, .. }) = &*init.expr
        {
            self.0.know(&name, inputs.iter().collect(), |compared| compared.visit(body, false));
        }
        visit::visit_local(self, local);
    }
}

impl<'ast> Visit<'ast> for Tests {
    fn visit_item_fn(&mut self, function: &'ast ItemFn) {
        self.inside(&function.block, |tests| visit::visit_item_fn(tests, function));
    }

    fn visit_impl_item_fn(&mut self, function: &'ast ImplItemFn) {
        self.inside(&function.block, |tests| visit::visit_impl_item_fn(tests, function));
    }

    fn visit_local(&mut self, local: &'ast Local) {
        if let Some(init) = &local.init {
            self.taken(&local.pat, &init.expr);
        }
        visit::visit_local(self, local);
    }

    fn visit_expr_for_loop(&mut self, each: &'ast ExprForLoop) {
        for row in table(&each.expr) {
            self.taken(&each.pat, &row);
        }
        visit::visit_expr_for_loop(self, each);
    }

    fn visit_expr_call(&mut self, call: &'ast ExprCall) {
        if let Expr::Path(path) = &*call.func {
            self.given(&last(&path.path), call.args.iter());
        }
        visit::visit_expr_call(self, call);
    }

    fn visit_expr_method_call(&mut self, call: &'ast ExprMethodCall) {
        self.given(&call.method.to_string(), call.args.iter());
        visit::visit_expr_method_call(self, call);
    }

    fn visit_stmt_macro(&mut self, called: &'ast StmtMacro) {
        self.visit_macro(&called.mac);
    }

    fn visit_macro(&mut self, called: &'ast Macro) {
        arguments(called).iter().for_each(|argument| self.visit_expr(argument));
    }
}

fn is_for_tests(attributes: &[Attribute]) -> bool {
    attributes.iter().any(|attribute| {
        let written = attribute.meta.require_list().map(|list| list.tokens.to_string()).unwrap_or_default();
        last(attribute.path()) == "test"
            || attribute.path().is_ident("cfg") && (written == "test" || written.starts_with("all (test"))
    })
}

/// The items that are there for tests alone.
fn items_for_tests(items: Vec<Item>) -> Vec<Item> {
    let mut found = Vec::new();
    for item in items {
        match item {
            Item::Mod(ItemMod { ref attrs, .. }) if is_for_tests(attrs) => found.push(item),
            Item::Mod(ItemMod { content: Some((_, items)), .. }) => found.extend(items_for_tests(items)),
            Item::Fn(ItemFn { ref attrs, .. }) if is_for_tests(attrs) => found.push(item),
            _ => {}
        }
    }
    found
}

fn asserted_in(file: &str, all_is_tests: bool) -> BTreeSet<String> {
    let mut file: File = syn::parse_file(file).unwrap();
    if !all_is_tests {
        file.items = items_for_tests(file.items);
    }
    let mut tests = Tests::default();
    Functions(&mut tests).visit_file(&file);
    tests.visit_file(&file);
    tests.codes
}

fn asserted_below(directory: &Path, tests: bool, found: &mut BTreeSet<String>) {
    for entry in fs::read_dir(directory).unwrap().flatten() {
        let path = entry.path();
        if path.is_dir() {
            asserted_below(&path, tests || path.ends_with("tests"), found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let all_is_tests = tests || path.to_string_lossy().ends_with("_tests.rs");
            let text = fs::read_to_string(&path).unwrap();
            if all_is_tests || text.contains("test") {
                found.extend(asserted_in(&text, all_is_tests));
            }
        }
    }
}

fn snake(code: &str) -> String {
    let mut snake = String::new();
    for c in code.chars() {
        if c.is_uppercase() && !snake.is_empty() {
            snake.push('_');
        }
        snake.extend(c.to_lowercase());
    }
    snake
}

#[test]
fn every_error_code_is_asserted_by_a_test() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let source = syn::parse_file(&fs::read_to_string(root.join("src-tauri/base/src/error.rs")).unwrap()).unwrap();
    let list = source.items.iter().find_map(|item| match item {
        Item::Enum(list) if list.ident == "Code" => Some(list),
        _ => None,
    });
    let codes: Vec<String> = list.unwrap().variants.iter().map(|code| code.ident.to_string()).collect();
    let mut asserted = BTreeSet::new();
    asserted_below(&root.join("tests/tests"), true, &mut asserted);
    asserted_below(&root.join("src-tauri"), false, &mut asserted);
    let missing: Vec<&String> =
        codes.iter().filter(|code| !asserted.contains(*code) && !asserted.contains(&snake(code))).collect();
    assert!(missing.is_empty(), "no test asserts {missing:?}");
}

#[test]
fn only_what_a_test_compares_is_asserted() {
    let asserted = |test: &str| {
        let text = format!("fn shown() {{ assert_eq!(x, Code::NotInATest) }} #[cfg(test)] mod tests {{ {test} }}");
        asserted_in(&text, false).into_iter().collect::<Vec<_>>().join(" ")
    };
    for (test, codes) in [
        ("#[test] fn t() { assert_eq!(error.code, Code::A) }", "A"),
        ("#[test] fn t() { assert_eq!((e.code, stage), (Code::A, Stage::B)) }", "A"),
        ("#[test] fn t() { assert_eq!(row, Outcome::Failed { code: Code::A }) }", "A"),
        ("#[test] fn t() { assert!(matches!(x, Some(Code::A | Code::B) if y), \"{}\", Code::C) }", "A B"),
        ("#[test] fn t() { assert!(all.contains(&(Code::A, 1))) }", "A"),
        ("#[test] fn t() { eventually(|| (error.code == Code::A).then_some(())) }", "A"),
        ("#[test] fn t() { assert_eq!(shown(&app).await, json!(\"a_b\")) }", "a_b"),
        (
            "#[test] fn t() { for (name, code) in [(\"x\", Code::A), (\"y\", Code::B)] { assert_eq!(f(name), code) } }",
            "A B",
        ),
        ("#[test] fn t() { let code = if x { Code::A } else { Code::B }; assert_eq!(y, code) }", "A B"),
        ("fn fails(x: X, code: Code) { assert_eq!(x, code) } #[test] fn t() { fails(x, Code::A) }", "A"),
        ("#[test] fn t() { let fails = |code| assert_eq!(x, code); fails(Code::A) }", "A"),
        ("#[test] fn t() { assert!(retry(Error::new(Code::A, \"x\"))) }", ""),
        ("#[test] fn t() { let error = Error::new(Code::A, \"x\"); assert_eq!(retry(error), error) }", ""),
        ("#[test] fn t() { for (code, retried) in [(Code::A, true)] { assert_eq!(retry(code), retried) } }", ""),
        (
            "#[test] fn t() { assert_ne!(error.code, Code::A); assert!(error.code != Code::B && !matches!(x, Code::C)) }",
            "",
        ),
        (
            "fn f(code: Code) -> Error { Error::new(code, \"x\") } #[test] fn t() { assert_eq!(retry(f(Code::A)), 1) }",
            "",
        ),
        ("#[test] fn t() { match code { Code::A => one(), _ => two() } }", ""),
        ("// assert_eq!(x, Code::A)\n#[test] fn t() {}", ""),
    ] {
        assert_eq!(asserted(test), codes, "{test}");
    }
}
