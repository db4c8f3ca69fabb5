use proptest::prelude::*;

use super::*;

const ES256: &str = include_str!("../../../fixtures/keys/TEST-ONLY-vendor-es256.pem");
const OTHER: &str = include_str!("../../../fixtures/keys/TEST-ONLY-other-es256.pem");
const ED25519: &str = include_str!("../../../fixtures/keys/TEST-ONLY-vendor-ed25519.pem");
const RSA: &str = include_str!("../../../fixtures/keys/TEST-ONLY-vendor-rsa3072.pem");

/// A document without rules: what a signature covers is all that is of interest here.
#[derive(Debug, PartialEq, Eq)]
struct Note(Vec<u8>);

impl Document for Note {
    const TYP: &'static str = "kaiji-note+jws";

    fn parse(payload: &[u8]) -> Result<Self, Violations> {
        Ok(Self(payload.to_vec()))
    }
}

fn key(pem: &str) -> SigningKey {
    SigningKey::from_pem(pem).unwrap()
}

fn base64url(text: impl AsRef<[u8]>) -> String {
    BASE64_URL_SAFE_NO_PAD.encode(text)
}

/// A JWS with any header, properly signed by the ES256 key.
fn signed_under(header: &str, payload: &[u8]) -> String {
    let signed = format!("{}.{}", base64url(header), base64url(payload));
    let signature = key(ES256).sign(signed.as_bytes()).unwrap();
    format!("{signed}.{}", base64url(signature))
}

