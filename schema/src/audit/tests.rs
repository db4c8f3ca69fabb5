//! The chain of the audit trail: what it hashes, and that it notices every change.

use super::*;

fn deed(number: u64) -> Deed {
    Deed {
        occurred_at: 1_795_219_200_000 + i64::try_from(number).unwrap(),
        organisation: "ven_01".to_owned(),
        client: "cli_01".to_owned(),
        token: "ba7816bf8f01cfea".to_owned(),
        address: "192.0.2.7".to_owned(),
        action: "statements_submit".to_owned(),
        object: format!("/api/v1/statements/「{number}」\"\\\n\u{1}\u{7f}"),
        result: "done".to_owned(),
        agent: None,
    }
}

fn entries(count: u64) -> Vec<(AuditEntry, Digest)> {
    let mut head = Trail::default().head;
    let mut next = |number| {
        let entry = AuditEntry {
            number,
            deed: deed(number),
            leaf: number.is_multiple_of(2).then_some(number),
        };
        head = entry.hash(&head);
        (entry, head)
    };
    (0..count).map(&mut next).collect()
}

fn follow(entries: &[(AuditEntry, Digest)]) -> Result<Trail, BrokenTrail> {
    let mut trail = Trail::default();
    for (entry, hash) in entries {
        trail.follow(entry, hash)?;
    }
    Ok(trail)
}

#[test]
fn the_hash_is_that_of_the_documented_bytes() {
    let entry = AuditEntry {
        number: 3,
        deed: deed(3),
        leaf: None,
    };
    let before = "ab".repeat(32);
    let bytes = format!(
        "{before}\n[3,1795219200003,\"ven_01\",\"cli_01\",\"ba7816bf8f01cfea\",\"192.0.2.7\",\"statements_submit\",\
         \"/api/v1/statements/「3」\\\"\\\\\\n\\u0001\u{7f}\",\"done\",null]"
    );
    let expected = Digest::of(bytes.as_bytes());
    assert_eq!(entry.hash(&before.parse().unwrap()), expected);
}

#[test]
fn whoever_acted_for_another_stands_at_the_end_of_the_entry() {
    let mut entry = AuditEntry {
        number: 0,
        deed: deed(0),
        leaf: Some(7),
    };
    let itself = entry.hash(&Trail::default().head);
    entry.deed.agent = Some("ins_02".to_owned());
    let bytes = format!(
        "{}\n[0,1795219200000,\"ven_01\",\"cli_01\",\"ba7816bf8f01cfea\",\"192.0.2.7\",\"statements_submit\",\
         \"/api/v1/statements/「0」\\\"\\\\\\n\\u0001\u{7f}\",\"done\",7,\"ins_02\"]",
        "0".repeat(64)
    );
    let hash = entry.hash(&Trail::default().head);
    assert_eq!(hash, Digest::of(bytes.as_bytes()));
    assert_ne!(hash, itself);
}

#[test]
fn a_trail_as_it_was_written_is_followed_to_its_head() {
    let written = entries(20);
    let trail = follow(&written).unwrap();
    assert_eq!(trail.entries, 20);
    assert_eq!(trail.head, written.last().unwrap().1);
    assert_eq!(follow(&[]).unwrap(), Trail::default());
}

#[test]
fn one_character_changed_in_any_member_of_any_entry_is_found() {
    type Spoil = fn(&mut AuditEntry);
    let spoils: [Spoil; 10] = [
        |entry| entry.deed.occurred_at += 1,
        |entry| entry.deed.organisation.push('x'),
        |entry| entry.deed.client.push('x'),
        |entry| entry.deed.token.push('x'),
        |entry| entry.deed.address.push('x'),
        |entry| entry.deed.action.push('x'),
        |entry| entry.deed.object.push('x'),
        |entry| entry.deed.result.push('x'),
        |entry| entry.leaf = Some(entry.leaf.map_or(0, |leaf| leaf + 1)),
        // What one member loses another gains.
        |entry| {
            let last = entry.deed.organisation.pop().unwrap();
            entry.deed.client.insert(0, last);
        },
    ];
    let written = entries(8);
    for place in 0..written.len() {
        for spoil in spoils {
            let mut changed = written.clone();
            spoil(&mut changed[place].0);
            assert_eq!(follow(&changed), Err(BrokenTrail::Hash(place as u64)));
        }
    }
}

#[test]
fn an_entry_that_is_missing_added_or_moved_is_found() {
    let written = entries(8);
    let mut missing = written.clone();
    missing.remove(3);
    let gap = |expected, found| Err(BrokenTrail::Gap { expected, found });
    assert_eq!(follow(&missing), gap(3, 4));
    let mut twice = written.clone();
    twice.insert(3, written[2].clone());
    assert_eq!(follow(&twice), gap(3, 2));
    let mut moved = written;
    moved.swap(3, 4);
    assert_eq!(follow(&moved), gap(3, 4));
}

#[test]
fn an_entry_changed_together_with_its_own_hash_breaks_the_next() {
    let mut written = entries(4);
    written[1].0.deed.result = "forbidden".to_owned();
    let before = written[0].1;
    written[1].1 = written[1].0.hash(&before);
    assert_eq!(follow(&written), Err(BrokenTrail::Hash(2)));
}

#[test]
fn a_day_ends_at_midnight_utc() {
    let start: Timestamp = "2026-11-21T00:00:00Z".parse().unwrap();
    let day = day_of(start.as_millisecond());
    assert_eq!(day.to_string(), "2026-11-21");
    assert_eq!(day_of(start.as_millisecond() - 1), day.yesterday().unwrap());
    assert_eq!(end_of(day), start.as_millisecond() + 86_400_000);
    assert_eq!(day_of(end_of(day)), day.tomorrow().unwrap());
}
