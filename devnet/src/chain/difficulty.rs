//! The difficulty of blocks before the merge.
//!
//! It follows the time between blocks, and a "bomb" that doubles every 100,000 blocks, which forks put off.

use alloy::{
    consensus::{EMPTY_OMMER_ROOT_HASH, Header},
    primitives::U256,
};
use alloy_hardforks::{EthereumHardfork, EthereumHardforks};

use crate::spec::ChainSpec;

/// No block is easier.
const MINIMUM: U256 = U256::from_limbs([131_072, 0, 0, 0]);

/// The difficulty of a block changes by multiples of this part of its parent's.
const BOUND_DIVISOR: u64 = 2_048;

/// From one doubling of the bomb to the next, in blocks.
const BOMB_PERIOD: u64 = 100_000;

/// By how many blocks forks put the bomb off, the latest first (EIP-5133, 4345, 3554, 2384, 1234, 649).
const BOMB_DELAYS: [(EthereumHardfork, u64); 6] = [
    (EthereumHardfork::GrayGlacier, 11_400_000),
    (EthereumHardfork::ArrowGlacier, 10_700_000),
    (EthereumHardfork::London, 9_700_000),
    (EthereumHardfork::MuirGlacier, 9_000_000),
    (EthereumHardfork::Constantinople, 5_000_000),
    (EthereumHardfork::Byzantium, 3_000_000),
];

/// The difficulty of a block after `parent` at `timestamp`, in Unix seconds: later than the parent's.
///
/// Frontier's rule is in the yellow paper, Homestead's in EIP-2, Byzantium's in EIP-100.
pub(super) fn difficulty(spec: &ChainSpec, parent: &Header, timestamp: u64) -> U256 {
    let number = parent.number.saturating_add(1);
    let seconds = timestamp.saturating_sub(parent.timestamp);
    let active = |fork: EthereumHardfork| spec.ethereum_fork_activation(fork).active_at_block(number);
    let delay = BOMB_DELAYS.iter().find(|(fork, _)| active(*fork)).map_or(0, |(_, delay)| *delay);

    // Steps up and down; no more than 99 down since Homestead.
    let (up, down) = if active(EthereumHardfork::Byzantium) {
        let most = if parent.ommers_hash == EMPTY_OMMER_ROOT_HASH { 1 } else { 2 };
        (most, seconds / 9)
    } else if active(EthereumHardfork::Homestead) {
        (1, seconds / 10)
    } else if seconds < 13 {
        (1, 0)
    } else {
        (0, 1)
    };
    let step = parent.difficulty / U256::from(BOUND_DIVISOR);
    let adjusted = if down > up {
        parent.difficulty.saturating_sub(step * U256::from((down - up).min(99)))
    } else {
        parent.difficulty.saturating_add(step * U256::from(up - down))
    };
    adjusted.max(MINIMUM).saturating_add(bomb(number.saturating_sub(delay)))
}

fn bomb(number: u64) -> U256 {
    let doublings = (number / BOMB_PERIOD).checked_sub(2);
    doublings.map_or(U256::ZERO, |doublings| U256::from(1).checked_shl(doublings as usize).unwrap_or(U256::MAX))
}

#[cfg(test)]
mod tests {
    use alloy::primitives::B256;

    use super::*;

    /// Of a block: the fork, number, seconds after the parent, whether that had uncles, its difficulty, the block's.
    type Vector = (EthereumHardfork, u64, u64, bool, u64, u64);

