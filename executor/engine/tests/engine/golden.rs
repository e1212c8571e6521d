//! The same vectors as Python's sentence-transformers, and the same bits every time.

use infera_engine::{Device, ModelDirectory, SentenceEncoder, tch, unchanged};
use serde::Deserialize;

use crate::{cosine_distance, real_model};

/// Written by `tests/golden/make.py`.
#[derive(Deserialize)]
struct Fixture {
    max_length: u32,
    texts: Vec<Text>,
    zero_shot: ZeroShot,
}

#[derive(Deserialize)]
struct Text {
    text: String,
    tokens: Vec<u32>,
    /// Little-endian float32 in hexadecimal.
    vector: String,
}

#[derive(Deserialize)]
pub(crate) struct ZeroShot {
    pub(crate) text: String,
    pub(crate) labels: Vec<String>,
    pub(crate) cosines: Vec<f64>,
}

fn fixture() -> Fixture {
    serde_json::from_str(include_str!("../golden/embeddings.json")).unwrap()
}

/// A text, labels and their cosines by sentence-transformers.
pub(crate) fn zero_shot() -> ZeroShot {
    fixture().zero_shot
}

/// Texts of all kinds: short, long, accented, in other scripts.
pub(crate) fn texts() -> Vec<String> {
    fixture().texts.into_iter().map(|text| text.text).collect()
}

fn encoder() -> SentenceEncoder {
    SentenceEncoder::load(&ModelDirectory::open(real_model()).unwrap(), Device::Cpu, unchanged()).unwrap()
}

#[test]
fn tokens_and_vectors_are_those_of_sentence_transformers() {
    let fixture = fixture();
    let encoder = encoder();
    assert_eq!(encoder.manifest().max_length, fixture.max_length);
    for Text { text, tokens, vector } in fixture.texts {
        let found = encoder.tokens(&text).unwrap();
        assert_eq!(found, tokens, "{text:?}");
        let expected: Vec<f32> =
            hex::decode(vector).unwrap().as_chunks().0.iter().copied().map(f32::from_le_bytes).collect();
        let found = encoder.embed(&found).unwrap();
        let largest = found.iter().zip(&expected).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
        let distance = cosine_distance(&found, &expected);
        println!("1 - cos {distance:.1e}, largest difference {largest:.1e}, {} tokens", tokens.len());
        assert!(largest < 1e-6, "{text:?}: an element is off by {largest}");
        assert!(distance < 1e-10, "{text:?}: 1 - cos is {distance}");
    }
}

#[test]
fn a_text_has_the_same_bits_in_every_engine_and_for_every_number_of_threads() {
    let embed_all = |threads: i32| -> Vec<Vec<f32>> {
        // On a thread of its own, since libtorch counts threads per caller.
        let embed = move || {
            tch::set_num_threads(threads);
            let encoder = encoder();
            texts().iter().map(|text| encoder.embed(&encoder.tokens(text).unwrap()).unwrap()).collect()
        };
        std::thread::spawn(embed).join().unwrap()
    };
    let first = embed_all(1);
    assert_eq!(first, embed_all(1), "a second run differs");
    assert_eq!(first, embed_all(2), "two threads differ from one");
}

#[test]
#[ignore = "needs a CUDA device and a libtorch that has its CUDA part"]
fn a_cuda_device_gives_the_vectors_of_the_processor() {
    let directory = ModelDirectory::open(real_model()).unwrap();
    let cuda = SentenceEncoder::load(&directory, Device::Cuda(0), unchanged()).unwrap();
    let processor = encoder();
    for text in texts() {
        let tokens = processor.tokens(&text).unwrap();
        let distance = cosine_distance(&processor.embed(&tokens).unwrap(), &cuda.embed(&tokens).unwrap());
        println!("1 - cos {distance:.1e}, {} tokens", tokens.len());
        assert!(distance < 1e-9, "{text:?}: 1 - cos is {distance}");
    }
}
