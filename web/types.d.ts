// What goes through the page, for tsc and for readers. This file is not served.

import type { Page, Pages, RowLog } from "./model/rowlog.js";

/** An entry of workbench.v1, see docs/websocket.md. */
export interface Entry {
  /** Its number in the session, from 1. */
  i?: number;
  n?: number;
  t?: number;
  dir?: ">>" | "<<" | "--";
  side?: "client" | "server";
  /** Of a further connection: its name. */
  link?: string;
  kind: string;
  name?: string;
  after?: string;
  text?: string;
  b64?: string;
  /** Of a note that is not for information alone. */
  level?: "warning" | "error";
  /** Of what was unseen: how many bytes. */
  length?: number;
  /** Of a message that the line mode has recognised. */
  message?: Message;
  /** Of the end and of some remarks, for machines. */
  code?: string;
  /** Of a remark on the recording: how that stands from then on. */
  recording?: RecordingState;
  /** Of a remark that TLS did not start: why. */
  refusal?: Refusal;
  /** Of a remark of the page's that so many entries are missing here. */
  missing?: number;
}

/** What a line mode has recognised on one of the four streams; its bytes are those from from on, before to. */
export interface Message {
  flow: "from-server" | "to-server" | "from-client" | "to-client";
  from: number;
  to: number;
  answers?: { flow: Message["flow"]; from: number };
  /** Absent if it is not UTF-8: then its bytes are in summaryB64. */
  summary?: string;
  summaryB64?: string;
  fields?: Field[];
}

/** A message in the list of them. */
export interface MessageRow {
  number: number;
  t?: number;
  n?: number;
  message: Message;
  /** Whether a field of it is wrong. */
  wrong: boolean;
  size: number;
}

export interface Field {
  name: string;
  from: number;
  to: number;
  value?: string;
  valueB64?: string;
  wrong?: string;
  wrongB64?: string;
  fields?: Field[];
}

/** How a recording stands. */
export interface RecordingState {
  /** Absent while it goes on. */
  code?: "recording-waits" | "recording-full" | "recording-stopped";
  /** That is written, from 1. */
  part: number;
  /** The bytes that one which is full has reached. */
  most?: number;
}

/** The first entry of a session. */
export interface Hello {
  kind: "hello";
  session: string;
  mode: string;
  options: Record<string, string>;
  target: string;
  address: string;
  /** The id of its recording, when there is one. */
  transcript?: string;
  /** How that stands. */
  recording?: RecordingState;
  /** What a mode that is seeded was opened with: 64 hexadecimal digits, and a time in UTC. */
  seed?: string;
  start?: string;
  tls?: TLSOutcome;
  /** Of a WebSocket server: what it chose, or "". */
  subprotocol?: string;
  /** What to come back to it by, where the workbench keeps it; for keep seconds while nobody watches. */
  attach?: string;
  keep?: number;
  /** Seconds since it began. */
  age?: number;
  /** Whether it is somebody else's, and can only be watched. */
  readonly?: boolean;
  watch?: Watch;
}

/** How things stand between those who watch a session. Windows are numbered from 1; 0 is none. */
export interface Watch {
  /** The page's own window. */
  window: number;
  watchers: number;
  /** The window that has the keyboard. */
  keyboard: number;
  away?: boolean;
  asks?: number;
  /** The last number of what this window said that the session has taken. */
  taken: number;
  eof?: boolean;
  /** How many teachers of a class watch. */
  observed?: number;
}

/** A certificate, in words and as the SHA-256 of its DER in hex. Dates are RFC 3339. */
export interface Certificate {
  subject: string;
  issuer?: string;
  names: string[] | null;
  notBefore: string;
  notAfter: string;
  fingerprint: string;
}

/** What TLS came to, in a Hello. */
export interface TLSOutcome {
  version: string;
  cipher: string;
  alpn?: string;
  verified: "system" | "ca" | "pin" | "none";
  certificate?: Certificate;
  /** What the server was shown. */
  clientCertificate?: { subject: string; fingerprint: string };
  /** Whether the server asked for one. */
  clientCertificateAsked?: boolean;
}

/** Why there is no session, for machines. It comes after the words. */
export interface Refusal {
  code: string;
  /** The server's, where one was seen. */
  certificate?: Certificate;
}

/** What GET /api/class/live says: the class, as one who is in it sees it. */
export interface InClass {
  kind: "class";
  /** The user's name, and the one that was chosen. */
  you: string;
  name: string;
  role: "teacher" | "student";
  paused: boolean;
  /** Since when one's hand is up. */
  hand?: string;
  sent?: import("./model/sent.js").Sent;
  show?: Shown;
}

