//! Flags of anvil's that this program takes for a tool's sake, or refuses with a word on what to do instead.

use clap::{Arg, ArgMatches, Command, Error, FromArgMatches, error::ErrorKind};

/// Flags that ask for what is so anyway, or tune what this program does not have. With how many values they take.
const WITHOUT_EFFECT: &[(&str, Option<char>, usize)] = &[
    ("threads", Some('j'), 1),
    ("jobs", None, 1),
    ("steps-tracing", None, 0),
    ("tracing", None, 0),
    ("enable-tx-gas-limit", None, 0),
    ("tx-gas-limit", None, 0),
    ("disable-min-priority-fee", None, 0),
    ("no-priority-fee", None, 0),
    ("preserve-historical-states", None, 0),
    ("prune-history", None, 1),
    ("max-persisted-states", None, 1),
    ("transaction-block-keeper", None, 1),
    ("cache-path", None, 1),
    ("no-request-size-limit", None, 0),
    ("print-traces", None, 0),
    ("enable-trace-printing", None, 0),
    ("color", None, 1),
    ("json", None, 0),
    ("md", None, 0),
];

const NO_FORKING: &str = "the chain does not fork another; load a dump with --load-state, or blocks with --import";
const PHRASE: &str = "give a phrase with --mnemonic";
const CODE_SIZE: &str = "the fork's limits of code hold; --hardfork chooses the fork";

/// Flags that ask for what this chain does not do, and why, or what to do instead.
const REFUSED: &[(&str, Option<char>, &str)] = &[
    ("fork-url", Some('f'), NO_FORKING),
    ("rpc-url", None, NO_FORKING),
    ("fork-block-number", None, NO_FORKING),
    ("fork-chain-id", None, NO_FORKING),
    ("fork-header", None, NO_FORKING),
    ("fork-retry-backoff", None, NO_FORKING),
    ("fork-transaction-hash", None, NO_FORKING),
    ("compute-units-per-second", None, NO_FORKING),
    ("no-rate-limit", None, NO_FORKING),
    ("no-rpc-rate-limit", None, NO_FORKING),
    ("no-storage-caching", None, NO_FORKING),
    ("retries", None, NO_FORKING),
    ("timeout", None, NO_FORKING),
    ("network", Some('n'), "the chain is Ethereum's execution layer and no other"),
    ("optimism", None, "the chain is Ethereum's execution layer and no other"),
    ("celo", None, "the chain is Ethereum's execution layer and no other"),
    ("mnemonic-random", None, PHRASE),
    ("mnemonic-seed-unsafe", None, PHRASE),
    ("mixed-mining", None, "choose --block-time, or leave it out for a block per transaction"),
    ("max-transactions", None, "a block is bounded by --gas-limit"),
    ("state-interval", Some('s'), "--state keeps every block as it is made"),
    ("code-size-limit", None, CODE_SIZE),
    ("disable-code-size-limit", None, CODE_SIZE),
    ("disable-pool-balance-checks", None, "fund the sender with anvil_setBalance"),
    ("disable-default-create2-deployer", None, "remove it with anvil_setCode"),
    ("no-create2", None, "remove it with anvil_setCode"),
    ("memory-limit", None, "memory is bounded by gas"),
    ("gas-price", None, "choose --block-base-fee-per-gas"),
    ("slots-in-an-epoch", None, "blocks are safe 32 behind the head, and final 64 behind"),
    ("number", None, "give a genesis file with a number to --init"),
    ("no-cors", None, "pages of any origin may call; listen on loopback only with --host 127.0.0.1"),
    ("allow-origin", None, "pages of any origin may call; listen on loopback only with --host 127.0.0.1"),
];

/// Nothing: what these flags ask for is so, or they end the program.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct AnvilFlags;

impl clap::Args for AnvilFlags {
    fn augment_args(mut command: Command) -> Command {
        for (name, short, values) in WITHOUT_EFFECT {
            let flag = hidden(name, *short).help("A flag of anvil's, without effect here");
            command = command.arg(flag.num_args(if *values == 0 { 0..=0 } else { 0..=1 }));
        }
        for (name, short, reason) in REFUSED {
            let flag = hidden(name, *short).help(format!("A flag of anvil's, refused: {reason}"));
            command = command.arg(flag.num_args(0..=1).allow_hyphen_values(true));
        }
        command
    }

    fn augment_args_for_update(command: Command) -> Command {
        Self::augment_args(command)
    }
}

fn hidden(name: &'static str, short: Option<char>) -> Arg {
    let argument = Arg::new(name).long(name).hide(true).action(clap::ArgAction::Append);
    match short {
        Some(short) => argument.short(short),
        None => argument,
    }
}

impl FromArgMatches for AnvilFlags {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, Error> {
        match REFUSED.iter().find(|(name, ..)| matches.contains_id(name)) {
            None => Ok(Self),
            Some((name, _, reason)) => {
                Err(Error::raw(ErrorKind::UnknownArgument, format!("anvil's --{name} is not supported: {reason}\n")))
            }
        }
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), Error> {
        Self::from_arg_matches(matches).map(drop)
    }
}
