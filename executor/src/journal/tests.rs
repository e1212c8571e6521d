//! What a journal keeps, and what it refuses.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic)]
use super::*;

const IDENTITY: Identity = Identity { chain_id: 1, registry: Address::ZERO, signer: Address::ZERO };

fn record(id: u8, block: u64) -> JobRecord {
    JobRecord {
        id: B256::with_last_byte(id),
        block,
        terms: Terms { maxUnits: 9, ..Default::default() },
        input: b"text".to_vec(),
        parameters: vec![1],
        input_uri: String::new(),
        failure: None,
    }
}

fn block(number: u64) -> BlockReference {
    BlockReference { number, hash: B256::with_last_byte(u8::try_from(number).unwrap()) }
}

#[tokio::test]
async fn jobs_answers_and_cursor_survive_a_restart() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("journal.sqlite");
    let answer = StoredAnswer { result: vec![1], vector: vec![2, 3], units: 4 };
    {
        let journal = Journal::open(&path, IDENTITY).await.unwrap();
        journal.record_block(block(5), &[record(1, 5)]).await.unwrap();
        journal.record_answer(B256::with_last_byte(1), &answer).await.unwrap();
        journal.close().await;
    }
    let journal = Journal::open(&path, IDENTITY).await.unwrap();
    assert_eq!(journal.recent_blocks().await.unwrap(), vec![block(5)]);
    let jobs = journal.open_jobs().await.unwrap();
    assert_eq!((jobs.len(), jobs[0].terms.maxUnits, jobs[0].input.as_slice()), (1, 9, b"text".as_slice()));
    assert_eq!(journal.answer(B256::with_last_byte(1)).await.unwrap(), Some(answer));
}

#[tokio::test]
async fn the_first_answer_to_a_job_stays() {
    let directory = tempfile::tempdir().unwrap();
    let journal = Journal::open(&directory.path().join("journal.sqlite"), IDENTITY).await.unwrap();
    let job = B256::with_last_byte(1);
    for result in [1, 2] {
        let answer = StoredAnswer { result: vec![result], vector: vec![], units: 1 };
        journal.record_answer(job, &answer).await.unwrap();
    }
    assert_eq!(journal.answer(job).await.unwrap().unwrap().result, vec![1]);
}

#[tokio::test]
async fn a_rollback_moves_the_cursor_back_and_reopens_jobs() {
    let directory = tempfile::tempdir().unwrap();
    let journal = Journal::open(&directory.path().join("journal.sqlite"), IDENTITY).await.unwrap();
    journal.record_block(block(5), &[record(1, 5)]).await.unwrap();
    journal.record_block(block(6), &[]).await.unwrap();
    journal.close_job(B256::with_last_byte(1)).await.unwrap();
    assert!(journal.open_jobs().await.unwrap().is_empty());
    journal.roll_back(6).await.unwrap();
    assert_eq!(journal.recent_blocks().await.unwrap(), vec![block(5)]);
    assert_eq!(journal.open_jobs().await.unwrap().len(), 1);
}

#[tokio::test]
async fn a_journal_of_another_signer_is_refused() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("journal.sqlite");
    Journal::open(&path, IDENTITY).await.unwrap().close().await;
    let other = Identity { signer: Address::with_last_byte(9), ..IDENTITY };
    let error = Journal::open(&path, other).await.unwrap_err().to_string();
    assert!(error.contains("belongs to signer") && error.contains("another file"), "{error}");
}

#[tokio::test]
async fn a_file_that_is_no_database_is_refused_by_name() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("journal.sqlite");
    std::fs::write(&path, vec![7_u8; 4096]).unwrap();
    let error = Journal::open(&path, IDENTITY).await.unwrap_err().to_string();
    assert!(error.contains("journal.sqlite"), "{error}");
}

#[tokio::test]
async fn a_job_that_is_requested_again_gets_a_new_chance() {
    let directory = tempfile::tempdir().unwrap();
    let journal = Journal::open(&directory.path().join("journal.sqlite"), IDENTITY).await.unwrap();
    let elsewhere = JobRecord { input: vec![], input_uri: "http://gone".to_owned(), ..record(1, 5) };
    journal.record_block(block(5), &[elsewhere]).await.unwrap();
    journal.record_failure(B256::with_last_byte(1), "no input").await.unwrap();
    journal.close_job(B256::with_last_byte(1)).await.unwrap();
    journal.roll_back(5).await.unwrap();
    journal.record_block(block(7), &[record(1, 7)]).await.unwrap();
    let jobs = journal.open_jobs().await.unwrap();
    let [job] = jobs.as_slice() else { panic!("{jobs:?}") };
    assert_eq!((job.block, job.failure.as_deref(), job.input_uri.as_str()), (7, None, ""));
    assert_eq!(job.input, b"text");
}
