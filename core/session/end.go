package session

// Cause says why a session ended, in one word.
type Cause uint8

// The causes.
const (
	Refused       Cause = iota + 1 // there was no session: the machine or the target could not be reached
	ByClient                       // the client closed
	ByServer                       // the server closed
	ByMachine                      // the machine said so
	ServerFailed                   // the connection to the server broke
	ServerStuck                    // the server took no byte for 30 s: core/patient
	ClientStuck                    // the client took no byte for 30 s: core/patient
	MachineFailed                  // the machine gave up
	MachineLost                    // the process behind the machine died or broke the protocol
	Stopped                        // the workbench is stopping
	BadText                        // the client sent text that is not UTF-8
	TooBig                         // the client sent a message over the bound
	NotAllowed                     // the client did what is not allowed
)

// End is how a session ended: the cause, and words for the client. It is an
// error so that a Client's Receive can return it.
type End struct {
	Cause Cause
	Words string
}

func (e End) Error() string { return e.Words }
