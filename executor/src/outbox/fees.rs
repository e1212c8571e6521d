//! What a transaction offers per gas, and how the offer rises while nobody takes it.

/// Tip of the first offer, in wei per gas.
const FIRST_TIP: u128 = 1_000_000;
/// A raise is one part in so many: 12.5 %. Nodes take a replacement from 10 % more on, in tip and cap both.
const RAISE_DIVISOR: u128 = 8;
/// No offer exceeds the first by more than this factor. A chain that stands still takes no offer at all, and once it moves
/// again it must not find one that costs the signer all it has.
const MOST_RAISE: u128 = 64;

/// An offer, in wei per gas (EIP-1559).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Fees {
    /// The most that is paid, base fee and tip together.
    pub(super) cap: u128,
    /// The part of it for whoever builds the block.
    pub(super) tip: u128,
}

impl Fees {
    /// A first offer when gas costs `price`.
    pub(super) fn at(price: u128) -> Self {
        Self { cap: lasting(price, FIRST_TIP), tip: FIRST_TIP }
    }

    /// The next offer after this one, which replaces it in every pool; none beyond [`MOST_RAISE`] times `first`.
    pub(super) fn raised(self, price: u128, first: Self) -> Option<Self> {
        let ceiling = first.cap.saturating_mul(MOST_RAISE);
        let (cap, tip) = (raise(self.cap), raise(self.tip));
        (cap <= ceiling).then(|| Self { cap: cap.max(lasting(price, tip)).min(ceiling), tip })
    }
}

/// Twice the price of now lasts for six full blocks.
fn lasting(price: u128, tip: u128) -> u128 {
    price.saturating_mul(2).saturating_add(tip)
}

fn raise(fee: u128) -> u128 {
    fee.saturating_add(fee.div_ceil(RAISE_DIVISOR))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    const GIGAWEI: u128 = 1_000_000_000;

    #[test]
    fn a_raise_replaces_the_former_offer_in_every_pool() {
        let mut fees = Fees::at(7);
        let first = fees;
        while let Some(raised) = fees.raised(7, first) {
            assert!(raised.cap * 10 >= fees.cap * 11 && raised.tip * 10 >= fees.tip * 11, "{fees:?} {raised:?}");
            assert!(raised.tip <= raised.cap, "{raised:?}");
            fees = raised;
        }
        assert!(Fees { cap: 1, tip: 1 }.raised(0, Fees { cap: 1, tip: 1 }).unwrap().cap == 2);
    }

    #[test]
    fn a_raise_covers_the_price_of_now() {
        let first = Fees::at(GIGAWEI);
        let raised = first.raised(10 * GIGAWEI, first).unwrap();
        assert!(raised.cap >= 20 * GIGAWEI, "{raised:?}");
    }

    #[test]
    fn a_chain_that_stands_still_cannot_raise_an_offer_for_ever() {
        let first = Fees::at(GIGAWEI);
        let mut last = first;
        let mut raises = 0;
        while let Some(raised) = last.raised(GIGAWEI, first) {
            last = raised;
            raises += 1;
        }
        assert_eq!(raises, 35);
        assert!(last.cap > first.cap * MOST_RAISE / 2 && last.cap <= first.cap * MOST_RAISE, "{last:?}");
        assert!(first.raised(u128::MAX, first).unwrap().cap == first.cap * MOST_RAISE);
    }
}
