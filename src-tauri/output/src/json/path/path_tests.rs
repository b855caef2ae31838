use std::sync::Arc;

use proptest::prelude::*;
use serde_json::Value;
use serde_json_path::JsonPath;

use super::*;
use crate::{DiskQuota, Output, RenderOptions, Stream, View};
use porthole_base::error::Code;

fn body(text: &[u8]) -> (tempfile::TempDir, Arc<Output>) {
    let directory = tempfile::tempdir().unwrap();
    let output = Arc::new(Output::new(directory.path().join("1"), Arc::new(DiskQuota::unlimited())));
    output.append(Stream::Stdout, text, 0).unwrap();
    (directory, output)
}

/// The result as it is stored, and the paths of its values in the body.
fn filter(text: &str, path: &str) -> Result<(String, Vec<String>)> {
    let (directory, output) = body(text.as_bytes());
    let stem = directory.path().join("2");
    let filter = PathFilter::begin(Arc::clone(&output), path, stem, Arc::new(DiskQuota::unlimited()))?;
    let filtered = filter.wait()?;
    let result = filter.output().read(Stream::Stdout, 0, u64::MAX)?;
    let paths = (0..filtered.nodes).map(|n| {
        let steps = vec![location::Step::Index(n)];
        Ok(filter.in_source(Location { steps, start: 0, end: 0 })?.path())
    });
    Ok((String::from_utf8(result).unwrap(), paths.collect::<Result<_>>()?))
}

fn selected(text: &str, path: &str) -> String {
    filter(text, path).unwrap().0
}

const STORE: &str = r#"{"volumes":[{"name":"pg-data","size":41722110},{"name":"a\"b","size":9007199254740993.0},{"name":"x"}],"took":"38ms","Ä ö":{"it's":1e400}}"#;