/** What the teacher shows: a session that lives, or a transcript at an entry of it. */
export interface Shown {
  /** Rises with each thing that is shown. */
  n: number;
  kind: "session" | "transcript";
  attach?: string;
  mode?: string;
  target?: string;
  title?: string;
  at?: number;
  of?: number;
}

/** A practice server, of GET /api/modes. */
export interface Practice {
  name: string;
  /** host:port. */
  target: string;
  /** The line mode that suits it. */
  mode: string;
  summary: string;
}

/** A block or an inline of a lesson's text; kind is one of core/lesson/markdown. */
export interface ProseNode {
  kind: string;
  text?: string;
  href?: string;
  level?: number;
  start?: number;
  nodes?: ProseNode[];
}

/** One of GET /api/lessons. */
export interface LessonInList {
  name: string;
  title: string;
  summary?: string;
  minutes?: number;
  points: number;
  steps: StepInList[];
}

export interface StepInList {
  /** From 1. */
  n: number;
  title: string;
  points: number;
  /** The most of them that were got in one try. */
  reached: number;
  passed: boolean;
}

/** A lesson of GET /api/lessons/NAME. */
export interface Lesson {
  name: string;
  title: string;
  summary?: string;
  minutes?: number;
  /** Whether sessions are recorded, so that they can be checked. */
  recording: boolean;
  text?: ProseNode[];
  steps: LessonStep[];
}

export interface LessonStep extends StepInList {
  text?: ProseNode[];
  /** Whom to talk to, and how; no target where nobody, or no practice server of that name, is there. */
  with: { mode?: string; options?: Record<string, string>; target?: string; practice?: string; serving?: Record<string, string>; yourServer?: boolean; port?: number };
  checks: LessonCheck[];
  /** Of the best try. */
  transcripts: string[];
  answers?: Record<string, string>;
}

export interface LessonCheck {
  n: number;
  kind: "check" | "quiz" | "stage";
  points: number;
  words: string;
  choices?: { words: string }[];
  /** The text of a transcript that a quiz is about. */
  shows?: string;
}

/** The verdict on a try at one step. */
export interface Verdict {
  steps: StepVerdict[];
  /** Why what was reached is not on the workbench's disk. */
  notKept?: string;
}

export interface StepVerdict {
  step: number;
  passed: boolean;
  points: number;
  of: number;
  checks: CheckVerdict[];
  hint?: HintVerdict;
}

export interface CheckVerdict {
  check: number;
  holds: boolean;
  points: number;
  of: number;
  code?: string;
  why?: string;
  hint?: HintVerdict;
}

export interface HintVerdict {
  words: string;
  /** Whether it is for a mistake that was made. */
  mistake: boolean;
}

/** One of GET /api/tls, as far as the page keeps it: never a key. */
export interface Credential {
  id: string;
  kind: "ca" | "client";
  subject: string;
  fingerprint: string;
}

/** Which way a row went, or what it is when it went neither way. */
export type Way = "sent" | "received" | "note" | "remark";
export type Stream = "up" | "down";

/** The rows of both lanes; a Feed has them. */
export interface Lanes {
  console: RowLog<Row>;
  wire: RowLog<Row>;
  /** The rows by pages, where some may have left memory, and what reads those of a page. */
  pages?: Pages;
  read?(page: Page): Promise<PageRows>;
}

/** The rows of both lanes that a few entries make, which have left memory. */
export interface PageRows {
  console: Row[];
  wire: Row[];
}

/** A row of a lane, made by EntryReader. */
export interface Row {
  /** Rises over both lanes of a session, in the order in which things happened. */
  id: number;
  kind: Way;
  /** Words, or a text message. */
  text?: string;
  /** The payload, all of it. */
  bytes?: Uint8Array;
  /** Of a note that is not for information alone. */
  level?: "warning" | "error";
  /** Whether it is a message that is not whole yet: the next one takes its place. */
  part?: boolean;
  t?: number;
  n?: number;
  /** The number of its entry, where it has one. */
  i?: number;
  /** What it costs to keep and to show, in characters. */
  size: number;
  /** Where its bytes stand in the stream to (up) or from (down) the server; from is -1 where that is not known. */
  stream?: Stream;
  from: number;
  to: number;
  /** In the console, where its bytes begin in what the client sent, or was shown. */
  begin?: number;
  /** The number of its first byte, where that is not 0: in a stream that is followed. */
  base?: number;
}

export interface Option {
  name: string;
  type: "choice" | "text" | "int" | "bool";
  default: string;
  choices?: string[];
  help?: string;
}

