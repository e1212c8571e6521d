//! An explanation as text for people.

use std::fmt;

use super::{
    Explanation, Step,
    text::{clock, counted, date, grouped, short},
};

impl fmt::Display for Explanation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "Job {}", self.job)?;
        writeln!(f, "{}", self.summary)?;
        let mut shown = String::new();
        for step in &self.steps {
            let day = date(step.timestamp);
            if day != shown {
                writeln!(f, "\n{day} (times in UTC)")?;
                shown = day;
            }
            write_step(f, step)?;
        }
        self.write_comparisons(f)?;
        if self.gas_used != 0 {
            writeln!(
                f,
                "\n{} in {}, {} gas.",
                self.phase,
                counted(self.steps.len(), "transaction"),
                grouped(self.gas_used)
            )?;
        }
        if let Some(waiting_for) = &self.waiting_for {
            writeln!(f, "\nWaits for {waiting_for}{}.", self.time_left())?;
        }
        if let Some(way_out) = &self.way_out {
            writeln!(f, "Way out: {way_out}.")?;
        }
        Ok(())
    }
}

fn write_step(f: &mut fmt::Formatter<'_>, step: &Step) -> fmt::Result {
    write!(f, "  {}  block {}, transaction {}", clock(step.timestamp), step.block, short(&step.transaction))?;
    match step.gas_used {
        Some(gas) => writeln!(f, ", {} gas", grouped(gas))?,
        None => writeln!(f)?,
    }
    for event in &step.events {
        writeln!(f, "            {event}")?;
    }
    Ok(())
}

impl Explanation {
    fn write_comparisons(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.comparisons.is_empty() {
            return Ok(());
        }
        write!(f, "\nHow far the answers' vectors are apart (1 − cosine, in parts per billion")?;
        match self.accepted_distance_ppb {
            Some(accepted) => writeln!(f, "; up to {} is the same)", grouped(accepted.into()))?,
            None => writeln!(f, ")")?,
        }
        for comparison in &self.comparisons {
            let (a, b) = comparison.executors;
            let distance = match comparison.cosine_distance_ppb {
                Some(ppb) => grouped(ppb.into()),
                None => "not comparable".into(),
            };
            let verdict = match comparison.agree {
                Some(true) => "  same answer",
                Some(false) => "  different answers",
                None => "",
            };
            writeln!(f, "  executors {a} and {b}: {distance:>14}{verdict}")?;
        }
        Ok(())
    }

    fn time_left(&self) -> String {
        match self.seconds_left {
            Some(seconds) if seconds >= 0 => format!(" ({seconds} s left)"),
            Some(seconds) => format!(" ({} s ago)", seconds.unsigned_abs()),
            None => String::new(),
        }
    }
}
