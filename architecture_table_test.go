package workbench_test

// A row says what one package does and may import; its tests are not bound by
// it. Lists are separated by spaces. Our own packages are written without the
// module's path, and core/... stands for core and everything below it. A module
// of others is written by its path, which allows all its packages.
type row struct {
	place   string // the folder
	does    string // Markdown, for docs/architecture.md
	not     string // what it must not know; Markdown, for docs/architecture.md
	imports string // packages of ours and modules of others
	brings  string // what these import in their turn
	only    string // the standard library: only these; empty: all of it …
	without string // … but these and what is below them
	pure    bool   // holds machines: see impurities
}

var table = []row{
	{
		place: "core",
		does:  "events, actions, machines, manifests and their options",
		not:   "I/O, clocks, goroutines, WebSocket, go-plugin",
		only:  pureLibrary,
		pure:  true,
	},
	{
		place:   "core/wire",
		does:    "frames (`spec.md`), and a session's connection to its machine",
		not:     "processes; what a machine means",
		imports: "core",
		without: "net/http os/exec",
	},
	{
		place: "core/framing",
		does:  "cuts a stream into frames for line modes: lines, delimiters, lengths, Content-Length",
		not:   "events, actions; what a frame means",
		only:  pureLibrary,
	},
	{
		place: "core/telopt",
		does:  "Telnet's options as both ends see them: names, and how far one is agreed on (RFC 1143)",
		not:   "events, actions; what an option means",
		only:  pureLibrary,
		pure:  true,
	},
	{
		place:   "core/pluginproto",
		does:    "what host and plugin share: handshake, versions, the calls, lanes",
		not:     "host, plugins",
		imports: "core core/wire " + goPlugin,
		brings:  behindGoPlugin,
		without: "net/http os",
	},
	{
		place:   "core/transcript",
		does:    "the [text format](transcript.md): parse, print, compare",
		not:     "plugins, the network",
		imports: "core",
		without: "net os",
	},
	{
		place:   "core/plainfile",
		does:    "opens regular files found in a folder, and refuses all others; replaces files as one step",
		not:     "what is in them",
		imports: "core",
		without: "net os/exec",
	},
	{
		place:   "core/feed",
		does:    "the rules by which a machine is fed, and when its session is over",
		not:     "connections, clocks, queues",
		imports: "core",
		only:    pureLibrary,
		pure:    true,
	},
	{
		place:   "core/fault",
		does:    "rules on [faults](faults.md): reads them, and does to a stream what they say",
		not:     "connections, clocks, sessions",
		imports: "core",
		without: "net os",
	},
	{
		place:   "core/secret",
		does:    "finds and masks what a machine [marked](recording.md#secrets)",
		not:     "files, who reads the result",
		imports: "core",
		without: "net os",
	},
	{
		place:   "core/drive",
		does:    "feeds events to one machine and takes its answers, in batches",
		not:     "peers, clocks, what is made of the answers",
		imports: "core core/feed core/wire",
		without: "net os",
	},
	{
		place:   "core/replay",
		does:    "drives a machine from a transcript: compares, rewrites, recuts",
		not:     "concrete plugins, files",
		imports: "core core/drive core/feed core/transcript core/wire",
		without: "net os",
	},
	{
		place:   "core/golden",
		does:    "finds transcripts that are kept as tests, replays, rewrites and reports them",
		not:     "concrete plugins, processes",
		imports: "core core/catalog core/plainfile core/replay core/store/parts core/transcript core/wire",
		brings:  "core/drive core/feed",
		without: "net os/exec",
	},
	{
		place:   "core/sandbox",
		does:    "what a plugin process may do, and how Linux enforces it",
		not:     "plugins, protocols; it starts only a trial process",
		imports: "core/sandbox/step " + xsys,
		without: "net",
	},
	{
		place:   "core/sandbox/step",
		does:    "takes a plugin process's rights away, inside it, and becomes the plugin",
		not:     "plugins, protocols, the host",
		imports: xsys,
		without: "net os/exec path/filepath crypto/rand", // which are initialised late
	},
	{
		place:   "core/socketdir",
		does:    "a directory for sockets that only the user may enter and that does not outlive its maker",
		not:     "what the sockets are for",
		without: "net os/exec",
	},
	{
		place:   "core/pluginhost",
		does:    "starts, watches and ends plugin processes",
		not:     "browser, target, what bytes mean",
		imports: "core core/limit core/pluginproto core/sandbox core/socketdir core/wire " + xtime + " " + goPlugin + " " + hclog + " " + xsys,
		brings:  "core/sandbox/step " + behindGoPlugin,
		without: "net/http",
	},
	{
		place:   "core/catalog",
		does:    "finds, builds, keeps and installs plugins as files",
		not:     "processes, protocols, manifests",
		imports: "core core/plainfile",
		without: "net",
	},
	{
		place:   "core/conformance",
		does:    "the checks that every line mode must pass",
		not:     "concrete plugins, tests, files",
		imports: "core core/conformance/abridge core/conformance/streams core/drive core/feed core/replay core/secret core/transcript core/wire",
		without: "net os",
	},
	{
		place:   "core/conformance/abridge",
		does:    "shows a long transcript or difference in few lines",
		not:     "what they are of",
		imports: "core",
		without: "net os",
	},
	{
		place:   "core/conformance/streams",
		does:    "the event streams that machines are checked with: generated ones and changed goldens",
		not:     "machines, sessions",
		imports: "core core/feed",
		without: "net os",
	},
	{
		place:   "core/plugincheck",
		does:    "holds a plugin on disk to its goldens and the checks, and prints what came",
		not:     "flags, how a process is started",
		imports: "core core/catalog core/conformance core/golden core/pluginhost core/wire",
		brings:  "core/conformance/abridge core/conformance/streams core/drive core/feed core/limit core/plainfile core/pluginproto core/replay core/sandbox core/sandbox/step core/secret core/socketdir core/store/parts core/transcript " + xtime + " " + goPlugin + " " + behindGoPlugin,
		without: "net",
	},
	{
		place:   "core/compare",
		does:    "what several modes answer to the same events",
		not:     "HTTP, where transcripts are kept",
		imports: "core core/background core/drive core/feed core/transcript core/wire",
		without: "net os",
	},
	{
		place:   "core/convert",
		does:    "transcripts as JSON lines, asciicast, RFC text, HTML; HARs and texts as transcripts",
		not:     "line modes, files",
		imports: "core core/transcript",
		without: "net/http os",
	},
	{
		place:   "core/convert/pcap",
		does:    "transcripts as packets, and packets as transcripts",
		not:     "line modes, files",
		imports: "core core/convert core/transcript",
		without: "net/http os/exec",
	},
	{
		place:   "core/convert/formats",
		does:    "lists the formats that transcripts are written in",
		not:     "what is in them, files",
		imports: "core/convert core/convert/pcap core/transcript",
		brings:  "core",
		without: "net os",
	},
	{
		place:   "core/convert/importer",
		does:    "makes transcripts, in files or elsewhere, of captures, HARs and texts",
		not:     "what is in them",
		imports: "core core/convert core/convert/pcap core/plainfile core/transcript",
		without: "net os/exec",
	},
	{
		place:   "core/devloop",
		does:    "the plugin author's loop: build, try, put in place, show",
		not:     "flags, how a process is started",
		imports: "core core/catalog core/golden core/pluginhost core/secret core/session core/wire " + fsnotify,
		brings:  "core/drive core/fault core/feed core/limit core/plainfile core/pluginproto core/replay core/sandbox core/sandbox/step core/socketdir core/store/parts core/transcript " + xtime + " " + goPlugin + " " + behindGoPlugin,
		without: "os/exec",
	},
	{
		place:   "core/limit",
		does:    "time limits for a peer that a stop of this process does not use up",
		not:     "what is waited for",
		without: "net os",
	},
	{
		place:   "core/quota",
		does:    "counts what users use, and refuses what would be more than they may",
		not:     "who users are, what is counted for",
		imports: xtime,
		without: "net/http os",
	},
	{
		place:   "core/stall",
		does:    "connections whose writes wait for a slow peer and fail for a stalled one",
		not:     "what is written",
		imports: xsys,
		without: "net/http os/exec",
	},
	{
		place:   "core/dissect",
		does:    "has line modes watch what is in a capture, and tells [each message](decode.md)",
		not:     "concrete line modes, processes, how messages are printed",
		imports: "core core/convert/pcap core/drive core/feed core/store core/transcript core/wire",
		brings:  "core/background core/convert core/plainfile core/secret core/store/parts core/store/textindex " + xsys,
		without: "net/http os/exec",
	},
	{
		place:   "core/play",
		does:    "a transcript as the server, and as the client",
		not:     "line modes, files",
		imports: "core core/fault core/limit core/stall core/transcript",
		brings:  xsys,
		without: "net/http os/exec",
	},
	{
		place:   "core/play/decode",
		does:    "has a line mode watch what is played, for rules about fields of messages",
		not:     "concrete line modes, processes",
		imports: "core core/drive core/feed core/play core/wire",
		brings:  "core/limit core/fault core/stall core/transcript " + xsys,
		without: "os",
	},
	{
		place:   "core/play/report",
		does:    "tells what happens to a played server",
		not:     "where that is printed",
		imports: "core core/play",
		brings:  "core/limit core/fault core/stall core/transcript " + xsys,
		without: "os",
	},
	{
		place:   "core/lesson",
		does:    "reads [lessons](lessons.md), and judges transcripts by their checks",
		not:     "where lessons and transcripts are kept, line modes, connections",
		imports: "core core/convert core/play core/transcript " + txtar,
		brings:  "core/limit core/fault core/stall " + xsys,
		without: "net/http os/exec",
	},
	{
		place:   "core/lesson/ready",
		does:    "the lessons that the workbench comes with",
		not:     "how they are judged",
		imports: "core/lesson",
		brings:  "core/limit core/fault core core/convert core/play core/stall core/transcript " + txtar + " " + xsys,
		without: "net/http os/exec",
	},
	{
		place:   "core/lesson/stage",
		does:    "plays a lesson's stages to a student's server, and keeps what crosses",
		not:     "what the verdict is, how to dial",
		imports: "core core/lesson core/play core/transcript",
		brings:  "core/limit core/fault core/convert core/stall " + txtar + " " + xsys,
		without: "net/http os/exec",
	},
	{
		place:   "core/rules",
		does:    "the rules that let one recording play against another",
		not:     "line modes, protocols, files",
		imports: "core core/play core/transcript",
		brings:  "core/limit core/fault core/stall " + xsys,
		without: "net/http os/exec",
	},
	{
		place:   "core/redact",
		does:    "masks secrets in transcripts with `*`",
		not:     "line modes, files",
		imports: "core core/play core/secret core/transcript",
		brings:  "core/limit core/fault core/stall " + xsys,
		without: "net/http os/exec",
	},
	{
		place:   "core/store",
		does:    "records sessions, keeps their [transcripts](transcript.md), finds them again",
		not:     "sessions' queues, the network",
		imports: "core core/background core/plainfile core/secret core/store/parts core/store/textindex core/transcript core/wire " + xsys,
		without: "net os/exec",
	},
	{
		place:   "core/store/parts",
		does:    "the files that one transcript is laid over: their names, and reading through them",
		not:     "what the text says; it writes nothing",
		imports: "core/plainfile",
		brings:  "core",
		without: "net os/exec",
	},
	{
		place: "core/spool",
		does:  "holds a text between who makes it and who takes it: in memory, or in a file without a name",
		not:   "what the text says; it outlives no process",
		only:  "bytes io os",
	},
	{
		place:   "core/store/shared",
		does:    "keeps transcripts in a log that [workbenches share](scale.md), on NATS JetStream",
		not:     "sessions, who may read what",
		imports: "core core/background core/register core/spool core/store core/store/textindex " + natsGo + " " + xtime,
		brings:  " core/plainfile core/secret core/store/parts core/transcript core/wire " + xsys + " " + behindNATS,
	},
	{
		place:   "core/store/storetest",
		does:    "the tests that every engine of a store must pass",
		not:     "engines",
		imports: "core core/store core/transcript",
		brings:  "core/background core/plainfile core/secret core/store/parts core/store/textindex core/wire " + xsys,
	},
	{
		place:   "core/store/textindex",
		does:    "an index of the text of a folder's files: which of them a search need not read",
		not:     "what the files are; it reads none but its own",
		imports: "core/plainfile",
		brings:  "core",
		without: "net os/exec",
	},
	{
		place:   "core/session",
		does:    "runs one session: queues, deadlines, timers",
		not:     "WebSocket, modes by name, processes",
		imports: "core core/fault core/feed core/limit core/secret core/transcript core/wire",
		without: "net/http os/exec",
	},
	{
		place:   "core/tap",
		does:    "puts a real program at the client's end of a session: the [tap](tap.md)",
		not:     "where is listened, how plugins run, how a session runs",
		imports: "core core/fault core/practice core/session core/store core/transcript core/wire",
		brings:  "core/stall core/background core/feed core/limit core/plainfile core/secret core/store/parts core/store/textindex " + xtime + " " + xsys,
		without: "os net/http os/exec",
	},
	{
		place:   "core/keep",
		does:    "lets a session outlive the connections of those who watch it",
		not:     "WebSocket, recordings",
		imports: "core core/limit core/session core/transcript core/wire",
		brings:  "core/fault core/feed core/secret",
		without: "net/http os os/exec",
	},
	{
		place:   "core/access",
		does:    "decides who may use the workbench: by account, token, or cookie",
		not:     "routes, where a request comes from",
		imports: xsys,
	},
	{
		place:   "core/class/results",
		does:    "reads what a class leaves: points as a table, and what students handed in as files",
		not:     "verdicts, routes, who asks",
		imports: "core core/background core/class core/lesson core/lesson/progress core/store",
		brings:  "core/limit core/fault core/access core/convert core/plainfile core/play core/register core/secret core/stall core/store/parts core/store/textindex core/transcript core/wire " + xsys + " " + xtext + " " + txtar,
		without: "net/http os/exec",
	},
	{
		place:   "core/class",
		does:    "keeps a class: who has joined with its code, who raises a hand, whether it is paused, when it is to be deleted",
		not:     "routes, cookies, what students do",
		imports: "core core/access core/plainfile core/register " + xtext,
		brings:  xsys,
		without: "os/exec",
	},
	{
		place: "core/register",
		does:  "what a small value is that workbenches change by turns",
		not:   "where it is kept, what it says",
		only:  "context errors sync",
	},
	{
		place:   "core/class/wall",
		does:    "keeps what a teacher sees of each student: step, state, last line",
		not:     "clocks, who may see it",
		imports: "core core/class core/secret",
		brings:  "core/access core/plainfile core/register " + xsys + " " + xtext,
		without: "os/exec",
	},
	{
		place:   "core/login",
		does:    "has users sign in at a provider of OpenID Connect, and gives their groups roles",
		not:     "routes, cookies",
		imports: "core/access " + oidc + " " + oauth2,
		brings:  xsys + " " + behindOIDC,
		without: "os",
	},
	{
		place:   "core/certificate",
		does:    "the certificates that a server shows: files that change, and those of a local authority",
		not:     "who connects, where files are kept",
		imports: "core/plainfile",
		brings:  "core",
		without: "net/http os/exec",
	},
	{
		place:   "core/target",
		does:    "parses targets, decides whether they may be dialled, dials; TLS choices, certificates and why they failed",
		not:     "sessions",
		imports: "core core/urgent " + xnet,
		brings:  behindTarget,
		without: "net/http os",
	},
	{
		place:   "core/wsclient",
		does:    "makes a dialled connection the client's end of a WebSocket, whose messages stay whole",
		not:     "sessions, what is sent",
		imports: "core core/target " + gorilla,
		brings:  "core/urgent " + behindTarget,
	},
	{
		place:   "core/agent",
		does:    "lets [agents](agents.md) use a running workbench, by the Model Context Protocol",
		not:     "the gateway: it is a client of its HTTP API and WebSocket; who may do what",
		imports: "core " + gorilla + " " + mcpSDK,
		brings:  behindMCP,
		without: "os/exec",
	},
	{
		place:   "core/lesson/markdown",
		does:    "Markdown as a tree of blocks and inlines, without HTML",
		not:     "lessons, the page",
		imports: goldmark,
		without: "net/http os",
	},
	{
		place:   "core/docsite",
		does:    "makes a site of pages in Markdown, and finds words in them",
		not:     "what is documented, who may read it",
		imports: goldmark,
		without: "os",
	},
	{
		place:   "core/lesson/progress",
		does:    "keeps what a student has reached in lessons, and the student's seed",
		not:     "verdicts, who the student is",
		imports: "core/lesson core/plainfile core/register",
		brings:  "core/limit core/fault core core/convert core/play core/stall core/transcript core/urgent " + xsys + " " + txtar,
		without: "net os/exec",
	},
	{
		place:   "core/gateway",
		does:    "HTTP, the [WebSocket](websocket.md), who may ask, the API, the page",
		not:     "line disciplines, how plugins run",
		imports: "core core/access core/background core/class core/class/results core/class/wall core/compare core/convert/formats core/convert/importer core/fault core/keep core/lesson core/lesson/markdown core/lesson/progress core/lesson/stage core/limit core/login core/play core/quota core/redact core/register core/replay core/rules core/spool core/stall core/session core/store core/tap core/target core/transcript core/wire rsc.io/qr " + gorilla,
		brings:  "core/convert core/convert/pcap core/drive core/feed core/plainfile core/practice core/secret core/store/parts core/store/textindex core/urgent " + xsys + " " + xtext + " " + xtime + " " + behindTarget + " " + oidc + " " + oauth2 + " " + behindOIDC + " " + goldmark + " " + txtar,
		without: "os",
	},
	{
		place:   "core/metrics",
		does:    "what sessions, processes and recordings count, for Prometheus",
		not:     "who is counted",
		imports: "core/pluginhost core/session core/store core/store/shared " + prometheus,
		brings:  "core core/background core/fault core/feed core/limit core/plainfile core/pluginproto core/register core/sandbox core/sandbox/step core/secret core/socketdir core/spool core/store/parts core/store/textindex core/transcript core/wire " + xtime + " " + goPlugin + " " + behindGoPlugin + " " + behindPrometheus + " " + natsGo + " " + behindNATS,
	},
	{
		place: "core/background",
		does:  "lets work that can wait leave processors to sessions",
		not:   "what work",
		only:  "context runtime",
	},
	{
		place:   "core/local",
		does:    "the ends of a session that are neither dialled nor sockets: a program, a serial line, a client that is waited for",
		not:     "who may have one, policies, sessions",
		imports: "core core/loopback core/target go.bug.st/serial golang.org/x/sys",
		brings:  "core/urgent golang.org/x/net golang.org/x/text",
		without: "net/http",
	},
	{
		place:   "core/loopback",
		does:    "listens on this machine only, on both addresses of localhost, and with the same care elsewhere",
		not:     "everything else",
		imports: "core/urgent " + xsys,
		without: "net/http os/exec",
	},
	{
		place: "core/urgent",
		does:  "keeps TCP's urgent data in the stream",
		not:   "everything else",
		only:  "syscall",
	},
	{
		place:   "core/practice",
		does:    "runs servers to practise on; the echo server",
		not:     "everything else",
		imports: "core core/feed core/limit core/stall",
		brings:  xsys,
		without: "net/http os/exec",
	},
	{
		place:   "core/practice/web",
		does:    "the practice HTTP server: a machine, and the guest book that its sessions share",
		not:     "sockets, clocks, files",
		imports: "core",
		only:    pureLibrary + " hash/fnv net/netip sync",
		pure:    true,
	},
	{
		place: "core/practice/mail",
		does:  "the mailboxes of a fictional domain, for the practice mail servers",
		not:   "SMTP, POP3, IMAP",
		only:  pureLibrary + " crypto/md5 crypto/sha256 sync",
	},
	{
		place:   "core/practice/linewise",
		does:    "what practice servers share that talk in lines",
		not:     "any protocol",
		imports: "core",
		only:    pureLibrary,
		pure:    true,
	},
	{
		place:   "core/practice/smtp",
		does:    "the practice SMTP server, a machine",
		not:     "sockets, clocks, mailboxes",
		imports: "core core/practice/linewise core/practice/mail",
		only:    pureLibrary,
		pure:    true,
	},
	{
		place:   "core/practice/pop3",
		does:    "the practice POP3 server, a machine",
		not:     "sockets, clocks, mailboxes",
		imports: "core core/practice/linewise core/practice/mail",
		only:    pureLibrary,
		pure:    true,
	},
	{
		place:   "core/practice/redis",
		does:    "Redis's words to practise on: a machine, and the keys that its sessions share",
		not:     "sockets",
		imports: "core",
		only:    pureLibrary + " sync",
	},
	{
		place:   "core/practice/telnet",
		does:    "the practice Telnet server, a machine",
		not:     "sockets, clocks, mailboxes",
		imports: "core core/practice/mail core/telopt",
		only:    pureLibrary,
		pure:    true,
	},
	{
		place:   "core/practice/toys",
		does:    "small practice servers, each a machine: daytime, discard, chargen, quote, finger, fortune, frames, guess",
		not:     "sockets, clocks, chance",
		imports: "core core/practice/linewise",
		only:    pureLibrary,
		pure:    true,
	},
	{
		place:   "core/practice/dns",
		does:    "a practice DNS server, for a fictional zone",
		not:     "the Internet's names",
		imports: "core/practice " + miekg,
		brings:  "core core/feed core/limit core/stall " + xsys + " " + behindMiekg,
	},
	{
		place:   "core/practice/imap",
		does:    "a practice IMAP server on the mailboxes of `core/practice/mail`",
		not:     "SMTP, POP3, where mail is kept",
		imports: "core/practice core/practice/mail " + goIMAP + " " + goMessage,
		brings:  "core core/feed core/limit core/stall " + xsys + " " + behindIMAP,
	},
	{
		place:   "core/practice/ftp",
		does:    "a practice FTP server, and the files that its sessions share",
		not:     "real files, who is in the room",
		imports: "core/limit core/practice core/practice/linewise core/practice/mail",
		brings:  "core core/feed core/stall " + xsys,
	},
	{
		place:   "core/practice/mqtt",
		does:    "a practice MQTT server: a broker, whose topics its clients share",
		not:     "files, who is in the room",
		imports: "core/practice core/practice/mail",
		brings:  "core core/feed core/limit core/stall " + xsys,
	},
	{
		place: "core/practice/practicetest",
		does:  "connections that try a practice server's patience, for tests",
		not:   "servers",
		only:  "net time",
	},
	{
		place:   "core/practice/room",
		does:    "all practice servers, on the one world that those in a room share",
		not:     "addresses, who is in the room",
		imports: "core core/practice core/practice/dns core/practice/ftp core/practice/imap core/practice/mail core/practice/mqtt core/practice/pop3 core/practice/redis core/practice/smtp core/practice/toys core/practice/web core/practice/telnet",
		brings:  "core/limit core/stall core/feed core/practice/linewise core/telopt " + miekg + " " + behindMiekg + " " + goIMAP + " " + goMessage + " " + behindIMAP + " " + xsys,
	},
	{
		place:   "plugins",
		does:    "`Serve`: a discipline as a plugin process",
		not:     "the host, the gateway, other plugins",
		imports: "core core/pluginproto core/wire " + goPlugin + " " + hclog,
		brings:  behindGoPlugin,
		without: "net/http os/exec",
	},
	{
		place:   "plugins/http-line",
		does:    "the discipline that sends and shows a line at a time",
		not:     "everything else",
		imports: "core",
		only:    pureLibrary,
		pure:    true,
	},
	{
		place:   "plugins/raw",
		does:    "the discipline that passes bytes through",
		not:     "everything else",
		imports: "core",
		only:    pureLibrary,
		pure:    true,
	},
	{
		place:   "plugins/echo-quit",
		does:    "the discipline that checks an echo server",
		not:     "everything else",
		imports: "core",
		only:    pureLibrary,
		pure:    true,
	},
	{
		place:   "plugins/resp",
		does:    "the [discipline](modes/resp.md) that speaks the Redis protocol",
		not:     "everything else",
		imports: "core",
		only:    pureLibrary,
		pure:    true,
	},
	{
		place:   "plugins/http",
		does:    "the [discipline](modes/http.md) that speaks HTTP/1.0 and 1.1, in whole messages",
		not:     "everything else",
		imports: "core",
		only:    pureLibrary + " compress/flate compress/gzip compress/zlib io",
		pure:    true,
	},
	{
		place:   "plugins/pop3",
		does:    "the [discipline](modes/pop3.md) that speaks POP3",
		not:     "everything else",
		imports: "core core/framing",
		only:    pureLibrary + " crypto/md5",
		pure:    true,
	},
	{
		place:   "plugins/frames",
		does:    "the [discipline](modes/frames.md) of binary frames, with Modbus/TCP",
		not:     "everything else",
		imports: "core core/framing " + cbor + " " + msgp,
		brings:  behindFrames,
	},
	{
		place:   "plugins/smtp",
		does:    "the [discipline](modes/smtp.md) that speaks SMTP and LMTP",
		not:     "everything else",
		imports: "core core/framing",
		only:    pureLibrary + " crypto/hmac crypto/md5",
	},
	{
		place:   "plugins/imap",
		does:    "the [discipline](modes/imap.md) that speaks IMAP",
		not:     "everything else",
		imports: "core",
		only:    pureLibrary,
	},
	{
		place:   "plugins/ftp",
		does:    "the [discipline](modes/ftp.md) that speaks FTP, with its data connections",
		not:     "sockets, everything else",
		imports: "core core/framing",
		only:    pureLibrary + " net/netip",
	},
	{
		place:   "plugins/lines",
		does:    "the [discipline](modes/lines.md) of protocols of lines, with presets",
		not:     "everything else",
		imports: "core core/framing",
		only:    pureLibrary,
		pure:    true,
	},
	{
		place:   "plugins/dns",
		does:    "the [discipline](modes/dns.md) that speaks DNS, by TCP and UDP",
		not:     "sockets, everything else",
		imports: "core " + miekg,
		brings:  behindMiekg,
	},
	{
		place:   "plugins/telnet",
		does:    "the [discipline](modes/telnet.md) that speaks Telnet",
		not:     "everything else",
		imports: "core core/telopt",
	},
	{
		place:   "plugins/mqtt",
		does:    "the [discipline](modes/mqtt.md) that speaks MQTT 3.1.1 and 5",
		not:     "everything else",
		imports: "core core/framing",
		only:    pureLibrary,
		pure:    true,
	},
	{
		place:   "plugins/jsonl",
		does:    "lets a program in any language be a line mode, by [JSON lines](plugins/jsonl.md)",
		not:     "the host, the gateway",
		imports: "core core/wire plugins",
		brings:  "core/pluginproto " + goPlugin + " " + behindGoPlugin,
		without: "net/http",
	},
	{
		place:   "plugins/starlark",
		does:    "makes a line mode of a [Starlark script](plugins/starlark.md)",
		not:     "the host, the gateway, processes",
		imports: "core core/framing " + starlark,
		brings:  xsys,
		without: "net os/exec",
	},
	{
		place:   "plugins/plugintest",
		does:    "the plugin author's test kit",
		not:     "the host, the gateway",
		imports: "core core/conformance core/golden core/transcript",
		brings:  "core/catalog core/conformance/abridge core/conformance/streams core/drive core/feed core/plainfile core/replay core/secret core/store/parts core/wire",
		without: "net os/exec",
	},
	{
		place:   "cmd/workbench",
		does:    "flags, the list of built-in modes, and how the packages are joined",
		not:     "protocol rules",
		imports: "cmd/workbench/broker cmd/workbench/command cmd/workbench/confined cmd/workbench/lessoncmd cmd/workbench/playcmd cmd/workbench/scaffold cmd/workbench/screen cmd/workbench/settings cmd/workbench/tlsflags core/... docs plugins/... web " + cobra + " " + mcpSDK + " " + pflag + " " + rscQR + " " + module,
		brings:  "go.bug.st/serial " + txtar + " " + prometheus + " " + xtime + " " + fsnotify + " " + gorilla + " " + starlark + " " + goPlugin + " " + behindGoPlugin + " " + behindCobra + " " + behindPrometheus + " " + oidc + " " + oauth2 + " " + behindOIDC + " " + miekg + " " + goIMAP + " " + goMessage + " " + behindIMAP + " " + goldmark + " " + cbor + " " + msgp + " " + behindFrames + " " + behindMCP + " " + goTOML + " " + behindDoc + " " + natsGo + " " + behindNATS,
	},
	{
		place:   "cmd/workbench/scaffold",
		does:    "the folders that `plugin new` makes",
		not:     "how plugins run",
		imports: "core",
		without: "net",
	},
	{
		place:   "cmd/workbench/broker",
		does:    "the command `broker`, a NATS server inside, with the build tag `broker` alone",
		not:     "what is kept there",
		imports: "cmd/workbench/command core/catalog github.com/nats-io/nats-server/v2 " + cobra,
		brings:  "core core/plainfile " + behindCobra,
	},
	{
		place:   "cmd/workbench/confined",
		does:    "makes this process the sandbox's step, before other packages are initialised",
		not:     "everything else",
		imports: "core/sandbox/step",
		brings:  xsys,
		without: "net os/exec path/filepath crypto/rand",
	},
	{
		place:   "cmd/workbench/command",
		does:    "what the commands share: exit codes, checks of arguments, JSON, listening, rules on faults",
		not:     "what they do",
		imports: "core core/fault core/loopback core/plainfile " + cobra + " " + pflag,
		brings:  "core/urgent " + xsys + " " + behindCobra,
		without: "os",
	},
	{
		place:   "cmd/workbench/playcmd",
		does:    "the command `play`",
		not:     "where transcripts are kept",
		imports: "cmd/workbench/command cmd/workbench/tlsflags core core/plainfile core/play core/play/report core/stall core/target core/transcript " + cobra,
		brings:  "core/limit core/fault core/loopback core/urgent " + xsys + " " + behindTarget + " " + behindCobra,
		without: "net/http os/exec",
	},
	{
		place:   "cmd/workbench/lessoncmd",
		does:    "the command `lesson`",
		not:     "where transcripts are kept",
		imports: "cmd/workbench/command cmd/workbench/screen core core/lesson core/lesson/ready core/lesson/stage core/plainfile core/play core/transcript " + cobra + " " + txtar,
		brings:  "core/limit core/convert core/fault core/loopback core/stall core/urgent " + xsys + " " + behindCobra,
		without: "net/http os/exec",
	},
	{
		place:   "cmd/workbench/screen",
		does:    "what commands print to: standard output, terminals, files",
		not:     "what is printed",
		imports: "core core/plainfile",
		without: "net os/exec",
	},
	{
		place:   "cmd/workbench/settings",
		does:    "gives flags their values from workbench.toml and the environment; the command `config`",
		not:     "what a flag means",
		imports: "cmd/workbench/command core " + cobra + " " + pflag + " " + goTOML,
		brings:  "core/fault core/loopback core/plainfile core/urgent " + xsys + " " + behindCobra,
		without: "os/exec",
	},
	{
		place:   "cmd/workbench/tlsflags",
		does:    "the flags of TLS and of a proxy, and the files that they name",
		not:     "who speaks it",
		imports: "core core/plainfile core/target " + pflag,
		brings:  "core/urgent " + behindTarget,
		without: "net os/exec",
	},
	{
		place:   "cmd/workbench/scaffold/templates/go",
		does:    "the plugin that such a folder holds",
		not:     "everything else",
		imports: "core plugins",
		brings:  "core/pluginproto core/wire " + goPlugin + " " + behindGoPlugin,
	},
	{
		place:   "examples/go/records",
		does:    "an example of a line mode in Go: takes records apart, and says each as a message",
		not:     "everything else",
		imports: "core core/framing plugins",
		brings:  "core/pluginproto core/wire " + goPlugin + " " + behindGoPlugin,
	},
	{
		place:   "cmd/echo",
		does:    "a main over `core/practice`",
		not:     "everything else",
		imports: "core/loopback core/practice " + cobra,
		brings:  "core/limit core/stall core core/feed core/urgent " + xsys + " " + behindCobra,
	},
	{
		place: "docs",
		does:  "the documentation, embedded",
		not:   "line modes, how it is shown",
		only:  "embed io/fs",
	},
	{
		place: "docs/docstest",
		does:  "for tests: runs the code that stands in Markdown pages",
		not:   "what the pages are about",
	},
	{
		place: ".",
		does:  "the source that plugins in Go import, embedded",
		not:   "what it is for",
		only:  "embed io/fs",
	},
	{
		place: "web",
		does:  "the page, embedded",
		not:   "the Go side of it",
		only:  "embed fmt io/fs path regexp strings sync",
	},
	{
		place:   "bench",
		does:    "the measures, beside two baselines",
		not:     "the packages: it runs the built binary",
		imports: gorilla,
	},
	{
		place: "e2e",
		does:  "the tests that do what a user does",
		not:   "the packages: they run the built binary",
	},
}

