package session

// Cause says why a session ended, in one word.
type Cause uint8

// The causes.
const (
	Refused        Cause = iota + 1 // there was no session: the target could not be reached
	ByClient                        // the client closed
	ByServer                        // the server closed
	ByMachine                       // the machine said so
	ServerFailed                    // the connection to the server broke
	ServerStuck                     // the server took no byte for 30 s: core/stall
	ClientStuck                     // the client took no byte for 30 s: core/stall
	MachineFailed                   // the machine gave up
	MachineLost                     // the process behind the machine died or broke the protocol
	Stopped                         // the workbench is stopping
	BadText                         // the client sent text that is not UTF-8
	TooBig                          // the client sent a message over the bound
	NotAllowed                      // the client did what is not allowed
	NoMachine                       // there was no session: the machine's process could not be reached
	MachineRefused                  // there was no session: the machine did not want it
	Idle                            // neither side sent anything for as long as is allowed
	TimeUp                          // the session lasted as long as is allowed
	Revoked                         // its user is not known any more
	ClassEnded                      // the class that it was part of is deleted
)

var codes = [...]string{
	Refused: "refused", ByClient: "client-closed", ByServer: "server-closed", ByMachine: "mode-closed",
	ServerFailed: "server-failed", ServerStuck: "server-stuck", ClientStuck: "client-stuck",
	MachineFailed: "mode-failed", MachineLost: "mode-lost", Stopped: "stopping",
	BadText: "bad-text", TooBig: "too-big", NotAllowed: "not-allowed",
	NoMachine: "mode-unavailable", MachineRefused: "mode-refused",
	Idle: "idle", TimeUp: "time-up", Revoked: "revoked",
	ClassEnded: "class-ended",
}

// String returns the cause as programs know it: "server-closed".
func (c Cause) String() string {
	if int(c) >= len(codes) {
		return "cause?"
	}
	return codes[c]
}

// End is how a session ended: the cause, and words for the client. It is an
// error so that a Client's Receive can return it.
type End struct {
	Cause Cause
	Words string
}

func (e End) Error() string { return e.Words }

// ErrorCode returns the cause's code.
func (e End) ErrorCode() string { return e.Cause.String() }
