use proptest::prelude::*;

use super::*;

/// Code, pointer and offset of the refusal.
fn refusal(json: &str) -> (&'static str, String, usize) {
    let error = parse(json.as_bytes()).expect_err(json);
    (error.code, error.pointer, error.offset)
}

#[track_caller]
fn assert_refused(json: &str, code: &str, pointer: &str, offset: usize) {
    let (found, at, found_offset) = refusal(json);
    assert_eq!(
        (found, at.as_str(), found_offset),
        (code, pointer, offset),
        "{json}"
    );
}

/// `"0":0,"1":0,` and so on.
fn many_members(count: usize) -> String {
    let members = (0..count).map(|n| format!(r#""{n}":0,"#));
    members.collect::<Vec<_>>().concat()
}

#[test]
fn every_kind_of_value_is_read() {
    let json = br#" { "a" : [ null , true , false , -12 , 9007199254740991 , "" , { } , [ ] ] } "#;
    let Ok(Value::Object(members)) = parse(json) else {
        panic!("an object");
    };
    let expected = Value::Array(vec![
        Value::Null,
        Value::Bool(true),
        Value::Bool(false),
        Value::Integer(-12),
        Value::Integer(MAX_INTEGER),
        Value::Text("".into()),
        Value::Object(vec![]),
        Value::Array(vec![]),
    ]);
    assert_eq!(members, [("a".into(), expected)]);
}

#[test]
fn text_without_escapes_is_borrowed() {
    let Ok(Value::Text(Cow::Borrowed(text))) = parse("\"二要素認証\"".as_bytes()) else {
        panic!("borrowed text");
    };
    assert_eq!(text, "二要素認証");
}

#[test]
fn escapes_are_resolved() {
    let json = br#""\"\\\/\b\f\n\r\t\u958b\ud83d\uDE00.""#;
    let expected = "\"\\/\u{8}\u{c}\n\r\t開😀.";
    assert_eq!(parse(json), Ok(Value::Text(expected.into())));
}

#[test]
fn members_keep_their_order() {
    let json = r#"{"b":1,"a":2,"c":3}"#;
    assert_eq!(parse(json.as_bytes()).unwrap().to_string(), json);
}

#[test]
fn what_is_not_utf8_is_refused() {
    let error = parse(b"{\"a\":\"\xff\"}").unwrap_err();
    assert_eq!((error.code, error.offset), ("not_utf8", 6));
    // A surrogate in UTF-8 (CESU-8), and an overlong slash.
    for bytes in [&b"\"\xed\xa0\x80\""[..], b"\"\xc0\xaf\""] {
        assert_eq!(parse(bytes).unwrap_err().code, "not_utf8");
    }
}

#[test]
fn a_byte_order_mark_is_refused() {
    assert_refused("\u{feff}{}", "syntax", "", 0);
}

#[test]
fn a_duplicate_member_is_refused_where_it_repeats() {
    assert_refused(
        r#"{"a":{"b":1,"c":2,"b":3}}"#,
        "duplicate_member",
        "/a/b",
        18,
    );
}

#[test]
fn a_duplicate_member_is_found_after_unescaping() {
    assert_refused(r#"{"a":1,"\u0061":2}"#, "duplicate_member", "/a", 7);
}

#[test]
fn a_duplicate_member_is_found_among_many() {
    for repeated in [0, FEW_MEMBERS - 1, FEW_MEMBERS, 499] {
        let members = many_members(500);
        let json = format!(r#"{{{members}"{repeated}":0}}"#);
        let offset = 1 + members.len();
        assert_refused(&json, "duplicate_member", &format!("/{repeated}"), offset);
    }
}

#[test]
fn a_float_is_refused() {
    for json in ["1.0", "1e3", "1E3", "0.5", "-1.5", "-0.0", "0e0"] {
        assert_refused(json, "float", "", 0);
    }
    assert_refused(r#"{"a":[1,2.5]}"#, "float", "/a/1", 8);
}

#[test]
fn negative_zero_is_refused() {
    assert_refused("-0", "float", "", 0);
}

#[test]
fn an_integer_beyond_what_a_double_holds_is_refused() {
    for json in [
        "9007199254740992",
        "-9007199254740992",
        "9223372036854775808",
        "100000000000000000000000000000000000000000",
    ] {
        assert_refused(json, "integer_range", "", 0);
    }
    for json in ["9007199254740991", "-9007199254740991", "0"] {
        assert!(parse(json.as_bytes()).is_ok(), "{json}");
    }
}

#[test]
fn a_lone_surrogate_is_refused() {
    for json in [
        r#""\ud800""#,
        r#""\udc00""#,
        r#""\ud800x""#,
        r#""\ud800\n""#,
        r#""\ud800\ud800""#,
        r#""\udc00\ud800""#,
    ] {
        assert_refused(json, "lone_surrogate", "", 1);
    }
}

#[test]
fn nul_is_refused_escaped_raw_and_in_a_name() {
    assert_refused(r#"["\u0000"]"#, "nul", "/0", 2);
    assert_refused("\"a\0\"", "nul", "", 2);
    assert_refused("{\"\0\":1}", "nul", "", 2);
    assert_refused("\0", "nul", "", 0);
}

#[test]
fn nesting_is_accepted_to_the_limit_and_refused_beyond() {
    let nested = |depth| "[".repeat(depth) + &"]".repeat(depth);
    assert!(parse(nested(MAX_DEPTH).as_bytes()).is_ok());
    let pointer = "/0".repeat(MAX_DEPTH);
    assert_refused(&nested(MAX_DEPTH + 1), "too_deep", &pointer, MAX_DEPTH);
    assert_refused(&"[".repeat(1_000_000), "too_deep", &pointer, MAX_DEPTH);
}

#[test]
fn siblings_do_not_count_as_depth() {
    let json = format!("[{}[]]", "[],".repeat(100));
    assert!(parse(json.as_bytes()).is_ok());
}

#[test]
fn trailing_bytes_are_refused() {
    assert_refused("{} {}", "trailing", "", 3);
    assert_refused("1,", "trailing", "", 1);
}

#[test]
fn an_unescaped_control_character_is_refused() {
    assert_refused("\"a\nb\"", "syntax", "", 2);
    assert_refused("{\"k\":\"a\tb\"}", "syntax", "/k", 7);
}

#[test]
fn what_is_not_json_is_refused() {
    for (json, offset) in [
        ("", 0),
        ("  ", 2),
        ("nul", 0),
        ("True", 0),
        ("NaN", 0),
        ("-", 1),
        ("+1", 0),
        ("01", 0),
        ("-01", 0),
        (".5", 0),
        ("[1,]", 3),
        ("[1 2]", 3),
        ("[", 1),
        ("{", 1),
        ("{,}", 1),
        ("{a:1}", 1),
        ("'a'", 0),
        (r#"{"a"}"#, 4),
        (r#"{"a":1,}"#, 7),
        ("\"", 1),
        (r#""\x""#, 1),
        (r#""\u12g4""#, 1),
        (r#""\u+123""#, 1),
        (r#""\u12"#, 1),
        ("// a\n1", 0),
        ("\u{a0}1", 0),
    ] {
        let (code, _, at) = refusal(json);
        assert_eq!((code, at), ("syntax", offset), "{json}");
    }
}

#[test]
fn a_pointer_escapes_the_names_it_passes() {
    assert_refused(r#"{"a/b~c":[1.5]}"#, "float", "/a~1b~0c/0", 10);
}

#[test]
fn a_syntax_error_becomes_a_violation_that_says_where() {
    let violation = Violation::from(parse(b"{\"a\":1.5}").unwrap_err());
    assert_eq!(
        (violation.pointer.as_str(), violation.code),
        ("/a", "float")
    );
    assert!(violation.detail.ends_with(", at byte 5"), "{violation}");
}

#[test]
fn a_megabyte_of_members_takes_no_quadratic_time() {
    let members = many_members(100_000);
    let json = format!(r#"{{{members}"end":0}}"#);
    assert!(parse(json.as_bytes()).is_ok());
}

fn any_value() -> impl Strategy<Value = Value<'static>> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::Bool),
        (-MAX_INTEGER..=MAX_INTEGER).prop_map(Value::Integer),
        "[^\0]*".prop_map(|text| Value::Text(text.into())),
    ];
    leaf.prop_recursive(5, 64, 20, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..20).prop_map(Value::Array),
            prop::collection::btree_map("[^\0]{0,3}", inner, 0..20).prop_map(|members| {
                let members = members.into_iter();
                Value::Object(members.map(|(name, value)| (name.into(), value)).collect())
            }),
        ]
    })
}

fn as_serde(value: &Value<'_>) -> serde_json::Value {
    match value {
        Value::Null => serde_json::Value::Null,
        Value::Bool(boolean) => (*boolean).into(),
        Value::Integer(integer) => (*integer).into(),
        Value::Text(text) => text.as_ref().into(),
        Value::Array(values) => values.iter().map(as_serde).collect(),
        Value::Object(members) => members
            .iter()
            .map(|(name, value)| (name.to_string(), as_serde(value)))
            .collect(),
    }
}

proptest! {
    #[test]
    fn plain_text_ends_where_a_search_byte_by_byte_ends_it(bytes: Vec<u8>) {
        let ends = |byte: &u8| *byte == b'"' || *byte == b'\\' || *byte < b' ';
        let expected = bytes.iter().position(ends).unwrap_or(bytes.len());
        prop_assert_eq!(plain_length(&bytes), expected);
    }

    #[test]
    fn plain_text_of_near_misses_ends_right(text in "[\u{1e}-#\\[-\\]a\u{80}開]{0,40}") {
        let ends = |byte: u8| byte == b'"' || byte == b'\\' || byte < b' ';
        let expected = text.bytes().position(ends).unwrap_or(text.len());
        prop_assert_eq!(plain_length(text.as_bytes()), expected);
    }

    #[test]
    fn any_bytes_are_parsed_or_refused_without_panic(bytes: Vec<u8>) {
        let _ = parse(&bytes);
    }

    #[test]
    fn what_looks_like_json_agrees_with_serde_json(
        json in r#"([\[\]{},:" ]|-?[0-9]{1,3}|"a"|"b"|null|true|\\u[0-9a-d]{4}|\\n|1\.5|开){0,20}"#
    ) {
        if let Ok(value) = parse(json.as_bytes()) {
            let theirs: serde_json::Value = serde_json::from_str(&json).unwrap();
            prop_assert_eq!(as_serde(&value), theirs);
        }
    }

    #[test]
    fn what_is_written_is_read_as_the_same_value(value in any_value()) {
        let json = value.to_string();
        prop_assert_eq!(parse(json.as_bytes()), Ok(value));
    }

    #[test]
    fn what_serde_json_writes_is_read_as_the_same_value(value in any_value()) {
        let theirs = as_serde(&value);
        for json in [theirs.to_string(), serde_json::to_string_pretty(&theirs).unwrap()] {
            prop_assert_eq!(as_serde(&parse(json.as_bytes()).unwrap()), theirs.clone());
        }
    }

    #[test]
    fn a_value_cut_short_or_followed_by_more_is_refused(value in any_value(), cut: prop::sample::Index) {
        let json = Value::Array(vec![value]).to_string();
        let end = cut.index(json.len());
        prop_assert!(parse(&json.as_bytes()[..end]).is_err());
        prop_assert_eq!(parse(format!("{json}]").as_bytes()).unwrap_err().code, "trailing");
    }
}
