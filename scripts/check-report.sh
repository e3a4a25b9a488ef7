#!/usr/bin/env bash
# Opens a report in headless chromium, and fails if it fetches anything, if the console has an error, or
# if a plot that the page says it has is not to be seen. Leaves a picture of it beside it, or at OUT.
#     scripts/check-report.sh FILE [OUT.png] [--dark] [--width 420]
# Exit codes: 0 good, 1 not, 2 wrong usage.
set -euo pipefail
chromium=${CHROMIUM:-$(command -v chromium || command -v google-chrome || true)}
[ -n "$chromium" ] || { echo "there is no chromium; install it, or name one with CHROMIUM=" >&2; exit 1; }
CHROMIUM=$chromium exec timeout --kill-after=5 120 python3 - "$@" <<'END'
import argparse, base64, json, os, pathlib, subprocess, tempfile
args = argparse.ArgumentParser(prog="check-report.sh")
args.add_argument("file", type=pathlib.Path)
args.add_argument("out", type=pathlib.Path, nargs="?")
args.add_argument("--dark", action="store_true")
args.add_argument("--width", type=int, default=1200)
args = args.parse_args()
if not args.file.is_file(): raise SystemExit(f"there is no file {args.file}")
page = args.file.resolve().as_uri()
to_browser, from_us = os.pipe()
from_browser, to_us = os.pipe()
with tempfile.TemporaryDirectory() as profile:
    flags = ["--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--remote-debugging-pipe"]
    wire = f'exec "$0" "$@" 3<&{to_browser} 4>&{to_us}'
    browser = subprocess.Popen(["bash", "-c", wire, os.environ["CHROMIUM"], *flags, f"--user-data-dir={profile}"],
                               pass_fds=[to_browser, to_us], stderr=subprocess.DEVNULL)
    os.close(to_us)
    answers, events, number = os.fdopen(from_browser, "rb"), [], 0
    def message():
        text = bytearray()
        while (byte := answers.read(1)) != b"\0":
            if not byte: raise SystemExit("chromium has ended before it was done")
            text += byte
        return json.loads(text)
    def call(method, session=None, **params):
        global number
        number += 1
        call = {"id": number, "method": method, "params": params} | ({"sessionId": session} if session else {})
        os.write(from_us, json.dumps(call).encode() + b"\0")
        while (answer := message()).get("id") != number: events.append(answer)
        if "error" in answer: raise SystemExit(f"{method}: {answer['error']['message']}")
        return answer["result"]
    target = call("Target.createTarget", url="about:blank")["targetId"]
    tab = call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
    for domain in ["Network", "Runtime", "Log", "Page"]: call(f"{domain}.enable", tab)
    scheme = {"name": "prefers-color-scheme", "value": "dark" if args.dark else "light"}
    call("Emulation.setEmulatedMedia", tab, features=[scheme])
    call("Emulation.setDeviceMetricsOverride", tab, width=args.width, height=900, deviceScaleFactor=1, mobile=False)
    call("Page.navigate", tab, url=page)
    while not any(e["method"] == "Page.loadEventFired" for e in events): events.append(message())
    look = """({said: +document.body.dataset.plots, overflow: document.documentElement.scrollWidth > innerWidth,
      seen: [...document.querySelectorAll('.plot svg')].filter(svg => { const r = svg.getBoundingClientRect();
        return r.width > 50 && r.height > 50 && svg.checkVisibility() && svg.querySelector('polyline,path,rect'); }).length})"""
    found = call("Runtime.evaluate", tab, expression=look, returnByValue=True)["result"]["value"]
    size = call("Page.getLayoutMetrics", tab)["cssContentSize"]
    shot = call("Page.captureScreenshot", tab, captureBeyondViewport=True, clip=size | {"x": 0, "y": 0, "scale": 1})
    (args.out or args.file.with_suffix(".png")).write_bytes(base64.b64decode(shot["data"]))
    call("Browser.close"); browser.wait(30)
fetched = [e["params"]["request"]["url"] for e in events if e.get("method") == "Network.requestWillBeSent"]
wrong = [f"it fetches {url}" for url in fetched if url != page]
wrong += [f"the console says {e['params']}" for e in events
          if e.get("method") == "Runtime.exceptionThrown"
          or e.get("method") == "Runtime.consoleAPICalled" and e["params"]["type"] in ("error", "assert")
          or e.get("method") == "Log.entryAdded" and e["params"]["entry"]["level"] == "error"]
if not found["said"]: wrong.append("the page says that it has no plot")
if found["seen"] < found["said"]: wrong.append(f"of {found['said']} plots {found['seen']} are to be seen")
if found["overflow"]: wrong.append(f"it is wider than {args.width} pixels")
print("\n".join(wrong) or f"{args.file}: {found['seen']} plots, nothing fetched, no error in the console")
raise SystemExit(1 if wrong else 0)
END
