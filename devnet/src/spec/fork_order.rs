//! Whether the forks of a genesis file come in an order that a chain can follow.

use alloy::genesis::ChainConfig;

use crate::error::Error;

/// A fork in a genesis file: its key, when it comes, and whether a chain may go without it.
type Fork = (&'static str, Option<u64>, bool);

/// Forks must come in their order, and none without those before it.
pub(super) fn check(config: &ChainConfig) -> Result<(), Error> {
    let at_blocks: [Fork; 15] = [
        ("homesteadBlock", config.homestead_block, false),
        ("daoForkBlock", config.dao_fork_block, true),
        ("eip150Block", config.eip150_block, false),
        ("eip155Block", config.eip155_block, false),
        ("eip158Block", config.eip158_block, false),
        ("byzantiumBlock", config.byzantium_block, false),
        ("constantinopleBlock", config.constantinople_block, false),
        ("petersburgBlock", config.petersburg_block, false),
        ("istanbulBlock", config.istanbul_block, false),
        ("muirGlacierBlock", config.muir_glacier_block, true),
        ("berlinBlock", config.berlin_block, false),
        ("londonBlock", config.london_block, false),
        ("arrowGlacierBlock", config.arrow_glacier_block, true),
        ("grayGlacierBlock", config.gray_glacier_block, true),
        ("mergeNetsplitBlock", config.merge_netsplit_block, true),
    ];
    let at_times: [Fork; 9] = [
        ("shanghaiTime", config.shanghai_time, false),
        ("cancunTime", config.cancun_time, false),
        ("pragueTime", config.prague_time, false),
        ("osakaTime", config.osaka_time, false),
        ("bpo1Time", config.bpo1_time, true),
        ("bpo2Time", config.bpo2_time, true),
        ("bpo3Time", config.bpo3_time, true),
        ("bpo4Time", config.bpo4_time, true),
        ("bpo5Time", config.bpo5_time, true),
    ];
    if config.amsterdam_time.is_some() {
        return Err(Error::Genesis("its config has amsterdamTime; the chain goes as far as osakaTime".to_owned()));
    }
    let mut missing = None;
    for forks in [&at_blocks[..], &at_times[..]] {
        let mut last: Option<(&str, u64)> = None;
        for (name, at, optional) in forks {
            let Some(at) = at else {
                missing = missing.or((!optional).then_some(name));
                continue;
            };
            if let Some(missing) = missing {
                return Err(Error::Genesis(format!("its config has {name} but not {missing}, which comes before")));
            }
            if let Some((before, earliest)) = last.filter(|(_, earliest)| at < earliest) {
                let reason = format!("its config has {name} at {at}, before {before} at {earliest}");
                return Err(Error::Genesis(reason));
            }
            last = Some((name, *at));
        }
    }
    Ok(())
}
