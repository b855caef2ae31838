use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::compare::rules::{Allow, Rules};

fn compared(first: &str, second: &str, rules: &Rules) -> (Difference, u32) {
    let (first, second) = (Json::read(first).unwrap(), Json::read(second).unwrap());
    compare(&first, &second, &rules.read().unwrap())
}

/// `kind from to first second` of each change.
fn changes(first: &str, second: &str) -> Vec<String> {
    match compared(first, second, &Rules::default()).0 {
        Difference::Json { changes, .. } => changes.iter().map(line).collect(),
        _ => Vec::new(),
    }
}

fn line(JsonChange { kind, path, from, first, second }: &JsonChange) -> String {
    let kind = format!("{kind:?}").to_lowercase();
    let text = |value: &Option<String>| value.clone().unwrap_or_default();
    match kind.as_str() {
        "moved" => format!("moved {} to {path}", text(from)),
        "added" => format!("added {path} {}", text(second)),
        "removed" => format!("removed {path} {}", text(first)),
        _ => format!("changed {path} {} {}", text(first), text(second)),
    }
}

#[test]
fn values_are_compared_by_structure() {
    for (first, second, expected) in [
        (r#"{"a":1,"b":2}"#, r#"{ "b" : 2, "a" : 1 }"#, vec![]),
        (r#"{"a":1}"#, r#"{"a":2}"#, vec!["changed $.a 1 2"]),
        ("9007199254740993", "9007199254740992", vec!["changed $ 9007199254740993 9007199254740992"]),
        (r#"{"a":1}"#, r#"{"b":1}"#, vec!["removed $.a 1", "added $.b 1"]),
        (r#"{"a":{"x":1}}"#, r#"{"b":{"x":1}}"#, vec!["moved $.a to $.b"]),
        ("[1,2,3]", "[1,3]", vec!["removed $[1] 2"]),
        ("[1,2,3]", "[0,1,2,3]", vec!["added $[0] 0"]),
        (r#"["x","y","z"]"#, r#"["y","z","x"]"#, vec!["moved $[0] to $[2]"]),
        (
            r#"[{"id":1,"n":"a"},{"id":2,"n":"b"}]"#,
            r#"[{"id":1,"n":"a"},{"id":2,"n":"c"}]"#,
            vec![r#"changed $[1].n "b" "c""#],
        ),
        ("[1,2,3]", "[3,2,1]", vec!["moved $[2] to $[0]"]),
        ("[1,1,2]", "[2,1,1]", vec!["moved $[2] to $[0]"]),
        (r#"{"a":[]}"#, r#"{"a":{}}"#, vec!["changed $.a [] {}"]),
        (r#"{"a":1,"a":2}"#, r#"{"a":2}"#, vec![]),
        (
            r#"{"two words":{"it's":null}}"#,
            r#"{"two words":{"it's":0}}"#,
            vec![r"changed $['two words']['it\'s'] null 0"],
        ),
    ] {
        assert_eq!(changes(first, second), expected, "{first} {second}");
    }
}

#[test]
fn equal_values_that_are_written_in_another_way_were_a_difference() {
    for (first, second) in [
        ("1", "1.0"),
        ("100", "1e2"),
        ("0.5", "5E-1"),
        ("-0.10", "-1e-1"),
        ("0", "-0.0e9"),
        (r#""\u0041""#, r#""A""#),
        (r#""\/""#, r#""/""#),
        (r#""\ud83d\ude00""#, r#""😀""#),
        (r#"{"a":{"b":1,"c":[2.0]}}"#, r#"{"a":{"c":[2],"b":1}}"#),
    ] {
        assert!(changes(first, second).is_empty(), "{first} {second}");
    }
    for (first, second) in [
        ("9007199254740993", "9007199254740992"),
        ("0.1", "0.10000000000000001"),
        ("1", "-1"),
        ("1", "10"),
        ("1", r#""1""#),
        ("0", "false"),
        ("1e0", r#""1e0""#),
        (r#""\n""#, r#""\\n""#),
        ("1e99999999999999999999", "1e99999999999999999998"),
    ] {
        assert_eq!(changes(first, second).len(), 1, "{first} {second}");
    }
}

#[test]
fn an_element_that_stayed_between_others_that_moved_is_no_change() {
    for (first, second) in [("[1,2,3]", "[3,2,1]"), ("[1,2,3,4,5]", "[5,4,3,2,1]"), ("[1,1,2]", "[2,1,1]")] {
        for change in changes(first, second) {
            let parts: Vec<&str> = change.split(' ').collect();
            assert!(parts[0] == "moved" && parts[1] != parts[3], "{first} {second}: {change}");
        }
    }
}

#[test]
fn rules_allow_what_may_differ() {
    let first = r#"{"id":"a1","at":5,"items":[{"id":1,"n":"x"}],"kept":true}"#;
    let second = r#"{"id":"b2","at":7,"items":[{"id":9,"n":"x"}],"kept":true,"extra":{"deep":[1]}}"#;
    let rule = |text: Value| serde_json::from_value::<Allow>(text).unwrap();
    let allow = vec![
        rule(json!({ "kind": "matches", "path": "$.id", "pattern": "[a-z][0-9]" })),
        rule(json!({ "kind": "range", "path": "$.at", "min": 0, "max": 10 })),
        rule(json!({ "kind": "type", "path": "$.items[*].id" })),
        rule(json!({ "kind": "path", "path": "$.extra" })),
    ];
    for left_out in 0..=allow.len() {
        let mut allow = allow.clone();
        if left_out < allow.len() {
            allow.remove(left_out);
        }
        let all = allow.len() == 4;
        let (difference, allowed) = compared(first, second, &Rules { allow, ..Rules::default() });
        assert_eq!((difference == Difference::Same, allowed), (all, if all { 4 } else { 3 }), "{left_out}");
    }
}

#[test]
fn a_rule_of_a_value_does_not_allow_that_it_is_gone_or_of_another_kind() {
    for rule in [
        json!({ "kind": "type", "path": "$.a" }),
        json!({ "kind": "range", "path": "$.a", "min": 0, "max": 9 }),
        json!({ "kind": "matches", "path": "$.a", "pattern": "[0-9]" }),
    ] {
        let rules = Rules { allow: vec![serde_json::from_value(rule.clone()).unwrap()], ..Rules::default() };
        assert_eq!(compared(r#"{"a":1}"#, r#"{"a":2}"#, &rules), (Difference::Same, 1), "{rule}");
        for second in ["{}", r#"{"a":"x"}"#, r#"{"a":{}}"#] {
            assert_ne!(compared(r#"{"a":1}"#, second, &rules).0, Difference::Same, "{rule} {second}");
        }
    }
}

#[test]
fn what_is_nested_too_deeply_is_no_document() {
    let deep = |levels: usize| format!("{}{}", "[".repeat(levels), "]".repeat(levels));
    assert!(Json::read(&deep(100)).is_some());
    assert!(Json::read(&deep(100_000)).is_none());
    assert!(Json::read("{\"a\":}").is_none());
}

#[test]
fn only_the_first_changes_of_many_are_listed() {
    let many = |from: usize| format!("[{}]", (from..from + 5000).map(|n| n.to_string()).collect::<Vec<_>>().join(","));
    let (difference, _) = compared(&many(0), &many(100_000), &Rules::default());
    let Difference::Json { changes, more } = difference else { panic!("{difference:?}") };
    assert_eq!((changes.len(), more), (MOST, 4000));
}

fn document() -> impl Strategy<Value = Value> {
    let plain = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        (0i64..4).prop_map(Value::from),
        "[a-c]{0,2}".prop_map(Value::from),
    ];
    plain.prop_recursive(4, 40, 5, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
            prop::collection::btree_map("[a-d]", inner, 0..4)
                .prop_map(|members| Value::Object(members.into_iter().collect())),
        ]
    })
}

proptest! {
    /// The same documents have no difference, and others have one.
    #[test]
    fn a_difference_is_found_exactly_when_there_is_one(first in document(), second in document()) {
        let difference = compared(&first.to_string(), &second.to_string(), &Rules::default()).0;
        prop_assert_eq!(difference == Difference::Same, first == second);
    }

    /// Each path that is told leads to the value that is told with it.
    #[test]
    fn paths_lead_to_their_values(first in document(), second in document()) {
        let (first, second) = (first.to_string(), second.to_string());
        let (before, after) = (Json::read(&first).unwrap(), Json::read(&second).unwrap());
        let (difference, _) = compare(&before, &after, &Rules::default().read().unwrap());
        let Difference::Json { changes, .. } = difference else { return Ok(()) };
        for change in changes {
            let read = |path: &str| crate::compare::path::PathPattern::read(path).unwrap();
            let at = read(&change.path);
            match change.kind {
                ChangeKind::Removed => prop_assert_eq!(at.first_in(&before).map(str::to_owned), change.first),
                _ => prop_assert_eq!(at.first_in(&after).map(str::to_owned), change.second),
            }
            if let Some(from) = &change.from {
                prop_assert!(read(from).first_in(&before).is_some());
            }
        }
    }
}
