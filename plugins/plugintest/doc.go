// Package plugintest tests a line mode as the workbench will use it. It is for
// authors of disciplines, in their own _test files:
//
//	func TestGoldens(t *testing.T)     { plugintest.Goldens(t, Discipline(), "testdata") }
//	func TestConformance(t *testing.T) { plugintest.Conformance(t, Discipline(), "testdata") }
//
//	func TestGreeting(t *testing.T) {
//		plugintest.Script(t, Discipline(), `
//			option loud "true"
//
//			>> client text "hello"
//			<< server "HELLO\r\n"
//			>> server "well met\r\n"
//			<< client text "WELL MET"
//		`)
//	}
//
// What to do, in order:
//
//  1. [Conformance] before the first golden: it needs none, and finds clocks,
//     lost bytes, buffers without bounds and the like. Name the goldens' folder
//     when there is one: it then starts from them too, and logs what none of
//     them reaches.
//  2. [Script] for each thing that the mode does: what happens (>>), and what
//     it should answer (<<), in the notation of transcripts.
//  3. [Goldens] for whole sessions, such as those that the page saves. After a
//     change that is meant, go test -update rewrites their actions; the change
//     is reviewed as code is.
//  4. [Events] in a fuzz test, for events that nobody thought of.
//  5. [Answers] where a test looks at answers itself: at bounds, or at what two ways to
//     cut a stream come to.
//
// Goldens, Script and Events hold each session to the same promises: the answers are
// also the same when the server's bytes are cut elsewhere, when the machine is
// made anew and fed the log after any event, and when it goes on from its
// checkpoint after any event; and no memory is kept that is not its own.
//
// A failure shows the difference as a transcript, "-" what was expected and
// "+" what came, and says what to do about it.
//
// What this package is not for: it starts no process, so what differs between
// processes (a seed that is drawn at the start, say) is not found. That, and a
// plugin in another language, is tested by: workbench plugin test PATH.
package plugintest
