//! What `--help` shows. A test runs every example.

pub(crate) const ALL: &str = "\
Examples:
  Feed a client that dials in, at a hundred thousand lines a second, until Ctrl-C:
    loadgen serve --listen 127.0.0.1:7777 --rate 100k

  See what a listener can take, over four connections for twenty seconds:
    loadgen send --connect 127.0.0.1:7777 --connections 4 --for 20s

  Prove that nothing was lost on the way:
    loadgen send --connect 127.0.0.1:7777 --preset stamped --records 1000000 --json > sent.json
    loadgen check --sent sent.json received.txt

Exit codes:
  0  done, or stopped by a first Ctrl-C or SIGTERM; a second aborts
  1  failed: port in use, target not there, hung up or not reading; lines lost or torn, or not
     acknowledged; a file that cannot be replayed
  2  usage
  4  an objective was missed
  5  the schedule was not held within 1 %: the run is not valid";

pub(crate) const SERVE: &str = "\
Examples:
  A stream to look at:
    loadgen serve --rate 2

  ... in another terminal:
    nc 127.0.0.1 7777

  Exactly one million lines for two clients together, the summary as JSON:
    loadgen serve --connections 2 --records 1000000 --json

  Long lines of a large, flat vocabulary:
    loadgen serve --vocabulary 1000000 --distribution uniform --line-bytes 1000

  Pairs for sums by key, of keys that come and go:
    loadgen serve --preset kv --keys 100000 --distribution churn:100 --rate 500k

  A day in two minutes, at random moments:
    loadgen serve --preset log --rate poisson:sine:1k..50k/2m

  The lines of a log, ten times as fast as they were written:
    loadgen serve --replay access.log --speed 10";

pub(crate) const SEND: &str = "\
Examples:
  All that a reader takes:
    loadgen send --connect 127.0.0.1:7777 --for 10s

  A rate that must be held, after five seconds that do not count:
    loadgen send --connect 127.0.0.1:7777 --rate 100k --for 30s --warm-up 5s --objective 'lag.p99<5ms'

  Ten thousand connections with a line a second each:
    loadgen send --connect 127.0.0.1:7777 --connections 10000 --rate 10k --for 60s

  Lines that show whether any was lost or swapped, over two targets:
    loadgen send --connect 127.0.0.1:7777 --connect 127.0.0.1:7778 --stamped --records 1000000

  Lines that are sent until they are acknowledged, however often the other side dies and comes back:
    loadgen send --connect 127.0.0.1:7777 --acknowledged --stamped --rate 50k --for 60s

  The same with connections that are reset, and a name to go on under after this program was killed:
    loadgen send --connect 127.0.0.1:7777 --acknowledged --sender tried --records 100000 --lines-per-connection 5000 --end reset

  A bad network: pieces of a few bytes, silences, connections that end by a reset:
    loadgen send --connect 127.0.0.1:7777 --rate 1k --chop 7 --stall 1s/10s --lines-per-connection 500 --end reset";

pub(crate) const CHECK: &str = "\
Examples:
  Lines that a server received, against what was sent:
    loadgen check --sent sent.json received.txt

  The output of a job, in several files; each source tells its own end:
    loadgen check out/part-00000 out/part-00001

Exit codes:
  0  whole, and every source has told its end
  1  something is lost, doubled, torn, foreign or altered, or may be missing, or nothing has come
  2  usage";

pub(crate) const COMPLETIONS: &str = "\
Examples:
    loadgen completions bash > ~/.local/share/bash-completion/completions/loadgen
    loadgen completions fish > ~/.config/fish/completions/loadgen.fish";

pub(crate) const MAN: &str = "\
Examples:
    loadgen man > loadgen.1
    loadgen man serve > loadgen-serve.1";
