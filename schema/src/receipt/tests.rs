use super::*;
use crate::jws::{self, Jws};
use crate::key::SigningKey;

const KEY: &str = include_str!("../../../fixtures/keys/TEST-ONLY-vendor-es256.pem");

fn full() -> Receipt {
    let key = SigningKey::from_pem(KEY).unwrap();
    Receipt {
        event: Event::StatementReceived,
        log: "kaiji.example/log".to_owned(),
        leaf_index: 7,
        received_at: "2026-11-01T00:00:00.120Z".parse().unwrap(),
        vendor: Some("ven_1".to_owned()),
        institution: Some("ins_1".to_owned()),
        agent: Some("ins_2".to_owned()),
        successor: Some("ven_2".to_owned()),
        product: Some("prd_1".to_owned()),
        statement_sha256: Some(Digest::of(b"")),
        review_sha256: Some(Digest::of(b"review")),
        transfer_sha256: Some(Digest::of(b"transfer")),
        signer_kid: Some(key.public().thumbprint()),
        signer_key_leaf: Some(3),
        not_after: Some("2029-11-01T00:00:00Z".parse().unwrap()),
        compromised_since: Some("2026-10-01T00:00:00Z".parse().unwrap()),
        audit_day: Some("2026-10-31".parse().unwrap()),
        audit_entries: Some(12),
        audit_head: Some(Digest::of(b"head")),
        clock: Some(ClockStatement {
            source: "ntp.nict.jp".to_owned(),
            error_ms: 12,
        }),
    }
}

fn least() -> Receipt {
    Receipt {
        vendor: None,
        institution: None,
        agent: None,
        successor: None,
        product: None,
        statement_sha256: None,
        review_sha256: None,
        transfer_sha256: None,
        signer_kid: None,
        signer_key_leaf: None,
        not_after: None,
        compromised_since: None,
        audit_day: None,
        audit_entries: None,
        audit_head: None,
        clock: None,
        event: Event::ServiceKeyRotated,
        ..full()
    }
}

#[test]
fn a_receipt_is_read_as_it_was_signed() {
    let key = SigningKey::from_pem(KEY).unwrap();
    for receipt in [full(), least()] {
        let compact = jws::sign(Receipt::TYP, &receipt.payload(), &key).unwrap();
        let verified = jws::verify::<Receipt>(Jws::parse(&compact).unwrap(), key.public()).unwrap();
        assert_eq!(verified.document(), &receipt);
    }
}

#[test]
fn absent_members_are_left_out_and_times_have_milliseconds() {
    assert_eq!(
        String::from_utf8(least().payload()).unwrap(),
        r#"{"event":"service_key_rotated","log":"kaiji.example/log","leaf_index":7,"received_at":"2026-11-01T00:00:00.120Z"}"#
    );
}

#[test]
fn the_members_stand_in_their_declared_order() {
    let payload = String::from_utf8(full().payload()).unwrap();
    let names = [
        "event",
        "log",
        "leaf_index",
        "received_at",
        "vendor",
        "institution",
        "agent",
        "successor",
        "product",
        "statement_sha256",
        "signer_kid",
        "signer_key_leaf",
        "not_after",
        "compromised_since",
        "clock",
        "source",
        "error_ms",
    ];
    let places = names.map(|name| payload.find(&format!("\"{name}\":")).expect(name));
    assert!(places.is_sorted());
}

#[test]
fn every_event_is_read_by_its_name() {
    for event in Event::ALL {
        assert_eq!(Event::parse(event.as_str()), Some(event));
    }
    assert_eq!(Event::parse("KeyRegistered"), None);
}

#[test]
fn all_violations_are_reported_at_once() {
    let payload =
        br#"{"event":"x","log":"l","leaf_index":-1,"clock":{"error_ms":1},"personal":"x"}"#;
    let violations = Receipt::parse(payload).unwrap_err().into_vec();
    let found: Vec<_> = violations
        .iter()
        .map(|found| (found.pointer.as_str(), found.code))
        .collect();
    let expected = [
        ("/event", "choice"),
        ("/leaf_index", "range"),
        ("/received_at", "missing"),
        ("/clock/source", "missing"),
        ("/personal", "unknown_member"),
    ];
    assert_eq!(found, expected);
}