export interface Manifest {
  name: string;
  title: string;
  version: string;
  summary: string;
  sends: string;
  input: "line" | "bytes" | "characters";
  /** Whether a file is sent as it is, although what is typed are lines. */
  fileBytes?: boolean;
  boundaries: boolean;
  options: Option[];
  /** The later kinds of event that it knows, such as "client part". */
  events?: string[];
  /** Whether a session may go on after the end of the server's stream. */
  afterServerEOF?: boolean;
  /** Whether it makes messages; absent: not. */
  messages?: boolean;
  /** The ends of clients that it serves; absent: messages alone. */
  clients?: string[];
  /** Whether its sessions have a seed and a start. */
  seeded?: boolean;
  /** What a person can order by name. */
  commands?: Command[];
  /** Whether a line that is typed goes as text even if it begins with a command. */
  typedAsText?: boolean;
  /** Whether the machine says what is wrong with such a line, and sends nothing then. */
  checksTyped?: boolean;
  /** Where the mode picker lists it, and what it says beside the title. */
  group?: string;
  brief?: string;
  /** Where servers that it is for usually listen, and how they begin: a character for a byte. */
  ports?: { port: number; name: string; options?: Record<string, string> }[];
  greetings?: { begins: string; name: string }[];
}

/** A command of a line mode. */
export interface Command {
  name: string;
  help?: string;
  fields?: CommandField[];
  /** Whether it is a button: nothing has to be filled in. */
  button?: boolean;
  /** Options of the mode's, and the values of each with which it is there. */
  when?: Record<string, string[]>;
}

/** An argument of a command. */
export interface CommandField {
  name: string;
  type: "text" | "int" | "choice" | "bytes" | "bool" | "secret";
  help?: string;
  choices?: string[];
  min?: number;
  max?: number;
  optional?: boolean;
  default?: string;
  /** Whether it takes the rest of the line. */
  rest?: boolean;
}

/** A tap, as GET /api/taps has it. */
export interface Tapped {
  id: string;
  /** Where clients connect. */
  listen: string;
  target: string;
  mode: string;
  options: Record<string, string>;
  through: boolean;
  /** How many fault rules it has; absent: none. */
  faults?: number;
  recorded: boolean;
  began: string;
  over: boolean;
  problem?: string;
  /** Connections so far, of which so many are open, and so many got no session. */
  came: number;
  open: number;
  turnedAway?: number;
  /** Why the last of them got none. */
  why?: string;
  /** The newest first. */
  connections: TapConnection[];
}

/** A connection of a tap. */
export interface TapConnection {
  number: number;
  session: string;
  attach: string;
  transcript?: string;
  from: string;
  began: string;
  ended?: string;
  state: "dialling" | "open" | "over";
  /** Bytes that the client has sent, and that the server has. */
  toServer: number;
  toClient: number;
  code?: string;
  words?: string;
}

/** What the stream of taps says: which there are, and those that have changed. */
export interface TapsSaid {
  order: string[];
  taps: Tapped[];
}

/** One of GET /api/modes. */
export interface Mode {
  manifest: Manifest;
  state: "starting" | "ready" | "failed" | "stopped";
  pid?: number;
  uptime: number;
  sessions: number;
  restarts: number;
  error?: string;
  /** There while its process has more to do than it gets done: sessions that wait for their turn, and seconds that the first of them has. */
  overload?: { waiting: number; longest: number };
}

/** One way by which plugin processes are held back. */
export interface Mechanism {
  name: string;
  state: "holds" | "missing" | "unknown";
  /** Whether it may be missing. */
  optional?: boolean;
  stops: string;
  detail?: string;
  reason?: string;
}

/** What holds plugin processes back. */
export interface Sandbox {
  mode: "strict" | "best-effort" | "off";
  mechanisms: Mechanism[];
}

/** One of GET /api/transcripts. */
export interface Info {
  id: string;
  began: string;
  session: string;
  /** The agent that opened it; absent: a person did. */
  agent?: string;
  mode: string;
  target: string;
  duration: number;
  size: number;
  running: boolean;
  ended: string;
  /** What its notes say; noted: there is more to read in them. */
  title?: string;
  tags?: string[];
  noted?: boolean;
}

/** What a person says of a recording; rows are by the number of an event. */
export interface Notes {
  title?: string;
  tags?: string[];
  text?: string;
  rows?: Record<string, string>;
}

/** How a session stands. */
export interface State {
  name: "connecting" | "connected" | "disconnected" | "failed";
  words: string;
  hint?: string;
  /** It failed after it had connected. */
  broke?: boolean;
  /** The page has lost the workbench, and tries to come back to the session. */
  away?: boolean;
  /** A client is waited for. */
  waits?: boolean;
  refusal?: Refusal;
}

