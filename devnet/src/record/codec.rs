//! The bytes of a record: numbers of as many bytes as they need, and byte strings behind their length.

use alloy::primitives::{Address, Bytes, U256};

/// Bytes that aren't what was to be read: what was.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(crate) struct Undecodable(pub(crate) String);

impl From<alloy::rlp::Error> for Undecodable {
    fn from(error: alloy::rlp::Error) -> Self {
        Self(error.to_string())
    }
}

impl From<alloy::eips::eip2718::Eip2718Error> for Undecodable {
    fn from(error: alloy::eips::eip2718::Eip2718Error) -> Self {
        Self(error.to_string())
    }
}

/// Appends values.
#[derive(Debug, Default)]
pub(crate) struct Writer(pub(crate) Vec<u8>);

impl Writer {
    pub(crate) fn byte(&mut self, value: u8) {
        self.0.push(value);
    }

    /// Seven bits a byte, the lowest first; the eighth bit tells that more follow (LEB128).
    pub(crate) fn number(&mut self, mut value: u64) {
        while value >= 0x80 {
            self.byte((value & 0x7f) as u8 | 0x80);
            value >>= 7;
        }
        self.byte(value as u8);
    }

    /// A length or a count.
    pub(crate) fn length(&mut self, value: usize) {
        self.number(value as u64);
    }

    pub(crate) fn bytes(&mut self, value: &[u8]) {
        self.length(value.len());
        self.0.extend_from_slice(value);
    }

    pub(crate) fn address(&mut self, value: Address) {
        self.0.extend_from_slice(value.as_slice());
    }

    /// As many bytes as it needs, behind their number.
    pub(crate) fn word(&mut self, value: U256) {
        let bytes = value.to_be_bytes::<32>();
        let needed = value.byte_len();
        // At most 32.
        self.byte(needed as u8);
        self.0.extend_from_slice(bytes.get(32 - needed..).unwrap_or_default());
    }
}

/// Takes values from the front.
#[derive(Debug)]
pub(crate) struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    pub(crate) const fn new(bytes: &'a [u8]) -> Self {
        Self(bytes)
    }

    pub(crate) const fn is_at_end(&self) -> bool {
        self.0.is_empty()
    }

    pub(crate) fn take(&mut self, length: usize) -> Result<&'a [u8], Undecodable> {
        let (taken, rest) = self
            .0
            .split_at_checked(length)
            .ok_or_else(|| Undecodable(format!("{length} bytes were to come where {} are left", self.0.len())))?;
        self.0 = rest;
        Ok(taken)
    }

    pub(crate) fn byte(&mut self) -> Result<u8, Undecodable> {
        Ok(self.take(1)?.iter().copied().sum())
    }

    pub(crate) fn number(&mut self) -> Result<u64, Undecodable> {
        let mut value = 0u64;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            let bits = u64::from(byte & 0x7f);
            let placed = bits << shift;
            if placed >> shift != bits {
                break;
            }
            value |= placed;
            if byte < 0x80 {
                return Ok(value);
            }
        }
        Err(Undecodable("a number is beyond 64 bits".to_owned()))
    }

    pub(crate) fn length(&mut self) -> Result<usize, Undecodable> {
        let length = self.number()?;
        usize::try_from(length).map_err(|_| Undecodable(format!("the length {length} is beyond this machine")))
    }

    pub(crate) fn bytes(&mut self) -> Result<&'a [u8], Undecodable> {
        let length = self.length()?;
        self.take(length)
    }

    pub(crate) fn owned_bytes(&mut self) -> Result<Bytes, Undecodable> {
        self.bytes().map(Bytes::copy_from_slice)
    }

    pub(crate) fn address(&mut self) -> Result<Address, Undecodable> {
        self.take(Address::len_bytes()).map(Address::from_slice)
    }

    pub(crate) fn word(&mut self) -> Result<U256, Undecodable> {
        let length = self.byte()?;
        let bytes = self.take(length.into())?;
        U256::try_from_be_slice(bytes).ok_or_else(|| Undecodable(format!("a word of {length} bytes")))
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn what_was_written_is_read(number: u64, shift in 0..64, words: Vec<[u8; 32]>, bytes: Vec<u8>) {
            let number = number >> shift;
            let mut writer = Writer::default();
            writer.number(number);
            writer.bytes(&bytes);
            for word in &words {
                writer.word(U256::from_be_bytes(*word) >> shift as usize);
            }
            let mut reader = Reader::new(&writer.0);
            prop_assert_eq!(reader.number().unwrap(), number);
            prop_assert_eq!(reader.bytes().unwrap(), &bytes);
            for word in &words {
                prop_assert_eq!(reader.word().unwrap(), U256::from_be_bytes(*word) >> shift as usize);
            }
            prop_assert!(reader.is_at_end());
        }

        #[test]
        fn any_bytes_are_read_or_refused(bytes: Vec<u8>) {
            Reader::new(&bytes).number().ok();
            Reader::new(&bytes).bytes().ok();
            Reader::new(&bytes).word().ok();
        }
    }

    #[test]
    fn a_number_beyond_64_bits_is_refused() {
        let mut bytes = vec![0xff; 9];
        bytes.push(0x01);
        assert_eq!(Reader::new(&bytes).number().unwrap(), u64::MAX);
        *bytes.last_mut().unwrap() = 0x02;
        assert!(Reader::new(&bytes).number().is_err());
    }
}
