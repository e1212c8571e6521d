//! Measures what the project promises to be fast or cheap at, and prints tables.

use std::{io::Write, path::PathBuf};

use anyhow::{Context, Result};
use clap::{Parser, ValueEnum};
use infera_tests::bench::{self, Table, engine::python, engine::python::Python, machine, machine::Machine};

/// Measures: event to commitment, engine latency, gas, the demo, the devnet.
///
/// Tables go to stdout, progress to stderr. Close other programs for figures worth keeping.
#[derive(Parser)]
#[command(name = "infera-bench")]
struct Arguments {
    /// Measure these only.
    #[arg(long, value_delimiter = ',', value_name = "NAME,…")]
    only: Vec<Bench>,
    /// Rounds in which our engine and sentence-transformers, or the devnet and anvil, take turns.
    #[arg(long, default_value_t = 5, value_name = "N", value_parser = at_least_one)]
    rounds: usize,
    /// Jobs after a network's first.
    #[arg(long, default_value_t = 20, value_name = "N", value_parser = at_least_one)]
    jobs: usize,
    /// Runs of the demo.
    #[arg(long, default_value_t = 3, value_name = "N", value_parser = at_least_one)]
    demos: usize,
    /// A Python interpreter that has sentence-transformers; else the one in .infera/bench-python, if it is there.
    #[arg(long, env = "INFERA_BENCH_PYTHON", value_name = "PATH")]
    python: Option<PathBuf>,
    /// Install sentence-transformers into .infera/bench-python first (5 GB).
    #[arg(long, conflicts_with = "python")]
    set_up_python: bool,
    /// Print JSON.
    #[arg(long)]
    json: bool,
    /// Put the tables into the book's page of benchmarks, too.
    #[arg(long)]
    write_book: bool,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Bench {
    /// Latency of an embedding, beside sentence-transformers.
    Engine,
    /// From the beacon to the executors' commitments.
    Commitment,
    /// Gas of every transaction of a job.
    Gas,
    /// From the start of the demo to its first callback.
    Demo,
    /// Latency, transactions a second and memory of the devnet, beside anvil and in process.
    Devnet,
}

fn at_least_one(text: &str) -> Result<usize, String> {
    match text.parse() {
        Ok(0) => Err("at least 1 is needed".to_owned()),
        Ok(number) => Ok(number),
        Err(error) => Err(format!("{text:?} is not a whole number: {error}")),
    }
}

impl Arguments {
    fn wants(&self, bench: Bench) -> bool {
        self.only.is_empty() || self.only.contains(&bench)
    }

    /// The command that repeats the measurement, without the paths of this machine.
    fn command(&self) -> String {
        let mut command = match machine::profile() {
            "release profile" => "cargo xtask bench".to_owned(),
            _ => "cargo run --package infera-tests --bin infera-bench --".to_owned(),
        };
        let names: Vec<String> =
            self.only.iter().filter_map(|bench| Some(bench.to_possible_value()?.get_name().to_owned())).collect();
        if !names.is_empty() {
            command += &format!(" --only {}", names.join(","));
        }
        for (flag, value, default) in
            [("--rounds", self.rounds, 5), ("--jobs", self.jobs, 20), ("--demos", self.demos, 3)]
        {
            if value != default {
                command += &format!(" {flag} {value}");
            }
        }
        if self.python.is_some() {
            command += " --python PATH";
        }
        if self.write_book {
            command += " --write-book";
        }
        command
    }
}

#[tokio::main]
async fn main() -> Result<()> {
    tracing_subscriber::fmt()
        .with_env_filter(tracing_subscriber::EnvFilter::from_default_env())
        .with_writer(std::io::stderr)
        .init();
    let arguments = Arguments::parse();
    let machine = Machine::this();
    let tables = measure(&arguments).await?;
    let made_by = format!("Measured on {machine}; {}; `{}`.", machine::profile(), arguments.command());
    let mut stdout = std::io::stdout();
    if arguments.json {
        let tables: Vec<_> = tables.iter().map(Table::json).collect();
        let report = serde_json::json!({
            "machine": machine,
            "profile": machine::profile(),
            "command": arguments.command(),
            "tables": tables,
        });
        writeln!(stdout, "{report:#}")?;
    } else {
        for table in &tables {
            writeln!(stdout, "== {}\n\n{}", table.name, table.markdown())?;
        }
        writeln!(stdout, "{made_by}")?;
    }
    if arguments.write_book {
        let page = bench::book::write(&tables, &made_by)?;
        say(&format!("written into {}", page.display()));
    }
    Ok(())
}

async fn measure(arguments: &Arguments) -> Result<Vec<Table>> {
    if arguments.wants(Bench::Demo) {
        // Before minutes are spent on the others.
        bench::demo::check()?;
    }
    if arguments.wants(Bench::Devnet) {
        bench::devnet::check()?;
    }
    let mut tables = Vec::new();
    if arguments.wants(Bench::Engine) {
        let (rounds, named, set_up) = (arguments.rounds, arguments.python.clone(), arguments.set_up_python);
        let measuring = tokio::task::spawn_blocking(move || {
            if set_up {
                python::set_up(&say).context("setting up a Python with sentence-transformers")?;
            }
            bench::engine::table(rounds, &Python::find(named), &say)
        });
        tables.push(measuring.await.context("measuring the engine")??);
    }
    if arguments.wants(Bench::Commitment) || arguments.wants(Bench::Gas) {
        let jobs = bench::jobs::run(arguments.jobs, &say).await?;
        if arguments.wants(Bench::Commitment) {
            tables.push(bench::commitment::table(&jobs));
        }
        if arguments.wants(Bench::Gas) {
            tables.push(bench::gas::table(&jobs));
        }
    }
    if arguments.wants(Bench::Demo) {
        tables.push(bench::demo::table(arguments.demos, &say).await?);
    }
    if arguments.wants(Bench::Devnet) {
        tables.push(bench::devnet::table(arguments.rounds, &say).await?);
        tables.push(bench::devnet::in_process::table(arguments.rounds, &say).await?);
    }
    Ok(tables)
}

/// Progress, for people.
fn say(line: &str) {
    // Nothing is lost when the terminal has gone.
    let _ = writeln!(std::io::stderr(), "bench: {line}");
}