/** A target that the user may pick again. */
export interface Target {
  host: string;
  port: string;
  tls: boolean;
  /** Whether its session goes on after the end of its stream. */
  stays?: boolean;
  /** How TLS is spoken: only what is not the default. */
  tlsChoices?: Record<string, string>;
  /** The proxy that it is reached through, without a password; absent: none but the workbench's. */
  via?: string;
  /** What a WebSocket's handshake has beside the address, without headers. */
  ws?: Record<string, string>;
  mode: string;
  options: Record<string, string>;
  /** What the user called it, or "". */
  name: string;
}

/** A student on the teacher's wall; times are RFC 3339. See docs/websocket.md. */
export interface Tile {
  id: string;
  name: string;
  /** Whether a page of theirs is open. */
  here: boolean;
  joined: string;
  /** Since when the hand is up. */
  hand?: string;
  lesson?: string;
  title?: string;
  step?: number;
  steps?: number;
  points?: number;
  of?: number;
  state: string;
  /** Of "stuck". */
  why?: "error" | "progress";
  error?: string;
  since: string;
  line?: { from: "client" | "server" | "workbench"; text: string; at: string };
  /** The newest first. */
  sessions: StudentSession[];
}

export interface StudentSession {
  attach: string;
  session: string;
  mode: string;
  target: string;
  began: string;
  over: boolean;
}

/** What the wall's stream says of the class beside its students. */
export interface WallSaid {
  kind: "wall";
  now: string;
  code: string;
  /** Addresses, with the code in them. */
  join: string[];
  opened: string;
  paused: boolean;
  /** What is on the projector. */
  projected?: { student: string; name: string; attach: string; named: boolean };
  /** What was sent to all. */
  sent?: { n: number; at: string; lesson?: string; step?: number; target?: string; mode?: string };
  show?: { n: number; kind: "session" | "transcript"; [more: string]: unknown };
}

export interface WallMessage extends WallSaid {
  /** Whether students are all that there are. */
  all?: boolean;
  students: Tile[];
  gone?: string[];
}

/** Bytes that the pointer is on. */
export interface Hover {
  stream?: Stream;
  from: number;
  to: number;
  n?: number;
  /** The lane that it is in. */
  lane: string;
  /** The same bytes at the client's end, as far as that is known. */
  client?: { kind: string; from: number; to: number };
}

export interface Filter {
  direction: "" | "sent" | "received";
  text: string;
  regexp: boolean;
}

/** State of GET /api/dev/events. */
export interface DevState {
  mode: string;
  dir: string;
  build?: { n: number; at: string; ok: boolean; error?: string; took: number };
  serves?: number; // the build.n that is in place; 0: none yet
  doing?: { what: "building" | "starting" | "replaying"; for: number }; // absent: waiting for a save
  goldens?: { total: number; different: { file: string; diff: string }[] | null };
  sessions?: { moved: number; stayed: { session: string; n: number; diff: string }[] | null };
  log?: string[] | null;
}

/** A mode with its options, as POST /api/compare takes it. */
export interface Run {
  mode: string;
  options: Record<string, string>;
}

/** What POST /api/compare answers. */
export interface Comparison {
  runs: (Run & { error?: string; events: { n: number; actions: Entry[] | null }[] | null })[];
  differs: number | null;
}

/** An entry that stands beside another; before and more are bytes of its payload that are left out. */
export interface SideEntry extends Entry {
  span?: string;
  length?: number;
  before?: number;
  more?: number;
}

/** A row of two lists side by side, or so many equal entries that are left out. */
export interface SideRow {
  a?: SideEntry;
  b?: SideEntry;
  differs?: boolean;
  /** Rules of a allow what differs. */
  allowed?: boolean;
  rules?: string[];
  equal?: number;
}

/** Two lists of entries side by side; left: differences that are not among the rows. */
export interface SideBySide {
  same: boolean;
  differences: number;
  rows: SideRow[];
  left?: number;
  /** Rules that were found for what differs; only where rules count. */
  written?: number;
}

/** What POST /api/transcripts/ID/replay answers: a is what was expected, b what came. */
export interface Replayed extends SideBySide {
  mode: string;
  faults: { line: number; words: string }[];
}

/** What POST /api/transcripts/ID/redact answers: a is before, b after. Nothing is masked if there are places, or a problem. */
export interface Redacted extends SideBySide {
  found: number;
  places: { line: number; what: string }[];
  problem?: string;
}
