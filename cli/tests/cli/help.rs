//! What a newcomer reads first.

use crate::program::run;

#[test]
fn the_help_lists_the_commands_with_examples() {
    insta::assert_snapshot!(run("--help").data());
}

#[test]
fn the_commands_that_others_rely_on_are_there() {
    for command in [
        "up",
        "devnet",
        "deploy",
        "executor run",
        "executor register",
        "stake delegate",
        "request",
        "explain",
        "challenge open",
        "challenge decide",
        "indexer",
        "model verify",
        "model publish",
        "model calibrate",
        "vrf prove",
        "vrf verify",
    ] {
        let help = run(&format!("{command} --help")).data();
        assert!(help.contains(&format!("Usage: infera {command}")), "{help}");
    }
}

#[test]
fn help_fits_a_terminal_and_teaches_by_example() {
    for command in [
        "up",
        "deploy",
        "request",
        "explain",
        "challenge",
        "indexer",
        "executor",
        "executor register",
        "stake",
        "model verify",
        "model calibrate",
        "vrf prove",
    ] {
        let help = run(&format!("{command} --help")).data();
        assert!(help.contains("Example"), "{help}");
        // The usage line can't be broken, so that it can be copied.
        let lines = help.lines().filter(|line| !line.starts_with("Usage: "));
        let longest = lines.max_by_key(|line| line.chars().count()).unwrap();
        assert!(longest.chars().count() <= 100, "{longest:?} of {command}");
    }
}

#[test]
fn flags_that_make_no_sense_exit_with_2() {
    for arguments in
        ["", "request", "up --executors 0", "up --block-time 1", "executor exit --amount 1 --all", "explain 0x12"]
    {
        assert_eq!(run(arguments).status, Some(2), "{arguments}");
    }
}
