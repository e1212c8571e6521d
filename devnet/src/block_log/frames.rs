//! Checksummed frames, one behind the other.
//!
//! A frame is a head of sixteen bytes and a payload. The head: the payload's length (8 bytes, little-endian), a
//! checksum of that length and one of the payload (4 bytes each, of Keccak-256). A process that dies while it appends
//! leaves a frame whose end is missing. That is told from damage: the head's own checksum vouches for the length.

use std::io::{self, Read};

use alloy::primitives::keccak256;

/// Bytes before a payload.
const HEAD: usize = 16;

/// What comes next in a file.
pub(super) enum Next {
    /// A whole frame.
    Payload(Vec<u8>),
    /// Nothing.
    End,
    /// The beginning of a frame that was never finished.
    Torn,
    /// What no interrupted writer leaves behind, and why.
    Damaged(&'static str),
}

/// Appends `payload` as a frame.
pub(super) fn append(payload: &[u8], out: &mut Vec<u8>) {
    let length = (payload.len() as u64).to_le_bytes();
    out.extend_from_slice(&length);
    out.extend_from_slice(&checksum(&length));
    out.extend_from_slice(&checksum(payload));
    out.extend_from_slice(payload);
}

/// How long the frame of a payload is, in bytes.
pub(super) const fn length(payload: &[u8]) -> u64 {
    (HEAD + payload.len()) as u64
}

/// Reads the next frame of `file`, in which `left` bytes are left.
pub(super) fn read(file: &mut impl Read, left: u64) -> io::Result<Next> {
    if left == 0 {
        return Ok(Next::End);
    }
    if left < HEAD as u64 {
        return Ok(Next::Torn);
    }
    let (mut length, mut checks) = ([0; 8], [[0; 4]; 2]);
    file.read_exact(&mut length)?;
    for check in &mut checks {
        file.read_exact(check)?;
    }
    let [length_check, payload_check] = checks;
    if checksum(&length) != length_check {
        return Ok(Next::Damaged("the checksum of a length does not match"));
    }
    let (length, after_head) = (u64::from_le_bytes(length), left - HEAD as u64);
    if length > after_head {
        return Ok(Next::Torn);
    }
    let mut payload = vec![0; usize::try_from(length).map_err(io::Error::other)?];
    file.read_exact(&mut payload)?;
    if checksum(&payload) == payload_check {
        return Ok(Next::Payload(payload));
    }
    // The last frame may be torn within, if whole pages of it are missing.
    Ok(if length == after_head { Next::Torn } else { Next::Damaged("the checksum of a record does not match") })
}

fn checksum(bytes: &[u8]) -> [u8; 4] {
    let [a, b, c, d, ..] = keccak256(bytes).0;
    [a, b, c, d]
}