#[test]
fn values_are_selected_as_they_were_sent() {
    assert_eq!(selected(STORE, "$.volumes[*].name"), r#"["pg-data","a\"b","x"]"#);
    assert_eq!(selected(STORE, "$..size"), "[41722110,9007199254740993.0]");
    assert_eq!(selected(STORE, "$.volumes[-1:]"), r#"[{"name":"x"}]"#);
    assert_eq!(selected(STORE, "$.volumes[?@.size > 9007199254740992].size"), "[9007199254740993.0]");
    assert_eq!(selected(STORE, "$['Ä ö'][?@ == 1e400]"), "[1e400]");
    assert_eq!(selected(STORE, "$.nothing"), "[]");
    assert_eq!(selected("{\"a\":1} {\"a\":2}\n3", "$.a"), "[1,2]", "each value of several is a document");
    assert_eq!(
        selected(r#"{"a":1,"a":2,"\u0061":3}"#, "$.a"),
        "[3]",
        "the last of members with one name, as in JavaScript"
    );
}

#[test]
fn selected_values_have_their_paths_in_the_body() {
    let (_, paths) = filter(STORE, "$..*").unwrap();
    let all = ["$.volumes", "$.took", "$['Ä ö']", "$.volumes[0]", "$.volumes[1]", "$.volumes[2]", "$.volumes[0].name"];
    assert_eq!(paths[..7], all);
    assert_eq!(paths.last().unwrap(), r"$['Ä ö']['it\'s']");
}

#[test]
fn each_row_has_the_path_of_its_value() {
    let (_directory, output) = body(STORE.as_bytes());
    while output.window(View::Pretty, 0, 1, RenderOptions::default()).unwrap().making.is_some() {}
    let at = |line| {
        let location = output.location(line).unwrap();
        (location.path(), location.access(), output.value(&location).unwrap())
    };
    let is = |line, path: &str, access: &str, value: &str| {
        assert_eq!(at(line), (path.to_owned(), access.to_owned(), value.to_owned()), "line {line}");
    };
    is(0, "$", "result", STORE);
    is(3, "$.volumes[0].name", "result.volumes[0].name", "\"pg-data\"");
    is(7, "$.volumes[1].name", "result.volumes[1].name", r#""a\"b""#);
    is(9, "$.volumes[1]", "result.volumes[1]", r#"{"name":"a\"b","size":9007199254740993.0}"#);
    is(16, "$['Ä ö']['it\\'s']", "result[\"Ä ö\"][\"it's\"]", "1e400");
    assert_eq!(output.location(99).unwrap_err().code, Code::LineNotFound);
}

#[test]
fn a_path_that_is_wrong_says_where() {
    let is = |path: &str, position| {
        let error = filter("1", path).unwrap_err();
        assert_eq!((error.code, error.position), (Code::PathInvalid, Some(position)), "{path}: {error}");
    };
    is("", 0);
    is("volumes", 0);
    is("$.volumes[", 10);
    is("$.ä[?@.x = 1]", 9);
    is("$[01]", 2);
    is("$['a", 2);
    is("$[?length(@.*) > 1]", 10);
    is("$[?count(1) > 1]", 9);
    is("$[?@.a == @..b]", 10);
    is("$[?nothing(@)]", 3);
    is(&format!("${}", "[?@".repeat(9)), 27);
    is(&format!("$[?{}@]", "(".repeat(65)), 68);
    is(&format!("${}", ".a".repeat(5000)), 0);
}

#[test]
fn a_body_that_is_not_json_is_not_filtered() {
    assert_eq!(filter("{\"a\":[1,}", "$.a").unwrap_err().code, Code::NotJson);
    let long = format!("[\"{0}\",\"{0}\"]", "x".repeat(2_000_000));
    assert_eq!(filter(&long, "$[?@ == 'x']").unwrap_err().code, Code::PathTooLarge);
}

#[test]
fn a_result_is_cut_at_its_limit() {
    let (directory, output) = body(format!("[{}1]", "1,".repeat(100_001)).as_bytes());
    let quota = Arc::new(DiskQuota::unlimited());
    let filter = PathFilter::begin(output, "$[::-1]", directory.path().join("2"), quota).unwrap();
    assert_eq!(filter.wait().unwrap(), crate::Filtered { nodes: 100_000, cut: true });
    assert_eq!(filter.output().counts().stdout.bytes, 200_001);
}

#[test]
fn a_filter_that_is_stopped_ends() {
    // Each of these looks at all of it again.
    let (directory, output) = body(format!("[{}1]", "1,".repeat(20_000)).as_bytes());
    let quota = Arc::new(DiskQuota::unlimited());
    let filter = PathFilter::begin(output, "$[?count($[*]) == 1]", directory.path().join("2"), quota).unwrap();
    filter.stop();
    assert_eq!(filter.wait().unwrap_err().code, Code::Cancelled);
}

/// By section 2.3.5.2.2 of RFC 9535: two absent values are equal, only numbers and strings are less than another, and `<=`
/// and `>=` are true where `==` is.
#[test]
fn only_numbers_and_strings_are_less_and_equal_values_are_not_more() {
    let body = r#"[{"a":1,"b":1},{"a":1},{},{"a":false,"b":true},{"a":true,"b":true}]"#;
    let (ones, absent, booleans) = (r#"{"a":1,"b":1}"#, "{}", r#"{"a":true,"b":true}"#);
    let equal = format!("[{ones},{absent},{booleans}]");
    let other = r#"[{"a":1},{"a":false,"b":true}]"#;
    for (sign, expected) in
        [("==", equal.as_str()), ("<=", &equal), (">=", &equal), ("!=", other), ("<", "[]"), (">", "[]")]
    {
        let (found, _) = filter(body, &format!("$[?@.a {sign} @.b]")).unwrap();
        let found: Value = serde_json::from_str(&found).unwrap();
        assert_eq!(found, serde_json::from_str::<Value>(expected).unwrap(), "{sign}");
    }
}

fn json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        (-3i64..9).prop_map(Value::from),
        "[ab\"\\\\é]{0,3}".prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 60, 5, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
            prop::collection::hash_map("[ab\"]{0,2}", inner, 0..5)
                .prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    })
}

fn segment() -> impl Strategy<Value = String> {
    let number = || prop::option::of(-4i64..6).prop_map(|n| n.map_or(String::new(), |n| n.to_string()));
    let simple = prop_oneof![
        Just(".*".to_owned()),
        Just("..*".to_owned()),
        Just(".a".to_owned()),
        Just("..b".to_owned()),
        Just("['a','b',*]".to_owned()),
        Just(r#"["a\""]"#.to_owned()),
        (-4i64..6).prop_map(|n| format!("[{n}]")),
        (number(), number(), prop::sample::select(vec!["", ":", ":1", ":2", ":-1", ":-2", ":0"]))
            .prop_map(|(from, to, step)| format!("[{from}:{to}{step}]")),
    ];
    let operand = || {
        prop::sample::select(vec![
            "@",
            "@.a",
            "@[0]",
            "1",
            "-1.0",
            "'a'",
            "\"\\u00e9\"",
            "null",
            "true",
            "$.a",
            "@['b'][1]",
        ])
    };
    let sign = prop::sample::select(vec!["==", "!=", "<", "<=", ">", ">="]);
    // The other implementation says that `false` is less than `true` and that two absent values are neither `<=` nor
    // `>=`; the RFC says otherwise, and `only_numbers_and_strings_are_less_and_equal_values_are_not_more` tests it. A number,
    // a string or null on one side rules out both.
    let is_sure = |operand: &str| !operand.starts_with(['@', '$']) && operand != "true";
    let compare = (operand(), sign, operand())
        .prop_filter("the RFC and the other implementation differ", move |(a, sign, b)| {
            matches!(*sign, "==" | "!=") || is_sure(a) || is_sure(b)
        })
        .prop_map(|(a, sign, b)| format!("{a} {sign} {b}"));
    let test = prop_oneof![
        compare,
        prop::sample::select(vec![
            "@.a",
            "!@.b",
            "@.*",
            "@[-1]",
            "$..b",
            "match(@, '[ab].*')",
            "length(@) > 1",
            "count(@.*) == 2",
            "value(@..a) == 1",
            "search(@.a, 'b')",
            "@[?@ > 1]"
        ])
        .prop_map(str::to_owned),
    ];
    let filter = (test.clone(), prop::sample::select(vec!["", " && ", " || "]), test)
        .prop_map(|(a, and, b)| if and.is_empty() { format!("[?{a}]") } else { format!("[?({a}){and}{b}]") });
    prop_oneof![3 => simple, 1 => filter]
}

proptest! {
    /// The values of a query are those that another implementation finds, in the same order where that is defined.
    #[test]
    fn a_path_selects_what_the_reference_selects(
        value in json(),
        segments in prop::collection::vec(segment(), 0..4),
        loose: bool,
    ) {
        let path = format!("${}", segments.concat());
        let text = if loose { format!("{value:#}") } else { value.to_string() };
        let (found, paths) = filter(&text, &path).unwrap();
        let found: Value = serde_json::from_str(&found).unwrap();
        let reference = JsonPath::parse(&path).unwrap();
        let expected: Vec<&Value> = reference.query(&value).all();
        let sorted = |values: Vec<&Value>| {
            let mut texts: Vec<String> = values.into_iter().map(Value::to_string).collect();
            // The order of nodes that are found deeper is not defined.
            if path.contains("..") {
                texts.sort();
            }
            texts
        };
        prop_assert_eq!(sorted(found.as_array().unwrap().iter().collect()), sorted(expected), "{}", path);
        // Each path leads to its value alone.
        for (value_found, path) in found.as_array().unwrap().iter().zip(paths) {
            let there: Vec<Value> = JsonPath::parse(&path).unwrap().query(&value).all().into_iter().cloned().collect();
            prop_assert_eq!(there, vec![value_found.clone()], "{}", path);
        }
    }
}
