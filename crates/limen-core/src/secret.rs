//! Secret keys: 32 bytes that are wiped from memory. As text: 64 lower-case hexadecimal digits, like the
//! output of `openssl rand -hex 32`.

use base16ct::lower;
use zeroize::Zeroizing;

/// The largest key file that is read, in bytes: 64 digits and white space.
pub const MAX_KEY_BYTES: u64 = 4096;

/// 32 secret bytes. They stay in one place of the memory, are zeroed when dropped, and never shown.
pub struct KeyBytes(Box<Zeroizing<[u8; 32]>>);

impl KeyBytes {
    /// A key of these bytes.
    pub fn of(bytes: &Zeroizing<[u8; 32]>) -> Self {
        Self(Box::new(bytes.clone()))
    }

    /// Reads 64 hexadecimal digits, with white space around them; `None` for anything else.
    pub fn parse(text: &[u8]) -> Option<Self> {
        unhex(text.trim_ascii()).map(|bytes| Self(Box::new(Zeroizing::new(bytes))))
    }

    /// The key as text, as [`KeyBytes::parse`] reads it.
    pub fn text(&self) -> Zeroizing<Vec<u8>> {
        let digits = Zeroizing::new(hex(self.0.as_slice()));
        Zeroizing::new([digits.as_bytes(), b"\n"].concat())
    }

    /// The key's bytes. Whoever copies them must wipe the copy.
    pub fn bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl std::fmt::Debug for KeyBytes {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Key(..)")
    }
}

/// The bytes as lower-case hexadecimal digits.
pub fn hex(bytes: &[u8]) -> String {
    lower::encode_string(bytes)
}

/// The bytes of exactly `2 * N` lower-case hexadecimal digits. Only one text is valid per value, so that any
/// change of a digit is noticed.
pub fn unhex<const N: usize>(text: &[u8]) -> Option<[u8; N]> {
    let mut bytes = [0; N];
    let whole = lower::decode(text, &mut bytes).is_ok_and(|read| read.len() == N);
    whole.then_some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_reads_what_it_wrote_and_nothing_else() {
        let key = KeyBytes::of(&Zeroizing::new([7; 32]));
        assert_eq!(KeyBytes::parse(&key.text()).expect("a key").bytes(), key.bytes());
        let digits = "07".repeat(32);
        for bad in ["", "secret", &digits[1..], &format!("{digits}0"), &digits.replace('7', "G")] {
            assert!(KeyBytes::parse(bad.as_bytes()).is_none(), "{bad}");
        }
    }

    #[test]
    fn a_log_never_shows_the_bytes() {
        assert_eq!(format!("{:?}", KeyBytes::of(&Zeroizing::new([7; 32]))), "Key(..)");
    }
}