/// The header of a note by the ES256 key, with `more` members.
fn header(more: &str) -> String {
    let kid = key(ES256).public().thumbprint();
    format!(r#"{{"alg":"ES256","kid":"{kid}","typ":"kaiji-note+jws"{more}}}"#)
}

fn check(compact: &str) -> Result<Verified<Note>, VerifyError> {
    verify(Jws::parse(compact)?, key(ES256).public())
}

#[track_caller]
fn assert_refused(compact: &str, code: &str) {
    match check(compact).unwrap_err() {
        VerifyError::Refused(refusal) => assert_eq!(refusal.code(), code, "{refusal}"),
        VerifyError::Document(violations) => panic!("{violations}"),
    }
}

#[test]
fn what_is_signed_with_each_algorithm_verifies() {
    for pem in [ES256, ED25519, RSA] {
        let key = key(pem);
        let compact = sign(Note::TYP, b"{}", &key).unwrap();
        let jws = Jws::parse(&compact).unwrap();
        assert_eq!((jws.typ(), jws.payload()), (Note::TYP, &b"{}"[..]));
        let verified = verify::<Note>(jws, key.public()).unwrap();
        assert_eq!(verified.document(), &Note(b"{}".to_vec()));
        assert_eq!(verified.kid(), &key.public().thumbprint());
        assert_eq!(verified.compact(), compact);
        assert_eq!(verified.sha256(), Digest::of(compact.as_bytes()));
        assert_eq!(verified.payload_sha256(), Digest::of(b"{}"));
        assert_eq!(verified.into_document(), Note(b"{}".to_vec()));
    }
}

#[test]
fn ed25519_goes_by_both_of_its_names() {
    let key = key(ED25519);
    for alg in ["EdDSA", "Ed25519"] {
        let header = header("").replace("ES256", alg).replace(
            super::tests::key(ES256).public().thumbprint().as_str(),
            key.public().thumbprint().as_str(),
        );
        let signed = format!("{}.{}", base64url(header), base64url("{}"));
        let signature = base64url(key.sign(signed.as_bytes()).unwrap());
        let jws = Jws::parse(&format!("{signed}.{signature}")).unwrap();
        assert!(verify::<Note>(jws, key.public()).is_ok());
    }
}

#[test]
fn cty_is_allowed() {
    assert!(check(&signed_under(&header(r#","cty":"json""#), b"{}")).is_ok());
    assert_refused(&signed_under(&header(r#","cty":1"#), b"{}"), "header_text");
}

#[test]
fn the_json_serialisation_is_refused() {
    assert_refused(
        r#"{"payload":"e30","protected":"e30","signature":"AA"}"#,
        "json_serialisation",
    );
    assert_refused(r#" {"signatures":[]}"#, "json_serialisation");
}

#[test]
fn anything_but_three_parts_is_refused() {
    let whole = signed_under(&header(""), b"{}");
    let (signed, signature) = whole.rsplit_once('.').unwrap();
    let (head, _) = signed.split_once('.').unwrap();
    for wrong in [
        String::new(),
        "..".to_owned(),
        signed.to_owned(),
        format!("{signed}."),
        format!("{head}..{signature}"),
        format!("{whole}.AA"),
        format!("{whole}.."),
    ] {
        assert_refused(&wrong, "not_compact");
    }
}

#[test]
fn base64url_in_another_spelling_is_refused() {
    let whole = signed_under(&header(""), b"{}");
    let (signed, signature) = whole.rsplit_once('.').unwrap();
    let (head, payload) = signed.split_once('.').unwrap();
    let spare_bits = format!("{}h", signature.strip_suffix(['A', 'Q', 'g', 'w']).unwrap());
    for wrong in [
        format!("{whole}=="),
        format!("{head}.{payload}=.{signature}"),
        format!("{head}.{payload}.{spare_bits}"),
        format!("{head}.{payload}\n.{signature}"),
        format!("{head}.e31+.{signature}"),
        format!("{head}.e3/0.{signature}"),
        format!(" {whole}"),
        format!("{whole}\n"),
    ] {
        assert_refused(&wrong, "base64url");
    }
}

#[test]
fn a_header_that_is_not_strict_json_is_refused() {
    for wrong in ["", "{", "[]", "\"ES256\"", "{} "] {
        let whole = format!("{}.e30.AA", base64url(wrong));
        assert!(Jws::parse(&whole).is_err());
    }
    assert_refused(&signed_under("[]", b"{}"), "header_syntax");
    assert_refused(&signed_under("{", b"{}"), "header_syntax");
}

#[test]
fn a_duplicate_header_member_is_refused() {
    assert_refused(
        &signed_under(&header(r#","alg":"ES256""#), b"{}"),
        "header_syntax",
    );
    assert_refused(
        &signed_under(&header(r#","\u0061lg":"none""#), b"{}"),
        "header_syntax",
    );
}

#[test]
fn every_other_header_member_is_refused_by_name() {
    for name in [
        "crit", "b64", "jwk", "jku", "x5u", "x5c", "x5t", "x5t#S256", "iat", "url", "nonce", "Alg",
    ] {
        let compact = signed_under(&header(&format!(r#","{name}":"x""#)), b"{}");
        let expected = Refusal::HeaderMember {
            name: name.to_owned(),
        };
        assert_eq!(Jws::parse(&compact), Err(expected));
    }
}

#[test]
fn an_algorithm_that_is_none_or_symmetric_or_weak_is_refused() {
    for alg in [
        "none", "None", "", "HS256", "HS384", "HS512", "RS256", "RS384", "RS512", "ES384", "ES512",
        "ES256K", "PS384", "PS512", "Ed448", "es256",
    ] {
        let compact = signed_under(&header("").replace("ES256", alg), b"{}");
        assert_eq!(
            Jws::parse(&compact),
            Err(Refusal::AlgRefused(alg.to_owned()))
        );
    }
}

#[test]
fn each_header_member_is_needed_and_a_string() {
    let kid = key(ES256).public().thumbprint();
    for (name, member) in [
        ("alg", r#""alg":"ES256","#.to_owned()),
        ("kid", format!(r#""kid":"{kid}","#)),
        ("typ", r#","typ":"kaiji-note+jws""#.to_owned()),
    ] {
        let without = header("").replace(&member, "");
        assert_eq!(
            Jws::parse(&signed_under(&without, b"{}")),
            Err(Refusal::HeaderText { name })
        );
    }
    let number = header("").replace(r#""ES256""#, "256");
    assert_refused(&signed_under(&number, b"{}"), "header_text");
}

#[test]
fn a_kid_that_is_no_thumbprint_is_refused() {
    let kid = key(ES256).public().thumbprint();
    let wrong = header("").replace(kid.as_str(), "key-1");
    assert_eq!(Jws::parse(&signed_under(&wrong, b"{}")), Err(Refusal::Kid));
}

#[test]
fn the_kid_of_another_key_is_refused() {
    let compact = sign(Note::TYP, b"{}", &key(OTHER)).unwrap();
    assert_refused(&compact, "kid");
}

#[test]
fn another_document_is_refused() {
    let compact = sign("kaiji-withdrawal+jws", b"{}", &key(ES256)).unwrap();
    assert_refused(&compact, "typ");
    let upper = signed_under(&header("").replace("kaiji-note", "Kaiji-Note"), b"{}");
    assert_refused(&upper, "typ");
}

#[test]
fn the_key_decides_the_algorithm() {
    for alg in ["PS256", "EdDSA", "Ed25519"] {
        let compact = signed_under(&header("").replace("ES256", alg), b"{}");
        assert_refused(&compact, "alg_key_mismatch");
    }
}

#[test]
fn a_signature_by_another_key_under_this_name_is_refused() {
    let whole = signed_under(&header(""), b"{}");
    let (signed, _) = whole.rsplit_once('.').unwrap();
    let signature = key(OTHER).sign(signed.as_bytes()).unwrap();
    assert_refused(
        &format!("{signed}.{}", base64url(signature)),
        "bad_signature",
    );
}

#[test]
fn a_der_signature_is_refused() {
    let whole = signed_under(&header(""), b"{}");
    let (signed, signature) = whole.rsplit_once('.').unwrap();
    let der = [
        &[0x30, 0x44],
        BASE64_URL_SAFE_NO_PAD.decode(signature).unwrap().as_slice(),
    ]
    .concat();
    assert_refused(&format!("{signed}.{}", base64url(der)), "bad_signature");
    assert_refused(&format!("{signed}.{}", base64url([0; 64])), "bad_signature");
}

#[test]
fn a_signed_document_against_its_rules_is_refused_with_violations() {
    #[derive(Debug)]
    struct Refusing;
    impl Document for Refusing {
        const TYP: &'static str = Note::TYP;
        fn parse(_: &[u8]) -> Result<Self, Violations> {
            Err(crate::violation::Violation::new("/a", "missing", "no a").into())
        }
    }
    let jws = Jws::parse(&signed_under(&header(""), b"{}")).unwrap();
    let error = verify::<Refusing>(jws, key(ES256).public()).unwrap_err();
    assert!(matches!(error, VerifyError::Document(_)));
}

#[test]
fn the_payload_is_kept_byte_for_byte() {
    let payload = "{ \"名\" :\t1 }\r\n".as_bytes();
    let verified = check(&signed_under(&header(""), payload)).unwrap();
    assert_eq!(verified.payload(), payload);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn what_is_signed_verifies(payload in prop::collection::vec(any::<u8>(), 1..200)) {
        for pem in [ES256, ED25519] {
            let key = key(pem);
            let jws = Jws::parse(&sign(Note::TYP, &payload, &key).unwrap()).unwrap();
            prop_assert_eq!(verify::<Note>(jws, key.public()).unwrap().into_document().0, payload.clone());
        }
    }

    #[test]
    fn any_text_is_parsed_or_refused_without_panic(text: String, parts in "([A-Za-z0-9_-]{0,8}\\.?){0,5}") {
        let _ = Jws::parse(&text);
        let _ = Jws::parse(&parts);
    }
}

#[test]
fn a_change_of_any_byte_is_refused() {
    let compact = signed_under(&header(""), br#"{"issuer":"ven_1"}"#);
    for at in 0..compact.len() {
        for other in ['A', 'B', '_', '.', '=', '\0'] {
            let mut changed = compact.clone();
            changed.replace_range(at..=at, other.encode_utf8(&mut [0; 4]));
            assert_eq!(
                check(&changed).is_ok(),
                changed == compact,
                "byte {at} to {other:?}"
            );
        }
    }
}
