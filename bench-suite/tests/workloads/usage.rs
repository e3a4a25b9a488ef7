//! Flags that do not go with a workload, or with each other.

use crate::fed::bench_suite;

#[test]
fn what_does_not_go_together_is_said_and_ends_with_2() {
    let cases: [(&[&str], &str); 11] = [
        (&["count", "--top", "3"], "count has no use for --top, which is for top-words"),
        (&["grep", "--window", "5s"], "stream-join"),
        (&["sessions", "--slide", "5s"], "sessions has no use for --slide"),
        (&["top-words", "--idle", "5s"], "which is for sessions; leave it out"),
        (&["top-words", "--slide", "5s"], "give both, as in --window 50000ms --slide 5000ms"),
        (&["top-words", "--top", "0"], "at least 1"),
        (&["windowed-word-count", "--window", "1500ms"], "length of 1500 ms"),
        (&["windowed-word-count-inverse", "--window", "0s"], "at least 1 ms"),
        (&["top-words", "--window", "4s", "--slide", "300ms"], "slide of 300 ms"),
        (&["stream-join"], "there is 1; give --connect twice, --connections 2, or --listen"),
        (
            &["stream-join", "--connections", "2", "--window", "1h", "--memory", "64MiB"],
            "a window of raw records over 3600000 ms",
        ),
    ];
    for (flags, said) in cases {
        let args = [&["job", "--connect", "127.0.0.1:9"], flags].concat();
        let output = bench_suite(&args).output().unwrap();
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{flags:?}: {stderr}");
        assert!(stderr.contains(said), "{flags:?} should say {said:?}: {stderr}");
    }
}
