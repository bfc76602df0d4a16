//! How secrets are compared.

use subtle::ConstantTimeEq as _;

/// Whether two secrets are equal. The time taken does not depend on where they differ.
pub(super) fn are_equal(one: &[u8], other: &[u8]) -> bool {
    one.ct_eq(other).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_equal_only_if_every_byte_is() {
        assert!(are_equal(b"1234", b"1234") && are_equal(b"", b""));
        for other in [&b"1235"[..], b"0234", b"123", b"12345", b""] {
            assert!(!are_equal(b"1234", other));
        }
    }
}
