use super::*;

/// The violations, as pointer and code, of what `read` does with the object.
fn violations(json: &str, read: impl FnOnce(&mut Reader<'_>)) -> Vec<(String, &'static str)> {
    let value = strict_json::parse(json.as_bytes()).unwrap();
    let mut reader = Reader::new(&value);
    read(&mut reader);
    let found = reader.finish().into_iter();
    found.map(|found| (found.pointer, found.code)).collect()
}

fn at(pointer: &str, code: &'static str) -> Vec<(String, &'static str)> {
    vec![(pointer.to_owned(), code)]
}

/// What `read` takes from an object without violations.
fn taken<T>(json: &str, read: impl FnOnce(&mut Reader<'_>) -> T) -> T {
    let mut taken = None;
    assert_eq!(violations(json, |reader| taken = Some(read(reader))), []);
    taken.unwrap()
}

#[test]
fn what_is_no_object_is_one_violation_and_not_many() {
    let found = violations("[]", |reader| {
        assert_eq!(reader.required_text("name", 10), None);
        assert_eq!(reader.required_date("day"), None);
    });
    assert_eq!(found, at("", "type"));
}

#[test]
fn a_member_that_nobody_took_is_unknown() {
    assert_eq!(
        violations(r#"{"a/b":1}"#, |_| ()),
        at("/a~1b", "unknown_member")
    );
}

#[test]
fn a_required_member_that_is_absent_is_missing() {
    let found = violations("{}", |reader| {
        assert_eq!(reader.required_text("name", 9), None);
    });
    assert_eq!(found, at("/name", "missing"));
}

#[test]
fn a_required_member_may_not_be_null() {
    let found = violations(r#"{"name":null}"#, |reader| {
        assert_eq!(reader.required_text("name", 9), None);
    });
    assert_eq!(found, at("/name", "type"));
}

#[test]
fn text_is_measured_in_characters_and_kept_as_given() {
    let text = taken(r#"{"name":" 電子カルテ "}"#, |reader| {
        reader.required_text("name", 7)
    });
    assert_eq!(text.as_deref(), Some(" 電子カルテ "));
    let found = violations(r#"{"name":"電子カルテ"}"#, |reader| {
        assert_eq!(reader.required_text("name", 4), None);
    });
    assert_eq!(found, at("/name", "too_long"));
}

#[test]
fn text_of_white_space_alone_is_empty() {
    for json in [r#"{"name":""}"#, r#"{"name":" \u3000 "}"#] {
        let found = violations(json, |reader| {
            assert_eq!(reader.optional_text("name", 9), None);
        });
        assert_eq!(found, at("/name", "empty"));
    }
}

