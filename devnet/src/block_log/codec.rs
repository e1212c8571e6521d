//! The bytes of a record: little-endian numbers, and byte strings behind their length.

use alloy::primitives::{Address, Bytes, U256};

/// Bytes that aren't what was to be read: what was.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(super) struct Undecodable(pub(super) String);

/// Appends values.
#[derive(Debug, Default)]
pub(super) struct Writer(pub(super) Vec<u8>);

impl Writer {
    pub(super) fn byte(&mut self, value: u8) {
        self.0.push(value);
    }

    pub(super) fn number(&mut self, value: u64) {
        self.0.extend_from_slice(&value.to_le_bytes());
    }

    /// A length or a count.
    pub(super) fn length(&mut self, value: usize) {
        self.number(value as u64);
    }

    pub(super) fn bytes(&mut self, value: &[u8]) {
        self.length(value.len());
        self.0.extend_from_slice(value);
    }

    pub(super) fn address(&mut self, value: Address) {
        self.0.extend_from_slice(value.as_slice());
    }

    /// As many bytes as it needs, behind their number.
    pub(super) fn word(&mut self, value: U256) {
        let bytes = value.to_le_bytes_trimmed_vec();
        // At most 32.
        self.byte(bytes.len() as u8);
        self.0.extend_from_slice(&bytes);
    }
}

/// Takes values from the front.
#[derive(Debug)]
pub(super) struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    pub(super) const fn new(bytes: &'a [u8]) -> Self {
        Self(bytes)
    }

    pub(super) const fn is_at_end(&self) -> bool {
        self.0.is_empty()
    }

    fn take(&mut self, length: usize) -> Result<&'a [u8], Undecodable> {
        let (taken, rest) = self
            .0
            .split_at_checked(length)
            .ok_or_else(|| Undecodable(format!("{length} bytes were to come where {} are left", self.0.len())))?;
        self.0 = rest;
        Ok(taken)
    }

    pub(super) fn byte(&mut self) -> Result<u8, Undecodable> {
        Ok(self.take(1)?.iter().copied().sum())
    }

    pub(super) fn number(&mut self) -> Result<u64, Undecodable> {
        let mut bytes = [0; 8];
        bytes.copy_from_slice(self.take(8)?);
        Ok(u64::from_le_bytes(bytes))
    }

    pub(super) fn length(&mut self) -> Result<usize, Undecodable> {
        let length = self.number()?;
        usize::try_from(length).map_err(|_| Undecodable(format!("the length {length} is beyond this machine")))
    }

    pub(super) fn bytes(&mut self) -> Result<&'a [u8], Undecodable> {
        let length = self.length()?;
        self.take(length)
    }

    pub(super) fn owned_bytes(&mut self) -> Result<Bytes, Undecodable> {
        self.bytes().map(Bytes::copy_from_slice)
    }

    pub(super) fn address(&mut self) -> Result<Address, Undecodable> {
        self.take(Address::len_bytes()).map(Address::from_slice)
    }

    pub(super) fn word(&mut self) -> Result<U256, Undecodable> {
        let length = self.byte()?;
        let bytes = self.take(length.into())?;
        U256::try_from_le_slice(bytes).ok_or_else(|| Undecodable(format!("a word of {length} bytes")))
    }
}
