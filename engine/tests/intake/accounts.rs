//! The accounts of every batch: what came in is what is reported, and time only goes forward.

use std::collections::BTreeMap;
use std::io::Write;
use std::net::TcpListener;

use millstream::Conf;

use crate::rig::{Rig, accept, client_of, conf};

/// Two listeners and a server that is dialled, all counted by word.
fn three_sources(conf: Conf) -> (Rig<(String, u64)>, TcpListener) {
    let server = TcpListener::bind("127.0.0.1:0").expect("a port is free");
    let target = server.local_addr().expect("it is bound").to_string();
    let rig = Rig::start(conf, move |s, out| {
        let listened = s.listen_text_stream(":0").union(&s.listen_text_stream(":0"));
        let all = listened.union(&s.socket_text_stream(target.as_str()));
        let counts = all.words().map(|w| (w, 1u64)).reduce_by_key(|a, b| a + b);
        out.collect(&counts.map(|(word, n)| (word.to_owned(), n)));
        Ok(())
    });
    (rig, server)
}

/// What a source is sent in a batch: lines, one of them too long, and the last without its line
/// end.
fn text(source: usize, batch: usize) -> String {
    let lines: String = (0..100 * source + batch).map(|n| format!("s{source} n{n}\n")).collect();
    format!("{lines}{}\nlast s{source}", "x".repeat(40))
}

fn accounts_add_up(early: bool) {
    let (rig, server) = three_sources(conf().max_line_bytes(32).early_work(early));
    let addresses = rig.running.listening().to_vec();
    for batch in 1..=4 {
        let mut expected = BTreeMap::new();
        for (source, address) in addresses.iter().enumerate() {
            let sent = text(source, batch);
            client_of(*address).write_all(sent.as_bytes()).expect("the engine reads");
        }
        accept(&server).write_all(text(2, batch).as_bytes()).expect("the engine reads");
        rig.ear.wait_for_ends(3 * batch);
        for source in 0..3 {
            let sent = text(source, batch);
            for word in sent.lines().filter(|line| line.len() <= 32).flat_map(|l| l.split(' ')) {
                *expected.entry(word.to_string()).or_insert(0) += 1;
            }
        }
        let counted: BTreeMap<_, _> = rig.batch().into_iter().collect();
        assert_eq!(counted, expected, "batch {batch}");

        let report = rig.report();
        for (source, of_it) in report.sources.iter().enumerate() {
            let lines = of_it.lines;
            assert_eq!(lines.records, (100 * source + batch + 1) as u64);
            assert_eq!((lines.rejected, lines.unterminated), (1, 1));
            // A block's last line has got the line end that its sender left out.
            assert_eq!(of_it.bytes, text(source, batch).len() as u64 + 1);
        }
        assert_eq!(report.records, report.sources.iter().map(|s| s.lines.records).sum::<u64>());
        assert_eq!(report.bytes, report.sources.iter().map(|s| s.bytes).sum::<u64>());
        assert!(report.early_bytes <= report.bytes && (early || report.early_bytes == 0));
    }
    let reports = rig.ear.reports();
    assert_eq!(reports.iter().map(|r| r.bytes).sum::<u64>(), rig.running.received_bytes());
    for report in reports {
        assert!(report.succeeded(), "{report:?}");
        assert!(report.scheduling_delay_ms >= 0.0 && report.processing_ms >= 0.0, "{report:?}");
        let sum = report.scheduling_delay_ms + report.processing_ms;
        assert!((report.total_delay_ms - sum).abs() < 1e-6, "{report:?}");
    }
}

#[test]
fn accounts_add_up_with_early_work() {
    accounts_add_up(true);
}

#[test]
fn accounts_add_up_with_everything_at_the_batchs_turn() {
    accounts_add_up(false);
}

#[test]
fn lines_are_counted_also_where_no_output_reads_them() {
    let rig: Rig = Rig::start(conf(), |s, _| {
        s.listen_text_stream(":0").for_each_rdd(|_, _| {});
        Ok(())
    });
    rig.send(b"one\ntwo\n");
    rig.batch();
    assert_eq!((rig.report().records, rig.report().bytes), (2, 8));
}