#[test]
fn bidirectional_controls_are_refused_in_lines_too() {
    for code in [
        "061c", "200e", "200f", "202a", "202b", "202c", "202d", "202e", "2066", "2067", "2068",
        "2069",
    ] {
        let json = format!(r#"{{"remark":"はい\u{code}"}}"#);
        let found = violations(&json, |reader| {
            assert_eq!(reader.required_lines("remark", 9), None);
        });
        assert_eq!(found, at("/remark", "bidi"), "{code}");
    }
}

#[test]
fn control_characters_are_refused() {
    for code in ["0001", "0008", "000d", "001b", "007f", "0080", "009f"] {
        let json = format!(r#"{{"remark":"a\u{code}b"}}"#);
        let found = violations(&json, |reader| {
            assert_eq!(reader.required_lines("remark", 9), None);
        });
        assert_eq!(found, at("/remark", "control"), "{code}");
    }
}

#[test]
fn line_feeds_and_tabs_are_for_lines_alone() {
    for json in [r#"{"a":"1\n2"}"#, r#"{"a":"1\t2"}"#] {
        assert!(taken(json, |reader| reader.required_lines("a", 9)).is_some());
        assert!(taken(json, |reader| reader.optional_lines("a", 9)).is_some());
        let found = violations(json, |reader| {
            assert_eq!(reader.required_text("a", 9), None);
        });
        assert_eq!(found, at("/a", "control"));
    }
}

#[test]
fn optional_members_may_be_absent_or_null() {
    for json in ["{}", r#"{"a":null}"#] {
        assert_eq!(taken(json, |reader| reader.optional_text("a", 9)), None);
        assert_eq!(taken(json, |reader| reader.optional_bool("a")), None);
        assert_eq!(
            taken(json, |reader| reader.optional_integer("a", 0..=9)),
            None
        );
        assert_eq!(taken(json, |reader| reader.optional_date("a")), None);
        assert_eq!(taken(json, |reader| reader.optional_time("a")), None);
        assert_eq!(taken(json, |reader| reader.optional_digest("a")), None);
        assert_eq!(taken(json, |reader| reader.texts("a", 9, 9)), None);
    }
}

#[test]
fn a_change_tells_absent_from_null() {
    let text = |json| taken(json, |reader| reader.changed_text("a", 9));
    assert_eq!(text("{}"), None);
    assert_eq!(text(r#"{"a":null}"#), Some(None));
    assert_eq!(text(r#"{"a":"x"}"#), Some(Some("x".to_owned())));
    let lines = |json| taken(json, |reader| reader.changed_lines("a", 9));
    assert_eq!(lines(r#"{"a":"x\ny"}"#), Some(Some("x\ny".to_owned())));
    let boolean = |json| taken(json, |reader| reader.changed_bool("a"));
    assert_eq!(boolean(r#"{"a":false}"#), Some(Some(false)));
    let date = |json| taken(json, |reader| reader.changed_date("a"));
    assert_eq!(date(r#"{"a":null}"#), Some(None));
    let choice = |json| {
        taken(json, |reader| {
            reader.changed_choice("a", |x| (x == "x").then_some(1), "x")
        })
    };
    assert_eq!(choice(r#"{"a":"x"}"#), Some(Some(1)));
}

#[test]
fn a_change_to_a_wrong_value_is_a_violation() {
    let found = violations(r#"{"a":1}"#, |reader| {
        assert_eq!(reader.changed_text("a", 9), None);
    });
    assert_eq!(found, at("/a", "type"));
}

#[test]
fn an_integer_is_within_its_range() {
    assert_eq!(
        taken(r#"{"n":5}"#, |reader| reader.required_integer("n", 1..=5)),
        Some(5)
    );
    for (json, code) in [
        (r#"{"n":6}"#, "range"),
        (r#"{"n":"5"}"#, "type"),
        ("{}", "missing"),
    ] {
        let found = violations(json, |reader| {
            assert_eq!(reader.required_integer("n", 1..=5), None);
        });
        assert_eq!(found, at("/n", code));
    }
}

#[test]
fn a_boolean_is_no_text() {
    let found = violations(r#"{"b":"true"}"#, |reader| {
        assert_eq!(reader.optional_bool("b"), None);
    });
    assert_eq!(found, at("/b", "type"));
}

#[test]
fn a_choice_names_what_it_knows() {
    let value = strict_json::parse(br#"{"answer":"maybe"}"#).unwrap();
    let mut reader = Reader::new(&value);
    let choose = |text: &str| (text == "yes").then_some(());
    assert_eq!(reader.required_choice("answer", choose, "yes or no"), None);
    assert_eq!(
        reader.finish(),
        [Violation::new("/answer", "choice", "must be yes or no")]
    );
}

#[test]
fn a_date_has_one_spelling() {
    let date = taken(r#"{"d":"2026-11-01"}"#, |reader| reader.required_date("d"));
    assert_eq!(date, Some(jiff::civil::date(2026, 11, 1)));
    for wrong in [
        "20261101",
        "2026-1-1",
        "2026-02-29",
        "2026-11-01T00:00:00",
        " 2026-11-01",
        "+002026-11-01",
        "２０２６-11-01",
        "2026-W01-1",
    ] {
        let found = violations(&format!(r#"{{"d":"{wrong}"}}"#), |reader| {
            assert_eq!(reader.required_date("d"), None);
        });
        assert_eq!(found, at("/d", "date"), "{wrong}");
    }
}

#[test]
fn a_time_is_in_utc_with_or_without_milliseconds() {
    for (text, ms) in [
        ("2026-11-01T00:00:00Z", 0),
        ("2026-11-01T00:00:00.120Z", 120),
    ] {
        let time = taken(&format!(r#"{{"t":"{text}"}}"#), |reader| {
            reader.required_time("t")
        });
        assert_eq!(time.map(|time| time.as_millisecond() % 1000), Some(ms));
    }
    for wrong in [
        "2026-11-01T09:00:00+09:00",
        "2026-11-01T00:00:00.12Z",
        "2026-11-01T00:00:00.120000Z",
        "2026-11-01t00:00:00z",
        "2026-11-01 00:00:00Z",
        "2026-11-01T24:00:00Z",
        "2026-12-31T23:59:60Z",
        "2026-11-01T00:00Z",
    ] {
        let found = violations(&format!(r#"{{"t":"{wrong}"}}"#), |reader| {
            assert_eq!(reader.required_time("t"), None);
        });
        assert_eq!(found, at("/t", "time"), "{wrong}");
    }
}

#[test]
fn a_digest_is_lower_case_hex() {
    let hex = Digest::of(b"").to_string();
    let json = format!(r#"{{"h":"{hex}"}}"#);
    assert_eq!(
        taken(&json, |reader| reader.required_digest("h")),
        Some(Digest::of(b""))
    );
    let upper = format!(r#"{{"h":"{}"}}"#, hex.to_uppercase());
    let found = violations(&upper, |reader| {
        assert_eq!(reader.required_digest("h"), None);
    });
    assert_eq!(found, at("/h", "choice"));
}

#[test]
fn each_text_of_an_array_is_checked_at_its_place() {
    let texts = taken(r#"{"a":["x","y"]}"#, |reader| reader.texts("a", 2, 1));
    assert_eq!(texts, Some(vec!["x".to_owned(), "y".to_owned()]));
    let found = violations(r#"{"a":["x",1,"","yy"]}"#, |reader| {
        assert_eq!(reader.texts("a", 4, 1), None);
    });
    let expected = [("/a/1", "type"), ("/a/2", "empty"), ("/a/3", "too_long")];
    assert_eq!(
        found,
        expected.map(|(pointer, code)| (pointer.to_owned(), code))
    );
    let found = violations(r#"{"a":["x","y"]}"#, |reader| {
        assert_eq!(reader.texts("a", 1, 1), None);
    });
    assert_eq!(found, at("/a", "too_many"));
}

#[test]
fn a_nested_reader_reports_where_it_stands() {
    let found = violations(r#"{"product":{"id":1}}"#, |reader| {
        let value = reader.take("product").unwrap();
        let mut nested = Reader::at(value, reader.pointer_to("product"));
        assert_eq!(nested.required_text("id", 9), None);
        nested.report("", "odd", "the whole product is odd");
        reader.absorb(nested.finish());
    });
    let expected = [("/product/id", "type"), ("/product", "odd")];
    assert_eq!(
        found,
        expected.map(|(pointer, code)| (pointer.to_owned(), code))
    );
}

struct Named(String);

impl FromMembers for Named {
    fn from_members(reader: &mut Reader<'_>) -> Option<Self> {
        reader.required_text("name", 9).map(Self)
    }
}

#[test]
fn a_document_is_read_only_without_violations() {
    assert_eq!(
        read::<Named>(br#"{"name":"x"}"#).map(|named| named.0),
        Ok("x".to_owned())
    );
    let unknown = read::<Named>(br#"{"name":"x","more":1}"#).map(|named| named.0);
    assert!(matches!(unknown, Err(ReadError::Violations(_))));
    let syntax = read::<Named>(b"{").map(|named| named.0);
    assert!(matches!(syntax, Err(ReadError::Syntax(_))));
}

#[test]
fn an_object_whose_names_are_data_is_read_member_by_member() {
    let value = strict_json::parse(br#"{"points":{"a/b":{"x":"1"},"c":[]}}"#).unwrap();
    let mut reader = Reader::new(&value);
    let mut names = Vec::new();
    for (name, mut member) in reader.objects("points") {
        names.push(name);
        let _ = member.optional_bool("x");
        reader.absorb(member.finish());
    }
    assert_eq!(names, ["a/b", "c"]);
    let found = reader.finish();
    let found: Vec<_> = found
        .iter()
        .map(|found| (found.pointer.as_str(), found.code))
        .collect();
    assert_eq!(found, [("/points/a~1b/x", "type"), ("/points/c", "type")]);

    let value = strict_json::parse(br#"{"points":[]}"#).unwrap();
    let mut reader = Reader::new(&value);
    assert!(reader.objects("points").is_empty());
    assert!(reader.objects("others").is_empty());
    assert_eq!(reader.finish().len(), 2);
}