    /// From the public difficulty tests of the `ethereum/tests` repository.
    #[rustfmt::skip]
    const VECTORS: [Vector; 26] = [
        (EthereumHardfork::Frontier, 0x1b_7740, 22, true, 0x1770_08ba_2d5b_2417, 0x176d_1ab9_1616_78b3),
        (EthereumHardfork::Frontier, 0x19_f0a0, 2, false, 0x30c9_b4ed_a367_75bd, 0x30cf_ce24_411c_62ab),
        (EthereumHardfork::Frontier, 0x4a_c4a0, 22, true, 0x14c9_9309_1670_68a6, 0x14c7_79d6_b54d_9a99),
        (EthereumHardfork::Frontier, 0x01_86a0, 24, false, 0x3da0_6a30_f3e0_be4a, 0x3d98_b623_adc2_4233),
        (EthereumHardfork::Frontier, 0x03_0d40, 24, false, 0x1400_444d_9459_8a37, 0x13fd_c445_0aa6_ff07),
        (EthereumHardfork::Homestead, 1, 0, false, 0xb98d_1da4_8e19_8ede, 0xb9a4_4f48_42ab_520f),
        (EthereumHardfork::Homestead, 0x16_81b9, 0, false, 0x3b87_15db_441b_4216, 0x3b8e_86bd_ff83_d57e),
        (EthereumHardfork::Homestead, 0x01_24f9, 2, false, 0x534a_ee04_bf46_9007, 0x5355_5762_7fde_78d9),
        (EthereumHardfork::Byzantium, 0x1b_7740, 22, false, 0x54ea_948a_cb18_1f87, 0x54df_f738_39be_bc84),
        (EthereumHardfork::Byzantium, 0x10_c8e0, 1, false, 0x0ee7_4ab3_6df4_5d97, 0x0ee9_279c_c462_1c22),
        (EthereumHardfork::Byzantium, 0x4a_c4a0, 22, false, 0x7e76_22c7_6a5e_5b1a, 0x7e66_5403_1173_0f4f),
        (EthereumHardfork::Byzantium, 0x03_0d40, 22, true, 0x4d60_c085_869f_2842, 0x4d60_c085_869f_2842),
        (EthereumHardfork::Constantinople, 0x1b_7740, 22, false, 0x49b1_4933_d45a_a923, 0x49a8_130a_ade0_1dce),
        (EthereumHardfork::Constantinople, 0x4a_c4a0, 22, false, 0x10a7_ce29_ee33_d36b, 0x10a5_b930_28f6_0cf1),
        (EthereumHardfork::Constantinople, 0x03_0d40, 22, true, 0x4428_cec7_ad88_3023, 0x4428_cec7_ad88_3023),
        (EthereumHardfork::Berlin, 0x98_acb4, 10, true, 0x5bae_a941_bf49_eb92, 0x5bba_1f16_e781_d5cf),
        (EthereumHardfork::Berlin, 0x98_ada2, 47, false, 0x689b_9eef_0ec2_32a5, 0x6867_511f_973a_d28d),
        (EthereumHardfork::Berlin, 0x9b_ee5e, 16, false, 0x1012_714f_7c7f_3679, 0x1012_714f_7c7f_3a79),
        (EthereumHardfork::Berlin, 0x9d_0978, 21, true, 0x0945_fcdd_893a_310f, 0x0945_fcdd_893a_350f),
        (EthereumHardfork::Berlin, 0xa1_1797, 25, true, 0x12f1_31a7_8fad_8bf0, 0x12f1_31a7_8fad_abf0),
        (EthereumHardfork::Berlin, 0xf_f83e, 21, false, 0x6d48_f6e2_ecfe_f42d, 0x6d3b_4dc4_10a1_544f),
        (EthereumHardfork::ArrowGlacier, 0xd2_28c8, 1, false, 0x25_09b4_7178_1d98, 0x25_0e55_b806_4c9b),
        (EthereumHardfork::ArrowGlacier, 0xd2_28c8, 1, true, 0x25_09b4_7178_1d98, 0x25_12f6_ee94_7b9e),
        (EthereumHardfork::ArrowGlacier, 0xd2_28c8, 19, false, 0x25_09b4_7178_1d98, 0x25_0513_4ae9_ee95),
        (EthereumHardfork::ArrowGlacier, 0xd2_28c8, 19, true, 0x25_09b4_7178_1d98, 0x25_09b4_8178_1d98),
        (EthereumHardfork::ArrowGlacier, 0xd2_28c8, 19, false, 0xec11_2ba2_8f1c_1d98, 0xebf3_a97d_2aca_3a15),
    ];

    fn parent(number: u64, uncles: bool, difficulty: U256) -> Header {
        let ommers_hash = if uncles { B256::repeat_byte(1) } else { EMPTY_OMMER_ROOT_HASH };
        Header { number: number - 1, timestamp: 1_000, difficulty, ommers_hash, ..Default::default() }
    }

    fn of(fork: EthereumHardfork, number: u64, seconds: u64, uncles: bool, before: U256) -> U256 {
        #[allow(clippy::unwrap_used)]
        let spec = ChainSpec::with_hardfork(1, fork).unwrap();
        difficulty(&spec, &parent(number, uncles, before), 1_000 + seconds)
    }

    #[test]
    fn every_fork_follows_the_public_vectors() {
        for (fork, number, seconds, uncles, before, after) in VECTORS {
            let found = of(fork, number, seconds, uncles, U256::from(before));
            assert_eq!(found, U256::from(after), "{fork} block {number}");
        }
    }

    #[test]
    fn each_delay_puts_the_bomb_off_by_so_many_blocks() {
        for (fork, delay) in BOMB_DELAYS {
            // Ten seconds: Byzantium's rule takes the difficulty neither up nor down.
            for (number, doubled) in [(delay, 0), (delay + 199_999, 0), (delay + 200_000, 1), (delay + 700_000, 32)] {
                let found = of(fork, number, 10, false, MINIMUM);
                assert_eq!(found, MINIMUM + U256::from(doubled), "{fork} block {number}");
            }
        }
    }

    #[test]
    fn a_long_pause_takes_it_down_to_the_minimum_and_no_further() {
        let hard = U256::from(1_000_000_000);
        let most = hard - hard / U256::from(2048) * U256::from(99);
        assert_eq!(of(EthereumHardfork::Homestead, 1, u64::MAX / 2, false, hard), most);
        assert_eq!(of(EthereumHardfork::London, 1, u64::MAX / 2, true, hard), most);
        assert_eq!(of(EthereumHardfork::London, 1, 100_000, true, MINIMUM), MINIMUM);
    }
}
