//go:build linux

package jsonl

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/protocol-workbench/workbench/core/sandbox"
)

// runtimes are programs that use more of their language's runtime than a line
// mode needs, and answer one event by it.
var runtimes = map[string]string{
	"python": `#!/usr/bin/env python3
import asyncio, concurrent.futures, hashlib, json, locale, os, random, re, signal, sys, threading, time, zlib
def say(**line):
    print(json.dumps(line), flush=True)
def work(text):
    signal.signal(signal.SIGUSR1, lambda *_: None)
    os.kill(os.getpid(), signal.SIGUSR1)
    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda n: zlib.compress(os.urandom(n)), range(1, 1000)))
    list(range(3_000_000))
    time.sleep(0.001), random.random(), hashlib.sha256(b"x").hexdigest(), open(__file__).read()
    async def twice():
        await asyncio.sleep(0.001)
        return await asyncio.to_thread(lambda: text + text)
    return asyncio.run(twice())
say(workbench=1, manifest={"name": "t", "title": "T", "input": "line"})
for line in sys.stdin:
    r = json.loads(line)
    if "open" in r: say(session=r["session"], done=0)
    for e in r.get("events", []):
        say(session=r["session"], done=e["n"], actions=[{"action": "server", "text": work(e["text"])}])
`,
	"node": `#!/usr/bin/env node
const {Worker} = require("worker_threads"), crypto = require("crypto"), fs = require("fs"), zlib = require("zlib"), {promisify} = require("util");
const say = line => process.stdout.write(JSON.stringify(line) + "\n");
async function work(text) {
  const worker = new Worker("require('worker_threads').parentPort.postMessage(6 * 7)", {eval: true});
  await new Promise(done => worker.once("message", done));
  await promisify(zlib.gzip)(crypto.randomBytes(1 << 20));
  await fs.promises.readFile(__filename);
  await new WebAssembly.Memory({initial: 10}).grow(10);
  new Array(3e6).fill(0).map((_, i) => i);
  await promisify(setTimeout)(1);
  return text + text;
}
say({workbench: 1, manifest: {name: "t", title: "T", input: "line"}});
require("readline").createInterface({input: process.stdin}).on("line", async line => {
  const r = JSON.parse(line);
  if (r.open) say({session: r.session, done: 0});
  for (const e of r.events || [])
    say({session: r.session, done: e.n, actions: [{action: "server", text: await work(e.text)}]});
});
`,
	"perl": `#!/usr/bin/env perl
use strict; use warnings; use JSON::PP; use Time::HiRes; use POSIX (); use Digest::SHA;
$| = 1;
sub say_ { print encode_json($_[0]), "\n" }
sub work {
  local $SIG{ALRM} = sub { }; Time::HiRes::ualarm(1000); Time::HiRes::sleep(0.01);
  Digest::SHA::sha256_hex("x"); POSIX::strftime("%Y", localtime); my @big = (1) x 1_000_000;
  open my $f, "<", $0 or die $!; my @lines = <$f>; pipe my $r, my $w; srand;
  return $_[0] . $_[0];
}
say_({workbench => 1, manifest => {name => "t", title => "T", input => "line"}});
while (my $line = <STDIN>) {
  my $r = decode_json($line);
  say_({session => $r->{session}, done => 0}) if $r->{open};
  say_({session => $r->{session}, done => $_->{n}, actions => [{action => "server", text => work($_->{text})}]}) for @{$r->{events} || []};
}
`,
}

// The sandbox refuses no call that these runtimes cannot do without.
func TestRuntimesInSandbox(t *testing.T) {
	box := probed(t)
	for name, text := range runtimes {
		t.Run(name, func(t *testing.T) {
			path := script(t, "plugin", text)
			cmd := command(t, path)
			_, read, err := Interpreter(path)
			if err != nil {
				t.Fatal(err)
			}
			dir, err := os.MkdirTemp("", "r") // a socket's name is short
			if err != nil {
				t.Fatal(err)
			}
			defer os.RemoveAll(dir)
			refusals, err := box.Refusals(filepath.Join(dir, "s"))
			if err != nil {
				t.Fatal(err)
			}
			defer refusals.Close()
			var stderr strings.Builder
			cmd.Stderr = &stderr
			held, err := box.Hold(cmd, sandbox.Grant{Read: read, Refusals: refusals})
			if err != nil {
				t.Fatal(err)
			}
			defer held.Release()
			d, child, err := start(t.Context(), cmd, busy())
			if err != nil {
				t.Fatalf("%v: %s", err, stderr.String())
			}
			defer child.Kill()
			if got, err := open(t, d).feed("x"); err != nil || !slices.Equal(got, []string{"server xx"}) {
				t.Errorf("%q, %v: %s", got, err, stderr.String())
			}
			if names := refusals.Names(); names != nil {
				t.Errorf("it called %v", names)
			}
		})
	}
}
