//! Ten thousand cases, each asked everything: natively against the naive models, and, by way of the file that
//! `EVENTHUB_CASES` names, in WebAssembly (`tests/cases.mjs`).

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufWriter, Write};

use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use serde::Serialize;
use serde_json::{Value, json};

use super::case::{Case, TYPES, case};
use super::{funnels, merged_blocks, tables};
use eventhub_core::UserId;
use eventhub_core::part::EncodedPart;

const CASES: usize = 10_000;

#[test]
fn ten_thousand_cases_equal_the_naive_models() {
    let rng = TestRng::deterministic_rng(RngAlgorithm::ChaCha);
    let mut runner = TestRunner::new_with_rng(Config::default(), rng);
    let mut file = std::env::var_os("EVENTHUB_CASES")
        .map(|path| BufWriter::new(File::create(path).expect("the file of cases can be made")));
    let (mut wide, mut across, mut within, mut runs, mut full) = (0, 0, 0, 0, 0);
    for number in 0..CASES {
        let case = case().new_tree(&mut runner).expect("every case is one").current();
        let parts = case.parts();
        wide += usize::from(case.is_wide(&parts));
        across += usize::from(case.merges(false));
        within += usize::from(case.merges(true));
        runs += usize::from(case.has_runs());
        let funnel = funnels::check(&case, &parts);
        let retention = tables::check_retention(&case, &parts);
        let trends = tables::check_trends(&case, &parts);
        full += usize::from(funnel.steps.iter().skip(1).any(|step| step.count > 0));
        if let Some(file) = &mut file {
            let mut record = Record::new(&case, &parts);
            record.ask("funnel", funnels::question(&case), &funnel);
            record.ask("retention", tables::retention_question(&case), &retention);
            record.ask("trends", tables::trends_question(&case), &trends);
            record.write(file).unwrap_or_else(|error| panic!("case {number}: {error}"));
        }
    }
    if let Some(mut file) = file {
        file.flush().expect("the file of cases can be written");
    }
    assert!(
        wide * 2 >= CASES,
        "only {wide} of {CASES} cases have three blocks and three parts of a type"
    );
    assert!(across * 4 >= CASES, "only {across} cases merge persons of different blocks");
    assert!(within * 4 >= CASES, "only {within} cases merge persons of one block");
    assert!(runs * 40 >= CASES, "only {runs} cases have a merged user of many events");
    assert!(full * 4 >= CASES, "only {full} funnels are gone through");
}

/// A case as the file holds it: the length of a JSON text, the text, the length of the bytes that its places refer to,
/// and the bytes.
struct Record {
    header: BTreeMap<&'static str, Value>,
    questions: Vec<Value>,
    bytes: Vec<u8>,
}

impl Record {
    fn new(case: &Case, parts: &[Vec<EncodedPart>]) -> Self {
        let mut bytes = Vec::new();
        let mut place = |added: &[u8]| {
            let from = bytes.len();
            bytes.extend_from_slice(added);
            json!([from, added.len()])
        };
        let mut files = BTreeMap::new();
        for (name, parts) in TYPES.iter().zip(parts) {
            let parts: Vec<Value> = parts.iter().map(|part| place(&part.to_bytes())).collect();
            files.insert(*name, parts);
        }
        let merged: Vec<Value> = merged_blocks(case)
            .iter()
            .map(|(block, entries)| json!([block, place(entries)]))
            .collect();
        let canonical = case.canonical();
        let allowed = case.allowed.as_ref().map(|places| -> Vec<UserId> {
            places.iter().map(|place| canonical[*place]).collect()
        });
        let header = BTreeMap::from([
            ("parts", json!(files)),
            ("merged", json!(merged)),
            ("allowed", json!(allowed)),
            ("now", json!(funnels::now_ms(case))),
        ]);
        Self { header, questions: Vec::new(), bytes }
    }

    /// Notes a question with its answer, but for one about properties of users, which the browser does not have.
    fn ask(&mut self, name: &str, question: Value, answer: &impl Serialize) {
        if question["breakdown"]["of"] != "user" {
            let answer: String = serde_json::to_string(answer).expect("an answer is JSON");
            self.questions.push(json!([name, question, answer]));
        }
    }

    fn write(mut self, file: &mut impl Write) -> std::io::Result<()> {
        self.header.insert("questions", self.questions.into());
        let header = serde_json::to_vec(&self.header).expect("a record is JSON");
        for bytes in [&header, &self.bytes] {
            file.write_all(&(bytes.len() as u32).to_le_bytes())?;
            file.write_all(bytes)?;
        }
        Ok(())
    }
}
