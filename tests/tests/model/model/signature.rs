//! Signatures of keys.

use alloy::primitives::{Address, B256, Signature};

/// Whose signature that is: 65 bytes (r, s, v), v of 27 or 28, s in the lower half. None of a malformed one.
pub(super) fn signer_of(digest: B256, signature: &[u8]) -> Option<Address> {
    let [.., 27 | 28] = signature else { return None };
    let signature = Signature::from_raw(signature).ok()?;
    let is_low = signature.normalize_s().is_none();
    signature.recover_address_from_prehash(&digest).ok().filter(|_| is_low)
}
