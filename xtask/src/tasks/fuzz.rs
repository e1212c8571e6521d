//! `cargo xtask fuzz`

use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::{Context, Result};

use crate::{checkout::Checkout, process, progress::say};

/// What reads what strangers wrote.
#[derive(Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Target {
    /// JSON-RPC requests and batches.
    Rpc,
    /// Files of RLP blocks.
    Import,
    /// Block logs.
    BlockLog,
    /// Dumps of the state.
    Dump,
    /// Genesis files.
    Genesis,
}

#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// How long, all targets together
    #[arg(long, default_value_t = 60, value_name = "SECONDS", value_parser = clap::value_parser!(u64).range(1..))]
    seconds: u64,
    /// Where the inputs come from; the clock unless given. The same seed makes the same inputs
    #[arg(long, value_name = "NUMBER")]
    seed: Option<u64>,
    /// These only
    #[arg(long, value_delimiter = ',', value_name = "TARGET,…")]
    only: Vec<Target>,
    /// Build in release mode: minutes once, and then several times as many inputs a second
    #[arg(long)]
    release: bool,
}

pub(crate) fn run(checkout: &Checkout, arguments: &Arguments) -> Result<()> {
    let seed = match arguments.seed {
        Some(seed) => seed,
        None => SystemTime::now().duration_since(UNIX_EPOCH).context("the clock is before 1970")?.as_secs(),
    };
    say(format_args!("fuzzing for {} s; --seed {seed} repeats it", arguments.seconds));
    let mut cargo = checkout.cargo();
    cargo.args(["test", "--package", "infera-devnet", "--test", "fuzz"]);
    if arguments.release {
        cargo.arg("--release");
    }
    cargo.args(["--", "--ignored", "--exact", "--nocapture", "fuzz_for_a_while"]);
    cargo.env("FUZZ_SECONDS", arguments.seconds.to_string());
    cargo.env("FUZZ_SEED", seed.to_string());
    cargo.env("FUZZ_TARGETS", names(&arguments.only));
    process::run(&mut cargo)
}

/// The targets' names, all if none is asked for.
fn names(only: &[Target]) -> String {
    use clap::ValueEnum;
    let wanted = if only.is_empty() { Target::value_variants() } else { only };
    let names: Vec<_> = wanted.iter().filter_map(ValueEnum::to_possible_value).collect();
    names.iter().map(clap::builder::PossibleValue::get_name).collect::<Vec<_>>().join(",")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn targets_are_named_as_the_fuzzer_names_them() {
        assert_eq!(names(&[]), "rpc,import,block-log,dump,genesis");
        assert_eq!(names(&[Target::BlockLog]), "block-log");
    }
}