// pureLibrary is what a machine may use of the standard library: nothing that
// waits, reads a clock, draws a random number or reaches out of the process.
// The list may grow by packages of that kind.
const pureLibrary = "bytes cmp encoding/base64 encoding/binary encoding/hex encoding/json errors fmt " +
	"iter maps math math/bits slices sort strconv strings time unicode unicode/utf16 unicode/utf8"

const (
	cobra    = "github.com/spf13/cobra"
	goPlugin = "github.com/hashicorp/go-plugin"
	goldmark = "github.com/yuin/goldmark"
	gorilla  = "github.com/gorilla/websocket"
	hclog    = "github.com/hashicorp/go-hclog"
	xsys     = "golang.org/x/sys"
	xnet     = "golang.org/x/net"
	xtext    = "golang.org/x/text"
	xtime    = "golang.org/x/time"
	yamux    = "github.com/hashicorp/yamux"
	fsnotify = "github.com/fsnotify/fsnotify"
	pflag    = "github.com/spf13/pflag"
	goTOML   = "github.com/pelletier/go-toml/v2"
	rscQR    = "rsc.io/qr"
	starlark = "go.starlark.net"
	oidc     = "github.com/coreos/go-oidc/v3"
	oauth2   = "golang.org/x/oauth2"
	txtar    = "golang.org/x/tools" // txtar, of it

	miekg     = "github.com/miekg/dns"
	goIMAP    = "github.com/emersion/go-imap/v2"
	goMessage = "github.com/emersion/go-message"

	cbor         = "github.com/fxamacker/cbor/v2"
	msgp         = "github.com/tinylib/msgp"
	behindFrames = "github.com/x448/float16 github.com/philhofer/fwd"
	behindMiekg  = "golang.org/x/net golang.org/x/sys"
	behindIMAP   = "github.com/emersion/go-sasl"

	behindOIDC = "github.com/go-jose/go-jose/v4"

	behindTarget = "golang.org/x/net " + xtext
	mcpSDK       = "github.com/modelcontextprotocol/go-sdk"
	behindMCP    = "github.com/google/jsonschema-go github.com/segmentio/asm github.com/segmentio/encoding " +
		"github.com/yosida95/uritemplate/v3 golang.org/x/oauth2 golang.org/x/sync golang.org/x/sys golang.org/x/time"

	prometheus       = "github.com/prometheus/client_golang"
	behindPrometheus = "github.com/beorn7/perks github.com/cespare/xxhash/v2 github.com/munnerz/goautoneg " +
		"github.com/prometheus/client_model github.com/prometheus/common github.com/prometheus/procfs " +
		"go.yaml.in/yaml/v2 google.golang.org/protobuf"
	behindCobra    = pflag + " github.com/inconshreveable/mousetrap"
	natsGo         = "github.com/nats-io/nats.go"
	behindNATS     = "github.com/klauspost/compress github.com/nats-io/nkeys github.com/nats-io/nuid golang.org/x/crypto"
	behindDoc      = "github.com/cpuguy83/go-md2man/v2 github.com/russross/blackfriday/v2 go.yaml.in/yaml/v3"
	behindGoPlugin = hclog + " " + yamux + " github.com/fatih/color github.com/golang/protobuf " +
		"github.com/mattn/go-colorable github.com/mattn/go-isatty github.com/oklog/run " +
		"golang.org/x/net golang.org/x/sys golang.org/x/text " +
		"google.golang.org/genproto/googleapis/rpc google.golang.org/grpc google.golang.org/protobuf"
)
