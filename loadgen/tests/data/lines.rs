//! Lines as a reader gets them, and the keys in them.

use std::collections::HashMap;
use std::io::Read;
use std::net::TcpListener;
use std::thread;
use std::time::Duration;

use loadgen::ysb::{ADS_PER_CAMPAIGN, CAMPAIGNS, ad_id};
use loadgen::{Data, Distribution, Load, Preset, Stop, Text, send};

/// As many as there are advertisements, so that all presets have as many keys.
pub(crate) const KEYS: usize = CAMPAIGNS * ADS_PER_CAMPAIGN;

/// Data with these keys and nothing between them.
pub(crate) fn data(preset: Preset, distribution: Distribution) -> Data {
    Data {
        preset,
        distribution,
        keys: KEYS,
        error_share: 0.0,
        text_bytes: 4 << 20,
        ..Data::default()
    }
}

/// Whole lines: those that are rendered beforehand, or as many as asked over a socket.
pub(crate) fn bytes_of(data: &Data, records: u64) -> Vec<u8> {
    let is_written_when_due = data.preset == Preset::Ysb
        || matches!(data.distribution, Distribution::Sequential | Distribution::Churn { .. });
    match is_written_when_due {
        true => sent(data, records),
        false => Text::render(data).unwrap().as_bytes().to_vec(),
    }
}

/// What a reader gets over one connection.
fn sent(data: &Data, records: u64) -> Vec<u8> {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let target = listener.local_addr().unwrap().to_string();
    let reader = thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
        let mut bytes = Vec::new();
        stream.read_to_end(&mut bytes).unwrap();
        bytes
    });
    let load = Load { data: data.clone(), records: Some(records), ..Load::default() };
    let summary = send(&[target], &load, &Stop::new(), |_| {}).unwrap();
    assert_eq!(summary.records, records);
    reader.join().unwrap()
}

/// The number of every key in these bytes, in their order.
pub(crate) fn keys_in(preset: Preset, bytes: &[u8]) -> Vec<u64> {
    match preset {
        Preset::Words => numbered(&words_by_rank(), text(bytes).split_ascii_whitespace()),
        Preset::Log => numbered(&words_by_rank(), text(bytes).lines().map(path)),
        Preset::KeyValue => text(bytes).lines().map(key_value).collect(),
        Preset::Ysb => numbered(&ads(), text(bytes).lines().map(ad)),
        Preset::Binary => binary(bytes),
    }
}

fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).unwrap()
}

fn path(line: &str) -> &str {
    line.split_once("\"GET /").unwrap().1.split_once(".html ").unwrap().0
}

fn ad(line: &str) -> &str {
    line.split_once("\"ad_id\":\"").unwrap().1.split_once('"').unwrap().0
}

fn key_value(line: &str) -> u64 {
    line.split_once('\t').unwrap().0.strip_prefix('k').unwrap().parse().unwrap()
}

fn binary(mut bytes: &[u8]) -> Vec<u64> {
    let mut keys = Vec::new();
    while let Some((length, rest)) = bytes.split_first_chunk() {
        let (record, rest) = rest.split_at(u32::from_be_bytes(*length) as usize);
        keys.push(u64::from_le_bytes(*record.first_chunk().unwrap()));
        bytes = rest;
    }
    keys
}

/// Names in the order of their numbers. A name with a number behind it is one of a later round.
fn numbered<'a>(names: &[String], found: impl Iterator<Item = &'a str>) -> Vec<u64> {
    let numbers: HashMap<&str, u64> =
        names.iter().map(String::as_str).zip(0..names.len() as u64).collect();
    let number = |found: &str| {
        if let Some(number) = numbers.get(found) {
            return *number;
        }
        let name = found.trim_end_matches(|c: char| c.is_ascii_digit());
        numbers[name] + names.len() as u64 * found[name.len()..].parse::<u64>().unwrap()
    };
    found.map(number).collect()
}

/// The words from the most frequent on: in a sequence they come in this order.
fn words_by_rank() -> Vec<String> {
    let text = Text::render(&data(Preset::Words, Distribution::Sequential)).unwrap();
    let words = std::str::from_utf8(text.as_bytes()).unwrap().split_ascii_whitespace();
    words.take(KEYS).map(str::to_owned).collect()
}

fn ads() -> Vec<String> {
    (0..KEYS).map(ad_id).collect()
}
