//! The cryptography that this crate takes from elsewhere: the only file that names `ring`.

/// SHA-256 (FIPS 180-4).
pub fn sha256(bytes: &[u8]) -> [u8; 32] {
    let mut output = [0; 32];
    output.copy_from_slice(ring::digest::digest(&ring::digest::SHA256, bytes).as_ref());
    output
}
