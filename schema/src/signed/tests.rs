use super::*;
use crate::jws::{self, Jws};
use crate::key::SigningKey;

const KEY: &str = include_str!("../../../fixtures/keys/TEST-ONLY-vendor-es256.pem");

/// Signs, verifies and reads again.
#[track_caller]
fn assert_survives<T: Document + PartialEq + std::fmt::Debug>(document: &T, payload: &[u8]) {
    let key = SigningKey::from_pem(KEY).unwrap();
    let compact = jws::sign(T::TYP, payload, &key).unwrap();
    let verified = jws::verify::<T>(Jws::parse(&compact).unwrap(), key.public()).unwrap();
    assert_eq!(verified.document(), document);
}

#[track_caller]
fn assert_refused<T: Document + std::fmt::Debug>(payload: &str, expected: &[(&str, &str)]) {
    let violations = T::parse(payload.as_bytes()).unwrap_err().into_vec();
    let found: Vec<_> = violations
        .iter()
        .map(|found| (found.pointer.as_str(), found.code))
        .collect();
    assert_eq!(found, expected);
}

#[test]
fn a_key_proof_is_read_as_it_was_signed() {
    let proof = KeyProof {
        challenge: "c\"1".to_owned(),
        issuer: "ven_1".to_owned(),
        jwk: SigningKey::from_pem(KEY).unwrap().public().clone(),
    };
    assert_survives(&proof, &proof.payload());
}

#[test]
fn a_key_approval_is_read_as_it_was_signed() {
    let kid = SigningKey::from_pem(KEY).unwrap().public().thumbprint();
    let approval = KeyApproval {
        issuer: "ven_1".to_owned(),
        kid,
    };
    assert_survives(&approval, &approval.payload());
}

#[test]
fn a_withdrawal_is_read_as_it_was_signed() {
    let withdrawal = Withdrawal {
        issuer: "ven_1".to_owned(),
        statement_sha256: Digest::of(b""),
        reason: "誤記のため\n差し替え".to_owned(),
    };
    assert_survives(&withdrawal, &withdrawal.payload());
}

#[test]
fn a_confirmation_is_read_as_it_was_signed() {
    let confirmation = Confirmation {
        issuer: "ven_1".to_owned(),
        statement_sha256: Digest::of(b""),
        confirmed_on: jiff::civil::date(2026, 11, 1),
    };
    assert_survives(&confirmation, &confirmation.payload());
}

#[test]
fn both_sides_of_a_transfer_are_read_as_they_were_signed() {
    let transfer = Transfer {
        issuer: "ven_1".to_owned(),
        product: "prd_1".to_owned(),
        to: "ven_2".to_owned(),
        offered_on: jiff::civil::date(2026, 11, 1),
    };
    assert_survives(&transfer, &transfer.payload());
    let acceptance = TransferAcceptance {
        issuer: "ven_2".to_owned(),
        product: "prd_1".to_owned(),
        from: "ven_1".to_owned(),
        transfer_sha256: Digest::of(b""),
    };
    assert_survives(&acceptance, &acceptance.payload());
}

#[test]
fn an_empty_acceptance_of_a_transfer_lacks_everything() {
    let expected = [
        ("/issuer", "missing"),
        ("/product", "missing"),
        ("/from", "missing"),
        ("/transfer_sha256", "missing"),
    ];
    assert_refused::<TransferAcceptance>("{}", &expected);
}

#[test]
fn an_empty_key_proof_lacks_everything() {
    let expected = [
        ("/challenge", "missing"),
        ("/issuer", "missing"),
        ("/jwk", "missing"),
    ];
    assert_refused::<KeyProof>("{}", &expected);
}

#[test]
fn the_violations_of_a_key_stand_below_its_member() {
    let payload = r#"{"challenge":"c","issuer":"ven_1","jwk":{"kty":"oct","k":"AA"}}"#;
    let expected = [("/jwk/k", "private_member"), ("/jwk/kty", "choice")];
    assert_refused::<KeyProof>(payload, &expected);
}

#[test]
fn a_key_approval_names_a_thumbprint() {
    assert_refused::<KeyApproval>(r#"{"issuer":"ven_1","kid":"key-1"}"#, &[("/kid", "choice")]);
}

#[test]
fn a_withdrawal_needs_a_reason_and_a_digest() {
    let payload = r#"{"issuer":"ven_1","statement_sha256":"00","reason":" "}"#;
    let expected = [("/statement_sha256", "choice"), ("/reason", "empty")];
    assert_refused::<Withdrawal>(payload, &expected);
}

#[test]
fn an_unknown_member_of_a_confirmation_is_refused() {
    let digest = Digest::of(b"");
    let payload = format!(
        r#"{{"issuer":"ven_1","statement_sha256":"{digest}","confirmed_on":"2026-11-01","note":"x"}}"#
    );
    assert_refused::<Confirmation>(&payload, &[("/note", "unknown_member")]);
}

#[test]
fn a_payload_that_is_not_strict_json_is_a_violation() {
    assert_refused::<Confirmation>("{", &[("", "syntax")]);
    assert_refused::<Confirmation>("[]", &[("", "type")]);
    assert_refused::<KeyProof>("[]", &[("", "type")]);
}
